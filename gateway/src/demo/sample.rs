//! Sample logs, in the shapes that ETL jobs in the field write.

use jiff::Timestamp;
use serde_json::json;
use serde_json::value::RawValue;

/// The workspaces and workflows that the demo page offers.
pub const WORKFLOWS: [(&str, &str); 2] =
    [("workspace123", "workflow456"), ("prod_workspace", "etl_job_789")];

/// Returns the log at `number` in an endless run.
#[must_use]
pub fn etl_log(number: u64) -> Box<RawValue> {
    let steps = STEPS.len() as u64;
    let (level, pipeline, status, message) =
        STEPS[usize::try_from(number % steps).expect("fewer steps than usize::MAX")];
    let message = message.replace("{n}", &(number + 1).to_string());
    let now = Timestamp::now();
    let entry = json!({
        "date": for_people(now),
        "level": level,
        "logLevel": level,
        "pipeline": pipeline,
        "stageName": pipeline,
        "status": status,
        "duration": status,
        "message": message,
        "logType": "ETL_LOG",
        "timestamp": now.to_string(),
        "execution_id": format!("exec-{}", 4_021 + number / steps),
    });
    raw(&entry)
}

/// The log of `POST /test/logs`.
#[must_use]
pub fn test_log() -> Box<RawValue> {
    let now = Timestamp::now();
    raw(&json!({
        "date": for_people(now),
        "level": "INFO",
        "pipeline": "ETL_PROCESSING",
        "status": "1m 23s",
        "message": format!("Test log message from gateway ({})", now.as_millisecond()),
        "timestamp": now.to_string(),
    }))
}

/// Returns a time as people read it: `Sep 25 2025 at 01:30 PM`.
pub(crate) fn for_people(moment: Timestamp) -> String {
    moment.strftime("%b %d %Y at %I:%M %p").to_string()
}

/// Returns the JSON text of a value.
pub(crate) fn raw(entry: &serde_json::Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(entry).expect("a JSON value serializes")
}

const STEPS: [(&str, &str, &str, &str); 10] = [
    ("INFO", "PLATFORM_INTERNAL", "2 sec", "Starting L5 DAP (log {n})"),
    ("INFO", "INGESTION", "12 sec", "Read part {n} of claims.csv.gz"),
    ("DEBUG", "INGESTION", "14 sec", "Buffer {n}: 65,536 rows, 41 MB, no spill"),
    ("INFO", "DATA_VALIDATION", "45 sec", "Schema check passed: 64 columns (log {n})"),
    (
        "WARN",
        "DATA_VALIDATION",
        "1m 02s",
        "7 rows without a member_id in part {n}; kept in staging.rejects",
    ),
    ("INFO", "ETL_PROCESSING", "1m 23s", "ETL pipeline started successfully (Log #{n})"),
    ("TRACE", "ETL_PROCESSING", "1m 24s", "Join order: claims, eligibility, providers (log {n})"),
    (
        "ERROR",
        "ETL_PROCESSING",
        "failed",
        "Connection to warehouse lost while writing part {n}; attempt 1 of 3",
    ),
    ("INFO", "ETL_PROCESSING", "1m 58s", "Wrote part {n} on attempt 2"),
    (
        "INFO",
        "REPORTING",
        "2m 28s",
        "Publish report status: True, response: Report {n} has been published for pipeline :: 92cd23e5-b482-5657-d35c-3h5cdhe4c99h",
    ),
];
