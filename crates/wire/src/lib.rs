//! The wire: what the bytes of a stream say, for both generations of backend. The inner loops of
//! all that arrives are here, and nothing that decides.

pub mod ansi;
pub mod cursor;
pub mod entry;
pub mod fields;
pub mod glance;
pub mod json;
mod lanes;
pub mod level;
pub mod moment;
pub mod packed;
mod pretty;
pub mod protocol;
pub mod scan;
pub mod seek;
pub mod sse;
pub mod unread;
pub mod value;
pub mod wire;
