//! Unpacks events that `src/browser/transport.js` packed into one text. Does not interpret them.
//!
//! Each event is `\r`, a digit for its name, its id, `\n`, and its data. In a stream `\r` ends a
//! line, so no name, id or data contains it.

use crate::byte_search::position;
use crate::message::ERROR_EVENT;
use crate::protocol::EVENTS;

/// One event, as an `EventSource` dispatched it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event's name; `message` if it has none.
    pub name: &'a str,
    /// The last event id; empty if the stream sent none.
    pub id: &'a str,
    /// The data lines, joined by line feeds.
    pub data: &'a str,
}

/// Returns the names of the events that are packed, in the order of their digits.
pub fn names() -> impl Iterator<Item = &'static str> {
    ["message", ERROR_EVENT].into_iter().chain(EVENTS)
}

/// Returns the events in `packed` in order. Malformed ones are skipped.
pub fn unpack(packed: &str) -> impl Iterator<Item = Event<'_>> {
    let mut rest = packed;
    std::iter::from_fn(move || {
        loop {
            rest = rest.strip_prefix('\r')?;
            let end = position(rest.as_bytes(), b'\r').unwrap_or(rest.len());
            let (event, after) = rest.split_at(end);
            rest = after;
            if let Some(event) = read(event) {
                return Some(event);
            }
        }
    })
}

fn read(event: &str) -> Option<Event<'_>> {
    let digit = event.chars().next()?.to_digit(10)?;
    let name = names().nth(digit as usize)?;
    let (id, data) = event[1..].split_once('\n')?;
    Some(Event { name, id, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_packed_events() {
        let events: Vec<_> = unpack("\r07\na\nb\r1\n{\"x\":1}\r3\n").collect();
        let event = |name, id, data| Event { name, id, data };
        assert_eq!(
            events,
            [
                event("message", "7", "a\nb"),
                event("error", "", "{\"x\":1}"),
                event("heartbeat", "", "")
            ]
        );
    }

    #[test]
    fn skips_malformed_events() {
        assert_eq!(
            unpack("").chain(unpack("no")).chain(unpack("\r\r9\nx\rx\ny\r0no end")).count(),
            0
        );
        assert_eq!(unpack("\rä\n\r0\nb").map(|event| event.data).collect::<Vec<_>>(), ["b"]);
    }
}
