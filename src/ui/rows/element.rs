//! One drawn row: its element and the parts of it, which are written only if they change.

use leptos::web_sys::{Document, Element};

use super::RowContext;
use crate::browser::layout;
use crate::ui::hit;
use crate::ui::pieces::{self, set_or_remove};
use crate::ui::time_cell::TimeElement;
use logs_sse_core::channel_mark::ChannelMark;
use logs_sse_core::line_time::TimeContext;
use logs_sse_core::pins::mark_text;
use logs_sse_core::session::Session;
use logs_sse_core::summary::RowText;
use logs_sse_core::words::Word;

/// One row's element and its parts.
#[derive(Debug)]
pub(super) struct RowElement {
    pub(super) element: Element,
    pub(super) open: Element,
    /// Time, letter of the channel, level, pipeline, other channel, message, size of its omitted
    /// rest, duration, day, mark.
    pub(super) parts: [Element; PARTS.len()],
    /// The text of each part; writing the same text again would be work for the browser.
    texts: [String; PARTS.len()],
    /// How its channel is marked, if it is one of several.
    channel_mark: ChannelMark,
    pub(super) class: String,
    pub(super) time: TimeElement,
    /// The line that it shows.
    pub(super) number: Option<u64>,
    is_open: bool,
    is_pinned: bool,
    /// When the reader marked the place after it.
    mark: Option<i64>,
    /// How many lines are folded into it.
    lines: u64,
    /// Whether it shows all its lines.
    pub(super) is_unfolded: bool,
    /// The same, if it has further lines, as its sign of them says.
    pub(super) fold_state: Option<bool>,
    /// Whether its message is drawn in styled pieces.
    is_rich: bool,
    /// Whether its message has matches, of which the first may be beyond the edge.
    pub(super) is_new_hit: bool,
    /// Whether its message is scrolled to a match.
    pub(super) is_scrolled: bool,
    /// Whether its height was not measured since it last changed.
    pub(super) is_fresh: bool,
    /// Its height at the last measurement.
    height: f64,
}

impl RowElement {
    pub(super) fn new(list: &Element) -> Option<Self> {
        let document = list.owner_document()?;
        let element = create(&document, "li", "dsl-row")?;
        let open = create(&document, "button", "dsl-open")?;
        for (name, value) in [("type", "button"), ("tabindex", "-1"), ("aria-expanded", "false")] {
            open.set_attribute(name, value).ok()?;
        }
        element.append_child(&open).ok()?;
        let mut parts = Vec::with_capacity(PARTS.len());
        for class in PARTS {
            let name = if class == PARTS[TIME] { "time" } else { "span" };
            let part = create(&document, name, class)?;
            element.append_child(&part).ok()?;
            parts.push(part);
        }
        let time = TimeElement::new(parts.first()?.clone());
        let (texts, class) = Default::default();
        Some(Self {
            element,
            open,
            parts: parts.try_into().ok()?,
            texts,
            channel_mark: ChannelMark::default(),
            class,
            time,
            number: None,
            is_open: false,
            is_pinned: false,
            mark: None,
            lines: 1,
            is_unfolded: false,
            fold_state: None,
            is_rich: false,
            is_new_hit: false,
            is_scrolled: false,
            is_fresh: true,
            height: 0.0,
        })
    }

    pub(super) fn measure(&mut self) -> f64 {
        self.is_fresh = false;
        self.height = layout::height(&self.element);
        self.height
    }

    pub(super) fn height_changed(&self) -> bool {
        !self.is_fresh && (layout::height(&self.element) - self.height).abs() >= HEIGHT_TOLERANCE
    }

    /// Invalidates the row, so that whatever it shows next is written.
    pub(super) fn invalidate(&mut self) {
        self.number = None;
        self.invalidate_message();
    }

    /// Invalidates the message, so that the next one is written. Should it be this very text, it is
    /// drawn as a piece, and so written too.
    fn invalidate_message(&mut self) {
        self.texts[MESSAGE] = "\0".to_owned();
    }

    pub(super) fn show(&mut self, number: Option<u64>, session: &Session, context: &RowContext) {
        let is_open = number.is_some() && context.opened == number;
        if self.is_open != is_open {
            self.is_open = is_open;
            // This fails only for an invalid attribute name.
            let _ =
                self.open.set_attribute("aria-expanded", if is_open { "true" } else { "false" });
        }
        let is_unfolded = number.is_some_and(|number| context.unfolded.contains(&number));
        let group = number.map_or(0..0, |number| session.store().group(number));
        let lines = group.end - group.start;
        let is_pinned = number.is_some_and(|number| session.is_pinned(number));
        self.mark = number.and_then(|number| session.mark_at(number));
        let next = (number, lines, is_unfolded, is_pinned);
        if (self.number, self.lines, self.is_unfolded, self.is_pinned) == next && number.is_some() {
            return;
        }
        if self.is_pinned != is_pinned {
            set_or_remove(&self.element, "data-pinned", if is_pinned { "true" } else { "" });
        }
        (self.number, self.lines, self.is_unfolded, self.is_pinned) = next;
        self.is_fresh = true;
        // The line is in the store, or it would not be in the window. If it was evicted in the
        // meantime, an empty row takes its place until the next frame.
        let read = if is_unfolded { Session::unfolded_text } else { Session::row_text };
        let (mut text, time) = number.and_then(|number| read(session, number)).unwrap_or_default();
        if is_unfolded {
            text.unfold();
        }
        self.show_fold_state(text.has_lines.then_some(is_unfolded));
        // This fails only for an invalid attribute name.
        let words = session.words();
        let mut name = text.button_name(words);
        if is_pinned {
            name.extend([", ", words.text(Word::PinnedLine)]);
        }
        let _ = self.open.set_attribute("aria-label", &name);
        let RowText {
            class,
            exact_time,
            level,
            pipeline,
            channel,
            mark,
            message,
            looks,
            more,
            status,
            ..
        } = text;
        if self.is_rich {
            // The same text may be styled differently now.
            self.invalidate_message();
        }
        if self.class != class {
            self.element.set_class_name(&class);
            self.class = class;
        }
        self.show_channel_mark(mark);
        self.time.set(time, exact_time);
        for (index, text) in (LEVEL..).zip([level, pipeline, channel, message, more, status]) {
            self.write(index, text);
        }
        if std::mem::take(&mut self.is_scrolled) {
            hit::scroll_back(&self.parts[MESSAGE]);
        }
        let message = &self.texts[MESSAGE];
        let marks = session.marks(message);
        self.is_new_hit = !marks.is_empty();
        let pieces = looks.pieces(message, &mut marks.into_iter());
        self.is_rich = pieces::draw(&self.parts[MESSAGE], &pieces);
        if context.current_match == number {
            pieces::mark_current(&self.parts[MESSAGE]);
        }
    }

    /// Shows the channel of the line by its letter, which is read as its name.
    fn show_channel_mark(&mut self, mark: ChannelMark) {
        if self.channel_mark != mark {
            draw_mark(&self.parts[CHANNEL], &mark);
            self.channel_mark = mark;
        }
    }

    /// Makes the sign of further lines a button, which the arrow keys stand for.
    fn show_fold_state(&mut self, state: Option<bool>) {
        if std::mem::replace(&mut self.fold_state, state) == state {
            return;
        }
        let sign = &self.parts[MORE];
        set_or_remove(sign, "role", if state.is_some() { "button" } else { "" });
        let expanded = state.map(|is_unfolded| is_unfolded.to_string());
        set_or_remove(sign, "aria-expanded", expanded.as_deref().unwrap_or_default());
    }

    pub(super) fn show_time(&mut self, previous: Option<i64>, context: &TimeContext<'_>) {
        let mark = self.mark.map(|millis| mark_text(&context.clock(millis), context.words));
        let mark = mark.unwrap_or_default();
        if mark != self.texts[MARK] {
            set_or_remove(&self.element, "data-mark", if mark.is_empty() { "" } else { "true" });
            self.is_fresh = true;
            self.write(MARK, mark);
        }
        if let Some(day) = self.time.show(previous, context) {
            set_or_remove(&self.element, "data-day", &day);
            // The day changes the height of a row that wraps.
            self.is_fresh = true;
            self.write(DAY, day);
        }
    }

    /// Writes the text of a part, and as its tooltip, unless it is already there: the cells of a
    /// row are cut where they do not fit.
    fn write(&mut self, index: usize, text: String) {
        if self.texts[index] == text {
            return;
        }
        self.parts[index].set_text_content(Some(&text));
        if index != MESSAGE {
            set_or_remove(&self.parts[index], "title", &text);
        }
        self.texts[index] = text;
    }
}

/// Draws the letter of a channel, with its whole name as the tooltip and for screen readers.
pub(crate) fn draw_mark(element: &Element, mark: &ChannelMark) {
    element.set_text_content(Some(&mark.letter));
    element.set_class_name(if mark.is_empty() { PARTS[CHANNEL] } else { &mark.class });
    set_or_remove(element, "role", if mark.is_empty() { "" } else { "img" });
    for name in ["title", "aria-label"] {
        set_or_remove(element, name, &mark.full_name);
    }
}

fn create(document: &Document, name: &str, class: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}

const TIME: usize = 0;

const CHANNEL: usize = 1;

const LEVEL: usize = 2;

pub(super) const MESSAGE: usize = 5;

pub(super) const MORE: usize = 6;

const DAY: usize = 8;

const MARK: usize = 9;

/// Smaller differences between two heights come from rounding.
const HEIGHT_TOLERANCE: f64 = 0.01;

const PARTS: [&str; 10] = [
    "dsl-time",
    "dsl-channel",
    "dsl-level",
    "dsl-pipeline",
    "dsl-chip",
    "dsl-message",
    "dsl-chip",
    "dsl-duration",
    "dsl-day",
    "dsl-mark-here",
];
