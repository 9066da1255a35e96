use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::{read_text_input, write_output};
use crate::values::printable_json;

/// Largest settings file read.
const MOST_BYTES: u64 = 1 << 20;

/// Light, dark, or as the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// What draws the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RendererChoice {
    /// Tries both and remembers what worked.
    #[default]
    Automatic,
    /// OpenGL.
    OpenGl,
    /// Vulkan, Metal or Direct3D.
    Wgpu,
}

impl RendererChoice {
    /// Whether this build can draw with Vulkan, Metal or Direct3D. On Linux it takes the feature `wgpu`.
    pub const HAS_WGPU: bool = cfg!(any(feature = "wgpu", not(target_os = "linux")));
}

/// The few things that belong to the window and not to a project.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: ThemeChoice,
    /// What draws the window; takes effect at the next start.
    pub renderer: RendererChoice,
    /// What drew the window last time.
    pub worked: RendererChoice,
    /// Zoom from 1 to 2.
    pub zoom: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            renderer: RendererChoice::default(),
            worked: RendererChoice::default(),
            zoom: 1.0,
        }
    }
}

fn path() -> Option<PathBuf> {
    eframe::storage_dir(crate::ui::APP_ID).map(|folder| folder.join("window.json"))
}

/// Reads the settings. A missing or damaged file means the defaults.
pub fn load_settings() -> Settings {
    let Some(text) = path().and_then(|path| read_text_input(&path, MOST_BYTES).ok()) else {
        return Settings::default();
    };
    let mut settings: Settings = serde_json::from_str(&text).unwrap_or_default();
    settings.zoom = if settings.zoom.is_finite() { settings.zoom.clamp(0.8, 2.5) } else { 1.0 };
    settings
}

/// Writes the settings. On failure the choice is lost at the next start, nothing more.
pub fn save_settings(settings: &Settings) {
    let Some(path) = path() else { return };
    let written = write_output(&path, |out| {
        let json = serde_json::to_string_pretty(settings).map_err(std::io::Error::other)?;
        out.write_all(printable_json(&json).as_bytes())
    });
    if let Err(error) = written {
        tracing::warn!(%error, path = %path.display(), "the window's settings were not saved");
    }
}
