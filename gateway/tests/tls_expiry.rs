//! Certificates that expire: the log, the metric and the doctor say so in time.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/watched.rs"]
mod watched;

use serde_json::Value;
use support::process::{command, ended};
use tls::Certificate;
use watched::{Watched, until};

const METRIC: &str = "tls_certificate_expiry_seconds";

/// The time from now until the end that the metric shows, in whole days.
fn days_left(watched: &Watched) -> i64 {
    let seconds = watched.value(METRIC) - jiff::Timestamp::now().as_second() as f64;
    (seconds / 86_400.0).floor() as i64
}

#[test]
fn the_log_warns_at_start_and_reload_of_a_certificate_that_expires_within_14_days() {
    let mut certificate = Certificate::ending_in(10);
    let watched = Watched::start(&certificate.flags());
    assert_eq!(days_left(&watched), 9);
    for days in [400, -1] {
        certificate.write_over_with(&Certificate::ending_in(days));
        watched.gateway.signal("-HUP");
        until("the new certificate is in force", || days_left(&watched) == days - 1);
    }
    let log = watched.log();
    let (path, warned) = (certificate.cert.path(), |what: &str| log.matches(what).count());
    assert_eq!(warned(&format!("{path}: the certificate expires in 9 days: renew it")), 1, "{log}");
    assert_eq!(warned("the certificate has expired"), 1, "{log}");
    assert_eq!(warned("certificate expires in"), 1, "{log}");
}

#[test]
fn a_gateway_without_tls_has_no_such_metric() {
    assert!(!Watched::start(&[]).metrics().contains(METRIC));
}

/// Returns what the doctor finds about a certificate, and about the stream.
fn examined(certificate: &Certificate) -> [Value; 2] {
    let watched = Watched::start(&certificate.flags());
    let address = watched.gateway.address();
    let port = address.rsplit(':').next().expect("a port");
    let url = format!("https://localhost:{port}");
    let mut doctor = command(&["doctor", &url, "--json", "--watch", "1s"]);
    doctor.env("SSL_CERT_FILE", certificate.cert.path());
    let (_, text) = ended(doctor);
    let report: Value = serde_json::from_str(text.lines().next().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    ["certificate", "stream"].map(|check| {
        let findings = report["findings"].as_array().expect("a list");
        findings.iter().find(|finding| finding["check"] == check).expect(check).clone()
    })
}

#[test]
fn the_doctor_finds_a_certificate_that_expires_soon_or_is_refused() {
    let [good, _] = examined(&Certificate::ending_in(90));
    assert_eq!(
        (&good["status"], &good["found"]),
        (&"good".into(), &"it expires in 89 days".into())
    );
    let [soon, stream] = examined(&Certificate::ending_in(5));
    assert_eq!((&soon["status"], &stream["status"]), (&"problem".into(), &"good".into()));
    assert_eq!(soon["found"], "it expires in 4 days");
    let change = soon["change"][0]["directive"].as_str().expect("a directive");
    assert!(change.contains("renew the certificate"), "{change}");
    let [over, stream] = examined(&Certificate::ending_in(-1));
    assert_eq!((&over["status"], &stream["status"]), (&"unknown".into(), &"problem".into()));
    let found = stream["found"].as_str().expect("a text");
    assert!(found.contains("certificate"), "{found}");
    let change = stream["change"][0]["directive"].as_str().expect("a directive");
    assert!(change.contains("renew the certificate"), "{change}");
}
