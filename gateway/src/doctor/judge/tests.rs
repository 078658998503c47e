//! Tests of judgements on observations that no test can cause, such as a wrong clock.

use super::*;
use crate::doctor::finding::Status;

fn greeted(server: i64, local: u64, took: Duration) -> Greeted {
    let hello = Hello { server_time: Some(server), ..Hello::default() };
    Greeted {
        first: First::Hello(Box::new(hello)),
        user: None,
        head_after: took,
        after: took,
        local,
    }
}

#[test]
fn a_clock_is_wrong_only_beyond_what_the_request_took() {
    let status =
        |server, took| clock(&greeted(server, 100_000, Duration::from_millis(took))).status;
    assert_eq!(status(100_000, 10), Status::Good);
    assert_eq!(status(100_900, 10), Status::Good);
    assert_eq!(status(101_100, 10), Status::Problem);
    assert_eq!(status(98_900, 10), Status::Problem);
    // The gateway may have read its clock early in a slow request.
    assert_eq!(status(98_900, 500), Status::Good);
    let found = clock(&greeted(160_000, 100_000, Duration::ZERO)).found;
    assert_eq!(found, "the gateway's clock is 60.0 s ahead of this machine's");
}

#[test]
fn a_stream_that_is_cut_is_told_from_one_that_ends_in_order() {
    let heartbeat = Some(Duration::from_secs(1));
    let watch = Duration::from_secs(10);
    let cut = |has_bye| Watched {
        pieces: 1,
        has_bye,
        cut: Some((Duration::from_secs(5), Duration::from_secs(4), Ended::Closed)),
        ..Watched::default()
    };
    let found = cuts(Some(cut(false)), heartbeat, watch);
    assert_eq!((found.status, found.remedy), (Status::Problem, Some(Remedy::Timeout)));
    assert!(found.found.contains("5.0 s, 4.0 s after the last byte"), "{found:?}");
    assert_eq!(cuts(Some(cut(true)), heartbeat, watch).status, Status::Good);
}

#[test]
fn a_watch_shorter_than_a_heartbeat_is_no_proof() {
    let found = cuts(Some(Watched::default()), Some(Duration::from_secs(15)), HELD);
    assert_eq!(found.status, Status::Unknown);
    assert!(found.found.contains("every 15.0 s"), "{found:?}");
}

#[test]
fn heartbeats_that_never_arrive_are_held_back() {
    let silent = Watched { pieces: 1, ..Watched::default() };
    let found = cuts(Some(silent), Some(Duration::from_secs(2)), Duration::from_secs(9));
    assert_eq!((found.status, found.remedy), (Status::Problem, Some(Remedy::Buffering)));
}
