//! What readers receive from each engine.

use crate::engine::conformance::support::{Kind, Setup, events, logs, message, name};
use crate::hub::bounds::Bounds;
use crate::hub::config::Config;
use crate::reader::resume::{Beginning, Resume};

pub(crate) async fn replays_everything_after_a_cursor(kind: Kind) {
    let setup = Setup::new(kind);
    setup.publish("a", 1_000);
    for position in ["0", "1", "73", "rs"] {
        let mut reader = setup.read(&["a"], position);
        let first = u64::from_str_radix(position, 36).expect("a position") + 1;
        let count = usize::try_from(1_001 - first).expect("small");
        let received = if count > 0 { events(&mut reader, count).await } else { Vec::new() };
        assert_eq!(received, logs("a", first..=1_000), "{position}");
        setup.publish("a", 0);
    }
}

pub(crate) async fn channels_merge_in_the_order_of_publishing(kind: Kind) {
    let setup = Setup::new(kind);
    let order: Vec<_> = (0..900_u32)
        .map(|number| ["a", "b", "c"][(number.wrapping_mul(2_654_435_761) >> 9) as usize % 3])
        .collect();
    for channel in &order {
        setup.publish(channel, 1);
    }
    let mut reader = setup.read(&["a", "b", "c"], "0-0-0");
    let received = events(&mut reader, 900).await;
    let received: Vec<_> = received.iter().map(|event| &event[..1]).collect();
    assert_eq!(received, order);
}

pub(crate) async fn a_tail_begins_with_the_newest_logs(kind: Kind) {
    let setup = Setup::new(kind);
    setup.publish("a", 500);
    let mut reader = setup.read_from(&["a"], &Beginning { resume: Resume::Live, tail: 300 });
    assert_eq!(events(&mut reader, 300).await, logs("a", 201..=500));
}

pub(crate) async fn reports_exactly_what_was_evicted(kind: Kind) {
    let history = Bounds { lines: 400, bytes: usize::MAX };
    let setup = Setup::with(kind, Config { history, ..Config::default() });
    setup.publish("a", 1_000);
    let mut reader = setup.read(&["a"], "5");
    let expected = [vec!["a gap 6 600 evicted".to_owned()], logs("a", 601..=1_000)].concat();
    assert_eq!(events(&mut reader, 401).await, expected);
}

pub(crate) async fn reports_deleted_logs_as_purged(kind: Kind) {
    let history = Bounds { lines: 40, bytes: usize::MAX };
    let setup = Setup::with(kind, Config { history, ..Config::default() });
    setup.publish("a", 100);
    let mut current = setup.read(&["a"], "");
    let mut behind = setup.read(&["a"], "1s");
    assert_eq!(setup.hub.purge(&name("a")).await, Ok(40));
    setup.publish("a", 60);
    let gaps = ["a gap 65 100 purged", "a gap 101 120 evicted"].map(str::to_owned).to_vec();
    assert_eq!(events(&mut behind, 42).await, [gaps, logs("a", 121..=160)].concat());
    let received = events(&mut current, 1).await;
    assert!(
        received[0].starts_with("a gap 101 ") && received[0].ends_with(" slow"),
        "{received:?}"
    );
}

pub(crate) async fn a_live_reader_receives_each_log_once(kind: Kind) {
    let setup = Setup::new(kind);
    setup.publish("a", 20);
    let mut reader = setup.read(&["a"], "");
    for round in 0..30 {
        setup.publish("a", 7);
        let first = 21 + round * 7;
        assert_eq!(events(&mut reader, 7).await, logs("a", first..=first + 6));
    }
}

/// Publishes and reads at random, and compares with what a history of these limits has.
pub(crate) async fn random_histories_are_read_without_a_hole(kind: Kind) {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let history = Bounds { lines: random.usize(1..600), bytes: random.usize(2_000..100_000) };
        let setup = Setup::with(kind, Config { history, ..Config::default() });
        // The weights of all logs of "a".
        let mut weights = Vec::new();
        for _ in 0..random.usize(1..900) {
            let entry = message(random.usize(0..400));
            if random.bool() {
                setup.publish_one("b", &entry);
            }
            setup.publish_one("a", &entry);
            let page = setup.page("a", u64::MAX, 1).await;
            let newest = page.logs.last().expect("the newest is kept");
            weights.push(newest.as_bytes().len() + crate::hub::history::ENTRY_BYTES);
        }
        let mut oldest = weights.len();
        let mut held = 0;
        while oldest > 0 && weights.len() - oldest < history.lines {
            held += weights[oldest - 1];
            if held > history.bytes && oldest < weights.len() {
                break;
            }
            oldest -= 1;
        }
        let (first, newest) = (oldest as u64 + 1, weights.len() as u64);
        let mut expected = logs("a", first..=newest);
        if first > 1 {
            expected.insert(0, format!("a gap 1 {} evicted", first - 1));
        }
        let mut reader = setup.read(&["a"], "0");
        assert_eq!(events(&mut reader, expected.len()).await, expected, "seed {seed}");
    }
}
