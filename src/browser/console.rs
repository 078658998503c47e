//! Messages in the browser's console: a line for each change of the connection, more or fewer on
//! demand.

/// How much is logged to the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Console {
    /// Nothing is logged, not even failures of the connection.
    Off,
    /// One line for each change of the connection.
    #[default]
    Changes,
    /// Also one line for each log line.
    Lines,
}

impl Console {
    /// Logs a change of the connection. Bad news is a warning, so that the console's own filter
    /// finds it.
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

    /// Logs a line of the log.
    pub(crate) fn line(self, level: &str, message: &str) {
        if self >= Self::Lines {
            web_sys::console::log_1(&format!("[live logs] {level} {message}").into());
        }
    }
}
