//! Measures how fast a million lines are searched: `cargo bench -p logs-sse-core --bench find`.
//! Arguments select parts: `cargo bench -p logs-sse-core --bench find -- lines hostile patterns`.
//!
//! Measured on two shared cores: 243 MB in 38 ms for a text that is rare or absent (6.3 GB/s), in
//! 60 to 90 ms for a text in each line, in 150 ms for the letter `e`; levels and pipelines in 5 to
//! 7 ms; the first fifty hits of a text in each line in 0.05 ms. The slowest lines of a megabyte
//! take 12 ms.
//!
//! Patterns: 70 ms where no line holds their literal (`^Wrote`), 0.45 to 0.9 s where each line must
//! be read (500 ns per line), 1.5 s for one without a literal, 6 s for one that always has a thread
//! running (`.*\d.*=`, 4 to 5 ns per step).

#[path = "../tests/support/raw.rs"]
mod raw;

use std::time::{Duration, Instant};

use logs_sse_core::find::{Find, Levels, Pipelines, Query};
use logs_sse_core::store::{Capacity, Store};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::Raw;
use raw::raw;

const LINES: usize = 1_000_000;

fn main() {
    // cargo bench passes `--bench`.
    let chosen: Vec<_> = std::env::args().skip(1).filter(|part| !part.starts_with("--")).collect();
    for (part, run) in [
        ("lines", a_million_lines as fn()),
        ("hostile", hostile_lines),
        ("patterns", hostile_patterns),
    ] {
        if chosen.is_empty() || chosen.iter().any(|name| name == part) {
            run();
        }
    }
}

/// Returns a store of a million lines as a pipeline writes them.
fn store() -> Store {
    let mut store = Store::new(Capacity { lines: LINES, bytes: usize::MAX });
    let levels = ["INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "ERROR"];
    for index in 0..LINES {
        let rare = if index % 10_000 == 77 { "quota exceeded" } else { "all well" };
        let text = format!(
            r#"{{"date":"Nov 23 2026 at 10:28 PM","level":"{}","pipeline":"{}","status":"{}m {}s","message":"Loaded partition {index} of table sales_{} from s3://lake/in/{}: {rare}","timestamp":"2026-11-23T22:28:34.244Z","rows":{}}}"#,
            levels[index % levels.len()],
            ["INGEST", "TRANSFORM", "REPORTING"][index % 3],
            index % 7,
            index % 60,
            index % 40,
            index % 1_000,
            index * 37 % 100_000
        );
        let id = format!("log-{index}-abcdefghi");
        store.append(&Raw {
            id: id.as_str().into(),
            channel: Some("logs:etl:a:b".into()),
            seq: Some(index as u64 + 1),
            stamp: Some(1_795_472_914_244),
            ..raw(&text)
        });
    }
    store
}

/// Searches a million lines for texts, patterns, levels and pipelines.
fn a_million_lines() {
    let began = Instant::now();
    let store = store();
    let bytes: usize = store
        .range()
        .step_by(1_000)
        .filter_map(|number| store.raw_line(number))
        .map(|raw| raw.text.len() + raw.id.len())
        .sum::<usize>()
        * 1_000;
    println!("{LINES} lines, {} MB, appended in {:?}", bytes / 1_000_000, began.elapsed());
    let text = |text: &str| Query::default().text(text);
    let regex = |text: &str| Query { is_regex: true, ..Query::default().text(text) };
    let queries = [
        ("in each line", text("partition")),
        ("in each line, in capitals", text("\"Loaded partition\"")),
        ("in each line, a path", text("s3://lake/in")),
        ("in each line, two letters", text("of")),
        ("one letter", text("e")),
        ("a number", text("12")),
        ("a name of a field", text("message")),
        ("a field of some lines", text("transform")),
        ("rare", text("\"quota exceeded\"")),
        ("two words in each line", text("loaded partition")),
        ("two words, rare", text("partition quota")),
        ("all but rare", text("-quota")),
        ("the value of a field", text("pipeline:ingest")),
        ("absent", text("OutOfMemory")),
        ("absent, of common letters", text("estimate")),
        ("absent, not ASCII", text("größe")),
        ("a quote", text("\"")),
        ("a pattern, some digits", regex("partition \\d+ of")),
        ("a pattern, absent", regex("part \\d+ of")),
        ("a pattern at the start", regex("^Wrote")),
        ("the same, in each line", regex("^Loaded")),
        ("a pattern of two words", regex("(error|fail)ed")),
        ("a pattern without a word", regex("\\d{7}|[x-z]{4}")),
        ("a pattern that runs far", regex(".*\\d.*=")),
        ("errors", Query { levels: Levels::of(&[Level::Error]), ..Query::default() }),
        ("errors with a text", Query { levels: Levels::of(&[Level::Error]), ..text("partition") }),
        ("a pipeline", Query { pipelines: Pipelines::only("INGEST"), ..Query::default() }),
    ];
    for (what, query) in queries {
        let mut find = Find::new(query, &store);
        let began = Instant::now();
        let (mut first, mut longest) = (None, Duration::ZERO);
        loop {
            let step = Instant::now();
            let is_complete = find.advance(&store, 1);
            longest = longest.max(step.elapsed());
            if is_complete || find.range(&store).count() >= 50 {
                first.get_or_insert(began.elapsed());
            }
            if is_complete {
                break;
            }
        }
        let (first, all) = (first.unwrap_or_default(), began.elapsed());
        println!(
            "{what:>26}: {:>9} hits, first 50 {first:>10.1?}, all {all:>8.1?} = {:>5.1} ns a line, {:>6.0} MB/s; longest step {longest:.1?}",
            find.lines(&store),
            all.as_nanos() as f64 / LINES as f64,
            bytes as f64 / 1e6 / all.as_secs_f64()
        );
    }
}

/// Searches the lines of a megabyte that cost the most work: each must take a few milliseconds, as
/// a whole chunk does.
fn hostile_lines() {
    const SIZE: usize = 1_000_000;
    let list = |part: &str| format!("{{\"a\":[{}0]}}", part.repeat(SIZE / part.len()));
    let fields = |part: &str| format!("{{{}\"z\":0}}", part.repeat(SIZE / part.len()));
    let string = |part: &str| format!("{{\"z\":\"{}\"}}", part.repeat(SIZE / part.len()));
    let lines = [
        ("commas between strings", list("\"a\","), ","),
        ("strings like brackets", list("\",x,\","), "x:"),
        ("strings, brackets, numbers", list("\",\",1,"), ",2"),
        ("names", fields("\"x\":0,"), "x"),
        ("names like brackets", fields("\",x,\":0,"), "x"),
        ("the same with escapes", fields("\",x,\\n,\":0,"), "x"),
        ("numbers", list("12,"), "13"),
        ("numbers with commas", list("12,"), "2,"),
        ("escapes", string("\\n"), "n"),
        ("backslashes", string("\\\\"), "\\n"),
        ("escaped quotes", string("\\\"x"), "x="),
        ("not ASCII", string("\\u00e9"), "éa"),
        ("not ASCII, another", string("\\u00e9"), "è"),
        ("one letter, repeated", string("a"), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
        (
            "two letters, repeated",
            string("ab"),
            "abababababababababababababababababbabababababababab",
        ),
        ("half of the needle", string("a="), "a=b"),
        ("a quote among quotes", string("\\\""), "\"a"),
    ];
    for (what, text, needle) in lines {
        let mut store = Store::new(Capacity::default());
        store.append(&raw(&text));
        let mut find = Find::new(Query::default().text(needle), &store);
        let began = Instant::now();
        find.advance(&store, 0);
        println!("{what:>28}: {} hits in {:.1?}", find.lines(&store), began.elapsed());
    }
}

/// Searches with the patterns that cost the most work, in rows longer than the search limit.
fn hostile_patterns() {
    let mut store = Store::new(Capacity::default());
    for index in 0..100 {
        let text = format!("{}{index}", "ab".repeat(10_000));
        store.append(&raw(&text));
    }
    let longest = "(a|b)".repeat(150) + "?[xy]";
    for pattern in [
        "ab",
        "(a*)*x",
        "(.*)*x|y",
        "(.*)(.*)(.*)(.*)[xy]",
        "((a?b?){15}){15}[xy]",
        ".*a.{900}[xy]",
        &longest,
    ] {
        let mut find =
            Find::new(Query { is_regex: true, ..Query::default().text(pattern) }, &store);
        assert_eq!(find.query().check(), Ok(()), "{pattern}");
        let (began, mut longest) = (Instant::now(), Duration::ZERO);
        loop {
            let step = Instant::now();
            let is_complete = find.advance(&store, 1);
            longest = longest.max(step.elapsed());
            if is_complete {
                break;
            }
        }
        println!(
            "{:>24}: {:>3} hits in {:.1?}; longest step {longest:.1?}",
            &pattern[..pattern.len().min(24)],
            find.lines(&store),
            began.elapsed()
        );
    }
}
