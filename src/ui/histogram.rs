//! The strip above the lines: a bar for each span of time, and the same as a table for screen
//! readers. The core counts, this draws, a few times a second. Bars are selected by dragging, which
//! filters the lines.

use std::ops::Range;

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::{Button, Div, Table};
use leptos::prelude::*;
use leptos::web_sys::{Element, HtmlElement};
use wasm_bindgen::JsCast;

use crate::browser::Timer;
use crate::ui::built::{Built, NodeRef, view};
use crate::ui::detail::cover;
use crate::ui::elements::{add, create, set};
use crate::ui::live::{Live, effect};
use logs_sse_core::histogram::Chart;
use logs_sse_core::line_time::{TimeContext, TimeDisplay};
use logs_sse_core::settings::ShowHistogram;
use logs_sse_core::tally::Count;
use logs_sse_core::words::{Word, Words};

/// Returns whether the histogram is shown, as the reader left it.
pub(crate) fn setting(live: Live) -> RwSignal<bool> {
    RwSignal::new(live.setting().is_none_or(|ShowHistogram(is_shown)| is_shown))
}

/// Renders the button that shows or hides the histogram.
pub(crate) fn toggle(live: Live, shows: RwSignal<bool>) -> Built {
    let on_click = move |_: MouseEvent| {
        let is_shown = !shows.get_untracked();
        shows.set(is_shown);
        live.set_setting(&ShowHistogram(is_shown));
    };
    view! { class="dsl",
        <button type="button" class="dsl-button dsl-small dsl-histogram-toggle" aria-pressed=move || shows.get().to_string() on:click=on_click>{live.word(Word::Histogram)}</button>
    }
}

/// Renders the bars, and the table for screen readers.
pub(crate) fn histogram(live: Live, shows: RwSignal<bool>) -> Built {
    let (bars, table) = (NodeRef::<Div>::new(), NodeRef::<Table>::new());
    let drawn = StoredValue::new_local(Drawn::default());
    let redraws = RwSignal::new(0_u32);
    effect(move || {
        redraws.track();
        let versions =
            live.view_model.with(|view_model| (view_model.counts_version, view_model.rows_version));
        let key = (versions, live.times.get(), live.now_millis() / QUARTER);
        let (Some(bars), Some(table)) = (bars.get(), table.get()) else { return };
        drawn.update_value(|drawn| {
            // Neither while nothing changes nor while it is hidden.
            if drawn.key == Some(key) || !shows.get() {
                return;
            }
            let now = live.now_millis();
            if (drawn.at..drawn.at + PERIOD).contains(&now) {
                let window = bars.owner_document().and_then(|document| document.default_view());
                let again = move || redraws.update(|redraws| *redraws += 1);
                drawn.timer.get_or_insert_with(|| Timer::new(window, PERIOD as u32, again));
                return;
            }
            (drawn.key, drawn.at, drawn.timer) = (Some(key), now, None);
            let (chart, span) =
                live.read(|session| (session.store().chart(), session.query().times.clone()));
            drawn.chart = chart;
            // Not while the reader selects another one.
            if !matches!(drawn.drag, Drag::Selecting) {
                drawn.span = span;
            }
            live.rows.with_value(|rows| {
                let times = TimeContext { display: key.1, ..rows.times() };
                drawn.draw(&bars, &table, &times);
            });
        });
    });
    let mark = move || {
        let Some(bars) = bars.get_untracked() else { return };
        let display = live.times.get_untracked();
        live.rows.with_value(|rows| {
            let times = TimeContext { display, ..rows.times() };
            drawn.with_value(|drawn| drawn.mark(&bars, &times));
        });
    };
    let on_down = move |event: PointerEvent| {
        let Some(bars) = bars.get_untracked().filter(|_| event.button() == 0) else { return };
        // A drag continues outside of the strip. This fails only if the pointer is gone.
        let _ = bars.set_pointer_capture(event.pointer_id());
        drawn.update_value(|drawn| {
            drawn.pick(event.client_x());
            (drawn.anchor, drawn.drag) = (Some(drawn.at()), Drag::Pressed);
        });
    };
    let on_move = move |event: PointerEvent| {
        let has_changed = drawn.try_update_value(|drawn| {
            if !matches!(drawn.drag, Drag::Pressed | Drag::Selecting) {
                return false;
            }
            let last = drawn.second;
            drawn.pick(event.client_x());
            if drawn.second == last {
                return false;
            }
            (drawn.drag, drawn.span) = (Drag::Selecting, drawn.selected());
            true
        });
        if has_changed == Some(true) {
            mark();
        }
    };
    let on_up = move |_: PointerEvent| {
        let span = drawn.try_update_value(|drawn| {
            let is_over = matches!(drawn.drag, Drag::Selecting);
            drawn.drag = if is_over { Drag::Selected } else { Drag::None };
            drawn.selected().filter(|_| is_over)
        });
        if let Some(span) = span.flatten() {
            show_only(live, Some(span));
        }
    };
    let on_cancel = move |_: PointerEvent| {
        let span = live.query().times;
        drawn.update_value(|drawn| {
            (drawn.drag, drawn.anchor, drawn.span) = (Drag::None, None, span);
        });
        mark();
    };
    let on_click = move |event: MouseEvent| {
        let is_click = drawn.try_update_value(|drawn| {
            let is_click = !matches!(std::mem::take(&mut drawn.drag), Drag::Selected);
            if is_click {
                drawn.pick(event.client_x());
                drawn.anchor = None;
            }
            is_click
        });
        if is_click == Some(true) {
            go(live, drawn);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let by = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -1,
            "ArrowRight" | "ArrowUp" => 1,
            "PageDown" => -10,
            "PageUp" => 10,
            "Home" => i64::MIN,
            "End" => i64::MAX,
            "Enter" | " " => 0,
            "Escape" if live.query().times.is_some() => {
                event.prevent_default();
                event.stop_propagation();
                drawn.update_value(|drawn| (drawn.anchor, drawn.span) = (None, None));
                mark();
                return show_only(live, None);
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if by == 0 {
            return go(live, drawn);
        }
        let is_selecting = event.shift_key();
        let span = drawn.try_update_value(|drawn| {
            let anchor = drawn.anchor.unwrap_or_else(|| drawn.at());
            drawn.step(by);
            drawn.anchor = is_selecting.then_some(anchor);
            if is_selecting {
                drawn.span = drawn.selected();
            }
            drawn.span.clone()
        });
        mark();
        if is_selecting {
            show_only(live, span.flatten());
        }
    };
    view! { class="dsl",
        <div class="dsl-histogram" dir="ltr" hidden=move || !shows.get()>
            <div class="dsl-bars" role="slider" tabindex="0" aria-valuemin="1" node_ref=bars on:pointerdown=on_down on:pointermove=on_move on:pointerup=on_up on:pointercancel=on_cancel on:click=on_click on:keydown=on_key></div>
            // A table is as wide as its cells, whatever its style says.
            <div class="dsl-hidden"><table node_ref=table></table></div>
        </div>
    }
}

/// Renders the button that names the selected span of time, and removes it.
pub(crate) fn span_button(live: Live) -> Built {
    let button = NodeRef::<Button>::new();
    effect(move || {
        live.view_model.with(|view_model| view_model.rows_version);
        let display = live.times.get();
        let Some(button) = button.get() else { return };
        let text = live.query().times.map(|span| {
            live.rows.with_value(|rows| TimeContext { display, ..rows.times() }.span(&span))
        });
        button.set_hidden(text.is_none());
        let text = text.unwrap_or_default();
        // This fails only for invalid names of attributes.
        let _ = set(&button, &[("aria-label", &live.word_with(Word::RemoveSpanOf, "span", &text))]);
        button.set_text_content(Some(&[&text, " ✕"].concat()));
    });
    let on_click = move |_: MouseEvent| {
        show_only(live, None);
        live.focus_list();
    };
    view! { class="dsl",
        <button type="button" class="dsl-button dsl-small dsl-span" hidden="true" title=live.word(Word::RemoveSpan) node_ref=button on:click=on_click></button>
    }
}

/// Shows only the lines that were written at these seconds, or all.
fn show_only(live: Live, span: Option<Range<i64>>) {
    live.update_query(|query| query.times = span);
}

/// Brings the first error of the current bar into view, otherwise its first line.
fn go(live: Live, drawn: StoredValue<Drawn, LocalStorage>) {
    let Some(seconds) = drawn.with_value(|drawn| {
        let bar = drawn.current();
        (bar < drawn.chart.bars.len()).then(|| drawn.chart.seconds(bar))
    }) else {
        return;
    };
    let found = live.read(|session| {
        let row = session.ordinal_of(session.first_at(seconds)?)?;
        // A line that is folded is in the row of another one.
        Some((session.row_number(row)?, row, session.shown_range()))
    });
    let Some(list) = live.list.get_untracked() else { return };
    let Some((number, row, lines)) = found else { return live.say_word(Word::NoLineAtTime) };
    let cover = cover(&list);
    live.move_view(|viewport| viewport.reveal(row, &lines, cover));
    live.choose(Some(number));
}

/// What is drawn, and what it was drawn from.
#[derive(Default)]
struct Drawn {
    /// What it depends on: the counts and the query, how times are shown, and the season.
    key: Option<((u64, u64), TimeDisplay, i64)>,
    /// When it was drawn, in milliseconds since 1970, and what draws it again.
    at: i64,
    timer: Option<Timer>,
    chart: Chart,
    bars: Vec<Bar>,
    /// The second at which the reader is; the last bar if none was chosen.
    second: Option<i64>,
    /// The second at which a selection began.
    anchor: Option<i64>,
    /// The seconds that are selected.
    span: Option<Range<i64>>,
    drag: Drag,
}

/// What a pointer does that is pressed.
#[derive(Default)]
enum Drag {
    #[default]
    None,
    /// It is still on the bar where it was pressed.
    Pressed,
    Selecting,
    /// It has selected bars, so that its click is none.
    Selected,
}

/// The elements of one bar, and what they show.
struct Bar {
    bucket: Element,
    errors: Element,
    lines: Element,
    row: Element,
    heights: [u64; 2],
    name: String,
}

impl Drawn {
    fn draw(&mut self, bars: &Element, table: &Element, times: &TimeContext<'_>) {
        if table.first_element_child().is_none() {
            head(table, times.words);
        }
        while self.bars.len() > self.chart.bars.len() {
            if let Some(bar) = self.bars.pop() {
                bar.bucket.remove();
                bar.row.remove();
            }
        }
        while self.bars.len() < self.chart.bars.len() {
            let Some(bar) = Bar::new(bars, table) else { break };
            self.bars.push(bar);
        }
        let most = self.chart.most_lines();
        for (at, bar) in self.bars.iter_mut().enumerate() {
            bar.show(&self.chart, at, most, times);
        }
        let name = self.chart.name(times);
        // These fail only for invalid names of attributes.
        let _ = set(bars, &[("aria-label", &name)]);
        if let Some(caption) = table.first_element_child() {
            caption.set_text_content(Some(&name));
        }
        self.mark(bars, times);
    }

    /// Returns the index of the bar at which the reader is.
    fn current(&self) -> usize {
        let last = self.chart.bars.len().saturating_sub(1);
        self.second.map_or(last, |second| self.chart.bar_at(second))
    }

    /// Returns the second at which the bar begins at which the reader is.
    fn at(&self) -> i64 {
        self.chart.seconds(self.current()).start
    }

    /// Returns the seconds from where a selection began to where the reader is.
    fn selected(&self) -> Option<Range<i64>> {
        let anchor = self.anchor.filter(|_| !self.chart.bars.is_empty())?;
        Some(self.chart.span(anchor, self.at()))
    }

    fn choose(&mut self, bar: usize) {
        let last = self.chart.bars.len().saturating_sub(1);
        self.second = Some(self.chart.seconds(bar.min(last)).start);
    }

    fn step(&mut self, by: i64) {
        let bar = (self.current() as i64).saturating_add(by).max(0);
        self.choose(usize::try_from(bar).unwrap_or(usize::MAX));
    }

    /// Makes the bar at this position of a pointer the current one, otherwise the nearest.
    fn pick(&mut self, x: i32) {
        let ends_after = |bar: &Bar| bar.bucket.get_bounding_client_rect().right() > f64::from(x);
        let bar = self.bars.iter().position(ends_after);
        self.choose(bar.unwrap_or(self.bars.len().saturating_sub(1)));
    }

    /// Marks the current bar, and says which it is.
    fn mark(&self, bars: &Element, times: &TimeContext<'_>) {
        let current = self.current();
        for (at, bar) in self.bars.iter().enumerate() {
            let seconds = self.chart.seconds(at);
            let is_in = |span: &Range<i64>| span.start < seconds.end && seconds.start < span.end;
            let class = match (at == current, self.span.as_ref().is_some_and(is_in)) {
                (true, true) => "dsl-bucket dsl-at dsl-in-span",
                (true, false) => "dsl-bucket dsl-at",
                (false, true) => "dsl-bucket dsl-in-span",
                (false, false) => "dsl-bucket",
            };
            if bar.bucket.class_name() != class {
                bar.bucket.set_class_name(class);
            }
        }
        let mut name = self.chart.bar_name(current, times);
        if let Some(span) = &self.span {
            let span = times.words.fill(Word::SelectedSpan, &[("span", &times.span(span))]);
            name.extend(["; ", &span]);
        }
        // This fails only for invalid names of attributes.
        let _ = set(
            bars,
            &[
                ("aria-valuemax", &self.bars.len().to_string()),
                ("aria-valuenow", &(current + 1).to_string()),
                ("aria-valuetext", &name),
            ],
        );
    }
}

impl Bar {
    fn new(bars: &Element, table: &Element) -> Option<Self> {
        let document = bars.owner_document()?;
        let part = |class| create(&document, "span", class, "");
        let (bucket, row) = (part("dsl-bucket")?, create(&document, "tr", "", "")?);
        let (errors, lines) = (part("dsl-bucket-errors")?, part("dsl-bucket-lines")?);
        for name in ["th", "td", "td"] {
            add(&row, &create(&document, name, "", "")?)?;
        }
        add(&bucket, &errors)?;
        add(&bucket, &lines)?;
        add(bars, &bucket)?;
        add(table, &row)?;
        Some(Self { bucket, errors, lines, row, heights: [u64::MAX; 2], name: String::new() })
    }

    /// Writes what has changed.
    fn show(&mut self, chart: &Chart, at: usize, most: u64, times: &TimeContext<'_>) {
        let Count { lines, errors } = chart.bars[at];
        let percent = |count: u64| (count * 100).div_ceil(most.max(1));
        let heights = [percent(errors), percent(lines - errors)];
        for (index, element) in [&self.errors, &self.lines].into_iter().enumerate() {
            if heights[index] != self.heights[index] {
                let element = element.unchecked_ref::<HtmlElement>();
                // Not even its border may be seen.
                element.set_hidden(heights[index] == 0);
                // A single line among thousands is still seen.
                let height = ["max(3px,", &heights[index].to_string(), "%)"].concat();
                // This fails only for a read-only style, and those of elements are not.
                let _ = element.style().set_property("height", &height);
            }
        }
        self.heights = heights;
        let name = chart.bar_name(at, times);
        if name != self.name {
            // This fails only for invalid names of attributes.
            let _ = set(&self.bucket, &[("title", &name)]);
            let texts = [chart.time(at, times), lines.to_string(), errors.to_string()];
            for (index, text) in texts.iter().enumerate() {
                if let Some(cell) = self.row.children().item(index as u32) {
                    cell.set_text_content(Some(text));
                }
            }
            self.name = name;
        }
    }
}

/// Adds the caption and the headings of the table.
fn head(table: &Element, words: &Words) -> Option<()> {
    let document = table.owner_document()?;
    let row = create(&document, "tr", "", "")?;
    for name in [Word::TimeHeading, Word::LinesHeading, Word::ErrorsHeading] {
        add(&row, &create(&document, "th", "", words.text(name))?)?;
    }
    add(table, &create(&document, "caption", "", "")?)?;
    add(table, &row)
}

/// As often as the bars are drawn at most: eyes follow no more than four times a second.
const PERIOD: i64 = 250;

/// Clocks are set at a quarter of an hour.
const QUARTER: i64 = 900_000;
