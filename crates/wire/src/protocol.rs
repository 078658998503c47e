//! The gateway's own messages besides log lines: greeting, heartbeat, gap, expiry and goodbye
//! (`docs/protocol.md`), in both directions.
//!
//! The `read_*` functions are the client's direction. The gateway's is [`Display`](fmt::Display),
//! which writes a message's JSON. The client never calls it, so the linker drops it there.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::cursor::{Epoch, MAX_SEQ};
use crate::json::{Object, count, quoted};

/// The names of all events that an `EventSource` needs a listener of its own for.
pub const EVENTS: [&str; 5] = [BATCH, HEARTBEAT, GAP, BYE, AUTH_EXPIRING];

/// Several logs in one event, for readers that requested batches.
pub const BATCH: &str = "batch";

/// Shows that an idle stream is alive.
pub const HEARTBEAT: &str = "heartbeat";

/// Logs that will not arrive.
pub const GAP: &str = "gap";

/// The last event of a stream.
pub const BYE: &str = "bye";

/// Announces that the reader's credential expires soon, and the stream with it.
pub const AUTH_EXPIRING: &str = "auth-expiring";

/// The gateway's first message on a stream, as the client reads it.
///
/// The first backend sends none, and an older gateway omits the last three fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The channels that this reader may read; `None` when the gateway does not list them.
    pub granted: Option<Vec<String>>,
    /// The gateway's name for this connection, which its log repeats.
    pub connection_id: Option<String>,
    /// The epoch of its sequence numbers; `None` from a gateway without any.
    pub epoch: Option<Epoch>,
    /// The extent of its history of each channel.
    pub held: Vec<(String, Held)>,
    /// The interval of its heartbeats.
    pub heartbeat: Option<Duration>,
    /// Its clock, in milliseconds since 1970.
    pub server_time: Option<i64>,
    /// The optional parameters of the request that reached it, [`parameter`]'s names; `None` from a
    /// gateway that does not report them.
    pub received: Option<Vec<String>>,
}

impl Hello {
    /// Returns whether the gateway reports that it received this parameter.
    pub fn has_received(&self, name: &str) -> bool {
        self.received.iter().flatten().any(|received| received == name)
    }
}

/// The extent of a gateway's history of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The sequence number of the oldest log that can be replayed; `newest + 1` when there is none.
    pub oldest: u64,
    /// The highest sequence number assigned.
    pub newest: u64,
    /// The position after which this stream continues; `None` from a gateway that does not report
    /// it.
    pub start: Option<u64>,
}

/// The names of the optional parameters of a stream: in the query, or in the resource id behind a
/// proxy that forwards nothing else (`docs/protocol.md`, "Parameters inside a resource id").
pub mod parameter {
    /// The cursor at which to resume.
    pub const LAST_EVENT_ID: &str = "last_event_id";
    /// Whether one event may carry several logs.
    pub const BATCH: &str = "batch";
    /// How many of the newest held logs a new reader receives first.
    pub const TAIL: &str = "tail";
}

/// A sign of life, with the positions of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The highest sequence number sent on this stream, for each channel.
    pub sent: Vec<(String, u64)>,
    /// The gateway's clock, in milliseconds since 1970.
    pub server_time: Option<i64>,
}

/// Logs of one channel that will not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The channel's name as the gateway sent it.
    pub channel: String,
    /// The lowest sequence number among them; `None` when the gateway does not know the numbers.
    pub from: Option<u64>,
    /// The highest sequence number among them; `None` when the gateway does not know the numbers.
    pub to: Option<u64>,
    /// The reason that the gateway states.
    pub reason: GapReason,
}

/// Why logs will not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They are older than the gateway's history.
    Evicted,
    /// The gateway restarted, and its history began again.
    Restarted,
    /// The reader did not keep up.
    Slow,
    /// An operator deleted them.
    Purged,
    /// The gateway does not know where the reader stopped.
    Unknown,
    /// The client found that numbers are missing. Never sent.
    Lost,
    /// The client found that its cursor did not reach the gateway. Never sent.
    NotResumed,
    /// The client found that the proxy neither forwards its cursor nor accepts it in the resource
    /// id. Never sent.
    ResumeRefused,
}

impl GapReason {
    fn read(text: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map_or(Self::Unknown, |(reason, _)| *reason)
    }

    /// Returns the name in the event's data.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, _)| *reason == self).map_or("unknown", |(_, name)| name)
    }

    /// All reasons that a gateway sends, except `unknown`, which a client assumes.
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Evicted, "evicted"),
        (Self::Restarted, "restarted"),
        (Self::Slow, "slow"),
        (Self::Purged, "purged"),
    ];
}

/// A goodbye: the gateway ends the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bye {
    /// The reason, by which a client decides whether to reconnect.
    pub reason: ByeReason,
    /// How long a client waits before it reconnects.
    pub retry: Duration,
}

/// Why a gateway ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByeReason {
    /// The gateway shuts down, for example to be updated.
    Shutdown,
    /// The stream reached its maximum age.
    Rotation,
    /// The reader did not keep up.
    Slow,
    /// The reader's credential expired or was revoked. A client reconnects at once, with a fresh one
    /// if the page has one by then.
    Expired,
    /// An operator ended the stream. A client does not reconnect.
    Stop,
}

impl ByeReason {
    fn read(text: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map_or(Self::Shutdown, |(reason, _)| *reason)
    }

    /// Returns the name in the event's data.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, _)| *reason == self).map_or("shutdown", |(_, name)| name)
    }

    /// All reasons that a gateway sends, except `shutdown`, which a client assumes.
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Rotation, "rotation"),
        (Self::Slow, "slow"),
        (Self::Expired, "expired"),
        (Self::Stop, "stop"),
    ];
}

/// The announcement that the reader's credential expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthExpiring {
    /// How long the stream continues without a fresh credential.
    pub left: Duration,
}

/// The gateway's first message on a stream, as the gateway writes it. Read as [`Hello`].
#[derive(Clone, Debug)]
pub struct Greeting<'a> {
    /// The gateway's name for this connection.
    pub connection_id: &'a str,
    /// The reader, as the proxy in front of the gateway identified it.
    pub user_id: &'a str,
    /// The time of the connection, in milliseconds since 1970.
    pub connected_at: u64,
    /// The epoch of the sequence numbers.
    pub epoch: &'a Epoch,
    /// The channels that the reader may read, with the extent of each history and where the
    /// stream starts.
    pub granted: Vec<(String, Held)>,
    /// The requested channels that it may not read.
    pub refused: Vec<String>,
    /// The interval of heartbeats, in milliseconds.
    pub heartbeat_ms: u64,
    /// The gateway's clock, in milliseconds since 1970.
    pub server_time: u64,
    /// The names of the optional parameters that arrived with a value.
    pub received: Vec<&'static str>,
}

/// Reads a greeting. A field that is missing or impossible is `None` or empty.
pub fn read_hello(fields: &Object<'_>) -> Hello {
    let epoch = fields.string("epoch").and_then(|epoch| epoch.parse().ok());
    let beat = fields.count("heartbeatMs").map(Duration::from_millis);
    Hello {
        granted: fields.strings("channels"),
        connection_id: fields.string("connectionId").map(Cow::into_owned),
        held: fields
            .object("seqs")
            .filter(|_| epoch.is_some())
            .map(|seqs| each(&seqs, read_held))
            .unwrap_or_default(),
        epoch,
        heartbeat: beat.filter(|beat| (SHORTEST_BEAT..=LONGEST_BEAT).contains(beat)),
        server_time: fields.number("serverTime"),
        received: fields.strings("received"),
    }
}

/// Reads a heartbeat, or returns `None` if a field is missing.
pub fn read_heartbeat(fields: &Object<'_>) -> Option<Heartbeat> {
    let sent = each(&fields.object("seqs")?, |json| count(json).filter(|seq| *seq <= MAX_SEQ));
    Some(Heartbeat { sent, server_time: fields.number("serverTime") })
}

/// Reads a gap, or returns `None` if a field is missing.
pub fn read_gap(fields: &Object<'_>) -> Option<Gap> {
    let seq = |name| fields.count(name).filter(|seq| *seq <= MAX_SEQ);
    Some(Gap {
        channel: fields.string("channel")?.into_owned(),
        from: seq("from"),
        to: seq("to"),
        reason: GapReason::read(&fields.string("reason")?),
    })
}

/// Reads a goodbye, or returns `None` if its reason is missing.
pub fn read_bye(fields: &Object<'_>) -> Option<Bye> {
    Some(Bye {
        reason: ByeReason::read(&fields.string("reason")?),
        retry: Duration::from_millis(fields.count("retryMs").unwrap_or_default()).min(LONGEST_WAIT),
    })
}

/// Reads the announcement of an expiry, or returns `None` if the time is missing.
pub fn read_auth_expiring(fields: &Object<'_>) -> Option<AuthExpiring> {
    Some(AuthExpiring { left: Duration::from_millis(fields.count("inMs")?) })
}

fn read_held(json: &str) -> Option<Held> {
    let fields = Object::read(json)?;
    let (oldest, newest) = (fields.count("oldest")?, fields.count("newest")?);
    let start = fields.count("start").filter(|start| *start <= newest);
    let is_possible = newest < MAX_SEQ && 0 < oldest && oldest <= newest + 1;
    is_possible.then_some(Held { oldest, newest, start })
}

/// Returns each field that `read` accepts.
fn each<T>(fields: &Object<'_>, read: impl Fn(&str) -> Option<T>) -> Vec<(String, T)> {
    fields.fields().filter_map(|(name, json)| Some((name.to_owned(), read(json)?))).collect()
}

impl fmt::Display for Greeting<'_> {
    /// Writes the fields that old clients know first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"{"type":"connection","status":"connected","channels":"#)?;
        write_list(f, '[', ']', &self.granted, |f, (channel, _)| f.write_str(&quoted(channel)))?;
        let (user, connection) = (quoted(self.user_id), quoted(self.connection_id));
        write!(f, r#","userId":{user},"connectionId":{connection}"#)?;
        write!(f, r#","timestamp":{},"epoch":"{}","seqs":"#, self.connected_at, self.epoch)?;
        write_list(f, '{', '}', &self.granted, |f, (channel, Held { oldest, newest, start })| {
            write!(f, r#"{}:{{"oldest":{oldest},"newest":{newest}"#, quoted(channel))?;
            start.map_or(Ok(()), |start| write!(f, r#","start":{start}"#))?;
            f.write_str("}")
        })?;
        write!(f, r#","heartbeatMs":{},"refused":"#, self.heartbeat_ms)?;
        write_list(f, '[', ']', &self.refused, |f, channel| f.write_str(&quoted(channel)))?;
        write!(f, r#","serverTime":{},"received":"#, self.server_time)?;
        write_list(f, '[', ']', &self.received, |f, name| f.write_str(&quoted(name)))?;
        f.write_str("}")
    }
}

impl fmt::Display for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"{"seqs":"#)?;
        write_list(f, '{', '}', &self.sent, |f, (channel, seq)| {
            write!(f, "{}:{seq}", quoted(channel))
        })?;
        match self.server_time {
            Some(time) => write!(f, r#","serverTime":{time}}}"#),
            None => f.write_str("}"),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = |seq: Option<u64>| seq.map_or("null".into(), |seq| seq.to_string());
        let (channel, from, to) = (quoted(&self.channel), seq(self.from), seq(self.to));
        let reason = self.reason.name();
        write!(f, r#"{{"channel":{channel},"from":{from},"to":{to},"reason":"{reason}"}}"#)
    }
}

impl fmt::Display for Bye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, retry) = (self.reason.name(), self.retry.as_millis());
        write!(f, r#"{{"reason":"{reason}","retryMs":{retry}}}"#)
    }
}

impl fmt::Display for AuthExpiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"inMs":{}}}"#, self.left.as_millis())
    }
}

fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    open: char,
    close: char,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    fmt::Write::write_char(f, open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write(f, item)?;
    }
    fmt::Write::write_char(f, close)
}

/// A faster heartbeat would only keep the page busy; a slower one would prove nothing.
const SHORTEST_BEAT: Duration = Duration::from_millis(100);
const LONGEST_BEAT: Duration = Duration::from_secs(600);

/// A server may delay a page's return, but not prevent it by a huge number.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Object<'_> {
        Object::read(json).unwrap_or_default()
    }

    #[test]
    fn reads_epoch_extents_heartbeat_and_clock_of_a_greeting() {
        let json = r#"{"type":"connection","epoch":"abc123","seqs":{"logs:etl:a:b":{"oldest":3,"newest":9}},"heartbeatMs":15000,"serverTime":5}"#;
        let hello = read_hello(&fields(json));
        assert_eq!(
            hello.held,
            [("logs:etl:a:b".to_owned(), Held { oldest: 3, newest: 9, start: None })]
        );
        assert_eq!((hello.heartbeat, hello.server_time), (Some(Duration::from_secs(15)), Some(5)));
    }

    #[test]
    fn omits_impossible_numbers() {
        let seqs = r#"{"a":{"oldest":0,"newest":0},"b":{"oldest":9,"newest":3},"c":{"oldest":1,"newest":9007199254740991}}"#;
        let json = format!(r#"{{"epoch":"abc123","seqs":{seqs},"heartbeatMs":1,"serverTime":5}}"#);
        let hello = read_hello(&fields(&json));
        assert_eq!((hello.held.len(), hello.heartbeat), (0, None));
    }

    #[test]
    fn rejects_messages_without_their_fields() {
        for text in ["{}", r#"{"channel":5}"#, r#"{"seqs":[1]}"#, r#"{"reason":null}"#] {
            assert_eq!(
                (read_heartbeat(&fields(text)), read_gap(&fields(text)), read_bye(&fields(text))),
                (None, None, None),
                "{text}"
            );
        }
    }

    #[test]
    fn bounds_the_wait_of_a_goodbye() {
        let bye = read_bye(&fields(r#"{"reason":"shutdown","retryMs":18446744073709551615}"#));
        assert_eq!(bye.map(|bye| bye.retry), Some(LONGEST_WAIT));
    }
}
