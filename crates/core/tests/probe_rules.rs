//! What follows from the probe after a failed attempt: stop, or retry with a reason.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, ResponseHead, State, StopReason};
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);

/// Returns a page whose first attempt the server refused, and whose probe runs.
fn refused() -> Sim {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    sim
}

#[test]
fn stops_if_the_probe_finds_a_permanent_failure() {
    for (status, stop) in [
        (204, StopReason::NothingToStream(204)),
        (410, StopReason::NothingToStream(410)),
        (401, StopReason::NotAllowed(401)),
        (403, StopReason::NotAllowed(403)),
    ] {
        let mut sim = refused();
        sim.probed_status(status);
        sim.pass(3_600 * SECOND);
        assert_eq!(sim.state(), &State::Stopped(stop));
        assert_eq!(sim.opened().len(), 1);
        sim.input(Input::Connect);
        assert_eq!(sim.opened().len(), 2, "the user may try again");
    }
}

#[test]
fn retries_with_a_reason_if_the_probe_finds_a_temporary_failure() {
    let answer = |status, is_stream| ResponseHead::Answer { status, is_stream, retry_after: None };
    for (head, words) in [
        (answer(404, false), "404"),
        (answer(429, false), "too many viewers"),
        (answer(500, false), "answered 500"),
        (answer(503, false), "busy or restarting"),
        (answer(200, false), "web page instead of logs"),
        (ResponseHead::Redirect, "redirects"),
        (ResponseHead::Nothing, "cannot reach"),
    ] {
        let mut sim = refused();
        sim.probed(head);
        assert!(sim.status().reason.contains(words), "{words}: {:?}", sim.status());
        assert!(matches!(sim.state(), State::Waiting { .. }));
    }
}

#[test]
fn retry_after_is_a_lower_bound_and_keeps_the_attempt_count() {
    let mut sim = refused();
    sim.probed(ResponseHead::Answer {
        status: 503,
        is_stream: false,
        retry_after: Some(20 * SECOND),
    });
    sim.pass(Duration::from_millis(19_999));
    assert_eq!(sim.opened().len(), 1);
    sim.pass(Duration::from_millis(1_001));
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
}

#[test]
fn probes_never_run_beside_a_source_and_are_rate_limited() {
    let mut sim = refused();
    assert!(sim.probe().is_some());
    sim.input(Input::RetryNow);
    assert!(sim.probe().is_none(), "the attempt ends the probe");
    sim.refuse();
    assert!(sim.probe().is_none(), "probed again within 5 s");
    sim.pass(6 * SECOND);
    sim.refuse();
    assert!(sim.probe().is_some());
}

#[test]
fn a_short_delay_waits_for_the_probe() {
    // Regression: a page drew three short delays in a row and never found out that it was a 404.
    let mut sim = refused();
    sim.pass_to_timer();
    assert!(
        sim.probe().is_some() && matches!(sim.state(), State::Waiting { .. }),
        "{:?}",
        sim.state()
    );
    sim.probed_status(404);
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
    sim.refuse();
    assert!(
        sim.status().line().contains("no log stream at this address"),
        "the reason must stay until the next probe"
    );
}

#[test]
fn the_next_attempt_does_not_wait_forever_for_the_probe() {
    let mut sim = refused();
    sim.pass(2 * SECOND);
    assert!(sim.probe().is_none() && matches!(sim.state(), State::Connecting { attempt: 2 }));
}

#[test]
fn a_dropped_open_stream_is_not_probed() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert!(sim.probe().is_none());
}

#[test]
fn stops_if_a_content_security_policy_blocks_the_endpoint() {
    let mut sim = refused();
    sim.input(Input::Blocked("https://elsewhere.example/x".into()));
    assert!(
        matches!(sim.state(), State::Waiting { .. }),
        "the policy blocked another resource of the page"
    );
    sim.input(Input::Blocked("/api/dapadmin/l5-etl/sse/logs/stream".into()));
    assert_eq!(sim.state(), &State::Stopped(StopReason::Blocked));
}

#[test]
fn a_thousand_readers_do_not_reconnect_in_step() {
    // All receive the same response at the same moment.
    let mut times: Vec<f64> = (0..1_000)
        .map(|seed| {
            let mut sim = Sim::with(Config::default(), seed);
            sim.input(Input::Connect);
            sim.refuse();
            sim.probed(ResponseHead::Answer {
                status: 503,
                is_stream: false,
                retry_after: Some(2 * SECOND),
            });
            sim.pass_to_timer();
            sim.now().as_millis()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let busiest = times
        .iter()
        .map(|start| times.iter().filter(|time| (*start..*start + 100.0).contains(time)).count())
        .max();
    println!(
        "1000 readers reconnected between {:.0} and {:.0} ms, at most {busiest:?} within 100 ms",
        times[0], times[999]
    );
    assert!(times[0] >= 2_000.0 && times[999] - times[0] > 900.0);
    assert!(busiest < Some(160), "{busiest:?} of 1000 within 100 ms");
}

/// Returns a page whose second stream, too, ended before anything arrived on it.
fn ended_early_twice() -> Sim {
    let mut sim = Sim::connected();
    sim.drop_link();
    sim.pass_to_attempt();
    sim.accept();
    sim.drop_link();
    sim
}

#[test]
fn a_status_hidden_behind_200_is_read_from_the_body() {
    let body = |body| ResponseHead::read_body(body).expect("an error");
    let mut sim = ended_early_twice();
    sim.probed(body(r#"{"error":"not a member","status":403}"#));
    assert_eq!(sim.state(), &State::Stopped(StopReason::NotAllowed(403)));
    let mut sim = ended_early_twice();
    sim.probed(body(r#" {"error":"channels is missing"} "#));
    let reason = sim.status().reason;
    assert!(reason.contains("an error instead of a stream: channels is missing"), "{reason}");
    assert!(matches!(sim.state(), State::Waiting { .. }));
}

#[test]
fn a_body_that_is_no_error_says_nothing() {
    for body in ["", "data: {}\n\n", "{", r#"{"status":403}"#, r#"{"error":5}"#, "[]"] {
        assert_eq!(ResponseHead::read_body(body), None, "{body}");
    }
    let status = |status| ResponseHead::read_body(&format!(r#"{{"error":"x","status":{status}}}"#));
    for odd in ["200", "0", "65536", "1e3", "-403", "\"403\""] {
        assert_eq!(status(odd), Some(ResponseHead::Explained("x".into())), "{odd}");
    }
}
