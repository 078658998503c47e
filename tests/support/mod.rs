//! What the native tests share. The helpers speak the words of the domain, so that a test reads as the rule it keeps.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod sim;
