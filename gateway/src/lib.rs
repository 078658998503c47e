//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log comes in by `publish` of [`http`], is numbered and kept by the [`hub`] in its channel's
//! history, and woken readers fetch it from there: a [`reader`] knows where it is in each channel,
//! and `stream` of [`http`] sends what it fetches. [`server`] accepts connections and gives each a
//! socket with deadlines. [`output`] writes the process's own messages, [`signals`] end it. [`demo`]
//! publishes and replays.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through the module output, which never blocks"
)]

pub mod demo;
mod error_chain;
pub mod http;
pub mod hub;
pub mod output;
pub mod reader;
pub mod server;
#[cfg_attr(not(unix), path = "signals_elsewhere.rs")]
pub mod signals;
