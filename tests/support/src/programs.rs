//! Programs that tests start: found, tied to the test, and waited for.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// Finds a server program, or says that the test was skipped.
///
/// # Panics
/// With the install line, where `MAILFERRY_REQUIRE_SERVERS=1` and the program is missing.
pub fn require_program(program: &str, package: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"]
        .iter()
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.exists());
    if found.is_none() {
        missing(&format!("{program} is missing: apt-get install {package}"));
    }
    found
}

/// Says that a test is skipped, and what would have to be done.
///
/// # Panics
/// Where `MAILFERRY_REQUIRE_SERVERS=1`.
pub(crate) fn missing(line: &str) {
    assert!(std::env::var_os("MAILFERRY_REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{line}");
    eprintln!("skipped: {line}");
}

/// A program that ends together with the thread that starts it: no server outlives its test, however that ends.
pub fn tied(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A program that is ended where the test forgets it, or fails.
pub struct Forgotten(pub Child);

impl Drop for Forgotten {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Ends a group of processes together with this process, however it ends. Dropped in good order, it leaves them alone.
pub struct Guard(Child);

impl Guard {
    /// Watches the group of this process, which leads it: a shell waits for the end of a pipe that nobody else holds.
    ///
    /// # Panics
    /// Where there is no shell.
    pub fn of(leader: &Child) -> Self {
        let group = leader.id().to_string();
        let mut shell = Command::new("sh");
        shell.args(["-c", "read -r _; exec env kill -KILL -- \"-$1\"", "sh", &group]).process_group(0);
        let quiet = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(quiet.spawn().unwrap())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before its pipe ends, so that it kills nobody.
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Ports below those that the system itself gives to connections.
const TEST_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A free port on loopback, TCP and UDP, for a server that is started later: no other test gets it while this process
/// runs.
///
/// # Panics
/// Where no port is left.
pub fn free_port() -> u16 {
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join("mailferry-test-ports");
    std::fs::create_dir_all(&folder).unwrap();
    let count = u32::from(TEST_PORTS.end - TEST_PORTS.start);
    let mut held = HELD.lock().unwrap();
    // Each process begins somewhere else, so that none has to try all ports of the others.
    let first = std::process::id().wrapping_mul(101).wrapping_add(u32::try_from(held.len()).unwrap());
    for offset in 0..count {
        let port = TEST_PORTS.start + u16::try_from(first.wrapping_add(offset) % count).unwrap();
        // The lock ends with the process, however it ends.
        let Ok(file) = File::options().create(true).append(true).open(folder.join(port.to_string())) else {
            continue;
        };
        let is_free = || TcpListener::bind(("127.0.0.1", port)).and(UdpSocket::bind(("127.0.0.1", port)));
        if file.try_lock().is_ok() && is_free().is_ok() {
            held.push(file);
            return port;
        }
    }
    panic!("no free port between {} and {}", TEST_PORTS.start, TEST_PORTS.end);
}

/// Between two looks at what somebody else does.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// So many looks take ten minutes and more: they end a test that hangs, and measure nothing.
pub const LOOKS: u32 = 30_000;

/// Waits for what becomes true sooner or later, however busy the computer is.
///
/// # Panics
/// Where it never does.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _look in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("it never comes that {what}");
}

/// Waits until something listens on this loopback port.
///
/// # Panics
/// Where nothing ever does.
pub fn wait_for_port(port: u16) {
    wait_for_port_at(Ipv4Addr::LOCALHOST, port);
}

/// Waits until something listens on this port of one of the loopback addresses.
///
/// # Panics
/// Where nothing ever does.
pub fn wait_for_port_at(address: Ipv4Addr, port: u16) {
    let connect = || std::net::TcpStream::connect((address, port)).ok();
    drop(until(&format!("something listens on {address}:{port}"), connect));
}

/// Runs a command to its end and returns its output.
///
/// # Panics
/// When the command cannot be started.
pub fn run(command: &mut Command) -> std::process::Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
