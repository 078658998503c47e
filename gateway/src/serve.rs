//! Runs the gateway: turns the flags into its parts, and starts them.

use std::env::VarError;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::HeaderValue;
use logs_gateway::admin::{self, Admin};
use logs_gateway::audit::{Audit, Process};
use logs_gateway::auth::Mode;
use logs_gateway::demo::control::Control;
use logs_gateway::demo::job;
use logs_gateway::demo::publisher::Publisher;
use logs_gateway::drain::Drain;
use logs_gateway::engine::disk::DiskOptions;
use logs_gateway::http::app::{Extras, app};
use logs_gateway::http::base_url::BaseUrl;
use logs_gateway::http::cors::Cors;
use logs_gateway::http::hosts::Hosts;
use logs_gateway::http::outgoing::Outgoing;
use logs_gateway::http::state::Gateway;
use logs_gateway::http::token_file;
use logs_gateway::http::tokens::Tokens;
use logs_gateway::http::upstream::{Options, Upstream};
use logs_gateway::hub::Hub;
use logs_gateway::hub::clock::Clock;
use logs_gateway::limits::Limits;
use logs_gateway::observers::Observers;
use logs_gateway::reader::timing::StreamTiming;
use logs_gateway::redaction::Redaction;
use logs_gateway::server::door::{
    Door, HEAD_TIMEOUT, IDLE_TIMEOUT, Limits as DoorLimits, WRITE_TIMEOUT,
};
use logs_gateway::server::tls::{Tls, WATCH_PERIOD};
use logs_gateway::server::{self, Listen, Stop, url_of};
use logs_gateway::signals::Signals;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep};

use crate::cli::address::AdminAddress;
use crate::cli::observe::Observe;
use crate::cli::{Network, Serve, is_loopback};
use crate::reload::Reload;
use crate::{Site, run};

/// The gateway before its sockets are open: everything that can be wrong in its configuration has
/// been checked.
#[derive(Debug)]
pub(crate) struct Prepared {
    gateway: Gateway,
    extras: Extras,
    limits: DoorLimits,
    listen: Listen,
    tls: Option<Arc<Tls>>,
    admin: Option<AdminAddress>,
    /// Where logs are stored, if not in memory. The folder is opened by [`serve`] only: a reload
    /// must not lock it again.
    disk: Option<DiskOptions>,
    observe: Observe,
    /// The token of the sample job, if it runs.
    job: Option<String>,
}

impl Prepared {
    /// Checks the flags and makes the parts. Nothing runs until [`serve`].
    ///
    /// # Errors
    /// A sentence that says which flag is wrong.
    pub(crate) fn new(arguments: Serve) -> Result<Self, Vec<String>> {
        let network = &arguments.network;
        let has_tokens = !arguments.tokens.is_empty() || arguments.token_file.is_some();
        let mode = arguments.outgoing.load(false).and_then(|outgoing| {
            let (auth, is_loopback) = (&arguments.auth, network.is_loopback());
            auth.mode(is_loopback, &network.host, has_tokens, &outgoing)
        });
        let mode = mode.map_err(|error| vec![error])?;
        let tokens = load_tokens(&arguments)?;
        let redaction = arguments.limits.redaction()?;
        Self::with(arguments, mode, tokens, redaction).map_err(|error| vec![error])
    }

    /// Returns whether readers and publishers are authenticated.
    pub(crate) fn mode(&self) -> &Mode {
        &self.gateway.mode
    }

    /// Returns the rules of the file of redactions.
    pub(crate) fn redaction(&self) -> &Redaction {
        &self.gateway.redaction
    }

    /// Returns the tokens of flags and file.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.gateway.tokens
    }

    /// Returns the certificate, if the gateway serves HTTPS.
    pub(crate) fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    fn with(
        arguments: Serve,
        mode: Mode,
        tokens: Tokens,
        redaction: Redaction,
    ) -> Result<Self, String> {
        let network = &arguments.network;
        arguments.encryption.check(&network.host, network.is_loopback())?;
        let tls = arguments.encryption.load()?;
        if arguments.job && tls.is_some() {
            return Err(JOB_OVER_TLS.into());
        }
        let job_token = arguments
            .job
            .then(|| tokens.secret_for(job::SERVICE).ok_or(NO_JOB_TOKEN))
            .transpose()?;
        let outgoing = arguments.outgoing.load(arguments.use_env_proxy)?;
        let config = arguments.hub();
        let disk = arguments.engine.disk(&config)?;
        let gateway = Gateway {
            mode,
            hub: Arc::new(Hub::new(config)),
            tokens: Arc::new(tokens),
            upstream: arguments.upstream.map(|base| upstream(base, outgoing)).transpose()?,
            timing: StreamTiming {
                expiry_notice: arguments.auth.auth_expiry_notice,
                ..arguments.tuning.timing()
            },
            limits: Arc::new(Limits::new(arguments.limits.config())),
            redaction: Arc::new(redaction),
            shutdown: Drain::new(arguments.draining.stages(disk.is_some())),
            observers: Observers::default(),
        };
        arguments.observe.check()?;
        let files_each = if gateway.upstream.is_some() { 2 } else { 1 };
        Ok(Self {
            gateway,
            extras: Extras {
                is_https: tls.is_some(),
                demo: arguments.job.then(|| Control::new(arguments.rate, arguments.supervised)),
                ..extras(&arguments.network)?
            },
            tls,
            limits: DoorLimits {
                head_timeout: arguments.limits.head_timeout,
                idle_timeout: arguments.limits.idle_timeout,
                ..arguments.network.sockets.limits(files_each)
            },
            listen: arguments.network.listen(),
            admin: arguments.admin,
            disk,
            observe: arguments.observe,
            job: job_token,
        })
    }
}

/// Serves until a signal stops it.
pub(crate) async fn serve(
    prepared: Prepared,
    signals: Signals,
    mut reload: Reload,
) -> Result<(), String> {
    let Prepared { mut gateway, extras, limits, listen, tls, admin, disk, observe, job } = prepared;
    if let Some(options) = disk {
        let hub = Hub::on_disk(gateway.hub.config(), &options, Clock::default())?;
        gateway.hub = Arc::new(hub);
    }
    let shutdown = gateway.shutdown.clone();
    gateway.mode.start(shutdown.leaving().clone()).await?;
    let listener = listen.bind().await?;
    if gateway.mode.is_demo() {
        tracing::warn!("a demo: anyone on this machine may read and publish; do not expose it");
    }
    let door = Door::new(limits);
    gateway.observers = observe.start(&Handle::current())?;
    let observers = start_observers(&gateway, &observe);
    let admin = match admin {
        Some(address) => {
            let admin = Admin {
                gateway: gateway.clone(),
                door: Arc::clone(&door),
                tls: tls.clone(),
                config: reload.shown(),
            };
            Some(start_admin(&address, admin).await?)
        }
        None => None,
    };
    if let (Some(token), Some(control)) = (job, &extras.demo) {
        let publisher = Publisher::new(own_url(&listener)?, &token, false)?;
        tokio::spawn(job::run(publisher, control.rate(), shutdown.leaving().clone()));
    }
    if let Some(tls) = &tls {
        tls.warn_of_expiry();
        tokio::spawn(Arc::clone(tls).watch(WATCH_PERIOD));
    }
    let (running, running_door) = (gateway.clone(), Arc::clone(&door));
    let certificate = tls.clone();
    let on_hangup = move || {
        running.observers.audit.reopen();
        let is_success = reload.run(&running, &running_door, certificate.as_ref());
        running.hub.metrics().note_reload(is_success);
        running.observers.audit.note_reload(is_success);
    };
    tokio::spawn(sweep(Arc::downgrade(&gateway.hub)));
    let hub = Arc::clone(&gateway.hub);
    let app = app(gateway, &extras);
    let listener = server::Listener { socket: listener, door, tls };
    let served = run(Site { listener, app, drain: shutdown, admin }, (signals, on_hangup)).await;
    // An error means that it panicked, which was reported.
    let _ = spawn_blocking(move || hub.close()).await;
    stop_observers(observers).await;
    served
}

/// Drops what is too old or idle, as long as the hub exists.
async fn sweep(hub: Weak<Hub>) {
    loop {
        sleep(BETWEEN_SWEEPS).await;
        let Some(hub) = hub.upgrade() else { return };
        // An error means that it panicked, which was reported.
        let _ = spawn_blocking(move || hub.sweep()).await;
    }
}

/// Starts the tasks of the observers.
fn start_observers(gateway: &Gateway, observe: &Observe) -> Observers {
    let observers = gateway.observers.clone();
    observers.audit.note_process(Process::Started);
    tokio::spawn(tick(observers.audit.clone()));
    if let Some(period) = observe.canary {
        let canary = Arc::clone(&observers.canary);
        tokio::spawn(canary.run(
            Arc::clone(&gateway.hub),
            period,
            gateway.shutdown.leaving().clone(),
        ));
    }
    observers
}

/// Writes the refusals that the audit log counts.
async fn tick(audit: Audit) {
    let mut ticks = interval(AUDIT_TICK);
    loop {
        ticks.tick().await;
        audit.tick();
    }
}

/// Writes and exports what waits. Blocks a thread for that, since both have threads of their own.
async fn stop_observers(observers: Observers) {
    let stopped = tokio::task::spawn_blocking(move || {
        observers.audit.note_process(Process::Stopped);
        observers.audit.close();
        observers.traces.close();
    });
    // An error means that it panicked, which was reported.
    let _ = stopped.await;
}

/// Starts the listener for operators, which serves until the process ends, also during a drain.
async fn start_admin(address: &AdminAddress, admin: Admin) -> Result<SocketAddr, String> {
    let listener = address.listen().bind().await.map_err(|error| format!("--admin: {error}"))?;
    let local = listener.local_addr().map_err(|error| error.to_string())?;
    let hosts = if is_loopback(&address.host) {
        Hosts::LoopbackAnd(Vec::new())
    } else {
        tracing::warn!(
            "anyone who reaches --admin {local} may see and end streams: restrict it in the network"
        );
        Hosts::Any
    };
    let served = server::serve_through(
        Door::new(ADMIN_LIMITS),
        listener,
        admin::app(admin, hosts),
        Stop::default(),
    );
    tokio::spawn(served);
    Ok(local)
}

/// Returns the tokens of flags and file. In a demo without either, they are the public ones.
///
/// # Errors
/// Everything that is wrong in the file, or a token that is too weak for where the gateway listens.
fn load_tokens(arguments: &Serve) -> Result<Tokens, Vec<String>> {
    let mut all = arguments.tokens.clone();
    let tokens = match &arguments.token_file {
        None if arguments.auth.demo => Tokens::new(all),
        None => Tokens::only(all),
        Some(file) => {
            all.extend(token_file::read(file)?);
            Tokens::only(all)
        }
    };
    check_strength(&tokens, &arguments.network.host).map_err(|error| vec![error])?;
    Ok(tokens)
}

/// Checks that no stranger can publish where the gateway listens on `host`.
///
/// # Errors
/// A sentence that says which token is too weak.
pub(crate) fn check_strength(tokens: &Tokens, host: &str) -> Result<(), String> {
    if is_loopback(host) {
        return Ok(());
    }
    tokens
        .check_strength()
        .map_err(|error| format!("other machines can reach --host {host}, and {error}"))
}

/// Returns the upstream of the flags, with the header in the variable that keeps it out of the
/// process list.
fn upstream(base: BaseUrl, outgoing: Outgoing) -> Result<Arc<Upstream>, String> {
    let authorization = match std::env::var(UPSTREAM_AUTHORIZATION) {
        Ok(text) => {
            let mut value = text
                .parse::<HeaderValue>()
                .map_err(|_| format!("{UPSTREAM_AUTHORIZATION} is not a valid header value"))?;
            value.set_sensitive(true);
            Some(value)
        }
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            return Err(format!("{UPSTREAM_AUTHORIZATION} is not a valid header value"));
        }
    };
    Upstream::with(base, Options { authorization, outgoing, ..Options::default() })
        .map_err(|error| format!("--upstream: {error}"))
}

/// Returns the URL of `listener` for a client on this machine.
fn own_url(listener: &TcpListener) -> Result<BaseUrl, String> {
    let mut address = listener.local_addr().map_err(|error| error.to_string())?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    url_of(address).parse().map_err(str::to_owned)
}

/// Returns what the router needs besides its routes.
pub(crate) fn extras(network: &Network) -> Result<Extras, String> {
    if let Some(site) = &network.site
        && !site.join("index.html").is_file()
    {
        return Err(format!(
            "--site {}: it has no index.html; build the page first, for example with npm run demo",
            site.display()
        ));
    }
    let names = network.allowed_hosts.clone();
    let hosts = if network.is_loopback() || !names.is_empty() {
        Hosts::LoopbackAnd(names)
    } else {
        Hosts::Any
    };
    let cors = Cors::new(network.cors_origins.clone(), network.cors_credentials)?;
    let (site, policy) = (network.site.clone(), network.policy.clone());
    Ok(Extras { site, policy, cors, hosts, is_https: false, demo: None })
}

/// The variable with the `Authorization` header for `--upstream`.
const UPSTREAM_AUTHORIZATION: &str = "LOGS_GATEWAY_UPSTREAM_AUTHORIZATION";

/// Short enough that what is too old is deleted within a minute.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(5);

/// Few operators and scrapers connect at a time.
const ADMIN_LIMITS: DoorLimits = DoorLimits {
    max_connections: 64,
    reserve: 8,
    max_http2_requests: 0,
    write_timeout: WRITE_TIMEOUT,
    head_timeout: HEAD_TIMEOUT,
    idle_timeout: IDLE_TIMEOUT,
};

/// How often counted refusals are looked at.
const AUDIT_TICK: Duration = Duration::from_secs(1);

const JOB_OVER_TLS: &str =
    "--job publishes over plain HTTP: leave it out, or --tls-cert and --tls-key";

const NO_JOB_TOKEN: &str =
    "--job publishes as service etl, which has no token: add --token etl=TOKEN";
