//! Each message of the protocol: what the gateway writes is what the client reads.

use std::time::Duration;

use logs_sse_wire::cursor::{Epoch, MAX_SEQ};
use logs_sse_wire::json::Object;
use logs_sse_wire::protocol::parameter::{BATCH, LAST_EVENT_ID, TAIL};
use logs_sse_wire::protocol::{
    AuthExpiring, Bye, ByeReason, Gap, GapReason, Greeting, Heartbeat, Held, Hello,
    read_auth_expiring, read_bye, read_gap, read_heartbeat, read_hello,
};
use proptest::prelude::*;
use serde_json::Value;

/// Later than any clock shows, in milliseconds since 1970: the year 33658.
const LATEST: i64 = 1_000_000_000_000_000;

/// The fields of a message, which must be JSON for any other reader too.
fn fields(json: &str) -> Object<'_> {
    serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    Object::read(json).unwrap_or_else(|| panic!("expected an object, got {json}"))
}

fn any_epoch() -> impl Strategy<Value = Epoch> {
    "[a-z0-9]{6}".prop_map(|text| text.parse().expect("an epoch"))
}

fn any_held() -> impl Strategy<Value = Held> {
    (0..MAX_SEQ)
        .prop_flat_map(|newest| (1..=newest + 1, Just(newest), prop::option::of(0..=newest)))
        .prop_map(|(oldest, newest, start)| Held { oldest, newest, start })
}

/// Channels, each named once.
fn by_channel<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(String, T)>> {
    prop::collection::btree_map(any::<String>(), value, 0..5)
        .prop_map(|channels| channels.into_iter().collect())
}

proptest! {
    #[test]
    fn reads_any_greeting_that_a_gateway_writes(
        connection_id in any::<String>(),
        user_id in any::<String>(),
        epoch in any_epoch(),
        granted in by_channel(any_held()),
        refused in prop::collection::vec(any::<String>(), 0..4),
        heartbeat_ms in 100_u64..=600_000,
        server_time in 0..LATEST,
        received in prop::sample::subsequence(vec![LAST_EVENT_ID, BATCH, TAIL], 0..=3),
    ) {
        let greeting = Greeting {
            connection_id: &connection_id,
            user_id: &user_id,
            connected_at: 5,
            epoch: &epoch,
            granted: granted.clone(),
            refused,
            heartbeat_ms,
            server_time: server_time.unsigned_abs(),
            received: received.clone(),
        };
        let expected = Hello {
            granted: Some(granted.iter().map(|(channel, _)| channel.clone()).collect()),
            connection_id: Some(connection_id.clone()),
            epoch: Some(epoch.clone()),
            held: granted,
            heartbeat: Some(Duration::from_millis(heartbeat_ms)),
            server_time: Some(server_time),
            received: Some(received.iter().map(ToString::to_string).collect()),
        };
        prop_assert_eq!(read_hello(&fields(&greeting.to_string())), expected);
    }

    #[test]
    fn reads_any_heartbeat_that_a_gateway_writes(
        sent in by_channel(0..=MAX_SEQ),
        server_time in prop::option::of(-LATEST..LATEST),
    ) {
        let heartbeat = Heartbeat { sent, server_time };
        prop_assert_eq!(read_heartbeat(&fields(&heartbeat.to_string())), Some(heartbeat));
    }

    #[test]
    fn reads_any_gap_that_a_gateway_writes(
        channel in any::<String>(),
        seqs in prop::option::of((0..=MAX_SEQ, 0..=MAX_SEQ)),
        reason in prop::sample::select(vec![
            GapReason::Evicted,
            GapReason::Restarted,
            GapReason::Slow,
            GapReason::Purged,
            GapReason::Unknown,
        ]),
    ) {
        let (from, to) = seqs.unzip();
        let gap = Gap { channel, from, to, reason };
        prop_assert_eq!(read_gap(&fields(&gap.to_string())), Some(gap));
    }

    #[test]
    fn reads_any_goodbye_that_a_gateway_writes(
        millis in 0_u64..=600_000,
        reason in prop::sample::select(vec![
            ByeReason::Shutdown,
            ByeReason::Rotation,
            ByeReason::Slow,
            ByeReason::Expired,
            ByeReason::Stop,
        ]),
    ) {
        let bye = Bye { reason, retry: Duration::from_millis(millis) };
        prop_assert_eq!(read_bye(&fields(&bye.to_string())), Some(bye));
    }
}

proptest! {
    #[test]
    fn reads_any_expiry_that_a_gateway_writes(millis in 0_u64..=MAX_SEQ) {
        let expiring = AuthExpiring { left: Duration::from_millis(millis) };
        prop_assert_eq!(read_auth_expiring(&fields(&expiring.to_string())), Some(expiring));
    }
}

#[test]
fn writes_the_documented_bytes() {
    let epoch = "abc123".parse().expect("an epoch");
    let greeting = Greeting {
        connection_id: "u_5_x",
        user_id: "u \"1\"",
        connected_at: 5,
        epoch: &epoch,
        granted: vec![("logs:etl:a:b".into(), Held { oldest: 3, newest: 9, start: Some(5) })],
        refused: vec!["logs:etl:x".into()],
        heartbeat_ms: 15_000,
        server_time: 6,
        received: vec![LAST_EVENT_ID, BATCH],
    };
    assert_eq!(
        greeting.to_string(),
        concat!(
            r#"{"type":"connection","status":"connected","channels":["logs:etl:a:b"],"#,
            r#""userId":"u \"1\"","connectionId":"u_5_x","timestamp":5,"epoch":"abc123","#,
            r#""seqs":{"logs:etl:a:b":{"oldest":3,"newest":9,"start":5}},"heartbeatMs":15000,"#,
            r#""refused":["logs:etl:x"],"serverTime":6,"received":["last_event_id","batch"]}"#,
        )
    );
    let heartbeat =
        Heartbeat { sent: vec![("a".into(), 1), ("b".into(), 2)], server_time: Some(6) };
    assert_eq!(heartbeat.to_string(), r#"{"seqs":{"a":1,"b":2},"serverTime":6}"#);
    let gap = Gap { channel: "a".into(), from: Some(1), to: Some(2), reason: GapReason::Slow };
    assert_eq!(gap.to_string(), r#"{"channel":"a","from":1,"to":2,"reason":"slow"}"#);
    let gap = Gap { from: None, to: None, reason: GapReason::Restarted, ..gap };
    assert_eq!(gap.to_string(), r#"{"channel":"a","from":null,"to":null,"reason":"restarted"}"#);
    let bye = Bye { reason: ByeReason::Stop, retry: Duration::from_secs(600) };
    assert_eq!(bye.to_string(), r#"{"reason":"stop","retryMs":600000}"#);
    let bye = Bye { reason: ByeReason::Expired, retry: Duration::ZERO };
    assert_eq!(bye.to_string(), r#"{"reason":"expired","retryMs":0}"#);
    let expiring = AuthExpiring { left: Duration::from_secs(60) };
    assert_eq!(expiring.to_string(), r#"{"inMs":60000}"#);
}
