//! What differs between desktops: file dialogs, notifications, sleep, light or dark, where settings are stored, how
//! windows call each other.

mod color_scheme;
mod desktop;
mod dialogs;
mod settings;
mod window_call;

pub use color_scheme::watch_color_scheme;
#[cfg(feature = "testing")]
pub use desktop::{AskedOfDesktop, FakeDesktop};
pub use desktop::{Desktop, NativeDesktop, Wakefulness, file_address};
#[cfg(feature = "testing")]
pub use dialogs::FakeDialogs;
pub use dialogs::{DialogAnswer, Dialogs, NativeDialogs, Purpose};
pub use settings::{RendererChoice, Settings, ThemeChoice, load_settings, save_settings};
pub use window_call::{ListeningWindow, WindowCalls};
