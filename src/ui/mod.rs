//! The views. Each asks the core and shows the answer; none decides.
//!
//! The tree: the component [`LiveLogs`] holds the client and calls `status_bar` (word, countdown,
//! buttons), `line_list` (heading, the rows that are seen, and above them `filter_bar`: search,
//! level, pipeline) and `detail` (one whole entry).
//!
//! Two rules keep the page's Content-Security-Policy: no `style=` attribute (only
//! `style:property=`, which goes through the CSSOM), and a class in each `view!`, without which
//! Leptos builds static parts through `innerHTML`.

// The component macro makes its items public, whatever stands before them.
#![allow(unreachable_pub)]

mod detail;
mod filter_bar;
mod line_list;
mod live;
mod live_logs;
mod pieces;
mod rows;
mod status_bar;

#[cfg(feature = "js")]
pub(crate) use self::live::Live;
#[cfg(feature = "js")]
pub(crate) use self::live_logs::live_view;
pub use self::live_logs::{LiveLogs, LiveLogsProps};
