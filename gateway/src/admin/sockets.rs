//! Metrics of TLS, HTTP/2 and the drain.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::admin::Admin;

/// Adds the values of this moment.
pub(super) fn register(to: &mut Registry, admin: &Admin) {
    let (door, cut) = (admin.door.stats(), admin.gateway.shutdown.cut());
    let counter = ConstCounter::<u64>::new;
    to.register(
        "http2_requests",
        "Requests that HTTP/2 connections carry now, including open streams",
        ConstGauge::<u64>::new(door.http2_requests as u64),
    );
    to.register(
        "http2_connections_cut",
        "HTTP/2 connections closed because their client cancelled too many requests",
        counter(door.http2_connections_cut),
    );
    to.register(
        "tls_handshakes_failed",
        "TLS handshakes that failed, took too long, or were too many at a time",
        counter(door.tls_handshakes_failed),
    );
    if let Some(seconds) = admin.tls.as_ref().and_then(|tls| tls.expires()) {
        to.register_with_unit(
            "tls_certificate_expiry",
            "When the certificate of the public listener expires, since 1970",
            Unit::Seconds,
            ConstGauge::<i64>::new(seconds),
        );
    }
    to.register(
        "drain_streams_cut",
        "Streams that ended during a drain before their readers had received all logs",
        counter(cut.streams),
    );
    to.register("drain_logs_cut", "Logs that were due on those streams", counter(cut.logs));
}
