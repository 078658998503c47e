//! Log lines on standard error. A thread writes them, so that a reader that stalls cannot hold up
//! the proxy.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

static LINES: LazyLock<SyncSender<String>> = LazyLock::new(|| {
    let (sender, lines) = sync_channel::<String>(MAX_WAITING);
    // Without a thread the channel has no receiver, and each line is dropped.
    drop(thread::Builder::new().name("stderr".into()).spawn(move || {
        for line in lines {
            // A standard error that was closed or is full must not end the proxy.
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }));
    sender
});

/// Writes a line. Drops it if more than [`MAX_WAITING`] others are not read yet.
pub(crate) fn log(line: impl Display) {
    let _ = LINES.try_send(format!("logs-fault-proxy: {line}\n"));
}

const MAX_WAITING: usize = 1_000;
