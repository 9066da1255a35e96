//! Replies while the bytes of one message are taken out of them.

use std::task::{Context, Poll};

use super::{Reply, Session};
use crate::imap::protocol::error::ImapError;
use crate::imap::transport::gate::Poured;

/// Bytes of the message that have come, and a reply behind them.
pub(in crate::imap) type Arrived = (Vec<u8>, Option<Reply>);

impl Session {
    /// From now on takes the bytes of this message out of the reply that brings it; more than this are left out.
    pub(in crate::imap) fn begin_pour(&mut self, uid: u32, most_bytes: usize) {
        self.gate.pour(uid, most_bytes);
    }

    /// Replies are whole again; what came of it.
    pub(in crate::imap) fn end_pour(&mut self) -> Poured {
        self.gate.end_pour()
    }

    /// What has come next. Waits as [`Session::next`] does.
    pub(in crate::imap) async fn next_poured(&mut self) -> Result<Arrived, ImapError> {
        self.wait_for(Self::poll_poured).await
    }

    fn poll_poured(&mut self, context: &mut Context<'_>) -> Poll<Result<Arrived, ImapError>> {
        if let Some(reply) = self.inbox.pop_front() {
            let reply = self.noted(reply);
            return Poll::Ready(Ok((self.gate.take_poured(), Some(reply))));
        }
        let polled = self.poll_reply(context);
        match polled {
            Poll::Ready(Ok(reply)) => Poll::Ready(Ok((self.gate.take_poured(), Some(reply)))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Larger pieces cost less than many small ones.
            Poll::Pending if !self.gate.is_pour_full() => Poll::Pending,
            Poll::Pending => Poll::Ready(Ok((self.gate.take_poured(), None))),
        }
    }
}
