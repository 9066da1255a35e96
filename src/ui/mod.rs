//! The window: draws from the engine's snapshot and hands back commands. Knows no wire and no tokio.
//!
//! [`run`] opens it. Colours come from [`theme`] only; pages hold view state only.

mod app;
mod clean_output;
mod fonts;
mod format;
mod icons;
mod page_cx;
mod pages;
pub mod platform;
mod run;
mod shell;
#[cfg(feature = "testing")]
pub mod testing;
pub mod theme;
mod widgets;

pub use app::Window;
pub use page_cx::Place;
pub use run::{Waker, WindowError, WindowOptions, run};

/// The name under which the desktop knows the program; never changes, because settings lie under it.
pub const APP_ID: &str = "mailferry";
