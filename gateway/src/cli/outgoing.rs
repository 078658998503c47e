//! The flags for requests that the gateway sends.

use std::path::PathBuf;

use clap::Args;
use logs_gateway::http::outgoing::Outgoing;

#[derive(Clone, Debug, Args)]
pub(crate) struct OutgoingArgs {
    /// Also trust the certificate authorities in this PEM file, for https servers that the gateway
    /// connects to, such as --upstream.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl OutgoingArgs {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence with the file that is wrong.
    pub(crate) fn load(&self, use_env_proxy: bool) -> Result<Outgoing, String> {
        Outgoing::new(self.ca_file.as_deref(), use_env_proxy)
    }
}
