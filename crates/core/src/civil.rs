//! Dates and times of day of the Gregorian calendar, from milliseconds since 1970. Knows no time
//! zone: the caller adds the offset first.

use crate::words::{Word, Words};

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: usize,
    pub(crate) day: i64,
    /// The number of days since 1970.
    days: i64,
    /// The milliseconds since midnight.
    millis: i64,
}

impl Civil {
    pub(crate) fn from_millis(millis: i64) -> Self {
        let days = millis.div_euclid(DAY);
        // Howard Hinnant, "chrono-compatible low-level date algorithms". Years begin in March, so
        // that the leap day is the last; an era is 400 years.
        let from_era_zero = days + 719_468;
        let (era, day) =
            (from_era_zero.div_euclid(DAYS_OF_ERA), from_era_zero.rem_euclid(DAYS_OF_ERA));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let is_next_year = month >= 10;
        Self {
            year: year + era * 400 + i64::from(is_next_year),
            month: ((month + 2) % 12 + 1).unsigned_abs() as usize,
            day: day_of_year - (153 * month + 2) / 5 + 1,
            days,
            millis: millis.rem_euclid(DAY),
        }
    }

    /// Returns whether both are on the same day.
    pub(crate) fn is_same_day(&self, other: &Self) -> bool {
        self.days == other.days
    }

    /// Formats the date: `2026-11-26`.
    pub(crate) fn date(&self) -> String {
        format!("{}-{}-{}", padded(self.year, 4), padded(self.month as i64, 2), padded(self.day, 2))
    }

    /// Formats the time of day: `02:13:02.004`.
    pub(crate) fn time(&self) -> String {
        let (seconds, millis) = (self.millis / 1_000, self.millis % 1_000);
        format!(
            "{}:{}:{}.{}",
            padded(seconds / 3_600, 2),
            padded(seconds / 60 % 60, 2),
            padded(seconds % 60, 2),
            padded(millis, 3)
        )
    }

    /// Formats the day: `Thu 26 Nov 2026`.
    pub(crate) fn day_name(&self, words: &Words) -> String {
        let pick = |word, index| words.text(word).split(' ').nth(index).unwrap_or_default();
        let values = [
            // 1970 began on a Thursday.
            (
                "weekday",
                pick(Word::Weekdays, (self.days + 3).rem_euclid(7).unsigned_abs() as usize),
            ),
            ("day", &self.day.to_string()),
            ("month", pick(Word::Months, self.month - 1)),
            ("year", &padded(self.year, 4)),
        ];
        words.fill(Word::Day, &values)
    }
}

/// Formats `number` with at least `digits` digits. `{:04}` would add 1 kB of formatting code.
fn padded(number: i64, digits: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let number = number.unsigned_abs().to_string();
    format!("{sign}{}{number}", "0".repeat(digits.saturating_sub(number.len())))
}

const DAY: i64 = 86_400_000;

const DAYS_OF_ERA: i64 = 146_097;

#[cfg(test)]
mod tests {
    use super::*;
    use logs_sse_wire::moment;
    use proptest::prelude::*;

    /// From the year 0 to the year 9999, which is what the parser accepts.
    const PARSED: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

    proptest! {
        #[test]
        fn what_is_formatted_parses_as_the_same_instant(millis in PARSED) {
            let civil = Civil::from_millis(millis);
            let text = format!("{}T{}Z", civil.date(), civil.time());
            prop_assert_eq!(moment::read(&text), Some(millis), "{}", text);
        }

        #[test]
        fn no_instant_panics(millis in any::<i64>()) {
            let civil = Civil::from_millis(millis);
            prop_assert!((1..=12).contains(&civil.month) && (1..=31).contains(&civil.day));
            prop_assert!(!civil.day_name(&Words::ENGLISH).is_empty());
        }

        #[test]
        fn weekdays_follow_each_other(day in -700_000_i64..2_900_000) {
            let weekdays: Vec<_> = Word::Weekdays.english().split(' ').collect();
            let weekday = |day: i64| Civil::from_millis(day * DAY).day_name(&Words::ENGLISH)[..3].to_owned();
            let at = weekdays.iter().position(|name| *name == weekday(day)).expect("a weekday");
            prop_assert_eq!(weekday(day + 1), weekdays[(at + 1) % 7]);
        }
    }

    #[test]
    fn names_the_day() {
        let name = |millis| Civil::from_millis(millis).day_name(&Words::ENGLISH);
        assert_eq!(
            [name(0), name(-1), name(1_709_164_800_000), name(1_795_651_200_000)],
            ["Thu 1 Jan 1970", "Wed 31 Dec 1969", "Thu 29 Feb 2024", "Thu 26 Nov 2026"]
        );
    }
}
