//! One page of a gateway's history (`docs/protocol.md`, "History"), as the client reads it.

use crate::cursor::{Epoch, MAX_SEQ};
use crate::json::Object;
use crate::message::{Raw, read_batch};

/// Logs of one channel that are older than those a reader has.
#[derive(Clone, Debug, PartialEq)]
pub struct History<'a> {
    /// The channel's name as the gateway sent it.
    pub channel: String,
    /// The epoch of its sequence numbers.
    pub epoch: Epoch,
    /// The sequence number of the oldest log held; one above the newest if there is none.
    pub oldest: u64,
    /// The number of held logs that are older than `logs`.
    pub earlier: u64,
    /// The logs, oldest first, each with a sequence number.
    pub logs: Vec<Raw<'a>>,
}

impl<'a> History<'a> {
    /// Reads a page, or returns `None` if it is not one: a field is missing, or the logs are not
    /// numbered in ascending order.
    #[must_use]
    pub fn read(json: &'a str) -> Option<Self> {
        let fields = Object::read(json.trim())?;
        let logs = read_batch(fields.raw("logs")?)?;
        let seqs: Option<Vec<_>> = logs.iter().map(|log| log.seq).collect();
        if !seqs?.is_sorted_by(|a, b| a < b) {
            return None;
        }
        Some(Self {
            channel: fields.string("channel")?.into_owned(),
            epoch: fields.string("epoch")?.parse().ok()?,
            oldest: fields.count("oldest").filter(|oldest| *oldest <= MAX_SEQ)?,
            earlier: fields.count("earlier")?,
            logs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(logs: &str) -> String {
        format!(
            r#"{{"channel":"logs:etl:a:b","epoch":"abc123","oldest":2,"newest":9,"earlier":3,"logs":[{logs}]}}"#
        )
    }

    fn log(seq: u64) -> String {
        format!(r#"{{"channel":"logs:etl:a:b","data":{{"n":{seq}}},"id":"x","seq":{seq}}}"#)
    }

    #[test]
    fn reads_the_logs_and_what_is_left() {
        let json = page(&format!("{},{}", log(5), log(6)));
        let history = History::read(&json).expect("a page");
        assert_eq!(
            (history.channel.as_str(), history.oldest, history.earlier),
            ("logs:etl:a:b", 2, 3)
        );
        assert_eq!(
            history.logs.iter().map(|log| log.text.as_ref()).collect::<Vec<_>>(),
            [r#"{"n":5}"#, r#"{"n":6}"#]
        );
        assert!(History::read(&page("")).is_some_and(|history| history.logs.is_empty()));
    }

    #[test]
    fn rejects_what_is_not_a_page() {
        let unordered = page(&format!("{},{}", log(6), log(6)));
        let unnumbered = page(r#"{"channel":"logs:etl:a:b","data":1}"#);
        let whole = page(&log(5));
        for json in
            ["", "[]", "<html>", "{}", &unordered, &unnumbered, &whole.replace("abc123", "?")]
        {
            assert_eq!(History::read(json), None, "{json}");
        }
        for field in ["channel", "epoch", "oldest", "earlier", "logs"] {
            let without = whole.replacen(&format!("\"{field}\""), "\"other\"", 1);
            assert_eq!(History::read(&without), None, "{field}");
        }
    }
}
