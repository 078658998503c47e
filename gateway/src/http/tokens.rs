//! Tokens: who may publish as which service.

use std::fmt;
use std::str::FromStr;

use logs_sse_core::channel::Id;
use subtle::ConstantTimeEq;

use crate::http::identity::MAX_BYTES;

/// The tokens that services publish with. Each is valid for one service.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokens: Vec<Token>,
    is_demo: bool,
}

impl Tokens {
    /// Returns the given tokens, or the public demo tokens if there are none.
    #[must_use]
    pub fn new(tokens: Vec<Token>) -> Self {
        if tokens.is_empty() { Self::demo() } else { Self { tokens, is_demo: false } }
    }

    /// Returns the tokens of the demo: `l5-etl-token`, `faas-token`, `function-token`.
    #[must_use]
    pub fn demo() -> Self {
        let tokens =
            [("etl", DEMO_ETL_TOKEN), ("faas", "faas-token"), ("function", "function-token")];
        Self {
            tokens: tokens
                .map(|(service, secret)| Token { service: service.into(), secret: secret.into() })
                .into(),
            is_demo: true,
        }
    }

    /// Returns whether these are the public demo tokens.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.is_demo
    }

    /// Returns a secret that may publish as `service`, if there is one.
    #[must_use]
    pub fn secret_for(&self, service: &str) -> Option<&str> {
        self.tokens.iter().find(|token| token.service == service).map(|token| &*token.secret)
    }

    /// Checks that no stranger can guess a token, which matters where other machines reach the
    /// gateway.
    ///
    /// # Errors
    /// A sentence with the number of a token that is one of the demo's or too short.
    pub fn check_strength(&self) -> Result<(), String> {
        let demo = Self::demo();
        for (number, Token { secret, .. }) in (1..).zip(&self.tokens) {
            // The number and not the service, which is the secret if someone wrote TOKEN=SERVICE by
            // mistake.
            if !demo.services_of(secret).is_empty() {
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

    /// Returns the services that `secret` may publish as, in constant time.
    #[must_use]
    pub fn services_of(&self, secret: &str) -> Services<'_> {
        let is_same = |token: &&Token| token.secret.as_bytes().ct_eq(secret.as_bytes()).into();
        Services(self.tokens.iter().filter(is_same).map(|token| &*token.service).collect())
    }
}

/// The services a token may publish as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services<'a>(Vec<&'a str>);

impl Services<'_> {
    /// Returns whether the token is unknown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether `service` is one of them.
    #[must_use]
    pub fn contains(&self, service: &Id) -> bool {
        self.0.contains(&service.as_str())
    }
}

/// One token, written `SERVICE=TOKEN`.
#[derive(Clone)]
pub struct Token {
    service: String,
    secret: String,
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
        Ok(Self { service: service.to_string(), secret: secret.into() })
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

/// Shows the service only, so that no log contains a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}=…)", self.service)
    }
}

/// The minimum where other machines reach the gateway: 16 random letters and digits have 95 bits.
const MIN_SECRET_BYTES: usize = 16;

/// The demo's token for ETL logs.
pub const DEMO_ETL_TOKEN: &str = "l5-etl-token";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_publishes_for_its_own_service_only() {
        let id = |service| Id::parse("service", service).expect("an id");
        let tokens = Tokens::demo();
        assert!(tokens.services_of("l5-etl-token").contains(&id("etl")));
        assert!(!tokens.services_of("l5-etl-token").contains(&id("faas")));
        assert!(tokens.services_of("").is_empty());
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
        assert_eq!(check("etl=0123456789abcdef"), Ok(()));
        for text in ["etl=l5-etl-token", "etl=function-token", "etl=0123456789abcde"] {
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
