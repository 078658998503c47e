//! Demos: sample logs, a publisher and a job that sends them, recorded streams, and the controls of
//! the demo page.

pub mod control;
mod faults;
pub mod job;
pub mod publisher;
pub mod replay;
pub mod sample;
mod scene;
