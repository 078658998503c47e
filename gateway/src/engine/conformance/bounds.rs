//! What each engine keeps, and for how long.

use std::time::Duration;

use crate::engine::conformance::support::{Kind, Setup, events, extent, logs, message, seqs};
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::config::Config;

pub(crate) async fn keeps_as_many_logs_as_it_may(kind: Kind) {
    let history = Bounds { lines: 30, bytes: usize::MAX };
    let setup = Setup::with(kind, Config { history, ..Config::default() });
    for newest in [29, 30, 31, 100, 1_000] {
        let published = extent(&setup, "a").newest;
        setup.publish("a", usize::try_from(newest - published).expect("small"));
        let oldest = newest.saturating_sub(30) + 1;
        assert_eq!(extent(&setup, "a"), Extent { oldest, newest });
        let page = setup.page("a", u64::MAX, 1_000).await;
        assert_eq!((seqs(&page), page.earlier), ((oldest..=newest).collect(), 0));
    }
}

pub(crate) async fn keeps_as_many_bytes_as_it_may(kind: Kind) {
    let history = Bounds { lines: usize::MAX, bytes: 50_000 };
    let setup = Setup::with(kind, Config { history, ..Config::default() });
    for _ in 0..100 {
        setup.publish_one("a", &message(9_000));
    }
    assert_eq!(extent(&setup, "a"), Extent { oldest: 96, newest: 100 });
    assert_eq!(seqs(&setup.page("a", u64::MAX, 1_000).await), [96, 97, 98, 99, 100]);
}

pub(crate) async fn the_newest_log_is_kept_whatever_its_length(kind: Kind) {
    let history = Bounds { lines: 10, bytes: 1_000 };
    let setup = Setup::with(kind, Config { history, ..Config::default() });
    setup.publish("a", 2);
    setup.publish_one("a", &message(5_000));
    assert_eq!(extent(&setup, "a"), Extent { oldest: 3, newest: 3 });
}

pub(crate) async fn old_logs_cannot_be_read(kind: Kind) {
    let hour = Duration::from_secs(3_600);
    let setup = Setup::with(kind, Config { history_age: Some(hour), ..Config::default() });
    setup.publish("a", 300);
    setup.publish("quiet", 300);
    setup.clock.advance(hour / 2);
    setup.publish("a", 50);
    setup.clock.advance(hour / 2 + Duration::from_secs(1));
    // At once, before anything is swept.
    let mut reader = setup.read(&["a"], "0");
    let page = setup.page("a", u64::MAX, 1_000).await;
    assert_eq!(seqs(&page), (301..=350).collect::<Vec<_>>());
    assert!(setup.page("quiet", u64::MAX, 1_000).await.logs.is_empty());
    let held = |channel| extent(&setup, channel);
    setup.sweep_until("old logs are deleted", || held("quiet").oldest == 301).await;
    setup.sweep_until("old logs are deleted", || held("a").oldest == 301).await;
    let mut received = events(&mut reader, 51).await;
    let gaps: Vec<_> = received.extract_if(.., |event| event.contains(" gap ")).collect();
    assert_eq!(received, logs("a", 301..=350));
    assert!(gaps[0].starts_with("a gap 1 ") && gaps.iter().all(|gap| gap.ends_with(" evicted")));
}

pub(crate) async fn idle_channels_lose_their_logs_and_keep_their_numbers(kind: Kind) {
    let hour = Duration::from_secs(3_600);
    let setup = Setup::with(kind, Config { history_idle: Some(hour), ..Config::default() });
    setup.publish("idle", 5);
    setup.publish("read", 5);
    setup.clock.advance(hour / 2);
    setup.publish("busy", 5);
    let _reader = setup.read(&["read"], "");
    setup.clock.advance(hour / 2 + Duration::from_secs(1));
    let held = |channel| extent(&setup, channel);
    setup.sweep_until("the idle channel is empty", || held("idle").oldest == 6).await;
    assert_eq!(held("idle"), Extent { oldest: 6, newest: 5 });
    assert_eq!((held("busy").oldest, held("read").oldest), (1, 1));
    setup.publish("idle", 1);
    assert_eq!(held("idle"), Extent { oldest: 6, newest: 6 });
}

pub(crate) async fn a_channel_that_left_memory_continues_its_numbers(kind: Kind) {
    let setup = Setup::with(kind, Config { max_channels: 16, ..Config::default() });
    setup.publish("first", 5);
    for number in 0..100 {
        setup.publish(&format!("other{number}"), 1);
        assert!(setup.hub.stats().channels_in_memory <= 16);
    }
    setup.publish("first", 1);
    assert_eq!(extent(&setup, "first").newest, 6);
    let mut reader = setup.read(&["first"], "5");
    assert_eq!(events(&mut reader, 1).await, logs("first", 6..=6));
}

/// Sweeping is what an engine may need to make room in another thread.
pub(crate) async fn a_workspace_evicts_only_its_own_logs(kind: Kind) {
    let history_workspace_bytes = Some(100_000);
    let setup = Setup::with(kind, Config { history_workspace_bytes, ..Config::default() });
    setup.publish("hospital/a", 50);
    for number in 0..400 {
        setup.publish_one(&format!("noisy/{}", number % 7), &message(2_000));
    }
    assert_eq!(extent(&setup, "hospital/a"), Extent { oldest: 1, newest: 50 });
    let held = || -> u64 {
        let of = |number: u64| {
            let Extent { oldest, newest } = extent(&setup, &format!("noisy/{number}"));
            newest + 1 - oldest
        };
        (0..7).map(of).sum()
    };
    assert!((20..=46).contains(&held()), "{}", held());
}

pub(crate) async fn the_workspace_that_holds_most_shrinks_first(kind: Kind) {
    let config =
        Config { history_total_bytes: 300_000, history_disk_bytes: 300_000, ..Config::default() };
    let setup = Setup::with(kind, config);
    setup.publish("hospital/a", 50);
    setup.publish("clinic/a", 100);
    for number in 0..1_000 {
        setup.publish_one(&format!("noisy/{}", number % 3), &message(2_000));
    }
    assert_eq!(extent(&setup, "hospital/a").oldest, 1);
    assert_eq!(extent(&setup, "clinic/a").oldest, 1);
    // The newest log of the noisy workspace is kept too.
    assert!(extent(&setup, "noisy/0").oldest <= extent(&setup, "noisy/0").newest);
}
