//! A log as readers receive it: the entry with its channel, number and id.

use std::fmt::{Arguments, Display};
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use logs_sse_core::channel::ChannelName;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::traces::traceparent::{TRACEPARENT, TraceParent};

/// A log as readers receive it, in one line of JSON, so no byte of it can end an event's `data`
/// field.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    json: Bytes,
    /// In microseconds since 1970.
    published: u64,
}

impl Envelope {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.json
    }

    /// Returns an envelope that was stored as `json`.
    pub(crate) fn stored(json: Vec<u8>, published: u64) -> Self {
        Self { json: json.into_boxed_slice().into(), published }
    }

    /// Returns when it was published, in microseconds since 1970.
    pub(crate) fn published(&self) -> u64 {
        self.published
    }

    /// Returns how long ago it was published, at `now` in microseconds since 1970.
    pub(crate) fn age(&self, now: u64) -> Duration {
        Duration::from_micros(now.saturating_sub(self.published))
    }

    #[cfg(test)]
    pub(crate) fn of_test(text: &str) -> Self {
        Self { json: Bytes::copy_from_slice(text.as_bytes()), published: 0 }
    }
}

/// An envelope without its sequence number: the part of the work that needs no lock.
#[derive(Debug)]
pub(crate) struct Draft {
    json: Vec<u8>,
    published: u64,
    trace: Option<TraceParent>,
}

impl Draft {
    /// Returns the draft of a log that is `published` now, in microseconds since 1970.
    pub(crate) fn new(
        channel: &ChannelName,
        entry: &RawValue,
        published: u64,
        id: impl Display,
    ) -> Self {
        // Formatted where they go, not into strings of their own.
        #[derive(Serialize)]
        struct Fields<'a> {
            channel: Arguments<'a>,
            data: &'a RawValue,
            timestamp: u64,
            id: Arguments<'a>,
        }
        let timestamp = published / 1_000;
        let mut json = Vec::with_capacity(entry.get().len() + name_bytes(channel) + FRAME_BYTES);
        let (channel, id) = (format_args!("{channel}"), format_args!("{id}"));
        let fields = Fields { channel, data: entry, timestamp, id };
        serde_json::to_writer(&mut json, &fields).expect("strings, a number and JSON serialize");
        json.pop();
        // A publisher may put line breaks between fields; JSON allows none inside a string.
        json.iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n')).for_each(|byte| *byte = b' ');
        Self { json, published, trace: None }
    }

    /// Adds the position in a trace, as the last field.
    pub(crate) fn with_trace(self, trace: Option<TraceParent>) -> Self {
        Self { trace, ..self }
    }

    pub(crate) fn seal(self, seq: u64) -> Envelope {
        let Self { mut json, published, trace } = self;
        write!(json, ",\"seq\":{seq}").expect("memory accepts everything");
        if let Some(trace) = trace {
            write!(json, ",\"{TRACEPARENT}\":\"{trace}\"").expect("memory accepts everything");
        }
        json.push(b'}');
        // It stays in the history, so it occupies no more memory than it needs.
        Envelope::stored(json, published)
    }

    pub(crate) fn published(&self) -> u64 {
        self.published
    }

    /// Returns the size of the envelope, nearly.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len()
    }
}

/// Returns the length of a channel's name.
fn name_bytes(channel: &ChannelName) -> usize {
    let resource = channel.resource().map_or(0, |id| ":".len() + id.as_str().len());
    "logs::".len()
        + channel.service().as_str().len()
        + channel.workspace().as_str().len()
        + resource
}

/// The bytes of an envelope besides channel and entry, with numbers of the usual length.
///
/// A few bytes too many cost nothing. With more, the allocator splits each envelope when it is sealed,
/// and the remainders slow later allocations down.
const FRAME_BYTES: usize = 100;
