//! Readers with a JSON Web Token.

mod claims;
mod crypto;
mod keys;
mod source;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{TokenData, Validation, decode, decode_header};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::claims::{ClaimName, ClaimNames};
pub use self::source::{Freshness, Source};
use crate::auth::credentials::TokenPlaces;
use crate::auth::denied::{Cause, Denied};
use crate::auth::jwt::keys::Key;
use crate::auth::jwt::source::Keys;
use crate::auth::lease::Lease;
use crate::http::identity::Identity;
use crate::http::outgoing::Outgoing;

/// What a token must be, and where it may be.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The `iss` of each token.
    pub issuer: String,
    /// What the `aud` of each token must contain.
    pub audience: String,
    /// By how much the clocks of issuer and gateway may differ.
    pub leeway: Duration,
    /// The claims that name the reader and what it may read.
    pub claims: ClaimNames,
    /// Where a token may be.
    pub places: TokenPlaces,
}

/// Readers with a JSON Web Token.
#[derive(Debug)]
pub struct Jwt {
    rules: Rules,
    keys: Arc<Keys>,
}

impl Jwt {
    /// Reads the keys of a file. Those of a URL are read by [`start`](Self::start).
    ///
    /// # Errors
    /// A sentence that says which flag or file is wrong.
    pub fn new(
        rules: Rules,
        source: Source,
        freshness: Freshness,
        outgoing: &Outgoing,
    ) -> Result<Self, String> {
        crypto::install();
        Ok(Self { rules, keys: Arc::new(Keys::new(source, freshness, outgoing)?) })
    }

    /// Reads the keys of a URL for the first time, and all keys again at intervals until `shutdown`.
    ///
    /// # Errors
    /// A sentence that says why they cannot be read.
    pub async fn start(&self, shutdown: CancellationToken) -> Result<(), String> {
        self.keys.start().await?;
        tokio::spawn(Arc::clone(&self.keys).keep_fresh(shutdown));
        Ok(())
    }

    pub(crate) fn places(&self) -> &TokenPlaces {
        &self.rules.places
    }

    /// Returns whether the keys are secrets, and not those of a JWK set.
    pub(crate) fn has_secrets(&self) -> bool {
        matches!(self.keys.source(), Source::SecretFile(_))
    }

    /// Replaces the keys with those of `other`, if they come from the same place. A secret may come
    /// from another file.
    pub(crate) fn replace_keys(&self, other: &Self) {
        match (self.keys.source(), other.keys.source()) {
            (Source::Url(own), Source::Url(url)) if own == url => {
                let keys = Arc::clone(&self.keys);
                tokio::spawn(async move { keys.refresh_now().await });
            }
            (Source::File(own), Source::File(path)) if own == path => {
                self.keys.replace(&other.keys);
            }
            (Source::SecretFile(_), Source::SecretFile(_)) => self.keys.replace(&other.keys),
            _ => {}
        }
    }

    /// Returns the reader of a token.
    ///
    /// # Errors
    /// 401 for a token that is not valid, 503 if its key cannot be known. None repeats the token.
    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Denied> {
        if token.len() > MAX_BYTES {
            return Err(Denied::malformed(format!(
                "the token has {} bytes: expected at most {MAX_BYTES}",
                token.len()
            )));
        }
        let (claims, key) = self.verify_with_any(token, self.keys_of(token).await?)?;
        let expires = expiry(&claims, self.rules.leeway)?;
        let (user, grant) = self.rules.claims.read(&claims)?;
        Ok(Identity::new(user, grant, Lease::of_token(expires, key.withdrawn)))
    }

    /// Returns the keys that may have signed a token, at least one, also if it is new.
    async fn keys_of(&self, token: &str) -> Result<Vec<Key>, Denied> {
        let header = decode_header(token).map_err(|_| {
            Denied::unauthenticated(
                Cause::Malformed,
                "the token is not a JWT that is signed with a supported algorithm",
            )
        })?;
        // RFC 7515: an extension that must be understood, and is not.
        if header.crit.is_some() {
            return Err(Denied::unauthenticated(Cause::Claims, "the token has a crit header"));
        }
        let find = || {
            self.keys.find(header.kid.as_deref(), header.alg).ok_or_else(|| {
                Denied::unavailable(
                    "the keys of readers are too old, since they cannot be read again",
                )
            })
        };
        let known = find()?;
        if !known.is_empty() {
            return Ok(known);
        }
        self.keys.refresh_for_unknown_key(header.alg).await?;
        find().and_then(|keys| if keys.is_empty() { Err(unknown_key()) } else { Ok(keys) })
    }

    fn verify_with_any(
        &self,
        token: &str,
        keys: Vec<Key>,
    ) -> Result<(Map<String, Value>, Key), Denied> {
        let mut refusal = unknown_key();
        for key in keys {
            match self.verify(token, &key) {
                Ok(claims) => return Ok((claims, key)),
                Err(denied) if denied.cause == Cause::Signature => refusal = denied,
                Err(denied) => return Err(denied),
            }
        }
        Err(refusal)
    }

    fn verify(&self, token: &str, key: &Key) -> Result<Map<String, Value>, Denied> {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = self.rules.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.rules.issuer]);
        validation.set_audience(&[&self.rules.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let verified = decode::<Map<String, Value>>(token, &key.decoding, &validation);
        verified.map(|TokenData { claims, .. }| claims).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => {
                Denied::unauthenticated(Cause::Expired, "the token has expired: log in again")
            }
            ErrorKind::ImmatureSignature => {
                Denied::unauthenticated(Cause::Expired, "the token is not valid yet")
            }
            ErrorKind::InvalidIssuer
            | ErrorKind::InvalidAudience
            | ErrorKind::MissingRequiredClaim(_)
            | ErrorKind::InvalidClaimFormat(_) => Denied::unauthenticated(
                Cause::Claims,
                format!("the claims of the token are not those expected: {error}"),
            ),
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => {
                Denied::unauthenticated(Cause::Signature, "the signature of the token is wrong")
            }
            _ => Denied::unauthenticated(Cause::Malformed, "the token is not a JWT"),
        })
    }
}

fn unknown_key() -> Denied {
    Denied::unauthenticated(
        Cause::Signature,
        "the token is signed with an unknown key, or with an algorithm that is not the key's",
    )
}

/// Returns when a token is no longer accepted.
fn expiry(claims: &Map<String, Value>, leeway: Duration) -> Result<Instant, Denied> {
    let seconds = claims.get("exp").and_then(Value::as_f64).filter(|seconds| seconds.is_finite());
    let seconds = seconds.ok_or_else(|| {
        Denied::unauthenticated(Cause::Claims, "the token's exp is not a number of seconds")
    })?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let left = seconds + leeway.as_secs_f64() - now.map_or(0.0, |now| now.as_secs_f64());
    Ok(Instant::now() + Duration::from_secs_f64(left.clamp(0.0, LONGEST)))
}

/// A token with many groups may have some kilobytes.
const MAX_BYTES: usize = 16 * 1024;

/// Ten years in seconds, after which a stream may be opened again.
const LONGEST: f64 = 10.0 * 365.0 * 86_400.0;
