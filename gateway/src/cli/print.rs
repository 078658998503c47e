//! `--print-config`: the configuration in force as TOML, each key with where it comes from.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches};

use crate::cli::merge::Merged;
use crate::cli::settings::{Kind, Settings, kind};

/// Returns the configuration, which is a valid configuration file again. Tokens are left out.
pub(crate) fn print(merged: &Merged, matches: &ArgMatches, has_tokens: bool) -> String {
    joined(&lines(merged, matches), has_tokens)
}

/// Returns the lines as one text.
pub(crate) fn joined(lines: &[(String, String)], has_tokens: bool) -> String {
    let mut text = String::from(
        "# The configuration in force. Flags win over variables, and those over the file.\n",
    );
    lines.iter().for_each(|(_, line)| text.push_str(line));
    if has_tokens {
        text.push_str("# Tokens of --token or LOGS_GATEWAY_TOKENS are in force and not shown.\n");
    }
    text
}

/// Returns the line of each setting, with the setting's name.
pub(crate) fn lines(merged: &Merged, matches: &ArgMatches) -> Vec<(String, String)> {
    let settings = Settings::new();
    let mut lines = Vec::new();
    for arg in settings.iter() {
        let name = arg.get_long().unwrap_or_default();
        let values = values_of(arg, matches);
        let quoted = |text: &String| toml::Value::from(text.as_str()).to_string();
        let value = match (kind(arg), &values[..]) {
            (Kind::Switch, _) => Some(matches.get_flag(arg.get_id().as_str()).to_string()),
            (Kind::List, []) | (_, []) => None,
            (Kind::List, values) => {
                Some(format!("[{}]", values.iter().map(quoted).collect::<Vec<_>>().join(", ")))
            }
            (Kind::Text, [.., value]) => Some(quoted(value)),
            (Kind::Whole | Kind::Number, [.., value]) => Some(value.clone()),
        };
        let source = merged.sources.get(name).map_or("default", |source| source);
        let is_moot = source == "default"
            && values.last().is_some_and(|value| settings.requires_another(arg, value.as_ref()));
        let line = match value.filter(|_| !is_moot) {
            Some(value) => format!("{name} = {value} # {source}\n"),
            None => format!("# {name} is not set\n"),
        };
        lines.push((name.to_owned(), line));
    }
    lines
}

/// Returns the values of all settings.
pub(crate) fn values(matches: &ArgMatches) -> BTreeMap<String, Vec<String>> {
    let named = |arg: &Arg| {
        let name = arg.get_long().unwrap_or_default().to_owned();
        (name, values_of(arg, matches))
    };
    Settings::new().iter().map(named).collect()
}

fn values_of(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    matches
        .get_raw(arg.get_id().as_str())
        .map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect())
        .unwrap_or_default()
}
