//! Reads arbitrary events: none may panic, and a line without an envelope keeps its text.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use logs_sse_wire::message::{self, Message, Raw};
use logs_sse_wire::packed;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// The index of a known event name; any other number selects `name`.
    known: u8,
    name: &'a str,
    id: &'a str,
    data: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let name = packed::names().nth(input.known.into()).unwrap_or(input.name);
    match message::read(name, input.id, input.data) {
        Message::Line(raw) => {
            assert!(raw.channel.is_some() || raw.text == input.data);
            show(&raw);
        }
        Message::Batch(lines) => lines.iter().for_each(show),
        Message::Hello(_) | Message::Heartbeat(_) | Message::Gap(_) => {}
        Message::AuthExpiring(_) | Message::Bye(_) => {}
    }
});

/// Reads everything that the viewer displays of a line.
fn show(raw: &Raw<'_>) {
    let line = raw.read();
    let entry = &line.entry;
    let _ = (entry.message(), entry.level(), entry.pipeline(), entry.status());
    let _ = (entry.time(), entry.exact_time(), entry.detail());
    assert_eq!(*line.id, *raw.id);
}
