//! What the status may claim: a stream is live once something on it was understood; otherwise the
//! status reports what is known and the likely cause.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, ResponseHead, State};
use logs_sse_core::js_export::{RowFeed, Rows, StatusReport};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::status::Badge;
use logs_sse_core::target::Target;
use logs_sse_core::words::Words;
use proptest::prelude::*;
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);
const CHANNEL: &str = "logs:etl:workspace123:workflow456";
const UNREAD: &str = "connected, but nothing readable has arrived";

/// Returns the greeting of a gateway with sequence numbers and a heartbeat every 15 s.
fn greeting(epoch: &str, newest: u64) -> String {
    format!(
        r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"{epoch}","seqs":{{"{CHANNEL}":{{"oldest":1,"newest":{newest}}}}},"heartbeatMs":15000}}"#
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
    sim.line(&greeting("aaaaaa", newest));
    sim
}

fn named(sim: &mut Sim, event: &str, data: &str) {
    sim.event(sim.source(), SourceEvent::Message { event, id: "", data });
}

fn bytes(sim: &mut Sim, bytes: &[u8]) {
    sim.event(sim.source(), SourceEvent::Bytes(bytes));
}

/// Returns a page whose stream broke at `seen`, and that has reconnected to a gateway at `newest`.
fn back(seen: u64, newest: u64) -> Sim {
    let mut sim = counted(seen);
    sim.drop_link();
    sim.sleep(2 * SECOND);
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line(&greeting("aaaaaa", newest));
    sim
}

/// Returns a page whose first attempt the browser refused; the probe found this content type.
fn refused(content_type: &str) -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    sim.probed(ResponseHead::read(200, content_type, ""));
    sim
}

fn json(sim: &Sim) -> serde_json::Value {
    serde_json::to_value(StatusReport::new(&sim.session, sim.now())).expect("plain data")
}

#[test]
fn a_stream_is_live_after_its_first_readable_event() {
    let mut sim = Sim::connected();
    assert_eq!(sim.status().badge, Badge::Connected);
    assert!(!sim.status().is_live());
    assert_eq!(sim.status().stats, "waiting for the first event");
    assert_eq!(sim.status().line(), "CONNECTED");
    sim.line("a line of a server without a greeting");
    assert!(sim.status().is_live());
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.accept();
    assert!(!sim.status().is_live(), "events of an older stream do not make this one live");
}

#[test]
fn an_idle_stream_without_a_greeting_reports_that_it_may_be_idle() {
    let mut sim = Sim::connected();
    sim.pass(44 * SECOND);
    assert_eq!(sim.status().reason, "");
    sim.pass(SECOND);
    let status = sim.status();
    assert_eq!(status.badge, Badge::Connected);
    assert!(!status.is_live());
    assert_eq!(sim.opened().len(), 1);
    assert!(
        status.reason.starts_with(UNREAD) && status.reason.contains("may be idle"),
        "{status:?}"
    );
    assert!(status.announcement(&Words::ENGLISH).contains(UNREAD));
    assert_eq!(json(&sim)["cause"], serde_json::Value::Null);
    assert_eq!(json(&sim)["willRetry"], false);
    sim.line("at last");
    assert!(sim.status().is_live());
    assert_eq!(sim.status().reason, "");
}

#[test]
fn reports_a_missing_first_event_and_its_late_arrival_once_each() {
    let mut sim = Sim::connected();
    let reported = sim.states().len();
    sim.pass(60 * SECOND);
    assert_eq!(sim.states().len(), reported + 1);
    sim.line("at last");
    sim.line("another");
    assert_eq!(sim.states().len(), reported + 2);
}

#[test]
fn a_comment_counts_as_a_sign_of_life() {
    let mut sim = Sim::connected();
    bytes(&mut sim, b":ping\n\n");
    assert!(sim.status().is_live());
    let mut strict = Sim::with(Config { silence: Some(30 * SECOND), ..Config::default() }, 1);
    strict.input(Input::Connect);
    strict.accept();
    for _ in 0..10 {
        strict.pass(25 * SECOND);
        bytes(&mut strict, b":ping\n\n");
    }
    assert_eq!(strict.opened().len(), 1);
    assert!(strict.status().is_live());
}

#[test]
fn names_the_format_of_bytes_that_are_not_an_event_stream() {
    for (received, words) in [
        (&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], "gzip"),
        (b"\x28\xb5\x2f\xfd\x04\x58", "zstd"),
        (b"\xff\xfed\x00a\x00t\x00a\x00:\x00", "UTF-16"),
        (b"\x0b\x02\x80\xc3\x28\x03", "not text"),
        (b"<!doctype html>\n<title>Log in</title>\n", "web page"),
        (b"{\"message\":\"m\"}\n{\"message\":\"n\"}\n", "JSON"),
        (b"2026-11-27 INFO started\n", "not an event stream"),
    ] {
        let mut sim = Sim::connected();
        bytes(&mut sim, received);
        sim.pass(45 * SECOND);
        let status = sim.status();
        assert_eq!(status.badge, Badge::Stale, "{words}");
        assert!(!status.is_live(), "{words}");
        assert!(
            status.reason.starts_with(UNREAD) && status.reason.contains(words),
            "{words}: {status:?}"
        );
        assert_eq!(json(&sim)["cause"], "unreadable");
    }
}

#[test]
fn a_stream_that_ends_unread_reports_more_than_a_lost_connection() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert!(sim.status().reason.contains("was lost before anything arrived"), "{:?}", sim.status());
    sim.input(Input::RetryNow);
    sim.accept();
    bytes(&mut sim, b"<html>log in</html>\n");
    sim.drop_link();
    assert!(
        sim.status().reason.starts_with(UNREAD) && sim.status().reason.contains("web page"),
        "{:?}",
        sim.status()
    );
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line("understood");
    sim.drop_link();
    assert_eq!(sim.status().reason, "the connection was lost");
}

#[test]
fn a_server_that_sent_heartbeats_must_greet_on_reconnect() {
    let mut sim = counted(0);
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.accept();
    sim.pass(45 * SECOND);
    assert!(matches!(sim.state(), State::Waiting { .. }), "{:?}", sim.state());
    assert!(sim.status().reason.starts_with(UNREAD), "{:?}", sim.status());
    sim.input(Input::RetryNow);
    sim.accept();
    sim.pass(3_600 * SECOND);
    assert_eq!(
        sim.opened().len(),
        3,
        "a greeting is expected only once: another server may respond by now"
    );
}

#[test]
fn going_offline_does_not_close_a_live_stream() {
    let mut sim = counted(0);
    sim.input(Input::Network(false));
    for _ in 0..20 {
        sim.pass(15 * SECOND);
        named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    }
    assert!(sim.status().is_live());
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn going_offline_halves_the_silence_limit() {
    let mut sim = counted(0);
    sim.pass(SECOND);
    sim.input(Input::Network(false));
    sim.pass(22 * SECOND);
    assert_eq!(sim.status().badge, Badge::Stale);
    assert_eq!(sim.opened().len(), 1);
    sim.pass(SECOND);
    assert_eq!(sim.state(), &State::Offline);
}

#[test]
fn going_offline_closes_a_stream_without_heartbeats_after_a_silent_minute() {
    let mut sim = Sim::connected();
    sim.line("a bare line");
    sim.pass(3_600 * SECOND);
    sim.input(Input::Network(false));
    sim.pass(59 * SECOND);
    assert!(matches!(sim.state(), State::Open { .. }));
    sim.pass(SECOND);
    assert_eq!(sim.state(), &State::Offline);
}

#[test]
fn reports_a_resume_position_that_the_proxy_dropped() {
    let mut sim = back(20, 31);
    sim.line(&log(32));
    assert_eq!(
        sim.rows(),
        [
            "[11 lines missing: the proxy did not forward the resume position]",
            "[Reconnected after 2 s · 0 lines recovered · 11 missing]",
            "log 32"
        ]
    );
    assert_eq!(json(&sim)["missing"].as_f64(), Some(11.0));
}

#[test]
fn finds_a_dropped_resume_position_by_the_next_heartbeat() {
    let mut sim = back(20, 31);
    named(&mut sim, "heartbeat", &format!(r#"{{"seqs":{{"{CHANNEL}":31}},"serverTime":2}}"#));
    assert_eq!(sim.rows()[0], "[11 lines missing: the proxy did not forward the resume position]");
}

#[test]
fn a_log_missing_from_a_replay_is_reported_as_lost_on_the_way() {
    let mut sim = back(20, 31);
    for seq in (21..=40).filter(|seq| *seq != 25) {
        sim.line(&log(seq));
    }
    let gaps: Vec<_> = sim.rows().into_iter().filter(|row| row.contains("missing:")).collect();
    assert_eq!(gaps, ["[1 line missing: lost in transit]"]);
}

#[test]
fn gap_notices_add_up_to_the_missing_count() {
    let mut sim = back(20, 31);
    named(
        &mut sim,
        "gap",
        &format!(r#"{{"channel":"{CHANNEL}","from":21,"to":25,"reason":"evicted"}}"#),
    );
    (26..=31).for_each(|seq| sim.line(&log(seq)));
    let rows = RowFeed::default().take(&sim.session);
    let notices: Vec<_> = rows
        .iter()
        .filter_map(|rows| match rows {
            Rows::Notice(notice) => Some(notice),
            Rows::Lines(_) => None,
        })
        .collect();
    let kinds: Vec<_> = notices.iter().map(|notice| notice.notice).collect();
    assert_eq!(kinds, ["gap", "resumed"]);
    let missing: f64 = notices.iter().filter_map(|notice| notice.missing).sum();
    assert_eq!(missing, sim.session.counters().missing as f64);
}

#[test]
fn names_a_charset_that_browsers_refuse_and_the_fix() {
    for charset in ["ISO-8859-1", "utf8", "\"windows-1252\""] {
        let sim = refused(&format!("text/event-stream;charset={charset}"));
        let reason = sim.status().reason;
        assert!(reason.contains(&format!("charset {}", charset.trim_matches('"'))), "{reason}");
        assert!(
            reason.contains("charset=utf-8") && reason.contains("transport: \"fetch\""),
            "{reason}"
        );
        assert!(matches!(sim.state(), State::Waiting { .. }));
    }
}

#[test]
fn reports_a_stream_that_only_the_browser_refuses() {
    for content_type in [
        "text/event-stream",
        "text/event-stream; charset=UTF-8",
        "Text/Event-Stream; Charset=\"utf-8\"",
    ] {
        let sim = refused(content_type);
        assert!(
            sim.status()
                .reason
                .contains("the browser refused the stream, but a test request got a valid stream"),
            "{:?}",
            sim.status()
        );
        assert_eq!(json(&sim)["cause"], "browser_refused");
    }
}

#[test]
fn a_server_that_recovers_before_the_probe_is_not_blamed_on_the_browser() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.drop_link();
    sim.probed(ResponseHead::read(200, "text/event-stream", ""));
    assert!(sim.status().reason.contains("cannot reach"), "{:?}", sim.status());
}

#[test]
fn names_an_unexpected_content_type() {
    for (content_type, words) in [
        ("application/json; charset=utf-8", "answered with application/json instead"),
        (
            "text/event-stream, text/event-stream",
            "answered with text/event-stream, text/event-stream instead",
        ),
        ("", "without a content type"),
        ("text/html; charset=utf-8", "web page"),
    ] {
        let reason = refused(content_type).status().reason;
        assert!(reason.contains(words), "{words}: {reason}");
    }
}

#[test]
fn the_fetch_transport_reads_a_stream_with_another_charset() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.event(
        sim.source(),
        SourceEvent::Answered(ResponseHead::read(200, "text/event-stream;charset=ISO-8859-1", "")),
    );
    bytes(&mut sim, b"data: read\n\n");
    assert!(sim.status().is_live());
    assert_eq!(sim.messages(), ["read"]);
}

#[test]
fn mentions_cors_if_another_origin_does_not_respond() {
    let mut sim = Sim::new();
    sim.session
        .handle_target(sim.now(), Target::from_channels([CHANNEL], "https://gateway.example"));
    sim.input(Input::Connect);
    sim.refuse();
    sim.probed(ResponseHead::Nothing);
    assert!(
        sim.status().reason.contains("cannot reach") && sim.status().reason.contains("CORS"),
        "{:?}",
        sim.status()
    );
}

/// Returns a stream that a proxy corrupted: random bytes, or a healthy stream in another encoding.
fn undecodable() -> impl Strategy<Value = Vec<u8>> {
    let text = "data: {\"message\":\"näïve\"}\n\n:ping\n\nevent: heartbeat\ndata: {}\n\n".repeat(8);
    let utf16 =
        |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 1..4_096).prop_map(|mut bytes| {
            // Not text: that is another case.
            bytes.insert(0, 0x8b);
            bytes
        }),
        1 => Just(utf16(u16::to_le_bytes)),
        1 => Just(utf16(u16::to_be_bytes)),
        2 => any::<u8>().prop_filter("must change the text", |key| *key > 0).prop_map(move |key| text.bytes().map(|byte| byte ^ (key | 0x80)).collect()),
        2 => "[<{\\[A-Z0-9][^\r\n]{0,200}(\n[<{}A-Z][^\r\n]{0,200}){0,20}\n".prop_map(String::into_bytes),
    ]
}

#[test]
fn a_stream_lost_while_the_browser_reports_no_network_is_offline_whatever_it_received_since() {
    let mut sim = counted(0);
    sim.input(Input::Network(false));
    sim.line(&log(1));
    sim.drop_link();
    assert_eq!(sim.state(), &State::Offline);
    sim.pass_to_attempt();
    assert_eq!(sim.opened().len(), 2, "retries continue while the browser reports no network");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_undecodable_stream_is_never_live_and_is_reported(
        stream in undecodable(),
        size in 1_usize..2_000,
    ) {
        let mut sim = Sim::connected();
        for piece in stream.chunks(size) {
            bytes(&mut sim, piece);
            prop_assert!(!sim.status().is_live());
        }
        sim.pass(45 * SECOND);
        prop_assert!(!sim.status().is_live());
        prop_assert!(sim.status().reason.starts_with(UNREAD), "{:?}", sim.status());
        prop_assert_eq!(sim.status().badge, Badge::Stale);
    }

    #[test]
    fn a_stream_is_live_however_its_first_bytes_are_split(size in 1_usize..40, ping: bool) {
        let mut sim = Sim::connected();
        let stream = if ping {
            ":ping\n\n".to_owned()
        } else {
            format!("retry: 5000\nid: 1\ndata: {}\n\n", log(1))
        };
        stream.as_bytes().chunks(size).for_each(|piece| bytes(&mut sim, piece));
        prop_assert!(sim.status().is_live());
    }
}
