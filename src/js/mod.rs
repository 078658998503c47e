//! The JavaScript interface: what the npm package's own JavaScript (`www/package`) calls.
//!
//! Options, the status and notices cross as objects, each defined by one struct. Lines cross
//! as JSON texts, which the browser parses faster than a module could build objects. No 64-bit
//! integer crosses, since the JavaScript form of the module cannot pass one.
//!
//! - `LogStream`: the client without a view.
//! - `LogView` (with feature `ui`): the client with its view.

/// Only the npm build sets a global allocator; a library must leave that choice to its user.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

mod from_js;
#[cfg(feature = "ui")]
mod later;
mod listener;
mod options;
mod panic;
#[cfg(not(feature = "ui"))]
mod stream;
#[cfg(feature = "ui")]
mod view;

#[cfg(feature = "ui")]
pub use self::later::{run_later, set_later};
pub use self::panic::start;
#[cfg(not(feature = "ui"))]
pub use self::stream::LogStream;
#[cfg(feature = "ui")]
pub use self::view::LogView;
