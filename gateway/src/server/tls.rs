//! TLS of a listener: certificates from files, which can change while connections are open.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error_chain::error_chain;
use crate::hub::connection::now_millis;
use crate::server::door::Door;
use crate::server::expiry::{Expiry, Left, days};
use crate::server::stall::Stalling;

/// The files of a listener's TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, followed by those of the authorities between it and the root.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
    /// The authorities that issue certificates of clients. `None` asks for no certificate.
    pub client_ca: Option<PathBuf>,
}

/// TLS in force. Connections keep the certificate with which they began.
pub struct Tls {
    current: ArcSwap<Loaded>,
    handshakes: AtomicUsize,
}

/// What the files contained.
struct Loaded {
    files: Files,
    bytes: Vec<Vec<u8>>,
    /// When the server's certificate ends, if that can be read.
    expiry: Option<Expiry>,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for Tls {
    /// Shows the names of the files, not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.current.load().files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence that names the file, and what is wrong with it.
    pub fn load(files: Files) -> Result<Arc<Self>, String> {
        let bytes = files.read()?;
        let loaded = Loaded::new(files, bytes)?;
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(loaded),
            handshakes: AtomicUsize::default(),
        }))
    }

    /// Uses what `other` read for new connections.
    pub fn replace(&self, other: &Self) {
        self.current.store(other.current.load_full());
    }

    /// Reads the files again, and returns whether they have changed. On an error, the old
    /// certificate stays in force.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn refresh(&self) -> Result<bool, String> {
        let current = self.current.load_full();
        let bytes = current.files.read()?;
        if bytes == current.bytes {
            return Ok(false);
        }
        self.current.store(Arc::new(Loaded::new(current.files.clone(), bytes)?));
        Ok(true)
    }

    /// Logs a warning if the certificate has expired, or will soon.
    pub fn warn_of_expiry(&self) {
        let current = self.current.load();
        let file = current.files.cert.display();
        match current.expiry.map(|expiry| expiry.left(now_millis())) {
            None => tracing::warn!("{file}: when the certificate expires cannot be read"),
            Some(Left::Expired) => {
                tracing::warn!(
                    "{file}: the certificate has expired, and clients refuse it: renew it"
                );
            }
            Some(Left::Short(left)) => {
                tracing::warn!("{file}: the certificate expires in {}: renew it", days(left));
            }
            Some(Left::Enough(_)) => {}
        }
    }

    /// Returns when the certificate expires, in seconds since 1970, if that can be read.
    pub(crate) fn expires(&self) -> Option<i64> {
        self.current.load().expiry.map(Expiry::seconds)
    }

    /// Reads the files again from time to time, for systems that renew them without a signal. Warns
    /// of the end of the certificate once a day.
    pub async fn watch(self: Arc<Self>, period: Duration) {
        let mut reported = String::new();
        let mut warned = Instant::now();
        loop {
            tokio::time::sleep(period).await;
            if warned.elapsed() >= BETWEEN_WARNINGS {
                warned = Instant::now();
                self.warn_of_expiry();
            }
            match self.refresh() {
                Ok(false) => reported.clear(),
                Ok(true) => {
                    tracing::info!("the TLS certificate was reloaded");
                    self.warn_of_expiry();
                }
                Err(error) if error == reported => {}
                Err(error) => {
                    tracing::error!("the old TLS certificate stays in force: {error}");
                    reported = error;
                }
            }
        }
    }

    /// Returns whether clients are asked for a certificate.
    pub(crate) fn asks_clients(&self) -> bool {
        self.current.load().files.client_ca.is_some()
    }

    /// Completes the handshake of a connection; `None` if it failed, took longer than `time`, or too
    /// many others are in progress.
    pub(crate) async fn accept(
        &self,
        socket: Stalling,
        door: &Door,
        time: Duration,
    ) -> Option<TlsStream<Stalling>> {
        let place = Handshake::begin(&self.handshakes);
        let acceptor = TlsAcceptor::from(Arc::clone(&self.current.load().config));
        let done = if place.before < door.max_handshakes() {
            timeout(time, acceptor.accept(socket)).await
        } else {
            Ok(Err(io::Error::other("too many handshakes at a time")))
        };
        match done {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tracing::debug!("TLS handshake: {error}"),
            Err(_) => tracing::debug!("TLS handshake: not complete after {time:?}"),
        }
        door.note_handshake_failed();
        None
    }
}

/// A handshake in progress, counted until it is dropped.
struct Handshake<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Handshake<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Files {
    fn read(&self) -> Result<Vec<Vec<u8>>, String> {
        let files = [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()];
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
        };
        files.into_iter().flatten().map(read).collect()
    }
}

impl Loaded {
    fn new(files: Files, bytes: Vec<Vec<u8>>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certs = certificates(&files.cert, bytes.first())?;
        let key = private_key(&files.key, bytes.get(1))?;
        let expiry = certs.first().and_then(Expiry::of);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for cert in certificates(file, bytes.get(2))? {
                    roots
                        .add(cert)
                        .map_err(|error| format!("{}: {}", file.display(), error_chain(&error)))?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .allow_unauthenticated()
                        .build()
                        .map_err(|error| format!("{}: {error}", file.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config =
            builder.with_single_cert(certs, key).map_err(|error| unusable(&files, &error))?;
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(Self { files, bytes, expiry, config: Arc::new(config) })
    }
}

fn certificates(
    file: &Path,
    pem: Option<&Vec<u8>>,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = pem.map(Vec::as_slice).unwrap_or_default();
    let certs = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| malformed(file, &error))?;
    if certs.is_empty() {
        return Err(format!(
            "{} contains no certificate: expected PEM with -----BEGIN CERTIFICATE-----",
            file.display()
        ));
    }
    Ok(certs)
}

fn private_key(file: &Path, pem: Option<&Vec<u8>>) -> Result<PrivateKeyDer<'static>, String> {
    let pem = pem.map(Vec::as_slice).unwrap_or_default();
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound => format!(
            "{} contains no private key: expected PEM with -----BEGIN PRIVATE KEY-----, not encrypted",
            file.display()
        ),
        error => malformed(file, &error),
    })
}

/// Repeats nothing of the file: it may be a key.
fn malformed(file: &Path, error: &pem::Error) -> String {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no END line",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be read",
    };
    format!("{} is not valid PEM: {what}", file.display())
}

fn unusable(files: &Files, error: &rustls::Error) -> String {
    let (cert, key) = (files.cert.display(), files.key.display());
    match error {
        rustls::Error::InconsistentKeys(_) => format!(
            "the key in {key} does not belong to the certificate in {cert}: the server's certificate comes first in its file"
        ),
        rustls::Error::InvalidCertificate(error) => format!("{cert}: invalid certificate: {error}"),
        error => format!("{cert} and {key} cannot be used: {error}"),
    }
}

/// The protocol of a connection as ALPN names it.
pub(crate) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// How often the log warns of a certificate that expires.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(86_400);

/// How often certificates are read again.
pub const WATCH_PERIOD: Duration = Duration::from_secs(60);
