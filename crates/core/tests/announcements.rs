//! What a screen reader says, in simulated time: rarely, once, and of an outage no more than that
//! it lasts.

mod support;

use std::time::Duration;

use logs_sse_core::announcer::Announcer;
use logs_sse_core::connection::Input;
use logs_sse_core::find::Query;
use support::sim::Sim;

const FRAME: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);

/// A reader who listens: what is said in each frame, with the time.
struct Listener {
    sim: Sim,
    announcer: Announcer,
    is_held: bool,
    heard: Vec<String>,
}

impl Listener {
    /// Returns a listener to a stream that is open, and forgets what was said until then.
    fn connected() -> Self {
        let (mut listener, now) = (
            Self {
                sim: Sim::new(),
                announcer: Announcer::default(),
                is_held: false,
                heard: vec![],
            },
            FRAME,
        );
        listener.sim.input(Input::Connect);
        listener.pass(now);
        listener.sim.accept();
        listener.pass(now);
        listener.heard.clear();
        listener
    }

    /// Frames run for this long.
    fn pass(&mut self, time: Duration) {
        let end = self.sim.now() + time;
        while self.sim.now() < end {
            self.sim.pass(FRAME);
            self.frame();
        }
    }

    fn frame(&mut self) {
        if self.announcer.update(self.sim.now(), &self.sim.session, self.is_held) {
            self.heard.push(self.announcer.text().to_owned());
        }
    }

    fn log(&mut self, level: &str, message: &str) {
        self.sim.line(&format!(r#"{{"level":"{level}","pipeline":"ETL","message":"{message}"}}"#));
    }

    /// Returns what was said since the last call.
    fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard)
    }
}

#[test]
fn what_a_key_has_done_is_not_replaced_before_it_is_spoken() {
    let mut listener = Listener::connected();
    listener.pass(SECOND);
    listener.heard();
    listener.announcer.say("Copied line");
    assert_eq!(listener.announcer.text(), "Copied line");
    listener.announcer.say("Copied line");
    assert_eq!(listener.announcer.text(), "Copied line\u{a0}");
    listener.is_held = true;
    listener.pass(FRAME);
    assert_eq!(listener.heard(), ["Copied line. Paused"]);
    listener.announcer.say("Copied line");
    listener.pass(2 * SECOND);
    listener.is_held = false;
    listener.pass(FRAME);
    assert_eq!(listener.heard(), ["Following new lines"]);
}

#[test]
fn new_lines_are_summed_up_at_most_once_per_interval() {
    let mut reader = Listener::connected();
    reader.log("info", "a");
    reader.pass(SECOND);
    assert_eq!(reader.heard(), ["1 new line"]);
    for _ in 0..1_204 {
        reader.log("info", "b");
    }
    reader.pass(13 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
    reader.pass(2 * SECOND);
    assert_eq!(reader.heard(), ["1,204 new lines"]);
    reader.pass(60 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
}

#[test]
fn an_error_is_said_at_once_and_the_next_three_seconds_later() {
    let mut reader = Listener::connected();
    (0..11).for_each(|_| reader.log("info", "a"));
    reader.log("error", "quality gate failed\\nat line 7");
    reader.pass(FRAME);
    assert_eq!(reader.heard(), ["12 new lines, 1 error: ETL quality gate failed"]);
    reader.log("error", "second");
    reader.log("error", "third");
    reader.pass(2 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
    assert!(reader.announcer.is_waiting());
    reader.pass(SECOND);
    assert_eq!(reader.heard(), ["2 new lines, 2 errors: ETL second"]);
    assert!(!reader.announcer.is_waiting());
}

#[test]
fn a_line_that_was_said_does_not_delay_an_error() {
    let mut reader = Listener::connected();
    reader.log("info", "a");
    reader.pass(FRAME);
    reader.log("error", "b");
    reader.pass(FRAME);
    assert_eq!(reader.heard(), ["1 new line", "1 new line, 1 error: ETL b"]);
}

#[test]
fn a_flood_is_said_twice_in_five_seconds_at_most() {
    let mut reader = Listener::connected();
    for _ in 0..250 {
        (0..39).for_each(|_| reader.log("info", "a"));
        reader.log("error", "b");
        reader.pass(FRAME);
    }
    let heard = reader.heard();
    assert!((1..=2).contains(&heard.len()), "{heard:?}");
}

#[test]
fn nothing_is_said_of_lines_without_an_interval() {
    let mut reader = Listener::connected();
    reader.announcer.set_every(0);
    reader.log("error", "a");
    reader.pass(60 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
    reader.announcer.set_every(5);
    reader.pass(60 * SECOND);
    reader.log("info", "b");
    reader.pass(SECOND);
    assert_eq!(reader.heard(), ["1 new line"]);
}

#[test]
fn a_paused_view_says_so_and_is_silent_until_it_follows_again() {
    let mut reader = Listener::connected();
    reader.is_held = true;
    reader.log("error", "a");
    reader.pass(60 * SECOND);
    assert_eq!(reader.heard(), ["Paused"]);
    reader.is_held = false;
    reader.pass(60 * SECOND);
    assert_eq!(reader.heard(), ["Following new lines"]);
}

#[test]
fn the_result_of_a_query_is_said_once_the_reader_stops_typing() {
    let mut reader = Listener::connected();
    for number in 0..707 {
        reader.log("info", if number < 10 { "timeout" } else { "fine" });
    }
    reader.pass(SECOND);
    reader.heard();
    for text in ["t", "ti", "timeout"] {
        reader.sim.session.set_query(Query::default().text(text));
        reader.sim.session.search(usize::MAX);
        reader.pass(10 * FRAME);
    }
    assert_eq!(reader.heard(), [""; 0]);
    assert!(reader.announcer.is_waiting());
    reader.pass(SECOND);
    assert_eq!(reader.heard(), ["10 of 707 lines match"]);
    reader.sim.session.set_query(Query::default().text("nothing"));
    reader.sim.session.search(usize::MAX);
    reader.pass(SECOND);
    reader.sim.session.set_query(Query::default());
    reader.pass(SECOND);
    assert_eq!(reader.heard(), ["No matching lines", "707 lines"]);
}

#[test]
fn no_result_is_said_before_the_search_is_complete_and_none_of_an_invalid_pattern() {
    let mut reader = Listener::connected();
    reader.log("info", "a");
    reader.pass(FRAME);
    reader.heard();
    reader.sim.session.set_query(Query::default().text("a"));
    reader.pass(2 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
    reader.sim.session.search(usize::MAX);
    reader.pass(FRAME);
    assert_eq!(reader.heard(), ["1 of 1 line match"]);
    reader.sim.session.set_query(Query { is_regex: true, ..Query::default().text("(") });
    reader.sim.session.search(usize::MAX);
    reader.pass(2 * SECOND);
    assert_eq!(reader.heard(), [""; 0]);
}

#[test]
fn an_outage_is_said_once_then_each_minute_and_once_when_it_ends() {
    let mut reader = Listener::connected();
    reader.sim.drop_link();
    for _ in 0..150 {
        reader.pass(SECOND);
        if reader.sim.url().is_some() {
            reader.sim.refuse();
        }
    }
    let heard = reader.heard();
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert!(heard.iter().all(|text| text.starts_with("ERROR") || text.starts_with("CONNECTING")));
    while reader.sim.url().is_none() {
        reader.pass(SECOND);
    }
    reader.sim.accept();
    reader.heard();
    reader.pass(20 * SECOND);
    assert_eq!(reader.heard(), ["CONNECTED"]);
}

#[test]
fn a_connection_that_is_lost_again_at_once_does_not_end_an_outage() {
    let mut reader = Listener::connected();
    reader.sim.drop_link();
    reader.pass(FRAME);
    for _ in 0..5 {
        while reader.sim.url().is_none() {
            reader.pass(SECOND);
        }
        reader.sim.accept();
        reader.pass(SECOND);
        reader.sim.drop_link();
        reader.pass(FRAME);
    }
    let heard = reader.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
}

#[test]
fn a_text_that_is_said_again_differs_for_the_screen_reader() {
    let mut reader = Listener::connected();
    for _ in 0..2 {
        reader.log("info", "a");
        reader.pass(20 * SECOND);
    }
    assert_eq!(reader.heard(), ["1 new line", "1 new line\u{a0}"]);
}

#[test]
fn a_disconnected_page_says_so_once() {
    let mut reader = Listener::connected();
    reader.sim.input(Input::Disconnect);
    reader.pass(120 * SECOND);
    assert_eq!(reader.heard(), ["DISCONNECTED"]);
}
