//! The commands, with their flags and default values.

pub(crate) mod address;
pub(crate) mod auth;
pub(crate) mod doctor;
mod drain;
pub(crate) mod engine;
pub(crate) mod errors;
pub(crate) mod health;
mod limits;
pub(crate) mod merge;
pub(crate) mod observe;
mod outgoing;
mod parse;
pub(crate) mod print;
pub(crate) mod settings;
mod sockets;
mod tls;
pub(crate) mod token;
mod tuning;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use logs_gateway::http::base_url::BaseUrl;
use logs_gateway::http::cors;
use logs_gateway::http::hosts::HostName;
use logs_gateway::http::site::{POLICY, Policy};
use logs_gateway::http::tokens::{DEMO_ETL_TOKEN, Token};
use logs_gateway::hub::config::Config;
use logs_gateway::server::Listen;

use crate::cli::address::AdminAddress;
use crate::cli::auth::Auth;
use crate::cli::doctor::DoctorArguments;
use crate::cli::drain::Draining;
use crate::cli::engine::EngineArgs;
use crate::cli::health::Health;
use crate::cli::limits::LimitArgs;
use crate::cli::observe::Observe;
use crate::cli::outgoing::OutgoingArgs;
use crate::cli::parse::{parse_filter, parse_rate, parse_time};
use crate::cli::sockets::Sockets;
use crate::cli::tls::Encryption;
use crate::cli::token::TokenCommand;
use crate::cli::tuning::Tuning;

/// Live logs over Server-Sent Events: services publish, pages subscribe.
///
/// Without a command, the gateway serves. Each flag of the gateway is also a key of the file of
/// --config, and a variable: LOGS_GATEWAY_HISTORY_LINES for --history-lines. Flags win over
/// variables, and those over the file. The gateway's own log goes to standard error.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Publish sample logs to any gateway.
    Publish(Publish),
    /// Serve a recorded stream byte for byte, from its start for each reader.
    Replay(Replay),
    /// Find what the proxies in front of a gateway do to its streams, and what to change in them.
    Doctor(DoctorArguments),
    /// Ask a gateway whether it works: exits with 0 if so, with 1 if not.
    Health(Health),
    /// Make tokens for the file of --tokens.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Network {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// Port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Use the next free port if that one is busy.
    #[arg(long)]
    next_free_port: bool,
    /// Also serve the page in this folder, with a strict Content-Security-Policy.
    #[arg(long, value_name = "DIR")]
    pub(crate) site: Option<PathBuf>,
    /// The Content-Security-Policy of that page; "" for none.
    #[arg(long = "csp", value_name = "POLICY", requires = "site", default_value = POLICY)]
    pub(crate) policy: Policy,
    /// Allow pages of this other origin to read streams, with any request headers; repeatable, '*'
    /// for all.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub(crate) cors_origins: Vec<cors::Origin>,
    /// Allow their requests to carry cookies, for a proxy in front that identifies users by them.
    #[arg(long)]
    pub(crate) cors_credentials: bool,
    /// Also accept requests for this host name; repeatable. Without it, a loopback address accepts
    /// loopback names only, and any other address accepts every name.
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<HostName>,
    #[command(flatten)]
    pub(crate) sockets: Sockets,
}

impl Network {
    pub(crate) fn listen(&self) -> Listen {
        Listen { host: self.host.clone(), port: self.port, next_free_port: self.next_free_port }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Returns whether only this machine reaches a listener on `host`.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) auth: Auth,
    #[command(flatten)]
    pub(crate) encryption: Encryption,
    #[command(flatten)]
    pub(crate) draining: Draining,
    /// Forward the Datashop proxy route to another backend instead of this gateway.
    ///
    /// The gateway requests URL/logs/stream, and URL/api/logs/stream if that does not exist. The
    /// variable LOGS_GATEWAY_UPSTREAM_AUTHORIZATION sets the Authorization header of the requests.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<BaseUrl>,
    /// Connect to --upstream through the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY.
    #[arg(long, requires = "upstream")]
    pub(crate) use_env_proxy: bool,
    #[command(flatten)]
    pub(crate) outgoing: OutgoingArgs,
    /// A token with which a service publishes; repeatable. Without any, the public demo tokens
    /// apply in a demo.
    ///
    /// LOGS_GATEWAY_TOKENS keeps it out of the process list. If other machines can reach the
    /// gateway, a token needs at least 32 bytes.
    #[arg(
        long = "token",
        value_name = "SERVICE=TOKEN",
        env = "LOGS_GATEWAY_TOKENS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) tokens: Vec<Token>,
    /// Read the tokens of publishers from this TOML file, which holds their hashes. The command
    /// token makes its entries, and SIGHUP reads it again. LOGS_GATEWAY_TOKENS_FILE names it too.
    #[arg(long = "tokens", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tuning: Tuning,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Read settings from this TOML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Check the configuration and exit: with 0 if it is valid, with 2 if not.
    #[arg(long)]
    pub(crate) check: bool,
    /// Print the configuration in force as TOML, without secrets, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// What the gateway logs: a level (error, warn, info, debug, trace), or directives such as
    /// info,logs_gateway=debug. The default is info; RUST_LOG sets it too.
    #[arg(long, value_name = "FILTER", value_parser = parse_filter)]
    pub(crate) log_level: Option<String>,
    /// Also listen here for operators: metrics, health, channels and connections. A port alone is
    /// on the loopback interface. Anyone who reaches this address may see and end streams.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) admin: Option<AdminAddress>,
    #[command(flatten)]
    pub(crate) observe: Observe,
    /// How the gateway's own log is written.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Run a sample ETL job that publishes on the demo workflows, with the token of service etl.
    #[arg(long, requires = "demo")]
    pub(crate) job: bool,
    /// Logs per second that the job publishes on each workflow.
    #[arg(long, default_value_t = 0.5, value_parser = parse_rate)]
    pub(crate) rate: f64,
    /// Say that the process which started this gateway starts it again when it ends, so that the
    /// demo page may kill it.
    #[arg(long, requires = "job")]
    pub(crate) supervised: bool,
}

impl Serve {
    /// Returns the limits of histories and readers.
    pub(crate) fn hub(&self) -> Config {
        self.engine.limits(self.tuning.hub())
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people, coloured in a terminal.
    Text,
    /// One JSON object in each line, with control characters escaped.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The gateway. Logs are sent to URL/logs/stream, and to URL/api/logs/publish if that does not
    /// exist.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: BaseUrl,
    /// Connect through the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY.
    #[arg(long)]
    pub(crate) use_env_proxy: bool,
    /// The service to publish as.
    #[arg(long, default_value = "etl")]
    pub(crate) service: String,
    /// Workspace to publish to, a part of the channel's name.
    #[arg(long, default_value = "workspace123")]
    pub(crate) workspace: String,
    /// Workflow to publish to, the last part of the channel's name.
    #[arg(long, default_value = "workflow456")]
    pub(crate) workflow: String,
    /// Token that lets the service publish: one of the gateway's --token values, without its
    /// SERVICE=.
    #[arg(long, default_value = DEMO_ETL_TOKEN, env = "LOGS_GATEWAY_TOKEN", hide_env_values = true)]
    pub(crate) token: String,
    /// The number of logs; 0 for no limit.
    #[arg(long, default_value_t = 5)]
    pub(crate) count: u64,
    /// Time between two logs, such as 2s or 500ms.
    #[arg(long, default_value = "2s", value_parser = parse_time)]
    interval: Duration,
    /// Logs per second, instead of --interval.
    #[arg(long, conflicts_with = "interval", value_parser = parse_rate)]
    rate: Option<f64>,
}

impl Publish {
    pub(crate) fn interval(&self) -> Duration {
        self.rate.map_or(self.interval, |rate| Duration::from_secs_f64(1.0 / rate))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) network: Network,
    /// The recording: the bytes of an event stream.
    pub(crate) file: PathBuf,
    /// Playback speed, as a multiple of the recorded one.
    #[arg(long, default_value_t = 1.0, value_parser = parse_rate)]
    pub(crate) speed: f64,
}
