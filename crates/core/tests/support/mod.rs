//! What the tests share: a simulation of the network, a gateway and a person who scrolls.
//! The helpers speak the words of the domain, so that a test reads as the rule it keeps.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod model;
pub mod scroll_sim;
pub mod sim;
pub mod world;
