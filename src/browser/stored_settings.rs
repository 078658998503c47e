//! The reader's settings in localStorage. A storage that is blocked, full or manipulated costs only
//! what it would have remembered.

use web_sys::Storage;

use logs_sse_core::settings::{STORAGE_KEY, Setting, Settings};

/// The reader's settings; stored, unless the page opted out.
#[derive(Debug)]
pub struct StoredSettings {
    settings: Settings,
    is_remembered: bool,
}

impl StoredSettings {
    /// Reads the settings, if they are to be remembered.
    #[must_use]
    pub fn new(is_remembered: bool) -> Self {
        Self { settings: if is_remembered { read() } else { Settings::default() }, is_remembered }
    }

    /// Returns a setting, if the reader has chosen one.
    #[must_use]
    pub fn get<S: Setting>(&self) -> Option<S> {
        self.settings.get()
    }

    /// Changes a setting. Other viewers on the origin may have changed others meanwhile.
    pub fn set<S: Setting>(&mut self, setting: &S) {
        self.settings.set(setting);
        if self.is_remembered {
            let mut stored = read();
            stored.set(setting);
            // This fails if the storage is full or blocked: the setting lasts until the page is
            // closed.
            let _ = storage().map(|storage| storage.set_item(STORAGE_KEY, &stored.text()));
        }
    }

    /// Sets whether settings are stored from now on. What is stored already stays.
    pub fn remember(&mut self, is_remembered: bool) {
        self.is_remembered = is_remembered;
    }
}

fn read() -> Settings {
    let text = storage().and_then(|storage| storage.get_item(STORAGE_KEY).ok()).flatten();
    text.map(|text| Settings::read(&text)).unwrap_or_default()
}

/// Browsers throw if the page may not store anything: in a sandbox, or without cookies.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
