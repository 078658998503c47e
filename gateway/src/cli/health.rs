//! `logs-gateway health`: asks a gateway whether it works, for containers that have no other program
//! for it.

use std::time::Duration;

use clap::Args;
use logs_gateway::http::base_url::BaseUrl;

#[derive(Debug, Args)]
pub(crate) struct Health {
    /// The listener for operators. Its URL/health must answer with 200 within two seconds.
    #[arg(default_value = "http://127.0.0.1:9464")]
    url: BaseUrl,
}

/// Returns once the gateway has answered that it works.
///
/// # Errors
/// What it answered instead.
pub(crate) async fn run(arguments: Health) -> Result<(), String> {
    let url = format!("{}/health", arguments.url);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .map_err(|error| error.to_string())?;
    match client.get(&url).send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::OK => Ok(()),
        Ok(answer) => Err(format!("{url} answered {}: expected 200", answer.status())),
        Err(error) if error.is_timeout() => {
            Err(format!("{url} did not answer within {PATIENCE:?}"))
        }
        Err(_) => Err(format!("{url} cannot be reached: expected a gateway with --admin there")),
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
