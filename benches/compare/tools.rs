//! The tools that are compared, each as a process of its own, with its time and its peak memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::dovecot::PASSWORD;

/// Time and peak memory of one run.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// Largest resident set (`VmHWM`), in kilobytes.
    pub peak_kilobytes: u64,
}

/// One mailbox on a port of this computer.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Clear text port.
    pub port: u16,
    /// User.
    pub user: &'static str,
}

/// Runs `mailferry copy` with its state in `work`.
pub fn mailferry(work: &Path, from: Account, to: Account, verify: &str) -> Figure {
    let password = work.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let url = |account: Account| format!("imap://{}@127.0.0.1:{}", account.user, account.port);
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
        .args(["--verify", verify])
        .env("HOME", work)
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    measure(command)
}

/// Runs mbsync with its state in `work`.
pub fn mbsync(work: &Path, from: Account, to: Account) -> Figure {
    let account = |name: &str, account: Account| {
        format!(
            "IMAPAccount {name}\nHost 127.0.0.1\nPort {}\nUser {}\nPass \"{}\"\nSSLType None\nAuthMechs LOGIN\n\n\
             IMAPStore {name}\nAccount {name}\n\n",
            account.port,
            account.user,
            PASSWORD.replace('"', "\\\"")
        )
    };
    let state = work.join(format!("{}-state", to.user));
    std::fs::create_dir_all(&state).unwrap();
    let config = format!(
        "{}{}Channel move\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nCopyArrivalDate yes\nSyncState {}/\n",
        account("far", from),
        account("near", to),
        state.display()
    );
    let file = work.join(format!("{}.mbsyncrc", to.user));
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new("mbsync");
    command.arg("-q").arg("-c").arg(&file).arg("move");
    measure(command)
}

fn measure(mut command: Command) -> Figure {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kilobytes = 0;
    let status = loop {
        if let Ok(status) = std::fs::read_to_string(&status_file) {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
            peak_kilobytes = peak_kilobytes.max(peak.unwrap_or(0));
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let seconds = began.elapsed().as_secs_f64();
    let words = std::io::read_to_string(child.stderr.unwrap());
    assert!(status.success(), "{command:?} ended with {status}: {words:?}");
    Figure { seconds, peak_kilobytes }
}
