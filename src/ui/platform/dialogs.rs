//! File dialogs of the desktop, on a thread of their own so that the window keeps drawing.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::Context;

use crate::values::Side;

/// What a path is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A project to open.
    OpenProject,
    /// A list of mailboxes to read.
    ImportCsv,
    /// A file of the old server, with mailboxes or aliases.
    ReadAccounts,
    /// A provider file of the owner.
    ReadProvider,
    /// Where mailboxes and aliases are written for a provider.
    SaveAccounts,
    /// The key of an organisation, for the mailboxes of a side.
    KeyFile(Side),
    /// Where PowerShell for the mailboxes of a side is written.
    SaveScript(Side),
    /// A log, a returned mail or a report to read.
    ReadEvidence,
    /// A test message to judge.
    ReadMessage,
    /// Where the audit is written.
    SaveAudit,
    /// Where the zone lines are written.
    SaveZone,
    /// Where the old records are written.
    SaveWayBack,
    /// Where the report is written.
    SaveReport,
    /// Where the list of messages is written.
    SaveMessages,
    /// Where the log is written.
    SaveLog,
}

impl Purpose {
    const fn is_saving(self) -> bool {
        matches!(
            self,
            Self::SaveAudit
                | Self::SaveZone
                | Self::SaveReport
                | Self::SaveMessages
                | Self::SaveAccounts
                | Self::SaveScript(_)
                | Self::SaveLog
                | Self::SaveWayBack
        )
    }

    const fn title(self) -> &'static str {
        match self {
            Self::OpenProject => "Open project or facts",
            Self::ImportCsv => "Import mailboxes from CSV",
            Self::ReadAccounts => "Read a file of your server",
            Self::ReadProvider => "Add a provider file",
            Self::SaveAccounts => "Save mailboxes and aliases",
            Self::KeyFile(_) => "Choose a key file",
            Self::SaveScript(_) => "Save the script",
            Self::ReadEvidence => "Read as evidence",
            Self::ReadMessage => "Judge a message",
            Self::SaveAudit => "Save the audit",
            Self::SaveZone => "Save the zone lines",
            Self::SaveWayBack => "Save the old records",
            Self::SaveReport => "Save the report",
            Self::SaveMessages => "Save the list of messages",
            Self::SaveLog => "Save the log",
        }
    }

    const fn filter(self) -> Option<Filter> {
        match self {
            Self::OpenProject => {
                Some(Filter { name: "Mailferry projects and facts", extensions: &["mailferry", "json"] })
            }
            Self::ImportCsv => Some(Filter { name: "Comma-separated values", extensions: &["csv", "txt"] }),
            Self::ReadProvider => Some(Filter { name: "Provider files", extensions: &["toml"] }),
            Self::KeyFile(_) => Some(Filter { name: "Key files", extensions: &["json"] }),
            Self::SaveScript(_) => Some(Filter { name: "PowerShell", extensions: &["ps1"] }),
            Self::SaveZone => Some(Filter { name: "Zone files", extensions: &["zone"] }),
            Self::SaveMessages => {
                Some(Filter { name: "Tables and JSON", extensions: &["csv", "json", "jsonl"] })
            }
            Self::ReadEvidence
            | Self::ReadMessage
            | Self::ReadAccounts
            | Self::SaveAccounts
            | Self::SaveAudit
            | Self::SaveLog
            | Self::SaveWayBack
            | Self::SaveReport => None,
        }
    }
}

/// The files that a dialog offers.
struct Filter {
    name: &'static str,
    extensions: &'static [&'static str],
}

/// A chosen path; `None` if the dialog was closed or could not be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogAnswer {
    /// What it was chosen for.
    pub purpose: Purpose,
    /// The path.
    pub path: Option<PathBuf>,
    /// Whether there was a dialog at all: one that ends before a person can have seen it was none.
    pub was_shown: bool,
}

/// A dialog that a person sees and closes takes longer.
const SEEN: std::time::Duration = std::time::Duration::from_millis(250);

/// File dialogs. Each has a path field beside it, because some desktops have no dialogs.
pub trait Dialogs {
    /// Shows a dialog without blocking the window.
    fn ask(&mut self, purpose: Purpose, start: Option<PathBuf>);
    /// The answer, once there is one.
    fn answer(&mut self) -> Option<DialogAnswer>;
}

/// The desktop's own dialogs.
pub struct NativeDialogs {
    ctx: Context,
    sender: Sender<DialogAnswer>,
    receiver: Receiver<DialogAnswer>,
}

impl NativeDialogs {
    /// Dialogs that wake this window when answered.
    pub fn new(ctx: Context) -> Self {
        let (sender, receiver) = channel();
        Self { ctx, sender, receiver }
    }
}

impl Dialogs for NativeDialogs {
    fn ask(&mut self, purpose: Purpose, start: Option<PathBuf>) {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        let mut dialog = rfd::AsyncFileDialog::new().set_title(purpose.title());
        if let Some(Filter { name, extensions }) = purpose.filter() {
            dialog = dialog.add_filter(name, extensions);
        }
        if let Some(start) = &start {
            if let Some(folder) = start.parent().filter(|folder| folder.is_dir()) {
                dialog = dialog.set_directory(folder);
            }
            if let Some(name) = start.file_name().filter(|_| purpose.is_saving()) {
                dialog = dialog.set_file_name(name.to_string_lossy());
            }
        }
        // macOS requires creating the future on this thread; only the waiting happens elsewhere.
        let answer = Answer { sender, ctx, purpose };
        if purpose.is_saving() {
            wait(dialog.save_file(), answer);
        } else {
            wait(dialog.pick_file(), answer);
        }
    }

    fn answer(&mut self) -> Option<DialogAnswer> {
        self.receiver.try_recv().ok()
    }
}

struct Answer {
    sender: Sender<DialogAnswer>,
    ctx: Context,
    purpose: Purpose,
}

fn wait(dialog: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static, answer: Answer) {
    let thread = std::thread::Builder::new().name("file dialog".to_owned());
    let spawned = thread.spawn(move || {
        let began = std::time::Instant::now();
        let path = block_on(dialog).map(|file| file.path().to_owned());
        let was_shown = path.is_some() || (began.elapsed() > SEEN && has_dialogs());
        // A closed window needs no answer.
        if answer.sender.send(DialogAnswer { purpose: answer.purpose, path, was_shown }).is_ok() {
            answer.ctx.request_repaint();
        }
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no thread for a file dialog; the path field beside it still works");
    }
}

/// Whether anything here shows file dialogs: the portal of the desktop, or zenity in its place.
#[cfg(target_os = "linux")]
fn has_dialogs() -> bool {
    let is_there = |folder: PathBuf| folder.join("zenity").is_file();
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(is_there))
        || portal::is_there().unwrap_or_else(|error| {
            tracing::debug!(%error, "the bus does not say whether there is a portal");
            false
        })
}

/// Elsewhere they are part of the system.
#[cfg(not(target_os = "linux"))]
const fn has_dialogs() -> bool {
    true
}

#[cfg(target_os = "linux")]
mod portal {
    use std::time::Duration;

    use zbus::blocking::connection::Builder;

    const PORTAL: &str = "org.freedesktop.portal.Desktop";

    /// Whether the portal runs or can be started, and shows file dialogs.
    pub fn is_there() -> Result<bool, zbus::Error> {
        let bus = Builder::session()?.method_timeout(Duration::from_secs(1)).build()?;
        let reply = bus.call_method(
            Some(PORTAL),
            "/org/freedesktop/portal/desktop",
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &("org.freedesktop.portal.FileChooser", "version"),
        );
        match reply {
            Ok(_version) => Ok(true),
            Err(zbus::Error::MethodError(..)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::task::Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

/// Dialogs for tests: they record each request and answer it immediately.
#[cfg(feature = "testing")]
#[derive(Debug, Default)]
pub struct FakeDialogs {
    /// The requests.
    pub asked: Vec<Purpose>,
    /// The answers to the next requests.
    pub answers: std::collections::VecDeque<PathBuf>,
    /// Whether this desktop has no dialogs.
    pub has_none: bool,
    pending: Option<DialogAnswer>,
}

#[cfg(feature = "testing")]
impl FakeDialogs {
    /// The dialogs of a desktop that may have none.
    pub fn on(has_none: bool) -> Self {
        Self { has_none, ..Self::default() }
    }
}

#[cfg(feature = "testing")]
impl Dialogs for FakeDialogs {
    fn ask(&mut self, purpose: Purpose, _start: Option<PathBuf>) {
        self.asked.push(purpose);
        self.pending =
            Some(DialogAnswer { purpose, path: self.answers.pop_front(), was_shown: !self.has_none });
    }

    fn answer(&mut self) -> Option<DialogAnswer> {
        self.pending.take()
    }
}
