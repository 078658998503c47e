//! The cursor: a stream's position in each of its channels, as the short text that `Last-Event-ID`
//! carries.

use std::fmt;
use std::str::FromStr;

/// A position in each channel of a stream, in the order in which the channels were requested.
///
/// # Example
/// ```
/// use logs_sse_wire::cursor::Cursor;
///
/// let cursor: Cursor = "1.k3x09a.1z-_".parse()?;
/// assert_eq!(cursor.positions(), [Some(71), None]);
/// assert_eq!(cursor.to_string(), "1.k3x09a.1z-_");
/// # Ok::<(), logs_sse_wire::cursor::CursorError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    epoch: Epoch,
    positions: Vec<Option<u64>>,
}

impl Cursor {
    /// Creates a cursor from the position in each channel, `None` where it is unknown.
    #[must_use]
    pub fn new(epoch: Epoch, positions: Vec<Option<u64>>) -> Self {
        Self { epoch, positions }
    }

    /// Returns the epoch that the positions belong to.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Returns the highest sequence number seen in each channel.
    #[must_use]
    pub fn positions(&self) -> &[Option<u64>] {
        &self.positions
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.", self.epoch)?;
        for (index, position) in self.positions.iter().enumerate() {
            if index > 0 {
                f.write_str("-")?;
            }
            Position(*position).fmt(f)?;
        }
        Ok(())
    }
}

/// One position in a cursor's text: base 36, or `_` if it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(pub Option<u64>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(seq) => write_base36(f, seq),
            None => f.write_str("_"),
        }
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (version, rest) = text.split_once('.').ok_or(CursorError)?;
        let (epoch, positions) = rest.split_once('.').ok_or(CursorError)?;
        if version != "1" || text.len() > MAX_BYTES {
            return Err(CursorError);
        }
        let positions = positions.split('-').map(read_position).collect::<Result<_, _>>()?;
        Ok(Self { epoch: epoch.parse()?, positions })
    }
}

/// The scope in which a gateway's sequence numbers are unique. A number is reused only under
/// another epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(Box<str>);

impl Epoch {
    /// Creates an epoch of six base-36 digits. `random_digit` returns the value of each, below 36.
    #[must_use]
    pub fn draw(mut random_digit: impl FnMut() -> u8) -> Self {
        let digits: String = (0..EPOCH_BYTES)
            .map(|_| char::from(DIGITS[usize::from(random_digit() % 36)]))
            .collect();
        Self(digits.into())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Epoch {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let is_epoch =
            text.len() == EPOCH_BYTES && text.bytes().all(|digit| DIGITS.contains(&digit));
        is_epoch.then(|| Self(text.into())).ok_or(CursorError)
    }
}

/// The error for text that is not a cursor. Older gateways send ids of their own, so this is an
/// expected case rather than a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorError;

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a cursor: expected 1.{epoch}.{position}-{position}…")
    }
}

impl std::error::Error for CursorError {}

fn read_position(text: &str) -> Result<Option<u64>, CursorError> {
    if text == "_" {
        return Ok(None);
    }
    // `from_str_radix` would also accept a sign and capitals.
    let is_plain = !text.is_empty() && text.bytes().all(|digit| DIGITS.contains(&digit));
    let seq = if is_plain { u64::from_str_radix(text, 36).ok() } else { None };
    seq.filter(|seq| *seq <= MAX_SEQ).map(Some).ok_or(CursorError)
}

fn write_base36(f: &mut fmt::Formatter<'_>, mut number: u64) -> fmt::Result {
    let mut digits = [0_u8; 13];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = DIGITS[(number % 36) as usize];
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits[at..].iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

const EPOCH_BYTES: usize = 6;

/// The highest sequence number. JavaScript numbers are exact up to it, and arithmetic on it cannot
/// overflow.
pub const MAX_SEQ: u64 = (1 << 53) - 1;

/// More than a cursor of 64 channels needs, so a longer text is not a cursor.
const MAX_BYTES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_under_128_bytes_for_16_channels_and_two_billion_logs_in_each() {
        let cursor = Cursor::new(Epoch::draw(|| 35), vec![Some(2_000_000_000); 16]);
        assert!(cursor.to_string().len() < 128, "{cursor}");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn rejects_text_that_is_not_a_cursor() {
        for text in [
            "",
            "7",
            "log-1795472915237-ndezmtrxi",
            "2.abcdef.1",
            "1.abcdef",
            "1.abcdef.",
            "1.abcde.1",
            "1.ABCDEF.1",
            "1.abcdef.1--2",
            "1.abcdef.+1",
            "1.abcdef.zzzzzzzzzzzzz",
            "1.abcdef.1\n",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text:?}");
        }
    }

    #[test]
    fn parsed_cursors_round_trip() {
        for text in ["1.000000.0", "1.zzzzzz._-_-a", "1.k3x09a.2gosa7pa2gv"] {
            assert_eq!(
                text.parse::<Cursor>().map(|cursor| cursor.to_string()).unwrap_or_default(),
                text
            );
        }
    }
}
