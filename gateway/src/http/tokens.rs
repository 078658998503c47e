//! Tokens: who may publish as which service.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use logs_sse_core::channel::{ChannelName, Id};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::http::identity::MAX_BYTES;
use crate::http::workspace_pattern::WorkspacePattern;

/// The tokens that services publish with. They can be replaced while requests are served.
#[derive(Debug)]
pub struct Tokens(ArcSwap<Set>);

#[derive(Clone, Debug)]
struct Set {
    tokens: Vec<Arc<Token>>,
    is_demo: bool,
}

impl Tokens {
    /// Returns the given tokens, or the public demo tokens if there are none.
    #[must_use]
    pub fn new(tokens: Vec<Token>) -> Self {
        if tokens.is_empty() { Self::demo() } else { Self::only(tokens) }
    }

    /// Returns the given tokens, even if there are none: then no service can publish.
    #[must_use]
    pub fn only(tokens: Vec<Token>) -> Self {
        Self::of(tokens, false)
    }

    /// Returns the tokens of the demo: `l5-etl-token`, `faas-token`, `function-token`, and
    /// `operator-token`, which stops streams.
    #[must_use]
    pub fn demo() -> Self {
        let tokens =
            [("etl", DEMO_ETL_TOKEN), ("faas", "faas-token"), ("function", "function-token")];
        let services = tokens.map(|(service, secret)| Token::of_flag(service, secret));
        Self::of(services.into_iter().chain([Token::of_demo_operator()]).collect(), true)
    }

    fn of(tokens: Vec<Token>, is_demo: bool) -> Self {
        let tokens = tokens.into_iter().map(Arc::new).collect();
        Self(ArcSwap::from_pointee(Set { tokens, is_demo }))
    }

    /// Replaces all tokens. Requests that are being served keep what they were granted.
    pub fn replace(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }

    /// Returns whether these are the public demo tokens.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.0.load().is_demo
    }

    /// Returns a secret that may publish as `service`, if there is one that is not only known as a
    /// hash.
    #[must_use]
    pub fn secret_for(&self, service: &str) -> Option<String> {
        let set = self.0.load();
        let is_for = |token: &&Arc<Token>| token.services.iter().any(|own| own == service);
        set.tokens.iter().filter(is_for).find_map(|token| token.secret.clone())
    }

    /// Checks that no stranger can guess a token, which matters where other machines reach the
    /// gateway. Tokens of a file are random.
    ///
    /// # Errors
    /// A sentence with the number of a token that is one of the demo's or too short.
    pub fn check_strength(&self) -> Result<(), String> {
        for (number, token) in (1..).zip(&self.0.load().tokens) {
            let Some(secret) = &token.secret else { continue };
            // The number and not the service, which is the secret if someone wrote TOKEN=SERVICE by
            // mistake.
            if is_of_demo(&token.digest) {
                return Err(format!(
                    "token number {number} is one of the demo's, which are public: choose another secret"
                ));
            }
            if secret.len() < MIN_SECRET_BYTES {
                return Err(format!(
                    "token number {number} has a secret of {} bytes: expected at least {MIN_SECRET_BYTES}",
                    secret.len()
                ));
            }
        }
        Ok(())
    }

    /// Returns what `secret` grants now. Compares hashes in constant time, and all of them.
    #[must_use]
    pub fn grant_of(&self, secret: &str) -> Grant {
        self.grant_at(secret, Timestamp::now())
    }

    fn grant_at(&self, secret: &str, now: Timestamp) -> Grant {
        let digest = digest_of(secret);
        let set = self.0.load();
        let is_same = |token: &&Arc<Token>| token.digest.ct_eq(&digest).into();
        let (valid, expired) =
            set.tokens.iter().filter(is_same).cloned().partition::<Vec<_>, _>(|token| {
                token.not_before.is_none_or(|from| from <= now)
                    && token.not_after.is_none_or(|until| now < until)
            });
        if let ([], [token, ..]) = (&valid[..], &expired[..]) {
            tracing::warn!(token = token.name, "a token is used outside its time: refused");
        }
        Grant { is_known: !valid.is_empty() || !expired.is_empty(), tokens: valid }
    }
}

/// What a secret grants: the valid tokens that have it, usually one.
#[derive(Clone, Debug)]
pub struct Grant {
    tokens: Vec<Arc<Token>>,
    is_known: bool,
}

/// Why a token may not publish on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It belongs to other services.
    Service,
    /// It belongs to other workspaces. A publisher does not learn which: their names may be those
    /// of other customers.
    Workspace,
}

impl Grant {
    /// Returns whether nothing is granted: the token is unknown, or outside its time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the names of the tokens, which are no secrets.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<_> = self.tokens.iter().map(|token| &*token.name).collect();
        names.join(",")
    }

    /// Returns whether the token is an operator's, who may stop streams and publishes nothing.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.tokens.iter().any(|token| token.is_operator)
    }

    /// Returns whether a token has this secret, valid now or not.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Returns the name of the token, under which limits count what is published.
    pub(crate) fn name(&self) -> &str {
        self.tokens.first().map_or("", |token| &token.name)
    }

    /// Checks whether the token may publish on `channel`. One token must allow both service and
    /// workspace.
    ///
    /// # Errors
    /// Which of the two it may not publish to.
    pub fn check(&self, channel: &ChannelName) -> Result<(), Refusal> {
        let service = channel.service().as_str();
        let mut refusal = Refusal::Service;
        for token in self.tokens.iter().filter(|token| token.services.iter().any(|s| s == service))
        {
            if token.workspaces.iter().any(|pattern| pattern.matches(channel.workspace())) {
                return Ok(());
            }
            refusal = Refusal::Workspace;
        }
        Err(refusal)
    }
}

/// One token: of a flag, written `SERVICE=TOKEN`, or of a [file](crate::http::token_file).
#[derive(Clone)]
pub struct Token {
    pub(crate) name: String,
    pub(crate) services: Vec<String>,
    pub(crate) workspaces: Vec<WorkspacePattern>,
    pub(crate) digest: Digest,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) not_after: Option<Timestamp>,
    pub(crate) is_operator: bool,
    /// The secret itself, if it came from a flag or a variable.
    pub(crate) secret: Option<String>,
}

impl Token {
    fn of_flag(service: &str, secret: &str) -> Self {
        Self {
            name: service.into(),
            services: vec![service.into()],
            workspaces: vec![WorkspacePattern::any()],
            digest: digest_of(secret),
            not_before: None,
            not_after: None,
            is_operator: false,
            secret: Some(secret.into()),
        }
    }

    fn of_demo_operator() -> Self {
        let (services, workspaces) = (Vec::new(), Vec::new());
        Self { services, workspaces, is_operator: true, ..Self::of_flag("operator", DEMO_OPERATOR) }
    }
}

/// The SHA-256 of a secret.
pub(crate) type Digest = [u8; 32];

pub(crate) fn digest_of(secret: impl AsRef<[u8]>) -> Digest {
    Sha256::digest(secret).into()
}

/// Returns whether a hash is that of a demo token, which everyone knows.
pub(crate) fn is_of_demo(digest: &Digest) -> bool {
    Tokens::demo().0.load().tokens.iter().any(|token| token.digest == *digest)
}

impl FromStr for Token {
    type Err = String;

    /// Parses a token. No error repeats `text`, which may be a secret as a whole.
    fn from_str(text: &str) -> Result<Self, String> {
        let (service, secret) =
            text.split_once('=').ok_or("expected SERVICE=TOKEN, such as etl=a-long-secret")?;
        if service.starts_with(' ') || service.ends_with(' ') {
            return Err("expected SERVICE=TOKEN without spaces around it; several in one variable are separated by a comma alone".into());
        }
        let service = Id::parse("service", service).map_err(
            |_| "expected SERVICE=TOKEN: what is before '=' is not the name of a service",
        )?;
        check_secret(secret).map_err(|error| format!("the secret after '=' {error}"))?;
        Ok(Self::of_flag(service.as_str(), secret))
    }
}

/// Checks that `secret` can be sent in the header `X-Service-Token`.
///
/// # Errors
/// A phrase that says what is wrong, without the secret.
pub fn check_secret(secret: &str) -> Result<(), String> {
    if secret.is_empty() {
        Err("is empty".into())
    } else if !secret.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Err("holds characters other than visible ASCII, which no request can send".into())
    } else if secret.starts_with(' ') || secret.ends_with(' ') {
        Err("begins or ends with a space, which no request can send".into())
    } else if secret.len() > MAX_BYTES {
        Err(format!("has {} bytes: expected at most {MAX_BYTES}", secret.len()))
    } else {
        Ok(())
    }
}

/// Shows the name only, so that no log contains a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}=…)", self.name)
    }
}

/// The minimum where other machines reach the gateway: 32 random hexadecimal digits have 128 bits.
const MIN_SECRET_BYTES: usize = 32;

/// The demo's token for ETL logs.
pub const DEMO_ETL_TOKEN: &str = "l5-etl-token";

/// The demo's token for operators.
const DEMO_OPERATOR: &str = "operator-token";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_publishes_for_its_own_service_only() {
        let check = |channel: &str| {
            Tokens::demo().grant_of("l5-etl-token").check(&channel.parse().expect("a channel"))
        };
        assert_eq!(check("logs:etl:a:b"), Ok(()));
        assert_eq!(check("logs:faas:a:b"), Err(Refusal::Service));
        assert!(Tokens::demo().grant_of("").is_empty());
        let operator = Tokens::demo().grant_of("operator-token");
        let channel = "logs:etl:a:b".parse().expect("a channel");
        assert!(operator.is_operator() && operator.check(&channel) == Err(Refusal::Service));
        assert!(!Tokens::demo().grant_of("l5-etl-token").is_operator());
    }

    #[test]
    fn one_token_must_allow_both_service_and_workspace() {
        let token = |service: &str, workspace: &str| Token {
            workspaces: vec![workspace.parse().expect("a pattern")],
            ..Token::of_flag(service, "shared")
        };
        let tokens = Tokens::only(vec![token("etl", "a*"), token("faas", "b")]);
        let check =
            |channel: &str| tokens.grant_of("shared").check(&channel.parse().expect("a channel"));
        assert_eq!([check("logs:etl:a1:x"), check("logs:faas:b:x")], [Ok(()), Ok(())]);
        assert_eq!(check("logs:etl:b:x"), Err(Refusal::Workspace));
        assert_eq!(check("logs:faas:a1:x"), Err(Refusal::Workspace));
    }

    #[test]
    fn a_token_grants_nothing_outside_its_time() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let token = Token {
            not_before: Some(at(10)),
            not_after: Some(at(20)),
            ..Token::of_flag("etl", "hush")
        };
        let tokens = Tokens::only(vec![token]);
        let is_granted = |second| !tokens.grant_at("hush", at(second)).is_empty();
        assert_eq!([9, 10, 19, 20].map(is_granted), [false, true, true, false]);
        assert!(tokens.grant_at("hush", at(9)).is_known() && !tokens.grant_of("x").is_known());
    }

    #[test]
    fn refuses_a_token_without_a_service_or_a_secret() {
        for text in ["hush", "=hush", "etl=", "a:b=hush", " etl=hush", "etl =hush"] {
            assert!(text.parse::<Token>().is_err_and(|error| !error.contains("hush")), "{text}");
        }
    }

    #[test]
    fn refuses_a_secret_that_no_request_can_send() {
        let long = format!("etl={}", "a".repeat(MAX_BYTES + 1));
        for text in ["etl=hüsh", "etl=hu\tsh", "etl=hush\n", "etl= hush", "etl=hush ", &long] {
            let error = text.parse::<Token>().expect_err(text);
            assert!(
                error.starts_with("the secret after '=' ") && !error.contains("hush"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_weak() {
        let check = |text: &str| Tokens::new(vec![text.parse().expect(text)]).check_strength();
        assert_eq!(check("etl=0123456789abcdef0123456789abcdef"), Ok(()));
        for text in
            ["etl=l5-etl-token", "etl=function-token", "etl=0123456789abcdef0123456789abcde"]
        {
            assert!(
                check(text).is_err_and(
                    |error| error.contains("token number 1 ") && !error.contains(&text[4..])
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", "etl=hush".parse::<Token>()), "Ok(Token(etl=…))");
    }
}
