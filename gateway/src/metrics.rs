//! Counts what happened to logs, and why users may have lost some. Knows no format.
//!
//! Labels have a few fixed values: none is a channel, a workspace, a user or a token.

use axum::http::StatusCode;
use logs_sse_wire::protocol::GapReason;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use crate::auth::denied::Cause;
use crate::http::proxy;
use crate::http::stream::PATHS;
use crate::limits::kind::Limit;

/// A label with its value.
type Label = [(&'static str, &'static str); 1];

/// Counters that only the metrics show.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) refused: Family<Label, Counter>,
    pub(crate) auth_failures: Family<Label, Counter>,
    pub(crate) duplicates: Counter,
    pub(crate) replayed: Counter,
    pub(crate) gaps: Family<Label, Counter>,
    pub(crate) missed: Family<Label, Counter>,
    pub(crate) reloads: Family<Label, Counter>,
    pub(crate) publish: Histogram,
    pub(crate) publish_to_write: Histogram,
    pub(crate) streams_opened: Family<Label, Counter>,
    pub(crate) limit_refusals: Family<Label, Counter>,
    pub(crate) stream_bytes: Counter,
    pub(crate) upstream_errors: Family<Label, Counter>,
    pub(crate) engine_errors: Family<Label, Counter>,
    pub(crate) engine_append: Histogram,
    pub(crate) engine_sync: Histogram,
}

/// What an engine was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineCall {
    /// To store logs of publishers.
    Append,
    /// To read stored logs.
    Read,
    /// To delete logs, or their ids.
    Delete,
}

/// Why a log or a request of a publisher was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No token, or an unknown one.
    Token,
    /// A token outside its time.
    Expired,
    /// A service that is not the token's.
    Service,
    /// A workspace that is not the token's.
    Workspace,
    /// Something that cannot be read.
    Invalid,
    TooLarge,
    /// A limit that will admit it later.
    Limit,
    /// The gateway is shutting down.
    Draining,
    /// The log could not be stored.
    Storage,
}

impl Default for Metrics {
    /// Returns counters at zero. All label values exist from the start, so that an alert sees the
    /// first increase.
    fn default() -> Self {
        let metrics = Self {
            refused: Family::default(),
            auth_failures: Family::default(),
            duplicates: Counter::default(),
            replayed: Counter::default(),
            gaps: Family::default(),
            missed: Family::default(),
            reloads: Family::default(),
            publish: Histogram::new(BUCKETS),
            publish_to_write: Histogram::new(BUCKETS),
            streams_opened: Family::default(),
            limit_refusals: Family::default(),
            stream_bytes: Counter::default(),
            upstream_errors: Family::default(),
            engine_errors: Family::default(),
            engine_append: Histogram::new(BUCKETS),
            engine_sync: Histogram::new(BUCKETS),
        };
        for call in EngineCall::ALL {
            let _ = metrics.engine_errors.get_or_create(&[("call", call.name())]);
        }
        for route in ROUTES {
            let _ = metrics.streams_opened.get_or_create(&[("route", route)]);
        }
        for reason in UPSTREAM_ERRORS {
            let _ = metrics.upstream_errors.get_or_create(&[("reason", reason)]);
        }
        for reason in Refused::ALL {
            let _ = metrics.refused.get_or_create(&[("reason", reason.name())]);
        }
        for cause in Cause::ALL {
            let _ = metrics.auth_failures.get_or_create(&[("cause", cause.name())]);
        }
        for reason in GAP_REASONS {
            let _ = metrics.gaps.get_or_create(&[("reason", gap_name(reason))]);
            let _ = metrics.missed.get_or_create(&[("reason", gap_name(reason))]);
        }
        for limit in Limit::ALL {
            let _ = metrics.limit_refusals.get_or_create(&[("limit", limit.name())]);
        }
        for result in ["success", "failure"] {
            let _ = metrics.reloads.get_or_create(&[("result", result)]);
        }
        metrics
    }
}

impl Metrics {
    /// Counts an attempt to reload the configuration.
    pub fn note_reload(&self, is_success: bool) {
        let result = if is_success { "success" } else { "failure" };
        self.reloads.get_or_create(&[("result", result)]).inc();
    }

    /// Counts a stream that opened on one of the routes.
    pub(crate) fn note_opened(&self, path: &str) {
        let [direct, api, datashop] = ROUTES;
        let route = match path {
            proxy::PATH => datashop,
            path if path == PATHS[1] => api,
            _ => direct,
        };
        self.streams_opened.get_or_create(&[("route", route)]).inc();
    }

    pub(crate) fn note_engine_error(&self, call: EngineCall) {
        self.engine_errors.get_or_create(&[("call", call.name())]).inc();
    }

    /// Counts a request, or a line of a batch, that a limit refused.
    pub(crate) fn note_limit(&self, limit: Limit) {
        self.limit_refusals.get_or_create(&[("limit", limit.name())]).inc();
    }

    pub(crate) fn note_refused(&self, reason: Refused) {
        self.refused.get_or_create(&[("reason", reason.name())]).inc();
    }

    /// Counts a reader who was refused.
    pub(crate) fn note_auth_failure(&self, cause: Cause) {
        self.auth_failures.get_or_create(&[("cause", cause.name())]).inc();
    }

    /// Counts a response or a silence of the backend that made a request fail. `status` is that of
    /// the refusal.
    pub(crate) fn note_upstream(&self, status: StatusCode) {
        let reason = match status {
            StatusCode::GATEWAY_TIMEOUT => "timeout",
            StatusCode::BAD_GATEWAY => "failed",
            _ => "refused",
        };
        self.upstream_errors.get_or_create(&[("reason", reason)]).inc();
    }

    /// Counts a gap that was reported to a reader, and the logs in it, if their number is known.
    pub(crate) fn note_gap(&self, reason: GapReason, logs: u64) {
        self.gaps.get_or_create(&[("reason", gap_name(reason))]).inc();
        self.missed.get_or_create(&[("reason", gap_name(reason))]).inc_by(logs);
    }
}

impl EngineCall {
    const ALL: [Self; 3] = [Self::Append, Self::Read, Self::Delete];

    fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Read => "read",
            Self::Delete => "delete",
        }
    }
}

impl Refused {
    const ALL: [Self; 9] = [
        Self::Token,
        Self::Expired,
        Self::Service,
        Self::Workspace,
        Self::Invalid,
        Self::TooLarge,
        Self::Limit,
        Self::Draining,
        Self::Storage,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Expired => "expired",
            Self::Service => "service",
            Self::Workspace => "workspace",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Limit => "limit",
            Self::Draining => "draining",
            Self::Storage => "storage",
        }
    }
}

/// The routes of streams: `/logs/stream`, `/api/logs/stream`, and that of the Datashop page.
const ROUTES: [&str; 3] = ["direct", "api", "datashop"];

/// Why a backend did not answer a request: it was too slow, did not work, or refused.
const UPSTREAM_ERRORS: [&str; 3] = ["timeout", "failed", "refused"];

/// The reasons that a gateway states; clients find the others.
const GAP_REASONS: [GapReason; 5] = [
    GapReason::Slow,
    GapReason::Evicted,
    GapReason::Restarted,
    GapReason::Purged,
    GapReason::Unknown,
];

fn gap_name(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Slow => "slow",
        GapReason::Evicted => "evicted",
        GapReason::Restarted => "restarted",
        GapReason::Purged => "purged",
        _ => "unknown",
    }
}

/// Seconds. Batches wait for 25 ms; a reader notices a delay of half a second.
const BUCKETS: [f64; 11] = [0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
