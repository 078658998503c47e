//! Everything that opens, closes, waits and listens. This module reports what happened and does
//! what the core requests; it decides nothing. Besides it, only `ui` calls the browser, for the
//! elements of its views.
//!
//! Whatever is opened here (a source, a timer, a listener, a frame) is owned by a value and closed
//! by its drop.

mod client;
mod clipboard;
mod clock;
mod console;
mod earlier;
mod frame;
mod home;
pub mod layout;
mod next_task;
mod page_events;
mod probe;
mod resize;
mod save;
pub mod selection;
mod stored_settings;
mod task;
mod timer;
mod title_badge;
pub(crate) mod transport;
mod zone;

pub use self::client::{Client, Options};
pub use self::clipboard::copy;
pub use self::console::Console;
pub use self::resize::Resize;
pub use self::stored_settings::StoredSettings;
pub use self::timer::Timer;
pub use self::transport::Opener;
pub use self::zone::Zone;
