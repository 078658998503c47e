//! A producer's text as it is shown: escape sequences become styles, progress output its last
//! state, and what hides is made visible.

mod style;

use std::borrow::Cow;
use std::ops::Range;

use crate::styled::style::Style;
use crate::visible::{next_hidden, stand_in, visible};
use logs_sse_wire::ansi::{Part, has_escape, parts};
use logs_sse_wire::byte_search::{line_end, position};

/// A text without escape sequences, which is what a search and a copy see, and how its parts look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    /// The text.
    pub text: String,
    /// How it looks.
    pub looks: Looks,
    /// How many bytes of it were left out.
    pub left_out: usize,
}

/// How the parts of a text look, in their order; what is in none of them looks as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks(Vec<(Range<usize>, Style)>);

/// A part of a text that is drawn in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What to draw.
    pub text: Cow<'a, str>,
    /// Its names in style sheets; empty for text that looks as usual.
    pub class: String,
    /// Whether it is what a reader searches for.
    pub is_marked: bool,
}

impl Styled {
    /// At most `bytes` of a text for a row. Of a line that was written over, as progress bars do by
    /// carriage returns, only the last state counts.
    #[must_use]
    pub fn row(text: &str, bytes: usize) -> Self {
        if is_plain(text) {
            let shown = &text[..text.floor_char_boundary(bytes)];
            return Self {
                text: shown.to_owned(),
                left_out: text.len() - shown.len(),
                looks: Looks::default(),
            };
        }
        let mut writer = Writer { most: bytes, ..Writer::default() };
        writer.write_all(text);
        writer.finish()
    }

    /// A whole text. Each state of a line that was written over is a line of its own.
    #[must_use]
    pub fn whole(text: &str) -> Self {
        let mut writer = Writer { most: usize::MAX, keeps_states: true, ..Writer::default() };
        writer.write_all(text);
        writer.finish()
    }
}

/// The text of a row, without its looks.
#[must_use]
pub fn row_text(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(Styled::row(text, usize::MAX).text)
    }
}

/// A whole text for a clipboard or a file: without escape sequences, and with what hides made
/// visible.
#[must_use]
pub fn written(text: &str) -> String {
    visible(&Styled::whole(text).text).into_owned()
}

/// A short text, such as a level, without escape sequences and with what hides made visible.
#[must_use]
pub fn label(text: &str) -> String {
    match logs_sse_wire::ansi::plain(text) {
        Cow::Borrowed(text) => visible(text).into_owned(),
        Cow::Owned(text) => visible(&text).into_owned(),
    }
}

impl Looks {
    /// The pieces of `text`, which looks like this, with `marks` where a search found something.
    pub fn pieces<'a>(
        &self,
        text: &'a str,
        marks: &mut dyn Iterator<Item = Range<usize>>,
    ) -> Vec<Piece<'a>> {
        let (mut marks, mut looks) = (marks.take(MOST_MARKS).peekable(), self.0.iter().peekable());
        let mut hidden = next_hidden(text, 0);
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < text.len() {
            while marks.next_if(|mark| mark.end <= at).is_some() {}
            while looks.next_if(|(range, _)| range.end <= at).is_some() {}
            if pieces.len() == MOST_PIECES {
                pieces.push(Piece {
                    text: visible(&text[at..]),
                    class: String::new(),
                    is_marked: false,
                });
                break;
            }
            // Up to where the next thing begins or this one ends.
            let edge =
                |range: &Range<usize>| if range.start <= at { range.end } else { range.start };
            let mut end = [marks.peek().map(edge), looks.peek().map(|(range, _)| edge(range))]
                .into_iter()
                .flatten()
                .fold(text.len(), usize::min);
            let is_marked = marks.peek().is_some_and(|mark| mark.start <= at);
            let mut class = looks
                .peek()
                .filter(|(range, _)| range.start <= at)
                .map(|(_, style)| style.class())
                .unwrap_or_default();
            let text = match hidden {
                Some((start, character)) if start == at => {
                    end = at + character.len_utf8();
                    hidden = next_hidden(text, end);
                    class.push_str(if class.is_empty() { HIDDEN } else { " dsl-stand-in" });
                    Cow::Owned(stand_in(character))
                }
                _ => {
                    end = hidden.map_or(end, |(start, _)| end.min(start));
                    Cow::Borrowed(&text[at..end])
                }
            };
            pieces.push(Piece { text, class, is_marked });
            at = end;
        }
        pieces
    }

    fn truncate(&mut self, length: usize) {
        while self.0.pop_if(|(range, _)| range.start >= length).is_some() {}
        if let Some((range, _)) = self.0.last_mut() {
            range.end = range.end.min(length);
        }
    }
}

/// The name of a stand-in in style sheets.
const HIDDEN: &str = "dsl-stand-in";

/// Enough for any line that is read; one of two thousand "e" would else be four thousand pieces.
const MOST_MARKS: usize = 100;

/// Beyond so many pieces a text is drawn without looks: each is an element.
const MOST_PIECES: usize = 2_000;

fn is_plain(text: &str) -> bool {
    !has_escape(text) && position(text.as_bytes(), b'\r').is_none()
}

/// Writes a text as a terminal would, line by line.
#[derive(Default)]
struct Writer {
    out: Styled,
    style: Style,
    /// Where in the text the line began, and its last state.
    line: usize,
    state: usize,
    /// Whether a carriage return came, which begins a new state unless a line feed follows.
    is_returned: bool,
    /// How many bytes of one state are kept.
    most: usize,
    keeps_states: bool,
}

impl Writer {
    fn write_all(&mut self, text: &str) {
        let mut read = 0;
        for part in parts(text) {
            match part {
                Part::Style(parameters) => self.style.apply(parameters),
                Part::Text(part) => {
                    read += part.len();
                    let mut rest = part;
                    while !rest.is_empty() {
                        let end = line_end(rest.as_bytes()).map_or(rest.len(), |at| at + 1);
                        self.write(&rest[..end]);
                        rest = &rest[end..];
                    }
                }
            }
            if self.line > self.most {
                self.out.left_out += text.len().saturating_sub(read);
                break;
            }
        }
    }

    /// Writes text up to the end of a line or a state.
    fn write(&mut self, part: &str) {
        let last = part.as_bytes().last();
        let is_ended = matches!(last, Some(b'\n' | b'\r'));
        let text = &part[..part.len() - usize::from(is_ended)];
        if !text.is_empty() {
            if std::mem::take(&mut self.is_returned) {
                self.begin_state();
            }
            self.push(text);
        }
        if last == Some(&b'\n') {
            self.end_line();
            self.out.text.push('\n');
            (self.line, self.state) = (self.out.text.len(), self.out.text.len());
        } else if is_ended {
            self.is_returned = true;
        }
    }

    fn push(&mut self, part: &str) {
        let start = self.out.text.len();
        let room = self.most.saturating_sub(start - self.state);
        let kept = &part[..part.floor_char_boundary(room)];
        self.out.text.push_str(kept);
        self.out.left_out += part.len() - kept.len();
        let end = self.out.text.len();
        if self.style == Style::default() || start == end {
            return;
        }
        match self.out.looks.0.last_mut().filter(|(range, style)| {
            range.end == start && *style == self.style && start > self.state
        }) {
            Some((range, _)) => range.end = end,
            None => self.out.looks.0.push((start..end, self.style)),
        }
    }

    fn begin_state(&mut self) {
        if self.keeps_states {
            self.out.text.push('\n');
        } else {
            self.drop_state();
            self.out.left_out = 0;
        }
        self.state = self.out.text.len();
    }

    fn end_line(&mut self) {
        if !self.keeps_states {
            self.drop_state();
        }
        self.is_returned = false;
    }

    /// Of the last two states of a line drops the first, or the last if there is nothing to see in
    /// it.
    fn drop_state(&mut self) {
        let Styled { text, looks, .. } = &mut self.out;
        if text[self.state..].trim().is_empty() && self.line < self.state {
            text.truncate(self.state);
            looks.truncate(self.state);
        } else {
            let gone = self.state - self.line;
            text.drain(self.line..self.state);
            looks.0.retain(|(range, _)| range.end <= self.line || range.start >= self.state);
            for (range, _) in looks.0.iter_mut().filter(|(range, _)| range.start >= self.state) {
                *range = range.start - gone..range.end - gone;
            }
        }
    }

    fn finish(mut self) -> Styled {
        self.end_line();
        let end = self.out.text.floor_char_boundary(self.most);
        self.out.left_out += self.out.text.len() - end;
        self.out.text.truncate(end);
        self.out.looks.truncate(end);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(styled: &Styled, marks: &[Range<usize>]) -> String {
        let show = |piece: &Piece<'_>| match (piece.class.as_str(), piece.is_marked) {
            ("", false) => piece.text.to_string(),
            (class, is_marked) => format!(
                "<{}{}>{}</>",
                class.replace("dsl-ansi-", ""),
                if is_marked { "!" } else { "" },
                piece.text
            ),
        };
        styled.looks.pieces(&styled.text, &mut marks.iter().cloned()).iter().map(show).collect()
    }

    fn row(text: &str) -> String {
        drawn(&Styled::row(text, 2_048), &[])
    }

    #[test]
    fn escape_sequences_become_styles() {
        assert_eq!(
            row("\u{1b}[31mred\u{1b}[0m plain \u{1b}[1;32mbold\u{1b}[22m green"),
            "<red>red</> plain <bold green>bold</><green> green</>"
        );
        assert_eq!(
            row("a\u{1b}[31m\u{1b}[2K\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\"),
            "a<red>link</>"
        );
        assert_eq!(
            (row("plain"), Styled::row("plain", 9).text.as_str()),
            ("plain".into(), "plain")
        );
    }

    #[test]
    fn of_progress_output_a_row_shows_the_last_state_and_the_entry_all() {
        for text in [
            "10%\r50%\r100%",
            "10%\r50%\r100%\r",
            "10%\r50%\r100%\r\n",
            "10%\r100%\r    \r",
            "10%\r100%\r\u{1b}[K",
            "10%\r\r\r100%",
        ] {
            assert_eq!(row(text).trim_end(), "100%", "{text:?}");
        }
        assert_eq!(row("start\n10%\r100%\r\nend\r\n  \r"), "start\n100%\nend\n  ");
        assert_eq!(row("\u{1b}[31m10%\r\u{1b}[32m100%\u{1b}[0m!"), "<green>100%</>!");
        assert_eq!(Styled::whole("a\r\n10%\r50%\r100%\r\nend").text, "a\n10%\n50%\n100%\nend");
        assert_eq!((row_text("10%\r100%"), row_text("a\nb")), ("100%".into(), "a\nb".into()));
    }

    #[test]
    fn marks_and_styles_may_cross() {
        let styled = Styled::row("con\u{1b}[31mnection\u{1b}[0m refused", 2_048);
        assert_eq!(styled.text, "connection refused");
        assert_eq!(
            drawn(&styled, &[1..13, 15..16]),
            "c<!>on</><red!>nection</><!> re</>fu<!>s</>ed"
        );
        assert_eq!(drawn(&styled, &[0..1, 16..18]), "<!>c</>on<red>nection</> refus<!>ed</>");
    }

    #[test]
    fn what_hides_is_drawn_as_a_piece_of_its_own() {
        assert_eq!(row("a\u{202e}b\0"), "a<dsl-stand-in>⟨U+202E⟩</>b<dsl-stand-in>␀</>");
        assert_eq!(
            row("\u{1b}[31ma\u{202e}b\u{1b}"),
            "<red>a</><red dsl-stand-in>⟨U+202E⟩</><red>b</><red dsl-stand-in>␛</>"
        );
        assert_eq!(label("\u{1b}[31mERR\u{202e}OR\u{1b}[0m"), "ERR⟨U+202E⟩OR");
        assert_eq!(
            written("\u{1b}[31ma\u{1b}[0m\tb\0\n10%\r\u{202e}100%\r\n"),
            "a\tb␀\n10%\n⟨U+202E⟩100%\n"
        );
    }

    #[test]
    fn a_row_keeps_as_much_as_it_may_and_counts_the_rest() {
        let left_out = |text: &str| {
            let styled = Styled::row(text, 10);
            (styled.text.len(), styled.left_out)
        };
        assert_eq!(left_out("0123456789abc"), (10, 3));
        assert_eq!(left_out("\u{1b}[31m0123456789\u{1b}[0mabc"), (10, 3));
        assert_eq!(left_out("a very long state of a line\rshort"), (5, 0));
        assert_eq!(left_out("\u{1b}[31méééééé"), (10, 2));
        assert_eq!(left_out("\u{1b}[31m01234567\n\u{1b}[32m89abcdef").0, 10);
        assert!(Styled::row(&"x\r\u{1b}[31my\n".repeat(100_000), 10).left_out > 100_000);
    }

    #[test]
    fn a_text_of_many_styles_is_drawn_without_them_in_the_end() {
        let styled = Styled::whole(&"\u{1b}[31ma\u{1b}[32mb\0".repeat(2_000));
        let pieces = styled.looks.pieces(&styled.text, &mut std::iter::empty());
        assert_eq!(pieces.len(), 2_001);
        assert_eq!(
            pieces.iter().map(|piece| &*piece.text).collect::<String>(),
            "ab␀".repeat(2_000)
        );
    }
}
