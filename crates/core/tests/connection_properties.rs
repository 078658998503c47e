//! The connection under any order of clicks, errors, timers and switches. [`Sim`] itself refuses a
//! second open source.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, State, TimerReason};
use logs_sse_core::session::SourceEvent;
use proptest::prelude::*;
use support::sim::{Opened, Sim};

/// Something that a person, the network, a timer or a late callback may do at any moment.
#[derive(Clone, Debug)]
enum Step {
    Connect,
    Disconnect,
    RetryNow,
    Choose(&'static str),
    Network(bool),
    Pass(u64),
    Sleep(u64),
    Ring,
    /// The `n`th source that was ever opened says something, be it open or long closed.
    Says(usize, Word),
}

#[derive(Clone, Debug)]
enum Word {
    Opened,
    Line,
    Greeting(bool),
    Failed(bool),
    NotOpened,
}

fn step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        4 => Just(Word::Opened),
        4 => Just(Word::Line),
        1 => any::<bool>().prop_map(Word::Greeting),
        3 => any::<bool>().prop_map(Word::Failed),
        1 => Just(Word::NotOpened),
    ];
    prop_oneof![
        3 => Just(Step::Connect),
        1 => Just(Step::Disconnect),
        2 => Just(Step::RetryNow),
        2 => prop_oneof![Just("workflow456"), Just("workflow789"), Just(""), Just("a:b")].prop_map(Step::Choose),
        2 => any::<bool>().prop_map(Step::Network),
        4 => (0_u64..40_000).prop_map(Step::Pass),
        1 => (0_u64..400_000).prop_map(Step::Sleep),
        2 => Just(Step::Ring),
        9 => (0_usize..6, word).prop_map(|(back, word)| Step::Says(back, word)),
    ]
}

fn take(sim: &mut Sim, step: &Step) {
    match step {
        Step::Connect => sim.input(Input::Connect),
        Step::Disconnect => sim.input(Input::Disconnect),
        Step::RetryNow => sim.input(Input::RetryNow),
        Step::Choose(workflow) => sim.choose(workflow),
        Step::Network(online) => sim.input(Input::Network(*online)),
        Step::Pass(millis) => sim.pass(Duration::from_millis(*millis)),
        Step::Sleep(millis) => sim.sleep(Duration::from_millis(*millis)),
        Step::Ring => sim.ring(),
        Step::Says(back, word) => {
            let Some(opened) = sim.opened().iter().rev().nth(*back).cloned() else { return };
            say(sim, &opened, word);
        }
    }
}

/// A line says which URL its source was opened for, so that a stray one is known.
fn say(sim: &mut Sim, opened: &Opened, word: &Word) {
    let granted = r#"{"type":"connection","status":"connected","channels":["logs:etl:workspace123:workflow456","logs:etl:workspace123:workflow789"]}"#;
    let refused = r#"{"type":"connection","status":"connected","channels":[]}"#;
    let message = |data| SourceEvent::Message { event: "message", id: "", data };
    sim.event(
        opened.source,
        match word {
            Word::Opened => SourceEvent::Opened,
            Word::Line => message(&*opened.url),
            Word::Greeting(true) => message(granted),
            Word::Greeting(false) => message(refused),
            Word::Failed(refused) => SourceEvent::Failed { refused: *refused },
            Word::NotOpened => SourceEvent::NotOpened("no".into()),
        },
    );
}

/// A state, and what must be open and awaited in it.
fn check(sim: &Sim) {
    let reason = sim.alarm().map(|alarm| alarm.reason);
    match sim.state() {
        State::Idle | State::Paused | State::Stopped(_) => {
            assert_eq!((sim.url(), reason), (None, None), "{:?}", sim.state())
        }
        State::Offline => assert_eq!((sim.url(), reason), (None, Some(TimerReason::Retry))),
        State::Connecting { .. } => {
            assert!(sim.url().is_some() && reason == Some(TimerReason::ConnectTimeout))
        }
        State::Open { .. } => assert!(
            sim.url().is_some() && reason.is_none_or(|reason| reason == TimerReason::Silence)
        ),
        State::Waiting { until, .. } => {
            assert!(sim.url().is_none() && reason == Some(TimerReason::Retry));
            // The cap, and the longest wait that a server may ask for, twice: in a goodbye and then
            // in Retry-After.
            assert!(
                *until - sim.now() <= Config::default().backoff.cap + 2 * Duration::from_secs(600)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_source_at_most_and_always_a_next_step(seed: u64, steps in prop::collection::vec(step(), 0..60)) {
        let mut sim = Sim::with(Config::default(), seed);
        for step in &steps {
            take(&mut sim, step);
            check(&sim);
        }
        // Whatever happened: once the network and the server are well, a click and a minute connect.
        sim.choose("workflow456");
        sim.input(Input::Network(true));
        sim.input(Input::Connect);
        sim.pass(Duration::from_secs(60));
        if !matches!(sim.state(), State::Open { .. }) {
            sim.input(Input::RetryNow);
            sim.answer();
        }
        prop_assert!(matches!(sim.state(), State::Open { .. }), "{:?}", sim.state());
    }

    #[test]
    fn no_line_of_another_workflow(seed: u64, steps in prop::collection::vec(step(), 0..60)) {
        let mut sim = Sim::with(Config::default(), seed);
        let mut chosen = "workflow456";
        for step in &steps {
            if let Step::Choose(workflow) = step {
                chosen = workflow;
            }
            take(&mut sim, step);
            for message in sim.messages() {
                prop_assert!(message.ends_with(&format!("workflow_id={chosen}&batch=1")), "{message} while {chosen:?} is chosen");
            }
        }
    }
}
