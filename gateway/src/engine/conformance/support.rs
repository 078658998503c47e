//! A hub with an engine of each kind, and what its readers receive.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use logs_sse_core::channel::ChannelName;
use logs_sse_wire::sse::{Event, Parser};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::engine::disk::{DiskOptions, Fsync};
use crate::hub::Hub;
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::clock::Clock;
use crate::hub::config::Config;
use crate::hub::connection::ConnectionInfo;
use crate::hub::history::HistoryPage;
use crate::reader::batch::Framing;
use crate::reader::resume::{Beginning, Resume};
use crate::reader::{Next, Reader, RequestedChannel};

/// The engine of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Disk,
}

/// A hub whose folder, if it has one, is removed with it.
pub(crate) struct Setup {
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Clock,
    folder: Option<PathBuf>,
}

impl Setup {
    /// A hub that keeps only ten logs of each channel in memory if its engine stores the others.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, Config::default())
    }

    pub(crate) fn with(kind: Kind, config: Config) -> Self {
        let clock = Clock::standing(Duration::from_secs(1_000_000));
        let (hub, folder) = match kind {
            Kind::Memory => (Hub::with_clock(config, clock.clone()), None),
            Kind::Disk => {
                let config = Config { reader: Bounds { lines: 10, ..config.reader }, ..config };
                let folder = temporary();
                let options = DiskOptions { folder: folder.clone(), fsync: Fsync::Never };
                let hub = Hub::on_disk(config, &options, clock.clone()).expect("a new folder");
                (hub, Some(folder))
            }
        };
        Self { hub: Arc::new(hub), clock, folder }
    }

    /// Publishes logs of the workspace `w`, one after the other.
    pub(crate) fn publish(&self, channel: &str, count: usize) {
        let receipts: Vec<_> =
            (0..count).map(|_| self.hub.submit(&name(channel), &message(2), None)).collect();
        for receipt in receipts {
            receipt.wait().expect("stored");
        }
    }

    pub(crate) fn publish_one(&self, channel: &str, entry: &RawValue) {
        self.hub.try_publish(&name(channel), entry).expect("stored");
    }

    pub(crate) async fn page(&self, channel: &str, before: u64, lines: usize) -> HistoryPage {
        let page = Bounds { lines, bytes: 1 << 20 };
        self.hub.page_before(&name(channel), before, page).await.expect("read")
    }

    /// Opens a reader with a cursor, such as `5-_`; without positions it is live.
    pub(crate) fn read(&self, channels: &[&str], positions: &str) -> Reader {
        let cursor = format!("1.{}.{positions}", self.hub.epoch());
        let cursor = if positions.is_empty() { String::new() } else { cursor };
        self.read_from(channels, &Resume::parse(None, Some(&cursor)).into())
    }

    pub(crate) fn read_from(&self, channels: &[&str], beginning: &Beginning) -> Reader {
        let requested: Vec<_> = channels
            .iter()
            .map(|channel| RequestedChannel { channel: name(channel), is_granted: true })
            .collect();
        let connection = ConnectionInfo::new("u");
        Reader::open(&self.hub, &requested, beginning, Framing::Single, connection)
    }

    /// Sweeps until the engine has done it, which may happen in another thread.
    pub(crate) async fn sweep_until(&self, what: &str, mut is_done: impl FnMut() -> bool) {
        let start = std::time::Instant::now();
        loop {
            self.hub.sweep();
            if is_done() {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            self.hub.close();
            // An error means that it is gone already.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Returns a folder that does not exist yet.
pub(crate) fn temporary() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("logs-engine-{}-{number}", std::process::id()))
}

/// The channel `x` of the workspace `w`, or `v/x` of the workspace `v`.
pub(crate) fn name(channel: &str) -> ChannelName {
    let (workspace, resource) = channel.split_once('/').unwrap_or(("w", channel));
    format!("logs:etl:{workspace}:{resource}").parse().expect("a channel")
}

/// A string of this many bytes.
pub(crate) fn message(bytes: usize) -> Box<RawValue> {
    RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).expect("JSON")
}

pub(crate) fn extent(setup: &Setup, channel: &str) -> Extent {
    let reader = setup.read(&[channel], "");
    let (_, extent, _) = reader.granted().next().expect("one channel");
    extent
}

pub(crate) fn seqs(page: &HistoryPage) -> Vec<u64> {
    let seq = |json: &[u8]| {
        let envelope: Value = serde_json::from_slice(json).expect("JSON");
        envelope["seq"].as_u64().expect("a number")
    };
    page.logs.iter().map(|log| seq(log.as_bytes())).collect()
}

/// The next events until there are `count` logs or gaps, each in short: `a3` for a log, `a gap 1 2
/// evicted` for a gap.
pub(crate) async fn events(reader: &mut Reader, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(20), reader.next());
        let next = next.await.unwrap_or_else(|_| panic!("only {all:?} came"));
        let Next::Page(page) = next else { panic!("too slow") };
        all.extend(Parser::default().feed(&page).iter().map(short));
    }
    all
}

fn short(event: &Event) -> String {
    let data: Value = serde_json::from_str(&event.data).expect("JSON");
    let channel = data["channel"].as_str().and_then(|name| name.rsplit(':').next());
    let channel = channel.expect("a channel");
    match &*event.event {
        "gap" => {
            let reason = data["reason"].as_str().expect("a reason");
            format!("{channel} gap {} {} {reason}", data["from"], data["to"])
        }
        _ => format!("{channel}{}", data["seq"]),
    }
}

/// The logs of a channel in short.
pub(crate) fn logs(channel: &str, range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    range.map(|seq| format!("{channel}{seq}")).collect()
}
