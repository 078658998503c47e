//! Live logs in a web page.
//!
//! Three rooms, in reading order:
//! - [`core`], a crate over that of the wire, decides: channel names, the wire, the connection's states, what is held, what is shown.
//! - `browser` (feature `browser`) does what core says: it alone opens, closes, waits and listens.
//! - `ui` (feature `ui`) shows it: the Leptos component `<LiveLogs>`.
//!
//! `js` (feature `js`) is a door of its own: what the npm package's JavaScript calls.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "js")]
pub mod js;
pub use logs_sse_core as core;
#[cfg(feature = "ui")]
pub mod ui;
