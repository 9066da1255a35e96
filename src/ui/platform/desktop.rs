//! What the desktop does beside drawing: it tells somebody who looks elsewhere, stays awake, and shows files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Whether the computer stays awake for a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wakefulness {
    /// Nobody asked for it, or there is no answer yet.
    #[default]
    NotAsked,
    /// It stays awake until it is let go.
    Kept,
    /// It may fall asleep: this desktop cannot be asked, or refuses.
    MaySleep,
}

/// The desktop around the window. Nothing here is an error for the user: each has another way beside it.
pub trait Desktop {
    /// Shows a notification outside the window.
    fn notify(&mut self, title: &str, words: &str);
    /// Keeps the computer awake, or lets it sleep again.
    fn keep_awake(&mut self, is_wanted: bool);
    /// Whether it stays awake.
    fn wakefulness(&self) -> Wakefulness;
    /// Shows a file in the file manager.
    fn show_in_folder(&mut self, path: &Path);
    /// A file that could not be shown that way; its folder can be opened instead.
    fn unshown(&mut self) -> Option<PathBuf>;
}

/// A path as a `file:` address (RFC 8089).
pub fn file_address(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let root = if text.starts_with('/') { "" } else { "/" };
    let mut address = format!("file://{root}");
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte);
        if is_plain {
            address.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _always = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(target_os = "linux")]
pub use linux::NativeDesktop;
#[cfg(not(target_os = "linux"))]
pub use others::NativeDesktop;

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use egui::Context;
    use zbus::blocking::Connection;
    use zbus::blocking::connection::Builder;
    use zbus::zvariant::{OwnedFd, Value};

    use super::{Desktop, Wakefulness, file_address};

    /// A bus that does not answer holds up nothing but the thread that asks.
    const PATIENCE: Duration = Duration::from_secs(3);
    const REASON: &str = "Copying mail";

    enum Request {
        Notify { title: String, words: String },
        KeepAwake(bool),
        ShowInFolder(PathBuf),
    }

    enum Answer {
        Awake(Wakefulness),
        Unshown(PathBuf),
    }

    /// The desktop by D-Bus, asked on a thread of its own, which begins with the first request.
    pub struct NativeDesktop {
        ctx: Context,
        requests: Option<Sender<Request>>,
        answers: Option<Receiver<Answer>>,
        wakefulness: Wakefulness,
        unshown: Vec<PathBuf>,
    }

    impl NativeDesktop {
        /// A desktop that wakes this window when it answers.
        pub const fn new(ctx: Context) -> Self {
            let wakefulness = Wakefulness::NotAsked;
            Self { ctx, requests: None, answers: None, wakefulness, unshown: Vec::new() }
        }

        fn ask(&mut self, request: Request) {
            if self.requests.is_none() {
                let (sender, receiver) = channel();
                let (answer, answers) = channel();
                let ctx = self.ctx.clone();
                let thread = std::thread::Builder::new().name("desktop".to_owned());
                match thread.spawn(move || work(&receiver, &answer, &ctx)) {
                    Ok(_runs_until_the_window_closes) => {
                        (self.requests, self.answers) = (Some(sender), Some(answers));
                    }
                    Err(error) => tracing::debug!(%error, "no thread to ask the desktop"),
                }
            }
            if let Some(requests) = &self.requests
                && requests.send(request).is_err()
            {
                tracing::debug!("the thread that asks the desktop has ended");
            }
        }

        fn hear(&mut self) {
            let answers = self.answers.iter().flat_map(Receiver::try_iter);
            for answer in answers {
                match answer {
                    Answer::Awake(wakefulness) => self.wakefulness = wakefulness,
                    Answer::Unshown(path) => self.unshown.push(path),
                }
            }
        }
    }

    impl Desktop for NativeDesktop {
        fn notify(&mut self, title: &str, words: &str) {
            self.ask(Request::Notify { title: title.to_owned(), words: words.to_owned() });
        }

        fn keep_awake(&mut self, is_wanted: bool) {
            self.wakefulness = Wakefulness::NotAsked;
            self.ask(Request::KeepAwake(is_wanted));
        }

        fn wakefulness(&self) -> Wakefulness {
            self.wakefulness
        }

        fn show_in_folder(&mut self, path: &Path) {
            self.ask(Request::ShowInFolder(path.to_owned()));
        }

        fn unshown(&mut self) -> Option<PathBuf> {
            self.hear();
            self.unshown.pop()
        }
    }

    /// What keeps the computer awake for as long as it is held.
    enum Awake {
        Login(#[expect(dead_code, reason = "held, and let go by dropping")] OwnedFd),
        Portal(#[expect(dead_code, reason = "held, and let go by dropping")] Connection),
    }

    fn work(requests: &Receiver<Request>, answers: &Sender<Answer>, ctx: &Context) {
        let mut awake = None;
        while let Ok(request) = requests.recv() {
            let answer = match request {
                Request::Notify { title, words } => {
                    if let Err(error) = notify(&title, &words) {
                        tracing::debug!(%error, "the desktop takes no notifications");
                    }
                    None
                }
                Request::KeepAwake(false) => {
                    awake = None;
                    Some(Answer::Awake(Wakefulness::NotAsked))
                }
                Request::KeepAwake(true) => {
                    awake = awake.or_else(keep_awake);
                    let is_kept = awake.is_some();
                    Some(Answer::Awake(if is_kept { Wakefulness::Kept } else { Wakefulness::MaySleep }))
                }
                Request::ShowInFolder(path) => match show(&path) {
                    Ok(()) => None,
                    Err(error) => {
                        tracing::debug!(%error, "no file manager shows single files");
                        Some(Answer::Unshown(path))
                    }
                },
            };
            if let Some(answer) = answer {
                if answers.send(answer).is_err() {
                    return;
                }
                ctx.request_repaint();
            }
        }
    }

    fn keep_awake() -> Option<Awake> {
        match ask_login() {
            Ok(held) => return Some(Awake::Login(held)),
            Err(error) => tracing::debug!(%error, "logind does not keep the computer awake"),
        }
        match ask_portal() {
            Ok(held) => Some(Awake::Portal(held)),
            Err(error) => {
                tracing::info!("this desktop cannot be asked to stay awake: {error}");
                None
            }
        }
    }

    /// systemd's `Inhibit` gives a file descriptor, and the lock ends when it is closed.
    fn ask_login() -> Result<OwnedFd, zbus::Error> {
        let connection = Builder::system()?.method_timeout(PATIENCE).build()?;
        let reply = connection.call_method(
            Some("org.freedesktop.login1"),
            "/org/freedesktop/login1",
            Some("org.freedesktop.login1.Manager"),
            "Inhibit",
            &("sleep:idle", "Mailferry", REASON, "block"),
        )?;
        reply.body().deserialize()
    }

    /// The portal's lock lasts as long as the connection that asked for it. 4 is suspend, 8 is idle.
    fn ask_portal() -> Result<Connection, zbus::Error> {
        let connection = session()?;
        let options = HashMap::from([("reason", Value::from(REASON))]);
        connection.call_method(
            Some("org.freedesktop.portal.Desktop"),
            "/org/freedesktop/portal/desktop",
            Some("org.freedesktop.portal.Inhibit"),
            "Inhibit",
            &("", 12_u32, options),
        )?;
        Ok(connection)
    }

    fn session() -> Result<Connection, zbus::Error> {
        Builder::session()?.method_timeout(PATIENCE).build()
    }

    fn notify(title: &str, words: &str) -> Result<(), zbus::Error> {
        let (actions, hints) =
            (Vec::<&str>::new(), HashMap::from([("desktop-entry", Value::from("mailferry"))]));
        session()?.call_method(
            Some("org.freedesktop.Notifications"),
            "/org/freedesktop/Notifications",
            Some("org.freedesktop.Notifications"),
            "Notify",
            &("Mailferry", 0_u32, "mailferry", title, words, actions, hints, -1_i32),
        )?;
        Ok(())
    }

    fn show(path: &Path) -> Result<(), zbus::Error> {
        session()?.call_method(
            Some("org.freedesktop.FileManager1"),
            "/org/freedesktop/FileManager1",
            Some("org.freedesktop.FileManager1"),
            "ShowItems",
            &(vec![file_address(path)], ""),
        )?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use std::path::{Path, PathBuf};

    use super::{Desktop, Wakefulness};

    /// A desktop that is not asked for anything: the window flashes in the task bar, and says that the computer may sleep.
    #[derive(Default)]
    pub struct NativeDesktop {
        wakefulness: Wakefulness,
        unshown: Vec<PathBuf>,
    }

    impl NativeDesktop {
        /// It needs nothing of the window.
        pub fn new(_ctx: egui::Context) -> Self {
            Self::default()
        }
    }

    impl Desktop for NativeDesktop {
        fn notify(&mut self, _title: &str, _words: &str) {}

        fn keep_awake(&mut self, is_wanted: bool) {
            self.wakefulness = if is_wanted { Wakefulness::MaySleep } else { Wakefulness::NotAsked };
        }

        fn wakefulness(&self) -> Wakefulness {
            self.wakefulness
        }

        fn show_in_folder(&mut self, path: &Path) {
            self.unshown.push(path.to_owned());
        }

        fn unshown(&mut self) -> Option<PathBuf> {
            self.unshown.pop()
        }
    }
}

/// What a fake desktop was asked for.
#[cfg(feature = "testing")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedOfDesktop {
    /// Titles of notifications.
    pub notified: Vec<String>,
    /// Whether it was to stay awake, each time.
    pub awake: Vec<bool>,
    /// Files to show.
    pub shown: Vec<PathBuf>,
}

/// A desktop for tests: it records each request, and refuses to stay awake where it is told so.
#[cfg(feature = "testing")]
#[derive(Clone, Debug, Default)]
pub struct FakeDesktop {
    /// What it was asked for, shared with the test.
    pub asked: std::rc::Rc<std::cell::RefCell<AskedOfDesktop>>,
    /// Whether it falls asleep nevertheless.
    pub may_sleep: bool,
}

#[cfg(feature = "testing")]
impl Desktop for FakeDesktop {
    fn notify(&mut self, title: &str, _words: &str) {
        self.asked.borrow_mut().notified.push(title.to_owned());
    }

    fn keep_awake(&mut self, is_wanted: bool) {
        self.asked.borrow_mut().awake.push(is_wanted);
    }

    fn wakefulness(&self) -> Wakefulness {
        match self.asked.borrow().awake.last() {
            Some(true) if self.may_sleep => Wakefulness::MaySleep,
            Some(true) => Wakefulness::Kept,
            _ => Wakefulness::NotAsked,
        }
    }

    fn show_in_folder(&mut self, path: &Path) {
        self.asked.borrow_mut().shown.push(path.to_owned());
    }

    fn unshown(&mut self) -> Option<PathBuf> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_an_address() {
        for (path, address) in [
            ("/home/anna/a.html", "file:///home/anna/a.html"),
            (
                "/home/anna/Müller & Söhne/50 %.html",
                "file:///home/anna/M%C3%BCller%20%26%20S%C3%B6hne/50%20%25.html",
            ),
            ("C:\\Users\\anna\\a.html", "file:///C:/Users/anna/a.html"),
        ] {
            assert_eq!(file_address(Path::new(path)), address);
        }
    }
}
