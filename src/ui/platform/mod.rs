//! What differs between desktops: file dialogs, light or dark, where settings are stored, how windows call each other.

mod color_scheme;
mod dialogs;
mod settings;
mod window_call;

pub use color_scheme::watch_color_scheme;
#[cfg(feature = "testing")]
pub use dialogs::FakeDialogs;
pub use dialogs::{DialogAnswer, Dialogs, NativeDialogs, Purpose};
pub use settings::{RendererChoice, Settings, ThemeChoice, load_settings, save_settings};
pub use window_call::{ListeningWindow, WindowCalls};
