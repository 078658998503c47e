//! The door to JavaScript: what the npm package's own JavaScript (`www/package`) calls, and hears.
//! Checks nothing that core checks.
//!
//! Texts, numbers and functions cross it, never objects: the browser reads JSON faster than anybody
//! builds objects, and everything else would cost code to load. No 64-bit integer crosses either,
//! since the JavaScript twin of the module cannot pass one.
//!
//! - `LogStream`: the engine without a view.
//! - `LogView` (with feature `ui`): the engine with its view.

/// Whoever builds the crate into a program of his own chooses for himself; a package is such a
/// program.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

mod listener;
mod options;
mod panic;
#[cfg(not(feature = "ui"))]
mod stream;
#[cfg(feature = "ui")]
mod view;

pub use self::panic::start;
#[cfg(not(feature = "ui"))]
pub use self::stream::LogStream;
#[cfg(feature = "ui")]
pub use self::view::LogView;
