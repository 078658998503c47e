//! Real faults in both browsers: their EventSources fail in different ways, and nothing is lost in
//! either.

#![cfg(target_arch = "wasm32")]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use logs_sse_client::browser::{Client, Console, Options};
use logs_sse_core::backoff;
use logs_sse_core::connection::{Config, State};
use logs_sse_core::notice::Notice;
use logs_sse_core::session::Session;
use logs_sse_core::store::Row;
use logs_sse_core::target::Target;
use support::page::{pause, script, until};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The fault proxy that `npm test` starts, in front of a gateway whose job writes 50 lines a
/// second.
fn faults() -> &'static str {
    let Some(faults) = option_env!("LOGS_FAULTS_URL") else {
        panic!(
            "LOGS_FAULTS_URL names no fault proxy: run the browser tests through `npm test -- browser`"
        )
    };
    faults
}

/// Tells the proxy its plan. It may not be answered to a page of another origin, and need not be.
async fn plan(plan: &str) {
    script(&format!(
        "fetch('{}/faults/plan', {{ method: 'POST', mode: 'no-cors', body: {plan:?} }})",
        faults()
    ));
    pause(200).await;
}

/// A client on the proxy that comes back quickly.
fn client() -> (Client, Rc<Cell<u32>>) {
    let quick = backoff::Config {
        base: Duration::from_millis(100),
        cap: Duration::from_millis(400),
        ..backoff::Config::default()
    };
    let frames = Rc::new(Cell::new(0));
    let counted = Rc::clone(&frames);
    let options = Options {
        connection: Config { backoff: quick, ..Config::default() },
        console: Console::Off,
        ..Options::default()
    };
    let client = Client::new(options, move |_| {
        counted.set(counted.get() + 1);
        true
    });
    client.set_target(Target::new(
        "etl",
        "workspace123",
        "workflow456",
        &format!("{}/api/dapadmin/l5-etl/sse/logs/stream", faults()),
    ));
    (client, frames)
}

/// The numbers of all lines that are held are without a hole, but for what the gap rows say; gives
/// how many lines and gaps.
fn judge(session: &Session) -> (usize, usize) {
    let store = session.store();
    let (mut last, mut missing, mut lines, mut gaps) = (None, 0, 0, 0);
    for row in store.range().filter_map(|number| store.row(number)) {
        match row {
            Row::Notice(Notice::Gap { missing: Some(count), .. }) => {
                missing += count;
                gaps += 1;
            }
            Row::Notice(notice) => assert!(
                !matches!(notice, Notice::Gap { .. } | Notice::NotReplayed { .. }),
                "{notice:?}"
            ),
            Row::Line(line) => {
                let seq = line.seq.expect("the gateway counts");
                assert!(
                    last.is_none_or(|last| seq == last + missing + 1),
                    "{seq} after {last:?}, with {missing} told missing"
                );
                (last, missing, lines) = (Some(seq), 0, lines + 1);
            }
        }
    }
    (lines, gaps)
}

/// Runs a plan until the log has grown, and judges.
async fn mended(steps: &str) {
    plan(steps).await;
    let (client, _) = client();
    client.connect();
    until(&format!("150 lines through {steps:?}"), async || {
        client.with_session(|session| session.store().lines()) >= 150
    })
    .await;
    let (lines, gaps) = client.with_session(judge);
    assert!(lines >= 150 && gaps == 0, "{steps}: {lines} lines, {gaps} gaps");
}

#[wasm_bindgen_test]
async fn cut_and_mended() {
    mended("cut after=2500; cut after=700; cut after=6000; pass").await;
}

#[wasm_bindgen_test]
async fn cut_inside_the_greeting_and_mended() {
    mended("cut after=60; cut after=350; pass").await;
}

#[wasm_bindgen_test]
async fn reset_and_mended() {
    mended("reset after=2500; reset after=700; reset after=6000; pass").await;
}

#[wasm_bindgen_test]
async fn cut_over_and_over() {
    mended("cut after=12000").await;
}

#[wasm_bindgen_test]
async fn in_pieces_of_one_byte() {
    mended("cut after=5000 split=1; split size=1").await;
}

#[wasm_bindgen_test]
async fn refused_and_mended() {
    mended("cut after=3000; refuse; status code=503; status code=500; html; pass").await;
}

#[wasm_bindgen_test]
async fn no_two_streams_at_a_time() {
    plan("cut after=1500").await;
    let (client, _) = client();
    client.connect();
    for _ in 0..20 {
        pause(50).await;
        client.retry_now();
        client.connect();
    }
    client.disconnect();
    assert_eq!(client.with_session(|session| session.state().clone()), State::Idle);
    let before = client.with_session(|session| session.store().range());
    pause(500).await;
    assert_eq!(
        client.with_session(|session| session.store().range()),
        before,
        "a line came after disconnect"
    );
    client.with_session(judge);
}
