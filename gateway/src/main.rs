//! `logs-gateway`: parses the command line and runs the command.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through logs_gateway::output, which never blocks"
)]

mod cli;

use std::env::VarError;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::Parser;
use logs_gateway::demo::job;
use logs_gateway::demo::publisher::{Publisher, Series};
use logs_gateway::demo::replay::Recording;
use logs_gateway::http::app::{Extras, app};
use logs_gateway::http::base_url::BaseUrl;
use logs_gateway::http::cors::Cors;
use logs_gateway::http::hosts::Hosts;
use logs_gateway::http::state::Gateway;
use logs_gateway::http::tokens::Tokens;
use logs_gateway::http::upstream::{Options, Upstream};
use logs_gateway::hub::Hub;
use logs_gateway::output::{self, LogWriter};
use logs_gateway::server::door::Limits;
use logs_gateway::server::{self, Stop, url_of};
use logs_gateway::signals::Signals;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::errors::without_secrets;
use crate::cli::{Cli, Command, Network, Publish, Replay, Serve};

fn main() -> ExitCode {
    output::install_panic_hook();
    // Before the command line is parsed, since --upstream makes a client. An error means that one
    // is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = Cli::try_parse_from(&arguments)
        .unwrap_or_else(|error| without_secrets(error, &arguments).exit());
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(LogWriter::default)
        .with_ansi(std::io::stderr().is_terminal());
    log.log_internal_errors(false).init();
    let done = Runtime::new().map_err(|error| error.to_string()).and_then(|runtime| {
        let done = runtime.block_on(run_command(cli));
        // A file read that hangs must not delay the end.
        runtime.shutdown_timeout(RUNTIME_END);
        done
    });
    if let Err(error) = &done {
        output::report(format_args!("logs-gateway: {error}"));
    }
    output::flush();
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run_command(cli: Cli) -> Result<(), String> {
    // Before anything else, so that no signal after "listening" ends the process without a drain.
    let signals = Signals::install().map_err(|error| format!("cannot catch signals: {error}"))?;
    match cli.command {
        None => serve(cli.serve, signals).await,
        Some(Command::Publish(arguments)) => publish(&arguments, signals).await,
        Some(Command::Replay(arguments)) => replay(arguments, signals).await,
    }
}

async fn serve(arguments: Serve, signals: Signals) -> Result<(), String> {
    let tokens = Tokens::new(arguments.tokens);
    if !arguments.network.is_loopback() {
        check_strength(&tokens).map_err(|error| {
            format!("other machines can reach --host {}, and {error}", arguments.network.host)
        })?;
    }
    // Before the socket is bound, so that this error precedes "listening".
    let job_token = arguments
        .job
        .then(|| tokens.secret_for(job::SERVICE).map(ToOwned::to_owned).ok_or(NO_JOB_TOKEN))
        .transpose()?;
    let shutdown = CancellationToken::new();
    let gateway = Gateway {
        hub: Arc::new(Hub::new(arguments.tuning.hub())),
        tokens: Arc::new(tokens),
        upstream: arguments
            .upstream
            .map(|base| upstream(base, arguments.use_env_proxy))
            .transpose()?,
        timing: arguments.tuning.timing(),
        shutdown: shutdown.clone(),
    };
    let extras = extras(&arguments.network)?;
    let limits = arguments.network.sockets.limits(if gateway.upstream.is_some() { 2 } else { 1 });
    let listener = arguments.network.listen().bind().await?;
    if let Some(token) = job_token {
        let publisher = Publisher::new(own_url(&listener)?, &token, false)?;
        tokio::spawn(job::run(publisher, arguments.rate, shutdown.clone()));
    }
    run(limits, listener, app(gateway, &extras), shutdown, signals).await
}

fn check_strength(tokens: &Tokens) -> Result<(), String> {
    if tokens.is_demo() {
        return Err("the demo tokens are public: set your own with --token SERVICE=TOKEN".into());
    }
    tokens.check_strength()
}

/// Returns the upstream of the flags, with the header in the variable that keeps it out of the
/// process list.
fn upstream(base: BaseUrl, use_env_proxy: bool) -> Result<Arc<Upstream>, String> {
    let authorization = match std::env::var(UPSTREAM_AUTHORIZATION) {
        Ok(text) => {
            let mut value = text
                .parse::<HeaderValue>()
                .map_err(|_| format!("{UPSTREAM_AUTHORIZATION} is not a valid header value"))?;
            value.set_sensitive(true);
            Some(value)
        }
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            return Err(format!("{UPSTREAM_AUTHORIZATION} is not a valid header value"));
        }
    };
    Upstream::with(base, Options { authorization, use_env_proxy, ..Options::default() })
}

/// Returns the URL of `listener` for a client on this machine.
fn own_url(listener: &TcpListener) -> Result<BaseUrl, String> {
    let mut address = listener.local_addr().map_err(|error| error.to_string())?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    url_of(address).parse().map_err(str::to_owned)
}

async fn replay(arguments: Replay, signals: Signals) -> Result<(), String> {
    let shutdown = CancellationToken::new();
    let recording = Recording::read(&arguments.file, arguments.speed, shutdown.clone()).await?;
    let extras = extras(&arguments.network)?;
    let listener = arguments.network.listen().bind().await?;
    run(arguments.network.sockets.limits(1), listener, recording.app(&extras), shutdown, signals)
        .await
}

async fn publish(arguments: &Publish, mut signals: Signals) -> Result<(), String> {
    let publisher =
        Publisher::new(arguments.url.clone(), &arguments.token, arguments.use_env_proxy)?;
    let series = Series {
        service: &arguments.service,
        workspace: &arguments.workspace,
        workflow: &arguments.workflow,
        count: arguments.count,
        interval: arguments.interval(),
    };
    tokio::select! {
        failed = publisher.publish_series(&series) => match failed {
            0 => Ok(()),
            failed => Err(format!("{failed} of {} logs were not published", arguments.count)),
        },
        () = signals.stop_requested() => Ok(()),
    }
}

/// Prints the address, in a line that scripts wait for, and serves until a signal stops it.
async fn run(
    limits: Limits,
    listener: TcpListener,
    app: axum::Router,
    drain: CancellationToken,
    mut signals: Signals,
) -> Result<(), String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    output::say(format_args!("logs-gateway listening on {}", url_of(address)));
    let stop = Stop { drain, hurry: CancellationToken::new() };
    let requested = stop.clone();
    tokio::spawn(async move {
        signals.stop_requested().await;
        // Cancels first, so that a full log cannot delay it.
        requested.drain.cancel();
        tracing::info!("stopping; a second signal ends the process at once");
        signals.stop_requested().await;
        requested.hurry.cancel();
        tracing::warn!("stopping without waiting for open connections");
    });
    server::serve_within(limits, listener, app, stop)
        .await
        .map_err(|error| format!("{address}: {error}"))
}

fn extras(network: &Network) -> Result<Extras, String> {
    if let Some(site) = &network.site
        && !site.join("index.html").is_file()
    {
        return Err(format!(
            "--site {}: it has no index.html; build the page first, for example with npm run demo",
            site.display()
        ));
    }
    let names = network.allowed_hosts.clone();
    let hosts = if network.is_loopback() || !names.is_empty() {
        Hosts::LoopbackAnd(names)
    } else {
        Hosts::Any
    };
    let cors = Cors::new(network.cors_origins.clone(), network.cors_credentials)?;
    Ok(Extras { site: network.site.clone(), policy: network.policy.clone(), cors, hosts })
}

/// The variable with the `Authorization` header for `--upstream`.
const UPSTREAM_AUTHORIZATION: &str = "LOGS_GATEWAY_UPSTREAM_AUTHORIZATION";

const NO_JOB_TOKEN: &str =
    "--job publishes as service etl, which has no token: add --token etl=TOKEN";
/// How long the end waits for blocking operations.
const RUNTIME_END: Duration = Duration::from_millis(500);
