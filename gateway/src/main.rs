//! `logs-gateway`: parses the command line and runs the command.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "output goes through logs_gateway::output, which never blocks"
)]

mod cli;
mod reload;
mod serve;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use logs_gateway::demo::publisher::{Publisher, Series};
use logs_gateway::demo::replay::Recording;
use logs_gateway::drain::{Cut, Drain};
use logs_gateway::log_json::JsonWriter;
use logs_gateway::output::{self, LogWriter};
use logs_gateway::server::door::Door;
use logs_gateway::server::{self, Listener, Stop, url_of, url_with};
use logs_gateway::signals::{Request, Signals};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::print::print;
use crate::cli::{Cli, Command, LogFormat, Publish, Replay, Serve};
use crate::reload::{Reload, SetFilter, Wrong, filter, load};
use crate::serve::{Prepared, extras};

fn main() -> ExitCode {
    output::install_panic_hook();
    keep_files_private();
    // Before the command line is parsed, since --upstream makes a client. An error means that one
    // is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args_os().collect();
    let loaded = match load(&arguments) {
        Ok(loaded) => loaded,
        Err(Wrong::Settings(errors)) => return refuse(&errors),
        Err(Wrong::Flags(error)) => error.exit(),
    };
    if loaded.cli.serve.print_config {
        let has_tokens = !loaded.cli.serve.tokens.is_empty();
        output::say(print(&loaded.merged, &loaded.matches, has_tokens).trim_end());
        output::flush();
        return ExitCode::SUCCESS;
    }
    if loaded.cli.serve.check {
        return check(loaded.cli.serve);
    }
    let set_filter = start_log(filter(&loaded.cli.serve), loaded.cli.serve.log_format);
    let reload = Reload::new(arguments, &loaded, set_filter);
    let done = Runtime::new().map_err(|error| error.to_string()).and_then(|runtime| {
        let done = runtime.block_on(run_command(loaded.cli, reload));
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

/// Makes each file of this process readable by its own user only, whichever library creates it: logs
/// and the names of readers are confidential.
fn keep_files_private() {
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Checks the configuration without serving.
fn check(serve: Serve) -> ExitCode {
    match Prepared::new(serve) {
        Ok(_) => {
            output::say("logs-gateway: the configuration is valid");
            output::flush();
            ExitCode::SUCCESS
        }
        Err(errors) => refuse(&errors),
    }
}

/// Starts the log, and returns the function that changes its filter.
fn start_log(filter: EnvFilter, format: LogFormat) -> SetFilter {
    let (filter, handle) = tracing_subscriber::reload::Layer::new(filter);
    let log = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().log_internal_errors(false);
    match format {
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            log.with(lines.with_writer(LogWriter::default).with_ansi(is_terminal)).init();
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_ansi(false);
            log.with(lines.with_writer(JsonWriter::default)).init();
        }
    }
    Box::new(move |filter| {
        // It fails only when the log is gone, at the end of the process.
        let _ = handle.reload(filter);
    })
}

/// Reports what is wrong with the configuration, and returns the code of a wrong flag.
fn refuse(errors: &[String]) -> ExitCode {
    for error in errors {
        output::report(format_args!("logs-gateway: {error}"));
    }
    output::flush();
    ExitCode::from(2)
}

async fn run_command(cli: Cli, reload: Reload) -> Result<(), String> {
    // Before anything else, so that no signal after "listening" ends the process without a drain.
    let signals = Signals::install().map_err(|error| format!("cannot catch signals: {error}"))?;
    match cli.command {
        None => {
            let prepared = Prepared::new(cli.serve).map_err(|errors| errors.join("\n"))?;
            serve::serve(prepared, signals, reload).await
        }
        Some(Command::Publish(arguments)) => publish(&arguments, signals).await,
        Some(Command::Replay(arguments)) => replay(arguments, signals).await,
        Some(Command::Doctor(arguments)) => cli::doctor::run(arguments).await,
        Some(Command::Health(arguments)) => cli::health::run(arguments).await,
        Some(Command::Token(command)) => cli::token::run(command),
    }
}

async fn replay(arguments: Replay, signals: Signals) -> Result<(), String> {
    let shutdown = CancellationToken::new();
    let recording = Recording::read(&arguments.file, arguments.speed, shutdown.clone()).await?;
    let extras = extras(&arguments.network)?;
    let listener = arguments.network.listen().bind().await?;
    let signals = (signals, || tracing::warn!("SIGHUP ignored: a replay has nothing to reload"));
    let door = Door::new(arguments.network.sockets.limits(1));
    let app = recording.app(&extras);
    let listener = server::Listener { socket: listener, door, tls: None };
    run(Site { listener, app, drain: shutdown.into(), admin: None }, signals).await
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

/// A listener and what it serves.
pub(crate) struct Site {
    pub(crate) listener: Listener,
    pub(crate) app: axum::Router,
    pub(crate) drain: Drain,
    /// The address of the listener for operators, if there is one.
    pub(crate) admin: Option<SocketAddr>,
}

/// Prints the address, in a line that scripts wait for, and serves until a signal stops it.
/// `on_hangup` is called at each SIGHUP that is a request to reload.
pub(crate) async fn run(
    Site { listener, app, drain, admin }: Site,
    (mut signals, mut on_hangup): (Signals, impl FnMut() + Send + 'static),
) -> Result<(), String> {
    let address = listener.socket.local_addr().map_err(|error| error.to_string())?;
    let url = url_with(listener.tls.is_some(), address);
    output::say(format_args!("logs-gateway listening on {url}"));
    if let Some(admin) = admin {
        output::say(format_args!("logs-gateway for operators on {}", url_of(admin)));
    }
    let stop = Stop::from(&drain);
    let requested = drain.clone();
    tokio::spawn(async move {
        while signals.next().await == Request::Reload {
            on_hangup();
        }
        let hurry = async {
            tracing::info!("stopping; a second signal ends the process at once");
            signals.stop_requested().await;
            requested.hurry();
            tracing::warn!("stopping without waiting for open connections");
        };
        // Begins first, so that a full log cannot delay it.
        tokio::join!(requested.begin(), hurry)
    });
    let served =
        server::serve_on(listener, app, stop).await.map_err(|error| format!("{address}: {error}"));
    let Cut { streams, logs } = drain.cut();
    if streams > 0 {
        tracing::warn!(streams, logs, "streams ended before their readers received all logs");
    }
    served
}

/// How long the end waits for blocking operations.
const RUNTIME_END: Duration = Duration::from_millis(500);
