//! Many streams over HTTP/2, to measure the gateway's memory for each: `cargo run --release -p
//! logs-gateway --example http2_readers -- --gateway localhost:8443 --pid PID`.
//!
//! It accepts any certificate, since it sends nothing that is secret.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use h2::client::SendRequest;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

/// Opens streams and prints what each needs.
#[derive(Debug, Parser)]
struct Args {
    /// Address of the gateway, as host:port.
    #[arg(long)]
    gateway: String,
    /// Its process id, for its memory.
    #[arg(long)]
    pid: u32,
    /// How many connections carry streams.
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Streams of each connection.
    #[arg(long, default_value_t = 100)]
    streams: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args = Args::parse();
    let connector = TlsConnector::from(Arc::new(config()));
    let before = resident_kb(args.pid);
    let mut senders = Vec::new();
    for _ in 0..args.connections {
        senders.push(connect(&connector, &args.gateway).await);
    }
    sleep(Duration::from_secs(1)).await;
    let connected = resident_kb(args.pid);
    let mut bodies = Vec::new();
    for sender in &mut senders {
        for _ in 0..args.streams {
            bodies.push(open(sender).await);
        }
    }
    sleep(Duration::from_secs(2)).await;
    let streaming = resident_kb(args.pid);
    let (connections, streams) = (args.connections as u64, bodies.len() as u64);
    println!(
        "{} bytes for each of {connections} connections, {} for each of {streams} streams",
        (connected - before) * 1_024 / connections,
        (streaming - connected) * 1_024 / streams
    );
}

async fn connect(connector: &TlsConnector, gateway: &str) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(gateway).await.expect("the gateway listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let socket = connector.connect(name, socket).await.expect("a handshake");
    let (sender, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn open(sender: &mut SendRequest<Bytes>) -> h2::RecvStream {
    let request = hyper::Request::get("https://localhost/logs/stream?channels=logs:etl:a:b");
    let request = request.body(()).expect("a request");
    let mut ready = sender.clone().ready().await.expect("a connection");
    let (response, _) = ready.send_request(request, true).expect("a request");
    let response = response.await.expect("a response");
    assert_eq!(response.status(), 200);
    response.into_body()
}

fn config() -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any(ring::default_provider())))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// A verifier that accepts any certificate.
#[derive(Debug)]
struct Any(CryptoProvider);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
