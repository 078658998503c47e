//! Readers whom the application knows: the gateway asks it about the cookies and the `Authorization`
//! of a request, and remembers the answer for a while.
//!
//! The application receives nothing else of the request. Its path and query may hold a token, and
//! who a session belongs to does not depend on them.

mod answer;
mod slots;
pub(crate) mod watch;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use moka::future::Cache;
use ring::hmac;
use tokio::time::Instant;

pub(crate) use self::answer::{Answer, Granted};
use crate::auth::credentials::{authorization, cookies};
use crate::auth::denied::{Cause, Denied};
use crate::auth::forward::answer::UntilStale;
use crate::auth::forward::slots::{Slot, Slots};
use crate::auth::forward::watch::Watched;
use crate::auth::lease::Lease;
use crate::error_chain::error_chain;
use crate::http::identity::Identity;
use crate::http::outgoing::{Outgoing, client_builder};

/// How the application is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The URL that answers 200, 401 or 403.
    pub url: reqwest::Url,
    /// How long it may take.
    pub timeout: Duration,
    /// How long an answer is valid.
    pub cache: Duration,
    /// Which certificates are trusted.
    pub outgoing: Outgoing,
}

/// Readers whom the application knows.
pub struct Forward {
    options: Options,
    client: reqwest::Client,
    /// Hashes credentials, so that the cache holds none.
    key: hmac::Key,
    answers: Cache<Digest, Answer>,
    /// What open streams depend on.
    watched: Mutex<HashMap<Digest, Weak<Watched>>>,
    /// What questions wait for.
    slots: Slots,
    /// When an outage was last logged.
    warned: Mutex<Option<Instant>>,
}

type Digest = [u8; 32];

/// What a request sends to the application.
#[derive(Clone, Debug)]
struct Credential {
    cookies: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
    digest: Digest,
}

/// A credential that the application has accepted.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    credential: Credential,
    granted: Arc<Granted>,
    /// When it was accepted.
    at: Instant,
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Forward {
    /// Returns readers whom the application at a URL knows. Nothing is asked yet.
    ///
    /// # Errors
    /// When the machine has no usable TLS configuration or no randomness.
    pub fn new(options: Options) -> Result<Arc<Self>, String> {
        let failed = |error: &dyn fmt::Display| format!("--auth-forward-url: {error}");
        options.outgoing.check_url(&options.url).map_err(|error| failed(&error))?;
        let client = client_builder(&options.outgoing)
            .timeout(options.timeout)
            .build()
            .map_err(|error| failed(&error_chain(&error)))?;
        let mut random = Digest::default();
        getrandom::fill(&mut random).map_err(|error| failed(&error))?;
        let answers = Cache::builder()
            .max_capacity(MAX_ANSWERS)
            .expire_after(UntilStale { cache: options.cache })
            .build();
        Ok(Arc::new(Self {
            options,
            client,
            key: hmac::Key::new(hmac::HMAC_SHA256, &random),
            answers,
            watched: Mutex::default(),
            slots: Slots::default(),
            warned: Mutex::default(),
        }))
    }

    /// Returns the reader of a request of `client`, or `None` if it has no credential.
    ///
    /// # Errors
    /// 400 for a credential that cannot be read in one way only, 401 or 403 if the application
    /// refuses it, 503 if the application does not answer as expected.
    pub(crate) async fn identify(
        self: &Arc<Self>,
        headers: &HeaderMap,
        client: IpAddr,
    ) -> Result<Option<Identity>, Denied> {
        let Some(credential) = self.credential(headers)? else { return Ok(None) };
        let question = self.ask(&credential, self.slots.of_client(client));
        // Requests with the same credential at the same time wait for one answer.
        let answer = self.answers.get_with(credential.digest, question).await;
        let (granted, at) = answer.granted()?;
        let session = Session { credential, granted: Arc::clone(&granted), at };
        let lease = Lease::of_session(Arc::clone(self), session);
        Ok(Some(Identity::new(granted.user.clone(), granted.grant.clone(), lease)))
    }

    /// Returns what watches `session` for as long as a stream depends on it.
    pub(crate) fn watch(self: &Arc<Self>, session: &Session) -> Arc<Watched> {
        let known = self.watched().get(&session.credential.digest).and_then(Weak::upgrade);
        // One that is ending, or grants something else, says nothing about this session. It is
        // dropped without the lock, which its drop takes.
        if let Some(known) = known.filter(|known| known.is_of(session)) {
            return known;
        }
        let watched = Watched::start(self, session);
        self.watched().insert(session.credential.digest, Arc::downgrade(&watched));
        watched
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Watched>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, digest: &Digest) {
        let mut all = self.watched();
        if all.get(digest).is_some_and(|watched| watched.strong_count() == 0) {
            all.remove(digest);
        }
    }

    /// Asks again, whatever is remembered, and remembers the answer.
    async fn ask_again(&self, credential: &Credential) -> Answer {
        let answer = self.ask(credential, self.slots.of_streams()).await;
        // An outage does not end what was granted before its time.
        if !matches!(answer, Answer::Unavailable(_)) {
            self.answers.insert(credential.digest, answer.clone()).await;
        }
        answer
    }

    /// Asks once there is a slot, within the time that the application has.
    async fn ask(&self, credential: &Credential, slot: impl Future<Output = Slot>) -> Answer {
        let asked = tokio::time::timeout(self.options.timeout, async {
            let _slot = slot.await;
            let mut request = self.client.get(self.options.url.clone());
            if let Some(cookies) = &credential.cookies {
                request = request.header(COOKIE, cookies);
            }
            if let Some(authorization) = &credential.authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
            Answer::read(request.send().await).await
        });
        let answer = asked.await.unwrap_or_else(|_| {
            let seconds = self.options.timeout.as_secs_f64();
            Answer::Unavailable(format!("it did not answer within {seconds} s").into())
        });
        if let Answer::Unavailable(error) = &answer {
            self.warn(error);
        }
        answer
    }

    /// Logs an outage, at most once a second, since strangers cause questions too.
    fn warn(&self, error: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARNINGS) {
            *warned = Some(Instant::now());
            tracing::warn!("the application cannot be asked about a reader: {error}");
        }
    }

    fn credential(&self, headers: &HeaderMap) -> Result<Option<Credential>, Denied> {
        let sensitive = |mut value: HeaderValue| {
            value.set_sensitive(true);
            value
        };
        let authorization = authorization(headers)?.cloned().map(sensitive);
        let cookies = cookies(headers).map(sensitive);
        if authorization.is_none() && cookies.is_none() {
            return Ok(None);
        }
        let [first, second] = [&cookies, &authorization]
            .map(|value| value.as_ref().map_or(&b""[..], HeaderValue::as_bytes));
        if first.len() + second.len() > MAX_CREDENTIAL {
            return Err(Denied::malformed(format!(
                "Cookie and Authorization have {} bytes: expected at most {MAX_CREDENTIAL}",
                first.len() + second.len()
            )));
        }
        let mut hash = hmac::Context::with_key(&self.key);
        // The length separates the two.
        hash.update(&(first.len() as u64).to_be_bytes());
        hash.update(first);
        hash.update(second);
        let digest = hash.sign().as_ref().try_into().expect("SHA-256 has 32 bytes");
        Ok(Some(Credential { cookies, authorization, digest }))
    }
}

impl Answer {
    /// Returns what the application grants, and when it said so.
    fn granted(self) -> Result<(Arc<Granted>, Instant), Denied> {
        match self {
            Self::Granted(granted, at) => Ok((granted, at)),
            Self::Unauthenticated => Err(Denied::unauthenticated(
                Cause::Refused,
                "the application does not know this session: log in again",
            )),
            Self::Forbidden => Err(Denied::forbidden("the application refuses this reader")),
            Self::Unavailable(_) => Err(Denied::unavailable(
                "the application that knows the readers does not answer as expected; the gateway's log says more",
            )),
        }
    }
}

/// About 5 MB of answers, more than readers of one gateway.
const MAX_ANSWERS: u64 = 10_000;

/// The least time between two lines of the log about an outage.
const WARNINGS: Duration = Duration::from_secs(1);

/// More than browsers and servers in the field accept.
const MAX_CREDENTIAL: usize = 32 * 1024;
