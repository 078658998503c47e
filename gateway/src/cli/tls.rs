//! The flags for TLS.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use logs_gateway::server::tls::{Files, Tls};

#[derive(Clone, Debug, Args)]
pub(crate) struct Encryption {
    /// Serve HTTPS, with HTTP/2 and HTTP/1.1, with the certificate in this PEM file, followed by
    /// those of the authorities in between.
    ///
    /// SIGHUP reads the files again, and so does the gateway each minute. Open streams continue.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Ask clients for a certificate, and accept those that the authorities in this PEM file have
    /// issued. Publishers then need one besides their token, readers do not.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Serve plain HTTP to other machines. A proxy between them and the gateway encrypts.
    #[arg(long)]
    pub(crate) behind_tls_proxy: bool,
}

impl Encryption {
    /// Reads the files; `None` without any.
    ///
    /// # Errors
    /// Which file is wrong, and how.
    pub(crate) fn load(&self) -> Result<Option<Arc<Tls>>, String> {
        let (Some(cert), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) else {
            return Ok(None);
        };
        Tls::load(Files { cert, key, client_ca: self.tls_client_ca.clone() })
            .map(Some)
            .map_err(|error| format!("TLS: {error}"))
    }

    /// Checks that what leaves this machine is encrypted.
    ///
    /// # Errors
    /// A sentence with the two ways.
    pub(crate) fn check(&self, host: &str, is_loopback: bool) -> Result<(), String> {
        if is_loopback || self.tls_cert.is_some() || self.behind_tls_proxy {
            return Ok(());
        }
        Err(format!(
            "other machines can reach --host {host}, and logs would cross the network unencrypted: set --tls-cert and --tls-key, or --behind-tls-proxy if a proxy in front encrypts"
        ))
    }
}
