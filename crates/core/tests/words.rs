//! Every word that the viewer shows, in one file to read: `words.txt`.
//!
//! A change of a word changes that file, so that a review sees it. `UPDATE_WORDS=1` writes it again.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use logs_sse_core::connection::{Config, Failure, State, StopReason};
use logs_sse_core::find::{Find, Query};
use logs_sse_core::notice::Notice;
use logs_sse_core::pins::Outcome;
use logs_sse_core::session::Session;
use logs_sse_core::status::{Badge, MainAction};
use logs_sse_core::store::{Capacity, Store};
use logs_sse_core::stream_stats::StreamStats;
use logs_sse_core::summary;
use logs_sse_core::time::Instant;
use logs_sse_core::viewport::Order;
use logs_sse_core::words::{Word, Words};
use logs_sse_wire::message::Raw;
use logs_sse_wire::protocol::{ByeReason, GapReason};
use logs_sse_wire::unread::Unread;

#[test]
fn every_word_is_in_the_list() {
    let words = words();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words.txt");
    if std::env::var_os("UPDATE_WORDS").is_some() {
        fs::write(&path, &words).expect("words.txt is writable");
    }
    let listed = fs::read_to_string(&path).unwrap_or_default();
    let mut pairs = words.lines().zip(listed.lines().chain(std::iter::repeat("(nothing)")));
    let change = pairs.find(|(now, listed)| now != listed);
    assert!(
        words == listed,
        "the words differ from tests/words.txt: found, listed: {change:?}; \
         run again with UPDATE_WORDS=1 and review the change"
    );
}

fn words() -> String {
    let mut list = String::new();
    let mut section = |name: &str, words: Vec<String>| {
        // Writing to a String cannot fail.
        let _ = write!(list, "# {name}\n\n{}\n\n", words.join("\n"));
    };
    section("Connection", connection());
    section("Failures", failures());
    section("Stops", stops());
    section("Rows about the stream", notices());
    section("Summaries", summaries());
    section("Empty states", empty_states());
    section("The whole table", table());
    list.trim_end().to_owned() + "\n"
}

fn connection() -> Vec<String> {
    let badges = [
        Badge::Disconnected,
        Badge::Connecting,
        Badge::Connected,
        Badge::Stale,
        Badge::Paused,
        Badge::Error,
        Badge::Offline,
    ];
    let actions = [MainAction::Connect, MainAction::Disconnect];
    let mut words: Vec<_> = badges.iter().map(|badge| badge.word().english().to_owned()).collect();
    words.extend(actions.map(|action| action.label().english().to_owned()));
    let mut stats = StreamStats::default();
    let at = |seconds: f64| Instant::from_millis(seconds * 1_000.0);
    stats.event_arrived(at(1.0));
    words.push(stats.text(at(1.0), &Words::ENGLISH));
    (0..40).for_each(|tenth| stats.line_arrived(at(2.0 + f64::from(tenth) / 10.0)));
    stats.server_time_reported(at(2.0), 1_000);
    words.push(stats.text(at(7.0), &Words::ENGLISH));
    stats.server_time_reported(at(5.5), 4_000);
    words.push(stats.text(at(20.0), &Words::ENGLISH));
    words
}

fn failures() -> Vec<String> {
    let unread = [
        Unread::Nothing,
        Unread::Compressed("gzip"),
        Unread::Utf16,
        Unread::Binary,
        Unread::WebPage,
        Unread::Json,
        Unread::Text,
    ];
    let byes = [ByeReason::Slow, ByeReason::Rotation, ByeReason::Expired, ByeReason::Shutdown];
    let plain = [
        Failure::Lost,
        Failure::LostEarly,
        Failure::Silent(Duration::from_secs(45)),
        Failure::Unreachable,
        Failure::OutOfReach,
        Failure::Rejected,
        Failure::TimedOut(Duration::from_secs(15)),
        Failure::CannotOpen("SecurityError".into()),
        Failure::Busy(429),
        Failure::Busy(503),
        Failure::NotFound,
        Failure::Status(500),
        Failure::WebPage,
        Failure::WrongType(String::new()),
        Failure::WrongType("application/json".into()),
        Failure::Redirected,
        Failure::Charset("latin1".into()),
        Failure::BrowserRefused,
        Failure::Explained("no such channel".into()),
    ];
    let all = plain.into_iter().chain(byes.map(Failure::Bye)).chain(unread.map(Failure::Unread));
    all.map(|failure| failure.to_string()).collect()
}

fn stops() -> Vec<String> {
    let stops = [
        StopReason::NotGranted("logs:etl:workspace123:workflow456".into()),
        StopReason::NotAllowed(401),
        StopReason::NotAllowed(403),
        StopReason::NothingToStream(204),
        StopReason::SentAway,
        StopReason::Blocked,
        StopReason::GaveUp { attempts: 1 },
        StopReason::GaveUp { attempts: 1_204 },
    ];
    stops.map(|stop| stop.to_string()).to_vec()
}

fn notices() -> Vec<String> {
    let reasons = [
        GapReason::Evicted,
        GapReason::Restarted,
        GapReason::Slow,
        GapReason::Purged,
        GapReason::Unknown,
        GapReason::Lost,
        GapReason::NotResumed,
        GapReason::ResumeRefused,
    ];
    let away = Duration::from_secs(14);
    let gaps = reasons.into_iter().flat_map(|reason| {
        [Some(1), Some(1_204), None].map(|missing| Notice::Gap { missing, reason, channel: None })
    });
    let others = [
        Notice::Resumed { away, recovered: 37, missing: Some(0) },
        Notice::Resumed { away, recovered: 1, missing: Some(1_204) },
        Notice::Resumed { away, recovered: 0, missing: None },
        Notice::NotReplayed { away },
        Notice::TailStart,
        Notice::HistoryStart { evicted: 0 },
        Notice::HistoryStart { evicted: 1_204 },
    ];
    let channel = Some("logs:etl:workspace123:workflow456".into());
    let of_channel = Notice::Gap { missing: Some(3), reason: GapReason::Lost, channel };
    gaps.chain([of_channel]).chain(others).map(|notice| notice.text()).collect()
}

fn summaries() -> Vec<String> {
    let mut store = Store::new(Capacity::from_lines(2));
    let mut words = Vec::new();
    for _ in 0..3 {
        store.append(&Raw::bare("line"));
        words.push(summary::held(&store, &Words::ENGLISH));
    }
    let mut find = Find::new(Query::default().text("line"), &store);
    words.extend([
        summary::found(&find, &store, &Words::ENGLISH),
        summary::no_match(&find, &store).english().to_owned(),
    ]);
    find.advance(&store, usize::MAX);
    words.extend([
        summary::found(&find, &store, &Words::ENGLISH),
        summary::no_match(&find, &store).english().to_owned(),
    ]);
    for new in [0, 1, 1_204] {
        words.extend([
            summary::newest(new, Order::NewestFirst, &Words::ENGLISH),
            summary::newest(new, Order::OldestFirst, &Words::ENGLISH),
            summary::new_errors(new, &Words::ENGLISH),
            summary::held_view(new, &Words::ENGLISH),
            summary::dropped(new, &Words::ENGLISH),
            summary::undo(Some(new), &Words::ENGLISH),
        ]);
    }
    words.retain(|word| !word.is_empty());
    let pinning = [Outcome::Pinned, Outcome::Unpinned, Outcome::Full, Outcome::NotHeld];
    let marking = [Outcome::Marked, Outcome::Unmarked, Outcome::NoPlace];
    let outcomes = pinning.into_iter().chain(marking);
    words.extend(outcomes.map(|outcome| outcome.text(&Words::ENGLISH)));
    words
}

fn empty_states() -> Vec<String> {
    let now = Instant::default();
    let states = [
        State::Idle,
        State::Connecting { attempt: 1 },
        State::Open { since: now },
        State::Waiting { until: now, attempt: 2 },
        State::Offline,
        State::Paused,
        State::Stopped(StopReason::Blocked),
    ];
    let mut words: Vec<_> =
        states.iter().map(|state| summary::empty(state, false).english().to_owned()).collect();
    words.push(summary::empty(&State::Open { since: now }, true).english().to_owned());
    words.dedup();
    let session = Session::new(Config::default(), Capacity::default(), 1);
    assert!(!session.is_cleared(), "a new log is empty for another reason");
    words
}

/// Returns the table that is compiled in, a line for each form.
fn table() -> Vec<String> {
    let texts = Word::ALL.iter().zip(Word::NAMES);
    texts
        .flat_map(|(word, name)| word.english().lines().map(move |text| format!("{name}: {text}")))
        .collect()
}
