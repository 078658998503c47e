//! Logs for demos and tests: sample logs, what publishes them, and recorded streams.

pub mod job;
pub mod publisher;
pub mod replay;
pub mod sample;
