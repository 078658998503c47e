//! Merges the settings: flags win over the environment, which wins over the file.
//!
//! What the command line does not set is added to it, so clap parses every value in one way.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Arg;
use logs_gateway::toml_text::{Document, described};
use toml::Spanned;
use toml::de::DeValue;

use crate::cli::errors::is_secret_flag;
use crate::cli::settings::{Kind, Settings, argument, expected, kind, variable};

/// The command line with the settings of file and environment.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) arguments: Vec<OsString>,
    /// Where each setting comes from, by name; defaults are absent.
    pub(crate) sources: BTreeMap<String, String>,
}

/// Values of a setting, and where they are from.
struct Values {
    values: Vec<OsString>,
    place: String,
}

/// Merges the settings into `arguments`, of which the first is the program.
///
/// # Errors
/// Everything that is wrong in the file and in the environment, each in a line that names the
/// place.
pub(crate) fn merge(
    arguments: &[OsString],
    read_variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Merged, Vec<String>> {
    if !serves(arguments) {
        return Ok(Merged { arguments: arguments.into(), ..Merged::default() });
    }
    let settings = Settings::new();
    let mut errors = Vec::new();
    let mut file = match config_path(arguments, &read_variable) {
        Some(path) => read_file(&settings, &path, &mut errors),
        None => BTreeMap::new(),
    };
    let mut merged = Merged { arguments: arguments[..1].into(), ..Merged::default() };
    for arg in settings.iter() {
        let name = arg.get_long().unwrap_or_default();
        let of_file = file.remove(name);
        if given(arguments, name).is_some() {
            merged.sources.insert(name.into(), "flag".into());
            continue;
        }
        let of_variable = from_environment(&settings, arg, &read_variable, &mut errors);
        let Some(Values { values, place }) = of_variable.or(of_file) else { continue };
        merged.arguments.extend(values.iter().filter_map(|value| argument(arg, value)));
        merged.sources.insert(name.into(), place);
    }
    merged.arguments.extend_from_slice(&arguments[1..]);
    if errors.is_empty() { Ok(merged) } else { Err(errors) }
}

/// Returns whether the arguments are those of the gateway itself, without a command or a question.
fn serves(arguments: &[OsString]) -> bool {
    let is_question = |argument: &OsString| {
        ["-h", "--help", "-V", "--version"].iter().any(|flag| argument == flag)
    };
    let is_flag = |argument: &OsString| argument.to_string_lossy().starts_with('-');
    arguments.get(1).is_none_or(is_flag) && !arguments.iter().any(is_question)
}

/// Returns the last value of a flag on the command line; an empty one if the value follows.
fn given<'a>(arguments: &'a [OsString], name: &str) -> Option<Option<&'a OsStr>> {
    let flag = format!("--{name}");
    let found = |(at, argument): (usize, &'a OsString)| {
        let text = argument.as_encoded_bytes();
        if argument == flag.as_str() {
            return Some(arguments.get(at + 1).map(OsString::as_os_str));
        }
        let value = text.strip_prefix(flag.as_bytes())?.strip_prefix(b"=")?;
        Some(std::str::from_utf8(value).ok().map(OsStr::new))
    };
    arguments.iter().enumerate().skip(1).filter_map(found).next_back()
}

fn config_path(
    arguments: &[OsString],
    read_variable: &impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    let flag = given(arguments, "config").map(|value| value.map(PathBuf::from));
    // A flag without a value is clap's to refuse.
    flag.unwrap_or_else(|| read_variable(&variable("config")).map(PathBuf::from))
}

fn from_environment(
    settings: &Settings,
    arg: &Arg,
    read_variable: &impl Fn(&str) -> Option<OsString>,
    errors: &mut Vec<String>,
) -> Option<Values> {
    let name = arg.get_long().unwrap_or_default();
    let own = variable(name);
    let value = read_variable(&own)
        .filter(|value| !is_service_link(name, value))
        .map(|value| (own, value))
        .or_else(|| (name == "log-level").then(|| rust_log(settings, arg, read_variable))?)?;
    let (place, value) = value;
    let values = match (kind(arg), value.to_str()) {
        (Kind::List, Some(text)) => text.split(',').map(OsString::from).collect(),
        _ => vec![value],
    };
    for value in &values {
        let checked = settings.check(arg, value);
        errors.extend(checked.err().map(|error| format!("{place}: {error}")));
    }
    Some(Values { values, place })
}

/// Returns whether `value` is what Kubernetes sets in every pod beside a service that is named
/// `logs-gateway`: `LOGS_GATEWAY_PORT=tcp://10.0.0.1:8080`.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    name == "port" && value.to_string_lossy().contains("://")
}

/// Returns the variable that other Rust programs share. An invalid one is ignored, as always.
fn rust_log(
    settings: &Settings,
    arg: &Arg,
    read_variable: &impl Fn(&str) -> Option<OsString>,
) -> Option<(String, OsString)> {
    let value = read_variable("RUST_LOG").filter(|value| !value.is_empty())?;
    settings.check(arg, &value).is_ok().then(|| ("RUST_LOG".into(), value))
}

fn read_file(
    settings: &Settings,
    path: &Path,
    errors: &mut Vec<String>,
) -> BTreeMap<String, Values> {
    let read = Document::read("--config", path);
    let document = match &read {
        Ok(document) => document,
        Err(error) => {
            errors.push(error.clone());
            return BTreeMap::new();
        }
    };
    let table = match document.table() {
        Ok(table) => table,
        Err(error) => {
            errors.push(error);
            return BTreeMap::new();
        }
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut found = BTreeMap::new();
    for (key, value) in entries {
        let name: &str = key.get_ref();
        let Some(arg) = settings.find(name) else {
            errors.push(document.error(key.span(), settings.unknown(name)));
            continue;
        };
        let Some(values) = values_of(arg, value) else {
            let received = match is_secret_flag(&format!("--{name}")) {
                true => value.get_ref().type_str().into(),
                false => described(value.get_ref()),
            };
            let error = format!("{name} is {received}: {}", expected(arg));
            errors.push(document.error(value.span(), error));
            continue;
        };
        for (value, span) in &values {
            let checked = settings.check(arg, value);
            errors.extend(checked.err().map(|error| document.error(span.clone(), error)));
        }
        let values = values.into_iter().map(|(value, _)| value).collect();
        found.insert(name.to_owned(), Values { values, place: document.place(key.span()) });
    }
    found
}

/// Returns the values of a key as texts, or `None` if they have the wrong type.
fn values_of(arg: &Arg, value: &Spanned<DeValue<'_>>) -> Option<Vec<(OsString, Range<usize>)>> {
    let one = |text: String| Some(vec![(text.into(), value.span())]);
    match (kind(arg), value.get_ref()) {
        (Kind::Switch, DeValue::Boolean(is_on)) => one(is_on.to_string()),
        (Kind::Text, DeValue::String(text)) => one(text.to_string()),
        (Kind::Whole | Kind::Number, DeValue::Integer(number)) => {
            let radix = number.radix();
            i64::from_str_radix(number.as_str(), radix).ok().and_then(|n| one(n.to_string()))
        }
        (Kind::Number, DeValue::Float(number)) => one(number.as_str().into()),
        (Kind::List, DeValue::Array(items)) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(|text| (text.into(), item.span())))
            .collect(),
        _ => None,
    }
}
