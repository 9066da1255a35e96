//! What differs between desktops: file dialogs, light or dark, where settings are stored.

mod color_scheme;
mod dialogs;
mod settings;

pub use color_scheme::watch_color_scheme;
#[cfg(feature = "testing")]
pub use dialogs::FakeDialogs;
pub use dialogs::{DialogAnswer, Dialogs, NativeDialogs, Purpose};
pub use settings::{RendererChoice, Settings, ThemeChoice, load_settings, save_settings};
