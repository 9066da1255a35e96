//! Runs slow calls on other threads, because all workers of a copy share one.

use std::panic::resume_unwind;

use crate::project::{ProjectError, Unflushed};
use crate::transfer::context::error::TransferError;

/// Runs a slow call while the workers continue.
pub(in crate::transfer) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TransferError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends, and the copy with it.
            Err(ended) => Err(ProjectError::Io(ended.into()).into()),
        },
    }
}

/// Makes a change of the ledger durable.
pub(in crate::transfer) async fn flush(kept: Unflushed) -> Result<(), TransferError> {
    Ok(off_thread(move || kept.flush()).await??)
}
