//! Where keys come from, and how they are kept up to date: a file with a secret, or a JWK set in a
//! file or at a URL.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::auth::denied::Denied;
use crate::auth::jwt::keys::{Key, KeySet};
use crate::auth::secret_file::Secret;
use crate::error_chain::error_chain;
use crate::http::outgoing::{Outgoing, client_builder};

/// The place of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file with the secret of HS256.
    SecretFile(PathBuf),
    /// A file with a JWK set.
    File(PathBuf),
    /// The URL of a JWK set.
    Url(reqwest::Url),
}

/// How often keys are read again, and for how long old ones are used if that fails.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// The interval at which a set is read again.
    pub refresh: Duration,
    /// After which time without success no key is valid any more.
    pub max_age: Duration,
}

/// The keys in force.
#[derive(Debug)]
pub(crate) struct Keys {
    source: Source,
    freshness: Freshness,
    client: reqwest::Client,
    /// `None` until the URL has been read for the first time.
    current: ArcSwapOption<Read>,
    /// Locked while `current` is replaced.
    changing: std::sync::Mutex<()>,
    /// When the source was last read, also in vain. Locked while it is read.
    attempted: Mutex<Option<Instant>>,
}

/// Keys, and when it was begun to read them.
#[derive(Debug)]
struct Read {
    set: KeySet,
    at: Instant,
}

impl Keys {
    /// Reads the keys of a file. Those of a URL are read by [`start`](Self::start).
    ///
    /// # Errors
    /// A sentence that says which flag or file is wrong. It repeats no secret.
    pub(crate) fn new(
        source: Source,
        freshness: Freshness,
        outgoing: &Outgoing,
    ) -> Result<Self, String> {
        if let Source::Url(url) = &source {
            outgoing.check_url(url).map_err(|error| format!("--auth-jwks: {error}"))?;
        }
        let client = client_builder(outgoing)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| format!("--auth-jwks: {}", error_chain(&error)))?;
        let at = Instant::now();
        let current = ArcSwapOption::from_pointee(source.read_file()?.map(|set| Read { set, at }));
        let (changing, attempted) = Default::default();
        Ok(Self { source, freshness, client, current, changing, attempted })
    }

    /// Reads the keys of a URL for the first time.
    ///
    /// # Errors
    /// A sentence that says why they cannot be read.
    pub(crate) async fn start(&self) -> Result<(), String> {
        if let Source::Url(url) = &self.source {
            let at = Instant::now();
            self.take(fetch_set(url, &self.client).await?, at);
        }
        Ok(())
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the keys that may have signed a token, or `None` if all could not be read again for
    /// too long.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Vec<Key>> {
        let read = self.current.load();
        let read = read.as_ref()?;
        let is_fresh = matches!(self.source, Source::SecretFile(_))
            || read.at.elapsed() < self.freshness.max_age;
        is_fresh.then(|| read.set.find(id, algorithm))
    }

    /// Reads the keys again for a token with an unknown key, which may be a new one. Does nothing
    /// if they were read a moment ago, so that such tokens cannot overload the source, or if no key
    /// of the source can have `algorithm`.
    ///
    /// # Errors
    /// 503 if the source is being read for too long.
    pub(crate) async fn refresh_for_unknown_key(&self, algorithm: Algorithm) -> Result<(), Denied> {
        if matches!(self.source, Source::SecretFile(_)) || !PUBLIC.contains(&algorithm) {
            return Ok(());
        }
        let Ok(mut attempted) = timeout(PATIENCE, self.attempted.lock()).await else {
            return Err(Denied::unavailable(
                "the keys of readers are being read again, and the token has none of the old ones",
            ));
        };
        if attempted.is_none_or(|at| at.elapsed() >= MIN_INTERVAL) {
            self.refresh(&mut attempted).await;
        }
        Ok(())
    }

    /// Reads the keys at intervals until `shutdown`. A secret is read again on request only.
    pub(crate) async fn keep_fresh(self: Arc<Self>, shutdown: CancellationToken) {
        if matches!(self.source, Source::SecretFile(_)) {
            return;
        }
        loop {
            // Several gateways that were started together ask at different times.
            let pause = self.freshness.refresh.mul_f64(0.8 + 0.2 * fastrand::f64());
            if timeout(pause, shutdown.cancelled()).await.is_ok() {
                return;
            }
            self.refresh_now().await;
        }
    }

    /// Reads the keys again.
    pub(crate) async fn refresh_now(&self) {
        let mut attempted = self.attempted.lock().await;
        self.refresh(&mut attempted).await;
    }

    /// Replaces the keys with those of `other`, and withdraws the rest.
    pub(crate) fn replace(&self, other: &Self) {
        if let Some(new) = other.current.load().as_ref() {
            self.take(new.set.clone(), new.at);
        }
    }

    /// Takes keys that were read from `at` on, unless newer ones are in force.
    fn take(&self, set: KeySet, at: Instant) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current.load_full();
        if old.as_ref().is_some_and(|old| at < old.at) {
            return;
        }
        let set = match old {
            Some(old) => set.after(&old.set),
            None => set,
        };
        self.current.store(Some(Arc::new(Read { set, at })));
    }

    async fn refresh(&self, attempted: &mut Option<Instant>) {
        let at = Instant::now();
        // Before, in case this is cancelled, and after, so that those who wait do not read as well.
        *attempted = Some(at);
        let read = match &self.source {
            Source::Url(url) => fetch_set(url, &self.client).await.map(Some),
            file => file.read_file(),
        };
        *attempted = Some(Instant::now());
        match read {
            Ok(set) => set.into_iter().for_each(|set| self.take(set, at)),
            Err(error) => tracing::warn!("the last keys of readers stay in force: {error}"),
        }
    }
}

impl Source {
    /// Returns the keys of a file, and `None` for a URL.
    fn read_file(&self) -> Result<Option<KeySet>, String> {
        match self {
            Self::Url(_) => Ok(None),
            Self::SecretFile(path) => Secret::read_lines("--auth-jwt-secret-file", path)
                .map(|secrets| Some(KeySet::of_secrets(&secrets))),
            Self::File(path) => {
                let place = format!("--auth-jwks {}", path.display());
                // A few kilobytes on a local disk: not worth another thread.
                let json = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
                KeySet::parse(&json).map(Some).map_err(|error| format!("{place}: {error}"))
            }
        }
    }
}

async fn fetch_set(url: &reqwest::Url, client: &reqwest::Client) -> Result<KeySet, String> {
    let set = fetch(url, client).await.and_then(|json| KeySet::parse(&json));
    set.map_err(|error| format!("--auth-jwks {url}: {error}"))
}

async fn fetch(url: &reqwest::Url, client: &reqwest::Client) -> Result<Vec<u8>, String> {
    let failed = |error: reqwest::Error| error_chain(&error.without_url());
    let mut response = client.get(url.clone()).send().await.map_err(failed)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(format!("status {}: expected 200", response.status().as_u16()));
    }
    let mut json = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if json.len() + piece.len() > MAX_BYTES {
            return Err(format!("more than {MAX_BYTES} bytes: expected a JWK set"));
        }
        json.extend_from_slice(&piece);
    }
    Ok(json)
}

/// For the whole response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a token waits for a reading that others began: longer than that may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// The algorithms of keys in a set.
const PUBLIC: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// Sets of large providers have about 10 kB.
const MAX_BYTES: usize = 256 * 1024;

/// A new key is accepted this long after it was published, at the latest, if a token was tried
/// right before.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[test]
    fn keys_that_were_read_earlier_do_not_replace_newer_ones() {
        // An error means that another test installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let source = Source::Url("http://127.0.0.1:9/".parse().expect("a URL"));
        let freshness = Freshness { refresh: TIMEOUT, max_age: TIMEOUT };
        let keys = Keys::new(source, freshness, &Outgoing::default()).expect("keys");
        let set = |kid: &str| {
            let json = SET.replace("\"a\"", &format!("{kid:?}"));
            KeySet::parse(json.as_bytes()).expect("a set")
        };
        let has =
            |kid| keys.find(Some(kid), Algorithm::EdDSA).is_some_and(|found| !found.is_empty());
        let early = Instant::now();
        let late = early + Duration::from_millis(1);
        keys.take(set("new"), late);
        keys.take(set("withdrawn"), early);
        assert!(has("new") && !has("withdrawn"));
        keys.take(set("newest"), late);
        assert!(has("newest") && !has("new"));
    }
}
