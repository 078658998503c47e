//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log comes in by [`publish`], is numbered and kept by [`hub`] in its channel's [`history`], and woken readers fetch it from there:
//! [`reader`] knows where each is, [`resume`] where it begins, [`batch`] what it collects, [`stream`] sends what it fetches, at the times of [`pace`].
//! [`proxy`] is the Datashop route in front of it, [`app`] the whole URL space, [`server`] the socket.
//! [`faults`] stands apart: a proxy for tests that breaks streams on purpose.

pub mod admin;
pub mod app;
mod ask;
pub mod batch;
mod channel;
pub mod config;
pub mod connection;
mod events;
pub mod faults;
pub mod history;
pub mod hub;
pub mod job;
pub mod pace;
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
mod wake;
