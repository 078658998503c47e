//! All that the page shows at one moment, so that its views have one thing to watch. Decides, draws
//! nothing.

use std::borrow::Cow;

use crate::find::Find;
use crate::session::Session;
use crate::status::Status;
use crate::summary;
use crate::time::Instant;
use crate::viewport::{Viewport, Window};
use crate::visible::visible;

/// The status, and the live section as seen through a viewport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewModel {
    /// The connection in words.
    pub status: Status,
    /// Whether there is a section at all: lines, or the wish for some.
    pub is_shown: bool,
    /// Which rows to draw, by the ordinals of [`Session::shown_range`], and where.
    pub window: Window,
    /// What the drawn rows depend on beside the window; see [`Session::rows_version`].
    pub rows_version: u64,
    /// Lines below this number belong to a log that was cleared, or to that of another workflow.
    pub cleared_at: u64,
    /// Changes with the pipelines that a filter offers.
    pub pipelines_version: u64,
    /// How many lines are held or found, dropped, missing, in words.
    pub held: String,
    /// How many lines have a level that is not known, or none; a choice of levels must not hide
    /// them silently.
    pub unknown_levels: u64,
    /// What to say in place of lines; empty when there are some.
    pub empty: &'static str,
    /// Whether what is searched for is read as a regular expression.
    pub is_regex: bool,
    /// What is wrong with it; empty when nothing is.
    pub wrong: String,
    /// What the way back to the newest line says; empty when the view is there.
    pub newest: String,
}

impl ViewModel {
    /// What to show of `session` through `viewport` at `now`.
    #[must_use]
    pub fn of(session: &Session, viewport: &Viewport, now: Instant) -> Self {
        let store = session.store();
        let shown = session.shown_range();
        let window = viewport.window(&shown);
        Self {
            status: status_of(session, now),
            unknown_levels: store.unknown_levels() as u64,
            is_shown: session.is_worth_showing(),
            window,
            rows_version: session.rows_version(),
            cleared_at: store.cleared_at(),
            pipelines_version: store.pipelines_version(),
            held: session
                .find()
                .map_or_else(|| summary::held(store), |find| summary::found(find, store))
                + &summary::losses(session.tally()),
            empty: match session.find() {
                _ if store.is_empty() => summary::empty(session.state()),
                Some(find) if shown.is_empty() => summary::unfound(find, store),
                _ => "",
            },
            is_regex: session.query().is_regex,
            wrong: session
                .find()
                .and_then(Find::error)
                .map(|error| error.to_string())
                .unwrap_or_default(),
            newest: if viewport.is_following() {
                String::new()
            } else {
                format!("↑ {}", summary::unseen(window.unseen))
            },
        }
    }
}

/// The status, in which a server may have put any character.
fn status_of(session: &Session, now: Instant) -> Status {
    let mut status = session.status(now);
    for text in [&mut status.progress, &mut status.reason] {
        if let Cow::Owned(shown) = visible(text) {
            *text = shown;
        }
    }
    status
}
