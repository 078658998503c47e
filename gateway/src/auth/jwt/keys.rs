//! The keys that verify tokens: one secret, or the public keys of a JWK set.
//!
//! A key has one algorithm, which its owner chose. What a token says about its algorithm only
//! selects among the keys.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::auth::secret_file::Secret;
use crate::http::tokens::Digest;

/// A key with its algorithm.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) decoding: DecodingKey,
    /// Cancelled when the key is no longer among those in force.
    pub(crate) withdrawn: CancellationToken,
    /// Identifies the key with its id and algorithm.
    print: Digest,
}

/// Keys that are valid at the same time.
#[derive(Clone, Debug)]
pub(crate) struct KeySet(Vec<Key>);

impl KeySet {
    /// Returns the set of some secrets, for HS256.
    pub(crate) fn of_secrets(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| Key {
            id: None,
            algorithm: Algorithm::HS256,
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            withdrawn: CancellationToken::new(),
            print: Sha256::digest(secret.as_bytes()).into(),
        };
        Self(secrets.iter().map(key).collect())
    }

    /// Parses a JWK set. Keys for other purposes or algorithms are skipped.
    ///
    /// # Errors
    /// What is wrong with the set, or that none of its keys can be used.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(json)
            .map_err(|error| format!("not JSON: {error}; expected a JWK set"))?;
        let listed = set.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or("not a JWK set: expected {\"keys\": […]}")?;
        if listed.len() > MAX_KEYS {
            return Err(format!("{} keys: expected at most {MAX_KEYS}", listed.len()));
        }
        let keys: Vec<_> = listed.iter().filter_map(read).collect();
        let mut ids = BTreeMap::new();
        for key in &keys {
            *ids.entry((key.id.as_deref(), format!("{:?}", key.algorithm))).or_insert(0) += 1;
        }
        if let Some(((id, algorithm), _)) = ids.into_iter().find(|(_, count)| *count > 1) {
            let id = id.unwrap_or("none");
            return Err(format!("two {algorithm} keys have the kid {id:?}: expected each once"));
        }
        if keys.is_empty() {
            return Err(format!(
                "none of the {} keys is one for RS256 (2048 bits or more), ES256 or EdDSA",
                listed.len()
            ));
        }
        Ok(Self(keys))
    }

    /// Returns the keys that may have signed a token: any of the secrets, or the public key with its
    /// `kid`, which may be absent if only one key has the algorithm.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<Key> {
        let is_candidate = |key: &&Key| {
            let is_named = id.is_some() && key.id.is_some();
            key.algorithm == algorithm && (!is_named || key.id.as_deref() == id)
        };
        let found: Vec<_> = self.0.iter().filter(is_candidate).cloned().collect();
        // Without a name, or beside a key without one, it could be any of them.
        if algorithm != Algorithm::HS256 && found.len() > 1 { Vec::new() } else { found }
    }

    /// Returns this set with the tokens of those keys that `old` has too, and withdraws its others.
    pub(crate) fn after(mut self, old: &Self) -> Self {
        for key in &old.0 {
            match self.0.iter_mut().find(|other| other.print == key.print) {
                Some(same) => same.withdrawn = key.withdrawn.clone(),
                None => key.withdrawn.cancel(),
            }
        }
        self
    }
}

/// Reads a key that signs tokens with a supported algorithm.
fn read(json: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(json.clone()).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        // A secret in a set that is public is none.
        _ => return None,
    };
    let stated = match jwk.common.key_algorithm {
        None => algorithm,
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => Algorithm::EdDSA,
        Some(_) => return None,
    };
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    (stated == algorithm && is_long_enough(&decoding)).then(|| Key {
        id: jwk.common.key_id,
        algorithm,
        decoding,
        withdrawn: CancellationToken::new(),
        print: Sha256::digest(json.to_string()).into(),
    })
}

fn is_long_enough(key: &DecodingKey) -> bool {
    match key.kind() {
        jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => {
            n.iter().skip_while(|byte| **byte == 0).count() >= MIN_RSA_BYTES
        }
        jsonwebtoken::DecodingKeyKind::SecretOrDer(_) => true,
    }
}

/// More than any provider publishes at a time.
const MAX_KEYS: usize = 64;

/// 2048 bits, the least that ring accepts.
const MIN_RSA_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;

    fn parse(keys: &str) -> Result<KeySet, String> {
        KeySet::parse(format!("{{\"keys\":[{keys}]}}").as_bytes())
    }

    #[test]
    fn keys_for_other_purposes_are_skipped() {
        let others = [
            r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75","kid":"b"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"RS256"}"#,
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            r#"{"kty":"new"}"#,
            "5",
        ];
        let set = parse(&format!("{},{ED}", others.join(","))).expect("one key");
        assert_eq!(set.0.len(), 1);
        for key in others {
            assert!(parse(key).is_err_and(|error| error.contains("none of the 1 keys")), "{key}");
        }
        assert!(parse(&format!("{ED},{ED}")).is_err_and(|error| error.contains("kid \"a\"")));
        assert!(parse(&vec!["5"; MAX_KEYS + 1].join(",")).is_err());
        for text in ["", "[]", "{\"keys\":5}", "\u{0}"] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_no_longer_listed_is_withdrawn() {
        let [old, same] = [parse(ED), parse(ED)].map(|set| set.expect("a key"));
        let withdrawn = old.0[0].withdrawn.clone();
        let kept = same.after(&old);
        assert!(!withdrawn.is_cancelled());
        parse(&ED.replace("\"a\"", "\"b\"")).expect("a key").after(&kept);
        assert!(withdrawn.is_cancelled());
    }

    #[test]
    fn a_token_without_a_kid_needs_a_set_with_one_key() {
        let two = format!("{ED},{}", ED.replace("\"a\"", "\"b\""));
        let (one, two) = (parse(ED).expect("a key"), parse(&two).expect("two keys"));
        let count = |set: &KeySet, id, algorithm| set.find(id, algorithm).len();
        assert_eq!(count(&one, None, Algorithm::EdDSA), 1);
        assert_eq!(count(&two, None, Algorithm::EdDSA), 0);
        assert_eq!(count(&two, Some("b"), Algorithm::EdDSA), 1);
        assert_eq!(count(&one, Some("c"), Algorithm::EdDSA), 0);
        for algorithm in [Algorithm::RS256, Algorithm::HS256] {
            assert_eq!(count(&one, Some("a"), algorithm), 0);
        }
    }
}
