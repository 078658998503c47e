//! Several channels over one stream: what stays goes on, what is new begins live, what is refused
//! is told. And what a program hears of it.

mod support;

use logs_sse_core::connection::{Config, State, StopReason};
use logs_sse_core::js_export::{self, RowFeed};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::store::Capacity;
use serde_json::Value;
use support::sim::Sim;

/// A page that reads `channels` of `logs:etl:w:…` over one stream, which is open.
fn reading(channels: &[&str]) -> Sim {
    let mut sim = Sim::with(Config::default(), 1);
    sim.follow(&names(channels));
    sim.input(logs_sse_core::connection::Input::Connect);
    sim.answer();
    sim
}

fn names(channels: &[&str]) -> Vec<String> {
    channels.iter().map(|channel| format!("logs:etl:w:{channel}")).collect()
}

/// The gateway greets; each channel stands at its number.
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
    say(sim, &text);
}

fn log(sim: &mut Sim, channel: &str, seq: u64) {
    say(
        sim,
        &format!(
            r#"{{"channel":"logs:etl:w:{channel}","data":"{channel} {seq}","timestamp":1,"id":"i","seq":{seq}}}"#
        ),
    );
}

fn say(sim: &mut Sim, data: &str) {
    sim.event(sim.source(), SourceEvent::Message { event: "message", id: "", data });
}

#[test]
fn a_channel_that_stays_goes_on_where_it_was() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 70)]);
    log(&mut sim, "a", 71);
    sim.follow(&names(&["b", "a"]));
    assert!(
        sim.url().is_some_and(|url| url.ends_with("&last_event_id=1.aaaaaa._-1z")),
        "{:?}",
        sim.url()
    );
    sim.answer();
    greet(&mut sim, &[("b", 5), ("a", 72)]);
    log(&mut sim, "a", 72);
    log(&mut sim, "b", 6);
    assert_eq!(sim.rows(), ["a 71", "a 72", "b 6"], "no row of a break, no gap, nothing twice");
}

#[test]
fn no_channel_that_stays_means_an_empty_log() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1), ("b", 1)]);
    log(&mut sim, "a", 2);
    sim.follow(&names(&["c"]));
    assert_eq!(sim.rows(), Vec::<String>::new());
    assert!(sim.url().is_some_and(|url| !url.contains("last_event_id")));
}

#[test]
fn what_is_missing_of_one_channel_is_counted_there() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1), ("b", 1)]);
    log(&mut sim, "a", 4);
    log(&mut sim, "b", 2);
    assert_eq!(sim.session.tally().missing, 2);
}

#[test]
fn a_channel_that_is_refused_beside_others_stops_nothing() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[("a", 1)]);
    log(&mut sim, "a", 2);
    assert_eq!(
        (sim.session.refused(), sim.messages()),
        (&["logs:etl:w:b".to_owned()][..], vec!["a 2".to_owned()])
    );
}

#[test]
fn all_channels_refused_stop() {
    let mut sim = reading(&["a", "b"]);
    greet(&mut sim, &[]);
    assert_eq!(
        sim.state(),
        &State::Stopped(StopReason::NotGranted("logs:etl:w:a, logs:etl:w:b".into()))
    );
}

#[test]
fn a_program_hears_every_row_once() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 1)]);
    let mut feed = RowFeed::default();
    log(&mut sim, "a", 3);
    let heard: Value = serde_json::from_str(&feed.take(&sim.session).expect("news")).expect("JSON");
    assert_eq!(
        heard[0].as_array().map(|row| row[1..3].to_vec()),
        Some(vec!["gap".into(), 1.into()])
    );
    assert_eq!(heard[1], serde_json::json!([1, "logs:etl:w:a", "i", 3, 1, "\"a 3\""]));
    assert_eq!(feed.take(&sim.session), None);
    log(&mut sim, "a", 4);
    assert_eq!(feed.take(&sim.session).map(|news| news.matches("a 4").count()), Some(1));
}

#[test]
fn a_program_hears_the_class_of_a_level_that_is_known() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 0)]);
    for (seq, data) in
        [r#"{"severity":"fatal"}"#, r#"{"level":"AUDIT"}"#, r#"{"level":30}"#].iter().enumerate()
    {
        say(
            &mut sim,
            &format!(r#"{{"channel":"logs:etl:w:a","data":{data},"id":"i","seq":{}}}"#, seq + 1),
        );
    }
    let news: Value =
        serde_json::from_str(&RowFeed::default().take(&sim.session).expect("news")).expect("JSON");
    assert_eq!(
        [0, 1, 2].map(|row| news[row].get(6).and_then(Value::as_str)),
        [Some("error"), None, Some("info")]
    );
}

#[test]
fn a_program_is_told_of_rows_that_it_did_not_take_in_time() {
    let mut sim = reading(&["a"]);
    sim.session.resize(Capacity::of_lines(2));
    greet(&mut sim, &[("a", 0)]);
    (1..=5).for_each(|seq| log(&mut sim, "a", seq));
    let news: Value =
        serde_json::from_str(&RowFeed::default().take(&sim.session).expect("news")).expect("JSON");
    assert_eq!(
        (news[0][1].as_str(), news[0][2].as_u64(), news.as_array().map(Vec::len)),
        (Some("gap"), Some(3), Some(3))
    );
}

#[test]
fn the_status_for_programs_is_json_whatever_the_server_says() {
    let mut sim = reading(&["a"]);
    greet(&mut sim, &[("a", 0)]);
    let healthy = js_export::status_key(&sim.session, sim.now());
    log(&mut sim, "a", 1);
    assert_eq!(
        js_export::status_key(&sim.session, sim.now()),
        healthy,
        "lines alone are no news of the connection"
    );
    sim.drop_link();
    let status: Value =
        serde_json::from_str(&js_export::status(&sim.session, sim.now())).expect("JSON");
    assert_eq!(
        (&status["state"], &status["cause"], &status["willRetry"], &status["attempt"]),
        (&"error".into(), &"lost".into(), &true.into(), &2.into())
    );
    assert_eq!((status["received"].as_u64(), status["isLive"].as_bool()), (Some(1), Some(false)));
}
