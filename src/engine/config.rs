use std::path::PathBuf;

use crate::engine::start::{EngineConfig, SecretsPolicy, Verify};
use crate::imap::{Compression, Timeouts};

/// Mailboxes that are copied at the same time unless somebody says otherwise.
const PARALLEL_MAILBOXES: usize = 4;

impl EngineConfig {
    /// The same for a command without a window: nothing is asked that was not asked for, and Ctrl+C ends it in order.
    pub fn headless() -> Self {
        Self { acts_by_itself: false, quits_on_interrupt: true, ..Self::for_this_user() }
    }

    /// The places that this system gives to programs and documents of this user.
    pub fn for_this_user() -> Self {
        Self {
            recent_file: configuration_folder().map(|folder| folder.join("recent.json")),
            confirmed_file: configuration_folder().map(|folder| folder.join("confirmed.json")),
            accounts_folder: accounts_folder(),
            is_without_account_lock: false,
            projects_folder: documents_folder(),
            secrets: SecretsPolicy::Keyring,
            export_folder: None,
            parallel_mailboxes: PARALLEL_MAILBOXES,
            max_connections: None,
            verify: Verify::AsChosen,
            compression: Compression::default(),
            timeouts: Timeouts::default(),
            acts_by_itself: true,
            samples_dates: true,
            quits_on_interrupt: false,
        }
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// `XDG_CONFIG_HOME`, `Application Support` or `APPDATA`, with the program's own folder in it.
fn configuration_folder() -> Option<PathBuf> {
    let base = if cfg!(target_os = "windows") {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("mailferry"))
}

/// Where windows and commands of this user tell each other which accounts they write to. The same in each session, unlike
/// a runtime folder, which commands that a timer starts do not have.
fn accounts_folder() -> PathBuf {
    let base = if cfg!(target_os = "windows") {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local").join("state")))
    };
    base.unwrap_or_else(std::env::temp_dir).join("mailferry").join("accounts")
}

/// `Documents/Mailferry` where there is such a folder, else `Mailferry` in the home folder.
fn documents_folder() -> PathBuf {
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).unwrap_or_else(|| PathBuf::from("."));
    let documents = home.join("Documents");
    if documents.is_dir() { documents.join("Mailferry") } else { home.join("Mailferry") }
}
