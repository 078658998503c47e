//! How fast a million lines are searched. Prints figures and asserts none, so it is run by hand, without debug information:
//! `cargo test --release --no-default-features --test find_speed -- --ignored --nocapture`

#![cfg(not(target_arch = "wasm32"))]

use std::time::Instant;

use logs_sse_client::core::entry::Level;
use logs_sse_client::core::find::{Find, Levels, Query};
use logs_sse_client::core::store::{Capacity, Store};
use logs_sse_client::core::wire::Raw;

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
        });
    }
    store
}

#[test]
#[ignore = "prints figures, and needs a release build"]
fn a_million_lines() {
    let began = Instant::now();
    let store = store();
    let bytes: usize =
        store.range().step_by(1_000).filter_map(|number| store.raw_line(number)).map(|raw| raw.text.len() + raw.id.len()).sum::<usize>() * 1_000;
    println!("{LINES} lines, {} MB, appended in {:?}", bytes / 1_000_000, began.elapsed());
    let text = |text: &str| Query::default().text(text);
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
        ("errors", Query { levels: Levels::of(&[Level::Error]), ..Query::default() }),
        ("errors with a text", Query { levels: Levels::of(&[Level::Error]), ..text("partition") }),
        ("a pipeline", Query { pipeline: Some("INGEST".into()), ..Query::default() }),
    ];
    for (what, query) in queries {
        let mut find = Find::new(query, &store);
        let began = Instant::now();
        while find.range(&store).count() < 50 && !find.advance(&store, 1) {}
        let first = began.elapsed();
        let mut longest = first;
        loop {
            let began = Instant::now();
            let is_complete = find.advance(&store, 1);
            longest = longest.max(began.elapsed());
            if is_complete {
                break;
            }
        }
        let all = began.elapsed();
        println!(
            "{what:>26}: {:>9} hits, first 50 {first:>10.1?}, all {all:>8.1?} = {:>5.1} ns a line, {:>6.0} MB/s; longest step {longest:.1?}",
            find.lines(&store),
            all.as_nanos() as f64 / LINES as f64,
            bytes as f64 / 1e6 / all.as_secs_f64()
        );
    }
}
