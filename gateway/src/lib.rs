//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log comes in by [`publish`], is numbered and kept by [`hub`] in its channel's [`history`], and
//! woken readers fetch it from there: [`reader`] knows where each is, [`resume`] where it begins,
//! [`batch`] what it collects, [`stream`] sends what it fetches, at the times of [`pace`].
//! [`proxy`] is the Datashop route in front of it, with an [`upstream`] or without; [`app`] the
//! whole URL space. [`identity`] says who asks, [`tokens`] who may publish; [`hosts`] and [`cors`]
//! whose pages may call. [`server`] accepts connections as far as [`door`] allows; each has a
//! `socket` with deadlines, a `link` that connects socket and request, and a `front` that refuses
//! malformed requests. [`output`] writes the process's own messages, [`signals`] ends it.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through the module output, which never blocks"
)]

pub mod admin;
pub mod app;
mod ask;
pub mod base_url;
pub mod batch;
mod body;
mod channel;
pub mod config;
pub mod connection;
pub mod cors;
mod cursor_text;
pub mod door;
mod events;
mod front;
pub mod history;
pub mod hosts;
pub mod hub;
pub mod identity;
pub mod job;
mod lag;
mod line_ends;
mod link;
mod loose_json;
mod merge;
pub mod output;
mod overload;
pub mod pace;
mod passing;
pub mod proxy;
pub mod publish;
pub mod publisher;
pub mod reader;
pub mod rejection;
pub mod replay;
pub mod resume;
pub mod sample;
pub mod server;
#[cfg_attr(not(unix), path = "signals_elsewhere.rs")]
pub mod signals;
pub mod site;
mod socket;
pub mod stats;
pub mod stream;
pub mod tokens;
pub mod upstream;
mod wake;
