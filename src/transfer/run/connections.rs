//! Workers beside the first one: more connections, as many as the servers accept.

use futures::future::join_all;

use crate::imap::{Introduced, Session};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::worker::Worker;
use crate::values::Side;

/// What the first connections have learnt about the two servers, for those that follow.
pub(in crate::transfer) struct Introductions {
    pub(in crate::transfer) source: Introduced,
    pub(in crate::transfer) destination: Introduced,
}

impl Worker {
    /// Signs in on both sides, beside connections that have done so.
    async fn open_beside(request: &CopyRequest, first: &Introductions) -> Result<Self, TransferError> {
        let failed = |side| move |source| TransferError::SignIn { side, source };
        let (source, destination) = tokio::try_join!(
            async { request.source.open_beside(&first.source).await.map_err(failed(Side::Source)) },
            async {
                request.destination.open_beside(&first.destination).await.map_err(failed(Side::Destination))
            },
        )?;
        Ok(Self { source, destination, appenders: Vec::new(), is_let_in: false })
    }

    /// Confirms the sign-in at both servers. From then on the worker counts.
    pub(in crate::transfer) async fn confirm_sign_in(
        &mut self,
        state: &CopyState<'_>,
    ) -> Result<(), TransferError> {
        if self.is_let_in {
            return Ok(());
        }
        let failed = |side| move |source| TransferError::SignIn { side, source };
        tokio::try_join!(
            async { self.source.confirm_sign_in().await.map_err(failed(Side::Source)) },
            async { self.destination.confirm_sign_in().await.map_err(failed(Side::Destination)) },
        )?;
        self.is_let_in = true;
        state.pair_opened();
        state.appenders_opened(self.appenders.len());
        Ok(())
    }
}

/// Opens more connections that only append, as many as the server accepts.
pub(in crate::transfer) async fn open_appenders(request: &CopyRequest, count: usize) -> Vec<Session> {
    let opened = join_all((0..count).map(|_| request.destination.open_one_more())).await;
    let mut appenders = Vec::new();
    for session in opened {
        match session {
            Ok(session) => appenders.push(session),
            Err(error) => tracing::info!(%error, "continuing with fewer connections to the destination"),
        }
    }
    appenders
}

/// One more pair of connections. If a server accepts no more, the copy continues without it.
pub(in crate::transfer) async fn more_worker<'a>(
    state: &'a CopyState<'a>,
    first: &Introductions,
    appenders: usize,
) {
    let request = state.context.request;
    let opening =
        async { tokio::join!(Worker::open_beside(request, first), open_appenders(request, appenders)) };
    let (worker, appenders) = tokio::select! {
        opened = opening => opened,
        // A server that takes its time with one connection more holds nothing up when the others are done.
        () = state.nothing_left() => return,
    };
    let mut worker = match worker {
        Ok(worker) => Worker { appenders, ..worker },
        Err(error) => {
            tracing::info!(%error, "continuing with fewer connections");
            join_all(appenders.into_iter().map(Session::logout)).await;
            return;
        }
    };
    match worker.run(state).await {
        Ok(()) => worker.close().await,
        // It has given its folder back.
        Err(error @ TransferError::SignIn { .. }) if !worker.is_let_in => {
            tracing::info!(%error, "continuing with fewer connections");
        }
        Err(error) => state.fail(error),
    }
}
