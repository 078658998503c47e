//! Hostile input to cursors, the SSE parser and the session: nothing panics, and memory stays
//! bounded.

mod support;

use logs_sse_core::connection::Input;
use logs_sse_core::session::SourceEvent;
use logs_sse_wire::cursor::Cursor;
use logs_sse_wire::sse;
use proptest::prelude::*;
use support::sim::Sim;

/// `PROPTEST_CASES` overrides the number of cases.
fn config(cases: u32) -> ProptestConfig {
    let cases =
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn any_text_is_rejected_or_a_cursor_that_round_trips(
        text in "(1\\.)?[0-9a-zA-Z._-]{0,40}|\\PC{0,40}",
    ) {
        if let Ok(cursor) = text.parse::<Cursor>() {
            // Only leading zeros are lost.
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }
    }

    #[test]
    fn no_events_break_the_session(
        events in prop::collection::vec(
            (
                "message|heartbeat|gap|bye|error",
                prop_oneof![
                    "\\PC{0,60}",
                    "\\{\"type\":\"connection\",\"status\":\"connected\",\"epoch\":\"[a-z0-9]{5,6}\",\"seqs\":\\{\"logs:etl:workspace123:workflow456\":\\{\"oldest\":[0-9]{1,20},\"newest\":[0-9]{1,20}\\}\\},\"heartbeatMs\":[0-9]{1,20}\\}",
                    "\\{\"channel\":\"logs:etl:workspace123:workflow456\",\"data\":[0-9]{1,3},\"seq\":[0-9]{1,20}\\}",
                    "\\{\"seqs\":\\{\"logs:etl:workspace123:workflow456\":[0-9]{1,20}\\}\\}",
                    "\\{\"channel\":\"logs:etl:workspace123:workflow456\",\"from\":1,\"to\":([0-9]{1,20}|null),\"reason\":\"(evicted|slow|restarted|x)\"\\}",
                    "\\{\"reason\":\"(shutdown|stop|rotation|slow)\",\"retryMs\":[0-9]{1,22}\\}",
                ],
            ),
            0..40,
        ),
    ) {
        let mut sim = Sim::connected();
        for (event, data) in &events {
            if sim.url().is_none() {
                sim.input(Input::Connect);
                sim.input(Input::RetryNow);
                sim.accept();
            }
            sim.event(sim.source(), SourceEvent::Message { event, id: "", data });
        }
        prop_assert!(sim.rows().len() <= 3 * events.len() + 1);
    }

    #[test]
    fn any_bytes_yield_the_same_events_however_they_are_split(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        size in 1_usize..50,
    ) {
        let whole = sse::Parser::default().feed(&bytes);
        let mut parser = sse::Parser::default();
        let pieces: Vec<_> = bytes.chunks(size).flat_map(|piece| parser.feed(piece)).collect();
        prop_assert_eq!(pieces, whole);
    }
}
