//! Labels of Gmail that are left to give at the end of a run.

use crate::imap::Session;
use crate::transfer::folder::copy_state::CopyState;

/// Gives messages the labels that they need where folders are labels. False where some have to be sent after all.
pub(in crate::transfer) async fn finish_labels(state: &CopyState<'_>, session: &mut Session) -> bool {
    let Some(deduplication) = state.deduplication.as_ref().filter(|_| !state.context.control.is_stopped())
    else {
        return true;
    };
    match deduplication.finish(&state.context, session).await {
        Ok(is_complete) => is_complete,
        Err(error) => {
            state.fail(error);
            true
        }
    }
}
