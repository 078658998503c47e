//! Errors about the command line, without the secrets that it may contain.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};

/// Removes from `error` whatever may be a secret: the value of a secret flag, or a stray argument
/// after it.
///
/// Journals and build logs show errors to more people than may know a token.
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
            // Suggestions repeat it.
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

pub(crate) fn is_secret_flag(text: &str) -> bool {
    SECRET_FLAGS.iter().any(|flag| text.starts_with(flag))
}

/// Returns whether `text` is in the position of a value, right after a secret flag.
fn follows_secret_flag(text: &str, arguments: &[OsString]) -> bool {
    arguments.windows(2).any(|pair| {
        is_secret_flag(&pair[0].to_string_lossy()) && pair[1].to_string_lossy().starts_with(text)
    })
}

/// Flags with tokens, or with URLs that may contain passwords.
const SECRET_FLAGS: [&str; 6] =
    ["--token", "--upstream", "--url", "--auth-forward-url", "--auth-jwks", "--otlp-endpoint"];
