//! Durations and sizes as people read them.

use std::time::Duration;

use super::{Word, Words};

impl Words {
    /// Writes a duration with the precision that a person needs: `0.9 s`, `14 s`, `6 min 2 s`.
    #[must_use]
    pub fn duration(&self, time: Duration) -> String {
        let seconds = time.as_secs();
        match seconds {
            0 => {
                let tenths = self.decimal(0, time.subsec_millis().into(), 1);
                self.fill(Word::Seconds, &[("seconds", &tenths)])
            }
            1..60 => self.fill(Word::Seconds, &[("seconds", &seconds.to_string())]),
            60..3_600 => self.units(
                Word::MinutesSeconds,
                ("minutes", seconds / 60),
                ("seconds", seconds % 60),
            ),
            _ => self.units(
                Word::HoursMinutes,
                ("hours", seconds / 3_600),
                ("minutes", seconds % 3_600 / 60),
            ),
        }
    }

    /// Writes two numbers, each in the place of its unit.
    pub(crate) fn units(&self, word: Word, first: (&str, u64), second: (&str, u64)) -> String {
        let values = [(first.0, &*first.1.to_string()), (second.0, &*second.1.to_string())];
        self.fill(word, &values)
    }

    /// Writes a number of bytes: `512 B`, `1.9 kB`, `3.0 MB`.
    #[cfg(feature = "view")]
    #[must_use]
    pub fn size(&self, bytes: usize) -> String {
        let bytes = bytes as u64;
        let (word, number) = match bytes {
            0..1_000 => (Word::Bytes, bytes.to_string()),
            1_000..1_000_000 => (Word::Kilobytes, self.decimal(bytes / 1_000, bytes % 1_000, 1)),
            _ => (Word::Megabytes, self.decimal(bytes / 1_000_000, bytes % 1_000_000 / 1_000, 1)),
        };
        self.fill(word, &[("number", &number)])
    }

    /// Writes `whole` and a number of thousandths, of which it keeps `decimals` digits.
    pub(crate) fn decimal(&self, whole: u64, thousandths: u64, decimals: usize) -> String {
        let digits = (1_000 + thousandths).to_string();
        let digits = digits.get(1..=decimals).unwrap_or_default();
        match &self.0 {
            None => [&whole.to_string(), ".", digits].concat(),
            Some(language) => {
                // As many digits as are kept: a number would be rounded otherwise.
                let unit = [1_000, 100, 10, 1][decimals.min(3)];
                let kept = (whole * 1_000 + thousandths) / unit;
                language.number(kept as f64 * unit as f64 / 1_000.0, decimals)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        let words = Words::ENGLISH;
        let duration = |millis| words.duration(Duration::from_millis(millis));
        assert_eq!(
            [duration(940), duration(14_000), duration(362_000), duration(7_320_000)],
            ["0.9 s", "14 s", "6 min 2 s", "2 h 2 min"]
        );
        assert_eq!(
            [words.size(512), words.size(1_952), words.size(3_000_000)],
            ["512 B", "1.9 kB", "3.0 MB"]
        );
    }
}
