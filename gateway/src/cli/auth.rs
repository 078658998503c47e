//! The flags that decide who may read.

use std::path::PathBuf;

use clap::Args;
use logs_gateway::auth::secret_file::Secret;
use logs_gateway::auth::trusted_proxy::{Network, TrustedProxies};
use logs_gateway::auth::{Mode, Readers};

/// How readers are authenticated.
#[derive(Clone, Debug, Args)]
pub(crate) struct Auth {
    /// Serve a trial on this machine: anonymous readers, public tokens, sample logs. The gateway
    /// then listens on a loopback address only.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Believe a proxy in this network, such as 10.0.0.0/8, when it names the reader in X-User-Id
    /// and X-Workspace-Id; repeatable.
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<Network>,
    /// Believe a proxy that sends the secret in this file as X-Proxy-Secret; with --trusted-proxy,
    /// only such a one.
    #[arg(long, value_name = "FILE")]
    trusted_proxy_secret_file: Option<PathBuf>,
}

impl Auth {
    /// Returns the mode of a gateway on `host`, whose publishers have tokens if `has_tokens`.
    ///
    /// # Errors
    /// A sentence that names the flags which are missing or contradict each other.
    pub(crate) fn mode(
        &self,
        is_loopback: bool,
        host: &str,
        has_tokens: bool,
    ) -> Result<Mode, String> {
        let readers = self.readers()?;
        match (self.demo, readers) {
            (true, _) if !is_loopback => Err(format!(
                "other machines can reach --host {host}, and --demo lets anyone read and publish: listen on 127.0.0.1, or remove --demo"
            )),
            (true, Some(_)) => {
                Err(format!("--demo lets anyone read, so it cannot be combined with {READERS}"))
            }
            (true, None) => Ok(Mode::Demo),
            (false, Some(readers)) if has_tokens => Ok(Mode::Production(readers.into())),
            (false, Some(_)) => Err(format!("publishers have no tokens: {TOKENS}; {TRIAL}")),
            (false, None) if has_tokens => {
                Err(format!("readers are not authenticated: set {READERS}; {TRIAL}"))
            }
            (false, None) => Err(format!(
                "neither readers nor publishers are authenticated: for readers, set {READERS}; for publishers, {TOKENS}; {TRIAL}"
            )),
        }
    }

    fn readers(&self) -> Result<Option<Readers>, String> {
        let secret = self
            .trusted_proxy_secret_file
            .as_deref()
            .map(|path| Secret::read("--trusted-proxy-secret-file", path))
            .transpose()?;
        let proxies = TrustedProxies::new(self.trusted_proxies.clone(), secret.as_ref());
        Ok(proxies.map(Readers::behind))
    }
}

const READERS: &str =
    "--auth-forward-url, --auth-jwt-secret-file or --auth-jwks, or --trusted-proxy";

const TOKENS: &str = "name a file with --tokens, whose entries logs-gateway token new makes";

const TRIAL: &str = "or add --demo for a trial on this machine";
