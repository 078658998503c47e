//! Demos: sample logs, a publisher and a job that sends them, and recorded streams.

pub mod job;
pub mod publisher;
pub mod replay;
pub mod sample;
