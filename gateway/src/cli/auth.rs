//! The flags that decide who may read.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use logs_gateway::auth::credentials::TokenPlaces;
use logs_gateway::auth::forward::{Forward, Options};
use logs_gateway::auth::jwt::{ClaimName, ClaimNames, Freshness, Jwt, Rules, Source};
use logs_gateway::auth::secret_file::Secret;
use logs_gateway::auth::trusted_proxy::{Network, TrustedProxies};
use logs_gateway::auth::{Mode, Readers};
use logs_gateway::http::outgoing::Outgoing;
use reqwest::Url;

use crate::cli::is_loopback;
use crate::cli::parse::parse_time;

/// How readers are authenticated.
#[derive(Clone, Debug, Args)]
pub(crate) struct Auth {
    /// Serve a trial on this machine: anonymous readers, public tokens, sample logs. The gateway
    /// then listens on a loopback address only.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Believe a proxy in this network, such as 10.0.0.0/8, when it names the reader in X-User-Id
    /// and X-Workspace-Id, and the client in X-Forwarded-For; repeatable.
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<Network>,
    /// Believe a proxy that sends the secret in this file as X-Proxy-Secret; with --trusted-proxy,
    /// only such a one.
    #[arg(long, value_name = "FILE")]
    trusted_proxy_secret_file: Option<PathBuf>,
    /// Let these proxies name readers although there are tokens or an application to ask. Otherwise
    /// they name the client's address only, since most proxies pass headers of a client on.
    #[arg(long)]
    trusted_proxy_names_readers: bool,
    /// After which time a stream of a reader whom a proxy names ends and comes back through the
    /// proxy, which decides again; "never" for no end.
    #[arg(long, value_name = "TIME", default_value = "15min")]
    trusted_proxy_session: Session,
    /// Ask the application at this URL who a reader is, with its cookies and Authorization. It
    /// answers 200 with X-User-Id and X-Workspace-Ids, or 401, or 403.
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    auth_forward_url: Option<Url>,
    /// How long the application may take to answer.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_time)]
    auth_forward_timeout: Duration,
    /// How long an answer of the application is valid, and thus how long a session can outlive its
    /// end: 1 s or more.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_cache)]
    auth_forward_cache: Duration,
    #[command(flatten)]
    jwt: JwtFlags,
    /// Ask the application and read a JWK set over http from other machines too: an attacker on
    /// the way reads the cookies of all readers, or decides what they may read.
    #[arg(long)]
    auth_plain_http: bool,
    /// How long before its end a credential is announced to expire.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    pub(crate) auth_expiry_notice: Duration,
}

/// Readers with a JSON Web Token.
#[derive(Clone, Debug, Args)]
struct JwtFlags {
    /// Accept JSON Web Tokens that are signed with the secret in this file (HS256).
    #[arg(long, value_name = "FILE", conflicts_with = "auth_jwks")]
    auth_jwt_secret_file: Option<PathBuf>,
    /// Accept JSON Web Tokens that are signed with a key of this JWK set (RS256, ES256, EdDSA): a
    /// file, or a URL.
    #[arg(long, value_name = "FILE|URL", value_parser = parse_jwks)]
    auth_jwks: Option<Source>,
    /// The iss of each token.
    #[arg(long, value_name = "TEXT")]
    auth_jwt_issuer: Option<String>,
    /// What the aud of each token must contain.
    #[arg(long, value_name = "TEXT")]
    auth_jwt_audience: Option<String>,
    /// By how much the clocks of issuer and gateway may differ, at most 5 min.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_leeway)]
    auth_jwt_leeway: Duration,
    /// The claim with the user, or its path.
    #[arg(long, value_name = "CLAIM", default_value = "sub")]
    auth_jwt_user_claim: ClaimName,
    /// The claim with the reader's workspaces, or its path, such as datashop.workspaces: a list of
    /// ids.
    #[arg(long, value_name = "CLAIM", default_value = "workspaces")]
    auth_jwt_workspaces_claim: ClaimName,
    /// Let * stand for any characters in the reader's workspaces. Only for an issuer that refuses it
    /// in the ids of workspaces: a workspace named a* would be all that begin with a.
    #[arg(long)]
    auth_jwt_workspace_patterns: bool,
    /// The claim with patterns of channels, such as logs:etl:prod_*:*. A token without it grants
    /// nothing then.
    #[arg(long, value_name = "CLAIM")]
    auth_jwt_channels_claim: Option<ClaimName>,
    /// Also accept a token in the cookie of this name.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    auth_jwt_cookie: Option<String>,
    /// Also accept a token in the query parameter of this name. Proxies and browsers remember URLs,
    /// so prefer a cookie.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    auth_jwt_query: Option<String>,
    /// How often the JWK set is read again. A token with an unknown key causes that too.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_cache)]
    auth_jwks_refresh: Duration,
    /// How long keys are valid while the JWK set cannot be read.
    #[arg(long, value_name = "TIME", default_value = "1day", value_parser = parse_cache)]
    auth_jwks_max_age: Duration,
}

impl Auth {
    /// Returns the mode of a gateway on `host`, whose publishers have tokens if `has_tokens`.
    ///
    /// # Errors
    /// A sentence that names the flags which are missing or contradict each other.
    pub(crate) fn mode(
        &self,
        is_loopback: bool,
        host: &str,
        has_tokens: bool,
        outgoing: &Outgoing,
    ) -> Result<Mode, String> {
        let readers = self.readers(outgoing)?;
        match (self.demo, readers) {
            (true, _) if !is_loopback => Err(format!(
                "other machines can reach --host {host}, and --demo lets anyone read and publish: listen on 127.0.0.1, or remove --demo"
            )),
            (true, Some(_)) => {
                Err(format!("--demo lets anyone read, so it cannot be combined with {READERS}"))
            }
            (true, None) => Ok(Mode::Demo),
            (false, Some(readers)) if has_tokens => Ok(Mode::Production(readers.into())),
            (false, Some(_)) => Err(format!("publishers have no tokens: {TOKENS}; {TRIAL}")),
            (false, None) if has_tokens => {
                Err(format!("readers are not authenticated: set {READERS}; {TRIAL}"))
            }
            (false, None) => Err(format!(
                "neither readers nor publishers are authenticated: for readers, set {READERS}; for publishers, {TOKENS}; {TRIAL}"
            )),
        }
    }

    fn readers(&self, outgoing: &Outgoing) -> Result<Option<Readers>, String> {
        self.check_encryption()?;
        let secret = self
            .trusted_proxy_secret_file
            .as_deref()
            .map(|path| Secret::read("--trusted-proxy-secret-file", path))
            .transpose()?;
        let proxies = TrustedProxies::new(
            self.trusted_proxies.clone(),
            secret.as_ref(),
            self.trusted_proxy_session.0,
        );
        let names_readers = self.trusted_proxy_names_readers;
        if names_readers && proxies.is_none() {
            return Err(NO_PROXY.into());
        }
        let forward = self.auth_forward_url.clone().map(|url| {
            let (timeout, cache) = (self.auth_forward_timeout, self.auth_forward_cache);
            Forward::new(Options { url, timeout, cache, outgoing: outgoing.clone() })
        });
        Ok(Readers::new(proxies, names_readers, self.jwt.readers(outgoing)?, forward.transpose()?))
    }
}

impl Auth {
    /// Refuses http to other machines.
    fn check_encryption(&self) -> Result<(), String> {
        let keys = match &self.jwt.auth_jwks {
            Some(Source::Url(url)) => Some(url),
            _ => None,
        };
        let urls = [("--auth-forward-url", self.auth_forward_url.as_ref()), ("--auth-jwks", keys)];
        for (flag, url) in urls {
            if let Some(url) = url.filter(|url| !self.auth_plain_http && is_exposed(url)) {
                return Err(format!("{flag} {}: {PLAIN_HTTP}", url.origin().ascii_serialization()));
            }
        }
        Ok(())
    }
}

/// Returns whether requests to `url` leave this machine without encryption.
fn is_exposed(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    url.scheme() == "http" && !is_loopback(host)
}

/// How long streams of readers last whom a proxy names; without a value, they have no end.
#[derive(Clone, Copy, Debug)]
struct Session(Option<Duration>);

impl FromStr for Session {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self(None));
        }
        let time = parse_cache(text);
        time.map(|time| Self(Some(time))).map_err(|error| format!("{error}, or \"never\""))
    }
}

impl JwtFlags {
    fn readers(&self, outgoing: &Outgoing) -> Result<Option<Jwt>, String> {
        let secret = self.auth_jwt_secret_file.clone().map(Source::SecretFile);
        let Some(source) = secret.or_else(|| self.auth_jwks.clone()) else { return Ok(None) };
        let required = |value: &Option<String>, flag: &str| {
            value.clone().filter(|text| !text.is_empty()).ok_or_else(|| {
                format!(
                    "{flag} is missing: without it, tokens that were made for others are valid here"
                )
            })
        };
        let rules = Rules {
            issuer: required(&self.auth_jwt_issuer, "--auth-jwt-issuer")?,
            audience: required(&self.auth_jwt_audience, "--auth-jwt-audience")?,
            leeway: self.auth_jwt_leeway,
            claims: ClaimNames {
                user: self.auth_jwt_user_claim.clone(),
                workspaces: self.auth_jwt_workspaces_claim.clone(),
                has_patterns: self.auth_jwt_workspace_patterns,
                channels: self.auth_jwt_channels_claim.clone(),
            },
            places: TokenPlaces {
                cookie: self.auth_jwt_cookie.clone(),
                query: self.auth_jwt_query.clone(),
            },
        };
        let (refresh, max_age) = (self.auth_jwks_refresh, self.auth_jwks_max_age);
        Jwt::new(rules, source, Freshness { refresh, max_age }, outgoing).map(Some)
    }
}

/// Parses a URL of the application or of a JWK set. A user in it would show in logs.
fn parse_url(text: &str) -> Result<Url, &'static str> {
    let url = text.parse::<Url>().map_err(|_| URL)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_http && is_plain && url.fragment().is_none()).then_some(url).ok_or(URL)
}

fn parse_jwks(text: &str) -> Result<Source, &'static str> {
    if text.contains("://") {
        return parse_url(text).map(Source::Url);
    }
    if text.is_empty() { Err("expected a file or a URL") } else { Ok(Source::File(text.into())) }
}

fn parse_cache(text: &str) -> Result<Duration, String> {
    let time = parse_time(text)?;
    let range = Duration::from_secs(1)..=Duration::from_secs(30 * 86_400);
    range.contains(&time).then_some(time).ok_or_else(|| "expected 1s to 30days".into())
}

fn parse_leeway(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| "expected a time such as 30s")?;
    if time > Duration::from_secs(300) { Err("expected at most 5min".into()) } else { Ok(time) }
}

/// Parses the name of a cookie or parameter.
fn parse_name(text: &str) -> Result<String, &'static str> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_name = !text.is_empty() && text.bytes().all(is_word);
    is_name.then(|| text.into()).ok_or("expected a name of letters, digits, '_', '-' and '.'")
}

const URL: &str =
    "expected an http(s) URL without a user or a fragment, such as http://127.0.0.1:3000/session";

const PLAIN_HTTP: &str = "http to another machine is not encrypted, and an attacker on the way can decide who may read: use https, or add --auth-plain-http if the network protects it";

const NO_PROXY: &str = "--trusted-proxy-names-readers needs a proxy: set --trusted-proxy or --trusted-proxy-secret-file";

const READERS: &str =
    "--auth-forward-url, --auth-jwt-secret-file or --auth-jwks, or --trusted-proxy";

const TOKENS: &str = "name a file with --tokens, whose entries logs-gateway token new makes";

const TRIAL: &str = "or add --demo for a trial on this machine";
