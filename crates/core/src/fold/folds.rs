//! The numbers of rows when some lines have none of their own. One entry per row of several lines,
//! and none for a line that is a row itself.

use std::collections::VecDeque;
use std::ops::Range;

/// Which of consecutive lines are part of the row before them.
///
/// Row numbers ascend with lines, and always denote the same row: lines are added and removed at
/// both ends, and a row keeps its number until its last line is removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folds {
    folds: VecDeque<Fold>,
    /// How many lines before the first fold have no row; of all lines if there is no fold. Wraps
    /// around: lines that are added at the front may take it below zero.
    before: u64,
}

/// A row of several lines.
#[derive(Clone, Copy, Debug)]
struct Fold {
    /// The number of its first line.
    start: u64,
    /// How many lines follow the first.
    more: u64,
    /// How many lines up to the last of these have no row. Wraps around.
    hidden: u64,
}

impl Fold {
    fn end(&self) -> u64 {
        self.start + self.more + 1
    }

    fn row(&self) -> u64 {
        self.start.wrapping_sub(self.hidden.wrapping_sub(self.more))
    }
}

impl Folds {
    /// Adds `line` after all others. `joins` says whether it is part of the last row.
    pub(crate) fn add_newer(&mut self, line: u64, joins: bool) {
        if !joins {
            return;
        }
        let hidden = self.folds.back().map_or(self.before, |fold| fold.hidden).wrapping_add(1);
        match self.folds.back_mut() {
            Some(last) if last.end() == line => {
                last.more += 1;
                last.hidden = hidden;
            }
            _ => self.folds.push_back(Fold { start: line - 1, more: 1, hidden }),
        }
    }

    /// Adds `line` before all others. `takes` says whether the first of them is part of its row.
    pub(crate) fn add_older(&mut self, line: u64, takes: bool) {
        if !takes {
            return;
        }
        match self.folds.front_mut() {
            Some(first) if first.start == line + 1 => {
                first.start = line;
                first.more += 1;
            }
            _ => self.folds.push_front(Fold { start: line, more: 1, hidden: self.before }),
        }
        self.before = self.before.wrapping_sub(1);
    }

    /// Forgets the lines before `line`. The row that it is in continues with it.
    pub(crate) fn release_before(&mut self, line: u64) {
        while let Some(first) = self.folds.front_mut().filter(|first| first.start < line) {
            if line + 1 < first.end() {
                let released = line - first.start;
                first.start = line;
                first.more -= released;
                self.before = first.hidden.wrapping_sub(first.more);
                return;
            }
            self.before = first.hidden;
            self.folds.pop_front();
        }
    }

    /// Forgets all lines. Row numbers continue.
    pub(crate) fn clear(&mut self) {
        self.before = self.folds.back().map_or(self.before, |fold| fold.hidden);
        self.folds.clear();
    }

    /// Returns the row of a line.
    pub(crate) fn row_of(&self, line: u64) -> u64 {
        match self.last_from(line) {
            Some(fold) if line < fold.end() => fold.row(),
            fold => line.wrapping_sub(fold.map_or(self.before, |fold| fold.hidden)),
        }
    }

    /// Returns the rows of `lines`.
    pub(crate) fn rows(&self, lines: &Range<u64>) -> Range<u64> {
        let start = self.row_of(lines.start);
        match lines.end.checked_sub(1) {
            Some(last) if lines.start <= last => start..self.row_of(last) + 1,
            _ => start..start,
        }
    }

    /// Returns the first line of a row.
    pub(crate) fn line_of(&self, row: u64) -> u64 {
        let next = self.folds.partition_point(|fold| fold.row() <= row);
        match next.checked_sub(1).and_then(|index| self.folds.get(index)) {
            Some(fold) if fold.row() == row => fold.start,
            fold => row.wrapping_add(fold.map_or(self.before, |fold| fold.hidden)),
        }
    }

    /// Returns all lines of the row that `line` is in.
    pub(crate) fn group(&self, line: u64) -> Range<u64> {
        match self.last_from(line) {
            Some(fold) if line < fold.end() => fold.start..fold.end(),
            _ => line..line + 1,
        }
    }

    fn last_from(&self, line: u64) -> Option<&Fold> {
        let next = self.folds.partition_point(|fold| fold.start <= line);
        self.folds.get(next.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Newer(bool),
        Older(bool),
        Release(u64),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            12 => any::<bool>().prop_map(Step::Newer),
            6 => any::<bool>().prop_map(Step::Older),
            3 => (0..8_u64).prop_map(Step::Release),
            1 => Just(Step::Clear),
        ]
    }

    /// The rows of all lines, each with its number.
    #[derive(Default)]
    struct Model(VecDeque<(u64, u64)>);

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_line_is_in_one_row_which_keeps_its_number(
            steps in prop::collection::vec(step(), 1..120),
        ) {
            let (mut folds, mut model) = (Folds::default(), Model::default());
            let (mut lines, mut next_row) = (1_000..1_000_u64, 1_000);
            for step in steps {
                match step {
                    Step::Newer(joins) => {
                        let joins = joins && !lines.is_empty();
                        folds.add_newer(lines.end, joins);
                        next_row += u64::from(!joins);
                        model.0.push_back((lines.end, next_row - 1));
                        lines.end += 1;
                    }
                    Step::Older(takes) => {
                        let takes = takes && !lines.is_empty();
                        folds.add_older(lines.start - 1, takes);
                        let row = model.0.front().map_or(next_row, |(_, row)| *row);
                        lines.start -= 1;
                        model.0.push_front((lines.start, row - u64::from(!takes)));
                    }
                    Step::Release(count) => {
                        lines.start += count.min(lines.end - lines.start);
                        model.0.retain(|(line, _)| lines.contains(line));
                        folds.release_before(lines.start);
                    }
                    Step::Clear => {
                        lines.start = lines.end;
                        model.0.clear();
                        folds.clear();
                    }
                }
                let rows = folds.rows(&lines);
                let first = model.0.front().map_or(next_row, |(_, row)| *row);
                prop_assert_eq!(rows, first..next_row);
                for (line, row) in &model.0 {
                    prop_assert_eq!(folds.row_of(*line), *row);
                    let group: Vec<_> =
                        model.0.iter().filter(|(_, other)| other == row).map(|(line, _)| *line).collect();
                    prop_assert_eq!(folds.group(*line).collect::<Vec<_>>(), group.clone());
                    prop_assert_eq!(Some(&folds.line_of(*row)), group.first());
                }
            }
        }
    }

    #[test]
    fn only_rows_of_several_lines_take_memory() {
        let mut folds = Folds::default();
        (0..1_000).for_each(|line| folds.add_newer(line, line > 500));
        assert_eq!((folds.folds.len(), folds.rows(&(0..1_000))), (1, 0..501));
    }
}
