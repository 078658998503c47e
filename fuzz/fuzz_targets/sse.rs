//! Splits arbitrary bytes into chunks: the events must be those of one chunk.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_sse_wire::sse::Parser;

fuzz_target!(|input: (&[u8], Vec<u8>)| {
    let (bytes, sizes) = input;
    let mut whole = Parser::default();
    let expected = whole.feed(bytes);

    let mut parser = Parser::default();
    let mut events = Vec::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| usize::from(*size) + 1);
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        events.extend(parser.feed(chunk));
        rest = after;
    }
    assert_eq!(events, expected);
    assert_eq!(parser.retry_ms(), whole.retry_ms());
});
