//! Stops, pauses and resumes a copy from outside.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// The copy's side of pause and stop. Dropping the copy's future is the third way to end it, without waiting.
#[derive(Clone, Debug)]
pub struct CopyControl {
    stop: CancellationToken,
    /// The copy waits while any of them says so: that of the whole, and that of one mailbox.
    pauses: Vec<watch::Receiver<bool>>,
    try_now: Arc<Notify>,
}

/// The engine's side of pause and stop.
#[derive(Debug)]
pub struct CopyController {
    stop: CancellationToken,
    pause: watch::Sender<bool>,
    try_now: Arc<Notify>,
}

/// Makes a pair; the control can be cloned for many mailboxes.
pub fn copy_control(stop: CancellationToken) -> (CopyController, CopyControl) {
    let (sender, receiver) = watch::channel(false);
    let try_now = Arc::new(Notify::new());
    let controller = CopyController { stop: stop.clone(), pause: sender, try_now: Arc::clone(&try_now) };
    (controller, CopyControl { stop, pauses: vec![receiver], try_now })
}

impl CopyController {
    /// Messages under way are finished, then the copy waits.
    pub fn pause(&self) {
        self.pause.send_replace(true);
    }

    /// Continues the copy after a pause.
    pub fn resume(&self) {
        self.pause.send_replace(false);
    }

    /// Whoever waits to connect again does so at once.
    pub fn try_now(&self) {
        self.try_now.notify_waiters();
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
        self.pauses.iter().any(asks_to_wait)
    }

    /// Pause and stop of one mailbox below this control: it waits and ends with the whole, and alone when it is asked
    /// to, while the others continue.
    pub fn for_mailbox(&self) -> (CopyController, Self) {
        let (sender, receiver) = watch::channel(false);
        let stop = self.stop.child_token();
        let mut pauses = self.pauses.clone();
        pauses.push(receiver);
        let try_now = Arc::clone(&self.try_now);
        let controller = CopyController { stop: stop.clone(), pause: sender, try_now: Arc::clone(&try_now) };
        (controller, Self { stop, pauses, try_now })
    }

    /// A control that stops with this one, and by its own token.
    pub fn child(&self) -> (Self, CancellationToken) {
        let stop = self.stop.child_token();
        (Self { stop: stop.clone(), ..self.clone() }, stop)
    }

    /// Waits for something, or until stop.
    pub(in crate::transfer) async fn until_stopped(&self, other: impl Future<Output = ()>) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = other => {}
        }
    }

    /// Waits while paused; returns at once on stop. If the controller is gone, nothing waits any more.
    pub(in crate::transfer) async fn wait_while_paused(&mut self) {
        let resumed = async {
            while self.pauses.iter().any(asks_to_wait) {
                for pause in &mut self.pauses {
                    let _gone = pause.wait_for(|is_paused| !is_paused).await;
                }
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = resumed => {}
        }
    }

    /// Waits for a time, or until stop. True when the time has passed.
    pub(in crate::transfer) async fn wait(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Waits before a new connection: for a time, until somebody asks to try now, or until stop. False on stop.
    pub(in crate::transfer) async fn wait_to_connect(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = self.try_now.notified() => true,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Waits until the copy is to end.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

/// Whether somebody is there who has paused, and can end that.
fn asks_to_wait(pause: &watch::Receiver<bool>) -> bool {
    *pause.borrow() && pause.has_changed().is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn goes_on(control: &CopyControl) -> bool {
        let mut control = control.clone();
        tokio::time::timeout(Duration::from_millis(50), control.wait_while_paused()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn one_mailbox_rests_while_the_others_continue() {
        let (whole, control) = copy_control(CancellationToken::new());
        let (anna, of_anna) = control.for_mailbox();
        let (_ben, of_ben) = control.for_mailbox();
        anna.pause();
        assert!(of_anna.is_paused() && !of_ben.is_paused() && !control.is_paused());
        assert!(!goes_on(&of_anna).await && goes_on(&of_ben).await);
        whole.pause();
        assert!(of_ben.is_paused());
        anna.resume();
        assert!(!goes_on(&of_anna).await, "the whole still rests");
        whole.resume();
        assert!(goes_on(&of_anna).await && goes_on(&of_ben).await);
        anna.stop();
        assert!(of_anna.is_stopped() && !of_ben.is_stopped());
        whole.stop();
        assert!(of_ben.is_stopped());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_to_connect_tries_at_once_when_asked() {
        let (whole, control) = copy_control(CancellationToken::new());
        let (_anna, of_anna) = control.for_mailbox();
        let began = tokio::time::Instant::now();
        let hour = Duration::from_hours(1);
        let asked = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            whole.try_now();
        };
        let (anna, all, ()) =
            tokio::join!(of_anna.wait_to_connect(hour), control.wait_to_connect(hour), asked);
        assert!(anna && all && began.elapsed() < Duration::from_secs(2));
        // What a server asked for is not cut short.
        let asked = async { whole.try_now() };
        let (waited, ()) = tokio::join!(control.wait(hour), asked);
        assert!(waited && began.elapsed() >= hour);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_controller_ends_every_wait() {
        let (whole, control) = copy_control(CancellationToken::new());
        let (anna, of_anna) = control.for_mailbox();
        anna.pause();
        drop(anna);
        assert!(goes_on(&of_anna).await);
        drop(whole);
        assert!(goes_on(&control).await);
    }
}
