//! Requests that the gateway sends: it trusts only certificates that it can verify, waits a bounded
//! time, and tells browsers nothing about the backend's address.

#[path = "support/program.rs"]
mod program;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::sync::Arc;
use std::time::Duration;

use logs_gateway::http::upstream::{Deadlines, Options, Upstream};
use program::{Running, ended, program};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use support::{Answer, PROXY, Reader, Server, Setup, client, tls};
use temporary::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority of the test's own.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A backend with a certificate of `authority` for `name`, valid for these years. Returns its URL.
async fn backend(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    years: (i32, i32),
) -> String {
    tls();
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.into()]).expect("parameters");
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate leaves.
                let Ok(mut socket) = acceptor.accept(socket).await else { return };
                let _ = socket.read(&mut [0; 4_096]).await;
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"from\":\"tls\"}\n\n";
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.read(&mut [0; 64]).await;
            });
        }
    });
    format!("https://localhost:{port}")
}

/// A gateway before `upstream`, whose system trusts no one.
fn gateway(upstream: &str, arguments: &[&str], trusted: &File) -> Running {
    let mut command = program(&[&["--port", "0", "--upstream", upstream][..], arguments].concat());
    command.env("SSL_CERT_FILE", trusted.path()).env_remove("SSL_CERT_DIR");
    Running::start(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_with_a_certificate_of_the_own_authority_is_trusted() {
    let (own, other) = (authority("own"), authority("other"));
    let url = backend(&own, "localhost", (2020, 2099)).await;
    let (own, other) = (File::new("own", &own.pem()), File::new("other", &other.pem()));
    for (arguments, system) in [(&["--ca-file", own.path()][..], &other), (&[][..], &own)] {
        let running = gateway(&url, arguments, system);
        let mut reader = Reader::open(client().get(format!("{}{PROXY}", running.url))).await;
        assert_eq!(reader.data().await["from"], "tls", "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_whose_certificate_cannot_be_verified_gets_no_request() {
    let (own, other) = (authority("own"), authority("other"));
    let file = File::new("trusted", &own.pem());
    for (backend, expected) in [
        (backend(&other, "localhost", (2020, 2099)).await, "UnknownIssuer"),
        (backend(&own, "elsewhere.example", (2020, 2099)).await, "not valid for name"),
        (backend(&own, "localhost", (2020, 2021)).await, "expired"),
        (backend(&own, "localhost", (2098, 2099)).await, "not valid yet"),
    ] {
        let running = gateway(&backend, &["--ca-file", file.path()], &file);
        let answer = Answer::of(client().get(format!("{}{PROXY}", running.url))).await;
        assert_eq!(answer.status, 502, "{expected}: {answer:?}");
        assert!(!format!("{answer:?}").contains("localhost"), "{answer:?}");
        let log = running.end();
        assert!(log.contains(expected) && log.contains(&backend), "{expected}: {log}");
    }
}

#[test]
fn a_gateway_that_can_verify_no_certificate_does_not_start_with_https() {
    let no_authority = File::new("no-authority", "");
    let start = |url: &str| {
        let mut command = program(&["--port", "0", "--upstream", url, "--check"]);
        command.env("SSL_CERT_FILE", no_authority.path()).env_remove("SSL_CERT_DIR");
        ended(command)
    };
    let (code, text) = start("https://backend.example");
    assert!(code == Some(2) && text.contains("--ca-file"), "{text}");
    let (code, text) = start("http://backend.example");
    assert_eq!(code, Some(0), "plain HTTP needs no authority: {text}");
}

#[test]
fn a_file_of_authorities_is_checked_at_the_start() {
    let text = File::new("text", "not PEM");
    for file in [text.path(), "/no/such/file"] {
        let (code, text) = ended(program(&["--port", "0", "--ca-file", file, "--check"]));
        assert!(code == Some(2) && text.contains(file), "{text}");
    }
}

#[tokio::test]
async fn a_backend_that_accepts_no_connection_is_abandoned_after_the_deadline() {
    // A queue of one, which is full: the system drops what asks to connect.
    let socket =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).and_then(|()| socket.listen(0)).expect("it listens");
    let address = socket.local_addr().expect("an address").as_socket().expect("an IP address");
    let mut queued = Vec::new();
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200))
    {
        queued.push(stream);
    }
    tls();
    let deadlines = Deadlines {
        connect: Duration::from_millis(100),
        head: Duration::from_secs(600),
        ..Deadlines::default()
    };
    let url = format!("http://{address}");
    let upstream =
        Upstream::with(url.parse().expect("a URL"), Options { deadlines, ..Options::default() })
            .expect("an upstream");
    let server = Server::made(Setup { upstream: Some(upstream), ..Setup::default() }).await;
    let answer = server.get(PROXY).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(!format!("{answer:?}").contains(&address.port().to_string()), "{answer:?}");
}
