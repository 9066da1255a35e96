//! Waiting for the disk, off the threads that copy: while one lane waits, the others go on.

use std::panic::resume_unwind;

use super::error::TransferError;
use crate::project::{ProjectError, Unflushed};

/// Makes a change of the ledger durable.
pub(super) async fn flush(kept: Unflushed) -> Result<(), TransferError> {
    match tokio::task::spawn_blocking(move || kept.flush()).await {
        Ok(flushed) => Ok(flushed?),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(ended) => Err(ProjectError::Io(ended.into()).into()),
        },
    }
}
