//! Wrong credentials: an address that sends too many of them is asked to wait. Right ones pass.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use socket2::{Domain, Socket, Type};
use support::PATIENCE;
use support::process::{Gateway, Process, command};
use temporary::File;

fn gateway(arguments: &[&str]) -> Process {
    Process::start(command(&[&["--port", "0"], arguments].concat()).stderr(Stdio::null()))
}

/// Publishes with `token` from an address of this machine, and returns the whole answer.
fn publish_from(gateway: &Process, from: [u8; 4], token: &str) -> String {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::from(from), 0)).into()).expect("an own address");
    let to: SocketAddr = gateway.address().parse().expect("an address");
    socket.connect(&to.into()).expect("it accepts connections");
    let mut socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    let body = r#"{"service":"etl","workspace_id":"w","logData":{}}"#;
    write!(
        socket,
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it accepts the request");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn an_address_with_too_many_wrong_tokens_must_wait_and_right_tokens_need_not() {
    let gateway = gateway(&["--admin", "0"]);
    for _ in 0..20 {
        assert!(publish_from(&gateway, [127, 0, 0, 2], "wrong").starts_with("HTTP/1.1 403"));
    }
    // On a slow machine, one or two more are due by now.
    let mut answer = String::new();
    for _ in 0..5 {
        answer = publish_from(&gateway, [127, 0, 0, 2], "wrong").to_lowercase();
    }
    assert!(answer.starts_with("http/1.1 429"), "{answer}");
    assert!(["1", "2", "3"].iter().any(|n| answer.contains(&format!("retry-after: {n}\r\n"))));
    assert!(answer.contains(r#""limit":"auth_failures","value":20"#), "{answer}");
    assert!(publish_from(&gateway, [127, 0, 0, 2], "l5-etl-token").starts_with("HTTP/1.1 200"));
    assert!(publish_from(&gateway, [127, 0, 0, 3], "wrong").starts_with("HTTP/1.1 403"));
    assert!(gateway.publish("from elsewhere").contains("\"success\":true"));
}

#[test]
fn a_service_that_is_not_the_tokens_is_no_wrong_credential() {
    let gateway = gateway(&["--max-auth-failures", "2"]);
    for _ in 0..5 {
        let answer = publish_from(&gateway, [127, 0, 0, 2], "faas-token");
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
}

#[test]
fn readers_without_a_valid_credential_are_always_asked_to_log_in() {
    let tokens = File::new("auth-failures", "");
    let gateway = Process::start(
        Command::new(env!("CARGO_BIN_EXE_logs-gateway"))
            .args(["--port", "0", "--trusted-proxy", "10.0.0.0/8", "--tokens", tokens.path()])
            .args(["--max-auth-failures", "5"])
            .env_remove("LOGS_GATEWAY_TOKENS")
            .stdin(Stdio::null())
            .stderr(Stdio::null()),
    );
    let status = || {
        let answer = gateway.get("/logs/stream?channels=logs:etl:w:f");
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let statuses: Vec<_> = (0..8).map(|_| status()).collect();
    // A page that received 429 would wait, and not ask its user to log in.
    assert_eq!(statuses, ["401"; 8]);
}
