//! What the hub keeps in memory, and for how long.

use serde_json::value::RawValue;

use super::*;
use crate::hub::bounds::Bounds;
use crate::reader::batch::Framing;
use crate::reader::resume::Resume;
use crate::reader::{Reader, RequestedChannel};

fn channel(name: &str) -> ChannelName {
    format!("logs:etl:w:{name}").parse().expect("a channel")
}

fn publish(hub: &Hub, name: &str, count: usize) {
    let entry = RawValue::from_string("\"0123456789\"".into()).expect("JSON");
    for _ in 0..count {
        hub.publish(&channel(name), &entry);
    }
}

fn read(hub: &Arc<Hub>, name: &str) -> Reader {
    Reader::open(
        hub,
        &[RequestedChannel { channel: channel(name), is_granted: true }],
        &Resume::Live.into(),
        Framing::Single,
        ConnectionInfo::new("u"),
    )
}

fn extent(hub: &Hub, name: &str) -> Extent {
    hub.open_channel(&channel(name)).expect("memory").history().extent()
}

/// The bytes of all logs, without those of their channels.
fn history_bytes(hub: &Hub) -> usize {
    let channels: usize = hub.channels.all().iter().map(|channel| channel.overhead()).sum();
    hub.stats().history_bytes - channels
}

#[test]
fn removes_an_unused_channel_with_its_last_reader() {
    let hub = Arc::new(Hub::default());
    let (one, two) = (read(&hub, "a"), read(&hub, "a"));
    drop(one);
    assert_eq!((hub.readers().len(), hub.connections()), (1, 1));
    drop(two);
    assert_eq!((hub.channels.all().len(), hub.connections()), (0, 0));
}

#[test]
fn a_channel_keeps_numbering_without_readers() {
    let hub = Arc::new(Hub::default());
    publish(&hub, "a", 3);
    drop(read(&hub, "a"));
    publish(&hub, "a", 1);
    assert_eq!(extent(&hub, "a"), Extent { oldest: 1, newest: 4 });
}

#[test]
fn drops_the_logs_of_the_quietest_channel_first_and_restarts_no_numbering() {
    let hub = Hub::new(Config { history_total_bytes: 60_000, ..Config::default() });
    publish(&hub, "oldest", 100);
    publish(&hub, "older", 100);
    publish(&hub, "newest", 150);
    assert_eq!(extent(&hub, "oldest"), Extent { oldest: 101, newest: 100 });
    assert_eq!((extent(&hub, "older").oldest, extent(&hub, "newest").oldest), (1, 1));
    publish(&hub, "oldest", 1);
    assert_eq!(extent(&hub, "oldest"), Extent { oldest: 101, newest: 101 });
    let held: usize = hub.channels.all().iter().map(|channel| channel.held_bytes()).sum();
    assert!(held <= 60_000 && held == hub.stats().history_bytes, "{held}");
}

#[test]
fn without_a_history_logs_are_kept_for_current_readers_only() {
    let hub =
        Arc::new(Hub::new(Config { history: Bounds { lines: 0, bytes: 1 }, ..Config::default() }));
    publish(&hub, "a", 2);
    assert_eq!((extent(&hub, "a"), history_bytes(&hub)), (Extent { oldest: 3, newest: 2 }, 0));
    let reader = read(&hub, "a");
    publish(&hub, "a", 2);
    assert_eq!(extent(&hub, "a"), Extent { oldest: 3, newest: 4 });
    drop(reader);
    assert_eq!((extent(&hub, "a"), history_bytes(&hub)), (Extent { oldest: 5, newest: 4 }, 0));
}

#[test]
fn publishers_on_all_sides_leave_no_hole_and_no_wrong_sum() {
    let hub = Hub::new(Config { history_total_bytes: 50_000, ..Config::default() });
    std::thread::scope(|scope| {
        for name in ["a", "b", "a", "c"] {
            let hub = &hub;
            scope.spawn(move || publish(hub, name, 2_000));
        }
    });
    assert_eq!(["a", "b", "c"].map(|name| extent(&hub, name).newest), [4_000, 2_000, 2_000]);
    let held: usize = hub.channels.all().iter().map(|channel| channel.held_bytes()).sum();
    assert_eq!((held, hub.stats().logs_published), (hub.stats().history_bytes, 8_000));
}

#[test]
fn health_and_stats_do_not_walk_through_all_channels() {
    let hub = Arc::new(Hub::default());
    let (done, finished) = std::sync::mpsc::channel();
    // Anything that visits all channels needs this lock, and would block.
    let _all = hub.channels.lock_of_test();
    let asked = Arc::clone(&hub);
    std::thread::spawn(move || {
        done.send((
            asked.connections(),
            asked.channels(),
            asked.stats().logs_published,
            asked.readers().len(),
        ))
    });
    assert_eq!(finished.recv_timeout(Duration::from_secs(10)), Ok((0, 0, 0, 0)));
}
