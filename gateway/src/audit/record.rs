//! One line of the audit log.

use std::borrow::Cow;
use std::collections::BTreeSet;
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
    /// The workspaces of these channels, granted or not.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) workspaces: Cow<'a, [String]>,
    /// The workspaces that the reader's credential grants, at most [`MAX_GRANTED`] of them.
    #[serde(rename = "grantedWorkspaces", skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) granted: Cow<'a, [String]>,
    /// How many more it grants.
    #[serde(rename = "moreGrantedWorkspaces", skip_serializing_if = "Option::is_none")]
    pub(crate) more_granted: Option<u64>,
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

    /// Sets the workspaces of the channels, and those that the reader's credential grants.
    #[must_use]
    pub(crate) fn with_workspaces(mut self, mut granted: Vec<String>) -> Self {
        let names = self.channels.iter().chain(self.refused.iter());
        let workspaces: BTreeSet<_> = names.filter_map(|name| name.split(':').nth(2)).collect();
        let workspaces: Vec<_> = workspaces.into_iter().map(str::to_owned).collect();
        self.workspaces = workspaces.into();
        let more = granted.len().saturating_sub(MAX_GRANTED) as u64;
        self.more_granted = (more > 0).then_some(more);
        granted.truncate(MAX_GRANTED);
        self.granted = granted.into();
        self
    }

    /// Returns the fields as JSON, on which nothing acts that displays them.
    pub(crate) fn json(&self) -> String {
        escape(&serde_json::to_string(self).expect("texts, numbers and lists serialize"))
    }
}

/// A credential may grant a thousand workspaces, which would be most of the file.
const MAX_GRANTED: usize = 64;

/// Returns the line of `fields` at this moment. `number` counts the lines of a process, so that a
/// missing one shows.
pub(crate) fn line(number: u64, now: Timestamp, fields: &str) -> Vec<u8> {
    format!("{{\"time\":\"{now:.3}\",\"number\":{number},{}\n", &fields[1..]).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_workspace_of_the_channels_and_a_bounded_number_of_those_granted() {
        let record = Record {
            channels: vec!["logs:etl:b:1".into(), "logs:etl:a:1".into()].into(),
            refused: vec!["logs:faas:b".into(), "logs:etl:c:1".into()].into(),
            ..Record::of("stream_open")
        };
        let granted: Vec<_> = (0..70).map(|number| format!("w{number}")).collect();
        let record = record.with_workspaces(granted.clone());
        assert_eq!(*record.workspaces, ["a", "b", "c"].map(String::from));
        assert_eq!((&*record.granted, record.more_granted), (&granted[..64], Some(6)));
        let few = Record::of("stream_open").with_workspaces(granted[..64].to_vec());
        assert_eq!((few.workspaces.len(), few.granted.len(), few.more_granted), (0, 64, None));
    }

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
