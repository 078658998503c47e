//! Which pipelines are shown, or which channels: all, some, or all but some. Knows nothing of rows.

/// A selection of pipelines, or of channels, by name. Entries without one have an empty name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipelines {
    /// Only these are shown; all if there are none.
    only: Vec<String>,
    /// These are left out.
    not: Vec<String>,
}

/// What a reader chose about one value of a facet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Nothing: it is shown unless other values were chosen.
    #[default]
    Open,
    /// Lines with this value are shown.
    Only,
    /// Lines with this value are left out.
    Not,
}

impl Choice {
    /// Returns the choice after the reader pressed the button for `pressed`: pressing it again takes
    /// it back.
    #[must_use]
    pub fn toggled(self, pressed: Self) -> Self {
        if self == pressed { Self::Open } else { pressed }
    }
}

impl Pipelines {
    /// Returns the selection of one pipeline.
    #[must_use]
    pub fn only(name: &str) -> Self {
        Self { only: vec![name.to_owned()], not: Vec::new() }
    }

    /// Chooses about one pipeline.
    pub fn choose(&mut self, name: &str, choice: Choice) {
        self.only.retain(|known| known != name);
        self.not.retain(|known| known != name);
        match choice {
            Choice::Open => {}
            Choice::Only => self.only.push(name.to_owned()),
            Choice::Not => self.not.push(name.to_owned()),
        }
    }

    /// Returns what was chosen about one pipeline.
    #[must_use]
    pub fn choice(&self, name: &str) -> Choice {
        let is_in = |names: &[String]| names.iter().any(|known| known == name);
        match () {
            () if is_in(&self.only) => Choice::Only,
            () if is_in(&self.not) => Choice::Not,
            () => Choice::Open,
        }
    }

    /// Returns whether no pipeline is left out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.not.is_empty()
    }

    /// Returns whether lines of this pipeline are shown.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self.choice(name) {
            Choice::Only => true,
            Choice::Not => false,
            Choice::Open => self.only.is_empty(),
        }
    }

    /// Returns the names about which something was chosen, first those that are shown.
    pub fn chosen(&self) -> impl Iterator<Item = &str> {
        self.only.iter().chain(&self.not).map(String::as_str)
    }

    /// Returns the names of the pipelines that are shown, if only some are.
    pub(crate) fn wanted(&self) -> &[String] {
        &self.only
    }

    /// Returns the names of the pipelines that are left out.
    pub(crate) fn unwanted(&self) -> &[String] {
        &self.not
    }
}
