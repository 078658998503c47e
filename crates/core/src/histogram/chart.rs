//! The bars of the chart: which span of time they show, and how wide each is.

use std::ops::Range;

use super::{Cell, WIDTHS};
use crate::line_time::TimeContext;
use crate::tally::Count;
use crate::words::{Word, Words};

/// The lines over time, in bars of the same width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// The second since 1970 at which the first bar begins.
    pub start: i64,
    /// The width of a bar in seconds.
    pub width: i64,
    /// The lines of each bar.
    pub bars: Vec<Count>,
    /// How many lines are left out because they are far from all others: their clock was wrong.
    pub outliers: u64,
    /// How many lines have no time, nor a line before them that has one.
    pub untimed: u64,
}

impl Chart {
    pub(super) fn new(cells: &[Cell], scale: usize, untimed: u64) -> Self {
        let shown = without_outliers(cells);
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
            return Self { untimed, ..Self::default() };
        };
        let bars = |width: &u32| (last.start / width - first.start / width + 1) as usize;
        let width = WIDTHS[scale..].iter().find(|width| bars(width) <= MOST_BARS);
        let width = *width.unwrap_or(&WIDTHS[WIDTHS.len() - 1]);
        let first_bar = first.start / width;
        let mut chart = Self {
            start: i64::from(first_bar * width),
            width: i64::from(width),
            bars: vec![Count::default(); bars(&width)],
            outliers: lines(cells) - lines(shown),
            untimed,
        };
        for cell in shown {
            chart.bars[(cell.start / width - first_bar) as usize] += cell.count;
        }
        chart
    }

    /// Returns the seconds of a bar.
    #[must_use]
    pub fn seconds(&self, bar: usize) -> Range<i64> {
        let start = self.start + bar as i64 * self.width;
        start..start + self.width
    }

    /// Returns the index of the bar of this second: of the nearest one, if it has none.
    #[must_use]
    pub fn bar_at(&self, second: i64) -> usize {
        let bar = (second - self.start).div_euclid(self.width.max(1)).max(0);
        usize::try_from(bar).unwrap_or_default().min(self.bars.len().saturating_sub(1))
    }

    /// Returns the seconds of all bars from that of one second to that of another.
    #[must_use]
    pub fn span(&self, one: i64, other: i64) -> Range<i64> {
        let [one, other] = [one, other].map(|second| self.bar_at(second));
        self.seconds(one.min(other)).start..self.seconds(one.max(other)).end
    }

    /// Returns the most lines that a bar has.
    #[must_use]
    pub fn most_lines(&self) -> u64 {
        self.bars.iter().map(|bar| bar.lines).max().unwrap_or_default()
    }

    /// Returns what the chart shows: `Lines per minute, most errors 5 at 02:13`.
    #[must_use]
    pub fn name(&self, times: &TimeContext<'_>) -> String {
        let has_errors = self.bars.iter().any(|bar| bar.errors > 0);
        let height = |bar: &Count| if has_errors { bar.errors } else { bar.lines };
        // The first of several.
        let most = self.bars.iter().enumerate().rev().max_by_key(|(_, bar)| height(bar));
        let Some((at, most)) = most else { return String::new() };
        let words = times.words;
        let word = if has_errors { Word::LinesPerErrors } else { Word::LinesPer };
        let (unit, most) = (unit(self.width, words), words.number(height(most)));
        let values = [("unit", &*unit), ("most", &*most), ("time", &*self.time(at, times))];
        let mut name = words.fill(word, &values);
        for (lines, word) in
            [(self.outliers, Word::OutliersNotShown), (self.untimed, Word::UntimedNotShown)]
        {
            if lines > 0 {
                name.extend([", ", &words.count(word, lines)]);
            }
        }
        name
    }

    /// Returns when a bar begins: `02:13`.
    #[must_use]
    pub fn time(&self, bar: usize, times: &TimeContext<'_>) -> String {
        times.bar(self.seconds(bar).start * 1_000, self.width)
    }

    /// Returns a bar in words: `02:13, 17 lines, 5 errors`.
    #[must_use]
    pub fn bar_name(&self, bar: usize, times: &TimeContext<'_>) -> String {
        let Count { lines, errors } = self.bars.get(bar).copied().unwrap_or_default();
        let mut name =
            [&self.time(bar, times), ", ", &times.words.count(Word::Lines, lines)].concat();
        if errors > 0 {
            name.extend([", ", &times.words.count(Word::Errors, errors)]);
        }
        name
    }
}

/// Returns the cells that the chart shows: without the few lines at either end that are more than a
/// day, and more than the span of all others, away from them.
fn without_outliers(cells: &[Cell]) -> &[Cell] {
    let all = lines(cells);
    let few = if all < 4 { 0 } else { (all / 100).max(1) };
    let (Some(first), Some(last)) =
        (skip(cells.iter(), few), skip(cells.iter().rev(), few).filter(|_| all > 0))
    else {
        return cells;
    };
    let far = i64::from(last).saturating_sub(first.into()).max(DAY);
    let start = cells.partition_point(|cell| i64::from(cell.start) < i64::from(first) - far);
    let end = cells.partition_point(|cell| i64::from(cell.start) <= i64::from(last) + far);
    cells.get(start..end).unwrap_or(cells)
}

/// Returns where the cell begins that holds the line after the first `few`.
fn skip<'a>(cells: impl Iterator<Item = &'a Cell>, few: u64) -> Option<u32> {
    let mut seen = 0;
    for cell in cells {
        seen += cell.count.lines;
        if seen > few {
            return Some(cell.start);
        }
    }
    None
}

fn lines(cells: &[Cell]) -> u64 {
    cells.iter().map(|cell| cell.count.lines).sum()
}

/// Returns the name of a width of bars.
fn unit(seconds: i64, words: &Words) -> String {
    const UNITS: [(i64, Word); 5] = [
        (604_800, Word::PerWeek),
        (86_400, Word::PerDay),
        (3_600, Word::PerHour),
        (60, Word::PerMinute),
        (1, Word::PerSecond),
    ];
    let (size, word) =
        UNITS.into_iter().find(|(size, _)| seconds % size == 0).unwrap_or((1, Word::PerSecond));
    words.count(word, (seconds / size).unsigned_abs())
}

/// So many that each is at least a few pixels wide in most windows.
const MOST_BARS: usize = 60;

const DAY: i64 = 86_400;
