//! Everything that opens, closes, waits and listens. This module reports what happened and does
//! what the core requests; it decides nothing. Besides it, only `ui` calls the browser, for the
//! elements of its views.
//!
//! Whatever is opened here (a source, a timer, a listener, a frame) is owned by a value and closed
//! by its drop.

mod client;
#[cfg(feature = "ui")]
mod clipboard;
mod clock;
mod console;
#[cfg(feature = "ui")]
mod earlier;
mod frame;
mod home;
#[cfg(feature = "ui")]
pub mod language;
#[cfg(feature = "ui")]
pub mod layout;
#[cfg(feature = "ui")]
mod next_task;
mod page_events;
mod probe;
#[cfg(feature = "ui")]
mod resize;
#[cfg(feature = "ui")]
mod save;
#[cfg(feature = "ui")]
pub mod selection;
#[cfg(feature = "ui")]
mod stored_settings;
mod task;
mod timer;
#[cfg(feature = "ui")]
mod title_badge;
pub(crate) mod transport;
#[cfg(feature = "ui")]
mod zone;

pub use self::client::{Client, Options};
#[cfg(feature = "ui")]
pub use self::clipboard::copy;
pub use self::console::Console;
#[cfg(feature = "ui")]
pub use self::resize::Resize;
#[cfg(feature = "ui")]
pub use self::stored_settings::StoredSettings;
pub use self::timer::Timer;
pub use self::transport::Opener;
#[cfg(feature = "ui")]
pub use self::zone::Zone;
