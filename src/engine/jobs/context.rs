//! What a job is given.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::jobs::results::Message;

/// What a job is given: its number, its token, and where its answers go.
#[derive(Clone)]
pub(in crate::engine) struct JobContext {
    pub(in crate::engine) number: u64,
    pub(in crate::engine) token: CancellationToken,
    pub(in crate::engine) answers: mpsc::Sender<Message>,
}

impl JobContext {
    /// Sends an answer on the way; when the engine has ended, nobody asks any more.
    pub(in crate::engine) async fn tell(&self, message: Message) {
        let _nobody_asks = self.answers.send(message).await;
    }

    /// Sends a word that may be lost where the engine has too much to do.
    pub(in crate::engine) fn tell_soon(&self, message: Message) {
        let _is_lost = self.answers.try_send(message);
    }
}
