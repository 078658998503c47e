//! Which flags are settings: also keys of the configuration file and variables of the environment.
//!
//! A key is the flag without its dashes; a variable is the key in capitals after `LOGS_GATEWAY_`.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::cli::Cli;
use crate::cli::errors::is_secret_flag;

/// The settings and the parser that judges their values.
#[derive(Debug)]
pub(crate) struct Settings(Command);

/// The shape of a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Switch,
    Whole,
    Number,
    Text,
    List,
}

impl Settings {
    pub(crate) fn new() -> Self {
        let mut command = Cli::command().no_binary_name(true);
        command.build();
        Self(command)
    }

    /// Returns all settings in the order of the help.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arg> {
        self.0.get_arguments().filter(|arg| {
            arg.get_long().is_some_and(|name| !FLAGS_ONLY.contains(&name) && name != SECRET)
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arg> {
        self.iter().find(|arg| arg.get_long() == Some(name))
    }

    /// Says why there is no such setting.
    pub(crate) fn unknown(&self, name: &str) -> String {
        if name == SECRET {
            return "token is not a key: secrets do not belong in this file; name a file of their \
                    hashes with tokens, or set LOGS_GATEWAY_TOKENS"
                .into();
        }
        if FLAGS_ONLY.contains(&name) {
            return format!("{name} is not a key: it is a flag only");
        }
        let error = self.0.clone().try_get_matches_from([format!("--{name}")]);
        let similar = error.err().and_then(|error| match error.get(ContextKind::SuggestedArg) {
            Some(ContextValue::String(flag)) => Some(flag.trim_start_matches('-').to_owned()),
            _ => None,
        });
        match similar.filter(|name| self.find(name).is_some()) {
            Some(similar) => format!("unknown key {name}: did you mean {similar}?"),
            None => format!("unknown key {name}: --print-config lists all keys"),
        }
    }

    /// Returns whether this setting may only be set together with another.
    pub(crate) fn requires_another(&self, arg: &Arg, value: &OsStr) -> bool {
        let parsed = self.0.clone().try_get_matches_from(argument(arg, value));
        parsed.is_err_and(|error| error.kind() == ErrorKind::MissingRequiredArgument)
    }

    /// Checks a value as the flag's own parser does.
    ///
    /// # Errors
    /// What was received and what is expected, for an error that begins with the place.
    pub(crate) fn check(&self, arg: &Arg, value: &OsStr) -> Result<(), String> {
        let name = arg.get_long().unwrap_or_default();
        let Err(error) = self.0.clone().try_get_matches_from(argument(arg, value)) else {
            return Ok(());
        };
        // It may come from elsewhere.
        if error.kind() == ErrorKind::MissingRequiredArgument {
            return Ok(());
        }
        let received = match is_secret_flag(&format!("--{name}")) {
            true => "not valid".into(),
            false => format!("{:?}", value.to_string_lossy()),
        };
        let expected = match (error.get(ContextKind::ValidValue), std::error::Error::source(&error))
        {
            (Some(ContextValue::Strings(values)), _) => format!("expected {}", values.join(" or ")),
            (_, Some(reason)) => match kind(arg) {
                Kind::Whole => format!("expected a whole number: {reason}"),
                _ => reason.to_string(),
            },
            _ => expected(arg).into(),
        };
        Err(format!("{name} is {received}: {expected}"))
    }
}

/// Returns the arguments that set a value; none for a switch that is off.
pub(crate) fn argument(arg: &Arg, value: &OsStr) -> Option<OsString> {
    let mut text = OsString::from("--");
    text.push(arg.get_long().unwrap_or_default());
    if kind(arg) == Kind::Switch {
        return match value.to_str() {
            Some("true") => Some(text),
            Some("false") => None,
            // Refused by the parser, in words about the value.
            _ => Some(with_value(text, value)),
        };
    }
    Some(with_value(text, value))
}

fn with_value(mut flag: OsString, value: &OsStr) -> OsString {
    flag.push("=");
    flag.push(value);
    flag
}

pub(crate) fn kind(arg: &Arg) -> Kind {
    let type_id = arg.get_value_parser().type_id();
    match arg.get_action() {
        ArgAction::SetTrue => Kind::Switch,
        ArgAction::Append => Kind::List,
        _ if type_id == TypeId::of::<u16>() || type_id == TypeId::of::<usize>() => Kind::Whole,
        _ if type_id == TypeId::of::<f64>() => Kind::Number,
        _ => Kind::Text,
    }
}

/// Says what the file must contain for a setting.
pub(crate) fn expected(arg: &Arg) -> &'static str {
    match kind(arg) {
        Kind::Switch => "expected true or false",
        Kind::Whole => "expected a whole number",
        Kind::Number => "expected a number",
        Kind::Text => "expected a text in quotes",
        Kind::List => "expected a list of texts, such as [\"a\", \"b\"]",
    }
}

/// Returns the variable of a setting.
pub(crate) fn variable(name: &str) -> String {
    // LOGS_GATEWAY_TOKENS has always held tokens themselves.
    let name = if name == "tokens" { "tokens-file" } else { name };
    format!("LOGS_GATEWAY_{}", name.to_uppercase().replace('-', "_"))
}

/// The flag with secrets, which are never in a file that is not theirs alone.
const SECRET: &str = "token";

/// What a command does once, which a file cannot set.
pub(crate) const FLAGS_ONLY: [&str; 5] = ["config", "check", "print-config", "help", "version"];
