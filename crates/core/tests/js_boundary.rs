//! The structs that cross to JavaScript have the fields that the package's declarations promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use logs_sse_core::js_export::{NoticeReport, StatusReport};
use serde::Serialize;

/// Returns a file of the repository.
fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the names of the members of an interface in index.d.ts.
fn declared(interface: &str) -> BTreeSet<String> {
    let types = read("www/package/types/index.d.ts");
    let start = format!("export interface {interface} ");
    let (_, body) = types.split_once(&start).unwrap_or_else(|| panic!("no {interface}"));
    let (body, _) = body.split_once("\n}").expect("the interface ends");
    body.lines()
        .filter_map(|line| line.trim().trim_start_matches("readonly ").split_once(':'))
        .map(|(name, _)| name.trim_end_matches('?'))
        .filter(|name| name.chars().all(|character| character.is_ascii_alphanumeric()))
        .map(str::to_owned)
        .collect()
}

/// Returns the names of the fields that a value is serialized with.
fn serialized(value: &impl Serialize) -> BTreeSet<String> {
    let value = serde_json::to_value(value).expect("plain data");
    value.as_object().expect("a struct").keys().cloned().collect()
}

#[test]
fn the_status_has_the_fields_of_logs_status() {
    let mut expected = declared("LogsStatus");
    assert!(expected.remove("backend"), "the package adds the backend");
    assert_eq!(serialized(&StatusReport::default()), expected);
}

#[test]
fn a_notice_has_the_fields_of_notice() {
    let notice = NoticeReport { notice: "gap", missing: None, channel: None, text: String::new() };
    let mut expected = declared("Notice");
    assert!(expected.remove("key"), "the package adds the key");
    assert_eq!(serialized(&notice), expected);
}

#[test]
fn the_client_reads_options_by_their_declared_names() {
    let source = read("src/js/options.rs");
    let (_, body) = source.split_once("struct ClientOptions {").expect("the struct");
    let (body, _) = body.split_once("\n}").expect("the struct ends");
    let mut names = body.lines().filter_map(|line| line.trim().split_once(": Option<")).peekable();
    assert!(names.peek().is_some(), "ClientOptions has no optional field: has its form changed?");
    let declared: BTreeSet<_> =
        declared("ConnectionOptions").union(&declared("LiveLogsOptions")).cloned().collect();
    for (name, _) in names {
        let name = camel_case(name);
        assert!(declared.contains(&name), "index.d.ts declares no option {name}");
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}
