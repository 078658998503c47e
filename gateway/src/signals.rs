//! The signals that end the process or reload its configuration. They are caught from [`Signals::install`] on, before the
//! address is printed.

use std::fs::{self, File};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To end the process.
    Stop,
    /// To read the configuration again.
    Reload,
}

/// The signals of this process.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
    has_terminal: bool,
}

impl Signals {
    /// Catches the signals.
    ///
    /// A hangup that the parent ignores, as `nohup` does, stays ignored.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
            has_terminal: File::open("/dev/tty").is_ok(),
        })
    }

    /// Waits for the next request: SIGINT, SIGTERM, or SIGHUP.
    ///
    /// SIGHUP means that the terminal closed, and stops the process. Without a terminal, it comes
    /// from a service manager or an operator, and asks to reload.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.terminate.recv() => Request::Stop,
            () = hung_up(&mut self.hangup) => {
                if self.has_terminal { Request::Stop } else { Request::Reload }
            }
        }
    }

    /// Waits for a request to stop.
    pub async fn stop_requested(&mut self) {
        while self.next().await == Request::Reload {
            tracing::warn!("SIGHUP ignored: there is nothing to reload now");
        }
    }
}

async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Returns whether this process inherited an ignored SIGHUP; false if the system does not report
/// it.
fn ignores_hangup() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| is_hangup_ignored(&status))
}

/// Parses the mask of ignored signals, whose lowest bit is signal 1, SIGHUP.
fn is_hangup_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whether_hangups_are_ignored() {
        assert!(is_hangup_ignored("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!is_hangup_ignored("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!is_hangup_ignored("") && !is_hangup_ignored("SigIgn:\tx"));
    }
}
