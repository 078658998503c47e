//! The wire: what the bytes of a stream say, for both generations of backend. The inner loops of
//! all that arrives are here, and nothing that decides.

pub mod ansi;
pub mod byte_search;
pub mod cursor;
pub mod entry;
pub mod fields;
pub mod indexed_fields;
pub mod json;
mod lanes;
pub mod level;
pub mod locate;
pub mod message;
pub mod moment;
pub mod packed;
mod pretty;
pub mod protocol;
pub mod scan;
pub mod sse;
pub mod unread;
