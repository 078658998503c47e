//! The height to which the reader dragged the list. Knows no element.

use crate::settings::Setting;

/// The height of the list, in whole CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHeight(u32);

impl ListHeight {
    /// Reads the value of the CSS property `height`. `None` unless it is a length in pixels that
    /// leaves room for rows.
    #[must_use]
    pub fn from_css(text: &str) -> Option<Self> {
        let number = text.strip_suffix("px")?;
        // A length is a fraction at a zoom other than 100 %.
        Self::parse(number.split_once('.').map_or(number, |(whole, _)| whole))
    }

    /// Returns the value of the CSS property `height`.
    #[must_use]
    pub fn css(self) -> String {
        format!("{}px", self.0)
    }
}

impl Setting for ListHeight {
    const NAME: &'static str = "height";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|height| (LEAST..=MOST).contains(height)).map(Self)
    }

    fn stored(&self) -> String {
        self.0.to_string()
    }
}

/// Five rows: with less, the list would seem to be broken.
const LEAST: u32 = 120;

/// More than any screen has.
const MOST: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_height_survives_storing(height in LEAST..=MOST, fraction in 0..100_u32) {
            let read = ListHeight::from_css(&format!("{height}.{fraction}px"));
            prop_assert_eq!(read, Some(ListHeight(height)));
            prop_assert_eq!(ListHeight::parse(&ListHeight(height).stored()), read);
            prop_assert_eq!(ListHeight::from_css(&ListHeight(height).css()), read);
        }

        #[test]
        fn any_other_text_counts_as_absent(text in ".{0,20}") {
            let height = ListHeight::parse(&text).or(ListHeight::from_css(&text));
            prop_assert!(height.is_none_or(|height| (LEAST..=MOST).contains(&height.0)));
        }
    }

    #[test]
    fn a_height_without_room_for_rows_is_not_kept() {
        for text in ["", "auto", "50%", "0px", "119px", "10001px", "-300px", "1e3px", "300"] {
            assert_eq!(ListHeight::from_css(text), None, "{text}");
        }
    }
}
