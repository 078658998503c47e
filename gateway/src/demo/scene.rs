//! Scenes that the demo page plays: what a failing pipeline writes, and what makes a viewer's work
//! hard.

use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::demo::sample::{for_people, raw};

/// A series of logs that shows one thing about a viewer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scene {
    /// A job fails with a Java trace after two attempts.
    FailedJob,
    /// Fifty errors at once.
    Burst,
    /// A Python traceback, each line a log of its own.
    Traceback,
    /// A line of almost a megabyte.
    LongLine,
    /// Colours and progress bars of a terminal.
    Terminal,
    /// Markup, control characters and text that reverses its direction.
    Hostile,
    /// Twelve minutes of three pipelines, of which one fails at 02:13.
    Night,
}

impl Scene {
    /// Returns its logs, oldest first.
    pub(crate) fn logs(self) -> Vec<Box<RawValue>> {
        let now = Timestamp::now();
        let all = |lines: &[(&str, &str, &str)]| {
            lines.iter().map(|(level, from, text)| log(now, level, from, text)).collect()
        };
        match self {
            Self::FailedJob => all(&FAILED_JOB),
            Self::Burst => (1..=50)
                .map(|number| {
                    let text = format!("Row {number} refused: member_id is not a number");
                    log(now, "ERROR", "DATA_VALIDATION", &text)
                })
                .collect(),
            Self::Traceback => all(&TRACEBACK),
            Self::LongLine => {
                let text = "0123456789abcdef".repeat(60_000);
                vec![log(now, "INFO", "INGESTION", &format!("one long line: {text}"))]
            }
            Self::Terminal => all(&TERMINAL),
            Self::Hostile => all(&HOSTILE),
            Self::Night => night(now),
        }
    }
}

/// Returns the logs of the last night from 02:05 to 02:17 UTC: three pipelines, and 37 lines after
/// the cause the job is given up.
fn night(now: Timestamp) -> Vec<Box<RawValue>> {
    let midnight = now.as_second() - now.as_second().rem_euclid(24 * 60 * 60);
    let start = Timestamp::from_second(midnight).unwrap_or(now);
    let mut logs = Vec::new();
    for second in (0..12 * 60).step_by(6) {
        let time = start.saturating_add((2 * 3_600 + 5 * 60 + second).seconds()).unwrap_or(now);
        let part = second / 6 + 1;
        let (level, pipeline, text) = match second {
            FAILURE => ("ERROR", "ETL_PROCESSING", NIGHT_TRACE.to_owned()),
            AFTER_FAILURE => {
                ("WARN", "ETL_PROCESSING", format!("Attempt 2 of 3 for part {part} in 30 s"))
            }
            GIVEN_UP => {
                ("ERROR", "ETL_PROCESSING", format!("Job aborted: part {part} failed 3 times"))
            }
            LAST => ("ERROR", "REPORTING", "Nightly report not published: no input".to_owned()),
            _ if second > GIVEN_UP => {
                ("INFO", "PLATFORM_INTERNAL", format!("Waiting for ETL_PROCESSING ({part})"))
            }
            _ if part % 3 == 0 => ("DEBUG", "INGESTION", format!("Buffer {part}: 65,536 rows")),
            _ if part % 7 == 0 => {
                ("WARN", "DATA_VALIDATION", format!("{part} rows without a member_id"))
            }
            _ if part % 2 == 0 => ("INFO", "INGESTION", format!("Read part {part} of claims")),
            _ => ("INFO", "ETL_PROCESSING", format!("Wrote part {part}")),
        };
        logs.push(log(time, level, pipeline, &text));
    }
    logs
}

fn log(time: Timestamp, level: &str, pipeline: &str, message: &str) -> Box<RawValue> {
    raw(&json!({
        "date": for_people(time),
        "level": level,
        "pipeline": pipeline,
        "stageName": pipeline,
        "message": message,
        "logType": "ETL_LOG",
        "timestamp": time.to_string(),
        "execution_id": "exec-demo",
    }))
}

/// Seconds after 02:05: the failure at 02:13:00, what follows it, and the end.
const FAILURE: i64 = 8 * 60;
const AFTER_FAILURE: i64 = FAILURE + 6;
const GIVEN_UP: i64 = FAILURE + 90;
const LAST: i64 = 12 * 60 - 6;

const NIGHT_TRACE: &str = "org.apache.spark.SparkException: Job aborted due to stage failure: Task 14 in stage 3.0 failed 1 times
\tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2454)
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2403)
\tat org.apache.spark.rdd.RDD.collect(RDD.scala:1030)
Caused by: java.io.IOException: footer checksum mismatch in part-00014.snappy.parquet
\tat org.apache.parquet.hadoop.ParquetFileReader.readFooter(ParquetFileReader.java:545)
\t... 21 more";

const FAILED_JOB: [(&str, &str, &str); 5] = [
    ("WARN", "ETL_PROCESSING", "Executor 7 lost: heartbeat timed out after 120 s"),
    ("ERROR", "ETL_PROCESSING", NIGHT_TRACE),
    ("WARN", "ETL_PROCESSING", "Attempt 2 of 3 in 30 s"),
    ("WARN", "ETL_PROCESSING", "Attempt 3 of 3 in 60 s"),
    ("FATAL", "ETL_PROCESSING", "Job aborted: part 14 failed 3 times"),
];

const TRACEBACK: [(&str, &str, &str); 7] = [
    ("ERROR", "REPORTING", "Traceback (most recent call last):"),
    ("INFO", "REPORTING", "  File \"/app/report.py\", line 88, in publish"),
    ("INFO", "REPORTING", "    upload(render(dashboard))"),
    ("INFO", "REPORTING", "  File \"/app/upload.py\", line 31, in upload"),
    ("INFO", "REPORTING", "    response.raise_for_status()"),
    ("INFO", "REPORTING", "requests.exceptions.HTTPError: 503 Server Error"),
    ("INFO", "REPORTING", "Report not published; the next attempt is in 15 minutes"),
];

const TERMINAL: [(&str, &str, &str); 3] = [
    ("INFO", "DBT", "\u{1b}[0m02:12:58  1 of 3 \u{1b}[32mOK\u{1b}[0m created model claims_daily"),
    ("ERROR", "DBT", "\u{1b}[0m02:13:02  2 of 3 \u{1b}[31mERROR\u{1b}[0m in model labs_daily"),
    ("INFO", "DBT", "Loading:  10%\rLoading:  55%\rLoading: 100% [48,112 rows]"),
];

const HOSTILE: [(&str, &str, &str); 4] = [
    ("INFO", "INGESTION", "<img src=x onerror=alert(1)><script>alert(2)</script> is text"),
    ("WARN", "INGESTION", "Reversed name: invoice_\u{202e}fdp.exe"),
    ("INFO", "INGESTION", "Control characters: [\0] [\u{7}] [\u{8}], and a zero-width [\u{200b}]"),
    ("INFO", "INGESTION", "data: id: event: retry: : {\"message\": \"not a frame\"}\n\ndata: x"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_in_order_and_fails_at_thirteen_past_two() {
        let logs = Scene::Night.logs();
        let times: Vec<String> = logs
            .iter()
            .map(|log| {
                let log: serde_json::Value = serde_json::from_str(log.get()).expect("JSON");
                log["timestamp"].as_str().expect("a time").to_owned()
            })
            .collect();
        assert_eq!(logs.len(), 120);
        assert!(times.is_sorted() && times[0].contains("T02:05:00"), "{:?}", times.first());
        let cause = logs.iter().position(|log| log.get().contains("checksum mismatch"));
        assert!(cause.is_some_and(|index| times[index].contains("T02:13:00")));
    }

    #[test]
    fn every_log_is_within_the_default_limit_of_a_log() {
        use Scene::{Burst, FailedJob, Hostile, LongLine, Night, Terminal, Traceback};
        for scene in [FailedJob, Burst, Traceback, LongLine, Terminal, Hostile, Night] {
            let logs = scene.logs();
            assert!(!logs.is_empty(), "{scene:?} publishes nothing");
            assert!(logs.iter().all(|log| log.get().len() < crate::limits::config::LOG_BYTES));
        }
    }
}
