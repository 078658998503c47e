//! A stream whose logs upstream sends: listed and stopped like the others, and fed by none of the
//! histories.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use logs_sse_core::channel::ChannelName;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::hub::channel::Channel;
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::wake::Wake;

/// The entry of a forwarded stream in the hub. Dropping it removes the entry.
#[derive(Debug)]
pub(crate) struct Forwarded {
    hub: Arc<Hub>,
    handle: Arc<ReaderHandle>,
    /// `None` only during the drop.
    channel: Option<Arc<Channel>>,
}

impl Forwarded {
    /// Enters a stream of `channel`.
    pub(crate) fn enter(hub: &Arc<Hub>, channel: &ChannelName, connection: ConnectionInfo) -> Self {
        let handle = Arc::new(ReaderHandle {
            connection: Arc::new(connection),
            is_forwarded: true,
            is_replaying: AtomicBool::new(false),
            wake: Wake::default(),
            stop: CancellationToken::new(),
        });
        hub.enter(&handle);
        let (channel, _) = hub.join(channel, &handle);
        tracing::info!(
            connection = handle.connection.connection_id,
            channels = %channel.name(),
            "reader connected to upstream"
        );
        Self { hub: Arc::clone(hub), handle, channel: Some(channel) }
    }

    /// Returns the token that is cancelled when an operator ends this stream.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.handle.stop
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        tracing::info!(connection = self.handle.connection.connection_id, "reader gone");
        self.hub.leave(&self.handle, self.channel.take().into_iter());
    }
}
