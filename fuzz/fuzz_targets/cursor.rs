//! Parses arbitrary texts as cursors: each is rejected or survives a round trip.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logs_sse_wire::cursor::Cursor;

fuzz_target!(|text: &str| {
    if let Ok(cursor) = text.parse::<Cursor>() {
        // Only leading zeros may differ in the text.
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
});
