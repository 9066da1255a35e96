//! Servers from Debian's packages that lie beside the system, unpacked by `scripts/fetch-unpacked.sh`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{missing, run, tied};

/// The folder with the unpacked packages of a server, or a word about how to get it.
pub fn require_unpacked(server: &str) -> Option<PathBuf> {
    require_folder(server, &format!("scripts/fetch-unpacked.sh {server}"))
}

/// A folder of the tests' own that a script makes, or a word about that script.
///
/// # Panics
/// With that word, where `MAILFERRY_REQUIRE_SERVERS=1` and the folder is not there.
pub fn require_folder(server: &str, script: &str) -> Option<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(server);
    let named = env::var_os(format!("MAILFERRY_{}", server.to_uppercase()));
    let folder = named.map_or_else(own, PathBuf::from);
    if folder.join("unpacked").exists() {
        return Some(folder);
    }
    missing(&format!("{server} is missing in {}: {script}", folder.display()));
    None
}

/// Whether the tests run as root, so that servers run as `nobody`.
pub fn is_root() -> bool {
    run(Command::new("id").arg("-u")).stdout.starts_with(b"0\n")
}

/// The user and the group that servers run as.
pub(super) struct Owner {
    pub(super) user: String,
    pub(super) group: String,
}

impl Owner {
    /// `nobody` where the tests run as root, otherwise whoever runs them.
    pub(super) fn of_servers() -> Self {
        if is_root() {
            return Self { user: "nobody".to_owned(), group: "nogroup".to_owned() };
        }
        let name = |option| String::from_utf8(run(Command::new("id").arg(option)).stdout).unwrap();
        Self { user: name("-un").trim().to_owned(), group: name("-gn").trim().to_owned() }
    }
}

/// A program that a server consists of: never as root, and [`tied`] to the thread that starts it.
pub fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return tied(program);
    }
    as_nobody(&["--pdeathsig", "KILL"], program)
}

/// The same for a server that a passing thread may start again: something else has to end it.
pub fn unprivileged_for_itself(program: &Path) -> Command {
    if is_root() { as_nobody(&[], program) } else { Command::new(program) }
}

fn as_nobody(ties: &[&str], program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(ties).args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--"]).arg(program);
    command
}

/// Gives a folder to the user that servers run as.
pub fn hand_over(folder: &Path) {
    if is_root() {
        assert!(run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(folder)).status.success());
    }
}

/// The unpacked programs where the server's user can read them; a copy in a checkout below somebody's closed home.
pub fn readable_by_the_server(unpacked: &Path, root: &Path) -> PathBuf {
    let is_open = |place: &Path| {
        fs::metadata(place).is_ok_and(|metadata| metadata.permissions().mode() & 0o005 == 0o005)
    };
    if !is_root() || unpacked.ancestors().all(is_open) {
        return unpacked.to_owned();
    }
    let copy = root.join("programs");
    assert!(run(Command::new("cp").arg("-a").arg(unpacked).arg(&copy)).status.success());
    copy
}

/// Where the unpacked programs find their libraries and SASL its mechanisms: beside them, then in the system.
pub fn environment(programs: &Path) -> [(&'static str, OsString); 2] {
    let mut libraries = programs.join("usr/lib").into_os_string();
    let mut mechanisms = OsString::new();
    let mut roots = vec![programs.join("usr/lib"), programs.join("lib")];
    roots.extend(["/usr/lib".into(), "/lib".into()]);
    for folder in roots.iter().filter_map(|root| fs::read_dir(root).ok()).flatten() {
        // Debian keeps libraries in folders like x86_64-linux-gnu.
        let folder = folder.unwrap().path();
        if !folder.to_string_lossy().ends_with("-linux-gnu") {
            continue;
        }
        let is_own = folder.starts_with(programs);
        for (list, place) in [(&mut libraries, folder.clone()), (&mut mechanisms, folder.join("sasl2"))] {
            if is_own || place.ends_with("sasl2") {
                list.push(if list.is_empty() { "" } else { ":" });
                list.push(place);
            }
        }
    }
    [("LD_LIBRARY_PATH", libraries), ("SASL_PATH", mechanisms)]
}
