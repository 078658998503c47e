//! The views. Each reads from the core and renders the result; none decides.
//!
//! The component [`LiveLogs`] owns the client and calls `status_bar` (status, countdown, buttons),
//! `line_list` (heading, visible rows, and above them `filter_bar`: search, level, pipeline, and
//! `columns`: how times are shown) and `detail` (one whole entry, which `entry_view` draws).
//! `keyboard` does what keys request, `shortcuts` lists them, and `save` is the dialog that saves
//! the lines; `pins` lists those that the reader pinned.
//!
//! `view!` is that of `built`, in the syntax of Leptos, since Leptos' own is larger. The signals, the
//! effects and the component are those of Leptos.
//!
//! Two rules comply with the page's Content-Security-Policy: no `style=` attribute (only
//! `style:property=`, which uses the CSSOM), and a class in each `view!`, without which Leptos
//! builds static parts through `innerHTML`.

// The component macro makes its items public, whatever visibility is declared.
#![allow(unreachable_pub)]

mod built;
mod columns;
mod detail;
mod elements;
mod entry_view;
mod facet_menu;
mod filter_bar;
mod fold;
mod histogram;
mod hit;
mod keyboard;
pub(crate) mod later;
mod line_list;
mod link;
mod list_height;
mod live;
mod live_logs;
mod pieces;
mod pins;
mod row_selection;
mod rows;
mod save;
mod shared;
mod shortcuts;
mod status_bar;
mod time_cell;
mod view_menu;

#[cfg(feature = "js")]
pub(crate) use self::built::Built;
#[cfg(feature = "js")]
pub(crate) use self::live::Live;
#[cfg(feature = "js")]
pub(crate) use self::live_logs::live_view;
pub use self::live_logs::{DEFAULT_TAIL, LiveLogs, LiveLogsProps, Progress};
