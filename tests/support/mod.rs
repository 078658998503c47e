//! What the browser tests share: a page.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod page;
