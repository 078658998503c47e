//! How each engine numbers, stores and deletes logs, and reads them in pages.

use serde_json::value::RawValue;

use crate::engine::conformance::support::{Kind, Setup, extent, message, name, seqs};
use crate::hub::bounds::{Bounds, Extent};

pub(crate) async fn numbers_the_logs_of_each_channel_densely(kind: Kind) {
    let setup = Setup::new(kind);
    for round in 0..3 {
        setup.publish("a", 5);
        setup.publish("b", round);
    }
    assert_eq!(extent(&setup, "a"), Extent { oldest: 1, newest: 15 });
    assert_eq!(extent(&setup, "b"), Extent { oldest: 1, newest: 3 });
    assert_eq!(extent(&setup, "c"), Extent { oldest: 1, newest: 0 });
    assert_eq!(setup.hub.stats().logs_published, 18);
}

pub(crate) async fn publishers_on_all_sides_leave_no_hole(kind: Kind) {
    let setup = Setup::new(kind);
    std::thread::scope(|scope| {
        for channel in ["a", "b", "a", "c"] {
            let setup = &setup;
            scope.spawn(move || setup.publish(channel, 200));
        }
    });
    assert_eq!(["a", "b", "c"].map(|name| extent(&setup, name).newest), [400, 200, 200]);
    let page = setup.page("a", u64::MAX, 1_000).await;
    assert_eq!(seqs(&page), (1..=400).collect::<Vec<_>>());
}

pub(crate) async fn stores_a_log_with_the_same_id_once(kind: Kind) {
    let setup = Setup::new(kind);
    let entry = RawValue::from_string("{}".into()).expect("JSON");
    let once = |id: &str| setup.hub.submit_once(&name("a"), id, &entry, None);
    let first = once("1");
    let second = once("1");
    assert_eq!((first.is_new, second.is_new, once("2").is_new), (true, false, true));
    let (first, second) = (first.receipt.stored().await, second.receipt.stored().await);
    assert!(first.is_ok() && first == second);
    setup.hub.settle(&name("a"), "1", first.expect("stored"));
    assert!(!once("1").is_new);
    setup.publish("a", 1);
    assert_eq!(extent(&setup, "a").newest, 3);
}

pub(crate) async fn pages_backwards_join_without_a_hole(kind: Kind) {
    let setup = Setup::new(kind);
    setup.publish("a", 700);
    for lines in [1, 99, 256, 1_000] {
        let mut before = u64::MAX;
        let mut all = Vec::new();
        loop {
            let page = setup.page("a", before, lines).await;
            let seqs = seqs(&page);
            let Some(first) = seqs.first().copied() else { break };
            assert_eq!(page.earlier, first - 1);
            before = first;
            all.splice(0..0, seqs);
        }
        assert_eq!(all, (1..=700).collect::<Vec<_>>(), "{lines}");
    }
}

pub(crate) async fn pages_are_bounded_and_have_at_least_one_log(kind: Kind) {
    let setup = Setup::new(kind);
    for _ in 0..40 {
        setup.publish_one("a", &message(10_000));
    }
    let page = |before, bytes| {
        let page = Bounds { lines: 100, bytes };
        let name = name("a");
        let hub = &setup.hub;
        async move { seqs(&hub.page_before(&name, before, page).await.expect("read")) }
    };
    assert_eq!(page(u64::MAX, 35_000).await, [38, 39, 40]);
    assert_eq!(page(10, 35_000).await, [7, 8, 9]);
    assert_eq!((page(10, 1).await, page(1, 1).await), (vec![9], vec![]));
}

pub(crate) async fn deleted_logs_are_gone_and_numbering_continues(kind: Kind) {
    let setup = Setup::new(kind);
    setup.publish("a", 300);
    setup.publish("b", 2);
    assert_eq!(setup.hub.purge(&name("a")).await, Ok(300));
    assert_eq!(extent(&setup, "a"), Extent { oldest: 301, newest: 300 });
    assert!(setup.page("a", u64::MAX, 100).await.logs.is_empty());
    assert_eq!(setup.hub.purge(&name("a")).await, Ok(0));
    setup.publish("a", 2);
    assert_eq!(seqs(&setup.page("a", u64::MAX, 100).await), [301, 302]);
    assert_eq!(extent(&setup, "b"), Extent { oldest: 1, newest: 2 });
}
