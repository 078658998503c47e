//! The options of a client, as the npm package passes them.
//!
//! The package checks what its host wrote (`www/package`), and passes what is left. So an error
//! here is a fault of the package; it names the option.

use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::browser::{Console, Opener, Options};
use crate::js::from_js::Properties;
use logs_sse_core::connection::{Config, Hidden};
use logs_sse_core::store::Capacity;
use logs_sse_core::target::{Target, TargetError};

/// What `encodeOptions` in `www/package` passes, by the names of `ConnectionOptions` in
/// `index.d.ts`. An option that is missing, `undefined` or `null` has its default.
#[derive(Debug)]
pub(crate) struct ClientOptions {
    console: Option<String>,
    max_attempts: Option<u32>,
    connect_timeout_ms: Option<u32>,
    silence_ms: Option<u32>,
    hidden_ms: Option<u32>,
    with_credentials: Option<bool>,
    /// The lines that a viewer keeps. A client without a view passes them on instead.
    #[cfg_attr(not(feature = "ui"), expect(dead_code, reason = "only a viewer keeps lines"))]
    capacity: Option<u32>,
    tail: Option<u32>,
    /// Whether a viewer stores the reader's settings.
    remember: Option<bool>,
}

impl ClientOptions {
    /// Reads the options.
    ///
    /// # Errors
    /// Returns a sentence that names the option with a wrong value.
    pub(crate) fn from_js(value: JsValue) -> Result<Self, String> {
        Properties::of(value)
            .and_then(|options| Self::read(&options))
            .map_err(|error| format!("client options: {error}"))
    }

    fn read(options: &Properties) -> Result<Self, String> {
        let console = options.text("console")?;
        if !matches!(console.as_deref(), None | Some("off" | "changes" | "lines")) {
            return Err("console: expected off, changes or lines".to_owned());
        }
        Ok(Self {
            console,
            max_attempts: options.whole("maxAttempts")?,
            connect_timeout_ms: options.whole("connectTimeoutMs")?,
            silence_ms: options.whole("silenceMs")?,
            hidden_ms: options.whole("hiddenMs")?,
            with_credentials: options.boolean("withCredentials")?,
            capacity: options.whole("capacity")?,
            tail: options.whole("tail")?,
            remember: options.boolean("remember")?,
        })
    }

    /// Returns the capacity of a viewer.
    #[cfg(feature = "ui")]
    pub(crate) fn capacity(&self) -> Capacity {
        self.capacity.map_or_else(Capacity::default, |lines| Capacity::from_lines(lines as usize))
    }

    /// Returns the options of a client that keeps up to `capacity`, and that starts with the newest
    /// `tail` lines unless the page asks for another number.
    pub(crate) fn client(&self, capacity: Capacity, tail: u32) -> Options {
        let usual = Config::default();
        let millis = |option: Option<u32>| option.map(|ms| Duration::from_millis(ms.into()));
        let connection = Config {
            max_attempts: self.max_attempts,
            connect_timeout: millis(self.connect_timeout_ms).unwrap_or(usual.connect_timeout),
            silence: millis(self.silence_ms),
            hidden: millis(self.hidden_ms).map_or(usual.hidden, Hidden::CloseAfter),
            ..usual
        };
        let console = match self.console.as_deref() {
            Some("off") => Console::Off,
            Some("lines") => Console::Lines,
            _ => Console::Changes,
        };
        let with_credentials = self.with_credentials.unwrap_or(false);
        let tail = self.tail.unwrap_or(tail);
        let remember = self.remember.unwrap_or(true);
        Options { connection, capacity, console, with_credentials, tail, remember }
    }
}

/// Returns how streams are opened: by `open` if the package passes one.
pub(crate) fn opener(open: Option<Function>) -> Opener {
    open.map_or(Opener::EventSource, Opener::Function)
}

/// Returns the target of `channels`, which are separated by commas.
pub(crate) fn channels_target(channels: &str, gateway: &str) -> Result<Target, TargetError> {
    let names = channels.split(',').filter(|channel| !channel.is_empty());
    Target::from_channels(names, gateway)
}
