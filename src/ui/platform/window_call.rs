//! One window for each project: who opens a project that is open in a window of this user brings that window to the front.
//!
//! The window listens on a local socket that is named after its project. A second start calls there before it opens a
//! window of its own; where nobody answers, it opens the project, and the lock of the project says who has it.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use sha2::{Digest as _, Sha256};

/// What a window answers when it was called.
const HERE: u8 = b'1';
/// How long a call waits for a window that hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where windows listen, and where they are called.
#[derive(Clone, Debug)]
pub struct WindowCalls {
    folder: PathBuf,
}

/// A window that can be called. Dropping it ends that.
#[derive(Debug)]
pub struct ListeningWindow {
    place: PathBuf,
    has_ended: Arc<AtomicBool>,
}

impl WindowCalls {
    /// Those of this user, or `None` where the user has no folder for the program's own files.
    pub fn of_this_user() -> Option<Self> {
        eframe::storage_dir(crate::ui::APP_ID).map(|folder| Self::in_folder(folder.join("windows")))
    }

    /// With sockets in this folder. Only the user may be able to write there.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Calls the window that has this project open, and says whether one answered.
    pub fn call(&self, project: &Path) -> bool {
        let Ok(place) = self.place(project) else { return false };
        let (sender, receiver) = mpsc::channel();
        // A thread, because not every system lets a socket give up by itself.
        let spawned = thread::Builder::new().name("window call".to_owned()).spawn(move || {
            // Nobody waits any more where the answer came too late.
            let _too_late = sender.send(ask(&place));
        });
        spawned.is_ok() && receiver.recv_timeout(PATIENCE).is_ok_and(|answer| answer.is_ok())
    }

    /// Listens for calls about this project, which the caller has open, and hands each to `on_call`.
    ///
    /// # Errors
    /// If there can be no socket, as on a medium without them. The project is usable without.
    pub fn listen(&self, project: &Path, on_call: impl Fn() + Send + 'static) -> io::Result<ListeningWindow> {
        fs::create_dir_all(&self.folder)?;
        let place = self.place(project)?;
        // What lies there was left by a window that was killed: the lock of the project is ours. The file is removed by
        // `drop`, because the thread may end after the same project was opened again.
        let options = ListenerOptions::new().name(name_of(&place)?).try_overwrite(true).reclaim_name(false);
        let listener = options.create_sync()?;
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        thread::Builder::new()
            .name("window calls".to_owned())
            .spawn(move || answer_calls(&listener, &ended, &on_call))?;
        Ok(ListeningWindow { place, has_ended })
    }

    /// The socket of a project: however the project is reached, it is the same.
    fn place(&self, project: &Path) -> io::Result<PathBuf> {
        let project = fs::canonicalize(project)?;
        let digest = Sha256::digest(project.as_os_str().as_encoded_bytes());
        // Short, because the path of a socket may have a hundred bytes or so.
        let name = digest.iter().take(8).fold(String::new(), |mut name, byte| {
            // Writing to a string cannot fail.
            let _always = write!(name, "{byte:02x}");
            name
        });
        Ok(self.folder.join(name))
    }
}

impl Drop for ListeningWindow {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Relaxed);
        // Wakes the thread, which then ends. It may have ended already.
        if let Err(error) = name_of(&self.place).and_then(Stream::connect) {
            tracing::debug!(%error, "nobody listens at this window's socket");
        }
        #[cfg(unix)]
        if let Err(error) = fs::remove_file(&self.place) {
            tracing::debug!(%error, "this window's socket is gone already");
        }
    }
}

#[cfg(unix)]
fn name_of(place: &Path) -> io::Result<Name<'_>> {
    place.to_fs_name::<interprocess::local_socket::GenericFilePath>()
}

/// Named pipes have a space of their own.
#[cfg(not(unix))]
fn name_of(place: &Path) -> io::Result<Name<'static>> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    format!("{}-{name}", crate::ui::APP_ID).to_ns_name::<interprocess::local_socket::GenericNamespaced>()
}

fn ask(place: &Path) -> io::Result<()> {
    let mut answer = [0];
    Stream::connect(name_of(place)?)?.read_exact(&mut answer)?;
    if answer == [HERE] { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn answer_calls(listener: &Listener, has_ended: &AtomicBool, on_call: &impl Fn()) {
    for call in listener.incoming() {
        if has_ended.load(Ordering::Relaxed) {
            return;
        }
        match call.and_then(|mut call| call.write_all(&[HERE])) {
            Ok(()) => on_call(),
            // The caller went away again.
            Err(error) => tracing::debug!(%error, "a call to this window was cut"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        calls: WindowCalls,
        project: PathBuf,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("a.mailferry");
        fs::write(&project, "").unwrap();
        let calls = WindowCalls::in_folder(folder.path().join("windows"));
        Bench { folder, calls, project }
    }

    #[test]
    fn a_window_answers_for_its_project_and_for_no_other() {
        let bench = bench();
        let other = bench.folder.path().join("b.mailferry");
        fs::write(&other, "").unwrap();
        assert!(!bench.calls.call(&bench.project), "nobody listens yet");
        let (sender, calls) = mpsc::channel();
        let window = bench.calls.listen(&bench.project, move || sender.send(()).unwrap()).unwrap();
        assert!(bench.calls.call(&bench.project));
        assert!(bench.calls.call(&bench.folder.path().join("windows").join("..").join("a.mailferry")));
        assert!(!bench.calls.call(&other));
        calls.recv().unwrap();
        calls.recv().unwrap();
        drop(window);
        assert!(!bench.calls.call(&bench.project), "the window is closed");
        // The thread has ended without another call: what it calls is gone.
        assert!(calls.recv().is_err());
    }

    #[test]
    fn what_a_killed_window_left_is_in_nobodys_way() {
        let bench = bench();
        let place = bench.calls.place(&bench.project).unwrap();
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        // As std leaves it: the socket stays when its listener is gone.
        #[cfg(unix)]
        drop(std::os::unix::net::UnixListener::bind(&place).unwrap());
        assert!(!bench.calls.call(&bench.project));
        let _window = bench.calls.listen(&bench.project, || {}).unwrap();
        assert!(bench.calls.call(&bench.project));
    }

    #[test]
    fn a_project_that_is_gone_is_in_no_window() {
        let bench = bench();
        assert!(!bench.calls.call(&bench.folder.path().join("gone.mailferry")));
    }
}
