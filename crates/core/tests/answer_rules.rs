//! What follows from the head of an answer that the source itself saw, as with the transport
//! `fetch`: no probe is needed.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Input, ResponseHead, State, StopReason};
use logs_sse_core::session::SourceEvent;
use support::sim::Sim;

/// A page whose source saw this head of its answer.
fn answered(finding: ResponseHead) -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.event(sim.source(), SourceEvent::Answered(finding));
    sim
}

#[test]
fn an_answer_that_the_source_saw_needs_no_probe() {
    let answer = |status, kind| ResponseHead::read(status, kind, "");
    assert!(matches!(answered(answer(200, "text/event-stream")).state(), State::Open { .. }));
    assert_eq!(answered(answer(403, "")).state(), &State::Stopped(StopReason::NotAllowed(403)));
    assert_eq!(
        answered(answer(204, "")).state(),
        &State::Stopped(StopReason::NothingToStream(204))
    );
    for (finding, words) in [
        (answer(404, ""), "404"),
        (answer(200, "text/html"), "web page"),
        (ResponseHead::Redirect, "redirects"),
        (ResponseHead::Nothing, "cannot be reached"),
    ] {
        let sim = answered(finding);
        assert!(sim.status().reason.contains(words), "{words}: {:?}", sim.status());
        assert!(
            matches!(sim.state(), State::Waiting { .. })
                && sim.probe().is_none()
                && sim.url().is_none()
        );
    }
}

#[test]
fn an_answer_that_the_source_saw_says_when_to_come_back() {
    let mut sim = answered(ResponseHead::read(503, "", " 20 "));
    sim.pass(Duration::from_millis(19_999));
    assert_eq!(sim.opened().len(), 1);
    sim.pass(Duration::from_millis(1_001));
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
}
