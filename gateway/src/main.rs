//! `logs-gateway`: parses the command line and runs the command.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through logs_gateway::output, which never blocks"
)]

mod cli;
mod serve;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use logs_gateway::demo::publisher::{Publisher, Series};
use logs_gateway::demo::replay::Recording;
use logs_gateway::output::{self, LogWriter};
use logs_gateway::server::door::Limits;
use logs_gateway::server::{self, Stop, url_of};
use logs_gateway::signals::Signals;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::errors::without_secrets;
use crate::cli::merge::merge;
use crate::cli::print::print;
use crate::cli::{Cli, Command, Publish, Replay};
use crate::serve::{Prepared, extras};

fn main() -> ExitCode {
    output::install_panic_hook();
    // Before the command line is parsed, since --upstream makes a client. An error means that one
    // is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args_os().collect();
    let merged = match merge(&arguments, |name| std::env::var_os(name)) {
        Ok(merged) => merged,
        Err(errors) => return refuse(&errors),
    };
    let parsed = Cli::command()
        .try_get_matches_from(&merged.arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) =
        parsed.unwrap_or_else(|error| without_secrets(error, &merged.arguments).exit());
    if cli.serve.print_config {
        output::say(print(&merged, &matches, !cli.serve.tokens.is_empty()).trim_end());
        output::flush();
        return ExitCode::SUCCESS;
    }
    if cli.serve.check {
        return match Prepared::new(cli.serve) {
            Ok(_) => {
                output::say("logs-gateway: the configuration is valid");
                output::flush();
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&[error]),
        };
    }
    let filter = match &cli.serve.log_level {
        Some(filter) => EnvFilter::new(filter),
        // Commands other than the gateway itself know the variable only.
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
    };
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

/// Reports what is wrong with the configuration, and returns the code of a wrong flag.
fn refuse(errors: &[String]) -> ExitCode {
    for error in errors {
        output::report(format_args!("logs-gateway: {error}"));
    }
    output::flush();
    ExitCode::from(2)
}

async fn run_command(cli: Cli) -> Result<(), String> {
    // Before anything else, so that no signal after "listening" ends the process without a drain.
    let signals = Signals::install().map_err(|error| format!("cannot catch signals: {error}"))?;
    match cli.command {
        None => serve::serve(Prepared::new(cli.serve)?, signals).await,
        Some(Command::Publish(arguments)) => publish(&arguments, signals).await,
        Some(Command::Replay(arguments)) => replay(arguments, signals).await,
    }
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
pub(crate) async fn run(
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

/// How long the end waits for blocking operations.
const RUNTIME_END: Duration = Duration::from_millis(500);
