//! Helpers of the tests: simulations of the network, the gateway, the browser and a scrolling user.
//! They use the words of the domain, so that a test reads as the rule it keeps.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod browser;
pub mod model;
pub mod proxy;
pub mod raw;
pub mod reader;
pub mod scroll_sim;
pub mod sim;
pub mod verdict;
pub mod world;
