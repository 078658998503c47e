//! Decides whether a line belongs to the one before it. Remembers one line, and stores no text.
//!
//! Only the line directly before counts. While the lines of several channels arrive by turns,
//! a trace is therefore shown line by line: folding it over lines in between would show the log in
//! another order than it has.

use std::hash::{DefaultHasher, Hash, Hasher};

use logs_sse_wire::entry::Level;

/// How a line relates to the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Join {
    /// It begins a row.
    #[default]
    Head,
    /// It continues the message of its head, as the lines of a stack trace do.
    Continues,
    /// It is equal to the line before it.
    Repeats,
}

/// What counts of a line that arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) channel: u16,
    pub(crate) pipeline: u16,
    pub(crate) level: Level,
    pub(crate) message: &'a str,
}

/// The last line, and the row that it is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread(Option<Last>);

#[derive(Clone, Debug)]
struct Last {
    channel: u16,
    pipeline: u16,
    /// The level of the head.
    level: Level,
    join: Join,
    /// The hash of the message.
    hash: u64,
    /// How many lines and bytes continue the head.
    lines: usize,
    bytes: usize,
    trace: Trace,
}

/// Where in a Python traceback a line is. Its last line, the exception, has no mark of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trace {
    Outside,
    /// In the frames, which the exception ends.
    Frames,
    /// After the exception, which ends it.
    Ended,
}

impl Thread {
    /// Decides how a line relates to the last one, and takes its place. Returns the level that the
    /// line counts with as well: that of its head.
    pub(crate) fn next(&mut self, line: Arrived<'_>) -> (Join, Level) {
        let Arrived { channel, pipeline, level, message } = line;
        let mut hasher = DefaultHasher::new();
        message.hash(&mut hasher);
        let hash = hasher.finish();
        let last =
            self.0.as_mut().filter(|last| (last.channel, last.pipeline) == (channel, pipeline));
        if let Some(last) = last {
            if last.takes(level, message) {
                last.lines += 1;
                last.bytes += message.len();
                (last.join, last.hash) = (Join::Continues, hash);
                return (Join::Continues, last.level);
            }
            if last.join != Join::Continues && (last.level, last.hash) == (level, hash) {
                last.join = Join::Repeats;
                return (Join::Repeats, level);
            }
        }
        let trace = if is_traceback(message) { Trace::Frames } else { Trace::Outside };
        self.0 = Some(Last {
            channel,
            pipeline,
            level,
            join: Join::Head,
            hash,
            lines: 0,
            bytes: 0,
            trace,
        });
        (Join::Head, level)
    }

    /// Forgets the last line: something else follows it.
    pub(crate) fn end(&mut self) {
        self.0 = None;
    }
}

impl Last {
    /// Returns whether a line continues the row. Never one that is more severe than the head, which
    /// would hide it.
    fn takes(&mut self, level: Level, message: &str) -> bool {
        let has_room =
            self.lines < MOST_LINES && self.bytes.saturating_add(message.len()) <= MOST_BYTES;
        if level < self.level || !has_room || self.join == Join::Repeats {
            return false;
        }
        if is_traceback(message) {
            // The next traceback without a head of its own is another failure.
            let is_next = self.trace != Trace::Outside;
            self.trace = Trace::Frames;
            return !is_next;
        }
        let (is_taken, next) = match self.trace {
            Trace::Frames if is_exception(message) => (true, Trace::Ended),
            Trace::Ended if CHAINS.iter().any(|chain| message.starts_with(chain)) => {
                (true, Trace::Outside)
            }
            trace => (is_continuation(message, trace != Trace::Outside), trace),
        };
        self.trace = next;
        is_taken
    }
}

/// Returns whether a message continues another one wherever it occurs.
fn is_continuation(message: &str, is_in_trace: bool) -> bool {
    let Some(first) = message.chars().next() else { return is_in_trace };
    // Frames of Java and JavaScript without their indentation. A sentence has neither.
    let is_frame =
        || message.strip_prefix("at ").is_some_and(|rest| rest.contains('(') || rest.contains('/'));
    let is_closing = || {
        let rest = message.trim_end().trim_end_matches([',', ';']);
        !rest.is_empty() && rest.chars().all(|c| matches!(c, '}' | ']' | ')'))
    };
    first.is_whitespace()
        || STARTS.iter().any(|start| message.starts_with(start))
        || is_frame()
        || is_closing()
}

fn is_traceback(message: &str) -> bool {
    message.starts_with("Traceback (")
}

/// Returns whether a message is an exception as Python writes it: `package.Name: text`, or
/// `Name` alone.
fn is_exception(message: &str) -> bool {
    let name = message.split(':').next().unwrap_or_default().trim_end();
    // Whatever is beyond ASCII counts as a letter, for which a table would be needed.
    name.starts_with(|c: char| !c.is_ascii() || c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

const STARTS: [&str; 6] = ["Caused by", "Suppressed:", "File \"", "... ", "^^", "~~"];

/// What Python writes between an exception and the next traceback.
const CHAINS: [&str; 2] =
    ["During handling of the above exception", "The above exception was the direct cause"];

/// The most lines, and bytes, that continue one head: more than any trace that someone reads, and
/// little enough to show at once.
const MOST_LINES: usize = 1_000;
const MOST_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: [&str; 10] = [
        "Traceback (most recent call last):",
        "  File \"/opt/etl/load.py\", line 88, in load",
        "    write(frame, table)",
        "    ~~~~~^^^^^^^^^^^^^^",
        "  File \"/opt/etl/write.py\", line 12, in write",
        "    raise WriteError(table)",
        "",
        "etl.errors.WriteError: table sales is locked",
        "",
        "During handling of the above exception, another exception occurred:",
    ];

    fn joins(lines: &[(Level, &str)]) -> Vec<(Join, Level)> {
        let mut thread = Thread::default();
        lines
            .iter()
            .map(|(level, message)| {
                let (channel, pipeline) = (0, 0);
                thread.next(Arrived { channel, pipeline, level: *level, message })
            })
            .collect()
    }

    fn heads(messages: &[&str]) -> Vec<usize> {
        let lines: Vec<_> = messages.iter().map(|message| (Level::Info, *message)).collect();
        let joins = joins(&lines);
        (0..lines.len()).filter(|index| joins[*index].0 == Join::Head).collect()
    }

    #[test]
    fn a_trace_has_one_head_and_its_level() {
        let lines: Vec<_> = TRACE
            .iter()
            .enumerate()
            .map(|(index, line)| (if index == 0 { Level::Error } else { Level::Info }, *line))
            .collect();
        let joins = joins(&lines);
        assert_eq!(joins[0], (Join::Head, Level::Error));
        assert!(
            joins[1..].iter().all(|join| *join == (Join::Continues, Level::Error)),
            "{joins:?}"
        );
    }

    #[test]
    fn traces_of_several_languages_are_one_row() {
        for trace in [
            &[
                "java.io.IOException: x",
                "at a.B.c(B.java:1)",
                "Caused by: y",
                "\tat d.E.f(E.java:2)",
                "... 12 more",
            ][..],
            &[
                "TypeError: x is not a function",
                "    at Object.<anonymous> (/srv/a.js:3:7)",
                "at async main (/srv/b.js:1:1)",
            ],
            &[
                "Job failed",
                "Traceback (most recent call last):",
                "  File \"a\", line 1",
                "KeyError",
                "",
            ],
            &["{", "  \"rows\": 3", "},"],
        ] {
            assert_eq!(heads(trace), [0], "{trace:?}");
        }
    }

    #[test]
    fn the_end_of_a_trace_and_the_next_one_begin_rows() {
        let next = "Traceback (most recent call last):";
        let frame = "  File \"a\", line 1";
        assert_eq!(heads(&[next, frame, "ValueError: x", next, frame, "ValueError: x"]), [0, 3]);
        assert_eq!(heads(&[next, frame, "ValueError: x", "Retrying"]), [0, 3]);
    }

    #[test]
    fn sentences_begin_rows() {
        assert_eq!(heads(&["Started", "at least 3 rows", "File read", "", "done..."]).len(), 5);
    }

    #[test]
    fn a_more_severe_line_is_never_part_of_a_row() {
        let joined = joins(&[(Level::Info, "Started"), (Level::Error, "  failed")]);
        assert_eq!(joined[1], (Join::Head, Level::Error));
    }

    #[test]
    fn equal_lines_repeat_and_lines_of_another_level_or_pipeline_do_not() {
        let joined = joins(&[(Level::Info, "a"), (Level::Info, "a"), (Level::Warn, "a")]);
        assert_eq!(joined.map_joins(), [Join::Head, Join::Repeats, Join::Head]);
        let mut thread = Thread::default();
        let mut next = |pipeline, message| {
            thread.next(Arrived { channel: 0, pipeline, level: Level::Info, message }).0
        };
        assert_eq!(
            [next(0, "a"), next(1, "a"), next(1, "  b"), next(0, "  b")],
            [Join::Head, Join::Head, Join::Continues, Join::Head]
        );
    }

    trait Joins {
        fn map_joins(&self) -> Vec<Join>;
    }

    impl Joins for Vec<(Join, Level)> {
        fn map_joins(&self) -> Vec<Join> {
            self.iter().map(|(join, _)| *join).collect()
        }
    }

    #[test]
    fn a_row_is_bounded() {
        let lines = vec!["  more"; MOST_LINES + 5];
        assert_eq!(heads(&lines).len(), 2);
        let long = "x".repeat(200 << 10);
        assert_eq!(heads(&["a", &format!(" {long}"), &format!(" {long}")]), [0, 2]);
    }
}
