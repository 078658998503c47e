//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log enters through [`http`], and the [`hub`] numbers it and stores it in the history of its
//! channel. Each [`reader`] is woken, fetches from its position in each channel, and [`http`] sends
//! what it fetched. [`auth`] decides who may read. [`server`] owns the sockets, [`demo`] publishes sample logs and replays
//! recordings, [`output`] writes the process's own messages, and [`signals`] ends it.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through the module output, which never blocks"
)]

pub mod admin;
pub mod audit;
pub mod auth;
pub mod canary;
pub mod demo;
pub mod doctor;
pub mod drain;
pub mod engine;
mod error_chain;
pub mod http;
pub mod hub;
mod json;
pub mod limits;
pub mod log_json;
pub mod metrics;
pub mod observers;
pub mod output;
pub mod process_info;
pub mod reader;
pub mod readiness;
pub mod redaction;
pub mod server;
#[cfg_attr(not(unix), path = "signals_elsewhere.rs")]
pub mod signals;
mod toml_entries;
pub mod toml_text;
pub mod traces;
