//! The rules of sequence numbers: what is new, repeated or missing.

use super::*;
use logs_sse_wire::protocol::Held;

const CHANNEL: &str = "logs:etl:a:b";

fn hello(epoch: &str, oldest: u64, newest: u64) -> Hello {
    Hello {
        epoch: epoch.parse().ok(),
        held: vec![(CHANNEL.to_owned(), Held { oldest, newest, start: None })],
        ..Hello::default()
    }
}

fn at(seq: u64) -> Progress {
    let mut progress = Progress::new(vec![CHANNEL.into()]);
    progress.greeted(&hello("aaaaaa", 1, seq));
    progress
}

fn line(progress: &mut Progress, seq: u64) -> LineOrder {
    progress.line_arrived(Some(CHANNEL), Some(seq), "", "")
}

fn lost(lost: u64) -> Missing {
    Missing { unresumed: 0, lost }
}

fn heartbeat(sent: u64) -> Heartbeat {
    Heartbeat { sent: vec![(CHANNEL.to_owned(), sent)], server_time: None }
}

fn beat(progress: &mut Progress, sent: u64) -> Missing {
    match &progress.heartbeat_arrived(&heartbeat(sent))[..] {
        [] => Missing::default(),
        [(channel, missing)] if channel == CHANNEL => *missing,
        other => panic!("{other:?}"),
    }
}

fn gap(to: Option<u64>) -> Gap {
    Gap { channel: CHANNEL.into(), from: to.map(|_| 6), to, reason: GapReason::Evicted }
}

#[test]
fn a_first_stream_starts_live() {
    let mut progress = at(70);
    assert_eq!(line(&mut progress, 71), LineOrder::New);
    assert_eq!(progress.cursor().map(|cursor| cursor.to_string()).as_deref(), Some("1.aaaaaa.1z"));
}

#[test]
fn detects_missing_and_duplicate_lines() {
    let mut progress = at(5);
    assert_eq!(line(&mut progress, 9), LineOrder::After(lost(3)));
    assert_eq!(
        [line(&mut progress, 9), line(&mut progress, 7), line(&mut progress, 10)],
        [LineOrder::Duplicate, LineOrder::Duplicate, LineOrder::New]
    );
}

#[test]
fn a_greeting_announces_what_will_be_replayed() {
    let mut progress = at(5);
    assert_eq!(
        progress.greeted(&hello("aaaaaa", 1, 12)),
        Resumption { to_replay: 7, ..Resumption::default() }
    );
    assert_eq!(line(&mut progress, 6), LineOrder::New);
}

#[test]
fn another_epoch_replays_its_whole_history() {
    let mut progress = at(500);
    assert_eq!(
        progress.greeted(&hello("bbbbbb", 1, 3)),
        Resumption {
            to_replay: 3,
            unknown_gap: Some(GapReason::Restarted),
            ..Resumption::default()
        }
    );
    assert_eq!(line(&mut progress, 1), LineOrder::New);
}

#[test]
fn follows_a_gateway_whose_numbers_went_back() {
    let mut progress = at(500);
    assert_eq!(
        progress.greeted(&hello("aaaaaa", 1, 300)),
        Resumption { unknown_gap: Some(GapReason::Unknown), ..Resumption::default() }
    );
    assert_eq!(line(&mut progress, 301), LineOrder::New);
}

#[test]
fn a_gap_counts_once() {
    let mut progress = at(5);
    assert_eq!(progress.gap_reported(&gap(Some(8))), Some(lost(3)));
    assert_eq!(progress.gap_reported(&gap(Some(8))), Some(lost(0)));
    assert_eq!(line(&mut progress, 9), LineOrder::New);
    assert_eq!(progress.gap_reported(&gap(None)), None);
}

#[test]
fn a_heartbeat_shows_a_loss_on_an_idle_stream() {
    let mut progress = at(5);
    assert_eq!([5, 7, 7].map(|sent| beat(&mut progress, sent)), [lost(0), lost(2), lost(0)]);
}

/// Returns the progress of a stream that was asked to resume after 5 and greets with 12 as the
/// newest.
fn behind() -> Progress {
    let mut progress = at(5);
    progress.greeted(&hello("aaaaaa", 1, 12));
    progress
}

#[test]
fn a_stream_that_skips_its_whole_replay_did_not_resume() {
    assert_eq!(line(&mut behind(), 13), LineOrder::After(Missing { unresumed: 7, lost: 0 }));
    assert_eq!(line(&mut behind(), 15), LineOrder::After(Missing { unresumed: 7, lost: 2 }));
    assert_eq!(beat(&mut behind(), 12), Missing { unresumed: 7, lost: 0 });
    let slow = Gap { reason: GapReason::Slow, from: Some(13), ..gap(Some(20)) };
    assert_eq!(behind().gap_reported(&slow), Some(Missing { unresumed: 7, lost: 8 }));
}

#[test]
fn a_stream_that_sends_or_reports_part_of_its_replay_did_resume() {
    let resumed: [fn(&mut Progress); 5] = [
        |progress| {
            assert_eq!(
                progress.gap_reported(&Gap { reason: GapReason::Slow, ..gap(Some(7)) }),
                Some(lost(2))
            );
        },
        |progress| assert_eq!(line(progress, 7), LineOrder::After(lost(1))),
        |progress| assert_eq!(progress.gap_reported(&gap(Some(7))), Some(lost(2))),
        |progress| assert_eq!(progress.gap_reported(&gap(None)), None),
        |progress| assert_eq!(beat(progress, 7), lost(2)),
    ];
    for resume in resumed {
        let mut progress = behind();
        resume(&mut progress);
        assert!(matches!(line(&mut progress, 13), LineOrder::After(Missing { unresumed: 0, .. })));
    }
}

#[test]
fn a_restarted_gateway_that_sends_none_of_its_history_was_not_asked_to_resume() {
    let mut progress = at(500);
    progress.greeted(&hello("bbbbbb", 1, 3));
    assert_eq!(beat(&mut progress, 3), Missing { unresumed: 3, lost: 0 });
}

#[test]
fn without_numbers_id_and_text_identify_a_duplicate() {
    let mut progress = Progress::new(vec![CHANNEL.into()]);
    let mut arrive = |id: &str, text: &str| progress.line_arrived(None, None, id, text);
    assert_eq!(
        [arrive("1", "a"), arrive("1", "a"), arrive("1", "b"), arrive("", "c"), arrive("", "c")],
        [LineOrder::New, LineOrder::Duplicate, LineOrder::New, LineOrder::New, LineOrder::New]
    );
    assert_eq!(progress.cursor(), None);
}

#[test]
fn remembers_a_bounded_number_of_lines() {
    let mut recent = Recent::default();
    for number in 0..RECENT + 10 {
        assert!(!recent.is_repeat(&number.to_string(), ""));
    }
    assert_eq!(recent.0.len(), RECENT);
}

/// A greeting of a gateway that says where the stream starts, and which parameters it received.
fn explicit(epoch: &str, newest: u64, start: u64, received: &[&str]) -> Hello {
    Hello {
        held: vec![(CHANNEL.to_owned(), Held { oldest: 1, newest, start: Some(start) })],
        received: Some(received.iter().map(ToString::to_string).collect()),
        ..hello(epoch, 1, newest)
    }
}

#[test]
fn a_first_stream_starts_where_the_gateway_says() {
    let mut progress = Progress::new(vec![CHANNEL.into()]);
    let resumption = progress.greeted(&explicit("aaaaaa", 70, 60, &["tail"]));
    assert_eq!(resumption, Resumption { to_replay: 10, ..Resumption::default() });
    assert_eq!(line(&mut progress, 61), LineOrder::New);
}

#[test]
fn counts_what_is_not_replayed_at_once_if_the_gateway_says_so() {
    let mut progress = at(5);
    let resumption = progress.greeted(&explicit("aaaaaa", 12, 12, &[]));
    assert_eq!(
        resumption,
        Resumption { unresumed: vec![(CHANNEL.into(), 7)], ..Resumption::default() }
    );
    assert_eq!(line(&mut progress, 13), LineOrder::New);
}

#[test]
fn a_gap_after_a_received_position_is_not_a_dropped_one() {
    let mut progress = at(5);
    let resumption = progress.greeted(&explicit("aaaaaa", 12, 5, &["last_event_id"]));
    assert_eq!(resumption, Resumption { to_replay: 7, ..Resumption::default() });
    assert_eq!(beat(&mut progress, 12), lost(7));
}

#[test]
fn a_stream_that_is_replaced_keeps_the_position_of_its_greeting() {
    let mut progress = Progress::new(vec![CHANNEL.into()]);
    progress.replaced(&explicit("aaaaaa", 12, 12, &[]));
    assert_eq!(progress.cursor().map(|cursor| cursor.to_string()).as_deref(), Some("1.aaaaaa.c"));
    progress.replaced(&explicit("aaaaaa", 20, 20, &[]));
    assert_eq!(progress.cursor().map(|cursor| cursor.to_string()).as_deref(), Some("1.aaaaaa.c"));
    progress.replaced(&explicit("bbbbbb", 20, 20, &[]));
    assert_eq!(progress.cursor().map(|cursor| cursor.to_string()).as_deref(), Some("1.aaaaaa.c"));
}
