//! The file of tokens: who may publish as which service to which workspaces, with the hash of each
//! secret. It holds no secret, and no error repeats what may be one.

use std::path::Path;

use jiff::Timestamp;
use logs_sse_core::channel::Id;
use toml::de::DeValue;

use crate::http::tokens::{Digest, Token, digest_of, is_of_demo};
use crate::http::workspace_pattern::WorkspacePattern;
use crate::toml_entries::{self, Entry};
use crate::toml_text::Document;

/// Reads the tokens of a file.
///
/// # Errors
/// Everything that is wrong, each with file, line and what is expected.
pub fn read(path: &Path) -> Result<Vec<Token>, Vec<String>> {
    let document = Document::read("--tokens", path).map_err(|error| vec![error])?;
    parse(&document)
}

fn parse(document: &Document) -> Result<Vec<Token>, Vec<String>> {
    toml_entries::parse(document, "token", |token: &Token| &token.name, parse_entry)
}

fn parse_entry(entry: &mut Entry<'_>) -> Option<Token> {
    entry.expect_keys(&KEYS, |key| match key {
        "secret" | "token" => ": the file holds the sha256 of a secret, not the secret",
        _ => "",
    });
    let name = parse_name(entry);
    let is_operator = is_operator(entry);
    let (services, workspaces) = if is_operator { Default::default() } else { parse_scope(entry) };
    let digest = parse_sha256(entry);
    let (not_before, not_after) = (parse_time(entry, "not-before"), parse_time(entry, "not-after"));
    if let (Some(from), Some(until)) = (not_before, not_after)
        && from >= until
    {
        entry.wrong_entry("not-after is not later than not-before");
    }
    Some(Token {
        name: name?,
        services,
        workspaces,
        digest: digest?,
        not_before,
        not_after,
        is_operator,
        secret: None,
    })
}

fn parse_name(entry: &mut Entry<'_>) -> Option<String> {
    let value = entry.required("name")?;
    let (text, span) = entry.text("name", value)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        entry.wrong(span, "name: expected a text in quotes");
    }
    Some(text.into())
}

/// Returns whether the token is an operator's. Such a token has no services and workspaces, since
/// it publishes nothing.
fn is_operator(entry: &mut Entry<'_>) -> bool {
    let Some(value) = entry.get("scope") else { return false };
    if value.get_ref().as_str() != Some("operator") {
        let expected = "expected \"operator\", or no scope for a publisher";
        entry.wrong(value.span(), format!("scope: {expected}"));
        return false;
    }
    for name in ["services", "workspaces"] {
        if let Some(value) = entry.get(name) {
            entry.wrong(value.span(), format!("{name}: expected none with scope = \"operator\""));
        }
    }
    true
}

/// Returns the services and the workspaces to which a publisher may publish.
fn parse_scope(entry: &mut Entry<'_>) -> (Vec<String>, Vec<WorkspacePattern>) {
    let services = parse_list(entry, "services", |text| {
        Id::parse("service", text).map(|id| id.to_string()).map_err(|error| error.to_string())
    });
    (services, parse_list(entry, "workspaces", str::parse::<WorkspacePattern>))
}

fn parse_list<T>(
    entry: &mut Entry<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let value = entry.required(name);
    value.map(|value| entry.list(name, value, parse)).unwrap_or_default()
}

fn parse_sha256(entry: &mut Entry<'_>) -> Option<Digest> {
    let value = entry.required("sha256")?;
    let digest = value.get_ref().as_str().and_then(parse_digest);
    match digest {
        // Not repeated: it may be the secret itself.
        None => entry.wrong(
            value.span(),
            "sha256: expected 64 hexadecimal digits, as logs-gateway token new prints them",
        ),
        Some(digest) if is_of_demo(&digest) || digest == digest_of("") => entry.wrong(
            value.span(),
            "sha256 is that of a demo token, which is public: expected another secret",
        ),
        Some(_) => {}
    }
    digest
}

fn parse_time(entry: &mut Entry<'_>, name: &str) -> Option<Timestamp> {
    let value = entry.get(name)?;
    let text = match value.get_ref() {
        DeValue::Datetime(time) => time.to_string(),
        _ => String::new(),
    };
    let time = text.parse().ok();
    if time.is_none() {
        let expected = "expected a time with an offset, such as 2027-01-31T00:00:00Z";
        entry.wrong(value.span(), format!("{name}: {expected}"));
    }
    time
}

fn parse_digest(text: &str) -> Option<Digest> {
    let digits = text.as_bytes();
    let mut digest = Digest::default();
    if digits.len() != 2 * digest.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

/// What a token allows.
#[derive(Clone, Debug)]
pub enum Scope {
    /// To publish as these services to these workspaces.
    Publisher {
        /// The services that it names in its logs.
        services: Vec<Id>,
        /// The patterns of workspaces.
        workspaces: Vec<WorkspacePattern>,
    },
    /// To stop the streams of readers.
    Operator,
}

/// A token that does not exist yet: its secret, and its entry in the file.
#[derive(Clone)]
pub struct NewToken {
    /// What the publisher sends. It is stored nowhere.
    pub secret: String,
    /// The entry for the file.
    pub entry: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("entry", &self.entry).finish_non_exhaustive()
    }
}

impl NewToken {
    /// Draws a secret of 256 bits.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn draw(name: &str, scope: &Scope, not_after: Option<Timestamp>) -> Result<Self, String> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        let secret = format!("lgw_{}", hex(&random));
        let list = |items: Vec<String>| toml::Value::from(items).to_string();
        let scope = match scope {
            Scope::Operator => "scope = \"operator\"".into(),
            Scope::Publisher { services, workspaces } => format!(
                "services = {}\nworkspaces = {}",
                list(services.iter().map(ToString::to_string).collect()),
                list(workspaces.iter().map(ToString::to_string).collect()),
            ),
        };
        let (name, sha256) = (toml::Value::from(name), hex(&digest_of(&secret)));
        let mut entry = format!("[[token]]\nname = {name}\n{scope}\nsha256 = \"{sha256}\"\n");
        if let Some(until) = not_after {
            entry.push_str(&format!("not-after = {until}\n"));
        }
        Ok(Self { secret, entry })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const KEYS: [&str; 7] =
    ["name", "services", "workspaces", "scope", "sha256", "not-before", "not-after"];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Vec<Token>, String> {
        let document = Document::new(Path::new("t.toml"), text.into());
        parse(&document).map_err(|errors| errors.join("\n"))
    }

    fn entry(line: &str) -> String {
        let name = line.split(' ').next().expect("a key");
        let hash = "a".repeat(64);
        let lines = [
            "name = \"n\"",
            "services = [\"etl\"]",
            "workspaces = [\"prod_*\"]",
            &format!("sha256 = \"{hash}\""),
        ];
        let kept = lines.iter().filter(|other| !other.starts_with(name));
        format!("[[token]]\n{line}\n{}", kept.map(|line| format!("{line}\n")).collect::<String>())
    }

    #[test]
    fn a_new_token_is_read_again() {
        let id = Id::parse("service", "etl").expect("an id");
        let until = "2027-01-31T00:00:00Z".parse().expect("a time");
        let scope =
            Scope::Publisher { services: vec![id], workspaces: vec![WorkspacePattern::any()] };
        let new = NewToken::draw("a \"b\"", &scope, Some(until));
        let new = new.expect("randomness");
        let tokens = parse_text(&new.entry).expect("an entry");
        assert_eq!((&*tokens[0].name, tokens[0].not_after), ("a \"b\"", Some(until)));
        assert_eq!(tokens[0].digest, digest_of(&new.secret));
        let operator = NewToken::draw("o", &Scope::Operator, None).expect("randomness").entry;
        assert!(parse_text(&operator).expect("an entry")[0].is_operator);
        assert!(!new.entry.contains(&new.secret) && !format!("{new:?}").contains(&new.secret));
    }

    #[test]
    fn an_error_names_the_line_and_repeats_no_secret() {
        for (line, expected) in [
            ("sha256 = \"hunter2\"", "t.toml:2: sha256: expected 64 hexadecimal digits"),
            ("sha256 = 5", "t.toml:2: sha256: expected 64"),
            ("secret = \"hunter2\"", "t.toml:2: unknown key secret: the file holds the sha256"),
            ("services = \"hunter2\"", "t.toml:2: services: expected a list"),
            ("services = []", "t.toml:2: services: expected a list"),
            ("workspaces = [\"a:b\"]", "t.toml:2: workspaces: expected a workspace"),
            ("not-after = 2027-01-31", "t.toml:2: not-after: expected a time with an offset"),
            ("not-before = \"hunter2\"", "t.toml:2: not-before: expected a time"),
            ("name = \"\"", "t.toml:2: name: expected a text"),
            ("scope = \"hunter2\"", "t.toml:2: scope: expected \"operator\""),
            ("scope = \"operator\"", "t.toml:4: services: expected none"),
        ] {
            let error = parse_text(&entry(line)).expect_err(line);
            assert!(error.starts_with(expected) && !error.contains("hunter2"), "{error}");
        }
        let twice = entry("name = \"n\"").repeat(2);
        assert!(parse_text(&twice).is_err_and(|error| error.contains("second token")));
        let demo = format!("sha256 = \"{}\"", hex(&digest_of("faas-token")));
        assert!(parse_text(&entry(&demo)).is_err_and(|error| error.contains("demo token")));
        assert!(parse_text("[[token]]\n").is_err_and(|error| error.contains("t.toml:1: name is")));
        assert!(parse_text("[token]\n").is_err_and(|error| error.contains("[[token]]")));
        assert_eq!(parse_text("").map(|tokens| tokens.len()), Ok(0));
    }
}
