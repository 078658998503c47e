//! Who may publish for which service.

use std::fmt;
use std::str::FromStr;

use logs_sse_core::channel::Id;
use subtle::ConstantTimeEq;

/// The tokens that services publish with. Each holds for one service.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokens: Vec<Token>,
    is_demo: bool,
}

impl Tokens {
    /// The given tokens, or, when none are given, the demo ones that everybody knows.
    #[must_use]
    pub fn new(tokens: Vec<Token>) -> Self {
        if tokens.is_empty() { Self::demo() } else { Self { tokens, is_demo: false } }
    }

    /// The tokens of the demo: `l5-etl-token`, `faas-token`, `function-token`.
    #[must_use]
    pub fn demo() -> Self {
        let tokens = [("etl", DEMO_ETL_TOKEN), ("faas", "faas-token"), ("function", "function-token")];
        Self { tokens: tokens.map(|(service, secret)| Token { service: service.into(), secret: secret.into() }).into(), is_demo: true }
    }

    /// Whether anybody knows these.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.is_demo
    }

    /// The services that `secret` may publish for. Takes as long for a wrong one as for a right one.
    #[must_use]
    pub fn services_of(&self, secret: &str) -> Services<'_> {
        let is_same = |token: &&Token| token.secret.as_bytes().ct_eq(secret.as_bytes()).into();
        Services(self.tokens.iter().filter(is_same).map(|token| &*token.service).collect())
    }
}

/// What the holder of a token may publish for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services<'a>(Vec<&'a str>);

impl Services<'_> {
    /// Whether the token is nobody's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `service` is among them.
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

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, secret) = text.split_once('=').ok_or("expected SERVICE=TOKEN, such as etl=a-long-secret")?;
        let service = Id::parse("service", service).map_err(|error| error.to_string())?;
        if secret.is_empty() {
            return Err(format!("the token of service {service} is empty"));
        }
        Ok(Self { service: service.to_string(), secret: secret.into() })
    }
}

/// Shows the service only, so that no secret gets into a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}=…)", self.service)
    }
}

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
        for text in ["secret", "=secret", "etl=", "a:b=secret"] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", "etl=hush".parse::<Token>()), "Ok(Token(etl=…))");
    }
}
