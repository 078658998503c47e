//! The pure core: every decision, and nothing that touches a clock, chance, the network or a page.
//!
//! Data comes in by [`logs_sse_wire`] (through [`session`]), rests in [`store`], and is shown as
//! [`viewport`] and [`status`] say.

pub mod backoff;
pub mod channel;
pub mod connection;
pub mod copy;
pub mod find;
pub mod frame_throttle;
mod heights;
pub mod js_export;
pub mod notice;
pub mod progress;
pub mod recovery;
mod ring;
mod scale;
pub mod session;
pub mod status;
pub mod store;
pub mod stream_stats;
pub mod styled;
pub mod summary;
pub mod target;
pub mod time;
pub mod view_model;
pub mod viewport;
pub mod visible;
