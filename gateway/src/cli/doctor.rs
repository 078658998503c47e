//! `doctor`: examines the proxies between this machine and a gateway.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use clap::{Args, ValueEnum};
use logs_gateway::demo::publisher::Publisher;
use logs_gateway::doctor::{Doctor, Route};
use logs_gateway::http::base_url::BaseUrl;
use logs_gateway::output;
use logs_sse_core::channel::ChannelName;

use crate::cli::parse::parse_time;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The address that pages use, at the far end of all proxies.
    url: BaseUrl,
    /// The route that pages call at that address.
    #[arg(long, value_enum, default_value = "direct")]
    route: RouteName,
    /// A channel of a workflow that the credentials may read.
    #[arg(long, default_value = "logs:etl:workspace123:doctor")]
    channel: ChannelName,
    /// A file with the value of the header Cookie of a reader; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "bearer_file")]
    cookie_file: Option<PathBuf>,
    /// A file with the token of a reader, sent as Authorization: Bearer; - is standard input.
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,
    /// A file with the token of a publisher, with which the doctor publishes three logs of its own
    /// on the channel; - is standard input.
    #[arg(long, value_name = "FILE")]
    publish_token_file: Option<PathBuf>,
    /// Where to publish them, if not at the same address.
    #[arg(long, value_name = "URL", requires = "publish_token_file")]
    publish_url: Option<BaseUrl>,
    /// How long to watch a silent stream for being cut: longer than a heartbeat of the gateway.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = parse_time)]
    watch: Duration,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RouteName {
    /// The gateway's own: /logs/stream?channels=…
    Direct,
    /// The one that the Datashop page calls, with two ids.
    Datashop,
}

/// Prints the report.
///
/// # Errors
/// How many problems were found, or a sentence about a file that cannot be read.
pub(crate) async fn run(arguments: DoctorArguments) -> Result<(), String> {
    let is_json = arguments.json;
    let report = doctor(arguments)?.examine().await?;
    if is_json {
        output::say(report.json());
    } else {
        output::say(&report);
    }
    match report.problems() {
        0 => Ok(()),
        1 => Err("1 problem was found".into()),
        count => Err(format!("{count} problems were found")),
    }
}

fn doctor(arguments: DoctorArguments) -> Result<Doctor, String> {
    let mut credentials = HeaderMap::new();
    if let Some(file) = &arguments.cookie_file {
        add(&mut credentials, COOKIE, &read_secret("--cookie-file", file)?)?;
    }
    if let Some(file) = &arguments.bearer_file {
        let token = read_secret("--bearer-file", file)?;
        add(&mut credentials, AUTHORIZATION, &format!("Bearer {token}"))?;
    }
    let publisher = match &arguments.publish_token_file {
        None => None,
        Some(file) => {
            let token = read_secret("--publish-token-file", file)?;
            let base = arguments.publish_url.unwrap_or_else(|| arguments.url.clone());
            Some(Publisher::new(base, &token, false)?)
        }
    };
    let route = match arguments.route {
        RouteName::Direct => Route::Direct,
        RouteName::Datashop => Route::Datashop,
    };
    if arguments.channel.resource().is_none() {
        return Err(
            "--channel: expected the channel of a workflow, such as logs:etl:workspace123:doctor"
                .into(),
        );
    }
    Ok(Doctor {
        base: arguments.url,
        route,
        channel: arguments.channel,
        credentials,
        publisher,
        watch: arguments.watch,
    })
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), String> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| format!("the value for {name} holds characters that no header may have"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// Reads a secret of one line, which is never on a command line.
fn read_secret(flag: &str, file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().take(MAX_SECRET).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(MAX_SECRET).read_to_string(&mut text))
    };
    read.map_err(|error| format!("{flag} {}: {error}", file.display()))?;
    match text.trim() {
        "" => Err(format!("{flag} {}: expected a secret, found nothing", file.display())),
        secret => Ok(secret.into()),
    }
}

/// Cookies of large applications have a few kilobytes.
const MAX_SECRET: u64 = 64 << 10;
