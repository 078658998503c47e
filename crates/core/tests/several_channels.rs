//! Several channels over one stream: channels that stay resume, new channels start live, refused
//! channels are reported. Also what the export to JavaScript contains.

mod support;

use logs_sse_core::connection::{Config, State, StopReason};
use logs_sse_core::facets::Facet;
use logs_sse_core::find::{Choice, Query};
use logs_sse_core::js_export::{NoticeReport, RowFeed, Rows, StatusReport};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::store::Capacity;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;
use serde_json::Value;
use support::sim::Sim;

/// Returns a page with an open stream of `channels`, each of which is `logs:etl:w:…`.
fn reading(channels: &[&str]) -> Sim {
    let mut sim = Sim::with(Config::default(), 1);
    sim.follow(&names(channels));
    sim.input(logs_sse_core::connection::Input::Connect);
    sim.accept();
    sim
}

fn names(channels: &[&str]) -> Vec<String> {
    channels.iter().map(|channel| format!("logs:etl:w:{channel}")).collect()
}

/// The gateway sends a greeting with the newest number of each channel.
fn greet(sim: &mut Sim, channels: &[(&str, u64)]) {
    let granted: Vec<_> =
        channels.iter().map(|(channel, _)| format!("\"logs:etl:w:{channel}\"")).collect();
    let seqs: Vec<_> = channels
        .iter()
        .map(|(channel, newest)| {
            format!("\"logs:etl:w:{channel}\":{{\"oldest\":1,\"newest\":{newest}}}")
        })
        .collect();
    let text = format!(
        r#"{{"type":"connection","status":"connected","channels":[{}],"epoch":"aaaaaa","seqs":{{{}}},"heartbeatMs":15000,"serverTime":1}}"#,
        granted.join(","),
        seqs.join(",")
    );
    send(sim, &text);
}

fn log(sim: &mut Sim, channel: &str, seq: u64) {
    send(
        sim,
        &format!(
            r#"{{"channel":"logs:etl:w:{channel}","data":"{channel} {seq}","timestamp":1,"id":"i","seq":{seq}}}"#
        ),
    );
}

fn send(sim: &mut Sim, data: &str) {
    sim.event(sim.source(), SourceEvent::Message { event: "message", id: "", data });
}

#[test]
fn a_channel_that_stays_resumes_at_its_position() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 70)]);
    log(&mut sim, "a", 71);
    sim.follow(&names(&["b", "a"]));
    assert!(
        sim.url().is_some_and(|url| url.ends_with("&last_event_id=1.aaaaaa._-1z")),
        "{:?}",
        sim.url()
    );
    sim.accept();
    greet(&mut sim, &[("b", 5), ("a", 72)]);
    log(&mut sim, "a", 72);
    log(&mut sim, "b", 6);
    assert_eq!(sim.rows(), ["a 71", "a 72", "b 6"], "no notice, no gap and no duplicate");
}

#[test]
fn replacing_every_channel_empties_the_log() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1), ("b", 1)]);
    log(&mut sim, "a", 2);
    sim.follow(&names(&["c"]));
    assert_eq!(sim.rows(), Vec::<String>::new());
    assert!(sim.url().is_some_and(|url| !url.contains("last_event_id")));
}

#[test]
fn missing_lines_are_counted_per_channel() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1), ("b", 1)]);
    log(&mut sim, "a", 4);
    log(&mut sim, "b", 2);
    assert_eq!(sim.session.counters().missing, 2);
}

#[test]
fn one_refused_channel_does_not_stop_the_others() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1)]);
    log(&mut sim, "a", 2);
    assert_eq!(sim.session.refused(), ["logs:etl:w:b"]);
    assert_eq!(sim.messages(), ["a 2"]);
    let model = ViewModel::new(&sim.session, &Viewport::default(), sim.now());
    assert_eq!(model.status.reason, "No access to b");
    let counts: Vec<_> =
        Facet::Channels.values(&sim.session).into_iter().map(|value| value.count).collect();
    assert_eq!(counts, ["1", "no access"]);
}

#[test]
fn channels_are_offered_while_there_are_several_or_some_are_left_out() {
    let mut sim = reading(&["a"]);
    let model = |sim: &Sim| ViewModel::new(&sim.session, &Viewport::default(), sim.now());
    assert_eq!((model(&sim).has_channels, model(&sim).chooses_channels), (false, false));
    sim.follow(&names(&["a", "b"]));
    assert_eq!((model(&sim).has_channels, model(&sim).chooses_channels), (true, true));
    let mut query = Query::default();
    Facet::Channels.press(&mut query, "logs:etl:w:b", Choice::Only);
    sim.session.set_query(query);
    sim.follow(&names(&["a"]));
    assert_eq!((model(&sim).has_channels, model(&sim).chooses_channels), (false, true));
    assert_eq!(model(&sim).facets[2], "b");
}

#[test]
fn stops_if_every_channel_is_refused() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[]);
    assert_eq!(
        sim.state(),
        &State::Stopped(StopReason::NotGranted("logs:etl:w:a, logs:etl:w:b".into()))
    );
}

#[test]
fn exports_every_row_once() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 1)]);
    let mut feed = RowFeed::default();
    log(&mut sim, "a", 3);
    let rows = feed.take(&sim.session);
    let [Rows::Notice(gap), Rows::Lines(lines)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(gap.notice, "gap");
    assert_eq!(gap.missing, Some(1.0));
    let lines: Value = serde_json::from_str(lines).expect("JSON");
    assert_eq!(lines, serde_json::json!([["logs:etl:w:a", "i", 3, 1, "\"a 3\""]]));
    assert_eq!(feed.take(&sim.session), []);
    log(&mut sim, "a", 4);
    let rows = feed.take(&sim.session);
    let [Rows::Lines(lines)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(lines.matches("a 4").count(), 1);
}

#[test]
fn exports_the_class_of_a_known_level() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 0)]);
    for (seq, data) in
        [r#"{"severity":"fatal"}"#, r#"{"level":"AUDIT"}"#, r#"{"level":30}"#].iter().enumerate()
    {
        send(
            &mut sim,
            &format!(r#"{{"channel":"logs:etl:w:a","data":{data},"id":"i","seq":{}}}"#, seq + 1),
        );
    }
    let rows = RowFeed::default().take(&sim.session);
    let [Rows::Lines(lines)] = &rows[..] else { panic!("{rows:?}") };
    let lines: Value = serde_json::from_str(lines).expect("JSON");
    assert_eq!(
        [0, 1, 2].map(|line| lines[line].get(5).and_then(Value::as_str)),
        [Some("error"), None, Some("info")]
    );
}

#[test]
fn exports_a_gap_for_rows_evicted_before_delivery() {
    let mut sim = reading(&["a"]);
    sim.session.resize(Capacity::from_lines(2));
    greet(&mut sim, &[("a", 0)]);
    (1..=5).for_each(|seq| log(&mut sim, "a", seq));
    let rows = RowFeed::default().take(&sim.session);
    let [Rows::Notice(NoticeReport { notice, missing, .. }), Rows::Lines(lines)] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!(*notice, "gap");
    assert_eq!(*missing, Some(3.0));
    let lines: Value = serde_json::from_str(lines).expect("JSON");
    assert_eq!(lines.as_array().map(Vec::len), Some(2));
}

#[test]
fn exports_the_status() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 0)]);
    let healthy = StatusReport::new(&sim.session, sim.now());
    log(&mut sim, "a", 1);
    let later = StatusReport::new(&sim.session, sim.now());
    assert!(later.is_same_state(&healthy), "lines do not change the state: {later:?}");
    sim.drop_link();
    let lost = StatusReport::new(&sim.session, sim.now());
    assert!(!lost.is_same_state(&healthy));
    let status = serde_json::to_value(lost).expect("plain data");
    assert_eq!(status["state"], "error");
    assert_eq!(status["cause"], "lost");
    assert_eq!(status["willRetry"], true);
    assert_eq!(status["attempt"], 2);
    assert_eq!(status["received"].as_f64(), Some(1.0));
    assert_eq!(status["isLive"].as_bool(), Some(false));
}
