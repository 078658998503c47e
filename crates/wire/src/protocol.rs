//! The gateway's own messages beside log lines: greeting, heartbeat, gap, goodbye
//! (`docs/protocol.md`). Only reads them.

use std::borrow::Cow;
use std::time::Duration;

use crate::cursor::{Epoch, MAX_SEQ};
use crate::json::{Object, count};

/// The names of the events that an `EventSource` must be asked for one by one.
pub const EVENTS: [&str; 4] = [BATCH, HEARTBEAT, GAP, BYE];

/// Several logs in one event, for those who asked for it.
pub const BATCH: &str = "batch";

/// Keeps an idle stream provably alive.
pub const HEARTBEAT: &str = "heartbeat";

/// Logs that will not come.
pub const GAP: &str = "gap";

/// The stream ends now.
pub const BYE: &str = "bye";

/// The gateway's first message on a stream. The first backend sends none, and an older gateway
/// leaves out the last three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The channels that this reader may read; `None` when the gateway did not say.
    pub granted: Option<Vec<String>>,
    /// The gateway's name for this connection, to be found again in its logs.
    pub connection_id: Option<String>,
    /// In what its sequence numbers count; `None` from a gateway that has none.
    pub epoch: Option<Epoch>,
    /// What it holds of each channel.
    pub held: Vec<(String, Held)>,
    /// How often it sends a heartbeat.
    pub heartbeat: Option<Duration>,
    /// Its clock, in milliseconds since 1970.
    pub server_time: Option<i64>,
}

/// What a gateway holds of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The sequence number of the oldest log that can be had again; one above `newest` when there
    /// is none.
    pub oldest: u64,
    /// The highest sequence number given out.
    pub newest: u64,
}

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The highest sequence number of each channel that was sent on this stream.
    pub sent: Vec<(String, u64)>,
    /// The gateway's clock, in milliseconds since 1970.
    pub server_time: Option<i64>,
}

/// Logs of one channel that will not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The channel.
    pub channel: String,
    /// The lowest sequence number among them; `None` when the gateway does not know the numbers.
    pub from: Option<u64>,
    /// The highest sequence number among them; `None` when the gateway does not know the numbers.
    pub to: Option<u64>,
    /// Why.
    pub reason: GapReason,
}

/// Why logs will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They are older than the gateway's history.
    Evicted,
    /// The gateway started anew and knows nothing of what was before.
    Restarted,
    /// This page did not keep up.
    Slow,
    /// The gateway does not know where this page stopped.
    Unknown,
    /// They were sent, by the numbers, and did not arrive.
    Lost,
    /// The gateway never learned where this page stopped, although the page said so.
    NotResumed,
}

impl GapReason {
    fn read(text: &str) -> Self {
        match text {
            "evicted" => Self::Evicted,
            "restarted" => Self::Restarted,
            "slow" => Self::Slow,
            _ => Self::Unknown,
        }
    }
}

/// The gateway ends the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why.
    pub reason: ByeReason,
    /// Not to come back before this time has passed.
    pub retry: Duration,
}

/// Why a gateway ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByeReason {
    /// It goes down, as for an update.
    Shutdown,
    /// The stream is old; another one takes its place.
    Rotation,
    /// This page did not keep up.
    Slow,
    /// It is not to come back.
    Stop,
}

/// Reads a greeting; what an older gateway leaves out, or what cannot be, is left out.
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
    }
}

/// Reads a heartbeat; `None` for what is none.
pub fn read_heartbeat(fields: &Object<'_>) -> Option<Heartbeat> {
    let sent = each(&fields.object("seqs")?, |json| count(json).filter(|seq| *seq <= MAX_SEQ));
    Some(Heartbeat { sent, server_time: fields.number("serverTime") })
}

/// Reads a gap; `None` for what is none.
pub fn read_gap(fields: &Object<'_>) -> Option<Gap> {
    let seq = |name| fields.count(name).filter(|seq| *seq <= MAX_SEQ);
    Some(Gap {
        channel: fields.string("channel")?.into_owned(),
        from: seq("from"),
        to: seq("to"),
        reason: GapReason::read(&fields.string("reason")?),
    })
}

/// Reads a goodbye; `None` for what is none.
pub fn read_bye(fields: &Object<'_>) -> Option<Bye> {
    let reason = match &*fields.string("reason")? {
        "stop" => ByeReason::Stop,
        "rotation" => ByeReason::Rotation,
        "slow" => ByeReason::Slow,
        _ => ByeReason::Shutdown,
    };
    Some(Bye {
        reason,
        retry: Duration::from_millis(fields.count("retryMs").unwrap_or_default()).min(LONGEST_WAIT),
    })
}

fn read_held(json: &str) -> Option<Held> {
    let fields = Object::read(json)?;
    let held = Held { oldest: fields.count("oldest")?, newest: fields.count("newest")? };
    (held.newest < MAX_SEQ && 0 < held.oldest && held.oldest <= held.newest + 1).then_some(held)
}

/// What `read` makes of each field; what it cannot read is left out.
fn each<T>(fields: &Object<'_>, read: impl Fn(&str) -> Option<T>) -> Vec<(String, T)> {
    fields.fields().filter_map(|(name, json)| Some((name.to_owned(), read(json)?))).collect()
}

/// A faster beat would keep the page busy with nothing; a slower one proves nothing.
const SHORTEST_BEAT: Duration = Duration::from_millis(100);
const LONGEST_BEAT: Duration = Duration::from_secs(600);

/// A server may ask for a wait, but not send a page away for good by a number.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Object<'_> {
        Object::read(json).unwrap_or_default()
    }

    #[test]
    fn reads_the_additions_of_a_greeting() {
        let json = r#"{"type":"connection","epoch":"abc123","seqs":{"logs:etl:a:b":{"oldest":3,"newest":9}},"heartbeatMs":15000,"serverTime":5}"#;
        let hello = read_hello(&fields(json));
        assert_eq!(hello.held, [("logs:etl:a:b".to_owned(), Held { oldest: 3, newest: 9 })]);
        assert_eq!((hello.heartbeat, hello.server_time), (Some(Duration::from_secs(15)), Some(5)));
    }

    #[test]
    fn numbers_that_cannot_be_are_left_out() {
        let seqs = r#"{"a":{"oldest":0,"newest":0},"b":{"oldest":9,"newest":3},"c":{"oldest":1,"newest":9007199254740991}}"#;
        let json = format!(r#"{{"epoch":"abc123","seqs":{seqs},"heartbeatMs":1,"serverTime":5}}"#);
        let hello = read_hello(&fields(&json));
        assert_eq!((hello.held.len(), hello.heartbeat), (0, None));
    }

    #[test]
    fn what_is_no_message_is_none() {
        for text in ["{}", r#"{"channel":5}"#, r#"{"seqs":[1]}"#, r#"{"reason":null}"#] {
            assert_eq!(
                (read_heartbeat(&fields(text)), read_gap(&fields(text)), read_bye(&fields(text))),
                (None, None, None),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wait_has_an_end() {
        let bye = read_bye(&fields(r#"{"reason":"shutdown","retryMs":18446744073709551615}"#));
        assert_eq!(bye.map(|bye| bye.retry), Some(LONGEST_WAIT));
    }
}
