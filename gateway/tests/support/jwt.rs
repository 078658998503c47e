//! Keys and tokens of readers, as an issuer makes them.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://login.example.com/";
pub const AUDIENCE: &str = "datashop-logs";
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The flags of a gateway for the tokens of this module.
pub const RULES: [&str; 6] =
    ["--auth-jwt-issuer", ISSUER, "--auth-jwt-audience", AUDIENCE, "--auth-jwt-leeway", "0s"];

/// A key of an issuer.
pub struct Issuer {
    pub kid: String,
    key: Key,
}

enum Key {
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Issuer {
    pub fn secret(secret: impl AsRef<[u8]>) -> Self {
        Self { kid: "secret".into(), key: Key::Secret(secret.as_ref().into()) }
    }

    pub fn ed(kid: &str) -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("randomness");
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key");
        Self { kid: kid.into(), key: Key::Ed(key) }
    }

    pub fn ec(kid: &str) -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("randomness");
        let key = EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).expect("a key");
        Self { kid: kid.into(), key: Key::Ec(key) }
    }

    /// The one key that no test can make quickly.
    pub fn rsa(kid: &str) -> Self {
        let pem = include_str!("../fixtures/rsa.pem");
        let base64: String = pem
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN"))
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD.decode(base64).expect("base64");
        let key = RsaKeyPair::from_pkcs8(&der).expect("a key");
        Self { kid: kid.into(), key: Key::Rsa(Box::new(key)) }
    }

    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Secret(_) => "HS256",
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
            Key::Ed(_) => "EdDSA",
        }
    }

    /// The public key, as a set lists it.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Secret(_) => panic!("a secret is not public"),
            Key::Rsa(key) => {
                let rsa::PublicKeyComponents::<Vec<u8>> { n, e } = key.public().into();
                json!({ "kty": "RSA", "n": encoded(n), "e": encoded(e) })
            }
            Key::Ec(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = (encoded(&point[..32]), encoded(&point[32..]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Key::Ed(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(key.public_key()) })
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// A token for a reader of `workspaces` that is valid for `seconds`.
    pub fn token(&self, workspaces: &[&str], seconds: i64) -> String {
        self.signed(&self.header(), &claims(workspaces, seconds))
    }

    pub fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": self.algorithm(), "kid": self.kid })
    }

    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = self.sign(text.as_bytes());
        format!("{text}.{}", encoded(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message).as_ref().into()
            }
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
            Key::Ec(key) => key.sign(&random, message).expect("a signature").as_ref().into(),
            Key::Ed(key) => key.sign(message).as_ref().into(),
        }
    }
}

pub fn claims(workspaces: &[&str], seconds: i64) -> Value {
    json!({
        "sub": "jane",
        "iss": ISSUER,
        "aud": [AUDIENCE, "others"],
        "exp": now() + seconds,
        "workspaces": workspaces,
    })
}

/// A JWK set of these keys.
pub fn set(issuers: &[&Issuer]) -> String {
    let keys: Vec<_> = issuers.iter().map(|issuer| issuer.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// The time in seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_secs()).expect("a time")
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
