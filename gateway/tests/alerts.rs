//! The alerts and the dashboard in `deploy`: promtool accepts and tests them, and each metric that
//! they name exists.

#![cfg(unix)]

#[path = "support/disk.rs"]
mod disk;
mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use disk::Folder;
use serde_json::Value;
use tls::Certificate;
use watched::Watched;

const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus/alerts.yml");
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus/alerts_test.yml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/grafana/logs-gateway.json");

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let rest = text.split("logs_gateway_").skip(1);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    rest.map(|rest| rest.chars().take_while(|c| is_name(*c)).collect()).collect()
}

#[test]
fn promtool_accepts_the_alerts_and_each_fires_when_it_must() {
    for arguments in [["check", "rules", ALERTS], ["test", "rules", TESTS]] {
        let output = match Command::new("promtool").args(arguments).output() {
            Ok(output) => output,
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("skipped: promtool is not installed (package prometheus): {error}");
                return;
            }
            Err(error) => panic!("promtool is required in CI (package prometheus): {error}"),
        };
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(output.status.success() && !text.contains("FAILED"), "{text}");
    }
}

#[test]
fn each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let (alerts, tests) = (read(ALERTS), read(TESTS));
    let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for name in names {
        let cases: Vec<_> = tests.split(&format!("alertname: {name}\n")).skip(1).collect();
        let fires = |case: &str| {
            let own = case.split("alertname: ").next().unwrap_or_default();
            own.contains("exp_labels:")
        };
        let found: Vec<_> = cases.into_iter().map(fires).collect();
        assert!(found.contains(&true) && found.contains(&false), "{name}: {found:?}");
    }
}

#[test]
fn each_metric_of_alerts_and_dashboard_exists() {
    let (folder, certificate) = (Folder::new(), Certificate::new());
    let flags = ["--memory-limit", "1000000000", "--engine", "disk", "--data-dir", folder.text()];
    let flags = [&flags[..], &certificate.flags()].concat();
    let exposed = metrics(&Watched::start(&flags).metrics());
    for path in [ALERTS, DASHBOARD] {
        let named = metrics(&read(path));
        assert!(named.len() > 10, "{path}: {named:?}");
        let missing: Vec<_> = named.difference(&exposed).collect();
        assert!(missing.is_empty(), "{path} names metrics that do not exist: {missing:?}");
    }
}

#[test]
fn the_dashboard_has_distinct_panels_that_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("a list");
    let mut cells = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{panel}");
        let side = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(x < 24 && cells.insert((x, y)), "{panel} overlaps or is too wide");
            }
        }
    }
    assert!(ids.len() > 15);
}
