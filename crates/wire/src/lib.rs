//! The wire format: parses what both generations of backend send. Contains the inner loops that run
//! over everything received, and makes no decisions.

pub mod ansi;
pub mod byte_search;
pub mod cursor;
pub mod entry;
pub mod fields;
pub mod history;
pub mod indexed_fields;
pub mod json;
mod lanes;
pub mod level;
pub mod locate;
pub mod message;
pub mod moment;
pub mod packed;
pub mod pretty;
pub mod protocol;
pub mod scan;
pub mod sse;
pub mod unread;
