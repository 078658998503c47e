//! The core of the viewer: every decision, and nothing that touches a clock, randomness, the
//! network or the page.
//!
//! Data enters through [`logs_sse_wire`] (by way of [`session`]), is stored in [`store`], and is
//! presented by [`viewport`] and [`status`].

#[cfg(feature = "view")]
pub mod announcer;
pub mod backoff;
pub mod channel;
#[cfg(feature = "view")]
pub mod channel_mark;
#[cfg(feature = "view")]
mod civil;
pub mod connection;
#[cfg(feature = "view")]
pub mod copy;
pub mod counters;
#[cfg(feature = "view")]
pub mod facets;
#[cfg(feature = "view")]
pub mod find;
#[cfg(feature = "view")]
pub mod fold;
pub mod format;
#[cfg(feature = "view")]
pub mod frame_throttle;
#[cfg(feature = "view")]
mod heights;
#[cfg(feature = "view")]
pub mod histogram;
pub mod js_export;
#[cfg(feature = "view")]
pub mod keyboard;
#[cfg(feature = "view")]
pub mod line_time;
#[cfg(feature = "view")]
pub mod link;
#[cfg(feature = "view")]
pub mod list_height;
pub mod notice;
#[cfg(feature = "view")]
pub mod opened;
#[cfg(feature = "view")]
pub mod pins;
pub mod progress;
pub mod recovery;
mod ring;
#[cfg(feature = "view")]
mod row_lines;
#[cfg(feature = "view")]
pub mod save;
#[cfg(feature = "view")]
mod scale;
pub mod session;
#[cfg(feature = "view")]
pub mod settings;
#[cfg(feature = "view")]
mod sorted;
pub mod status;
pub mod store;
#[cfg(feature = "view")]
pub mod storm;
pub mod stream_stats;
#[cfg(feature = "view")]
pub mod styled;
#[cfg(feature = "view")]
pub mod summary;
#[cfg(feature = "view")]
pub mod tally;
pub mod target;
pub mod time;
#[cfg(feature = "view")]
pub mod title_badge;
#[cfg(feature = "view")]
pub mod view_model;
#[cfg(feature = "view")]
pub mod viewport;
#[cfg(feature = "view")]
pub mod visible;
pub mod words;
