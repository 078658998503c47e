//! All that the page shows at one moment, so that its views have one thing to watch. Decides, draws nothing.

use crate::core::session::Session;
use crate::core::status::Status;
use crate::core::summary;
use crate::core::time::Instant;
use crate::core::viewport::{Viewport, Window};

/// The status, and the live section as seen through a viewport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The connection in words.
    pub status: Status,
    /// Whether there is a section at all: lines, or the wish for some.
    pub is_shown: bool,
    /// Which lines to draw, and where.
    pub window: Window,
    /// How many lines are held, dropped, missing, in words.
    pub held: String,
    /// What to say in place of lines; empty when there are some.
    pub empty: &'static str,
    /// What the way back to the newest line says; empty when the view is there.
    pub newest: String,
}

impl Picture {
    /// What to show of `session` through `viewport` at `now`.
    #[must_use]
    pub fn of(session: &Session, viewport: &Viewport, now: Instant) -> Self {
        let store = session.store();
        let window = viewport.window(&store.range());
        Self {
            status: session.status(now),
            is_shown: session.is_worth_showing(),
            window,
            held: summary::held(store) + &summary::losses(session.tally()),
            empty: if store.is_empty() { summary::empty(session.state()) } else { "" },
            newest: if viewport.is_following() { String::new() } else { format!("↑ {}", summary::unseen(window.unseen)) },
        }
    }
}
