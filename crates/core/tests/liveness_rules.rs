//! Why it closed, whether it lives, when it comes back: rule by rule, in simulated time.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Hidden, Input, Page, ResponseHead, State, StopReason};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::status::Badge;
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);
const CHANNEL: &str = "logs:etl:workspace123:workflow456";

/// The greeting of a gateway that counts, with a beat of 15 s.
fn greeting(epoch: &str, oldest: u64, newest: u64) -> String {
    format!(
        r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"{epoch}","seqs":{{"{CHANNEL}":{{"oldest":{oldest},"newest":{newest}}}}},"heartbeatMs":15000,"refused":[],"serverTime":1}}"#
    )
}

fn log(seq: u64) -> String {
    format!(
        r#"{{"channel":"{CHANNEL}","data":"log {seq}","timestamp":1,"id":"log-{seq}","seq":{seq}}}"#
    )
}

/// A page on a gateway that counts, which stands at `newest`.
fn counted(newest: u64) -> Sim {
    let mut sim = Sim::connected();
    sim.line(&greeting("aaaaaa", 1, newest));
    sim
}

fn named(sim: &mut Sim, event: &str, data: &str) {
    sim.event(sim.source(), SourceEvent::Message { event, id: "", data });
}

fn back(sim: &mut Sim) {
    sim.pass_to_alarm();
    sim.answer();
}

/// A first attempt that the server refuses, and the probe that follows.
fn refused() -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    sim
}

#[test]
fn the_cursor_goes_with_every_new_source() {
    let mut sim = counted(70);
    sim.line(&log(71));
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(
        sim.url().is_some_and(|url| url.ends_with("&last_event_id=1.aaaaaa.1z")),
        "{:?}",
        sim.url()
    );
    sim.input(Input::Network(false));
    sim.drop_link();
    sim.input(Input::Network(true));
    assert!(sim.url().is_some_and(|url| url.ends_with("1.aaaaaa.1z")));
    sim.answer();
    sim.input(Input::Page(Page::Frozen));
    sim.input(Input::Page(Page::Resumed));
    assert!(sim.url().is_some_and(|url| url.ends_with("1.aaaaaa.1z")));
    sim.input(Input::Disconnect);
    sim.input(Input::Connect);
    assert!(sim.url().is_some_and(|url| url.ends_with("1.aaaaaa.1z")));
}

#[test]
fn another_channel_begins_without_a_cursor() {
    let mut sim = counted(70);
    sim.choose("workflow789");
    assert!(sim.url().is_some_and(|url| !url.contains("last_event_id")), "{:?}", sim.url());
}

#[test]
fn tells_what_a_break_cost_once_all_has_come_again() {
    let mut sim = counted(0);
    sim.line(&log(1));
    sim.drop_link();
    sim.sleep(14 * SECOND);
    sim.input(Input::RetryNow);
    sim.answer();
    sim.line(&greeting("aaaaaa", 1, 3));
    sim.line(&log(2));
    sim.line(&log(3));
    assert_eq!(
        sim.rows(),
        ["log 1", "log 2", "log 3", "[disconnected 14 s, 2 lines recovered, 0 missing]"]
    );
}

#[test]
fn a_gap_is_a_row_in_its_place() {
    let mut sim = counted(0);
    sim.line(&log(1));
    named(
        &mut sim,
        "gap",
        &format!(r#"{{"channel":"{CHANNEL}","from":2,"to":213,"reason":"evicted"}}"#),
    );
    sim.line(&log(214));
    sim.line(&log(216));
    assert_eq!(
        sim.rows(),
        [
            "log 1",
            "[212 lines missing: history expired]",
            "log 214",
            "[1 line missing: lost on the way]",
            "log 216"
        ]
    );
    assert_eq!((sim.session.tally().missing, sim.session.tally().gaps), (213, 2));
}

#[test]
fn an_idle_stream_finds_a_loss_within_one_beat() {
    let mut sim = counted(5);
    named(&mut sim, "heartbeat", &format!(r#"{{"seqs":{{"{CHANNEL}":7}},"serverTime":2}}"#));
    assert_eq!(sim.rows(), ["[2 lines missing: lost on the way]"]);
}

#[test]
fn a_line_that_comes_twice_is_shown_once_and_counted() {
    let mut sim = counted(0);
    for seq in [1, 1, 2, 1] {
        sim.line(&log(seq));
    }
    assert_eq!(
        (sim.messages(), sim.session.tally().duplicates),
        (vec!["log 1".to_owned(), "log 2".to_owned()], 2)
    );
}

#[test]
fn a_restart_of_the_gateway_is_told_though_its_own_word_does_not_arrive() {
    // Once the greeting alone moved the position, and the link broke before the gap event: the loss
    // was silent.
    let mut sim = counted(50);
    sim.drop_link();
    back(&mut sim);
    sim.line(&greeting("bbbbbb", 1, 0));
    sim.drop_link();
    back(&mut sim);
    sim.line(&greeting("bbbbbb", 1, 0));
    assert!(sim.rows()[0].contains("the log server was restarted"), "{:?}", sim.rows());
}

#[test]
fn a_server_that_cannot_replay_is_said_to_be_one() {
    let mut sim = Sim::connected();
    sim.line("first");
    sim.drop_link();
    sim.sleep(14 * SECOND);
    sim.input(Input::RetryNow);
    sim.answer();
    assert_eq!(
        sim.rows(),
        ["first", "[reconnected after 14 s; this server cannot replay: lines may be missing]"]
    );
}

#[test]
fn without_numbers_the_same_id_and_text_come_once() {
    let mut sim = Sim::connected();
    let event = |data: &'static str| SourceEvent::Message { event: "message", id: "1", data };
    sim.event(sim.source(), event("a"));
    sim.event(sim.source(), event("a"));
    sim.event(sim.source(), event("another line of a server that counts anew"));
    assert_eq!(sim.messages(), ["a", "another line of a server that counts anew"]);
}

#[test]
fn a_probe_tells_why_and_stops_what_is_hopeless() {
    for (status, stop) in [
        (204, StopReason::NothingToStream(204)),
        (410, StopReason::NothingToStream(410)),
        (401, StopReason::NotAllowed(401)),
        (403, StopReason::NotAllowed(403)),
    ] {
        let mut sim = refused();
        sim.find_status(status);
        sim.pass(3_600 * SECOND);
        assert_eq!((sim.state(), sim.opened().len()), (&State::Stopped(stop), 1));
        sim.input(Input::Connect);
        assert_eq!(sim.opened().len(), 2, "a person may try again");
    }
}

#[test]
fn a_probe_tells_why_and_goes_on_with_what_may_heal() {
    let answer = |status, is_stream| ResponseHead::Answer { status, is_stream, retry_after: None };
    for (finding, words) in [
        (answer(404, false), "404"),
        (answer(429, false), "too many readers"),
        (answer(500, false), "answered 500"),
        (answer(503, false), "busy or restarting"),
        (answer(200, false), "web page: is your session over?"),
        (ResponseHead::Redirect, "redirects"),
        (ResponseHead::Nothing, "cannot be reached"),
    ] {
        let mut sim = refused();
        sim.find(finding);
        assert!(sim.status().reason.contains(words), "{words}: {:?}", sim.status());
        assert!(matches!(sim.state(), State::Waiting { .. }));
    }
}

#[test]
fn retry_after_is_a_floor_and_no_reset() {
    let mut sim = refused();
    sim.find(ResponseHead::Answer {
        status: 503,
        is_stream: false,
        retry_after: Some(20 * SECOND),
    });
    sim.pass(Duration::from_millis(19_999));
    assert_eq!(sim.opened().len(), 1);
    sim.pass(Duration::from_millis(1_001));
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
}

#[test]
fn a_probe_never_runs_beside_a_source_and_not_too_often() {
    let mut sim = refused();
    assert!(sim.probe().is_some());
    sim.input(Input::RetryNow);
    assert!(sim.probe().is_none(), "the attempt ends the probe");
    sim.refuse();
    assert!(sim.probe().is_none(), "asked again within 5 s");
    sim.pass(6 * SECOND);
    sim.refuse();
    assert!(sim.probe().is_some());
}

#[test]
fn a_short_delay_does_not_cut_the_probe_off() {
    // A page drew short delays three times in a row and never learnt that the answer was 404.
    let mut sim = refused();
    sim.pass_to_alarm();
    assert!(
        sim.probe().is_some() && matches!(sim.state(), State::Waiting { .. }),
        "{:?}",
        sim.state()
    );
    sim.find_status(404);
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
    sim.refuse();
    assert!(
        sim.status().line().contains("no log stream at this address"),
        "the reason stands until it is asked again"
    );
}

#[test]
fn the_next_attempt_does_not_wait_for_ever_for_a_reason() {
    let mut sim = refused();
    sim.pass(2 * SECOND);
    assert!(sim.probe().is_none() && matches!(sim.state(), State::Connecting { attempt: 2 }));
}

#[test]
fn a_link_too_short_for_a_batch_gets_single_events() {
    // A proxy cut each stream after 20 kB; the first batch of the replay was larger, so nothing
    // ever came again.
    let mut sim = counted(70);
    sim.drop_link();
    back(&mut sim);
    sim.line(&greeting("aaaaaa", 1, 300));
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(sim.url().is_some_and(|url| !url.contains("batch=1")), "{:?}", sim.url());
}

#[test]
fn a_link_that_ends_with_nothing_owed_goes_on_with_batches() {
    let mut sim = counted(70);
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(sim.url().is_some_and(|url| url.contains("batch=1")), "{:?}", sim.url());
}

#[test]
fn a_link_that_was_open_needs_no_probe() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert!(sim.probe().is_none());
}

#[test]
fn three_beats_of_silence_end_a_dead_stream() {
    let mut sim = counted(0);
    sim.pass(29 * SECOND);
    assert_eq!(sim.status().badge, Badge::Connected);
    sim.pass(SECOND);
    assert_eq!((sim.status().badge, sim.status().is_live()), (Badge::Stale, false));
    sim.pass(15 * SECOND);
    assert!(sim.status().reason.contains("no sign of life for 45 s"), "{:?}", sim.status());
}

#[test]
fn a_heartbeat_keeps_it_alive() {
    let mut sim = counted(0);
    for _ in 0..100 {
        sim.pass(15 * SECOND);
        named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    }
    assert_eq!((sim.status().badge, sim.opened().len()), (Badge::Connected, 1));
}

#[test]
fn after_a_sleep_there_is_one_beat_of_grace() {
    let mut sim = counted(0);
    sim.sleep(3_600 * SECOND);
    sim.input(Input::Page(Page::Visible));
    sim.ring();
    assert!(
        matches!(sim.state(), State::Open { .. }),
        "cut without a chance to show that it lives"
    );
    sim.pass(15 * SECOND);
    assert!(matches!(sim.state(), State::Waiting { .. }), "believed although it did not");
}

#[test]
fn what_is_heard_in_the_grace_saves_it() {
    let mut sim = counted(0);
    sim.sleep(3_600 * SECOND);
    sim.ring();
    named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    sim.pass(20 * SECOND);
    assert!(matches!(sim.state(), State::Open { .. }));
}

#[test]
fn an_old_backend_raises_no_alarm_unless_configured() {
    let mut sim = Sim::connected();
    sim.line("a bare line");
    sim.pass(3_600 * SECOND);
    assert_eq!(sim.status().badge, Badge::Connected);
    assert!(sim.status().vitals.contains("last event 1 h 0 min ago"), "{:?}", sim.status());
    let mut strict = Sim::with(Config { silence: Some(60 * SECOND), ..Config::default() }, 1);
    strict.input(Input::Connect);
    strict.answer();
    strict.pass(60 * SECOND);
    assert!(matches!(strict.state(), State::Waiting { .. }));
}

#[test]
fn a_goodbye_is_followed_by_the_wait_that_it_asks_for() {
    let mut sim = counted(0);
    sim.pass(20 * SECOND);
    named(&mut sim, "bye", r#"{"reason":"shutdown","retryMs":5000}"#);
    assert!(sim.status().reason.contains("restarting"));
    sim.pass(Duration::from_millis(4_999));
    assert_eq!(sim.opened().len(), 1);
    sim.pass(Duration::from_millis(1_001));
    assert_eq!(sim.opened().len(), 2);
}

#[test]
fn who_is_sent_away_stays_away() {
    let mut sim = counted(0);
    named(&mut sim, "bye", r#"{"reason":"stop","retryMs":0}"#);
    sim.pass(3_600 * SECOND);
    assert_eq!((sim.state(), sim.opened().len()), (&State::Stopped(StopReason::SentAway), 1));
}

#[test]
fn goodbyes_in_a_row_are_no_storm() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    for _ in 0..50 {
        sim.answer();
        named(&mut sim, "bye", r#"{"reason":"rotation","retryMs":0}"#);
        sim.pass_to_alarm();
    }
    let took = sim.now() - sim.opened()[0].at;
    assert!(took > 120 * SECOND, "50 connections in {took:?}");
}

#[test]
fn a_policy_that_forbids_the_endpoint_is_named() {
    let mut sim = refused();
    sim.input(Input::Blocked("https://elsewhere.example/x".into()));
    assert!(matches!(sim.state(), State::Waiting { .. }), "something else of the page was blocked");
    sim.input(Input::Blocked("/api/dapadmin/l5-etl/sse/logs/stream".into()));
    assert_eq!(sim.state(), &State::Stopped(StopReason::Blocked));
}

#[test]
fn a_hidden_page_keeps_its_stream_or_closes_it_after_a_time() {
    let mut keeps = counted(0);
    keeps.input(Input::Page(Page::Hidden));
    keeps.pass(20 * SECOND);
    assert_eq!(keeps.opened().len(), 1);
    let mut closes =
        Sim::with(Config { hidden: Hidden::CloseAfter(60 * SECOND), ..Config::default() }, 1);
    closes.input(Input::Connect);
    closes.answer();
    closes.line(&greeting("aaaaaa", 1, 9));
    closes.input(Input::Page(Page::Hidden));
    for _ in 0..4 {
        closes.pass(15 * SECOND);
    }
    assert_eq!((closes.state(), closes.url()), (&State::Paused, None));
    closes.input(Input::Page(Page::Visible));
    assert!(
        closes.url().is_some_and(|url| url.ends_with("last_event_id=1.aaaaaa.9")),
        "{:?}",
        closes.url()
    );
}

#[test]
fn a_thousand_readers_do_not_come_back_in_step() {
    // All were told the same by the same gateway at the same moment.
    let mut times: Vec<f64> = (0..1_000)
        .map(|seed| {
            let mut sim = Sim::with(Config::default(), seed);
            sim.input(Input::Connect);
            sim.refuse();
            sim.find(ResponseHead::Answer {
                status: 503,
                is_stream: false,
                retry_after: Some(2 * SECOND),
            });
            sim.pass_to_alarm();
            sim.now().as_millis()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let busiest = times
        .iter()
        .map(|start| times.iter().filter(|time| (*start..*start + 100.0).contains(time)).count())
        .max();
    println!(
        "1000 readers came back from {:.0} to {:.0} ms, at most {busiest:?} of them in 100 ms",
        times[0], times[999]
    );
    assert!(times[0] >= 2_000.0 && times[999] - times[0] > 900.0);
    assert!(busiest < Some(160), "{busiest:?} of 1000 within 100 ms");
}
