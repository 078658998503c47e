//! The metrics of the process itself and of what watches it.

use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::admin::Admin;
use crate::output;
use crate::readiness;
use crate::server::door::open_files;

pub(super) fn register(to: &mut Registry, admin: &Admin) {
    build(to, admin);
    resources(to, admin);
    audit(to, admin);
    canary(to, admin);
    traces(to, admin);
}

fn build(to: &mut Registry, admin: &Admin) {
    let version = ("version", env!("CARGO_PKG_VERSION").to_owned());
    let epoch = ("epoch", admin.gateway.hub.epoch().to_string());
    to.register(
        "build",
        "The version, and the epoch of the sequence numbers",
        Info::new([version, epoch]),
    );
    let ready = readiness::reasons(&admin.gateway, Some(&admin.door)).is_empty();
    to.register("ready", "Whether GET /ready responds with 200", gauge(u64::from(ready)));
}

fn resources(to: &mut Registry, admin: &Admin) {
    let readiness = &admin.gateway.observers.readiness;
    if let Some(files) = readiness.open_files() {
        to.register("open_files", "Open files, with sockets", gauge(files as u64));
    }
    to.register("open_files_max", "The limit of open files", gauge(open_files() as u64));
    if let Some(bytes) = readiness.resident_bytes() {
        to.register_with_unit("memory", "Memory in use", Unit::Bytes, gauge(bytes));
    }
    if let Some(bytes) = readiness.memory_limit() {
        let help = "The memory that the process may use";
        to.register_with_unit("memory_limit", help, Unit::Bytes, gauge(bytes));
    }
}

fn audit(to: &mut Registry, admin: &Admin) {
    let audit = &admin.gateway.observers.audit;
    let dropped = ConstCounter::new(audit.lines_dropped());
    to.register("audit_lines_dropped", "Lines of the audit log that were lost", dropped);
    let waiting = Family::<[(&str, &str); 1], prometheus_client::metrics::gauge::Gauge>::default();
    for (queue, bytes) in [("audit", audit.waiting_bytes()), ("log", output::log_bytes_waiting())] {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        waiting.get_or_create(&[("queue", queue)]).set(bytes);
    }
    let help = "Lines of the audit log and of the gateway's own log that are not written yet";
    to.register_with_unit("queue", help, Unit::Bytes, waiting);
}

fn canary(to: &mut Registry, admin: &Admin) {
    let canary = &admin.gateway.observers.canary;
    let [published, _, failures] = canary.counts();
    let help = "Logs of the gateway's own that it published to read them back";
    to.register("canary_logs", help, ConstCounter::new(published));
    let help = "Logs among those that were not delivered within 5 s";
    to.register("canary_failures", help, ConstCounter::new(failures));
    let help = "Time from publishing such a log to reading it";
    to.register_with_unit("canary_lag", help, Unit::Seconds, canary.lag());
}

fn traces(to: &mut Registry, admin: &Admin) {
    let (success, failure) = admin.gateway.observers.traces.exports();
    let exports = Family::<[(&str, &str); 1], Counter>::default();
    exports.get_or_create(&[("result", "success")]).inc_by(success);
    exports.get_or_create(&[("result", "failure")]).inc_by(failure);
    to.register("trace_exports", "Requests to the collector of traces", exports);
}

fn gauge(value: u64) -> ConstGauge<u64> {
    ConstGauge::new(value)
}
