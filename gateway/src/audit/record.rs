//! One line of the audit log.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use crate::log_json::escape;

/// What happened, and who did it from where. A field that does not apply is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Record<'a> {
    pub(crate) event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Cow<'a, str>>,
    /// The name of the publisher's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Cow<'a, str>>,
    /// The client, as a trusted proxy named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<IpAddr>,
    /// The other end of the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<Cow<'a, str>>,
    /// The channels that were granted.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) channels: Cow<'a, [String]>,
    #[serde(rename = "refusedChannels", skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) refused: Cow<'a, [String]>,
    /// Whether the stream continued an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resumed: Option<bool>,
    /// How many equal events this line stands for, if more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    #[serde(rename = "durationMs", skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<u64>,
}

impl Record<'_> {
    pub(crate) fn of(event: &'static str) -> Self {
        Self { event, ..Self::default() }
    }

    /// Returns the fields as JSON, on which nothing acts that displays them.
    pub(crate) fn json(&self) -> String {
        escape(&serde_json::to_string(self).expect("texts, numbers and lists serialize"))
    }
}

/// Returns the line of `fields` at this moment. `number` counts the lines of a process, so that a
/// missing one shows.
pub(crate) fn line(number: u64, now: Timestamp, fields: &str) -> Vec<u8> {
    format!("{{\"time\":\"{now:.3}\",\"number\":{number},{}\n", &fields[1..]).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_character_that_acts_on_a_terminal() {
        let record = Record {
            user: Some("j\u{1b}[31m\u{202e}\n".into()),
            client: Some([127, 0, 0, 1].into()),
            ..Record::of("refused")
        };
        let line = String::from_utf8(line(7, Timestamp::UNIX_EPOCH, &record.json())).expect("text");
        assert_eq!(
            line,
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"number\":7,\"event\":\"refused\",\"user\":\"j\\u001b[31m\\u202e\\n\",\"client\":\"127.0.0.1\"}\n"
        );
    }
}
