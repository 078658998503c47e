//! Names that many rows share, stored once. Bounded, because a hostile server may give every line a
//! name of its own.

/// Names by small numbers, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<Box<str>>,
}

impl Names {
    /// Returns the number of `name`, assigning one if it is new: 0 for the empty name, [`UNNAMED`]
    /// if there is no room for another.
    pub(crate) fn intern(&mut self, name: &str) -> u16 {
        self.number(name).unwrap_or_else(|| {
            if self.names.len() >= MAX_NAMES || name.len() > MAX_NAME_BYTES {
                return UNNAMED;
            }
            self.names.push(name.into());
            self.names.len() as u16
        })
    }

    /// Returns the number of `name`, if it has one.
    pub(crate) fn number(&self, name: &str) -> Option<u16> {
        if name.is_empty() {
            return Some(0);
        }
        // With a handful of names, the last one is the most likely.
        self.names.iter().rposition(|known| &**known == name).map(|index| index as u16 + 1)
    }

    /// Returns the name with this number, or `None` for 0 and [`UNNAMED`].
    pub(crate) fn name(&self, number: u16) -> Option<&str> {
        self.names.get(usize::from(number).checked_sub(1)?).map(|name| &**name)
    }

    /// Returns all names, in order of first appearance.
    #[cfg(feature = "view")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Removes all names, whose numbers begin again.
    #[cfg(feature = "view")]
    pub(crate) fn clear(&mut self) {
        self.names.clear();
    }
}

/// The number of every name that is not stored.
pub(crate) const UNNAMED: u16 = u16::MAX;

/// More than a menu shows, and few enough that looking one up costs less than parsing a line.
const MAX_NAMES: usize = 1_024;

/// No real channel or pipeline has a name as long as a page of text.
const MAX_NAME_BYTES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        assert_eq!(["a", "b", "a", ""].map(|name| names.intern(name)), [1, 2, 1, 0]);
        assert_eq!((names.name(2), names.name(0), names.number("c")), (Some("b"), None, None));
    }

    #[test]
    fn a_flood_of_names_is_not_stored() {
        let mut names = Names::default();
        let numbers: Vec<_> =
            (0..MAX_NAMES + 5).map(|index| names.intern(&index.to_string())).collect();
        assert_eq!(
            (numbers[MAX_NAMES - 1], numbers[MAX_NAMES], names.intern(&"x".repeat(2_000))),
            (MAX_NAMES as u16, UNNAMED, UNNAMED)
        );
        assert_eq!((names.iter().count(), names.intern("0")), (MAX_NAMES, 1));
    }
}
