//! The context of a job.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::jobs::results::Message;

/// The context of a job: its number, its token, and where its results go.
#[derive(Clone)]
pub(in crate::engine) struct JobContext {
    pub(in crate::engine) number: u64,
    pub(in crate::engine) token: CancellationToken,
    pub(in crate::engine) answers: mpsc::Sender<Message>,
}

impl JobContext {
    /// Sends a result. If the engine has ended, nobody needs it.
    pub(in crate::engine) async fn tell(&self, message: Message) {
        let _nobody_asks = self.answers.send(message).await;
    }

    /// Sends a message that may be dropped if the engine is too busy.
    pub(in crate::engine) fn tell_soon(&self, message: Message) {
        let _is_lost = self.answers.try_send(message);
    }
}
