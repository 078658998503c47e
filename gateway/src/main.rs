//! `logs-gateway`: reads the command line, and starts what it asks for.

mod cli;
mod tuning;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use logs_gateway::app::{Extras, Gateway, app};
use logs_gateway::faults;
use logs_gateway::hub::Hub;
use logs_gateway::job;
use logs_gateway::proxy::Upstream;
use logs_gateway::publisher::{Publisher, Series};
use logs_gateway::replay::Recording;
use logs_gateway::server::{self, url_of};
use logs_gateway::tokens::Tokens;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, Faults, Network, Publish, Replay, Serve};

#[tokio::main]
async fn main() -> ExitCode {
    // Before the command line is read, since --upstream makes a client. An Err says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    let done = match cli.command {
        None => serve(cli.serve).await,
        Some(Command::Publish(arguments)) => publish(&arguments).await,
        Some(Command::Replay(arguments)) => replay(arguments).await,
        Some(Command::Faults(arguments)) => break_streams(arguments).await,
    };
    done.map_or_else(
        |error| {
            eprintln!("logs-gateway: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

async fn serve(arguments: Serve) -> Result<(), String> {
    let tokens = Tokens::new(arguments.tokens);
    if tokens.is_demo() && !arguments.network.is_loopback() {
        return Err(format!(
            "--host {} is seen by other machines, and the demo tokens are known to everybody: give your own with --token SERVICE=TOKEN",
            arguments.network.host
        ));
    }
    let shutdown = CancellationToken::new();
    let gateway = Gateway {
        hub: Arc::new(Hub::new(arguments.tuning.hub())),
        tokens: Arc::new(tokens),
        upstream: arguments.upstream,
        pace: arguments.tuning.pace(),
        shutdown: shutdown.clone(),
    };
    let extras = extras(&arguments.network)?;
    let listener = arguments.network.listen().bind().await?;
    if arguments.job {
        let url = url_of(listener.local_addr().map_err(|error| error.to_string())?);
        tokio::spawn(job::run(url, arguments.rate, shutdown.clone()));
    }
    run(listener, app(gateway, &extras), shutdown).await
}

async fn replay(arguments: Replay) -> Result<(), String> {
    let shutdown = CancellationToken::new();
    let recording = Recording::read(&arguments.file, arguments.speed, shutdown.clone()).await?;
    let extras = extras(&arguments.network)?;
    let listener = arguments.network.listen().bind().await?;
    run(listener, recording.app(&extras), shutdown).await
}

async fn publish(arguments: &Publish) -> Result<(), String> {
    let publisher = Publisher::new(&arguments.url, &arguments.token);
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
        () = server::until_told_to_stop() => Ok(()),
    }
}

async fn break_streams(arguments: Faults) -> Result<(), String> {
    let listen = arguments.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("--listen {listen}: {error}; port 0 takes any free one"))?;
    println!("logs-gateway listening on {}", url_of(listener.local_addr().map_err(|error| error.to_string())?));
    // Open streams are cut at once: none of them is worth waiting for.
    tokio::select! {
        never = faults::Faults::new(arguments.to, arguments.plan).serve(listener) => match never {},
        () = server::until_told_to_stop() => Ok(()),
    }
}

/// Says where it listens, in one line that scripts wait for, and serves until it is told to stop.
async fn run(listener: TcpListener, app: axum::Router, shutdown: CancellationToken) -> Result<(), String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("logs-gateway listening on {}", url_of(address));
    let stop = shutdown.clone();
    tokio::spawn(async move {
        server::until_told_to_stop().await;
        tracing::info!("stopping");
        stop.cancel();
    });
    server::serve(listener, app, shutdown).await.map_err(|error| format!("{address}: {error}"))
}

fn extras(network: &Network) -> Result<Extras, String> {
    if let Some(site) = &network.site
        && !site.join("index.html").is_file()
    {
        return Err(format!("--site {}: there is no index.html in it; build the page first (npm run demo does)", site.display()));
    }
    Ok(Extras { site: network.site.clone(), policy: network.policy.clone(), cors_origins: network.cors_origins.clone() })
}
