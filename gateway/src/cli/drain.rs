//! The flags of a graceful shutdown.

use std::time::Duration;

use clap::Args;
use logs_gateway::drain::Stages;

use crate::cli::parse::parse_time;

#[derive(Clone, Debug, Args)]
pub(crate) struct Draining {
    /// How long the gateway serves as before after SIGTERM while it reports that it is not ready, so
    /// that load balancers send nothing new; 0s for no delay.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time_or_zero)]
    drain_delay: Duration,
    /// The time over which streams end after that, each at a random moment; 0s for all at once.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time_or_zero)]
    drain_window: Duration,
    /// How long readers that are behind still receive what was published before, after which the
    /// process ends.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    drain_timeout: Duration,
}

impl Draining {
    /// Returns the stages, for an engine that keeps its history or not.
    pub(crate) fn stages(&self, keeps_history: bool) -> Stages {
        Stages {
            delay: self.drain_delay,
            window: self.drain_window,
            timeout: self.drain_timeout,
            keeps_history,
        }
    }
}

fn parse_time_or_zero(text: &str) -> Result<Duration, String> {
    if text == "0" || text == "0s" { Ok(Duration::ZERO) } else { parse_time(text) }
}
