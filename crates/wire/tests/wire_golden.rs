//! The recorded streams of both backends, from bytes to what a row shows.

use logs_sse_wire::entry::{EntryTime, Level};
use logs_sse_wire::message::{self, Line, Message};
use logs_sse_wire::protocol::Hello;
use logs_sse_wire::sse::Parser;

fn read(recording: &str) -> (Parser, Vec<Message<'static>>) {
    let mut parser = Parser::default();
    let frames = parser.feed(recording.as_bytes());
    // Messages point into their frames; a test may let those stay.
    let messages = frames
        .leak()
        .iter()
        .map(|frame| message::read(&frame.event, &frame.id, &frame.data))
        .collect();
    (parser, messages)
}

fn lines(messages: &[Message<'_>]) -> Vec<Line> {
    messages
        .iter()
        .filter_map(
            |message| if let Message::Line(line) = message { Some(line.read()) } else { None },
        )
        .collect()
}

fn shown(line: &Line) -> (&str, Level, &str, &str, &str) {
    (&line.id, line.entry.level(), line.entry.pipeline(), line.entry.message(), line.entry.status())
}

#[test]
fn the_gateway_generation() {
    let (_, messages) = read(include_str!("../../../tests/fixtures/gateway-envelopes.sse"));
    let (etl, faas) = ("logs:etl:workspace123:workflow456", "logs:faas:workspace123:workflow789");
    let hello = Hello {
        granted: Some(vec![etl.into(), faas.into()]),
        connection_id: Some("user123_1795472914246_l21tpu8qa".into()),
        ..Hello::default()
    };
    assert_eq!(messages[0], Message::Hello(hello));
    let lines = lines(&messages);
    assert_eq!(
        lines.iter().map(|line| line.channel.as_deref().unwrap_or_default()).collect::<Vec<_>>(),
        [etl, etl, etl, faas, etl]
    );
    let started =
        |number| ("ETL_PROCESSING", format!("ETL pipeline started successfully (Log #{number})"));
    for (index, id) in [
        "log-1795472915237-ndezmtrxi",
        "log-1795472915246-db0qhdyoe",
        "log-1795472915253-3sg5tt8y4",
    ]
    .into_iter()
    .enumerate()
    {
        let (pipeline, message) = started(index + 1);
        assert_eq!(shown(&lines[index]), (id, Level::Info, pipeline, message.as_str(), "1m 23s"));
    }
    assert_eq!(
        shown(&lines[3]),
        (
            "log-1795472915261-l556y7php",
            Level::Error,
            "",
            "naïve ünïcode ✓ \"quoted\" <b>html</b>",
            ""
        )
    );
    assert_eq!(lines[3].entry.time(), Some(&EntryTime::Text("1:02:03 PM".into())));
    assert_eq!(lines[4].entry.message(), "Test log message from gateway (1795472915290)");
}

#[test]
fn the_first_generation() {
    let (parser, messages) = read(include_str!("../../../tests/fixtures/backend-flat-entries.sse"));
    let lines = lines(&messages);
    assert_eq!((parser.retry_ms(), messages.len(), lines.len()), (Some(5_000), 7, 7));
    assert_eq!(
        lines.iter().map(|line| &*line.id).collect::<Vec<_>>(),
        ["1", "2", "3", "4", "5", "6", "7"]
    );
    assert_eq!(shown(&lines[0]), ("1", Level::Debug, "REPORTING", "Starting L5 DAP", "2m 28s"));
    assert_eq!(lines[0].entry.time(), Some(&EntryTime::Text("Nov 23 2026 at 10:28 PM".into())));
    assert_eq!(lines[0].entry.exact_time(), "2026-11-23T22:28:34.244195000");
    assert!(lines.iter().all(|line| line.channel.is_none()));
}

#[test]
fn every_field_of_every_entry_is_still_there() {
    for recording in [
        include_str!("../../../tests/fixtures/gateway-envelopes.sse"),
        include_str!("../../../tests/fixtures/backend-flat-entries.sse"),
    ] {
        let (_, messages) = read(recording);
        for line in lines(&messages) {
            assert!(recording.contains(line.entry.text()), "not as it came: {}", line.entry.text());
            let fields: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line.entry.text()).expect("an object");
            let detail = line.entry.detail();
            assert!(
                fields.keys().all(|name| detail.contains(&format!("\"{name}\": "))),
                "{detail}"
            );
        }
    }
}

#[test]
fn a_recording_that_breaks_off_anywhere_loses_only_the_open_event() {
    for recording in [
        include_bytes!("../../../tests/fixtures/gateway-envelopes.sse").as_slice(),
        include_bytes!("../../../tests/fixtures/backend-flat-entries.sse"),
    ] {
        let whole = Parser::default().feed(recording);
        for end in 0..recording.len() {
            let frames = Parser::default().feed(&recording[..end]);
            assert_eq!(frames, whole[..frames.len()], "cut at byte {end}");
        }
    }
}

/// The parts of an entry that a producer may get wrong, put together at random: nothing panics, and
/// nothing is lost.
mod any_input {
    use super::{Message, message};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_a_line_or_a_greeting(event in "message|error|[a-z]{0,4}", text in "(\\PC|[{}\\[\\]\":,\\\\\\n0-9]){0,80}") {
            if let Message::Line(line) = message::read(&event, "", &text) {
                prop_assert!(line.channel.is_some() || line.text == text);
                let line = line.read();
                prop_assert!(line.entry.detail().len() >= line.entry.text().trim().len().min(1));
            }
        }

        #[test]
        fn any_entry_in_an_envelope_comes_out_as_it_went_in(
            name in "level|message|date|timestamp|meta|isoTime|pipeline|x",
            value in prop_oneof![Just("null".to_owned()), "-?[1-9][0-9]{0,30}", "\"[a-z \\\\\\\\u0041]{0,9}\"", Just("[{\"a\":[]}]".to_owned())],
        ) {
            prop_assume!(serde_json::from_str::<serde_json::Value>(&value).is_ok());
            let entry = format!("{{\"{name}\":{value}}}");
            let text = format!("{{\"channel\":\"logs:etl:a:b\",\"data\":{entry}}}");
            let Message::Line(line) = message::read("message", "", &text) else {
                return Err(TestCaseError::fail("expected a line"));
            };
            prop_assert_eq!(line.text, entry);
        }
    }
}
