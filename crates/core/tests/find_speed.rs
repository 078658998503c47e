//! How fast a million lines are searched. Prints figures and asserts none, so it is run by hand,
//! without debug information: `cargo test --release --no-default-features --test find_speed --
//! --ignored --nocapture`
//!
//! Seen on two shared cores: 243 MB in 38 ms for a text that is rare or absent (6.3 GB/s), in 60 to
//! 90 ms for one in each line, in 150 ms for the letter `e`; levels and pipelines in 5 to 7 ms; the
//! first fifty of a text in each line in 0.05 ms. Lines of a megabyte that ask for the most work
//! take 12 ms at most.
//!
//! Patterns: 70 ms where no line holds their literal (`^Wrote`), 0.45 to 0.9 s where each line must
//! be read (500 ns a line), 1.5 s for one without a literal, 6 s for one that is under way all the
//! time (`.*\d.*=`, 4 to 5 ns a step).

use std::time::{Duration, Instant};

use logs_sse_core::find::{Find, Levels, Query};
use logs_sse_core::store::{Capacity, Store};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::Raw;

const LINES: usize = 1_000_000;

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
            text: text.as_str().into(),
            is_error: false,
            picks: None,
        });
    }
    store
}

#[test]
#[ignore = "prints figures, and needs a release build"]
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
        ("in each line, in capitals", text("Loaded partition")),
        ("in each line, a path", text("s3://lake/in")),
        ("in each line, two letters", text("of")),
        ("one letter", text("e")),
        ("a number", text("12")),
        ("a name of a field", text("message")),
        ("a field of some lines", text("transform")),
        ("rare", text("quota exceeded")),
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
        ("a pattern that goes far", regex(".*\\d.*=")),
        ("errors", Query { levels: Levels::of(&[Level::Error]), ..Query::default() }),
        ("errors with a text", Query { levels: Levels::of(&[Level::Error]), ..text("partition") }),
        ("a pipeline", Query { pipeline: Some("INGEST".into()), ..Query::default() }),
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

/// Lines of a megabyte that ask for the most work there is: each must take a few milliseconds,
/// which is what a whole chunk takes.
#[test]
#[ignore = "prints figures, and needs a release build"]
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
        (
            "one letter again and again",
            string("a"),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        ),
        (
            "two letters again and again",
            string("ab"),
            "abababababababababababababababababbabababababababab",
        ),
        ("half of what is looked for", string("a="), "a=b"),
        ("a quote among quotes", string("\\\""), "\"a"),
    ];
    for (what, text, sought) in lines {
        let mut store = Store::new(Capacity::default());
        store.append(&Raw {
            id: "".into(),
            channel: None,
            seq: None,
            stamp: None,
            text: text.as_str().into(),
            is_error: false,
            picks: None,
        });
        let mut find = Find::new(Query::default().text(sought), &store);
        let began = Instant::now();
        find.advance(&store, 0);
        println!("{what:>28}: {} hits in {:.1?}", find.lines(&store), began.elapsed());
    }
}

/// Patterns that ask for the most work there is, put to rows of which as much is looked at as there
/// may be.
#[test]
#[ignore = "prints figures, and needs a release build"]
fn hostile_patterns() {
    let mut store = Store::new(Capacity::default());
    for index in 0..100 {
        let text = format!("{}{index}", "ab".repeat(10_000));
        store.append(&Raw {
            id: "".into(),
            channel: None,
            seq: None,
            stamp: None,
            text: text.into(),
            is_error: false,
            picks: None,
        });
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
