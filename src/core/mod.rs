//! The pure core: every decision, and nothing that touches a clock, chance, the network or a page.
//!
//! Data comes in by [`wire`] (through [`session`]), rests in [`store`], and is shown as [`viewport`] and [`status`] say.

pub mod backoff;
pub mod channel;
pub mod connection;
pub mod cursor;
pub mod entry;
pub mod find;
pub mod glance;
mod heights;
mod json;
pub mod notice;
pub mod pace;
pub mod packed;
pub mod picture;
mod pretty;
pub mod progress;
pub mod protocol;
pub mod recovery;
pub mod report;
mod ring;
mod scale;
mod scan;
pub mod session;
pub mod sse;
pub mod status;
pub mod store;
pub mod summary;
pub mod target;
pub mod time;
pub mod viewport;
pub mod vitals;
pub mod wire;
