//! What to do when a connection breaks or a server asks to wait; the same for the copy and for its proof.

use std::time::Duration;

use super::control::CopyControl;
use super::error::TransferError;
use super::request::{CopyLimits, Progress, ProgressSink};

/// Longest wait between two tries to connect.
const MAX_BACK_OFF: Duration = Duration::from_mins(1);
/// Waits that the server asks for are kept up to this long; longer ones are for the engine to plan.
const MAX_OWN_WAIT_SECONDS: u64 = 15 * 60;
/// Waits in a row, without a step forward in between, after which the copy gives up.
const MAX_WAITS: u32 = 12;

/// Waits as the error asks for; `breaks` counts the errors in a row without a step forward in between.
/// False on stop; the error itself where waiting does not help.
pub(super) async fn wait_after(
    error: TransferError,
    breaks: u32,
    (limits, control): (CopyLimits, &CopyControl),
    sink: ProgressSink<'_>,
) -> Result<bool, TransferError> {
    let (seconds, words) = match &error {
        TransferError::Throttled { seconds, words, .. }
            if *seconds <= MAX_OWN_WAIT_SECONDS && breaks <= MAX_WAITS =>
        {
            // Longer each time that it was of no use.
            let longer = seconds.saturating_mul(1 << breaks.saturating_sub(1).min(4));
            (longer.min(MAX_OWN_WAIT_SECONDS), words.clone())
        }
        lost if lost.is_connection_lost() && breaks <= limits.max_breaks => {
            sink(Progress::Reconnecting { words: lost.to_string() });
            let back_off = Duration::from_millis(250) * 2_u32.saturating_pow(breaks.min(10));
            return Ok(control.wait(back_off.min(MAX_BACK_OFF)).await);
        }
        _ => return Err(error),
    };
    sink(Progress::Waiting { seconds, words });
    Ok(control.wait(Duration::from_secs(seconds)).await)
}
