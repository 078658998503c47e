//! `logs-fault-proxy`: reads the command line, listens, and breaks streams until a signal ends it.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use logs_fault_proxy::{FaultProxy, LANGUAGE, Origin, Plan, parse_listen};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Breaks the streams of a gateway as a plan says, for tests.
#[derive(Debug, Parser)]
#[command(version, after_help = LANGUAGE)]
struct Cli {
    /// Loopback address to listen on; port 0 selects any free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = parse_listen)]
    listen: SocketAddr,
    /// The gateway to forward to.
    // Parsed after clap, which would repeat a password in its errors.
    #[arg(long, value_name = "URL")]
    to: String,
    /// What happens to each stream, in the language below; @FILE reads it from a file.
    #[arg(long, default_value = "pass", value_parser = Plan::from_flag)]
    plan: Plan,
}

fn main() -> ExitCode {
    let (cli, to) = parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let done = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let done = runtime.block_on(run(cli.listen, FaultProxy::new(to, cli.plan)));
            // A name that is still being resolved must not hold up the end.
            runtime.shutdown_background();
            done
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "logs-fault-proxy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<(Cli, Origin), clap::Error> {
    let cli = Cli::try_parse_from(arguments).map_err(without_urls)?;
    let to = cli.to.parse().map_err(|error| {
        Cli::command().error(ErrorKind::ValueValidation, format!("--to: {error}"))
    })?;
    Ok((cli, to))
}

/// Hides an unexpected argument that may be a URL with a password.
fn without_urls(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(text)) = error.get(ContextKind::InvalidArg)
        && text.contains(['@', ':'])
    {
        error.insert(ContextKind::InvalidArg, ContextValue::String("…".into()));
        error.remove(ContextKind::Suggested);
        error.remove(ContextKind::SuggestedArg);
    }
    error
}

async fn run(listen: SocketAddr, proxy: FaultProxy) -> Result<(), String> {
    // Installed before the address is printed, so that a signal right after it ends the process in
    // order.
    let stop = stop_signal().map_err(|error| format!("cannot catch signals: {error}"))?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("--listen {listen}: {error}; port 0 selects any free one"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // A standard output that was closed must not end the proxy.
    let _ = writeln!(io::stdout(), "logs-fault-proxy listening on http://{address}");
    // Open streams are cut at once: none of them is worth a drain.
    tokio::select! {
        never = proxy.serve(listener) => match never {},
        () = stop => Ok(()),
    }
}

/// Waits for SIGINT or SIGTERM, which it catches from the call on.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C, the only signal outside Unix.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
