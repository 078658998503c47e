//! The audit log of the real program: what it records, how it is rotated, what it never holds.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/watched.rs"]
mod watched;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;
use support::process::{Gateway, Raw, connect, exchange};
use support::{CHANNEL, PROXY};
use temporary::File;
use watched::{Watched, until};

/// Returns the lines of a file, each of which is an object.
fn lines(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    whole.lines().map(parse).collect()
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// Waits for the only line of an event, and returns it.
fn line(path: &str, event: &str) -> Value {
    until(event, || !of(&lines(path), event).is_empty());
    let lines = lines(path);
    let found = of(&lines, event);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn get(watched: &Watched, path: &str, headers: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    exchange(watched.gateway.address(), &format!("{head}{headers}\r\n"))
}

#[test]
fn a_stream_is_recorded_when_it_opens_and_when_it_closes() {
    let file = File::new("audit-stream", "");
    let watched = Watched::start(&["--audit-log", file.path()]);
    let mut socket = connect(watched.gateway.address());
    let path = "/logs/stream?channels=logs:etl:workspace123:workflow456,logs:etl:other:x";
    let head = "HTTP/1.1\r\nHost: localhost\r\nX-User-Id: jürgen\r\nX-Workspace-Id: workspace123";
    socket.write_all(format!("GET {path} {head}\r\n\r\n").as_bytes()).expect("it accepts bytes");
    let opened = line(file.path(), "stream_open");
    assert_eq!((&opened["user"], &opened["resumed"]), (&"jürgen".into(), &false.into()));
    assert_eq!(opened["channels"], serde_json::json!([CHANNEL]));
    assert_eq!(opened["refusedChannels"], serde_json::json!(["logs:etl:other:x"]));
    assert_eq!(opened["workspaces"], serde_json::json!(["other", "workspace123"]));
    assert_eq!(opened["grantedWorkspaces"], serde_json::json!(["workspace123"]));
    assert_eq!((&opened["client"], &opened["peer"]), (&"127.0.0.1".into(), &"127.0.0.1".into()));
    assert_eq!(opened["route"], "/logs/stream");
    let time: &str = opened["time"].as_str().expect("a time");
    assert!(time.ends_with('Z') && time.contains('T'), "{time}");
    watched.gateway.publish("hello");
    let mut received = String::new();
    let mut reader = BufReader::new(socket);
    while !received.contains("hello") {
        assert!(reader.read_line(&mut received).expect("it streams") > 0, "{received}");
    }
    drop(reader);
    let closed = line(file.path(), "stream_close");
    assert_eq!(closed["connection"], opened["connection"]);
    assert_eq!((&closed["reason"], &closed["logs"]), (&"client".into(), &1.into()));
    assert!(closed["bytes"].as_u64() > Some(200), "{closed}");
    assert!(closed["durationMs"].is_u64(), "{closed}");
}

#[test]
fn what_operators_do_is_recorded() {
    let file = File::new("audit-operators", "");
    let watched = Watched::start(&["--audit-log", file.path()]);
    let mut reader = watched.gateway.read(PROXY);
    let connections = watched.json("/admin/connections");
    let id = connections["connections"][0]["connectionId"].as_str().expect("an id").to_owned();
    watched.ask("DELETE", &format!("/admin/connections/{id}"), "");
    reader.until("\"stop\"");
    assert_eq!(line(file.path(), "operator_read")["route"], "/admin/connections");
    let stop = line(file.path(), "stop");
    assert_eq!((&stop["connection"], &stop["status"]), (&id.clone().into(), &200.into()));
    let closed = line(file.path(), "stream_close");
    assert_eq!((&closed["connection"], &closed["reason"]), (&id.into(), &"stop".into()));
    watched.gateway.signal("-HUP");
    assert_eq!(line(file.path(), "config_reload")["outcome"], "success");
    watched.log();
    let all = lines(file.path());
    assert_eq!(all.first().expect("a line")["event"], "gateway_start");
    assert_eq!(all.last().expect("a line")["event"], "gateway_stop");
}

#[test]
fn refusals_are_recorded_with_their_reason_and_equal_ones_are_counted() {
    let file = File::new("audit-refused", "");
    let watched = Watched::start(&["--audit-log", file.path()]);
    let log = r#"{"service":"faas","workspace_id":"w","logData":{}}"#;
    (0..10).for_each(|_| drop(watched.publish("wrong", log)));
    watched.publish("l5-etl-token", log);
    let history = format!("/logs/history?channel={CHANNEL}");
    get(&watched, &history, "X-Workspace-Id: other\r\nX-User-Id: eve\r\n");
    get(&watched, &history, "X-Workspace-Id: workspace123\r\nX-User-Id: bob\r\n");
    get(&watched, "/logs/stream", "");
    watched.log();
    let all = lines(file.path());
    let wrong: Vec<_> = of(&all, "publish_refused");
    let count = |reason: &str| -> u64 {
        let same = wrong.iter().filter(|line| line["reason"] == reason);
        same.map(|line| line["count"].as_u64().unwrap_or(1)).sum()
    };
    assert_eq!((count("token"), count("service")), (10, 1), "{wrong:?}");
    assert!(wrong.len() <= 3, "{wrong:?}");
    let service = wrong.iter().find(|line| line["reason"] == "service").expect("it is there");
    assert_eq!((&service["token"], &service["status"]), (&"etl".into(), &403.into()));
    let readers = of(&all, "refused");
    assert_eq!((&readers[0]["user"], &readers[0]["status"]), (&"eve".into(), &403.into()));
    assert_eq!(readers[0]["refusedChannels"], serde_json::json!([CHANNEL]));
    assert_eq!(readers[0]["workspaces"], serde_json::json!(["workspace123"]));
    assert_eq!(readers[0]["grantedWorkspaces"], serde_json::json!(["other"]));
    assert_eq!((&readers[1]["reason"], &readers[1]["status"]), (&"invalid".into(), &400.into()));
    let read = of(&all, "history_read");
    assert_eq!((read.len(), &read[0]["user"]), (1, &"bob".into()));
    assert_eq!(read[0]["channels"], serde_json::json!([CHANNEL]));
}

#[test]
fn behind_a_trusted_proxy_the_client_is_recorded_and_a_stranger_is_refused() {
    let file = File::new("audit-production", "");
    let arguments = [
        &["--audit-log", file.path(), "--trusted-proxy", "127.0.0.1"][..],
        &["--token", "etl=hunter2-hunter2-hunter2"],
    ]
    .concat();
    let watched = Watched::start_in(&arguments, None, &[("LOGS_GATEWAY_DEMO", "false")]);
    let history = format!("/logs/history?channel={CHANNEL}");
    get(&watched, &history, "");
    let named =
        "X-User-Id: bob\r\nX-Workspace-Id: workspace123\r\nX-Forwarded-For: 203.0.113.9\r\n";
    get(&watched, &history, named);
    let refused = line(file.path(), "refused");
    assert_eq!((&refused["status"], &refused["reason"]), (&401.into(), &"missing".into()));
    let read = line(file.path(), "history_read");
    assert_eq!((&read["user"], &read["client"]), (&"bob".into(), &"203.0.113.9".into()));
    assert_eq!(read["peer"], "127.0.0.1");
    let expected = serde_json::json!(["workspace123"]);
    assert_eq!((&read["workspaces"], &read["grantedWorkspaces"]), (&expected, &expected));
}

#[test]
fn rotation_by_rename_and_hangup_loses_no_line() {
    let file = File::new("audit-rotated", "");
    let watched = Watched::start(&["--audit-log", file.path()]);
    let mut rotated = Vec::new();
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| (0..150).for_each(|_| drop(watched.gateway.read(PROXY))));
        for number in 0..5 {
            let old = format!("{}.{number}", file.path());
            fs::rename(file.path(), &old).expect("it is there");
            rotated.push(old);
            watched.gateway.signal("-HUP");
            until("the file is there again", || fs::exists(file.path()).unwrap_or(false));
        }
        opening.join().expect("streams open");
    });
    watched.log();
    let mut all: Vec<Value> = rotated.iter().flat_map(|path| lines(path)).collect();
    all.extend(lines(file.path()));
    rotated.iter().for_each(|path| _ = fs::remove_file(path));
    let numbers: Vec<_> = all.iter().map(|line| line["number"].as_u64().expect("one")).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    assert_eq!(of(&all, "stream_open").len(), 150);
    assert_eq!(of(&all, "stream_close").len(), 150);
}

#[test]
fn it_holds_no_secret_no_log_and_no_query() {
    let file = File::new("audit-secrets", "");
    let watched = Watched::start(&["--audit-log", file.path()]);
    let secrets = "Cookie: session=SECRET1\r\nAuthorization: Bearer SECRET2\r\n";
    let query = "&last_event_id=SECRET3&tail=SECRET4&token=SECRET5";
    get(&watched, &format!("/logs/stream?channels={CHANNEL}{query}"), secrets);
    get(&watched, &format!("/logs/history?channel={CHANNEL}&limit=SECRET6"), secrets);
    watched.publish("SECRET7", "{}");
    watched.publish("l5-etl-token", r#"{"service":"SECRET8"}"#);
    watched.gateway.publish("SECRET9");
    watched.log();
    let text = fs::read_to_string(file.path()).expect("it is there");
    assert!(of(&lines(file.path()), "publish_refused").len() == 2, "{text}");
    assert!(!text.contains("SECRET") && !text.contains("l5-etl"), "{text}");
}

#[test]
fn a_required_audit_log_that_cannot_be_written_refuses_readers_and_no_publisher() {
    if !fs::exists("/dev/full").unwrap_or(false) {
        return;
    }
    let watched = Watched::start(&["--audit-log", "/dev/full", "--audit-required"]);
    let ready = || watched.ask("GET", "/ready", "");
    until("it is not ready", || ready().contains("the audit log cannot be written"));
    assert!(watched.gateway.get("/ready").starts_with("HTTP/1.1 503"));
    let history = format!("/logs/history?channel={CHANNEL}");
    for path in [PROXY, &history] {
        let answer = watched.gateway.get(path);
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"), "{answer}");
    }
    assert!(watched.gateway.publish("hello").starts_with("HTTP/1.1 200"));
    assert!(watched.value("queue_bytes{queue=\"audit\"}") > 100.0);
    assert_eq!(watched.value("audit_lines_dropped_total"), 0.0);
}

#[test]
fn a_required_audit_log_that_accepts_nothing_refuses_readers() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let admin = port.expect("a free port").to_string();
    let mut command = support::process::command(&["--port", "0", "--audit-required"]);
    command.args(["--audit-log", "-", "--admin", &admin]).stdout(Stdio::piped());
    let mut gateway = command.spawn().expect("it starts");
    // No one reads on after the address, as if the runtime of a container stood still.
    let mut output = BufReader::with_capacity(1, gateway.stdout.take().expect("a pipe"));
    let mut line = String::new();
    let url = loop {
        line.clear();
        assert!(output.read_line(&mut line).expect("text") > 0, "it ends");
        if let Some((_, url)) = line.trim_end().split_once(" listening on http://") {
            break url.to_owned();
        }
    };
    let get = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        exchange(&*url, &head)
    };
    let history = format!("/logs/history?channel={CHANNEL}");
    // More than a pipe holds.
    (0..400).for_each(|_| drop(get(&history)));
    until("a reader is refused", || get(&history).starts_with("HTTP/1.1 503"));
    let answer = get(&history);
    assert!(answer.contains("the audit log cannot be written"), "{answer}");
    let ready =
        exchange(&*admin, "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(ready.contains("accepted nothing for more than 5 s"), "{ready}");
    gateway.kill().expect("it runs");
    gateway.wait().expect("it ends");
}

#[test]
fn the_refusal_of_a_known_reader_names_the_reader() {
    let file = File::new("audit-known", "");
    let watched = Watched::start(&["--audit-log", file.path(), "--max-streams-per-user", "1"]);
    let named = "X-Workspace-Id: workspace123\r\nX-User-Id: bob\r\n";
    let mut socket = connect(watched.gateway.address());
    let path = format!("/logs/stream?channels={CHANNEL}");
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{named}\r\n");
    socket.write_all(head.as_bytes()).expect("it accepts bytes");
    line(file.path(), "stream_open");
    for path in [&*path, PROXY] {
        let answer = get(&watched, path, named);
        assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    }
    until("both are recorded", || of(&lines(file.path()), "refused").len() == 2);
    for line in of(&lines(file.path()), "refused") {
        assert_eq!((&line["user"], &line["status"]), (&"bob".into(), &429.into()), "{line}");
    }
}

#[test]
fn an_audit_log_that_is_not_required_serves_readers_while_it_cannot_be_written() {
    if !fs::exists("/dev/full").unwrap_or(false) {
        return;
    }
    let watched = Watched::start(&["--audit-log", "/dev/full"]);
    until("it is not ready", || watched.value("ready") == 0.0);
    let mut reader = watched.gateway.read(PROXY);
    watched.gateway.publish("hello");
    reader.until("hello");
}

#[test]
fn standard_output_has_it_beside_the_address() {
    let mut command = support::process::command(&["--port", "0", "--audit-log", "-"]);
    let mut gateway = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(gateway.stdout.take().expect("a pipe")).lines();
    let mut events = Vec::new();
    for line in lines.map(|line| line.expect("text")) {
        if let Some((_, url)) = line.split_once(" listening on http://") {
            drop(Raw::request(url, PROXY));
        } else {
            let line: Value = serde_json::from_str(&line).expect("an object");
            events.push(line["event"].as_str().expect("an event").to_owned());
        }
        if events.last().is_some_and(|event| event == "stream_close") {
            break;
        }
    }
    gateway.kill().expect("it runs");
    gateway.wait().expect("it ends");
    assert_eq!(events, ["gateway_start", "stream_open", "stream_close"]);
}

#[test]
fn no_other_user_may_read_what_the_gateway_creates() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::new("audit-mode", "");
    fs::remove_file(file.path()).expect("it is there");
    let data = format!("{}.data", file.path());
    fs::create_dir(&data).expect("a folder, as service managers make it");
    let program = env!("CARGO_BIN_EXE_logs-gateway");
    let script = format!(
        "umask 0; exec {program} --demo --port 0 --audit-log {} --engine disk --data-dir {data}",
        file.path()
    );
    let mut gateway = std::process::Command::new("sh")
        .args(["-c", &script])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    until("it has started", || !lines(file.path()).is_empty());
    let mut created = vec![file.path().into()];
    for entry in fs::read_dir(&data).expect("a folder") {
        created.push(entry.expect("an entry").path());
    }
    let mode = |path: &std::path::PathBuf| {
        let mode = fs::metadata(path).map(|file| file.permissions().mode() & 0o777);
        (path.clone(), mode.expect("it is there"))
    };
    let modes: Vec<_> = created.iter().map(mode).collect();
    gateway.kill().expect("it runs");
    gateway.wait().expect("it ends");
    fs::remove_dir_all(&data).expect("it is there");
    assert!(modes.len() >= 4, "the database has several files: {modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}

#[test]
fn a_file_that_cannot_be_opened_refuses_the_start() {
    for (path, expected) in [("/", "it is a folder"), ("/no/such/file", "folder does not exist")] {
        let command = support::process::command(&["--port", "0", "--audit-log", path]);
        let (code, told) = support::process::ended(command);
        assert!(code != Some(0) && told.contains(expected), "{told}");
    }
}
