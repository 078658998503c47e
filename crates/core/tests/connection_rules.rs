//! Rules of the connection: what it opens, closes and schedules, in simulated time.

mod support;

use std::time::Duration;

use logs_sse_core::connection::{
    Config, Input, Page, ResponseHead, State, StopReason, TimerReason,
};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::status::Badge;
use logs_sse_core::words::Words;
use support::sim::Sim;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn stays_idle_until_connect() {
    let mut sim = Sim::new();
    sim.pass(60 * SECOND);
    assert_eq!(sim.state(), &State::Idle);
    assert_eq!(sim.opened().len(), 0);
}

#[test]
fn opens_the_proxy_route_of_the_workflow() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    assert_eq!(
        sim.url(),
        Some(
            "/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=workspace123&workflow_id=workflow456&batch=1"
        )
    );
}

#[test]
fn a_second_click_opens_no_second_source() {
    let mut sim = Sim::connected();
    sim.input(Input::Connect);
    sim.input(Input::RetryNow);
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn closes_the_source_on_error_and_schedules_the_retry_itself() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert_eq!(sim.url(), None);
    assert_eq!(sim.timer().map(|timer| timer.reason), Some(TimerReason::Retry));
    assert!(matches!(sim.state(), State::Waiting { attempt: 2, .. }));
}

#[test]
fn reconnects_by_itself() {
    let mut sim = Sim::connected();
    sim.drop_link();
    sim.pass(SECOND);
    sim.accept();
    assert_eq!(sim.status().badge, Badge::Connected);
}

#[test]
fn never_gives_up_by_default() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    for _ in 0..1_000 {
        sim.drop_link();
        sim.pass_to_attempt();
    }
    assert!(matches!(sim.state(), State::Connecting { attempt: 1_001 }));
}

#[test]
fn gives_up_after_the_configured_number_of_attempts() {
    let mut sim = Sim::with(Config { max_attempts: Some(3), ..Config::default() }, 1);
    sim.input(Input::Connect);
    sim.drop_link();
    sim.pass_to_attempt();
    sim.drop_link();
    sim.pass_to_attempt();
    sim.drop_link();
    assert_eq!(sim.state(), &State::Stopped(StopReason::GaveUp { attempts: 3 }));
    sim.input(Input::Connect);
    assert_eq!(sim.state(), &State::Connecting { attempt: 1 });
}

#[test]
fn a_source_without_a_response_is_closed_after_fifteen_seconds() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.pass(Duration::from_millis(14_999));
    assert!(matches!(sim.state(), State::Connecting { .. }));
    sim.pass(Duration::from_millis(1));
    assert!(sim.status().reason.contains("did not answer within 15 s"), "{:?}", sim.status());
}

#[test]
fn an_open_stream_without_heartbeats_may_be_silent_for_hours() {
    let mut sim = Sim::connected();
    sim.pass(10_000 * SECOND);
    assert_eq!(sim.status().badge, Badge::Connected);
}

#[test]
fn a_timer_that_fires_early_is_set_again() {
    let mut sim = Sim::connected();
    sim.drop_link();
    let due = sim.timer();
    sim.fire_timer();
    assert_eq!(sim.timer(), due);
    assert_eq!(sim.url(), None);
}

#[test]
fn retry_now_does_not_wait() {
    let mut sim = Sim::connected();
    sim.drop_link();
    sim.input(Input::RetryNow);
    assert!(matches!(sim.state(), State::Connecting { attempt: 2 }));
    sim.accept();
    sim.pass(60 * SECOND);
    assert_eq!(sim.opened().len(), 2, "the scheduled retry was not cancelled");
}

#[test]
fn retries_slowly_while_the_browser_reports_no_network() {
    let mut sim = Sim::connected();
    sim.drop_link();
    sim.input(Input::Network(false));
    assert_eq!(sim.state(), &State::Offline);
    for _ in 0..20 {
        let waiting_since = sim.now();
        sim.pass_to_attempt();
        assert!(
            (15..=30).contains(&(sim.now() - waiting_since).as_secs()),
            "{:?}",
            sim.now() - waiting_since
        );
        sim.drop_link();
    }
}

#[test]
fn retries_at_once_when_the_network_is_back() {
    let mut sim = Sim::connected();
    sim.input(Input::Network(false));
    sim.drop_link();
    sim.pass(SECOND);
    sim.input(Input::Network(true));
    assert_eq!(sim.opened()[1].at, sim.now());
}

#[test]
fn a_flapping_network_does_not_shorten_the_wait_that_the_server_asked_for() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    sim.probed(ResponseHead::Answer {
        status: 503,
        is_stream: false,
        retry_after: Some(60 * SECOND),
    });
    for online in [true, false, true, false, true] {
        sim.input(Input::Network(online));
        sim.pass(SECOND);
    }
    assert!(matches!(sim.state(), State::Waiting { .. }), "{:?}", sim.state());
    sim.pass(54 * SECOND);
    assert_eq!(sim.opened().len(), 1);
    sim.pass_to_attempt();
    assert_eq!(sim.opened().len(), 2);
}

#[test]
fn attempts_without_a_network_do_not_count_toward_giving_up() {
    let mut sim = Sim::with(Config { max_attempts: Some(3), ..Config::default() }, 1);
    sim.input(Input::Network(false));
    sim.input(Input::Connect);
    for _ in 0..20 {
        sim.drop_link();
        sim.pass_to_attempt();
    }
    sim.accept();
    assert_eq!(sim.status().badge, Badge::Connected);
}

#[test]
fn going_offline_does_not_end_an_attempt() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.input(Input::Network(false));
    sim.accept();
    assert_eq!(sim.status().badge, Badge::Connected);
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn a_stream_that_opens_while_offline_overrules_the_report() {
    let mut sim = Sim::new();
    sim.input(Input::Network(false));
    sim.input(Input::Connect);
    sim.accept();
    sim.drop_link();
    assert!(matches!(sim.state(), State::Waiting { attempt: 2, .. }), "{:?}", sim.state());
}

#[test]
fn announces_retrying_only_between_attempts() {
    let mut sim = Sim::connected();
    sim.drop_link();
    assert!(
        sim.status().announcement(&Words::ENGLISH).starts_with("ERROR: reconnecting: "),
        "{:?}",
        sim.status().announcement(&Words::ENGLISH)
    );
    sim.input(Input::Network(false));
    assert_eq!(
        sim.status().announcement(&Words::ENGLISH),
        "OFFLINE: the browser reports no network: the connection was lost before anything arrived"
    );
    sim.input(Input::Network(true));
    assert!(
        sim.status().announcement(&Words::ENGLISH).starts_with("CONNECTING"),
        "{:?}",
        sim.status().announcement(&Words::ENGLISH)
    );
    sim.input(Input::Page(Page::Frozen));
    assert_eq!(
        sim.status().announcement(&Words::ENGLISH),
        "PAUSED: paused while this tab is hidden"
    );
}

#[test]
fn connects_on_request_even_offline() {
    let mut sim = Sim::new();
    sim.input(Input::Network(false));
    sim.input(Input::Connect);
    sim.accept();
    assert_eq!(sim.status().badge, Badge::Connected);
}

#[test]
fn disconnect_is_final_in_any_state() {
    let states: [fn(&mut Sim); 5] = [
        |_| {},
        |sim| sim.accept(),
        |sim| sim.drop_link(),
        |sim| sim.input(Input::Network(false)),
        |sim| sim.choose(""),
    ];
    for enter in states {
        let mut sim = Sim::new();
        sim.input(Input::Connect);
        enter(&mut sim);
        sim.input(Input::Disconnect);
        let opened = sim.opened().len();
        sim.input(Input::Network(true));
        sim.fire_timer();
        sim.pass(3_600 * SECOND);
        assert_eq!(sim.state(), &State::Idle);
        assert_eq!(sim.url(), None);
        assert_eq!(sim.opened().len(), opened);
    }
}

#[test]
fn events_of_a_closed_source_are_ignored() {
    let mut sim = Sim::connected();
    let old = sim.source();
    sim.drop_link();
    sim.input(Input::RetryNow);
    sim.event(old, SourceEvent::Opened);
    sim.event(old, SourceEvent::Message { event: "message", id: "", data: "late" });
    sim.event(old, SourceEvent::Failed { refused: true });
    assert!(matches!(sim.state(), State::Connecting { .. }));
    assert!(sim.messages().is_empty());
}

#[test]
fn switching_the_workflow_closes_the_old_stream_and_starts_an_empty_log() {
    let mut sim = Sim::connected();
    let old = sim.source();
    sim.line("old");
    sim.choose("workflow789");
    sim.event(old, SourceEvent::Message { event: "message", id: "", data: "stray" });
    assert!(sim.url().is_some_and(|url| url.ends_with("workflow_id=workflow789&batch=1")));
    assert!(sim.messages().is_empty());
}

#[test]
fn switching_the_workflow_does_not_connect_by_itself() {
    let mut sim = Sim::new();
    sim.choose("workflow789");
    assert_eq!(sim.opened().len(), 0);
}

#[test]
fn setting_the_same_target_again_changes_nothing() {
    let mut sim = Sim::connected();
    sim.line("kept");
    sim.choose("workflow456");
    assert_eq!(sim.opened().len(), 1);
    assert_eq!(sim.messages(), ["kept"]);
}

#[test]
fn waits_for_a_workflow_to_be_chosen() {
    let mut sim = Sim::new();
    sim.choose("");
    sim.input(Input::Connect);
    assert_eq!(sim.status().line(), "ERROR: no workflow is selected");
    sim.choose("workflow456");
    assert!(matches!(sim.state(), State::Connecting { attempt: 1 }));
}

#[test]
fn stops_when_the_gateway_does_not_grant_the_channel() {
    let mut sim = Sim::connected();
    sim.line(r#"{"type":"connection","status":"connected","channels":[]}"#);
    sim.pass(3_600 * SECOND);
    assert_eq!(
        sim.state(),
        &State::Stopped(StopReason::NotGranted("logs:etl:workspace123:workflow456".into()))
    );
    assert_eq!(sim.url(), None);
    assert_eq!(sim.opened().len(), 1);
}

#[test]
fn a_greeting_is_not_shown_as_a_line() {
    let mut sim = Sim::connected();
    sim.line(r#"{"type":"connection","status":"connected","channels":["logs:etl:workspace123:workflow456"]}"#);
    assert_eq!(sim.status().badge, Badge::Connected);
    assert_eq!(sim.messages().len(), 0);
}

#[test]
fn every_line_of_a_burst_is_kept() {
    let mut sim = Sim::connected();
    for number in 0..5_000 {
        sim.line(&number.to_string());
    }
    assert_eq!(sim.messages(), (0..5_000).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn lines_survive_a_reconnect() {
    let mut sim = Sim::connected();
    sim.line("before");
    sim.drop_link();
    sim.pass(SECOND);
    sim.accept();
    sim.line("after");
    assert_eq!(sim.messages(), ["before", "after"]);
}

#[test]
fn explains_in_plain_words_why_it_is_not_connected() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.refuse();
    assert!(sim.status().reason.contains("refused the stream"));
    sim.input(Input::RetryNow);
    sim.drop_link();
    assert!(sim.status().reason.contains("cannot reach"));
    sim.input(Input::RetryNow);
    sim.accept();
    assert_eq!(sim.status().reason, "");
    sim.drop_link();
    assert!(sim.status().reason.contains("was lost"));
}

#[test]
fn a_source_that_the_browser_cannot_open_is_retried() {
    let mut sim = Sim::new();
    sim.input(Input::Connect);
    sim.event(sim.source(), SourceEvent::NotOpened("bad URL".into()));
    assert!(sim.status().reason.ends_with("bad URL"));
    assert!(matches!(sim.state(), State::Waiting { .. }));
}

#[test]
fn reports_the_states_in_order() {
    let mut sim = Sim::connected();
    sim.drop_link();
    sim.pass(SECOND);
    sim.accept();
    sim.input(Input::Disconnect);
    let names: Vec<_> = sim
        .states()
        .iter()
        .map(|state| format!("{state:?}").split([' ', '{']).next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, ["Connecting", "Open", "Waiting", "Connecting", "Open", "Idle"]);
}
