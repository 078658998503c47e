//! The rules of the event stream's format, as the Web Platform Tests state them
//! (`eventsource/format-*`), against our own parser. The bodies are what those tests send; a test
//! that waits for an event that never comes sends one more, as they do.

use logs_sse_core::connection::ResponseHead;
use logs_sse_wire::sse::{Event, MAX_EVENT_BYTES, Parser};

/// The events of `body`, which must be the same however it is cut.
fn events(body: &[u8]) -> Vec<Event> {
    let whole = Parser::default().feed(body);
    for size in [1, 2, 3, 7] {
        let mut parser = Parser::default();
        let pieces: Vec<_> = body.chunks(size).flat_map(|piece| parser.feed(piece)).collect();
        assert_eq!(pieces, whole, "in pieces of {size} bytes");
    }
    whole
}

fn data(body: &str) -> Vec<String> {
    events(body.as_bytes()).into_iter().map(|frame| frame.data).collect()
}

fn retry(body: &str) -> Option<u64> {
    let mut parser = Parser::default();
    parser.feed(body.as_bytes());
    parser.retry_ms()
}

#[test]
fn event_data() {
    let body = "data:msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n";
    assert_eq!(data(body), ["msg\nmsg", "", "end"]);
}

#[test]
fn format_bom() {
    assert_eq!(data("\u{feff}data:1\n\n\u{feff}data:2\n\ndata:3\n\n"), ["1", "3"]);
}

#[test]
fn format_bom_2() {
    assert_eq!(data("\u{feff}\u{feff}data:1\n\ndata:2\n\ndata:3\n\n"), ["2", "3"]);
}

#[test]
fn format_comments() {
    let long = "x".repeat(2 * 1_024);
    assert_eq!(
        data(&format!(
            "data:1\r:\0\n:\r\ndata:2\n:{long}\rdata:3\n:data:fail\r:{long}\ndata:4\n\n"
        )),
        ["1\n2\n3\n4"]
    );
}

#[test]
fn format_data_before_final_empty_line() {
    assert_eq!(data("retry:1000\ndata:test1\n\nid:test\ndata:test2"), ["test1"]);
}

#[test]
fn format_field_data() {
    assert_eq!(data("data:\n\ndata\ndata\n\ndata:test\n\n"), ["", "\n", "test"]);
}

#[test]
fn format_field_event() {
    let named: Vec<_> =
        events(b"event:test\ndata:x\n\ndata:x\n\n").into_iter().map(|frame| frame.event).collect();
    assert_eq!(named, ["test", "message"]);
}

#[test]
fn format_field_event_empty() {
    assert_eq!(events(b"event: \ndata:data\n\n")[0].event, "message");
}

#[test]
fn format_field_id() {
    let ids: Vec<_> = events("id: \u{2026}\ndata:hello\n\ndata:again\n\n".as_bytes())
        .into_iter()
        .map(|frame| frame.id)
        .collect();
    assert_eq!(ids, ["\u{2026}", "\u{2026}"]);
}

#[test]
fn format_field_id_2() {
    let ids: Vec<_> = events(b"id: 1\ndata:a\n\nid\ndata:b\n\ndata:c\n\n")
        .into_iter()
        .map(|frame| frame.id)
        .collect();
    assert_eq!(ids, ["1", "", ""]);
}

#[test]
fn format_field_id_3() {
    assert_eq!(events(b"id:1\n\ndata:x\n\n")[0].id, "1");
}

#[test]
fn format_field_id_null() {
    for id in ["\0", "x\0", "\0x", "x\0x", " \0"] {
        assert_eq!(
            events(format!("id:keep\ndata:a\n\nid:{id}\ndata:b\n\n").as_bytes())[1].id,
            "keep",
            "{id:?}"
        );
    }
}

#[test]
fn format_field_parsing() {
    let body = "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n";
    assert_eq!(data(body), ["\0\n 2\n1\n3\n\n4"]);
}

#[test]
fn format_field_retry() {
    assert_eq!(retry("retry:03000\ndata:x\n\n"), Some(3_000));
}

#[test]
fn format_field_retry_bogus() {
    assert_eq!(retry("retry:3000\nretry:1000x\ndata:x\n\n"), Some(3_000));
}

#[test]
fn format_field_retry_empty() {
    assert_eq!(retry("retry\ndata:test\n\n"), None);
}

#[test]
fn format_field_unknown() {
    assert_eq!(
        data("data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n"),
        ["test\n\ntest"]
    );
}

#[test]
fn format_leading_space() {
    assert_eq!(data("data:\ttest\rdata: \ndata:test\n\n"), ["\ttest\n\ntest"]);
}

#[test]
fn format_newlines() {
    assert_eq!(data("data:test\r\ndata\ndata:test\r\n\r\n"), ["test\n\ntest"]);
}

#[test]
fn format_null_character() {
    assert_eq!(data("data:\0\n\n\n\n"), ["\0"]);
}

#[test]
fn format_utf_8() {
    assert_eq!(events(b"data:ok\xe2\x80\xa6\n\n")[0].data, "ok\u{2026}");
    assert_eq!(events(b"data:\xff\n\n")[0].data, "\u{fffd}");
}

#[test]
fn format_mime() {
    let is_stream = |kind| ResponseHead::read(200, kind, "").is_stream();
    assert!(
        is_stream("text/event-stream;")
            && is_stream("text/event-stream; charset=windows-1252")
            && is_stream("text/event-stream;x=bogus")
    );
    assert!(
        !is_stream("text/event-stream\u{c}x")
            && !is_stream("text/x-bogus")
            && !is_stream("text/event-streams")
            && !is_stream("")
    );
}

#[test]
fn an_endless_line_takes_no_endless_memory() {
    let mut parser = Parser::default();
    parser.feed(b"data:");
    for _ in 0..20 {
        assert!(parser.feed(&vec![b'x'; MAX_EVENT_BYTES / 8]).is_empty());
    }
    let frames = parser.feed(b"\n\ndata:next\n\n");
    assert_eq!(
        frames.iter().map(|frame| frame.data.len()).collect::<Vec<_>>(),
        [MAX_EVENT_BYTES - "data:".len(), 4]
    );
}
