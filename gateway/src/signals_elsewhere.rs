//! The signals that end the process, on systems that know Ctrl-C only.

use std::io;

use tokio::signal::ctrl_c;

/// What a signal requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To end the process.
    Stop,
    /// To read the configuration again, which no signal requests here.
    Reload,
}

/// The signals of this process.
#[derive(Debug)]
pub struct Signals(());

impl Signals {
    /// Catches the signals.
    ///
    /// # Errors
    /// Never on these systems.
    pub fn install() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Waits for the next request, which is Ctrl-C.
    pub async fn next(&mut self) -> Request {
        self.stop_requested().await;
        Request::Stop
    }

    /// Waits for Ctrl-C, or for ever if it cannot be caught.
    pub async fn stop_requested(&mut self) {
        if ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
