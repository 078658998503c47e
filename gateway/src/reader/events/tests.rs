//! No text of a publisher can forge a field or an event.

use logs_sse_core::channel::{ChannelName, Id};
use logs_sse_wire::protocol::{GapReason, Held};
use logs_sse_wire::sse::{Event, Parser};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::hub::envelope::Draft;

/// Returns JSON as a publisher may send it: any strings, and any white space between the tokens.
fn any_entry() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| Value::from(text).to_string());
    let leaf = prop_oneof![
        text,
        any::<i64>().prop_map(|number| number.to_string()),
        Just("null".to_owned())
    ];
    let space = prop::sample::select(vec!["", " ", "\n", "\r", "\r\n\r\n", "\n\n", "\t"]);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let item = (space.clone(), inner, space.clone())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let fields = prop::collection::vec((any::<String>(), item.clone()), 0..4);
        let object = fields.prop_map(|fields| {
            let fields: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| format!("{}:{value}", Value::from(name)))
                .collect();
            format!("{{{}}}", fields.join(","))
        });
        prop_oneof![
            object,
            prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(",")))
        ]
    })
}

/// Returns any valid channel.
fn any_channel() -> impl Strategy<Value = ChannelName> {
    let id = any::<String>().prop_filter_map("no id", |text| Id::parse("id", &text).ok());
    (id.clone(), id.clone(), prop::option::of(id))
        .prop_map(|(service, workspace, resource)| ChannelName::new(service, workspace, resource))
}

fn cursor() -> Cursor {
    "1.abc123.a-_".parse().expect("a cursor")
}

fn one_frame(wire: &[u8]) -> Event {
    let mut frames = Parser::default().feed(wire);
    assert_eq!(frames.len(), 1, "{}", String::from_utf8_lossy(wire));
    frames.remove(0)
}

proptest! {
    #[test]
    fn any_log_is_one_event_that_holds_it_unchanged(channel in any_channel(), entry in any_entry(), seq in 1..u64::MAX) {
        let entry = RawValue::from_string(entry).expect("JSON");
        let mut page = Vec::new();
        write_log(&mut page, cursor().to_string(), &Draft::new(&channel, &entry, 5, "log-5-abc").seal(seq));
        let frame = one_frame(&page);
        prop_assert_eq!((&*frame.event, &*frame.id), ("message", "1.abc123.a-_"));
        let envelope: Value = serde_json::from_str(&frame.data).expect("JSON");
        let fields: Vec<_> = envelope.as_object().expect("an object").keys().collect();
        prop_assert_eq!(fields, ["channel", "data", "timestamp", "id", "seq"]);
        prop_assert_eq!(&envelope["channel"], &json!(channel.to_string()));
        prop_assert_eq!(&envelope["data"], &serde_json::from_str::<Value>(entry.get()).expect("JSON"));
        prop_assert_eq!(&envelope["seq"], &json!(seq));
    }

    #[test]
    fn any_logs_in_a_batch_are_one_event_that_holds_each_as_it_would_come_alone(
        logs in prop::collection::vec((any_channel(), any_entry(), 1..u64::MAX), 2..6),
    ) {
        let seal = |(channel, entry, seq): &(ChannelName, String, u64)| {
            Draft::new(channel, &RawValue::from_string(entry.clone()).expect("JSON"), 5, "log-5-abc").seal(*seq)
        };
        let envelopes: Vec<_> = logs.iter().map(seal).collect();
        let mut page = Vec::new();
        write_batch(&mut page, &cursor(), envelopes.iter());
        prop_assert_eq!(page.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count(), 4, "three fields and the line that ends them");
        let frame = one_frame(&page);
        prop_assert_eq!((&*frame.event, &*frame.id), ("batch", "1.abc123.a-_"));
        let got: Vec<Box<RawValue>> = serde_json::from_str(&frame.data).expect("an array");
        prop_assert!(got.iter().map(|log| log.get().as_bytes()).eq(envelopes.iter().map(Envelope::as_bytes)));
        for envelope in &envelopes {
            let mut page = Vec::new();
            write_log(&mut page, cursor().to_string(), envelope);
            let alone = one_frame(&page);
            prop_assert_eq!(alone.data.as_bytes(), envelope.as_bytes());
        }
    }

    #[test]
    fn any_name_leaves_the_other_events_whole(channel in any_channel(), user in "\\PC*") {
        let name = channel.to_string();
        let epoch = cursor().epoch().clone();
        let message = Greeting {
            connection_id: "u_5_x",
            user_id: &user,
            connected_at: 5,
            epoch: &epoch,
            granted: vec![(name.clone(), Held { oldest: 1, newest: 0, start: Some(0) })],
            refused: vec![name.clone()],
            heartbeat_ms: 5,
            server_time: 6,
            received: vec!["batch", "tail"],
        };
        let expected = json!({
            "type": "connection",
            "status": "connected",
            "channels": [name],
            "userId": user,
            "connectionId": "u_5_x",
            "timestamp": 5,
            "epoch": "abc123",
            "seqs": { &name: { "oldest": 1, "newest": 0, "start": 0 } },
            "heartbeatMs": 5,
            "refused": [name],
            "serverTime": 6,
            "received": ["batch", "tail"],
        });
        let frame = one_frame(&greeting(&message));
        prop_assert_eq!(frame.data, expected.to_string());
        prop_assert_eq!(frame.id, "", "a greeting moves no cursor");

        let frame = one_frame(&heartbeat([(&channel, 3)].into_iter(), 6));
        let expected = json!({ "seqs": { &name: 3 }, "serverTime": 6 });
        prop_assert_eq!((&*frame.event, frame.data), ("heartbeat", expected.to_string()));

        let mut page = Vec::new();
        let gap = Gap {
            channel: name.clone(),
            from: Some(1),
            to: None,
            reason: GapReason::Slow,
        };
        write_gap(&mut page, Some(&cursor()), &gap);
        let frame = one_frame(&page);
        let expected = json!({ "channel": name, "from": 1, "to": null, "reason": "slow" });
        prop_assert_eq!((&*frame.event, frame.data), ("gap", expected.to_string()));
    }
}

#[test]
fn a_goodbye_delays_a_browser_and_our_client_alike() {
    let mut parser = Parser::default();
    let frames = parser.feed(&bye(ByeReason::Rotation, 250));
    assert_eq!(
        (&*frames[0].event, &*frames[0].data, parser.retry_ms()),
        ("bye", r#"{"reason":"rotation","retryMs":250}"#, Some(250))
    );
}
