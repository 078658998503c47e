//! What a gateway writes into the events of a stream.

use logs_sse_wire::sse::Event;
use serde_json::value::RawValue;

/// Returns the logs of an event, as they are written in it; none for an event about the stream.
///
/// # Panics
/// For a batch that is not an array, or whose length no gateway chooses.
#[must_use]
pub fn envelopes(event: &Event) -> Vec<String> {
    match &*event.event {
        "message" => vec![event.data.clone()],
        "batch" => {
            let logs: Vec<Box<RawValue>> = serde_json::from_str(&event.data).expect("an array");
            assert!((2..=256).contains(&logs.len()), "a batch of {}", logs.len());
            logs.iter().map(|log| log.get().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
