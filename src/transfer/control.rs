use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The copy's side of pause and stop. Dropping the copy's future is the third way to end it, without waiting.
#[derive(Clone, Debug)]
pub struct CopyControl {
    stop: CancellationToken,
    pause: watch::Receiver<bool>,
}

/// The engine's side of pause and stop.
#[derive(Debug)]
pub struct CopyController {
    stop: CancellationToken,
    pause: watch::Sender<bool>,
}

/// Makes a pair; the control can be cloned for many mailboxes.
pub fn copy_control(stop: CancellationToken) -> (CopyController, CopyControl) {
    let (sender, receiver) = watch::channel(false);
    (CopyController { stop: stop.clone(), pause: sender }, CopyControl { stop, pause: receiver })
}

impl CopyController {
    /// Messages under way are finished, then the copy waits.
    pub fn pause(&self) {
        self.pause.send_replace(true);
    }

    /// The copy goes on after a pause.
    pub fn resume(&self) {
        self.pause.send_replace(false);
    }

    /// Messages under way are finished, then the copy ends.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl CopyControl {
    /// Whether the copy is to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Whether the copy is to wait.
    pub fn is_paused(&self) -> bool {
        *self.pause.borrow()
    }

    /// A control that stops with this one, and by its own token.
    pub fn child(&self) -> (Self, CancellationToken) {
        let stop = self.stop.child_token();
        (Self { stop: stop.clone(), pause: self.pause.clone() }, stop)
    }

    /// Waits for something, or until stop.
    pub(super) async fn until_stopped(&self, other: impl Future<Output = ()>) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = other => {}
        }
    }

    /// Waits while paused; returns at once on stop. A controller that is gone cannot keep anybody waiting.
    pub(super) async fn wait_while_paused(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            _gone = self.pause.wait_for(|is_paused| !is_paused) => {}
        }
    }

    /// Waits for a time, or until stop. True when the time has passed.
    pub(super) async fn wait(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Waits until the copy is to end.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}
