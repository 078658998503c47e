//! Certificates, and clients of TLS and HTTP/2 on real sockets.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{Request, Response};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::temporary::File;

/// Long enough for any machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate for localhost in files that are removed with the test.
pub struct Certificate {
    pub cert: File,
    pub key: File,
    pub der: CertificateDer<'static>,
}

impl Certificate {
    /// Makes a self-signed certificate for localhost, which does not expire.
    pub fn new() -> Self {
        Self::of(&CertificateParams::new(["localhost".to_owned()]).expect("parameters"))
    }

    /// Makes one that expires at midnight (UTC) after this many days, which may be negative.
    pub fn ending_in(days: i64) -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let end = now.date().saturating_add(jiff::Span::new().days(days));
        let number = |value: i8| u8::try_from(value).expect("of a date");
        let (year, month, day) = (end.year().into(), number(end.month()), number(end.day()));
        params.not_after = rcgen::date_time_ymd(year, month, day);
        Self::of(&params)
    }

    fn of(params: &CertificateParams) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let key = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&key).expect("a certificate");
        Self {
            cert: File::new(&format!("cert-{number}"), &cert.pem()),
            key: File::new(&format!("key-{number}"), &key.serialize_pem()),
            der: cert.der().clone(),
        }
    }

    /// The flags that serve it.
    pub fn flags(&self) -> [&str; 4] {
        ["--tls-cert", self.cert.path(), "--tls-key", self.key.path()]
    }

    /// Writes the files of `other` in place of these.
    pub fn write_over_with(&mut self, other: &Self) {
        for (file, new) in [(&self.key, &other.key), (&self.cert, &other.cert)] {
            file.write(&std::fs::read_to_string(new.path()).expect("a file"));
        }
        self.der = other.der.clone();
    }
}

/// An authority, and the certificate and key of a client that it has issued.
pub struct Authority {
    pub file: File,
    pub client: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
            .expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let cert = CertificateParams::new(vec!["publisher".to_owned()])
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        Self {
            file: File::new(&format!("ca-{name}"), &issuer.pem()),
            client: (vec![cert.der().clone()], key),
        }
    }
}

/// Connects to `address` as a client that trusts only `der` and speaks `protocol`.
pub async fn connect(
    address: &str,
    der: &CertificateDer<'static>,
    protocol: &str,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(der.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some((certs, key)) => builder.with_client_auth_cert(certs, key).expect("a key"),
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let socket = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// A connection of HTTP/2.
pub struct Http2 {
    pub sender: SendRequest<Bytes>,
    /// Ends with the connection, and says how.
    pub ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    pub async fn connect(address: &str, der: &CertificateDer<'static>) -> Self {
        Self::with_window(address, der, 65_535).await
    }

    /// A connection of which each stream may send so many bytes ahead, and all together plenty.
    pub async fn with_window(address: &str, der: &CertificateDer<'static>, window: u32) -> Self {
        let socket = connect(address, der, "h2", None).await.expect("a handshake");
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(16 << 20)
            .handshake(socket)
            .await
            .expect("HTTP/2");
        Self { sender, ended: tokio::spawn(connection) }
    }

    /// Sends a request without a body.
    pub async fn begin(&mut self, request: Request<()>) -> ResponseFuture {
        self.begin_with(request, true).await.0
    }

    pub async fn begin_with(
        &mut self,
        request: Request<()>,
        is_whole: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let ready = self.sender.clone().ready();
        self.sender = timeout(PATIENCE, ready).await.expect("in time").expect("a connection");
        self.sender.send_request(request, is_whole).expect("a request")
    }

    pub async fn get(&mut self, path: &str) -> Response<RecvStream> {
        let response = self.begin(get(path)).await;
        timeout(PATIENCE, response).await.expect("in time").expect("a response")
    }

    /// The response to a GET, whole.
    pub async fn text(&mut self, path: &str) -> (u16, String) {
        let response = self.get(path).await;
        (response.status().as_u16(), rest(response.into_body()).await)
    }

    pub async fn post(&mut self, request: Request<()>, body: Bytes) -> (u16, String) {
        let (response, mut stream) = self.begin_with(request, false).await;
        // An error means that the gateway answered before it read the body.
        let _ = stream.send_data(body, true);
        let response = timeout(PATIENCE, response).await.expect("in time").expect("a response");
        (response.status().as_u16(), rest(response.into_body()).await)
    }

    /// Waits until the gateway closes the connection. The reason may be lost with what the gateway
    /// no longer reads.
    pub async fn until_closed(self) {
        let ended = timeout(PATIENCE, self.ended).await.expect("it ends").expect("a task");
        assert!(ended.is_err(), "the client closed it");
    }

    /// Why the connection ended.
    pub async fn reason(self) -> Option<Reason> {
        let ended = timeout(PATIENCE, self.ended).await.expect("it ends").expect("a task");
        ended.err().and_then(|error| error.reason())
    }
}

pub fn get(path: &str) -> Request<()> {
    Request::get(format!("https://localhost{path}")).body(()).expect("a request")
}

/// The next bytes of a body, which the client may send again; `None` at its end.
pub async fn next(body: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let bytes = timeout(PATIENCE, body.data()).await.expect("bytes in time")?;
    Some(bytes.inspect(|bytes| {
        body.flow_control().release_capacity(bytes.len()).expect("a window");
    }))
}

/// Reads until `what` came.
pub async fn until(body: &mut RecvStream, what: &str) -> String {
    let mut all = String::new();
    while !all.contains(what) {
        let bytes = next(body).await.unwrap_or_else(|| panic!("no {what:?} in {all}"));
        all.push_str(&String::from_utf8_lossy(&bytes.expect("bytes")));
    }
    all
}

/// The rest of a body.
pub async fn rest(mut body: RecvStream) -> String {
    let mut all = String::new();
    while let Some(Ok(bytes)) = next(&mut body).await {
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    all
}
