//! The flags of the audit log, traces, the canary and readiness.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use logs_gateway::audit::Audit;
use logs_gateway::http::base_url::BaseUrl;
use logs_gateway::observers::Observers;
use logs_gateway::process_info;
use logs_gateway::readiness::Readiness;
use logs_gateway::traces::Traces;
use tokio::runtime::Handle;

use crate::cli::parse::{parse_count, parse_share, parse_time};

#[derive(Clone, Debug, Args)]
pub(crate) struct Observe {
    /// Append a line of JSON to this file for each stream that opens or closes, each refusal, and
    /// each act of an operator; - is standard output. SIGHUP opens it again, for logrotate.
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,
    /// Refuse readers with 503 while that file cannot be written.
    #[arg(long, requires = "audit_log")]
    audit_required: bool,
    /// Export traces to this collector, by OTLP over HTTP to URL/v1/traces. The variable
    /// OTEL_EXPORTER_OTLP_HEADERS sets headers, such as a key.
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<BaseUrl>,
    /// The share of requests to trace, 0 to 1, among those whose sender has not decided by a header
    /// traceparent.
    #[arg(long, value_name = "RATIO", default_value_t = 0.0, value_parser = parse_share)]
    trace_ratio: f64,
    /// Publish a log of the gateway's own at this interval and read it back. If it does not arrive
    /// within 5 s, the gateway is not ready.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) canary: Option<Duration>,
    /// The memory that the process may use; at nine tenths of it, the gateway is not ready. By
    /// default, that of its container.
    #[arg(long, value_name = "BYTES", value_parser = parse_count)]
    memory_limit: Option<usize>,
}

impl Observe {
    /// Opens the files and starts the threads of the observers.
    ///
    /// # Errors
    /// A sentence that names the flag, if a file cannot be opened.
    pub(crate) fn start(&self, runtime: &Handle) -> Result<Observers, String> {
        let audit = match &self.audit_log {
            Some(path) => Audit::open(path, self.audit_required)?,
            None => Audit::default(),
        };
        let traces = match &self.otlp_endpoint {
            Some(endpoint) => Traces::export_to(endpoint, self.trace_ratio, runtime.clone())?,
            None => Traces::default(),
        };
        let own = self.memory_limit.map(|bytes| bytes as u64);
        let memory_limit = own.or_else(process_info::memory_limit);
        let readiness = Readiness::new(memory_limit);
        readiness.watch(runtime);
        Ok(Observers { audit, traces, readiness, ..Observers::default() })
    }

    /// Checks what a start would refuse, without creating a file.
    ///
    /// # Errors
    /// A sentence that names the flag.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some(path) = self.audit_log.as_deref().filter(|path| path.as_os_str() != "-") else {
            return Ok(());
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let problem = if path.is_dir() {
            "it is a folder: expected a file"
        } else if folder.is_some_and(|folder| !folder.is_dir()) {
            "its folder does not exist: create it, owned by the user of the gateway"
        } else {
            return Ok(());
        };
        Err(format!("--audit-log {}: {problem}", path.display()))
    }
}
