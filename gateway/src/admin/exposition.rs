//! Writes the metrics, as OpenMetrics or in Prometheus' older text format.

mod observers;

use std::fmt;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use crate::admin::{Admin, sockets};
use crate::hub::connection::StreamState;
use crate::limits::kind::Limit;

/// A format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    OpenMetrics,
    Prometheus,
}

impl Format {
    /// Returns the format for a header `Accept`.
    pub(crate) fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

pub(crate) fn expose(admin: &Admin, format: Format) -> Result<String, fmt::Error> {
    let registry = registry(admin);
    let mut written = String::new();
    match format {
        Format::OpenMetrics => text::encode(&mut written, &registry)?,
        Format::Prometheus => prometheus_text::encode(&mut written, &registry)?,
    }
    Ok(written)
}

/// Returns a registry with the values of this moment.
fn registry(admin: &Admin) -> Registry {
    let mut registry = Registry::with_prefix("logs_gateway");
    logs(&mut registry, admin);
    engine(&mut registry, admin);
    readers(&mut registry, admin);
    process(&mut registry, admin);
    observers::register(&mut registry, admin);
    sockets::register(&mut registry, admin);
    registry
}

fn logs(to: &mut Registry, admin: &Admin) {
    let hub = &admin.gateway.hub;
    let (stats, metrics) = (hub.stats(), hub.metrics().clone());
    let [own_published, own_received, _] = admin.gateway.observers.canary.counts();
    let counter = ConstCounter::<u64>::new;
    to.register(
        "logs_published",
        "Logs accepted from publishers",
        counter(stats.logs_published.saturating_sub(own_published)),
    );
    to.register(
        "logs_duplicate",
        "Logs that were published again with the same id, and not stored twice",
        metrics.duplicates,
    );
    to.register(
        "publishes_refused",
        "Logs, or whole requests, that publishers sent and the gateway refused",
        metrics.refused,
    );
    to.register(
        "logs_delivered",
        "Logs written to streams, once for each reader",
        counter(stats.logs_delivered.saturating_sub(own_received)),
    );
    to.register(
        "logs_replayed",
        "Logs among those delivered that were published before the reader came",
        metrics.replayed,
    );
    to.register("gaps", "Gaps that were reported to readers", metrics.gaps);
    to.register(
        "logs_missed",
        "Logs in those gaps, as far as their number is known",
        metrics.missed,
    );
    to.register_with_unit(
        "publish",
        "Time from the head of a publisher's request to its answer, if that is a success",
        Unit::Seconds,
        metrics.publish,
    );
    to.register_with_unit(
        "publish_to_write",
        "Time from publishing to writing, for the oldest log of each write to a live reader",
        Unit::Seconds,
        metrics.publish_to_write,
    );
    let gauge = ConstGauge::<u64>::new;
    let bytes = stats.history_bytes as u64;
    to.register_with_unit(
        "history",
        "Size of all channels in memory, with their histories",
        Unit::Bytes,
        gauge(bytes),
    );
    to.register_with_unit(
        "stream",
        "Bytes that streams passed to their connections",
        Unit::Bytes,
        metrics.stream_bytes,
    );
    to.register(
        "upstream_errors",
        "Requests to the backend of --upstream that failed",
        metrics.upstream_errors,
    );
    let known = hub.known_channels() as u64;
    to.register("channels", "Channels in memory, with readers or without", gauge(known));
    let channels = hub.channels() as u64;
    to.register("channels_read", "Channels with at least one reader", gauge(channels));
}

fn engine(to: &mut Registry, admin: &Admin) {
    let hub = &admin.gateway.hub;
    let (stats, metrics) = (hub.engine_stats(), hub.metrics().clone());
    to.register(
        "engine_errors",
        "Times that the engine could not store, read or delete logs",
        metrics.engine_errors,
    );
    to.register_with_unit(
        "engine_append",
        "Time to store a batch of logs, if the engine is not in memory",
        Unit::Seconds,
        metrics.engine_append,
    );
    to.register_with_unit(
        "engine_sync",
        "Time until the disk had what was written: of each transaction with fsync = always, of each synchronization otherwise",
        Unit::Seconds,
        metrics.engine_sync,
    );
    let gauge = ConstGauge::<u64>::new;
    let mut bytes = |name, help, bytes| {
        to.register_with_unit(name, help, Unit::Bytes, gauge(bytes));
    };
    bytes("engine_disk", "Size of the files of the history", stats.disk_bytes);
    bytes("engine_waiting", "Logs that wait to be stored", stats.waiting_bytes);
    if let Some(free) = stats.free_bytes {
        bytes("engine_disk_free", "Room on the disk of the history", free);
    }
    to.register(
        "engine_full",
        "1 while publishers are refused because the disk has no room",
        gauge(stats.is_full.into()),
    );
    to.register(
        "engine_broken",
        "1 if the disk failed to synchronize, so that publishers are refused until a restart",
        gauge(stats.is_broken.into()),
    );
    to.register(
        "engine_tail_lost",
        "1 if the end of the history was lost, or may have been, before this start",
        gauge(stats.lost_tail.into()),
    );
}

fn readers(to: &mut Registry, admin: &Admin) {
    let hub = &admin.gateway.hub;
    let streams = Family::<[(&str, &str); 1], Gauge>::default();
    for state in StreamState::ALL {
        let _ = streams.get_or_create(&[("state", state.name())]);
    }
    for (info, state) in hub.streams() {
        if info.is_canary {
            continue;
        }
        streams.get_or_create(&[("state", state.name())]).inc();
    }
    to.register("streams", "Open streams", streams);
    to.register("streams_opened", "Streams that were opened", hub.metrics().streams_opened.clone());
    to.register(
        "auth_failures",
        "Requests of readers that were refused because of their credential",
        hub.metrics().auth_failures.clone(),
    );
    to.register(
        "slow_readers_cut",
        "Readers whose stream was ended because they did not keep up",
        ConstCounter::<u64>::new(hub.stats().readers_cut_off),
    );
}

fn process(to: &mut Registry, admin: &Admin) {
    let door = admin.door.stats();
    let stats = admin.gateway.hub.stats();
    let counter = ConstCounter::<u64>::new;
    let gauge = ConstGauge::<u64>::new;
    let open = door.open_connections as u64;
    to.register("connections", "Open connections of the public listener", gauge(open));
    to.register(
        "connections_max",
        "The limit of those that may carry a stream",
        gauge(door.max_connections as u64),
    );
    let refusals = admin.gateway.hub.metrics().limit_refusals.clone();
    for (limit, count) in
        [(Limit::Connections, door.connections_refused), (Limit::HeadTime, door.head_timeouts)]
    {
        // The listener counts these, since it knows no gateway.
        let counter = refusals.get_or_create(&[("limit", limit.name())]);
        counter.inner().store(count, Ordering::Relaxed);
    }
    to.register("limit_refusals", "Requests refused because of a limit", refusals);
    let redactions = Family::<[(&str, String); 1], Counter>::default();
    for (rule, count) in admin.gateway.redaction.counts() {
        redactions.get_or_create(&[("rule", rule)]).inc_by(count);
    }
    to.register("redactions", "Confidential parts of logs that a rule replaced", redactions);
    to.register(
        "write_timeouts",
        "Connections closed because their client accepted nothing for too long",
        counter(door.write_timeouts),
    );
    to.register(
        "log_lines_dropped",
        "Lines of the gateway's own log that standard error did not accept",
        counter(stats.log_lines_dropped),
    );
    to.register(
        "config_reloads",
        "Attempts to reload the configuration",
        admin.gateway.hub.metrics().reloads.clone(),
    );
    to.register_with_unit(
        "uptime",
        "Time since the start",
        Unit::Seconds,
        ConstGauge::<f64>::new(admin.gateway.hub.uptime().as_secs_f64()),
    );
}
