//! The client for all requests that the gateway sends: whom it trusts, and what it never follows.
//! Knows no route.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error_chain::error_chain;
use crate::http::base_url::BaseUrl;

/// Options of all requests that the gateway sends.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Certificate authorities to trust in addition to those of the system.
    authorities: Arc<[reqwest::Certificate]>,
    /// Whether the variables `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` apply.
    use_env_proxy: bool,
}

impl Outgoing {
    /// Returns options that trust the certificates in `ca_file` as well as those of the system.
    ///
    /// # Errors
    /// A sentence with the file, if it cannot be read or holds anything but certificates in PEM.
    pub fn new(ca_file: Option<&Path>, use_env_proxy: bool) -> Result<Self, String> {
        let authorities = ca_file.map(read).transpose()?.unwrap_or_default();
        Ok(Self { authorities: authorities.into(), use_env_proxy })
    }

    /// Checks that the certificate of a server at `base` can be verified at all.
    ///
    /// # Errors
    /// A sentence that says what to do, if `base` is https and no authority is known.
    pub fn check(&self, base: &BaseUrl) -> Result<(), String> {
        if base.is_https() && self.authorities.is_empty() && !*SYSTEM_HAS_AUTHORITIES {
            return Err(format!("{base} needs a certificate authority, and {NO_AUTHORITIES}"));
        }
        Ok(())
    }

    /// Checks the same for a URL with a path and a query.
    pub(crate) fn check_url(&self, url: &reqwest::Url) -> Result<(), String> {
        self.check(&url.origin().ascii_serialization().parse()?)
    }
}

/// Returns the builder of a client.
///
/// - It verifies certificates against the authorities of the system and those of `outgoing`.
/// - It follows no redirect, which would send tokens and ids to a server that is not configured.
/// - It ignores the proxies of the environment, which are meant for other traffic, unless
///   `outgoing` says otherwise.
pub fn client_builder(outgoing: &Outgoing) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = if outgoing.use_env_proxy { client } else { client.no_proxy() };
    let authorities = outgoing.authorities.iter().cloned();
    if outgoing.authorities.is_empty() && !*SYSTEM_HAS_AUTHORITIES {
        // Without any authority, a client could not even be built for plain HTTP.
        client.tls_certs_only(authorities)
    } else {
        client.tls_certs_merge(authorities)
    }
}

/// Returns the certificates in a file.
fn read(file: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("--ca-file {shown}: {error}"))?;
    let mut authorities = Vec::new();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&bytes)) {
        let wrong = |error: &dyn std::error::Error| {
            format!("--ca-file {shown}: certificate {number} is not valid: {}", error_chain(error))
        };
        let certificate = certificate.map_err(|error| wrong(&error))?;
        let authority = reqwest::Certificate::from_der(&certificate);
        RootCertStore::empty().add(certificate).map_err(|error| wrong(&error))?;
        authorities.push(authority.map_err(|error| wrong(&error))?);
    }
    if authorities.is_empty() {
        return Err(format!(
            "--ca-file {shown}: it has no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----"
        ));
    }
    Ok(authorities)
}

/// Whether the system has certificate authorities, which images without an operating system lack. A
/// client that verifies against them cannot be built without.
static SYSTEM_HAS_AUTHORITIES: LazyLock<bool> =
    LazyLock::new(|| reqwest::Client::builder().no_proxy().build().is_ok());

const NO_AUTHORITIES: &str = "this system has none: install them (ca-certificates), or name a PEM file with --ca-file or SSL_CERT_FILE";

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("logs-gateway-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("a file");
        path
    }

    #[test]
    fn a_file_without_a_valid_certificate_is_refused_with_its_name() {
        let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
        let pem = own.cert.pem();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (name, text, expected) in [
            ("empty", String::new(), "no certificate"),
            ("key", own.signing_key.serialize_pem(), "no certificate"),
            ("text", "not PEM".into(), "no certificate"),
            ("broken", format!("{pem}{broken}"), "certificate 2 is not valid"),
            ("cut", pem[..pem.len() / 2].into(), "certificate 1 is not valid"),
        ] {
            let path = written(name, &text);
            let error = Outgoing::new(Some(&path), false).expect_err(name);
            fs::remove_file(&path).expect("it is there");
            assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
        }
        let error = Outgoing::new(Some(Path::new("/no/such/file")), false).expect_err("no file");
        assert!(error.contains("/no/such/file"), "{error}");
    }

    #[test]
    fn a_file_may_hold_several_certificates() {
        let pem = || {
            rcgen::generate_simple_self_signed(["localhost".into()])
                .expect("a certificate")
                .cert
                .pem()
        };
        let path = written("several", &format!("# comment\n{}{}", pem(), pem()));
        let outgoing = Outgoing::new(Some(&path), false).expect("certificates");
        fs::remove_file(&path).expect("it is there");
        assert_eq!(outgoing.authorities.len(), 2);
    }
}
