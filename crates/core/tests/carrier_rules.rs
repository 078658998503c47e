//! A proxy that forwards only the ids: the optional parameters of a stream travel inside the
//! resource id, once the gateway has reported that they did not arrive.

mod support;

use logs_sse_core::connection::{Input, State, StopReason};
use support::sim::Sim;

const CHANNEL: &str = "logs:etl:workspace123:workflow456";
const DROPPED: &str = "the proxy does not forward the resume position and refused it in the id";

/// Returns the greeting of a gateway at `newest`, whose stream starts after `start`.
fn greeting(newest: u64, start: u64, received: &[&str]) -> String {
    let received: Vec<_> = received.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"aaaaaa","seqs":{{"{CHANNEL}":{{"oldest":1,"newest":{newest},"start":{start}}}}},"heartbeatMs":15000,"received":[{}]}}"#,
        received.join(",")
    )
}

fn log(seq: u64) -> String {
    format!(
        r#"{{"channel":"{CHANNEL}","data":"log {seq}","timestamp":1,"id":"log-{seq}","seq":{seq}}}"#
    )
}

/// Returns a page behind a proxy that drops the query, with the second stream open.
fn carried() -> Sim {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &[]));
    sim.accept();
    sim.line(&greeting(5, 5, &["last_event_id", "batch"]));
    sim
}

fn is_plain(sim: &Sim) -> bool {
    sim.url()
        .is_some_and(|url| !["%3A", "last_event_id", "batch"].iter().any(|part| url.contains(part)))
}

fn has(sim: &Sim, parameter: &str) -> bool {
    sim.url().is_some_and(|url| url.contains(parameter))
}

/// The server refuses every attempt with this status, until the page does not try again.
fn refuse_until_stopped(sim: &mut Sim, status: u16) {
    refuse_until(sim, status, |sim| matches!(sim.state(), State::Stopped(_)));
}

/// The server refuses every attempt with this status until `is_over`.
fn refuse_until(sim: &mut Sim, status: u16, is_over: fn(&Sim) -> bool) {
    for _ in 0..10 {
        if is_over(sim) {
            return;
        }
        sim.pass_to_attempt();
        sim.refuse();
        if sim.probe().is_some() {
            sim.probed_status(status);
        }
    }
    panic!("it is not over: {:?} {:?}", sim.state(), sim.url());
}

#[test]
fn parameters_that_arrive_stay_in_the_query() {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &["batch"]));
    assert_eq!(sim.opened().len(), 1);
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(has(&sim, "&last_event_id=1.aaaaaa.5") && has(&sim, "&batch=1"), "{:?}", sim.url());
}

#[test]
fn parameters_that_do_not_arrive_move_into_the_id_at_once() {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &[]));
    assert_eq!(sim.opened().len(), 2);
    assert!(has(&sim, "workflow456%3Abatch%3D1%3Alast_event_id%3D1.aaaaaa.5"), "{:?}", sim.url());
    assert!(!has(&sim, "&batch="), "{:?}", sim.url());
}

#[test]
fn a_stream_that_breaks_behind_such_a_proxy_loses_nothing() {
    let mut sim = carried();
    sim.line(&log(6));
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(has(&sim, "last_event_id%3D1.aaaaaa.6"), "{:?}", sim.url());
    sim.accept();
    sim.line(&greeting(7, 6, &["last_event_id", "batch"]));
    sim.line(&log(7));
    assert_eq!(sim.opened().len(), 3);
    assert_eq!((sim.session.counters().received, sim.session.counters().missing), (2, 0));
}

#[test]
fn a_proxy_that_refuses_the_carrier_gets_plain_ids_from_then_on() {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &[]));
    sim.refuse();
    sim.probed_status(400);
    assert!(is_plain(&sim), "{:?}", sim.url());
    sim.accept();
    sim.line(&greeting(8, 8, &[]));
    assert!(has(&sim, "last_event_id%3D1.aaaaaa.5"), "asks once more: {:?}", sim.url());
    refuse_until(&mut sim, 400, is_plain);
    sim.accept();
    sim.line(&greeting(8, 8, &[]));
    assert!(sim.rows()[0].contains(DROPPED), "{:?}", sim.rows());
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(is_plain(&sim), "{:?}", sim.url());
}

#[test]
fn a_refusal_that_plain_ids_meet_too_has_another_reason() {
    let mut sim = carried();
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.refuse();
    sim.probed_status(401);
    assert!(is_plain(&sim), "{:?}", sim.url());
    refuse_until_stopped(&mut sim, 401);
    sim.input(Input::Connect);
    assert!(has(&sim, "last_event_id%3D1.aaaaaa.5"), "{:?}", sim.url());
}

#[test]
fn a_refusal_hidden_behind_200_is_suspected_the_second_time() {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &[]));
    for _ in 0..2 {
        assert!(has(&sim, "%3Abatch"), "{:?}", sim.url());
        sim.accept();
        sim.drop_link();
        sim.pass_to_attempt();
    }
    assert!(is_plain(&sim), "{:?}", sim.url());
}

#[test]
fn a_gateway_that_restarts_behind_such_a_controller_gets_the_position_again() {
    let mut sim = carried();
    sim.line(&log(6));
    sim.drop_link();
    for _ in 0..2 {
        sim.pass_to_attempt();
        sim.accept();
        sim.drop_link();
    }
    sim.pass_to_attempt();
    assert!(is_plain(&sim), "{:?}", sim.url());
    sim.accept();
    sim.line(&greeting(9, 9, &[]));
    assert!(has(&sim, "last_event_id%3D1.aaaaaa.6"), "{:?}", sim.url());
    sim.accept();
    sim.line(&greeting(9, 6, &["last_event_id", "batch"]));
    (7..=9).for_each(|seq| sim.line(&log(seq)));
    assert_eq!((sim.session.counters().received, sim.session.counters().missing), (4, 0));
    sim.drop_link();
    sim.pass_to_attempt();
    assert!(has(&sim, "last_event_id%3D1.aaaaaa.9"), "{:?}", sim.url());
}

#[test]
fn replacing_the_first_stream_is_not_an_interruption() {
    assert_eq!(carried().rows(), [""; 0]);
}

#[test]
fn an_unreachable_server_does_not_put_the_carrier_in_doubt() {
    let mut sim = carried();
    sim.drop_link();
    for _ in 0..4 {
        sim.pass_to_attempt();
        assert!(has(&sim, "last_event_id%3D"), "{:?}", sim.url());
        sim.drop_link();
    }
}

#[test]
fn an_older_gateway_never_gets_the_carrier() {
    let old = format!(
        r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"bbbbbb","seqs":{{"{CHANNEL}":{{"oldest":1,"newest":9}}}},"heartbeatMs":15000}}"#
    );
    let mut sim = Sim::connected();
    sim.line(&old);
    assert_eq!(sim.opened().len(), 1);
    let mut sim = carried();
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.accept();
    sim.line(&old);
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(has(&sim, "&last_event_id=") && !has(&sim, "%3A"), "{:?}", sim.url());
}

#[test]
fn a_tail_is_requested_once_and_only_by_a_channel_without_a_position() {
    let mut sim = Sim::new();
    sim.session.set_tail(1_000);
    sim.input(Input::Connect);
    assert!(has(&sim, "&tail=1000"), "{:?}", sim.url());
    sim.accept();
    sim.line(&greeting(9, 7, &["tail", "batch"]));
    sim.line(&log(8));
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(!has(&sim, "tail") && has(&sim, "last_event_id=1.aaaaaa.8"), "{:?}", sim.url());
    sim.choose("workflow789");
    assert!(has(&sim, "&tail=1000") && !has(&sim, "last_event_id"), "{:?}", sim.url());
}

#[test]
fn a_refusal_that_would_stop_the_page_is_first_tried_without_parameters() {
    let mut sim = Sim::connected();
    sim.line(&greeting(5, 5, &[]));
    sim.refuse();
    sim.probed_status(403);
    assert!(is_plain(&sim), "{:?}", sim.url());
    refuse_until_stopped(&mut sim, 403);
    assert_eq!(*sim.state(), State::Stopped(StopReason::NotAllowed(403)));
}
