//! What differs between desktops: file dialogs, light or dark, where settings lie.

mod color_scheme;
mod dialogs;
mod settings;

pub use color_scheme::watch_color_scheme;
pub use dialogs::{DialogAnswer, Dialogs, FakeDialogs, NativeDialogs, Purpose};
pub use settings::{RendererChoice, Settings, ThemeChoice, load_settings, save_settings};
