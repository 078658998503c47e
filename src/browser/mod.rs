//! The only room that calls the browser. It reports what happened and does what core says; it decides nothing.
//!
//! Whatever is opened here (a source, a timer, a listener, a frame) is owned by a value and ends with it.

mod client;
mod clock;
mod console;
mod frame;
pub mod layout;
mod presence;
mod probe;
mod resize;
mod selection;
pub(crate) mod transport;
mod turn;

pub use self::client::{Client, Options};
pub use self::clock::local_time;
pub use self::console::Console;
pub use self::resize::Resize;
pub use self::selection::Selected;
pub use self::transport::Opener;
