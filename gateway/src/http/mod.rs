//! The HTTP routes: parsing of requests, access checks, and responses.

pub mod admin;
pub mod app;
pub mod base_url;
pub(crate) mod body;
pub(crate) mod carrier;
pub(crate) mod content_type;
pub mod cors;
pub(crate) mod half_close;
pub(crate) mod history;
pub mod hosts;
pub mod identity;
pub(crate) mod log_id;
pub(crate) mod loose_json;
pub(crate) mod overload;
pub(crate) mod passing;
pub mod proxy;
pub mod publish;
pub(crate) mod publish_batch;
pub mod rejection;
pub mod site;
pub mod state;
pub mod stream;
pub(crate) mod subscribe_params;
pub mod tokens;
pub mod upstream;
pub(crate) mod upstream_history;
