//! The tools that are compared, each as a process of its own, with its time, its own CPU time and its peak memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mailferry_test_support::servers::dovecot::PASSWORD;

/// One clock tick of `/proc/<pid>/stat`, in seconds: `USER_HZ` is 100 on every Linux that we know.
const TICK_SECONDS: f64 = 0.01;

/// Time and peak memory of one run.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// CPU time of the tool alone, in seconds; what the servers need is not in it.
    pub cpu_seconds: f64,
    /// Largest resident set (`VmHWM`), in kilobytes.
    pub peak_kilobytes: u64,
}

/// One mailbox on a port of this computer.
#[derive(Clone, Debug)]
pub struct Account {
    /// Clear text port.
    pub port: u16,
    /// User.
    pub user: String,
}

/// A program that copies mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Mailferry,
    Mbsync,
    Imapsync,
}

impl Tool {
    /// How the table and the accounts call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mailferry => "mailferry",
            Self::Mbsync => "mbsync",
            Self::Imapsync => "imapsync",
        }
    }

    /// Whether it can be started here.
    pub fn is_here(self) -> bool {
        self == Self::Mailferry || on_path(self.name()).is_some()
    }

    /// Copies everything, or what has changed since the last time, with its state in `work`.
    pub fn copy(self, work: &Path, from: &Account, to: &Account) -> Figure {
        match self {
            Self::Mailferry => mailferry(work, from, to, "none"),
            Self::Mbsync => mbsync(work, from, to),
            Self::Imapsync => imapsync(work, from, to),
        }
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn password_file(work: &Path) -> PathBuf {
    let file = work.join("password");
    fs::write(&file, PASSWORD).unwrap();
    file
}

/// Runs `mailferry copy` with its state in `work`.
pub fn mailferry(work: &Path, from: &Account, to: &Account, verify: &str) -> Figure {
    copy_command(work, from, to, &["--verify", verify])
}

/// Counts and plans as [`mailferry`] does before it copies, and copies nothing.
pub fn planning(work: &Path, from: &Account, to: &Account) -> Figure {
    copy_command(work, from, to, &["--dry-run"])
}

fn copy_command(work: &Path, from: &Account, to: &Account, options: &[&str]) -> Figure {
    let password = password_file(work);
    let url = |account: &Account| format!("imap://{}@127.0.0.1:{}", account.user, account.port);
    // Another build can be measured with the same servers and the same mailbox.
    let program =
        std::env::var_os("MAILFERRY_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_mailferry").into());
    let mut command = Command::new(program);
    command
        .arg("copy")
        .args(["--from", &url(from), "--to", &url(to)])
        .arg("--from-password-file")
        .arg(&password)
        .arg("--to-password-file")
        .arg(&password)
        .arg("--project")
        .arg(work.join(format!("{}.mailferry", to.user)))
        .args(options)
        .env("HOME", work)
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    measure(command)
}

/// Runs mbsync with its state in `work`.
fn mbsync(work: &Path, from: &Account, to: &Account) -> Figure {
    let account = |name: &str, account: &Account| {
        format!(
            "IMAPAccount {name}\nHost 127.0.0.1\nPort {}\nUser {}\nPass \"{}\"\nSSLType None\nAuthMechs LOGIN\n\n\
             IMAPStore {name}\nAccount {name}\n\n",
            account.port,
            account.user,
            PASSWORD.replace('"', "\\\"")
        )
    };
    let state = work.join(format!("{}-state", to.user));
    fs::create_dir_all(&state).unwrap();
    let config = format!(
        "{}{}Channel move\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nCopyArrivalDate yes\nSyncState {}/\n",
        account("far", from),
        account("near", to),
        state.display()
    );
    let file = work.join(format!("{}.mbsyncrc", to.user));
    fs::write(&file, config).unwrap();
    let mut command = Command::new("mbsync");
    command.arg("-q").arg("-c").arg(&file).arg("move");
    measure(command)
}

/// Runs imapsync with its state in `work`.
fn imapsync(work: &Path, from: &Account, to: &Account) -> Figure {
    let password = password_file(work);
    let mut command = Command::new("imapsync");
    for (side, account) in [("1", from), ("2", to)] {
        command
            .args([format!("--host{side}"), "127.0.0.1".to_owned()])
            .args([format!("--port{side}"), account.port.to_string()])
            .args([format!("--user{side}"), account.user.clone()])
            .arg(format!("--passfile{side}"))
            .arg(&password)
            .arg(format!("--nossl{side}"))
            .arg(format!("--notls{side}"));
    }
    command.args(["--nolog", "--noreleasecheck"]).arg("--tmpdir").arg(work);
    measure(command)
}

fn measure(mut command: Command) -> Figure {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let folder = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut peak_kilobytes, mut cpu_seconds) = (0, 0.0);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if let Ok(status) = fs::read_to_string(folder.join("status")) {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
            peak_kilobytes = peak_kilobytes.max(peak.unwrap_or(0));
        }
        if let Ok(stat) = fs::read_to_string(folder.join("stat")) {
            cpu_seconds = f64::max(cpu_seconds, cpu_of(&stat).unwrap_or(0.0));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let seconds = began.elapsed().as_secs_f64();
    let words = std::io::read_to_string(child.stderr.unwrap());
    assert!(status.success(), "{command:?} ended with {status}: {words:?}");
    Figure { seconds, cpu_seconds, peak_kilobytes }
}

/// User and system time from `/proc/<pid>/stat`: fields 14 and 15 (proc(5)), the 12th and 13th behind the name.
fn cpu_of(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: Option<f64> = rest.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().ok()).sum();
    Some(ticks? * TICK_SECONDS)
}
