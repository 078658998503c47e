//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log comes in by [`publish`], is numbered and kept by [`hub`] in its channel's [`history`], and woken readers fetch it from there:
//! [`reader`] knows where each is, [`resume`] where it begins, [`batch`] what it collects, [`stream`] sends what it fetches, at the times of [`pace`].
//! [`proxy`] is the Datashop route in front of it, with an [`upstream`] or without; [`app`] the whole URL space, [`server`] the socket.
//! [`identity`] says who asks, [`tokens`] who may publish; [`hosts`] and [`cors`] whose pages may call.
//! [`faults`] stands apart: a proxy for tests that breaks streams on purpose.

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
mod events;
pub mod faults;
pub mod history;
pub mod hosts;
pub mod hub;
pub mod identity;
pub mod job;
mod loose_json;
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
pub mod site;
pub mod stats;
pub mod stream;
pub mod tokens;
pub mod upstream;
mod wake;
