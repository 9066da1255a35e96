use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use crate::engine::api::command::Command;

/// The signals by which the user or the system asks a headless program to terminate.
///
/// Listening starts on creation, so that an early Ctrl+C leaves nothing behind.
pub(in crate::engine) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// The terminal is closed. `None` if the program should outlive it (nohup).
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    /// Begins to listen. Must be called inside a tokio runtime.
    #[cfg(unix)]
    pub(in crate::engine) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Begins to listen. Must be called inside a tokio runtime.
    #[cfg(windows)]
    pub(in crate::engine) fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the first signal, records it, and sends [`Command::Quit`].
    pub(in crate::engine) async fn pass_on(
        mut self,
        commands: mpsc::Sender<Command>,
        has_come: Arc<AtomicBool>,
    ) {
        #[cfg(unix)]
        tokio::select! {
            _heard = self.interrupt.recv() => {}
            _heard = self.terminate.recv() => {}
            () = heard(self.hangup.as_mut()) => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
        has_come.store(true, Ordering::Relaxed);
        // The engine may have ended by itself meanwhile.
        let _ended_before = commands.send(Command::Quit).await;
    }
}

/// Waits for a signal, or forever if there is none to wait for.
#[cfg(unix)]
async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            let _heard = signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether the program was started to keep running after the terminal is closed.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    use std::io::IsTerminal as _;
    let told = std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(ignores_in);
    // Elsewhere, detect nohup by its redirection of all streams.
    told.unwrap_or_else(|| {
        !(std::io::stdin().is_terminal()
            || std::io::stdout().is_terminal()
            || std::io::stderr().is_terminal())
    })
}

/// Linux lists a process's ignored signals as a hexadecimal bit mask; SIGHUP, number 1, is the lowest bit.
#[cfg(unix)]
fn ignores_in(status: &str) -> Option<bool> {
    let digits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(digits.trim(), 16).ok().map(|ignored| ignored & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_in;

    #[test]
    fn what_a_process_ignores_is_read() {
        assert_eq!(ignores_in("Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0\n"), Some(true));
        assert_eq!(ignores_in("SigIgn:\t0000000000001000\n"), Some(false));
        assert_eq!(ignores_in("Name:\tx\n"), None);
    }
}
