//! Helpers of the browser tests.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod page;
