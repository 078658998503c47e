//! The table of states in `docs/viewer.md`, cell by cell.

mod support;

use support::reader::Reader;

const DOCUMENT: &str = include_str!("../../../docs/viewer.md");

type Event = (&'static str, fn(&mut Reader));

/// What a reader does, or what happens, by its name in the table.
const EVENTS: [Event; 17] = [
    ("You scroll away from the newest line", |reader| reader.wheel(100.0)),
    ("You scroll back to it", |reader| reader.wheel(-1e6)),
    ("To the oldest line", Reader::end),
    ("To the newest line", Reader::home),
    ("\"Pause\" or \"Resume\"", Reader::press_pause),
    ("\"↑ … new\"", Reader::resume),
    ("\"… error\"", |reader| {
        reader.append(20);
        reader.first_error();
        assert_eq!(reader.model().new_errors, "");
    }),
    ("Lines arrive", |reader| reader.append(50)),
    ("The oldest lines are evicted", |reader| reader.resize_store(100)),
    ("All lines on the screen are evicted", |reader| {
        reader.append(20);
        reader.resize_store(20);
        reader.append(20);
    }),
    ("Earlier lines are loaded", |reader| reader.load_earlier(20)),
    ("Another search, level or pipeline", |reader| _ = reader.filter("even")),
    ("Lines wrap", Reader::wrap),
    ("The order changes", Reader::turn),
    ("The list changes its size", |reader| reader.resize_window(100.0)),
    ("The list is cleared", |reader| {
        reader.clear();
        reader.append(50);
    }),
    ("Another workflow", |reader| reader.choose("workflow789")),
];

/// Returns a reader whose view is in this state, away from the newest row unless it follows.
fn reader_in(state: &str, is_turned: bool) -> Reader {
    let mut reader = Reader::new(200);
    if is_turned {
        reader.turn();
    }
    if state != "following" {
        reader.wheel(280.0);
    }
    if state == "paused" {
        reader.pause();
    }
    assert_eq!(state_of(&reader), state);
    reader
}

fn state_of(reader: &Reader) -> &'static str {
    match (reader.viewport.is_following(), reader.viewport.is_paused()) {
        (true, _) => "following",
        (false, true) => "paused",
        (false, false) => "held",
    }
}

#[test]
fn the_document_states_where_each_event_leads() {
    let (_, table) =
        DOCUMENT.split_once("| Event | following | held | paused |\n").expect("a table");
    let rows = table.lines().skip(1).take_while(|row| row.starts_with('|'));
    let mut documented = Vec::new();
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, name, following, held, paused, _] = cells[..] else { panic!("{row}") };
        let (_, act) = EVENTS.iter().find(|(event, _)| *event == name).expect(name);
        for (before, after) in [("following", following), ("held", held), ("paused", paused)] {
            if after.is_empty() {
                continue;
            }
            for is_turned in [false, true] {
                let mut reader = reader_in(before, is_turned);
                act(&mut reader);
                assert_eq!(state_of(&reader), after, "{name}, {before}, {is_turned}");
            }
        }
        documented.push(name);
    }
    assert_eq!(documented, EVENTS.map(|(name, _)| name));
}
