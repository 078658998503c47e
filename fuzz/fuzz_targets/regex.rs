//! Compares our regular expressions with `regex-lite` where both accept the pattern.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use logs_linear_regex::{Cache, Regex};

/// Two passes of the work limit of one search, 2^21 instructions, and the last position.
const MAX_STEPS: u64 = 5_000_000;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    pattern: &'a str,
    ignore_case: bool,
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let Input { pattern, ignore_case, text } = input;
    let Ok(ours) = Regex::new(pattern, ignore_case) else { return };
    let mut cache = Cache::default();
    let found = ours.find_at(text, 0, &mut cache);
    assert!(cache.steps() <= MAX_STEPS, "{} steps", cache.steps());
    assert_eq!(ours.is_match(text, &mut cache), found.is_some());
    ours.find_iter(text).for_each(drop);

    // A match is the longest of the leftmost here and the preferred one there, so only its start
    // is the same.
    let theirs = regex_lite::RegexBuilder::new(pattern).case_insensitive(ignore_case).build();
    if let Ok(theirs) = theirs
        && text.len() <= ours.search_limit()
    {
        let start = theirs.find(text).map(|found| found.start());
        assert_eq!(found.map(|found| found.start), start);
    }
});
