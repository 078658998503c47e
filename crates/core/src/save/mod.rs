//! Writes stored rows to a file, oldest first, a piece at a time. Touches no file.

pub mod line;

use crate::format::counted;
use crate::line_time::iso;
use crate::session::Session;
use crate::target::Target;

/// The format of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line of text for each row; later lines of a message are indented.
    #[default]
    Text,
    /// A JSON object for each row.
    Ndjson,
}

impl Format {
    /// Reads the name of a format; any other name is text.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == "ndjson" { Self::Ndjson } else { Self::Text }
    }

    /// Returns the media type of a file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain;charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Text => "log",
            Self::Ndjson => "ndjson",
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Save {
    format: Format,
    only_shown: bool,
    /// The numbers of the rows to write, ascending. Unknown while a search is in progress.
    numbers: Option<Vec<u64>>,
    next: usize,
    /// How many rows were evicted before they could be written, and not reported yet.
    evicted: u64,
    /// Whether the pinned lines were written, which are the last part.
    has_pins: bool,
}

impl Save {
    /// Starts a file of the rows that are shown, or of all rows that are stored: those that exist
    /// when it begins, and the search is complete.
    #[must_use]
    pub fn new(format: Format, only_shown: bool) -> Self {
        Self { format, only_shown, numbers: None, next: 0, evicted: 0, has_pins: false }
    }

    /// Returns the next piece of the file, of about `bytes` bytes, or `None` after the last one.
    /// The piece is empty while a search is in progress, which the caller continues.
    pub fn advance(&mut self, session: &Session, bytes: usize) -> Option<String> {
        if self.only_shown && self.numbers.is_none() && !session.is_searched() {
            return Some(String::new());
        }
        let numbers = self.numbers.take().unwrap_or_else(|| rows(session, self.only_shown));
        let piece = self.write(session, &numbers, bytes);
        self.numbers = Some(numbers);
        piece
    }

    fn write(&mut self, session: &Session, numbers: &[u64], bytes: usize) -> Option<String> {
        if self.next == numbers.len() {
            let is_over = std::mem::replace(&mut self.has_pins, true);
            let pins = session.pins();
            return (!is_over && !pins.all().is_empty())
                .then(|| pins.saved(self.format, &iso, INDENT, session.target()));
        }
        let mut piece = String::new();
        while piece.len() < bytes {
            let Some(number) = numbers.get(self.next) else { break };
            self.next += 1;
            let Some(row) = session.store().row(*number) else {
                self.evicted += 1;
                continue;
            };
            self.report_evicted(&mut piece);
            piece.push_str(&match self.format {
                Format::Text => line::text(&row, &iso, INDENT, session.target()),
                Format::Ndjson => line::json(&row),
            });
            piece.push('\n');
        }
        if self.next == numbers.len() {
            self.report_evicted(&mut piece);
        }
        Some(piece)
    }

    /// Returns the media type of the file.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.format.media_type()
    }

    /// Returns a name for the file: the workflow, and the time at which it is saved.
    #[must_use]
    pub fn file_name(&self, target: Option<&Target>, millis: i64) -> String {
        // Ids have no characters that a file name may not have, except for a colon.
        let resource = match target.map(Target::channels) {
            Some([channel]) => channel.resource().unwrap_or(channel.service()).as_str(),
            _ => "logs",
        };
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let resource = resource.replace(|c| !is_safe(c), "_");
        let time = iso(millis);
        let (day, minute) = (time.get(..10).unwrap_or_default(), time.get(11..16));
        let minute = minute.unwrap_or_default().replace(':', "");
        let resource = logs_sse_wire::entry::head(&resource, LONGEST_NAME).trim_start_matches('.');
        format!("{resource}_{day}T{minute}Z.{}", self.format.extension())
    }

    fn report_evicted(&mut self, piece: &mut String) {
        let evicted = std::mem::take(&mut self.evicted);
        if evicted == 0 {
            return;
        }
        let text =
            format!("{} dropped before they could be saved", counted(evicted, "row", "rows"));
        piece.push_str(&match self.format {
            Format::Text => line::about_stream(&text),
            Format::Ndjson => line::notice_object("evicted", Some(evicted), None, &text),
        });
        piece.push('\n');
    }
}

/// Returns the numbers of the rows that are shown, or of all rows.
fn rows(session: &Session, only_shown: bool) -> Vec<u64> {
    if only_shown { session.shown_numbers() } else { session.store().range().collect() }
}

/// Sets later lines of a message apart from rows.
const INDENT: &str = "    ";

/// File systems allow 255 bytes.
const LONGEST_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::find::Query;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;

    fn whole(save: &mut Save, session: &Session) -> String {
        let mut file = String::new();
        while let Some(piece) = save.advance(session, 40) {
            file.push_str(&piece);
        }
        file
    }

    fn session(lines: usize) -> Session {
        let mut session = Session::new(Config::default(), Capacity::default(), 1);
        (0..lines).for_each(|number| {
            session.store_mut().append(&Raw::bare(format!("line {number}")));
        });
        session
    }

    #[test]
    fn writes_every_row_once_oldest_first() {
        let session = session(100);
        let mut save = Save::new(Format::Text, false);
        let expected: String = (0..100).map(|number| format!("line {number}\n")).collect();
        assert_eq!(whole(&mut save, &session), expected);
    }

    #[test]
    fn writes_only_the_rows_that_are_shown() {
        let mut session = session(30);
        session.set_query(Query::default().text("1"));
        session.search(usize::MAX);
        let mut save = Save::new(Format::Text, true);
        assert_eq!(whole(&mut save, &session).lines().count(), 12);
    }

    #[test]
    fn rows_that_are_evicted_meanwhile_are_counted() {
        let mut session = session(10);
        for format in [Format::Text, Format::Ndjson] {
            let mut save = Save::new(format, false);
            assert_eq!(save.advance(&session, 0).as_deref(), Some(""));
            session.resize(Capacity::from_lines(4));
            let file = whole(&mut save, &session);
            let first = file.lines().next().unwrap_or_default();
            assert!(first.contains("6 rows dropped before they could be saved"), "{file}");
            assert_eq!(file.lines().count(), 5);
            session = self::session(10);
        }
    }

    #[test]
    fn pinned_lines_are_written_at_the_end_also_when_they_are_evicted() {
        let mut session = session(10);
        let first = session.store().range().start;
        session.toggle_pin(first);
        session.resize(Capacity::from_lines(4));
        let file = whole(&mut Save::new(Format::Text, false), &session);
        assert_eq!(file, "line 6\nline 7\nline 8\nline 9\n# pinned\nline 0\n");
        let file = whole(&mut Save::new(Format::Ndjson, false), &session);
        assert_eq!(file.lines().last(), Some(r#"{"pinned":true,"entry":"line 0"}"#));
        session.clear();
        let file = whole(&mut Save::new(Format::Text, false), &session);
        assert_eq!(file, "# pinned\nline 0\n");
    }

    #[test]
    fn a_file_is_named_after_the_workflow_and_the_time() {
        let target = Target::new("etl", "workspace123", "workflow456", "/logs").ok();
        let name = |format, target: Option<&Target>| {
            Save::new(format, false).file_name(target, 1_795_658_752_000)
        };
        assert_eq!(name(Format::Text, target.as_ref()), "workflow456_2026-11-26T0205Z.log");
        assert_eq!(name(Format::Ndjson, None), "logs_2026-11-26T0205Z.ndjson");
        let strange = Target::new("etl", "w", "../a b", "/logs").ok();
        assert!(!name(Format::Text, strange.as_ref()).contains(['/', ' ']));
    }
}
