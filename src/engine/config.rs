//! Where an engine keeps its things, and how it behaves.

use std::path::PathBuf;

use crate::imap::{Compression, Timeouts};

/// Mailboxes that are copied at the same time unless somebody says otherwise.
const PARALLEL_MAILBOXES: usize = 4;

/// Where an engine keeps its things, and how it treats secrets.
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each with a name at the call")]
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The list of recent projects; `None` keeps it in memory.
    pub recent_file: Option<PathBuf>,
    /// What projects from elsewhere may do, as the owner has agreed to; `None` keeps it in memory.
    pub confirmed_file: Option<PathBuf>,
    /// Where the windows and commands of this user tell each other which accounts they write into.
    pub accounts_folder: PathBuf,
    /// Whether a copy goes on where that cannot be told.
    pub is_without_account_lock: bool,
    /// Where new projects go unless a path is given.
    pub projects_folder: PathBuf,
    /// What happens to passwords.
    pub secrets: SecretsPolicy,
    /// Where messages go as files that the destination will not have; `None`: beside the project file.
    pub export_folder: Option<PathBuf>,
    /// Mailboxes that are copied or signed in at the same time.
    pub parallel_mailboxes: usize,
    /// Connections to one server at the same time, over all mailboxes; `None`: as many as are worth it.
    pub max_connections: Option<usize>,
    /// How a finished copy is verified.
    pub verify: Verify,
    /// Whether connections are compressed.
    pub compression: Compression,
    /// How long servers are waited for.
    pub timeouts: Timeouts,
    /// Whether what is due is done when a project is opened: a server that is not known is searched for, and a copy that
    /// was running when the program ended goes on.
    pub acts_by_itself: bool,
    /// Whether counting also looks at a few dates of each folder, which costs a moment. Not where the copy follows at once.
    pub samples_dates: bool,
    /// Whether Ctrl+C and a request to terminate end the engine in order, as `Command::Quit` does.
    pub quits_on_interrupt: bool,
}

/// What happens to passwords that are given to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsPolicy {
    /// They go to the OS keyring where one runs.
    Keyring,
    /// They are kept for this session; the keyring is only read where nothing was given.
    SessionThenKeyring,
    /// They are kept for this session and no keyring is touched.
    SessionOnly,
}

/// How a finished copy is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// As the owner has chosen in the project.
    AsChosen,
    /// Not at all.
    None,
    /// Counts, sizes, dates and flags.
    Quick,
    /// Every message is read again and compared by SHA-256.
    Full,
}

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
