//! The time in which a client must send the head of a request: the first one from the start of the
//! connection, the others from their first byte. hyper's own timer also runs while a connection is
//! idle, which may take longer.

use std::io;
use std::pin::Pin;
use std::task::Context;

use tokio::time::{Sleep, sleep};

use crate::server::link::Link;

/// The deadline of a connection.
#[derive(Debug)]
pub(crate) struct HeadDeadline {
    /// Set only while a head arrives, since it needs memory.
    timer: Option<Pin<Box<Sleep>>>,
    /// The number of heads received before it.
    heads: u32,
}

impl HeadDeadline {
    /// Returns the deadline of the first head of a connection.
    pub(crate) fn of_first(link: &Link) -> Self {
        Self { timer: Some(timer(link)), heads: 0 }
    }

    /// Records that bytes arrived.
    pub(crate) fn received(&mut self, link: &Link) {
        self.settle(link);
        if self.timer.is_none() && !link.is_in_request() {
            self.timer = Some(timer(link));
        }
    }

    /// Ends the deadline once the head was received.
    pub(crate) fn settle(&mut self, link: &Link) {
        // Not only whether there is a request now: it may be answered already.
        if self.heads != link.heads() {
            self.heads = link.heads();
            self.timer = None;
        }
    }

    /// Fails once the head has taken too long.
    pub(crate) fn check(&mut self, link: &Link, cx: &mut Context<'_>) -> io::Result<()> {
        self.settle(link);
        let is_over = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if !is_over {
            return Ok(());
        }
        self.timer = None;
        link.door().note_head_timed_out();
        Err(io::Error::new(io::ErrorKind::TimedOut, "the head of a request took too long"))
    }
}

fn timer(link: &Link) -> Pin<Box<Sleep>> {
    Box::pin(sleep(link.door().head_timeout()))
}
