//! What to do when a connection breaks or a server asks to wait; the same for the copy and for its proof.

use std::time::Duration;

use super::clock::now;
use super::control::CopyControl;
use super::error::TransferError;
use super::governor::{Refusal, is_lock, refusal, suggested_milliseconds};
use super::request::{CopyLimits, Progress, ProgressSink};
use crate::imap::{ImapError, SignInError};
use crate::plan::{Governor, ServerSign};
use crate::values::UnixTime;

/// Signs of load in a row, without a step forward in between, after which the copy gives up.
const MAX_WAITS: u32 = 24;
/// The same where the server names the time: at five minutes each, days; at a minute, the better part of one.
const MAX_ASKED_WAITS: u32 = 1_000;
/// A wait is looked at again after this time: clocks stand still while a laptop sleeps.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Waits as the error asks for, and lowers the pace. False on stop; the error itself where waiting does not help.
pub(super) async fn wait_after(
    error: TransferError,
    governor: &mut Governor,
    (limits, control): (CopyLimits, &CopyControl),
    sink: ProgressSink<'_>,
) -> Result<bool, TransferError> {
    if let TransferError::DailyLimit { until, words, .. } = error {
        return Ok(wait_until(until, words, control, sink).await);
    }
    let Some((sign, words)) = sign_of(&error, governor.has_worked()) else { return Err(error) };
    let is_away = sign == ServerSign::Broke && governor.has_worked() && is_away(&error);
    let sign = if is_away { ServerSign::Away } else { sign };
    let pace = governor.after(sign);
    let most = match sign {
        ServerSign::Away => limits.max_breaks_away.max(limits.max_breaks),
        ServerSign::Broke => limits.max_breaks,
        ServerSign::TooMuch | ServerSign::Locked => MAX_WAITS,
        ServerSign::AsksToWait(_) => MAX_ASKED_WAITS,
    };
    if pace.in_a_row > most {
        return Err(error);
    }
    let wait = Duration::from_millis(pace.wait_milliseconds);
    sink(match sign {
        ServerSign::Broke | ServerSign::Away => Progress::Reconnecting { words },
        _ => Progress::Waiting { seconds: pace.wait_milliseconds.div_ceil(1_000), words },
    });
    Ok(control.wait(wait).await)
}

/// What an error says about the pace; `None` where another try would not help.
fn sign_of(error: &TransferError, has_worked: bool) -> Option<(ServerSign, String)> {
    let words = match error {
        TransferError::Throttled { words, .. } => words.clone(),
        // Any command may be refused for load, not only those that move messages.
        TransferError::Server { source: ImapError::Refused { completion, .. }, .. } => {
            match refusal(completion) {
                Refusal::Wait(_) => completion.to_string(),
                _ => return None,
            }
        }
        // Others may have taken the connections meanwhile; a server that never let us in may never do so.
        TransferError::SignIn { source: SignInError::ServerBusy { words }, .. }
            if has_worked || suggested_milliseconds(words).is_some() =>
        {
            words.clone()
        }
        lost if lost.is_connection_lost() => return Some((ServerSign::Broke, lost.to_string())),
        _ => return None,
    };
    let sign = match suggested_milliseconds(&words) {
        Some(milliseconds) => ServerSign::AsksToWait(milliseconds),
        None if is_lock(error) => ServerSign::Locked,
        None => ServerSign::TooMuch,
    };
    Some((sign, words))
}

/// Whether it is the network that is away, as after a laptop's sleep or on another Wi-Fi, and not the server's doing.
const fn is_away(error: &TransferError) -> bool {
    matches!(
        error,
        TransferError::Server { source: ImapError::NotReached { .. } | ImapError::NoAddress { .. }, .. }
            | TransferError::SignIn {
                source: SignInError::Imap(ImapError::NotReached { .. } | ImapError::NoAddress { .. }),
                ..
            }
    )
}

/// Waits for a moment, or until stop. True when it has come.
async fn wait_until(until: UnixTime, words: String, control: &CopyControl, sink: ProgressSink<'_>) -> bool {
    sink(Progress::Waiting { seconds: until.seconds_since(now()), words });
    loop {
        let left = Duration::from_secs(until.seconds_since(now()));
        if left.is_zero() {
            return true;
        }
        if !control.wait(left.min(LOOK_AGAIN)).await {
            return false;
        }
    }
}
