//! Rules of a stream's life: resuming, gaps, heartbeats, goodbyes and hidden pages.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Hidden, Input, Page, State, StopReason};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::status::Badge;
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);
const CHANNEL: &str = "logs:etl:workspace123:workflow456";

/// Returns the greeting of a gateway with sequence numbers and a heartbeat every 15 s.
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

/// Returns a page on a gateway whose newest sequence number is `newest`.
fn counted(newest: u64) -> Sim {
    let mut sim = Sim::connected();
    sim.line(&greeting("aaaaaa", 1, newest));
    sim
}

fn named(sim: &mut Sim, event: &str, data: &str) {
    sim.event(sim.source(), SourceEvent::Message { event, id: "", data });
}

fn reconnect(sim: &mut Sim) {
    sim.pass_to_timer();
    sim.accept();
}

#[test]
fn every_new_source_resumes_at_the_cursor() {
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
    sim.accept();
    sim.input(Input::Page(Page::Frozen));
    sim.input(Input::Page(Page::Resumed));
    assert!(sim.url().is_some_and(|url| url.ends_with("1.aaaaaa.1z")));
    sim.input(Input::Disconnect);
    sim.input(Input::Connect);
    assert!(sim.url().is_some_and(|url| url.ends_with("1.aaaaaa.1z")));
}

#[test]
fn another_channel_starts_without_a_cursor() {
    let mut sim = counted(70);
    sim.choose("workflow789");
    assert!(sim.url().is_some_and(|url| !url.contains("last_event_id")), "{:?}", sim.url());
}

#[test]
fn reports_the_cost_of_a_break_after_the_replay() {
    let mut sim = counted(0);
    sim.line(&log(1));
    sim.drop_link();
    sim.sleep(14 * SECOND);
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line(&greeting("aaaaaa", 1, 3));
    sim.line(&log(2));
    sim.line(&log(3));
    assert_eq!(
        sim.rows(),
        ["log 1", "log 2", "log 3", "[Reconnected after 14 s · 2 lines recovered · none missing]"]
    );
}

#[test]
fn a_gap_is_a_row_at_its_position() {
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
            "[212 lines missing: older than the log server's history]",
            "log 214",
            "[1 line missing: lost in transit]",
            "log 216"
        ]
    );
    assert_eq!(sim.session.counters().missing, 213);
    assert_eq!(sim.session.counters().gaps, 2);
}

#[test]
fn an_idle_stream_finds_a_loss_by_the_next_heartbeat() {
    let mut sim = counted(5);
    named(&mut sim, "heartbeat", &format!(r#"{{"seqs":{{"{CHANNEL}":7}},"serverTime":2}}"#));
    assert_eq!(sim.rows(), ["[2 lines missing: lost in transit]"]);
}

#[test]
fn a_duplicate_line_is_shown_once_and_counted() {
    let mut sim = counted(0);
    for seq in [1, 1, 2, 1] {
        sim.line(&log(seq));
    }
    assert_eq!(sim.messages(), ["log 1", "log 2"]);
    assert_eq!(sim.session.counters().duplicates, 2);
}

#[test]
fn reports_a_restart_even_if_the_gap_event_is_lost() {
    // Regression: the greeting alone moved the position, and the link broke before the gap event,
    // so the loss was silent.
    let mut sim = counted(50);
    sim.drop_link();
    reconnect(&mut sim);
    sim.line(&greeting("bbbbbb", 1, 0));
    sim.drop_link();
    reconnect(&mut sim);
    sim.line(&greeting("bbbbbb", 1, 0));
    assert!(sim.rows()[0].contains("Log server restarted"), "{:?}", sim.rows());
}

#[test]
fn reports_a_server_that_cannot_replay() {
    let mut sim = Sim::connected();
    sim.line("first");
    sim.drop_link();
    sim.sleep(14 * SECOND);
    sim.input(Input::RetryNow);
    sim.accept();
    assert_eq!(
        sim.rows(),
        [
            "first",
            "[Reconnected after 14 s · this server keeps no history, so lines may be missing]"
        ]
    );
}

#[test]
fn without_numbers_a_line_with_the_same_id_and_text_is_a_duplicate() {
    let mut sim = Sim::connected();
    let event = |data: &'static str| SourceEvent::Message { event: "message", id: "1", data };
    sim.event(sim.source(), event("a"));
    sim.event(sim.source(), event("a"));
    sim.event(sim.source(), event("another line of a server that was restarted"));
    assert_eq!(sim.messages(), ["a", "another line of a server that was restarted"]);
}

#[test]
fn a_link_too_short_for_a_batch_requests_single_events() {
    // Regression: a proxy cut each stream after 20 kB, but the first batch of the replay was
    // larger, so no line ever arrived.
    let mut sim = counted(70);
    sim.drop_link();
    reconnect(&mut sim);
    sim.line(&greeting("aaaaaa", 1, 300));
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(sim.url().is_some_and(|url| !url.contains("batch=1")), "{:?}", sim.url());
}

#[test]
fn a_link_that_ends_after_the_replay_still_requests_batches() {
    let mut sim = counted(70);
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(sim.url().is_some_and(|url| url.contains("batch=1")), "{:?}", sim.url());
}

#[test]
fn closes_a_stream_that_misses_three_heartbeats() {
    let mut sim = counted(0);
    sim.pass(29 * SECOND);
    assert_eq!(sim.status().badge, Badge::Connected);
    sim.pass(SECOND);
    assert_eq!(sim.status().badge, Badge::Stale);
    assert!(!sim.status().is_live());
    sim.pass(15 * SECOND);
    assert!(sim.status().reason.contains("no data for 45 s"), "{:?}", sim.status());
}

#[test]
fn heartbeats_keep_a_stream_alive() {
    let mut sim = counted(0);
    for _ in 0..100 {
        sim.pass(15 * SECOND);
        named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    }
    assert_eq!(sim.status().badge, Badge::Connected);
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn after_sleep_a_stream_has_one_heartbeat_of_grace() {
    let mut sim = counted(0);
    sim.sleep(3_600 * SECOND);
    sim.input(Input::Page(Page::Visible));
    sim.fire_timer();
    assert!(matches!(sim.state(), State::Open { .. }), "closed without a grace period");
    sim.pass(15 * SECOND);
    assert!(matches!(sim.state(), State::Waiting { .. }), "still open after the grace period");
}

#[test]
fn a_heartbeat_during_the_grace_keeps_the_stream() {
    let mut sim = counted(0);
    sim.sleep(3_600 * SECOND);
    sim.fire_timer();
    named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    sim.pass(20 * SECOND);
    assert!(matches!(sim.state(), State::Open { .. }));
}

#[test]
fn a_backend_without_heartbeats_may_be_silent_unless_configured() {
    let mut sim = Sim::connected();
    sim.line("a bare line");
    sim.pass(3_600 * SECOND);
    assert_eq!(sim.status().badge, Badge::Connected);
    assert!(sim.status().stats.contains("last line 1 h 0 min ago"), "{:?}", sim.status());
    let mut strict = Sim::with(Config { silence: Some(60 * SECOND), ..Config::default() }, 1);
    strict.input(Input::Connect);
    strict.accept();
    strict.pass(60 * SECOND);
    assert!(matches!(strict.state(), State::Waiting { .. }));
}

#[test]
fn waits_as_long_as_a_goodbye_asks() {
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
fn a_goodbye_with_reason_stop_is_final() {
    let mut sim = counted(0);
    named(&mut sim, "bye", r#"{"reason":"stop","retryMs":0}"#);
    sim.pass(3_600 * SECOND);
    assert_eq!(sim.state(), &State::Stopped(StopReason::SentAway));
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn repeated_goodbyes_do_not_cause_a_reconnect_storm() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    for _ in 0..50 {
        sim.accept();
        named(&mut sim, "bye", r#"{"reason":"rotation","retryMs":0}"#);
        sim.pass_to_timer();
    }
    let took = sim.now() - sim.opened()[0].at;
    assert!(took > 120 * SECOND, "50 connections in {took:?}");
}

#[test]
fn an_expired_credential_is_replaced_at_once_where_the_stream_stopped() {
    let mut sim = counted(0);
    sim.line(&log(1));
    sim.pass(20 * SECOND);
    named(&mut sim, "auth-expiring", r#"{"inMs":60000}"#);
    assert!(matches!(sim.state(), State::Open { .. }));
    assert_eq!(sim.messages().len(), 1, "{:?}", sim.messages());
    named(&mut sim, "bye", r#"{"reason":"expired","retryMs":0}"#);
    assert_eq!(sim.opened().len(), 2, "no time passed");
    assert!(sim.url().is_some_and(|url| url.contains("last_event_id=")), "{:?}", sim.url());
}

#[test]
fn a_session_that_cannot_be_renewed_is_reported() {
    let mut sim = counted(0);
    sim.pass(20 * SECOND);
    named(&mut sim, "bye", r#"{"reason":"expired","retryMs":0}"#);
    sim.refuse();
    sim.probed_status(401);
    assert_eq!(sim.state(), &State::Stopped(StopReason::NotAllowed(401)));
    assert!(sim.status().progress.contains("sign in again"), "{:?}", sim.status());
}

#[test]
fn a_credential_that_expires_at_once_causes_no_reconnect_storm() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    for _ in 0..50 {
        sim.accept();
        named(&mut sim, "bye", r#"{"reason":"expired","retryMs":0}"#);
        sim.pass_to_timer();
    }
    let took = sim.now() - sim.opened()[0].at;
    assert!(took > 120 * SECOND, "50 connections in {took:?}");
}

#[test]
fn a_hidden_page_keeps_its_stream_unless_configured_to_close_it() {
    let mut keeps = counted(0);
    keeps.input(Input::Page(Page::Hidden));
    keeps.pass(20 * SECOND);
    assert_eq!(keeps.opened().len(), 1);
    let mut closes =
        Sim::with(Config { hidden: Hidden::CloseAfter(60 * SECOND), ..Config::default() }, 1);
    closes.input(Input::Connect);
    closes.accept();
    closes.line(&greeting("aaaaaa", 1, 9));
    closes.input(Input::Page(Page::Hidden));
    for _ in 0..4 {
        closes.pass(15 * SECOND);
    }
    assert_eq!(closes.state(), &State::Paused);
    assert_eq!(closes.url(), None);
    closes.input(Input::Page(Page::Visible));
    assert!(
        closes.url().is_some_and(|url| url.ends_with("last_event_id=1.aaaaaa.9")),
        "{:?}",
        closes.url()
    );
}
