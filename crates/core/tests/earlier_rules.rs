//! Lines from before the page opened: loaded page by page, they join those of the stream without a
//! hole or a repeat, whatever happens in between.

mod support;

use logs_sse_core::connection::{Config, Input};
use logs_sse_core::find::Query;
use logs_sse_core::link::{LineId, Sought, Step};
use logs_sse_core::session::{EarlierRequest, KnownLines, Session};
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
use logs_sse_core::time::Instant;
use logs_sse_wire::message::Raw;
use proptest::prelude::*;
use support::sim::Sim;

const CHANNEL: &str = "logs:etl:workspace123:workflow456";

fn greeting(epoch: &str, oldest: u64, newest: u64, start: u64) -> String {
    format!(
        r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"{epoch}","seqs":{{"{CHANNEL}":{{"oldest":{oldest},"newest":{newest},"start":{start}}}}},"heartbeatMs":15000,"received":["batch","tail","last_event_id"]}}"#
    )
}

fn log(seq: u64) -> String {
    format!(
        r#"{{"channel":"{CHANNEL}","data":{{"message":"log {seq}","pipeline":"P{}"}},"timestamp":1,"id":"log-{seq}","seq":{seq}}}"#,
        seq % 3
    )
}

/// Returns the page of history before `before`, of a gateway that holds the logs from `oldest` on.
fn history(epoch: &str, oldest: u64, before: u64, limit: u64) -> String {
    let from = before.saturating_sub(limit).max(oldest);
    let logs: Vec<_> = (from..before).map(log).collect();
    let earlier = if logs.is_empty() { 0 } else { from - oldest };
    format!(
        r#"{{"channel":"{CHANNEL}","epoch":"{epoch}","oldest":{oldest},"newest":999,"earlier":{earlier},"logs":[{}]}}"#,
        logs.join(",")
    )
}

/// Returns a page on a gateway that holds the logs `oldest..=newest`, which received the last
/// `tail` of them.
fn opened(oldest: u64, newest: u64, tail: u64) -> Sim {
    let mut sim = Sim::connected();
    sim.line(&greeting("aaaaaa", oldest, newest, newest - tail));
    (newest - tail + 1..=newest).for_each(|seq| sim.line(&log(seq)));
    sim
}

/// Returns the sequence number in the URL of a request.
fn before_in(request: &EarlierRequest) -> u64 {
    let before = request.url.split("before=").nth(1).and_then(|rest| rest.split('&').next());
    before.and_then(|before| before.parse().ok()).expect("a number")
}

/// Loads one page, of a gateway that holds the logs from `oldest` on.
fn load(session: &mut Session, oldest: u64, limit: u64) -> bool {
    let Some(request) = session.request_earlier() else { return false };
    let page = history("aaaaaa", oldest, before_in(&request), limit);
    session.handle_earlier(&request, Some((200, &page)));
    true
}

#[test]
fn loads_page_by_page_up_to_the_start_of_the_history() {
    let mut sim = opened(3, 12, 2);
    assert_eq!(sim.session.earlier().label, "Load earlier lines (8)");
    assert!(load(&mut sim.session, 3, 5));
    assert_eq!(sim.rows()[..2], ["log 6", "log 7"]);
    assert!(load(&mut sim.session, 3, 5));
    assert_eq!(
        sim.rows()[..2],
        ["[Start of the history: the log server no longer holds the 2 lines before this]", "log 3"]
    );
    assert_eq!(sim.rows().len(), 11);
    assert_eq!((sim.session.request_earlier(), sim.session.earlier().label.as_str()), (None, ""));
}

#[test]
fn requests_the_lines_before_the_oldest_one_once() {
    let mut sim = opened(1, 12, 2);
    let request = sim.session.request_earlier().expect("a request");
    assert_eq!(
        request.url,
        "/api/dapadmin/l5-etl/sse/logs/history?workspace_id=workspace123&workflow_id=workflow456&epoch=aaaaaa&before=11&limit=500"
    );
    assert_eq!(sim.session.request_earlier(), None);
    assert!(sim.session.earlier().is_loading);
}

#[test]
fn a_linked_line_is_looked_for_back_to_the_start_of_the_history() {
    for (seq, is_held) in [(12, true), (11, true), (7, true), (3, true), (2, false), (99, false)] {
        let mut sim = Sim::connected();
        let mut sought = Sought::new(line_id(&format!("log-{seq}")));
        assert_eq!(sought.step(&sim.session), Step::Wait);
        sim.line(&greeting("aaaaaa", 3, 12, 10));
        assert_eq!(sought.step(&sim.session), Step::Wait);
        [11, 12].iter().for_each(|seq| sim.line(&log(*seq)));
        let mut step = sought.step(&sim.session);
        while step == Step::LoadEarlier {
            assert!(load(&mut sim.session, 3, 3));
            step = sought.step(&sim.session);
        }
        let Step::Show(number) = step else {
            assert_eq!((step, is_held), (Step::Missing, false), "{seq}");
            continue;
        };
        let row = sim.session.store().row(number);
        let id = row.and_then(|row| row.line().map(|line| line.id.to_string()));
        assert_eq!(id.as_deref(), Some(&*sought.line().id));
        assert!(is_held);
    }
}

#[test]
fn a_linked_line_is_not_looked_for_while_history_is_loading_or_cannot_be_loaded() {
    let mut sim = opened(1, 12, 2);
    let mut sought = Sought::new(line_id("log-3"));
    assert_eq!(sought.step(&sim.session), Step::LoadEarlier);
    let request = sim.session.request_earlier().expect("a request");
    assert_eq!(sought.step(&sim.session), Step::Wait);
    sim.session.handle_earlier(&request, Some((500, "")));
    assert_eq!(sought.step(&sim.session), Step::Missing);
}

#[test]
fn a_row_number_denotes_the_same_row_after_loading() {
    let mut sim = opened(1, 12, 2);
    let before = sim.session.store().range();
    assert!(load(&mut sim.session, 1, 5));
    let store = sim.session.store();
    assert_eq!(store.range(), before.start - 5..before.end);
    let message = |number| match store.row(number) {
        Some(Row::Line(line)) => line.entry.message().to_owned(),
        other => panic!("expected a line, got {other:?}"),
    };
    assert_eq!(
        (message(before.start), message(before.start - 1)),
        ("log 11".into(), "log 10".into())
    );
}

#[test]
fn a_filter_finds_loaded_lines() {
    let mut sim = opened(1, 12, 2);
    sim.session.set_query(Query::default().text("\"log 1\""));
    assert!(sim.session.search(usize::MAX));
    assert!(load(&mut sim.session, 1, 100));
    assert!(sim.session.search(usize::MAX));
    let found: Vec<_> = sim
        .session
        .shown_range()
        .filter_map(|ordinal| sim.session.row_number(ordinal))
        .filter_map(|number| sim.session.row_text(number))
        .map(|(text, _)| text.message)
        .collect();
    assert_eq!(found[1..], ["log 1", "log 10", "log 11", "log 12"]);
}

#[test]
fn says_why_lines_could_not_be_loaded_and_tries_again() {
    for (response, words) in [
        (None, "cannot reach"),
        (Some((404, "")), "no route for them"),
        (Some((200, "<html>")), "no route for them"),
        (Some((403, "{}")), "not allowed"),
        (Some((500, "")), "answered 500"),
    ] {
        let mut sim = opened(1, 12, 2);
        let request = sim.session.request_earlier().expect("a request");
        sim.session.handle_earlier(&request, response);
        let earlier = sim.session.earlier();
        assert!(earlier.failure.contains(words), "{earlier:?}");
        assert_eq!((earlier.label.as_str(), earlier.is_loading), ("Try again", false));
        assert!(!sim.session.loads_earlier_by_itself());
        assert!(load(&mut sim.session, 1, 100));
        assert_eq!(sim.rows().len(), 13);
    }
}

#[test]
fn a_late_response_adds_nothing() {
    let page = history("aaaaaa", 1, 11, 100);
    for change in [
        |sim: &mut Sim| sim.session.clear(),
        |sim: &mut Sim| sim.choose("workflow789"),
        |sim: &mut Sim| {
            sim.drop_link();
            sim.input(Input::RetryNow);
            sim.accept();
            sim.line(&greeting("bbbbbb", 1, 2, 0));
        },
    ] {
        let mut sim = opened(1, 12, 2);
        let request = sim.session.request_earlier().expect("a request");
        change(&mut sim);
        let rows = sim.rows();
        sim.session.handle_earlier(&request, Some((200, &page)));
        assert_eq!(sim.rows(), rows);
    }
}

#[test]
fn lines_that_arrive_meanwhile_do_not_evict_the_place_of_the_page() {
    let mut sim = opened(1, 12, 2);
    sim.session.resize(Capacity { lines: 2, bytes: usize::MAX });
    let request = sim.session.request_earlier().expect("a request");
    (13..=20).for_each(|seq| sim.line(&log(seq)));
    sim.session.handle_earlier(&request, Some((200, &history("aaaaaa", 1, 11, 5))));
    let store = sim.session.store();
    let seqs: Vec<_> = store.range().filter_map(|number| store.seq(number)).collect();
    assert_eq!(seqs, (14..=20).collect::<Vec<_>>(), "what fits beside the page, contiguous");
    sim.session.release_earlier();
    assert_eq!(sim.rows(), ["log 19", "log 20"]);
}

#[test]
fn a_restart_while_a_page_is_loading_does_not_suspend_the_capacity() {
    let mut sim = opened(1, 12, 2);
    sim.session.resize(Capacity { lines: 2, bytes: usize::MAX });
    sim.session.request_earlier().expect("a request");
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line(&greeting("bbbbbb", 1, 0, 0));
    (1..=9).for_each(|seq| sim.line(&log(seq)));
    assert_eq!(sim.session.store().len(), 2);
}

#[test]
fn cleared_lines_come_back_only_on_request() {
    let mut sim = opened(1, 12, 2);
    sim.session.clear();
    sim.line(&log(13));
    assert!(!sim.session.loads_earlier_by_itself());
    assert_eq!(sim.session.earlier().label, "Load earlier lines (12)");
    assert!(load(&mut sim.session, 1, 5));
    assert_eq!(sim.rows(), ["log 8", "log 9", "log 10", "log 11", "log 12", "log 13"]);
}

#[test]
fn a_server_that_was_restarted_is_not_asked_again_and_again() {
    let mut sim = opened(1, 12, 2);
    let request = sim.session.request_earlier().expect("a request");
    sim.session.handle_earlier(&request, Some((409, r#"{"error":"x"}"#)));
    assert!(!sim.session.loads_earlier_by_itself());
    assert!(sim.session.earlier().failure.contains("restarted"));
}

#[test]
fn the_start_counts_only_lines_that_come_before() {
    let mut sim = opened(1, 12, 2);
    let request = sim.session.request_earlier().expect("a request");
    // Meanwhile the gateway has evicted everything before the page.
    sim.session.handle_earlier(&request, Some((200, &history("aaaaaa", 500, 11, 5))));
    assert!(sim.rows()[0].contains("no longer holds the 10 lines"), "{:?}", sim.rows());
}

#[test]
fn rows_of_an_earlier_epoch_have_no_history() {
    let mut sim = opened(1, 12, 2);
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line(&greeting("bbbbbb", 5, 9, 4));
    assert_eq!((sim.session.request_earlier(), sim.session.earlier().label.as_str()), (None, ""));
}

#[test]
fn a_page_of_another_channel_or_with_later_lines_is_rejected() {
    for page in [
        history("aaaaaa", 1, 11, 100).replace("workflow456", "workflow789"),
        history("aaaaaa", 1, 12, 100),
        history("bbbbbb", 1, 11, 100),
        history("aaaaaa", 1, 10, 100),
        history("aaaaaa", 1, 11, 100).replacen(
            r#""channel":"logs:etl:workspace123:workflow456","data""#,
            r#""channel":"logs:etl:workspace123:workflow789","data""#,
            1,
        ),
    ] {
        let mut sim = opened(1, 12, 2);
        let request = sim.session.request_earlier().expect("a request");
        sim.session.handle_earlier(&request, Some((200, &page)));
        assert_eq!(sim.rows().len(), 2);
        assert_ne!(sim.session.earlier().failure, "");
    }
}

proptest! {
    #[test]
    fn loaded_and_streamed_lines_are_contiguous(
        oldest in 1_u64..30,
        held in 0_u64..60,
        tail in 0_u64..20,
        capacity in 1_usize..40,
        steps in prop::collection::vec((0_u8..3, 1_u64..20), 0..12),
    ) {
        let newest = oldest + held;
        let tail = tail.min(held);
        let mut session = Session::new(
            Config::default(),
            Capacity { lines: capacity, bytes: usize::MAX },
            1,
        );
        let now = Instant::default();
        session.handle_target(now, Target::new("etl", "workspace123", "workflow456", DEFAULT_ENDPOINT));
        let mut sim = Sim::of(session);
        sim.input(Input::Connect);
        sim.accept();
        sim.line(&greeting("aaaaaa", oldest, newest, newest - tail));
        let mut next = newest - tail + 1;
        let send = |sim: &mut Sim, count: u64, next: &mut u64| {
            for _ in 0..count {
                sim.line(&log(*next));
                *next += 1;
            }
        };
        send(&mut sim, tail, &mut next);
        let mut loaded = 0;
        for (kind, count) in steps {
            if kind == 0 {
                send(&mut sim, count, &mut next);
            } else {
                let request = sim.session.request_earlier();
                // In every other case, lines arrive before the response.
                send(&mut sim, if kind == 2 { count } else { 0 }, &mut next);
                let before = sim.session.store().len();
                if let Some(request) = request {
                    let page = history("aaaaaa", oldest, before_in(&request), count);
                    sim.session.handle_earlier(&request, Some((200, &page)));
                }
                loaded += sim.session.store().len().saturating_sub(before) + count as usize;
            }
        }
        let store = sim.session.store();
        let seqs: Vec<_> = store.range().filter_map(|number| store.seq(number)).collect();
        prop_assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{:?}", seqs);
        prop_assert!(seqs.last().is_none_or(|last| *last == next - 1));
        prop_assert!(store.len() <= capacity + loaded);
        prop_assert_eq!(store.lines(), seqs.len());
    }
}

#[test]
fn lines_that_the_page_shows_elsewhere_are_left_out_and_do_not_stop_the_loading() {
    let is_even = |raw: &Raw<'_>| raw.seq.is_some_and(|seq| seq % 2 == 0 || seq < 9);
    let mut sim = Sim::connected();
    sim.session.set_known(KnownLines::new(is_even));
    sim.line(&greeting("aaaaaa", 1, 12, 10));
    (11..=12).for_each(|seq| sim.line(&log(seq)));
    assert_eq!(sim.rows(), ["log 11"]);
    assert!(load(&mut sim.session, 1, 2));
    assert!(load(&mut sim.session, 1, 4));
    assert_eq!(sim.rows(), ["log 9", "log 11"]);
    assert!(load(&mut sim.session, 1, 100));
    assert_eq!(sim.rows()[1..], ["log 9", "log 11"]);
    assert_eq!(sim.session.counters().received, 2);
    assert_eq!(sim.session.request_earlier(), None);
}

fn line_id(id: &str) -> LineId {
    LineId { id: id.to_owned(), channel: None }
}
