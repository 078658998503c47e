//! The reader's settings as a browser stores them: read from untrusted text, and written back.
//! Does not access the storage.
//!
//! The text is `1 wrap=true time=utc`: the version, then names and values. Settings that this
//! version does not know are kept, since another version of the viewer may run on the same origin.

/// A setting of the viewer that is remembered.
pub trait Setting: Sized {
    /// The name under which it is stored: lower-case letters and hyphens.
    const NAME: &'static str;

    /// Reads the stored value. `None` if it is not one of this setting.
    fn parse(text: &str) -> Option<Self>;

    /// Returns the value to store: letters, digits, `.`, `_`, `:` and hyphens.
    fn stored(&self) -> String;
}

/// Whether long lines wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrap(pub bool);

impl Setting for Wrap {
    const NAME: &'static str = "wrap";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn stored(&self) -> String {
        self.0.to_string()
    }
}

/// Whether the histogram is shown. It is at first: it is the overview that leads to the first
/// error, it is one row high, and it hides itself where there is little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowHistogram(pub bool);

impl Setting for ShowHistogram {
    const NAME: &'static str = "histogram";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn stored(&self) -> String {
        self.0.to_string()
    }
}

/// The stored settings, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Reads stored settings. Whatever is not readable is left out; of settings with the same name
    /// the first one counts.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut settings = Self::default();
        let mut words = text.split(' ');
        if text.len() > MAX_BYTES || words.next() != Some(VERSION) {
            return settings;
        }
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let is_new = settings.value(name).is_none() && settings.0.len() < MAX_SETTINGS;
            if is_new && is_name(name) && is_value(value) {
                settings.0.push((name.to_owned(), value.to_owned()));
            }
        }
        settings
    }

    /// Returns the text to store.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = VERSION.to_owned();
        for part in self.0.iter().flat_map(|(name, value)| [" ", name, "=", value]) {
            text.push_str(part);
        }
        text
    }

    /// Returns a setting, if a valid one is stored.
    #[must_use]
    pub fn get<S: Setting>(&self) -> Option<S> {
        self.value(S::NAME).and_then(S::parse)
    }

    /// Changes a setting. A value that could not be read again is not stored.
    pub fn set<S: Setting>(&mut self, setting: &S) {
        self.put(S::NAME, setting.stored());
    }

    fn put(&mut self, name: &str, value: String) {
        if !is_name(name) || !is_value(&value) {
            return;
        }
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| known == name) {
            *old = value;
            return;
        }
        // A full text is full of settings that this version does not know.
        if self.0.len() >= MAX_SETTINGS {
            self.0.remove(0);
        }
        self.0.push((name.to_owned(), value));
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_part)
}

fn is_value(value: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.bytes().all(is_part)
}

/// The key in localStorage (`docs/viewer.md`).
pub const STORAGE_KEY: &str = "datashop-live-logs";

/// Settings of another version are not read.
const VERSION: &str = "1";

/// More than there are settings, so that those of later versions are kept.
const MAX_SETTINGS: usize = 16;
const MAX_NAME_BYTES: usize = 24;
const MAX_VALUE_BYTES: usize = 64;

/// The longest text that this module writes is shorter.
const MAX_BYTES: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq)]
    struct Any(String);

    impl Setting for Any {
        const NAME: &'static str = "any";

        fn parse(text: &str) -> Option<Self> {
            Some(Self(text.to_owned()))
        }

        fn stored(&self) -> String {
            self.0.clone()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_reads_back(
            pairs in proptest::collection::vec(("[a-z-]{1,24}", "[A-Za-z0-9._:-]{1,64}"), 0..40),
        ) {
            let mut settings = Settings::default();
            for (name, value) in pairs {
                settings.put(&name, value);
            }
            prop_assert!(settings.text().len() <= MAX_BYTES);
            prop_assert_eq!(Settings::read(&settings.text()), settings);
        }

        #[test]
        fn any_stored_text_is_read_or_left_out(
            text in prop_oneof![".{0,80}", "1( [a-z=;]{0,9}=?[ -~]{0,9}){0,30}"],
        ) {
            let settings = Settings::read(&text);
            prop_assert!(settings.0.len() <= MAX_SETTINGS);
            prop_assert!(settings.0.iter().all(|(name, value)| is_name(name) && is_value(value)));
            prop_assert_eq!(Settings::read(&settings.text()), settings);
        }

        #[test]
        fn a_value_that_could_not_be_read_again_is_not_stored(value in ".{0,80}") {
            let mut settings = Settings::default();
            settings.set(&Any(value.clone()));
            let stored = settings.get::<Any>();
            prop_assert!(stored.is_none() || stored == Some(Any(value)));
            prop_assert_eq!(Settings::read(&settings.text()).get::<Any>(), settings.get::<Any>());
        }
    }

    #[test]
    fn a_setting_of_another_version_of_the_viewer_is_kept() {
        let mut settings = Settings::read("1 theme=dark wrap=false");
        settings.set(&Wrap(true));
        assert_eq!(settings.text(), "1 theme=dark wrap=true");
    }

    #[test]
    fn a_value_that_is_not_valid_counts_as_absent() {
        assert_eq!(Settings::read("1 wrap=yes").get::<Wrap>(), None);
        assert_eq!(Settings::read("1 wrap=true").get::<Wrap>(), Some(Wrap(true)));
        assert_eq!(Settings::read("2 wrap=true").get::<Wrap>(), None);
        assert_eq!(Settings::read("{\"wrap\":true}").get::<Wrap>(), None);
        assert_eq!(
            Settings::read(&format!("1 wrap=true {}", "x".repeat(3_000))).get::<Wrap>(),
            None
        );
    }
}
