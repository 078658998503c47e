//! Channels and their readers: what is published on a channel goes to all who read it, and waits for none of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use logs_sse_client::core::channel::ChannelName;
use logs_sse_client::core::sse;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// All channels of this gateway.
#[derive(Debug)]
pub struct Hub {
    channels: Mutex<HashMap<ChannelName, Vec<Reader>>>,
    started: Instant,
    next_reader: AtomicU64,
    published: AtomicU64,
    delivered: AtomicU64,
    cut: AtomicU64,
}

impl Default for Hub {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self { channels: Mutex::default(), started: Instant::now(), next_reader: zero(), published: zero(), delivered: zero(), cut: zero() }
    }
}

/// What became of a published log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// How many readers it went to.
    pub delivered: usize,
    /// When, in milliseconds since 1970 (UTC).
    pub timestamp: u64,
}

/// Who reads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The gateway's name for this stream.
    pub connection_id: String,
    /// The user, as the proxy in front said.
    pub user_id: String,
    /// Since when, in milliseconds since 1970 (UTC).
    pub connected_at: u64,
}

impl Connection {
    /// A new stream of `user_id`.
    #[must_use]
    pub fn new(user_id: &str) -> Self {
        let connected_at = now_millis();
        Self { connection_id: format!("{user_id}_{connected_at}_{}", random_word()), user_id: user_id.into(), connected_at }
    }
}

/// A reader's end: the logs of its channels, ready for the wire. Dropping it ends the reading.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    id: u64,
    channels: Vec<ChannelName>,
    logs: mpsc::Receiver<Bytes>,
    too_slow: CancellationToken,
}

impl Subscription {
    /// The next logs, as many as are ready, in one piece; `None` when the reader was too slow and is cut off.
    pub async fn next(&mut self) -> Option<Bytes> {
        let first = tokio::select! {
            biased;
            () = self.too_slow.cancelled() => return None,
            first = self.logs.recv() => first?,
        };
        let Ok(second) = self.logs.try_recv() else { return Some(first) };
        let mut piece = Vec::from(first);
        piece.extend_from_slice(&second);
        while piece.len() < PIECE_BYTES
            && let Ok(more) = self.logs.try_recv()
        {
            piece.extend_from_slice(&more);
        }
        Some(piece.into())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.remove(self.id, &self.channels);
    }
}

#[derive(Debug)]
struct Reader {
    id: u64,
    connection: Arc<Connection>,
    logs: mpsc::Sender<Bytes>,
    too_slow: CancellationToken,
}

/// What the hub holds and did, for health checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Logs taken from publishers.
    pub logs_published: u64,
    /// Logs handed to readers; one log with three readers counts three.
    pub logs_delivered: u64,
    /// Readers cut off because they did not keep up.
    pub readers_cut_off: u64,
}

impl Hub {
    /// Publishes `entry` on `channel`.
    pub fn publish(&self, channel: &ChannelName, entry: &RawValue) -> Published {
        let timestamp = now_millis();
        let wire = envelope(channel, entry, timestamp);
        let mut channels = self.lock();
        let readers = channels.get(channel).map_or(&[][..], Vec::as_slice);
        let delivered = readers.iter().filter(|reader| self.hand_over(channel, reader, &wire)).count();
        // Those that were cut are gone from now on; their own drop takes them out of their other channels.
        if delivered < readers.len()
            && let Some(readers) = channels.get_mut(channel)
        {
            readers.retain(|reader| !reader.too_slow.is_cancelled());
        }
        drop(channels);
        self.published.fetch_add(1, Ordering::Relaxed);
        self.delivered.fetch_add(delivered as u64, Ordering::Relaxed);
        Published { delivered, timestamp }
    }

    /// Reads `channels` from now on.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, channels: Vec<ChannelName>, connection: Connection) -> Subscription {
        let (sender, logs) = mpsc::channel(QUEUE);
        let id = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let (connection, too_slow) = (Arc::new(connection), CancellationToken::new());
        let mut all = self.lock();
        for channel in &channels {
            let reader = Reader { id, connection: Arc::clone(&connection), logs: sender.clone(), too_slow: too_slow.clone() };
            all.entry(channel.clone()).or_default().push(reader);
        }
        drop(all);
        Subscription { hub: Arc::clone(self), id, channels, logs, too_slow }
    }

    /// Each channel with those who read it.
    #[must_use]
    pub fn readers(&self) -> Vec<(ChannelName, Vec<Arc<Connection>>)> {
        let connections = |readers: &[Reader]| readers.iter().map(|reader| Arc::clone(&reader.connection)).collect();
        let mut all: Vec<_> = self.lock().iter().map(|(name, readers)| (name.clone(), connections(readers))).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }

    /// What was done since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats { logs_published: read(&self.published), logs_delivered: read(&self.delivered), readers_cut_off: read(&self.cut) }
    }

    /// Time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the reader took it. A full queue means that it does not keep up: it is cut off, so that it knows and comes back.
    fn hand_over(&self, channel: &ChannelName, reader: &Reader, wire: &Bytes) -> bool {
        if reader.logs.try_send(wire.clone()).is_ok() {
            return true;
        }
        if !reader.too_slow.is_cancelled() {
            reader.too_slow.cancel();
            self.cut.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%channel, connection = reader.connection.connection_id, "reader cut off: {QUEUE} logs behind");
        }
        false
    }

    fn remove(&self, id: u64, channels: &[ChannelName]) {
        let mut all = self.lock();
        for channel in channels {
            if let Some(readers) = all.get_mut(channel) {
                readers.retain(|reader| reader.id != id);
                if readers.is_empty() {
                    all.remove(channel);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChannelName, Vec<Reader>>> {
        // Nothing is left half done by any code that holds the lock.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970 (UTC).
#[must_use]
pub fn now_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn envelope(channel: &ChannelName, entry: &RawValue, timestamp: u64) -> Bytes {
    #[derive(Serialize)]
    struct Envelope<'a> {
        channel: String,
        data: &'a RawValue,
        timestamp: u64,
        id: &'a str,
    }
    let id = format!("log-{timestamp}-{}", random_word());
    let envelope = Envelope { channel: channel.to_string(), data: entry, timestamp, id: &id };
    let json = serde_json::to_string(&envelope).expect("strings, a number and JSON serialize");
    // An entry may have been sent with line breaks between its fields; inside a string JSON allows none.
    sse::encode(None, Some(&id), &json.replace(['\r', '\n'], " ")).into()
}

/// Nine letters and digits, as the ids in the field have them.
fn random_word() -> String {
    std::iter::repeat_with(|| fastrand::digit(36)).take(9).collect()
}

/// How many logs a reader may be behind. At 1 kB a log this is 8 MB in the worst case; a page that lags further is frozen or gone.
const QUEUE: usize = 8_192;

/// About as much as one write to a socket takes.
const PIECE_BYTES: usize = 64 * 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> ChannelName {
        "logs:etl:w:f".parse().expect("a channel")
    }

    fn entry(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).expect("JSON")
    }

    #[tokio::test]
    async fn a_reader_that_does_not_keep_up_is_cut_off_and_nobody_waits() {
        let hub = Arc::new(Hub::default());
        let mut slow = hub.subscribe(vec![channel()], Connection::new("slow"));
        for _ in 0..QUEUE {
            assert_eq!(hub.publish(&channel(), &entry("1")).delivered, 1);
        }
        assert_eq!(hub.publish(&channel(), &entry("1")).delivered, 0);
        assert!(slow.next().await.is_none());
        assert_eq!((hub.stats().readers_cut_off, hub.readers()[0].1.len()), (1, 0));
    }

    #[tokio::test]
    async fn a_channel_without_readers_is_forgotten() {
        let hub = Arc::new(Hub::default());
        drop(hub.subscribe(vec![channel()], Connection::new("u")));
        assert_eq!(hub.readers().len(), 0);
    }

    #[tokio::test]
    async fn an_entry_cannot_forge_a_frame() {
        let hub = Arc::new(Hub::default());
        let mut reader = hub.subscribe(vec![channel()], Connection::new("u"));
        hub.publish(&channel(), &entry("{\r\n\"a\":\n\n1,\"b\":\"\\n\\nid: 9\"}"));
        let wire = reader.next().await.expect("a log");
        let frames = sse::Parser::default().feed(&wire);
        assert_eq!(frames.len(), 1);
        assert!(frames[0].id.starts_with("log-") && !frames[0].data.contains('\n'), "{frames:?}");
    }
}
