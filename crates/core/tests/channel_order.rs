//! The order of lines of several channels: the stream decides how they are interleaved, and the
//! lines of each channel stay in the order of their numbers, whatever is evicted, loaded or filtered.

mod support;

use logs_sse_core::connection::{Config, Input};
use logs_sse_core::facets::Facet;
use logs_sse_core::find::Choice;
use logs_sse_core::notice::Notice;
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::store::{Capacity, Row, Store};
use logs_sse_core::words::Words;
use logs_sse_wire::message::Raw;
use proptest::prelude::*;
use support::sim::Sim;

const NAMES: [&str; 3] = ["logs:etl:w:a", "logs:etl:w:b", "logs:etl:w:c"];

#[derive(Clone, Debug)]
enum Step {
    /// Lines arrive, each of a channel, after some that were lost.
    Arrive(Vec<(usize, u64)>),
    Resize(usize),
    /// The stream is lost, lines are published, and the next stream replays them.
    Cut(Vec<usize>),
    Only(usize),
    All,
}

fn step() -> impl Strategy<Value = Step> {
    let channel = || 0..NAMES.len();
    prop_oneof![
        6 => prop::collection::vec((channel(), 0..2_u64), 1..20).prop_map(Step::Arrive),
        2 => (1..40_usize).prop_map(Step::Resize),
        1 => prop::collection::vec(channel(), 0..10).prop_map(Step::Cut),
        1 => channel().prop_map(Step::Only),
        1 => Just(Step::All),
    ]
}

/// A page that reads all channels, and what was published on each.
struct Page {
    sim: Sim,
    newest: [u64; NAMES.len()],
}

impl Page {
    fn new() -> Self {
        let mut page = Self::connecting();
        page.open();
        page
    }

    fn connecting() -> Self {
        let mut sim = Sim::with(Config::default(), 1);
        sim.follow(&NAMES.map(ToOwned::to_owned));
        sim.input(Input::Connect);
        Self { sim, newest: [0; NAMES.len()] }
    }

    fn open(&mut self) {
        self.sim.accept();
        let names = NAMES.map(|name| format!("\"{name}\"")).join(",");
        let held: Vec<_> = NAMES
            .iter()
            .zip(self.newest)
            .map(|(name, newest)| format!(r#""{name}":{{"oldest":1,"newest":{newest}}}"#))
            .collect();
        self.send(&format!(
            r#"{{"type":"connection","status":"connected","channels":[{names}],"epoch":"aaaaaa","seqs":{{{}}},"heartbeatMs":15000,"serverTime":1}}"#,
            held.join(",")
        ));
    }

    fn send(&mut self, data: &str) {
        self.send_event("message", data);
    }

    fn send_event(&mut self, event: &str, data: &str) {
        let source = self.sim.source();
        self.sim.event(source, SourceEvent::Message { event, id: "", data });
    }

    fn log(&mut self, channel: usize, seq: u64) {
        self.send(&format!(
            r#"{{"channel":"{}","data":"{channel} {seq}","timestamp":{seq},"id":"{channel}-{seq}","seq":{seq}}}"#,
            NAMES[channel]
        ));
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Arrive(lines) => {
                for (channel, lost) in lines {
                    self.newest[channel] += lost + 1;
                    self.log(channel, self.newest[channel]);
                }
            }
            Step::Resize(lines) => self.sim.session.resize(Capacity::from_lines(lines)),
            Step::Cut(published) => {
                self.sim.drop_link();
                let before = self.newest;
                published.iter().for_each(|channel| self.newest[*channel] += 1);
                self.sim.input(Input::RetryNow);
                self.open();
                let mut next = before;
                for channel in published {
                    next[channel] += 1;
                    self.log(channel, next[channel]);
                }
            }
            Step::Only(channel) => {
                let mut query = self.sim.session.query().clone();
                Facet::Channels.press(&mut query, NAMES[channel], Choice::Only);
                self.sim.session.set_query(query);
            }
            Step::All => {
                let mut query = self.sim.session.query().clone();
                Facet::Channels.release(&mut query);
                self.sim.session.set_query(query);
            }
        }
        self.sim.session.search(usize::MAX);
    }
}

/// Returns the channels and numbers of these rows.
fn lines(store: &Store, numbers: impl IntoIterator<Item = u64>) -> Vec<(String, u64)> {
    let lines = numbers.into_iter().filter_map(|number| match store.row(number)? {
        Row::Line(line) => Some((line.channel?.into_string(), line.seq?)),
        Row::Notice(_) => None,
    });
    lines.collect()
}

fn check_order(lines: &[(String, u64)]) -> Result<(), TestCaseError> {
    for name in NAMES {
        let of_channel: Vec<_> =
            lines.iter().filter(|(channel, _)| channel == name).map(|(_, seq)| *seq).collect();
        prop_assert!(of_channel.is_sorted_by(|one, next| one < next), "{name}: {of_channel:?}");
    }
    Ok(())
}

fn shown(session: &Session) -> Vec<(String, u64)> {
    lines(session.store(), session.shown_numbers())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_channel_keeps_its_order_and_the_stream_decides_between_them(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut page = Page::new();
        let mut arrived: Vec<(String, u64)> = Vec::new();
        for step in steps {
            let newest = page.newest;
            page.apply(step.clone());
            match &step {
                Step::Arrive(lines) => {
                    let mut next = newest;
                    for (channel, lost) in lines {
                        next[*channel] += lost + 1;
                        arrived.push((NAMES[*channel].to_owned(), next[*channel]));
                    }
                }
                Step::Cut(lines) => {
                    let mut next = newest;
                    for channel in lines {
                        next[*channel] += 1;
                        arrived.push((NAMES[*channel].to_owned(), next[*channel]));
                    }
                }
                _ => {}
            }
            let session = &page.sim.session;
            let stored = lines(session.store(), session.store().range());
            prop_assert!(arrived.ends_with(&stored), "{:?} of {:?}", stored, arrived);
            check_order(&stored)?;
            check_order(&shown(session))?;
            let is_chosen = |name: &str| session.query().channels.has(name);
            let expected: Vec<_> =
                stored.iter().filter(|(name, _)| is_chosen(name)).cloned().collect();
            prop_assert_eq!(shown(session), expected);
            let counts = Facet::Channels.values(session);
            for (value, name) in counts.iter().zip(NAMES) {
                let count = stored.iter().filter(|(channel, _)| channel == name).count();
                prop_assert_eq!((&*value.key, &value.count), (name, &count.to_string()));
            }
        }
    }

    #[test]
    fn earlier_pages_stay_before_all_lines_and_in_the_order_of_each_channel(
        interleaving in prop::collection::vec(0..NAMES.len(), 1..80),
        cuts in prop::collection::vec(1..20_usize, 0..6),
        capacity in 1..40_usize,
    ) {
        let mut next = [0; NAMES.len()];
        let all: Vec<_> = interleaving
            .iter()
            .map(|channel| {
                next[*channel] += 1;
                Raw {
                    channel: Some(NAMES[*channel].into()),
                    seq: Some(next[*channel]),
                    ..Raw::bare("m")
                }
            })
            .collect();
        // The newest lines arrive, the others are loaded a page at a time, newest page first.
        let mut start = all.len().saturating_sub(capacity);
        let mut store = Store::with_room_at_front(Capacity::from_lines(capacity));
        all[start..].iter().for_each(|raw| store.append(raw));
        for cut in cuts {
            let page = start.saturating_sub(cut);
            store.prepend(&all[page..start]);
            start = page;
            let expected: Vec<_> = all[start..]
                .iter()
                .map(|raw| (raw.channel.clone().unwrap_or_default().into_owned(), raw.seq.unwrap_or_default()))
                .collect();
            prop_assert_eq!(lines(&store, store.range()), expected);
        }
        store.release_earlier();
        check_order(&lines(&store, store.range()))?;
    }
}

/// The lines that a gateway holds, by channel and number, in the order of their publication.
type Published = Vec<(usize, u64)>;

fn envelope(channel: usize, seq: u64, stamp: usize) -> String {
    format!(
        r#"{{"channel":"{}","data":"m","timestamp":{stamp},"id":"i","seq":{seq}}}"#,
        NAMES[channel]
    )
}

/// Answers a request for a page of `limit` lines.
fn answer(url: &str, all: &Published, limit: usize) -> String {
    let value = |name: &str| {
        let (_, rest) = url.split_once(name).expect("a parameter");
        rest.split('&').next().unwrap_or_default().replace("%3A", ":")
    };
    let before: u64 = value("before=").parse().expect("a number");
    let channel = NAMES.iter().position(|name| value("channel=") == *name).expect("a channel");
    let older: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(_, (of, seq))| *of == channel && *seq < before)
        .map(|(stamp, (_, seq))| envelope(channel, *seq, stamp))
        .collect();
    let earlier = older.len().saturating_sub(limit);
    format!(
        r#"{{"channel":"{}","epoch":"aaaaaa","oldest":1,"earlier":{earlier},"logs":[{}]}}"#,
        NAMES[channel],
        older[earlier..].join(",")
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_history_of_all_channels_is_loaded_in_the_order_of_its_times(
        channels in prop::collection::vec(0..NAMES.len(), 1..80),
        tail in 0..20_usize,
        limit in 1..9_usize,
        failures in prop::collection::vec(any::<bool>(), 0..6),
    ) {
        let mut next = [0; NAMES.len()];
        let all: Published = channels
            .iter()
            .map(|channel| {
                next[*channel] += 1;
                (*channel, next[*channel])
            })
            .collect();
        let start = all.len().saturating_sub(tail);
        let sent_before =
            |channel| all[..start].iter().filter(|(of, _)| *of == channel).count();
        let mut page = Page::connecting();
        page.sim.accept();
        let held: Vec<_> = NAMES
            .iter()
            .enumerate()
            .map(|(channel, name)| {
                let (newest, start) = (next[channel], sent_before(channel));
                format!(r#""{name}":{{"oldest":1,"newest":{newest},"start":{start}}}"#)
            })
            .collect();
        page.send(&format!(
            r#"{{"type":"connection","status":"connected","channels":["{}"],"epoch":"aaaaaa","seqs":{{{}}},"heartbeatMs":15000,"received":["batch","tail","last_event_id"]}}"#,
            NAMES.join("\",\""),
            held.join(",")
        ));
        for (stamp, (channel, seq)) in all.iter().enumerate().skip(start) {
            page.send(&envelope(*channel, *seq, stamp));
        }
        let session = &mut page.sim.session;
        let mut failures = failures.into_iter();
        let named = |range: &[(usize, u64)]| -> Vec<_> {
            range.iter().map(|(channel, seq)| (NAMES[*channel].to_owned(), *seq)).collect()
        };
        loop {
            while let Some(request) = session.request_earlier() {
                let fails = failures.next() == Some(true);
                let body = answer(&request.url, &all, limit);
                let response = if fails { None } else { Some((200, body.as_str())) };
                session.handle_earlier(&request, response);
                let stored = lines(session.store(), session.store().range());
                prop_assert!(named(&all).ends_with(&stored), "{:?} of {:?}", stored, all);
            }
            if !session.can_load_earlier() {
                break;
            }
        }
        prop_assert_eq!(lines(session.store(), session.store().range()), named(&all));
        let first = session.store().row(session.store().range().start);
        let is_start = matches!(first, Some(Row::Notice(Notice::HistoryStart { evicted: 0 })));
        prop_assert!(is_start || start == 0, "{:?}", first);
    }
}

#[test]
fn a_row_separates_the_tails_of_channels_from_their_history() {
    let mut page = Page::connecting();
    page.sim.accept();
    let held = |start| format!(r#"{{"oldest":1,"newest":3,"start":{start}}}"#);
    page.send(&format!(
        r#"{{"type":"connection","status":"connected","channels":["{}","{}"],"epoch":"aaaaaa","seqs":{{"{}":{},"{}":{}}},"heartbeatMs":15000,"received":["batch","tail","last_event_id"]}}"#,
        NAMES[0], NAMES[1], NAMES[0], held(2), NAMES[1], held(2)
    ));
    // The first channel was silent while the other one was busy.
    let all: Published = vec![(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)];
    page.send(&envelope(0, 3, 2));
    page.send(&envelope(1, 3, 5));
    let session = &mut page.sim.session;
    while let Some(request) = session.request_earlier() {
        session.handle_earlier(&request, Some((200, &answer(&request.url, &all, 9))));
    }
    let texts: Vec<_> = session
        .store()
        .range()
        .filter_map(|number| match session.store().row(number)? {
            Row::Line(line) => Some(format!("{:?} {:?}", line.channel?.chars().last()?, line.seq?)),
            Row::Notice(notice) => Some(notice.text()),
        })
        .collect();
    assert_eq!(texts[1..5], ["'a' 1", "'a' 2", "'b' 1", "'b' 2"]);
    assert_eq!(texts[5..], ["The newest lines of each workflow start here", "'a' 3", "'b' 3"]);
}

#[test]
fn a_gap_row_names_its_channel_if_there_are_several() {
    let mut page = Page::new();
    page.log(0, 3);
    let store = page.sim.session.store();
    let Some(Row::Notice(notice)) = store.row(store.range().start) else { panic!("no gap") };
    assert!(matches!(&notice, Notice::Gap { missing: Some(2), .. }));
    assert_eq!(notice.channel(), Some("logs:etl:w:a"));
    assert_eq!(notice.text(), "a · 2 lines missing: lost in transit");
    let (text, _) = page.sim.session.row_text(store.range().start).expect("a row");
    assert_eq!((&*text.mark.letter, &*text.mark.full_name), ("A", "logs:etl:w:a"));
}

#[test]
fn a_heartbeat_reports_losses_of_each_channel() {
    let mut page = Page::new();
    let sent = r#"{"seqs":{"logs:etl:w:a":2,"logs:etl:w:c":1},"serverTime":1}"#;
    page.send_event("heartbeat", sent);
    let store = page.sim.session.store();
    let rows = store.range().filter_map(|number| store.row(number));
    let gaps: Vec<_> = rows
        .filter_map(|row| match row {
            Row::Notice(notice) => {
                Some((notice.missing(), notice.channel().map(ToOwned::to_owned)))
            }
            Row::Line(_) => None,
        })
        .collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(gaps, [(Some(2), named("logs:etl:w:a")), (Some(1), named("logs:etl:w:c"))]);
}

#[test]
fn a_row_shows_the_letter_of_its_channel_and_names_it() {
    let mut page = Page::new();
    page.log(1, 1);
    let session = &page.sim.session;
    let (text, _) = session.row_text(session.store().range().start).expect("a row");
    assert_eq!((&*text.mark.letter, &*text.mark.name, &*text.channel), ("B", "b", ""));
    assert_eq!(text.button_name(&Words::ENGLISH), "Details: b, 1 1");
}
