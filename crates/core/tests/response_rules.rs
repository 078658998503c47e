//! What follows from a response head that the source itself saw, as the `fetch` transport does: no
//! probe is needed.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Input, ResponseHead, State, StopReason};
use logs_sse_core::session::SourceEvent;
use support::sim::Sim;

/// Returns a page whose source received this response head.
fn responded(head: ResponseHead) -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.event(sim.source(), SourceEvent::Answered(head));
    sim
}

#[test]
fn a_response_head_seen_by_the_source_needs_no_probe() {
    let head = |status, kind| ResponseHead::read(status, kind, "");
    assert!(matches!(responded(head(200, "text/event-stream")).state(), State::Open { .. }));
    assert_eq!(responded(head(403, "")).state(), &State::Stopped(StopReason::NotAllowed(403)));
    assert_eq!(responded(head(204, "")).state(), &State::Stopped(StopReason::NothingToStream(204)));
    for (response, words) in [
        (head(404, ""), "404"),
        (head(200, "text/html"), "web page"),
        (ResponseHead::Redirect, "redirects"),
        (ResponseHead::Nothing, "cannot reach"),
    ] {
        let sim = responded(response);
        assert!(sim.status().reason.contains(words), "{words}: {:?}", sim.status());
        assert!(
            matches!(sim.state(), State::Waiting { .. })
                && sim.probe().is_none()
                && sim.url().is_none()
        );
    }
}

#[test]
fn retry_after_seen_by_the_source_delays_the_next_attempt() {
    let mut sim = responded(ResponseHead::read(503, "", " 20 "));
    sim.pass(Duration::from_millis(19_999));
    assert_eq!(sim.opened().len(), 1);
    sim.pass(Duration::from_millis(1_001));
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
}
