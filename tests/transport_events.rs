//! Checks that `src/browser/transport.js` and `src/browser/transport.rs` number the events of a
//! transport alike: no compiler sees both.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/browser").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the events that JavaScript emits by number: `export const OPENED = 0;`.
fn emitted() -> BTreeMap<u32, String> {
    read("transport.js")
        .lines()
        .filter_map(|line| line.strip_prefix("export const ")?.strip_suffix(';')?.split_once(" = "))
        .map(|(name, number)| (number.parse().expect("the number of an event"), name.into()))
        .collect()
}

/// Returns the events that Rust accepts by number: `0 => Self::Opened,`. Their names are written
/// as JavaScript writes constants.
fn accepted() -> BTreeMap<u32, String> {
    read("transport.rs")
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" => Self::"))
        .map(|(number, name)| {
            (number.parse().expect("the number of an event"), name.to_uppercase())
        })
        .collect()
}

#[test]
fn both_sides_number_the_events_of_a_transport_alike() {
    let emitted = emitted();
    assert!(emitted.len() >= 5, "found only {emitted:?}: is an event written in another way?");
    assert_eq!(emitted, accepted(), "transport.js on the left, transport.rs on the right");
}
