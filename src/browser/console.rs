//! What the browser's console tells: a line for each change of the connection, more or less on
//! demand.

/// How much the console tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Console {
    /// Nothing.
    Off,
    /// One line for each change of the connection.
    #[default]
    Changes,
    /// One line for each log line too.
    Lines,
}

impl Console {
    /// Tells of a change; one that is bad news as a warning, so that the console's own filter finds
    /// it.
    pub(crate) fn change(self, channel: &str, text: &str, is_bad: bool) {
        if self < Self::Changes {
            return;
        }
        let line = format!("[live logs] {channel} {text}").into();
        if is_bad {
            web_sys::console::warn_1(&line);
        } else {
            web_sys::console::info_1(&line);
        }
    }

    /// Tells of a line.
    pub(crate) fn line(self, level: &str, message: &str) {
        if self >= Self::Lines {
            web_sys::console::log_1(&format!("[live logs] {level} {message}").into());
        }
    }
}
