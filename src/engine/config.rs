//! Where an engine stores its files, and how it behaves.

use std::path::PathBuf;

use crate::imap::{Compression, Timeouts};
use crate::signin::TokenDesk;

/// Default number of mailboxes copied at the same time.
const PARALLEL_MAILBOXES: usize = 4;

/// Where an engine stores its files, and how it treats secrets.
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each with a name at the call")]
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The list of recent projects; `None` keeps it in memory.
    pub recent_file: Option<PathBuf>,
    /// What the user has allowed projects from elsewhere to do; `None` keeps it in memory.
    pub confirmed_file: Option<PathBuf>,
    /// Where this user's windows and commands record which accounts they write into.
    pub accounts_folder: PathBuf,
    /// Whether a copy runs even if that cannot be recorded.
    pub is_without_account_lock: bool,
    /// Where new projects go unless a path is given.
    pub projects_folder: PathBuf,
    /// Where rehearsals are kept until they are deleted; `None`: each one ends with its window or command.
    pub rehearsals_folder: Option<PathBuf>,
    /// Whether a rehearsal is slow enough to be watched, until somebody speeds it up.
    pub rehearses_slowly: bool,
    /// What happens to passwords.
    pub secrets: SecretsPolicy,
    /// What gives tokens of sign-ins; `None`: the keyring, as far as `secrets` allows it.
    pub tokens: Option<TokenDesk>,
    /// OAuth providers of the user's own, in the form of `assets/sign_in.toml`; they come before those of the catalogue.
    pub sign_in_file: Option<PathBuf>,
    /// Whether a sign-in at a provider opens the browser of the system, or only shows the address.
    pub opens_browser: bool,
    /// Where messages the destination refuses are saved; `None`: next to the project file.
    pub export_folder: Option<PathBuf>,
    /// Mailboxes copied or signed in at the same time.
    pub parallel_mailboxes: usize,
    /// Limit on connections to one server, over all mailboxes; `None`: as many as help.
    pub max_connections: Option<usize>,
    /// How a finished copy is verified.
    pub verify: Verify,
    /// Whether connections are compressed.
    pub compression: Compression,
    /// Timeouts for servers.
    pub timeouts: Timeouts,
    /// Whether opening a project starts what is due: the search for an unknown server, and a copy that
    /// was running when the program ended.
    pub acts_by_itself: bool,
    /// Whether counting also samples dates in each folder, which takes a moment. Off if the copy follows at once.
    pub samples_dates: bool,
    /// Whether Ctrl+C and a request to terminate shut the engine down like `Command::Quit`.
    pub quits_on_interrupt: bool,
}

/// Where the engine stores passwords it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsPolicy {
    /// In the OS keyring, if one runs.
    Keyring,
    /// For this session only; the keyring is read only if no password was given.
    SessionThenKeyring,
    /// For this session only, without touching a keyring.
    SessionOnly,
}

/// How a finished copy is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// As set in the project.
    AsChosen,
    /// Not at all.
    None,
    /// Counts, sizes, dates and flags.
    Quick,
    /// Every message is read again and compared by SHA-256.
    Full,
}

impl EngineConfig {
    /// Names of the operators whose list key is in the keyring; beside what the user has allowed projects.
    pub(in crate::engine) fn list_keys_file(&self) -> Option<PathBuf> {
        self.confirmed_file.as_ref().map(|file| file.with_file_name("list-keys.txt"))
    }

    /// The same for a headless command: it does nothing unrequested, and Ctrl+C shuts it down in order.
    pub fn headless() -> Self {
        Self {
            acts_by_itself: false,
            quits_on_interrupt: true,
            rehearsals_folder: None,
            rehearses_slowly: false,
            ..Self::for_this_user()
        }
    }

    /// The system's folders for this user's settings and documents.
    pub fn for_this_user() -> Self {
        Self {
            recent_file: configuration_folder().map(|folder| folder.join("recent.json")),
            confirmed_file: configuration_folder().map(|folder| folder.join("confirmed.json")),
            accounts_folder: accounts_folder(),
            is_without_account_lock: false,
            projects_folder: documents_folder(),
            rehearsals_folder: Some(state_folder().join("rehearsals")),
            rehearses_slowly: true,
            secrets: SecretsPolicy::Keyring,
            tokens: None,
            sign_in_file: configuration_folder().map(|folder| folder.join("sign_in.toml")),
            opens_browser: true,
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

/// Where this user's windows and commands record which accounts they write into. The same in each session, unlike
/// a runtime folder, which commands started by a timer do not have.
fn accounts_folder() -> PathBuf {
    state_folder().join("accounts")
}

/// Where a report of each crash is written.
pub fn crash_folder() -> PathBuf {
    state_folder().join("crashes")
}

fn state_folder() -> PathBuf {
    let base = if cfg!(target_os = "windows") {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local").join("state")))
    };
    base.unwrap_or_else(std::env::temp_dir).join("mailferry")
}

/// `Documents/Mailferry` if there is a documents folder, else `Mailferry` in the home folder.
fn documents_folder() -> PathBuf {
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).unwrap_or_else(|| PathBuf::from("."));
    let documents = home.join("Documents");
    if documents.is_dir() { documents.join("Mailferry") } else { home.join("Mailferry") }
}
