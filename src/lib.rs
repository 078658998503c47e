//! Live logs in a web page.
//!
//! In reading order:
//! - [`logs_sse_core`], which builds on [`logs_sse_wire`], decides: the connection's states, what
//!   is stored, what is shown.
//! - `browser` (feature `browser`) does what the core requests: it alone opens, closes, waits and
//!   listens.
//! - `ui` (feature `ui`) renders: the Leptos component `<LiveLogs>`.
//!
//! `js` (feature `js`) is a separate entry point: what the npm package's JavaScript calls.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "js")]
pub mod js;
#[cfg(feature = "ui")]
pub mod ui;
