//! Reads the configuration again at SIGHUP, and applies what can change while streams are open.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use logs_gateway::http::tokens::Tokens;
use logs_gateway::hub::Hub;
use tracing_subscriber::EnvFilter;

use crate::cli::errors::without_secrets;
use crate::cli::merge::{Merged, merge};
use crate::cli::print::values;
use crate::cli::{Cli, Serve};
use crate::serve::load_tokens;

/// The command line with everything merged into it.
pub(crate) struct Loaded {
    pub(crate) cli: Cli,
    pub(crate) matches: ArgMatches,
    pub(crate) merged: Merged,
}

/// Reads flags, variables and file.
///
/// # Errors
/// What is wrong in variables and file, each in a line; or an error of clap.
pub(crate) fn load(arguments: &[OsString]) -> Result<Loaded, Wrong> {
    let merged = merge(arguments, |name| std::env::var_os(name)).map_err(Wrong::Settings)?;
    let parsed = Cli::command()
        .try_get_matches_from(&merged.arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    match parsed {
        Ok((cli, matches)) => Ok(Loaded { cli, matches, merged }),
        Err(error) => Err(Wrong::Flags(without_secrets(error, &merged.arguments))),
    }
}

/// What is wrong with the configuration.
pub(crate) enum Wrong {
    Settings(Vec<String>),
    Flags(clap::Error),
}

/// Returns the filter of the log.
pub(crate) fn filter(serve: &Serve) -> EnvFilter {
    match &serve.log_level {
        Some(filter) => EnvFilter::new(filter),
        // Commands other than the gateway itself know the variable only.
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
    }
}

/// Changes the filter of the log.
pub(crate) type SetFilter = Box<dyn Fn(EnvFilter) + Send>;

/// Applies a new configuration to a running gateway.
pub(crate) struct Reload {
    arguments: Vec<OsString>,
    /// The values in force, by setting.
    values: BTreeMap<String, Vec<String>>,
    set_filter: SetFilter,
}

impl Reload {
    pub(crate) fn new(arguments: Vec<OsString>, loaded: &Loaded, set_filter: SetFilter) -> Self {
        Self { arguments, values: values(&loaded.matches), set_filter }
    }

    /// Reads the configuration again and applies it, or keeps the old one if anything is wrong.
    /// Returns whether it was applied.
    pub(crate) fn run(&mut self, hub: &Hub, tokens: &Arc<Tokens>) -> bool {
        match self.read() {
            Ok((loaded, new_tokens)) => {
                tokens.replace(&new_tokens);
                self.apply(&loaded, hub);
                true
            }
            Err(errors) => {
                for error in errors {
                    tracing::error!("SIGHUP: the old configuration stays in force: {error}");
                }
                false
            }
        }
    }

    fn read(&self) -> Result<(Loaded, Tokens), Vec<String>> {
        let loaded = load(&self.arguments).map_err(|wrong| match wrong {
            Wrong::Settings(errors) => errors,
            Wrong::Flags(error) => vec![error.to_string().trim_end().into()],
        })?;
        let tokens = load_tokens(&loaded.cli.serve)?;
        Ok((loaded, tokens))
    }

    fn apply(&mut self, loaded: &Loaded, hub: &Hub) {
        let new = values(&loaded.matches);
        let changed: Vec<_> =
            new.iter().filter(|(name, value)| self.values.get(*name) != Some(value)).collect();
        for (name, _) in changed.iter().filter(|(name, _)| !CHANGEABLE.contains(&name.as_str())) {
            tracing::warn!("SIGHUP: {name} has changed, which takes effect after a restart");
        }
        hub.reconfigure(loaded.cli.serve.tuning.hub());
        (self.set_filter)(filter(&loaded.cli.serve));
        // What needs a restart is reported at each reload until then.
        for name in CHANGEABLE {
            if let Some(value) = new.get(name) {
                self.values.insert(name.into(), value.clone());
            }
        }
        tracing::info!("SIGHUP: the configuration was reloaded");
    }
}

/// The settings that can change while streams are open.
const CHANGEABLE: [&str; 8] = [
    "history-lines",
    "history-bytes",
    "history-total-bytes",
    "reader-lines",
    "reader-bytes",
    "slow-reader",
    "log-level",
    "tokens",
];
