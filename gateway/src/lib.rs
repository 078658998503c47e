//! The gateway: services publish logs, pages subscribe to channels of them.
//!
//! A log comes in by [`publish`], goes through [`hub`] to every reader of its channel, and leaves by [`stream`].
//! [`proxy`] is the Datashop route in front of it, [`app`] the whole URL space, [`server`] the socket.

pub mod admin;
pub mod app;
pub mod hub;
pub mod job;
pub mod proxy;
pub mod publish;
pub mod publisher;
pub mod rejection;
pub mod replay;
pub mod sample;
pub mod server;
pub mod site;
pub mod stream;
pub mod tokens;
