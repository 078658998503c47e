//! The component in a real browser with a real gateway: what the user sees in each state.

#![cfg(target_arch = "wasm32")]

mod support;

use std::time::Duration;

use leptos::prelude::Set;
use logs_sse_core::{backoff, connection::Config};
use support::page::{Page, dead_endpoint, endpoint, pause, script};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn starts_disconnected_with_a_button_and_no_section() {
    let page = Page::mount(&endpoint());
    pause(100).await;
    assert_eq!(page.word(), "DISCONNECTED");
    assert!(
        page.text().contains("Connect Live Logs")
            && !page.text().contains("LIVE\n")
            && !page.text().contains("Live logs\n"),
        "{:?}",
        page.text()
    );
    assert!(page.rows().is_empty());
}

#[wasm_bindgen_test]
async fn a_click_connects_and_streams_lines_newest_on_top() {
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until_connected().await;
    page.until("live", |page| page.text().contains("🔴 LIVE")).await;
    page.until("five rows", |page| page.rows().len() >= 5).await;
    let cells = |row: &HtmlElement| {
        [".dsl-time", ".dsl-level", ".dsl-pipeline", ".dsl-message"].map(|part| cell(row, part))
    };
    for row in page.rows() {
        assert!(
            cells(&row).iter().all(|cell| !cell.is_empty()),
            "expected time, level, pipeline and message in {:?}",
            cells(&row)
        );
    }
    let numbers: Vec<u64> =
        page.rows().iter().filter_map(|row| number_in(&cells(row)[3])).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {numbers:?}");
    page.click("Disconnect");
    page.until("disconnected", |page| page.word() == "DISCONNECTED").await;
    let held = page.find(".dsl-count").map(|count| count.inner_text());
    pause(300).await;
    assert_eq!(
        page.find(".dsl-count").map(|count| count.inner_text()),
        held,
        "lines arrived after Disconnect"
    );
}

#[wasm_bindgen_test]
async fn connects_by_itself_with_auto_connect() {
    let page = Page::mount(&endpoint());
    page.props.auto_connect.set(true);
    page.until_connected().await;
}

/// Mounts a page whose first attempt fails, with a long wait for the next, whose countdown can be
/// read.
async fn failed_once() -> Page {
    let slow = backoff::Config {
        base: Duration::from_secs(1_000),
        cap: Duration::from_secs(1_000),
        ..backoff::Config::default()
    };
    let page = Page::mount_with(&dead_endpoint(), Config { backoff: slow, ..Config::default() });
    page.click("Connect Live Logs");
    page.until("an error", |page| page.word() == "ERROR").await;
    page
}

#[wasm_bindgen_test]
async fn shows_reason_and_countdown_for_a_dead_server() {
    let page = failed_once().await;
    let text = page.text();
    assert!(text.contains("Reconnecting in ") && text.contains("(attempt 2)"), "{text:?}");
    assert!(text.contains("Cannot reach") || text.contains("refused the stream"), "{text:?}");
    assert!(!text.contains("LIVE\n"), "{text:?}");
    let before = page.find(".dsl-progress").map(|progress| progress.inner_text());
    page.until("the countdown to count", |page| {
        page.find(".dsl-progress").map(|progress| progress.inner_text()) != before
    })
    .await;
    page.props.endpoint.set(endpoint());
    page.until_connected().await;
}

#[wasm_bindgen_test]
async fn retry_now_skips_the_wait() {
    let page = failed_once().await;
    page.click("Retry now");
    page.until("the next attempt to fail", |page| page.text().contains("(attempt 3)")).await;
}

#[wasm_bindgen_test]
async fn names_an_id_that_contains_a_separator() {
    let page = Page::mount(&endpoint());
    page.props.workflow_id.set("a:b".into());
    page.click("Connect Live Logs");
    page.until("the error", |page| page.text().contains("workflow id \"a:b\" contains ':'")).await;
    page.props.workflow_id.set("workflow456".into());
    page.until_connected().await;
}

#[wasm_bindgen_test]
async fn switching_the_workflow_starts_an_empty_log() {
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until("rows", |page| page.rows().len() >= 5).await;
    page.props.workflow_id.set("nothing_is_published_here".into());
    page.until("an empty log", |page| {
        page.rows().is_empty() && page.text().contains("Waiting for the first line")
    })
    .await;
    page.until_connected().await;
    pause(200).await;
    assert!(page.rows().is_empty(), "a line of the old workflow was shown");
}

#[wasm_bindgen_test]
async fn lines_of_several_channels_have_letters_and_can_be_filtered() {
    let page = Page::mount(&endpoint());
    page.props.channels.set(vec![
        "logs:etl:workspace123:workflow456".into(),
        "logs:etl:prod_workspace:etl_job_789".into(),
    ]);
    page.click("Connect Live Logs");
    page.until_connected().await;
    let letters = |page: &Page| -> Vec<String> {
        page.rows().iter().map(|row| cell(row, ".dsl-channel")).collect()
    };
    page.until("lines of both", |page| {
        ["A", "B"].iter().all(|letter| letters(page).iter().any(|other| other == letter))
    })
    .await;
    page.click("All workflows");
    page.until("the menu", |page| page.all(".dsl-facet-row .dsl-channel").len() == 2).await;
    let only = page
        .all(".dsl-facet-only")
        .into_iter()
        .find(|button| button.text_content().is_some_and(|text| text.starts_with("Betl_job_789")));
    only.expect("the other workflow").click();
    page.until("lines of the other", |page| {
        let letters = letters(page);
        letters.len() >= 5 && letters.iter().all(|letter| letter == "B")
    })
    .await;
}

#[wasm_bindgen_test]
async fn stays_within_capacity_and_reports_dropped_lines() {
    let page = Page::mount(&endpoint());
    page.props.capacity.set(7);
    page.click("Connect Live Logs");
    page.until("dropped lines", |page| page.text().contains("Newest 7 lines · ")).await;
    assert!(page.text().contains("dropped to stay within 7 lines"), "{:?}", page.text());
    assert!(page.rows().len() <= 7);
}

#[wasm_bindgen_test]
async fn mounts_only_the_visible_rows() {
    // The styles of the list: without a style sheet the component has no height.
    script(
        "document.head.insertAdjacentHTML('beforeend', '<style id=t>.dsl-list{height:100px;overflow:auto}.dsl-row{height:20px;overflow:hidden}</style>')",
    );
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until("more lines than rows", |page| page.rows().len() >= 15 && count(page) > 60).await;
    // Five rows of 20 px fit into 100 px, and ten more are drawn below them.
    assert!(page.rows().len() <= 15, "{} rows for {} lines", page.rows().len(), count(&page));
    script("document.getElementById('t').remove()");
}

#[wasm_bindgen_test]
async fn an_open_entry_stays_in_place() {
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until("rows", |page| page.rows().len() >= 3).await;
    page.find(".dsl-open").expect("a row's button").click();
    page.until("the entry", |page| page.find(".dsl-fields").is_some()).await;
    let shown = page.find(".dsl-fields").map(|entry| entry.inner_text()).unwrap_or_default();
    assert!(
        shown.contains("logType") && shown.contains("ETL_LOG") && shown.contains("execution_id"),
        "{shown}"
    );
    pause(500).await;
    assert_eq!(page.find(".dsl-fields").map(|entry| entry.inner_text()), Some(shown));
    page.click("Close");
    page.until("the entry closed", |page| page.find(".dsl-fields").is_none()).await;
}

#[wasm_bindgen_test]
async fn clear_empties_the_log_and_stays_connected() {
    let page = Page::mount(&endpoint());
    page.click("Connect Live Logs");
    page.until("lines", |page| count(page) >= 10).await;
    let cleared = newest(&page);
    page.click("Clear view");
    // Lines go on arriving, at 50 per second or faster while the history is replayed, so the count
    // alone says little: only lines after the newest cleared one may be counted.
    page.until("later lines only", |page| {
        (1..=newest(page).saturating_sub(cleared)).contains(&count(page))
    })
    .await;
    assert_eq!(page.word(), "CONNECTED");
}

/// Returns the text of a part of a row.
fn cell(row: &HtmlElement, part: &str) -> String {
    row.query_selector(part).ok().flatten().and_then(|cell| cell.text_content()).unwrap_or_default()
}

/// Returns the number of the newest line that the page shows. The sample job counts its lines.
fn newest(page: &Page) -> u64 {
    let messages = page.rows().into_iter().map(|row| cell(&row, ".dsl-message"));
    messages.filter_map(|message| number_in(&message)).max().unwrap_or_default()
}

/// Returns the number of lines that the page reports.
fn count(page: &Page) -> u64 {
    let text = page
        .find(".dsl-count")
        .map(|count| count.text_content().unwrap_or_default())
        .unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|number| number.replace(',', "").parse().ok())
        .unwrap_or_default()
}

/// Returns the number in the message of a sample log.
fn number_in(message: &str) -> Option<u64> {
    ["log ", "part ", "Log #", "Buffer ", "Report "].iter().find_map(|word| {
        let (_, rest) = message.split_once(word)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}
