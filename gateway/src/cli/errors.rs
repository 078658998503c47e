//! What clap says about a wrong command line, without the secrets that may stand in it.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};

/// Takes out of `error` whatever may be a secret: the value of a flag that has one, or what stands
/// astray behind it.
///
/// The journal of a service and the log of a build show an error to more people than may know a
/// token.
pub(crate) fn without_secrets(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let named = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let flag = named(&error, ContextKind::InvalidArg);
    if is_secret_flag(&flag) {
        hide(&mut error, ContextKind::InvalidValue);
    }
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        let text = named(&error, kind);
        if is_secret_flag(&text) || text.starts_with("--") && !follows_secret_flag(&text, arguments)
        {
            continue;
        }
        if arguments.iter().any(|argument| is_secret_flag(&argument.to_string_lossy())) {
            hide(&mut error, kind);
            // Tips repeat it.
            for kind in [
                ContextKind::Suggested,
                ContextKind::SuggestedArg,
                ContextKind::SuggestedSubcommand,
                ContextKind::SuggestedValue,
            ] {
                error.remove(kind);
            }
        }
    }
    error
}

fn hide(error: &mut clap::Error, kind: ContextKind) {
    if error.get(kind).is_some() {
        error.insert(kind, ContextValue::String("…".into()));
    }
}

fn is_secret_flag(text: &str) -> bool {
    SECRET_FLAGS.iter().any(|flag| text.starts_with(flag))
}

/// Whether `text` stands in the place of a value: right behind a flag that has a secret.
fn follows_secret_flag(text: &str, arguments: &[OsString]) -> bool {
    arguments.windows(2).any(|pair| {
        is_secret_flag(&pair[0].to_string_lossy()) && pair[1].to_string_lossy().starts_with(text)
    })
}

/// Tokens, and URLs in which people write passwords.
const SECRET_FLAGS: [&str; 3] = ["--token", "--upstream", "--url"];
