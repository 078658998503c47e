//! Reads the configuration again at SIGHUP, and applies what can change while streams are open.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use arc_swap::ArcSwap;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use logs_gateway::http::state::Gateway;
use logs_gateway::hub::Hub;
use logs_gateway::server::door::Door;
use logs_gateway::server::tls::Tls;
use tracing_subscriber::EnvFilter;

use crate::cli::errors::without_secrets;
use crate::cli::merge::{Merged, merge};
use crate::cli::print::{joined, lines, values};
use crate::cli::{Cli, Serve};
use crate::serve::{Prepared, check_strength};

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
    /// Where the gateway has listened since its start, whatever the file says now.
    host: String,
    /// The values in force, by setting.
    values: BTreeMap<String, Vec<String>>,
    set_filter: SetFilter,
    /// The settings as lines of a file, and the text of them that operators see.
    lines: Vec<(String, String)>,
    shown: Arc<ArcSwap<String>>,
}

impl Reload {
    pub(crate) fn new(arguments: Vec<OsString>, loaded: &Loaded, set_filter: SetFilter) -> Self {
        let host = loaded.cli.serve.network.host.clone();
        let lines = lines(&loaded.merged, &loaded.matches);
        let shown = joined(&lines, !loaded.cli.serve.tokens.is_empty());
        let shown = Arc::new(ArcSwap::from_pointee(shown));
        Self { arguments, host, values: values(&loaded.matches), set_filter, lines, shown }
    }

    /// Returns the configuration in force, which changes with each reload.
    pub(crate) fn shown(&self) -> Arc<ArcSwap<String>> {
        Arc::clone(&self.shown)
    }

    /// Reads the configuration again and applies it, or keeps the old one if anything is wrong.
    /// Returns whether it was applied.
    pub(crate) fn run(&mut self, running: &Gateway, door: &Door, tls: Option<&Arc<Tls>>) -> bool {
        match self.read(running) {
            Ok((loaded, prepared)) => {
                running.tokens.replace(prepared.tokens());
                running.mode.replace(prepared.mode());
                running.redaction.replace(prepared.redaction());
                running.limits.reconfigure(loaded.cli.serve.limits.config());
                door.set_head_timeout(loaded.cli.serve.limits.head_timeout);
                replace_certificate(tls, prepared.tls());
                self.apply(&loaded, &running.hub);
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

    /// Reads the configuration, and makes everything that a start would make, so that what refuses
    /// a start refuses a reload too.
    fn read(&self, running: &Gateway) -> Result<(Loaded, Prepared), Vec<String>> {
        let loaded = load(&self.arguments).map_err(|wrong| match wrong {
            Wrong::Settings(errors) => errors,
            Wrong::Flags(error) => vec![error.to_string().trim_end().into()],
        })?;
        let prepared = Prepared::new(loaded.cli.serve.clone())?;
        if prepared.mode().is_demo() != running.mode.is_demo() {
            return Err(vec![OTHER_MODE.into()]);
        }
        running.mode.check_replacement(prepared.mode()).map_err(|error| vec![error])?;
        // A new host takes effect after a restart, but the tokens do now.
        check_strength(prepared.tokens(), &self.host).map_err(|error| vec![error])?;
        if prepared.tokens().is_demo() && !running.tokens.is_demo() {
            return Err(vec![NO_TOKENS.into()]);
        }
        self.refuse_less_protection(&loaded)?;
        Ok((loaded, prepared))
    }

    /// Refuses a configuration without a file that protects data: it is more likely that a template
    /// has lost a line than that someone wishes to store what was confidential until now.
    fn refuse_less_protection(&self, loaded: &Loaded) -> Result<(), Vec<String>> {
        let new = values(&loaded.matches);
        let is_set = |values: &BTreeMap<String, Vec<String>>, name: &str| {
            values.get(name).is_some_and(|values| !values.is_empty())
        };
        let lost = PROTECTING.into_iter().filter(|(name, protects)| {
            is_set(&self.values, name) && !is_set(&new, name) && is_set(&new, protects)
        });
        let lost: Vec<_> = lost
            .map(|(name, _)| format!("{name} is not set any more: restart to run without it"))
            .collect();
        if lost.is_empty() { Ok(()) } else { Err(lost) }
    }

    fn apply(&mut self, loaded: &Loaded, hub: &Hub) {
        let new = values(&loaded.matches);
        let changed: Vec<_> =
            new.iter().filter(|(name, value)| self.values.get(*name) != Some(value)).collect();
        for (name, _) in changed.iter().filter(|(name, _)| !CHANGEABLE.contains(&name.as_str())) {
            tracing::warn!("SIGHUP: {name} has changed, which takes effect after a restart");
        }
        hub.reconfigure(loaded.cli.serve.hub());
        (self.set_filter)(filter(&loaded.cli.serve));
        // What needs a restart is reported at each reload until then.
        for name in CHANGEABLE {
            if let Some(value) = new.get(name) {
                self.values.insert(name.into(), value.clone());
            }
        }
        for (name, line) in lines(&loaded.merged, &loaded.matches) {
            let old = self.lines.iter_mut().find(|(other, _)| *other == name);
            if let Some((_, old)) = old.filter(|_| CHANGEABLE.contains(&&*name)) {
                *old = line;
            }
        }
        let shown = joined(&self.lines, !loaded.cli.serve.tokens.is_empty());
        self.shown.store(Arc::new(shown));
        tracing::info!("SIGHUP: the configuration was reloaded");
    }
}

/// Uses another certificate for new connections. Whether the gateway serves HTTPS at all cannot
/// change.
fn replace_certificate(current: Option<&Arc<Tls>>, new: Option<&Arc<Tls>>) {
    match (current, new) {
        (Some(current), Some(new)) => {
            current.replace(new);
            current.warn_of_expiry();
        }
        (None, None) => {}
        _ => tracing::warn!("SIGHUP: HTTPS begins or ends with a restart"),
    }
}

/// A gateway that readers trust must not become one for everybody.
const OTHER_MODE: &str = "demo has changed, which decides who may read and publish: restart";

/// A file of tokens that is no longer named is more likely a mistake than a wish for the demo's.
const NO_TOKENS: &str = "no tokens are set any more, and those of the demo are public: name the file of tokens, or restart";

/// The settings without which less is protected, each with the one whose use it protects.
const PROTECTING: [(&str, &str); 3] = [
    ("redact", "port"),
    ("tls-client-ca", "tls-cert"),
    ("trusted-proxy-secret-file", "trusted-proxy"),
];

/// The settings that can change while streams are open.
const CHANGEABLE: [&str; 40] = [
    "history-lines",
    "history-bytes",
    "history-total-bytes",
    "history-disk-bytes",
    "history-workspace-bytes",
    "history-age",
    "history-idle",
    "max-channels",
    "reader-lines",
    "reader-bytes",
    "slow-reader",
    "log-level",
    "max-streams-per-user",
    "max-streams-per-address",
    "max-streams-per-workspace",
    "max-user-replayed-logs-per-second",
    "max-address-replayed-logs-per-second",
    "max-workspace-replayed-logs-per-second",
    "replay-burst",
    "max-token-logs-per-second",
    "max-token-bytes-per-second",
    "max-workspace-logs-per-second",
    "max-workspace-bytes-per-second",
    "max-channel-logs-per-second",
    "max-channel-bytes-per-second",
    "publish-burst",
    "max-channels-per-workspace",
    "max-log-bytes",
    "head-timeout",
    "body-timeout",
    "max-auth-failures",
    "redact",
    "tls-cert",
    "tls-client-ca",
    "tls-key",
    "tokens",
    "trusted-proxy",
    "trusted-proxy-session",
    "auth-jwt-secret-file",
    "trusted-proxy-secret-file",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::settings::Settings;

    #[test]
    fn each_setting_that_can_change_is_one_and_is_in_the_table_of_the_documentation() {
        let document = include_str!("../../docs/gateway.md");
        let (_, section) = document.split_once("### Reloading\n").expect("the section is there");
        let rows = section.lines().take_while(|line| !line.starts_with('#'));
        let cells = rows.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next());
        let documented: BTreeSet<_> =
            cells.flat_map(|cell| cell.trim_end_matches('`').split("`, `")).collect();
        assert_eq!(documented, BTreeSet::from(CHANGEABLE));
        let settings = Settings::new();
        for name in CHANGEABLE {
            assert!(settings.find(name).is_some(), "{name}");
        }
    }
}
