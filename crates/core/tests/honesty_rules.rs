//! What may be claimed of a stream: live once something on it was understood, and otherwise what is
//! known and the likely cause.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, ResponseHead, State};
use logs_sse_core::js_export;
use logs_sse_core::session::SourceEvent;
use logs_sse_core::status::Badge;
use logs_sse_core::target::Target;
use proptest::prelude::*;
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);
const CHANNEL: &str = "logs:etl:workspace123:workflow456";
const UNREAD: &str = "connected, but nothing readable has arrived";

/// The greeting of a gateway that counts, with a beat of 15 s.
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

/// A page on a gateway that counts, which stands at `newest`.
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

/// A page on that gateway whose stream broke at `seen`, and which is back on a stream that greets
/// with `newest`.
fn back(seen: u64, newest: u64) -> Sim {
    let mut sim = counted(seen);
    sim.drop_link();
    sim.sleep(2 * SECOND);
    sim.input(Input::RetryNow);
    sim.answer();
    sim.line(&greeting("aaaaaa", newest));
    sim
}

/// A first attempt that the browser refuses, and what the probe that follows finds.
fn refused(content_type: &str) -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    sim.find(ResponseHead::read(200, content_type, ""));
    sim
}

fn json(sim: &Sim) -> serde_json::Value {
    serde_json::from_str(&js_export::status(&sim.session, sim.now())).expect("JSON")
}

#[test]
fn a_stream_is_live_once_something_on_it_was_understood() {
    let mut sim = Sim::connected();
    assert_eq!((sim.status().badge, sim.status().is_live()), (Badge::Connected, false));
    assert_eq!(
        (sim.status().vitals.as_str(), sim.status().line().as_str()),
        ("waiting for the first event", "CONNECTED")
    );
    sim.line("a line of a server without a greeting");
    assert!(sim.status().is_live());
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.answer();
    assert!(!sim.status().is_live(), "what an older stream brought says nothing of this one");
}

#[test]
fn an_idle_stream_without_a_greeting_says_calmly_that_nothing_has_arrived() {
    let mut sim = Sim::connected();
    sim.pass(44 * SECOND);
    assert_eq!(sim.status().reason, "");
    sim.pass(SECOND);
    let status = sim.status();
    assert_eq!((status.badge, status.is_live(), sim.opened().len()), (Badge::Connected, false, 1));
    assert!(
        status.reason.starts_with(UNREAD) && status.reason.contains("may be idle"),
        "{status:?}"
    );
    assert!(status.announcement().contains(UNREAD));
    assert_eq!(
        (&json(&sim)["cause"], &json(&sim)["willRetry"]),
        (&serde_json::Value::Null, &false.into())
    );
    sim.line("at last");
    assert_eq!((sim.status().is_live(), sim.status().reason.as_str()), (true, ""));
}

#[test]
fn a_program_hears_when_the_time_for_a_first_sign_is_over_and_when_one_comes_after_all() {
    let mut sim = Sim::connected();
    let told = sim.states().len();
    sim.pass(60 * SECOND);
    assert_eq!(sim.states().len(), told + 1);
    sim.line("at last");
    sim.line("another");
    assert_eq!(sim.states().len(), told + 2);
}

#[test]
fn a_ping_that_can_be_seen_is_a_sign_of_life() {
    let mut sim = Sim::connected();
    bytes(&mut sim, b":ping\n\n");
    assert!(sim.status().is_live());
    let mut strict = Sim::with(Config { silence: Some(30 * SECOND), ..Config::default() }, 1);
    strict.input(Input::Connect);
    strict.answer();
    for _ in 0..10 {
        strict.pass(25 * SECOND);
        bytes(&mut strict, b":ping\n\n");
    }
    assert_eq!((strict.opened().len(), strict.status().is_live()), (1, true));
}

#[test]
fn bytes_that_are_no_event_stream_are_named() {
    for (came, words) in [
        (&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], "gzip"),
        (b"\x28\xb5\x2f\xfd\x04\x58", "zstd"),
        (b"\xff\xfed\x00a\x00t\x00a\x00:\x00", "UTF-16"),
        (b"\x0b\x02\x80\xc3\x28\x03", "not text"),
        (b"<!doctype html>\n<title>Log in</title>\n", "web page"),
        (b"{\"message\":\"m\"}\n{\"message\":\"n\"}\n", "JSON"),
        (b"2026-11-27 INFO started\n", "not an event stream"),
    ] {
        let mut sim = Sim::connected();
        bytes(&mut sim, came);
        sim.pass(45 * SECOND);
        let status = sim.status();
        assert_eq!((status.badge, status.is_live()), (Badge::Stale, false), "{words}");
        assert!(
            status.reason.starts_with(UNREAD) && status.reason.contains(words),
            "{words}: {status:?}"
        );
        assert_eq!(json(&sim)["cause"], "unreadable");
    }
}

#[test]
fn a_stream_that_ends_before_anything_was_understood_is_not_just_lost() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert!(sim.status().reason.contains("was lost before anything arrived"), "{:?}", sim.status());
    sim.input(Input::RetryNow);
    sim.answer();
    bytes(&mut sim, b"<html>log in</html>\n");
    sim.drop_link();
    assert!(
        sim.status().reason.starts_with(UNREAD) && sim.status().reason.contains("web page"),
        "{:?}",
        sim.status()
    );
    sim.input(Input::RetryNow);
    sim.answer();
    sim.line("understood");
    sim.drop_link();
    assert_eq!(sim.status().reason, "the connection was lost");
}

#[test]
fn a_server_that_had_a_beat_is_expected_to_greet() {
    let mut sim = counted(0);
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.answer();
    sim.pass(45 * SECOND);
    assert!(matches!(sim.state(), State::Waiting { .. }), "{:?}", sim.state());
    assert!(sim.status().reason.starts_with(UNREAD), "{:?}", sim.status());
    sim.input(Input::RetryNow);
    sim.answer();
    sim.pass(3_600 * SECOND);
    assert_eq!(sim.opened().len(), 3, "once: another server may stand there by now");
}

#[test]
fn a_report_of_no_network_does_not_close_a_living_stream() {
    let mut sim = counted(0);
    sim.input(Input::Network(false));
    for _ in 0..20 {
        sim.pass(15 * SECOND);
        named(&mut sim, "heartbeat", r#"{"seqs":{},"serverTime":1}"#);
    }
    assert_eq!((sim.status().is_live(), sim.opened().len()), (true, 1));
}

#[test]
fn a_report_of_no_network_halves_the_silence_that_a_stream_may_keep() {
    let mut sim = counted(0);
    sim.pass(SECOND);
    sim.input(Input::Network(false));
    sim.pass(22 * SECOND);
    assert_eq!((sim.status().badge, sim.opened().len()), (Badge::Stale, 1));
    sim.pass(SECOND);
    assert_eq!(sim.state(), &State::Offline);
}

#[test]
fn a_report_of_no_network_ends_a_stream_without_a_beat_only_after_a_minute_of_silence() {
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
fn a_resume_position_that_did_not_arrive_is_named() {
    let mut sim = back(20, 31);
    sim.line(&log(32));
    assert_eq!(
        sim.rows(),
        [
            "[11 lines missing: the proxy did not pass the resume position]",
            "[disconnected 2 s, 0 lines recovered, 11 missing]",
            "log 32"
        ]
    );
    assert_eq!(json(&sim)["missing"], 11);
}

#[test]
fn a_resume_position_that_did_not_arrive_is_found_within_a_beat_on_an_idle_stream() {
    let mut sim = back(20, 31);
    named(&mut sim, "heartbeat", &format!(r#"{{"seqs":{{"{CHANNEL}":31}},"serverTime":2}}"#));
    assert_eq!(sim.rows()[0], "[11 lines missing: the proxy did not pass the resume position]");
}

#[test]
fn a_log_that_is_lost_from_a_replay_was_lost_on_the_way() {
    let mut sim = back(20, 31);
    for seq in (21..=40).filter(|seq| *seq != 25) {
        sim.line(&log(seq));
    }
    let gaps: Vec<_> = sim.rows().into_iter().filter(|row| row.contains("missing:")).collect();
    assert_eq!(gaps, ["[1 line missing: lost on the way]"]);
}

#[test]
fn notices_add_up_to_what_is_missing() {
    let mut sim = back(20, 31);
    named(
        &mut sim,
        "gap",
        &format!(r#"{{"channel":"{CHANNEL}","from":21,"to":25,"reason":"evicted"}}"#),
    );
    (26..=31).for_each(|seq| sim.line(&log(seq)));
    let rows = js_export::RowFeed::default().take(&sim.session).expect("rows");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).expect("JSON");
    let notices: Vec<_> =
        rows.iter().filter(|row| row.as_array().is_some_and(|row| row.len() == 4)).collect();
    assert_eq!(
        notices.iter().map(|notice| notice[1].as_str()).collect::<Vec<_>>(),
        [Some("gap"), Some("resumed")]
    );
    assert_eq!(
        notices.iter().filter_map(|notice| notice[2].as_u64()).sum::<u64>(),
        sim.session.tally().missing
    );
}

#[test]
fn a_charset_that_browsers_refuse_is_named_with_the_cure() {
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
fn a_stream_that_only_the_browser_refuses_is_told_as_that() {
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
fn a_server_that_is_back_by_the_time_of_the_probe_is_no_disagreement() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.drop_link();
    sim.find(ResponseHead::read(200, "text/event-stream", ""));
    assert!(sim.status().reason.contains("cannot be reached"), "{:?}", sim.status());
}

#[test]
fn another_content_type_is_named() {
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
fn a_transport_that_sees_the_charset_reads_the_stream() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.event(
        sim.source(),
        SourceEvent::Answered(ResponseHead::read(200, "text/event-stream;charset=ISO-8859-1", "")),
    );
    bytes(&mut sim, b"data: read\n\n");
    assert_eq!((sim.status().is_live(), sim.messages()), (true, vec!["read".to_owned()]));
}

#[test]
fn no_answer_from_another_origin_may_be_one_that_the_page_must_not_see() {
    let mut sim = Sim::new();
    sim.session.handle_target(sim.now(), Target::of_channels([CHANNEL], "https://gateway.example"));
    sim.input(Input::Connect);
    sim.refuse();
    sim.find(ResponseHead::Nothing);
    assert!(
        sim.status().reason.contains("cannot be reached") && sim.status().reason.contains("CORS"),
        "{:?}",
        sim.status()
    );
}

/// Bytes as a proxy may make them of a stream: at random, or a healthy stream in another coding.
fn undecodable() -> impl Strategy<Value = Vec<u8>> {
    let text = "data: {\"message\":\"näïve\"}\n\n:ping\n\nevent: heartbeat\ndata: {}\n\n".repeat(8);
    let utf16 =
        |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 1..4_096).prop_map(|mut bytes| {
            // A text that happens to be no event stream is another case.
            bytes.insert(0, 0x8b);
            bytes
        }),
        1 => Just(utf16(u16::to_le_bytes)),
        1 => Just(utf16(u16::to_be_bytes)),
        2 => any::<u8>().prop_filter("not what it was", |key| *key > 0).prop_map(move |key| text.bytes().map(|byte| byte ^ (key | 0x80)).collect()),
        2 => "[<{\\[A-Z0-9][^\r\n]{0,200}(\n[<{}A-Z][^\r\n]{0,200}){0,20}\n".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_of_undecodable_bytes_is_never_live_and_is_told(stream in undecodable(), size in 1_usize..2_000) {
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
    fn a_stream_is_live_however_its_first_bytes_are_cut(size in 1_usize..40, ping: bool) {
        let mut sim = Sim::connected();
        let stream = if ping { ":ping\n\n".to_owned() } else { format!("retry: 5000\nid: 1\ndata: {}\n\n", log(1)) };
        stream.as_bytes().chunks(size).for_each(|piece| bytes(&mut sim, piece));
        prop_assert!(sim.status().is_live());
    }
}
