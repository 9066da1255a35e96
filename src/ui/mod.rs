//! The window: draws the engine's snapshot and returns commands. It knows neither the network nor tokio.
//!
//! [`run`] opens it. Colours come only from [`theme`]; pages hold only view state.

mod app;
mod clean_output;
mod fonts;
mod format;
mod guide;
mod icons;
mod news;
mod page_cx;
mod pages;
pub mod platform;
mod run;
mod shell;
mod shortcuts;
#[cfg(feature = "testing")]
pub mod testing;
pub mod theme;
mod undo;
mod widgets;

pub use app::Window;
pub use page_cx::Place;
pub use run::{Waker, WindowError, WindowOptions, run};

/// The application id for the desktop. It never changes, because the settings are stored under it.
pub const APP_ID: &str = "mailferry";
