//! Courier-IMAP on a loopback port, unpacked beside the system by `scripts/fetch-unpacked.sh`.
//!
//! Its own `imaplogin` wants an authentication daemon at fixed places, so a front of the tests' own does the sign-in and
//! hands the connection over to Courier's `imapd`, as `imaplogin` does: socket, `AUTHENTICATED`, the tag, the Maildir.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::programs::{free_port, run};
use crate::servers::dovecot::PASSWORD;
use crate::servers::unpacked::{
    environment, hand_over, readable_by_the_server, require_unpacked, unprivileged,
};

/// Debian's own setting; `imapd` adds what it always has.
const CAPABILITY: &str =
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE";

/// A running instance; ends and vanishes when dropped.
pub struct Courier {
    place: Place,
    watcher: Child,
    is_over: Arc<AtomicBool>,
    front: Option<JoinHandle<()>>,
    running: Running,
    /// Clear text.
    pub clear_port: u16,
    // Last, so that it goes when nobody writes into it any more.
    _folder: tempfile::TempDir,
}

/// Processes that serve a connection.
type Running = Arc<Mutex<Vec<u32>>>;

/// Where the programs and the mail are.
#[derive(Clone)]
struct Place {
    root: PathBuf,
    programs: PathBuf,
}

impl Courier {
    /// Starts an instance with these users, or says that the test was skipped.
    pub fn start(users: &[&str]) -> Option<Self> {
        let unpacked = require_unpacked("courier")?;
        let folder = tempfile::Builder::new().prefix("courier-").tempdir_in("/tmp").unwrap();
        let root = folder.path().to_owned();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let place = Place { programs: readable_by_the_server(&unpacked, &root), root };
        for user in users {
            place.add_mailbox(user);
        }
        let clear_port = free_port();
        let watcher = place.watch_files(clear_port);
        let listener = TcpListener::bind(("127.0.0.1", clear_port)).unwrap();
        let (is_over, running) = (Arc::new(AtomicBool::new(false)), Running::default());
        let front = {
            let (place, is_over, running) = (place.clone(), Arc::clone(&is_over), Arc::clone(&running));
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if is_over.load(Ordering::Acquire) {
                        break;
                    }
                    let (place, running) = (place.clone(), Arc::clone(&running));
                    std::thread::spawn(move || serve(stream, &place, clear_port, &running));
                }
            })
        };
        Some(Self { place, watcher, is_over, front: Some(front), running, clear_port, _folder: folder })
    }

    /// Ends every connection at once, as a power cut would; new ones are taken.
    pub fn kill(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap());
        for process in running {
            let _gone = run(Command::new("kill").args(["-KILL", &process.to_string()]));
        }
    }

    /// The number of the process that watches files for it.
    pub fn watcher(&self) -> u32 {
        self.watcher.id()
    }

    /// The Maildir of a user.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.place.home(user).join("Maildir")
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes the front, which then sees that it is over.
        let _woken = TcpStream::connect(("127.0.0.1", self.clear_port));
        if let Some(front) = self.front.take() {
            let _ended = front.join();
        }
        self.kill();
        let _killed = self.watcher.kill();
        let _ended = self.watcher.wait();
    }
}

impl Place {
    fn home(&self, user: &str) -> PathBuf {
        self.root.join("mail").join(user)
    }

    fn add_mailbox(&self, user: &str) {
        let home = self.home(user);
        fs::create_dir_all(&home).unwrap();
        let made = run(Command::new(self.programs.join("usr/bin/maildirmake.courier"))
            .arg(home.join("Maildir"))
            .envs(environment(&self.programs)));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        hand_over(&self.root.join("mail"));
    }

    fn program(&self, path: &str) -> Command {
        let mut command = unprivileged(&self.programs.join(path));
        command.envs(environment(&self.programs)).env("HOME", &self.root);
        command
    }

    /// Starts the daemon that tells `imapd` what changes in a folder; each instance has one of its own.
    fn watch_files(&self, port: u16) -> Child {
        self.program("usr/libexec/gam_server")
            .args(["--notimeout", &client_id(port)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.root.join("watcher")).unwrap())
            .spawn()
            .unwrap()
    }
}

fn client_id(port: u16) -> String {
    format!("mailferry-{port}")
}

/// Serves one connection to its end: the sign-in here, everything else in Courier.
fn serve(mut stream: TcpStream, place: &Place, port: u16, running: &Running) {
    let Ok(Some(SignedIn { tag, user })) = sign_in(&mut stream, place) else { return };
    let remote = stream.peer_addr().map(|address| address.port().to_string()).unwrap_or_default();
    let log = fs::File::options().create(true).append(true).open(place.root.join("log")).unwrap();
    let write_end: OwnedFd = stream.try_clone().unwrap().into();
    let mut child = place
        .program("usr/bin/imapd")
        .arg("Maildir")
        .current_dir(place.home(&user))
        .envs([("AUTHENTICATED", user.as_str()), ("IMAPLOGINTAG", &tag), ("IMAP_CAPABILITY", CAPABILITY)])
        .envs([("TCPREMOTEIP", "127.0.0.1"), ("TCPREMOTEPORT", &remote), ("TCPLOCALPORT", "143")])
        .envs([("PROTOCOL", "IMAP"), ("IMAP_KEYWORDS", "1"), ("IMAP_ACL", "1"), ("IMAP_USELOCKS", "1")])
        .envs([("IMAP_TRASHFOLDERNAME", "Trash"), ("IMAP_CHECK_ALL_FOLDERS", "0")])
        .env("GAM_CLIENT_ID", client_id(port))
        .stdin(OwnedFd::from(stream))
        .stdout(write_end)
        .stderr(log)
        .spawn()
        .unwrap();
    running.lock().unwrap().push(child.id());
    child.wait().unwrap();
    running.lock().unwrap().retain(|process| *process != child.id());
}

/// A client that has signed in.
struct SignedIn {
    /// The tag of its LOGIN, which `imapd` answers.
    tag: String,
    user: String,
}

/// Talks until somebody has signed in. `None` where the client goes.
fn sign_in(stream: &mut TcpStream, place: &Place) -> io::Result<Option<SignedIn>> {
    write!(stream, "* OK [CAPABILITY {CAPABILITY} ENABLE UTF8=ACCEPT] Courier-IMAP ready.\r\n")?;
    loop {
        let words = command(stream)?;
        let [tag, name, arguments @ ..] = words.as_slice() else { return Ok(None) };
        match (name.to_uppercase().as_str(), arguments) {
            ("LOGIN", [user, password]) if password == PASSWORD && place.home(user).is_dir() => {
                return Ok(Some(SignedIn { tag: tag.clone(), user: user.clone() }));
            }
            ("LOGIN", _) => write!(stream, "{tag} NO Login failed.\r\n")?,
            ("CAPABILITY", _) => write!(
                stream,
                "* CAPABILITY {CAPABILITY} ENABLE UTF8=ACCEPT\r\n{tag} OK CAPABILITY completed\r\n"
            )?,
            ("NOOP", _) => write!(stream, "{tag} OK NOOP completed\r\n")?,
            ("LOGOUT", _) => {
                write!(stream, "* BYE Courier-IMAP server shutting down\r\n{tag} OK LOGOUT completed\r\n")?;
                return Ok(None);
            }
            _ => write!(stream, "{tag} NO Error in IMAP command received by server.\r\n")?,
        }
    }
}

/// Reads one command as its words, byte by byte: what follows on it is for `imapd`.
fn command(stream: &mut TcpStream) -> io::Result<Vec<String>> {
    let mut words = Vec::new();
    loop {
        let line = line(stream)?;
        let (text, literal) = match line.strip_suffix('}').and_then(|head| head.rsplit_once('{')) {
            Some((text, length)) => (text, length.parse().ok()),
            None => (line.as_str(), None),
        };
        words.extend(split(text));
        let Some(length) = literal else { return Ok(words) };
        stream.write_all(b"+ OK\r\n")?;
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes)?;
        words.push(String::from_utf8_lossy(&bytes).into_owned());
    }
}

fn line(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n") && bytes.len() < 8_192 && stream.read(&mut byte)? == 1 {
        bytes.extend(byte);
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches("\r\n").to_owned())
}

/// Atoms and quoted strings of a line.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut letters) = (Vec::new(), text.chars().peekable());
    while let Some(letter) = letters.next() {
        let mut word = String::new();
        match letter {
            ' ' => continue,
            '"' => {
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    word.extend(if letter == '\\' { letters.next() } else { Some(letter) });
                }
            }
            first => {
                word.push(first);
                while let Some(letter) = letters.next_if(|letter| *letter != ' ') {
                    word.push(letter);
                }
            }
        }
        words.push(word);
    }
    words
}
