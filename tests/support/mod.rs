//! What the tests share: a simulation for those that run natively, a page for those that run in a browser.
//! The helpers speak the words of the domain, so that a test reads as the rule it keeps.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

#[cfg(not(target_arch = "wasm32"))]
pub mod model;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(not(target_arch = "wasm32"))]
pub mod reader;
#[cfg(not(target_arch = "wasm32"))]
pub mod sim;
#[cfg(not(target_arch = "wasm32"))]
pub mod world;
