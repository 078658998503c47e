//! Real network faults in both browsers: their EventSources fail in different ways, and neither
//! loses a line.

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

/// Returns the URL of the fault proxy that `npm test` starts in front of a gateway with 50 lines
/// per second.
fn faults() -> &'static str {
    let Some(faults) = option_env!("LOGS_FAULTS_URL") else {
        panic!(
            "LOGS_FAULTS_URL names no fault proxy: run the browser tests through `npm test -- browser`"
        )
    };
    faults
}

/// Sends the proxy its plan. The response is opaque to a page of another origin, and not needed.
async fn plan(plan: &str) {
    script(&format!(
        "fetch('{}/faults/plan', {{ method: 'POST', mode: 'no-cors', body: {plan:?} }})",
        faults()
    ));
    pause(200).await;
}

/// Returns a client of the proxy that reconnects quickly.
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

/// Checks that gap rows report every hole in the sequence numbers of the stored lines. Returns the
/// number of lines and of gaps.
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
                let seq = line.seq.expect("the gateway sends sequence numbers");
                assert!(
                    last.is_none_or(|last| seq == last + missing + 1),
                    "{seq} after {last:?}, with {missing} reported missing"
                );
                (last, missing, lines) = (Some(seq), 0, lines + 1);
            }
        }
    }
    (lines, gaps)
}

/// Runs a plan until 150 lines have arrived, none of them missing.
async fn recover(steps: &str) {
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
async fn recovers_from_cuts() {
    recover("cut after=2500; cut after=700; cut after=6000; pass").await;
}

#[wasm_bindgen_test]
async fn recovers_from_a_cut_greeting() {
    recover("cut after=60; cut after=350; pass").await;
}

#[wasm_bindgen_test]
async fn recovers_from_resets() {
    recover("reset after=2500; reset after=700; reset after=6000; pass").await;
}

#[wasm_bindgen_test]
async fn recovers_from_repeated_cuts() {
    recover("cut after=12000").await;
}

#[wasm_bindgen_test]
async fn recovers_with_chunks_of_one_byte() {
    recover("cut after=5000 split=1; split size=1").await;
}

#[wasm_bindgen_test]
async fn recovers_from_refusals() {
    recover("cut after=3000; refuse; status code=503; status code=500; html; pass").await;
}

#[wasm_bindgen_test]
async fn never_opens_two_streams_at_once() {
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
        "a line arrived after disconnect"
    );
    client.with_session(judge);
}
