//! The two lines of a stream: when it opens, and when it closes.

use std::net::IpAddr;
use std::time::Instant;

use crate::audit::record::Record;
use crate::audit::{Audit, NotRecorded};

/// Who opens a stream, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) connection: String,
    pub(crate) user: String,
    pub(crate) client: IpAddr,
    pub(crate) peer: IpAddr,
    pub(crate) route: &'static str,
    pub(crate) channels: Vec<String>,
    pub(crate) refused: Vec<String>,
    /// The workspaces that the reader's credential grants.
    pub(crate) granted: Vec<String>,
    pub(crate) resumed: bool,
}

/// An open stream in the audit log. Dropping it writes the line of its end, whatever ends it.
///
/// It is one pointer while the audit log is off.
#[derive(Debug)]
pub(crate) struct StreamAudit(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    audit: Audit,
    since: Instant,
    connection: String,
    user: String,
    client: IpAddr,
    peer: IpAddr,
    bytes: u64,
    logs: Option<u64>,
    reason: &'static str,
}

impl StreamAudit {
    /// Writes the line of a stream that opens. `opening` is called only if it is written.
    ///
    /// # Errors
    /// When the line is lost and the audit log is required.
    pub(crate) fn open(
        audit: &Audit,
        opening: impl FnOnce() -> Opening,
    ) -> Result<Self, NotRecorded> {
        if !audit.is_on() {
            return Ok(Self(None));
        }
        let opening = opening();
        let Opening { connection, user, client, peer, route, resumed, .. } = opening;
        let record = Record {
            user: Some((&*user).into()),
            client: Some(client),
            peer: Some(peer),
            route: Some(route),
            connection: Some((&*connection).into()),
            channels: opening.channels.into(),
            refused: opening.refused.into(),
            resumed: Some(resumed),
            ..Record::of("stream_open")
        };
        audit.write_reading(&record.with_workspaces(opening.granted))?;
        Ok(Self(Some(Box::new(Open {
            audit: audit.clone(),
            since: Instant::now(),
            connection,
            user,
            client,
            peer,
            bytes: 0,
            logs: None,
            reason: "client",
        }))))
    }

    /// Counts bytes that were passed to the connection.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        if let Some(open) = &mut self.0 {
            open.bytes += bytes as u64;
        }
    }

    /// Sets how many logs the stream has sent.
    pub(crate) fn sent(&mut self, logs: u64) {
        if let Some(open) = &mut self.0 {
            open.logs = Some(logs);
        }
    }

    /// Sets why the gateway ends the stream. Otherwise, the client did.
    pub(crate) fn ends(&mut self, reason: &'static str) {
        if let Some(open) = &mut self.0 {
            open.reason = reason;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let duration = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.audit.write(&Record {
            user: Some((&*self.user).into()),
            client: Some(self.client),
            peer: Some(self.peer),
            connection: Some((&*self.connection).into()),
            reason: Some(self.reason),
            duration_ms: Some(duration),
            bytes: Some(self.bytes),
            logs: self.logs,
            ..Record::of("stream_close")
        });
    }
}
