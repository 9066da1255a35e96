use tokio::sync::mpsc;

use super::Command;

/// The ways in which a user or the system asks a program without a window to end.
///
/// Listening begins when this is made, so that nothing can be left behind by an early Ctrl+C.
pub(super) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    /// Begins to listen. Must be called inside a tokio runtime.
    #[cfg(unix)]
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Begins to listen. Must be called inside a tokio runtime.
    #[cfg(windows)]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the first request and passes it on as [`Command::Quit`].
    pub(super) async fn pass_on(mut self, commands: mpsc::Sender<Command>) {
        #[cfg(unix)]
        tokio::select! {
            _heard = self.interrupt.recv() => {}
            _heard = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
        // The engine may have ended by itself meanwhile.
        let _ended_before = commands.send(Command::Quit).await;
    }
}
