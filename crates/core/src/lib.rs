//! The core of the viewer: every decision, and nothing that touches a clock, randomness, the
//! network or the page.
//!
//! Data enters through [`logs_sse_wire`] (by way of [`session`]), is stored in [`store`], and is
//! presented by [`viewport`] and [`status`].

pub mod announcer;
pub mod backoff;
pub mod channel;
mod civil;
pub mod connection;
pub mod copy;
pub mod counters;
pub mod facets;
pub mod find;
pub mod fold;
pub mod format;
pub mod frame_throttle;
mod heights;
pub mod histogram;
pub mod js_export;
pub mod keyboard;
pub mod line_time;
pub mod link;
pub mod list_height;
pub mod notice;
pub mod opened;
pub mod pins;
pub mod progress;
pub mod recovery;
mod ring;
mod row_lines;
pub mod save;
mod scale;
pub mod session;
pub mod settings;
mod sorted;
pub mod status;
pub mod store;
pub mod stream_stats;
pub mod styled;
pub mod summary;
pub mod tally;
pub mod target;
pub mod time;
pub mod title_badge;
pub mod view_model;
pub mod viewport;
pub mod visible;
