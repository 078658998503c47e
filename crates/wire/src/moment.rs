//! Parses times as producers write them: epoch numbers in any unit, and ISO 8601 with any offset.
//! Exact, without floating point, which in WebAssembly would cost a table of powers.

/// Parses a time and returns milliseconds since 1970 (UTC).
///
/// Accepts a number or an ISO date and time; returns `None` for anything else.
///
/// The size of a number determines its unit: seconds, milliseconds, microseconds or nanoseconds,
/// whichever is between 1973 and 2286. A counter, a duration or a date written as digits is in none
/// of these ranges. An ISO time without an offset is UTC.
#[must_use]
pub fn read(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    parse_number(text).or_else(|| parse_iso(text))
}

/// Returns whether `text` is zero, which producers write for a time that is not set.
#[must_use]
pub fn is_unset(text: &str) -> bool {
    Number::read(text.trim_ascii()).is_some_and(|number| number.mantissa == 0)
}

fn parse_number(text: &str) -> Option<i64> {
    let number = Number::read(text)?;
    // 10^(digits - 1) <= number < 10^digits
    let digits = number.mantissa.checked_ilog10()? as i32 + 1 + number.exponent;
    let to_millis = match digits {
        9..=10 => 3,
        12..=13 => 0,
        15..=16 => -3,
        18..=19 => -6,
        _ => return None,
    };
    let millis = shifted(number.mantissa, number.exponent + to_millis)?;
    Some(if number.is_negative { -millis } else { millis })
}

/// Returns `mantissa` times a power of ten, without its fraction.
fn shifted(mantissa: u64, exponent: i32) -> Option<i64> {
    let power = 10_u64.checked_pow(exponent.unsigned_abs())?;
    i64::try_from(if exponent < 0 { mantissa / power } else { mantissa.checked_mul(power)? }).ok()
}

/// A decimal number: `mantissa` times ten to the power of `exponent`.
struct Number {
    is_negative: bool,
    mantissa: u64,
    exponent: i32,
}

impl Number {
    /// Parses a number as JSON writes it. Digits beyond those that matter for a millisecond are
    /// dropped.
    fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (text, power) = match text.split_once(['e', 'E']) {
            Some((text, power)) => (text, exponent(power)?),
            None => (text, 0),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (mut mantissa, mut exponent) = (0_u64, power);
        for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
            let is_whole = index < whole.len();
            if mantissa < MAX_MANTISSA {
                mantissa = mantissa * 10 + u64::from(digit - b'0');
                exponent -= i32::from(!is_whole);
            } else {
                exponent = exponent.saturating_add(i32::from(is_whole));
            }
        }
        Some(Self { is_negative, mantissa, exponent })
    }
}

/// From here on, a further digit is smaller than a millisecond in any unit.
const MAX_MANTISSA: u64 = 100_000_000_000_000_000;

fn exponent(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let is_valid =
        (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_valid.then(|| {
        digits.bytes().fold(0, |number, digit| number * 10 + i32::from(digit - b'0')) * sign
    })
}

/// Parses `2026-11-23T22:28:34`, with any fraction and any offset.
fn parse_iso(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.digits(4)?;
    let is_basic = !rest.skip(b"-");
    let month = rest.digits(2)?;
    let has_sign = rest.skip(b"-");
    let day = rest.digits(2)?;
    if has_sign == is_basic || !rest.skip(b"Tt ") {
        return None;
    }
    let hour = rest.digits(2)?;
    let has_colon = rest.skip(b":");
    let minute = rest.digits(2)?;
    let second =
        if has_colon { if rest.skip(b":") { rest.digits(2)? } else { 0 } } else { rest.digits(2)? };
    let millis = if rest.skip(b".,") { rest.fraction()? } else { 0 };
    rest.skip(b" ");
    let offset = rest.offset()?;
    let is_moment = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second;
    is_moment.then_some(seconds * 1_000 + millis)
}

/// The part of a text that is not parsed yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Consumes a number of exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// Consumes the next byte if it is one of `bytes`, and returns whether it was.
    fn skip(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.0.first().is_some_and(|byte| bytes.contains(byte));
        self.0 = &self.0[usize::from(is_next)..];
        is_next
    }

    /// Consumes a fraction of a second and returns its milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let millis = (0..3).fold(0, |millis, index| {
            millis * 10 + if index < count { i64::from(self.0[index] - b'0') } else { 0 }
        });
        self.0 = &self.0[count..];
        (count > 0).then_some(millis)
    }

    /// Consumes the offset that ends the text (`Z`, `+05:30`, `+0530`, `-03` or nothing) and
    /// returns it in minutes ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.skip(b"Zz") {
            return self.0.is_empty().then_some(0);
        }
        let sign = if self.skip(b"+") { 1 } else { -i64::from(self.skip(b"-")) };
        let hours = self.digits(2)?;
        self.skip(b":");
        let minutes = if self.0.is_empty() { 0 } else { self.digits(2)? };
        let is_offset = self.0.is_empty() && sign != 0 && hours < 24 && minutes < 60;
        is_offset.then_some(sign * (hours * 60 + minutes))
    }
}

/// Returns the days from 1970 to a day of the Gregorian calendar (Howard Hinnant,
/// "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 22:28:34.244 UTC, in milliseconds since 1970.
    const MILLIS: i64 = 1_795_472_914_244;

    #[test]
    fn parses_numbers_in_any_unit() {
        for text in [
            "1795472914.244",
            "1795472914.244195",
            "1795472914244",
            "1795472914244.195",
            "1795472914244195",
            "1795472914244195000",
            "1795472914244195123.5",
            "1.795472914244e9",
            "1.795472914244195E+12",
            "1795472914244195e-3",
            "1795472914244e3",
            " 1795472914244 ",
            "0001795472914244",
        ] {
            assert_eq!(read(text), Some(MILLIS), "{text}");
        }
        assert_eq!(
            (read("1795472914"), read("-1795472914244"), read("1.8e9")),
            (Some(MILLIS - 244), Some(-MILLIS), Some(1_800_000_000_000))
        );
    }

    #[test]
    fn rejects_numbers_that_are_not_dates() {
        for text in [
            "0",
            "7",
            "12.345",
            "86400",
            "99999999",
            "20261123",
            "20261123222834",
            "1e30",
            "123456789012345678901",
            "1e999999",
            "1e9999999",
            "-1",
            "1.",
            ".5",
            "1e",
            "NaN",
            "0x5f",
            "+5",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(["0", "0.0", "-0", "0e9"].iter().all(|text| is_unset(text)));
        assert!(!["", "1", "zero", "0.1"].iter().any(|text| is_unset(text)));
    }

    #[test]
    fn parses_iso_times_with_any_offset() {
        for text in [
            "2026-11-23T22:28:34.244Z",
            "2026-11-23T22:28:34.244",
            "2026-11-23T22:28:34.244195000",
            "2026-11-24T03:58:34.244+05:30",
            "2026-11-23T14:28:34,244-0800",
            "2026-11-23t23:28:34.2449+01",
            "2026-11-23 22:28:34.244 +00:00",
            "20261123T222834.244Z",
        ] {
            assert_eq!(read(text), Some(MILLIS), "{text}");
        }
        assert_eq!(read("1970-01-01T00:00Z"), Some(0));
        assert_eq!(read("2024-02-29T23:59:60Z"), Some(1_709_251_200_000));
        assert_eq!(read("1969-12-31T23:59:59.5Z"), Some(-500));
        assert_eq!(read("0000-03-01T00:00:00Z"), Some(-62_162_035_200_000));
    }

    #[test]
    fn rejects_human_readable_times() {
        for text in [
            "Nov 23 2026 at 10:28 PM",
            "1:02:03 PM",
            "2026-11-23",
            "2026-11-23T",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T22:28:34.Z",
            "2026-11-23T22:28:34+5",
            "2026-11-23T22:28:34Zx",
            "2026-11-23T22:28:34 CET",
            "é026-11-23T22:28:34Z",
            "2026-11-2é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
