//! What to do when a connection breaks or a server asks to wait; the same for the copy and for its verification.

use std::time::Duration;

use crate::imap::{ImapError, SignInError};
use crate::message::RefusalMeaning;
use crate::net::NetError;
use crate::plan::{Governor, Pace, ServerSign};
use crate::transfer::context::clock::now;
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{CopyLimits, Progress, ProgressSink, WaitCause};
use crate::transfer::pace::refusal::{meaning, refusal, suggested_milliseconds};
use crate::values::{Side, UnixTime};

/// How long to wait for a server without progress: a number of tries and a time, whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Patience {
    tries: u32,
    time: Duration,
}

/// For a server that has too much to do, or whose folder another connection has.
const FOR_LOAD: Patience = Patience { tries: 24, time: Duration::from_hours(6) };
/// For one that names the time itself: rates of a day are counted so.
const FOR_ASKED: Patience = Patience { tries: 1_000, time: Duration::from_hours(72) };
/// For one that has failed on its own.
const FOR_FAILURE: Patience = Patience { tries: 6, time: Duration::from_mins(30) };
/// For a command that it has refused for no reason that passes: another connection may do better.
const FOR_REFUSAL: Patience = Patience { tries: 2, time: Duration::from_mins(1) };
/// A wait is looked at again after this time: clocks stand still while a laptop sleeps.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Waits as the error asks for, and lowers the pace. False on stop; the error itself where waiting does not help.
pub(in crate::transfer) async fn wait_after(
    error: TransferError,
    governor: &mut Governor,
    (limits, control): (CopyLimits, &CopyControl),
    sink: ProgressSink<'_>,
) -> Result<bool, TransferError> {
    if let TransferError::DailyLimit { side, until, words } = error {
        return Ok(wait_until(side, until, words, control, sink).await);
    }
    let Some((sign, words)) = sign_of(&error, governor.has_worked()) else { return Err(error) };
    let is_away = sign == ServerSign::Broke && governor.has_worked() && is_away(&error);
    let sign = if is_away { ServerSign::Away } else { sign };
    let pace = governor.after(sign);
    let patience = patience(sign, limits);
    let waited = Duration::from_millis(pace.waited_milliseconds);
    if pace.in_a_row > patience.tries || waited >= patience.time {
        return Err(if sign == ServerSign::Refuses { error } else { not_recovered(error, pace) });
    }
    let wait = Duration::from_millis(pace.wait_milliseconds);
    let Some(cause) = cause_of(sign) else {
        sink(Progress::Reconnecting { milliseconds: pace.wait_milliseconds, side: error.side(), words });
        return Ok(control.wait_to_connect(wait).await);
    };
    let seconds = pace.wait_milliseconds.div_ceil(1_000);
    let side = error.side().unwrap_or(Side::Destination);
    sink(Progress::Waiting { seconds, side, cause, words });
    Ok(control.wait(wait).await)
}

/// Why it waits; `None` where the connection is lost.
const fn cause_of(sign: ServerSign) -> Option<WaitCause> {
    match sign {
        ServerSign::Broke | ServerSign::Away | ServerSign::Refuses => None,
        ServerSign::TooMuch | ServerSign::AsksToWait(_) => Some(WaitCause::Asked),
        ServerSign::Locked => Some(WaitCause::FolderInUse),
        ServerSign::Fails => Some(WaitCause::ServerFails),
    }
}

const fn patience(sign: ServerSign, limits: CopyLimits) -> Patience {
    match sign {
        ServerSign::Away if limits.max_breaks_away > limits.max_breaks => {
            Patience { tries: limits.max_breaks_away, time: Duration::MAX }
        }
        // Connections that break or are not made take their own time; their number is what counts.
        ServerSign::Broke | ServerSign::Away => Patience { tries: limits.max_breaks, time: Duration::MAX },
        ServerSign::TooMuch | ServerSign::Locked => FOR_LOAD,
        ServerSign::AsksToWait(_) => FOR_ASKED,
        ServerSign::Fails => FOR_FAILURE,
        ServerSign::Refuses => FOR_REFUSAL,
    }
}

/// The error for a server that has given the same answer for too long.
fn not_recovered(error: TransferError, pace: Pace) -> TransferError {
    let (tries, seconds) = (pace.in_a_row, pace.waited_milliseconds / 1_000);
    match error {
        TransferError::Throttled { side, words, .. } => {
            TransferError::NotRecovered { side, tries, seconds, words }
        }
        TransferError::Server { side, source: ImapError::Refused { completion, .. } } => {
            TransferError::NotRecovered { side, tries, seconds, words: completion.to_string() }
        }
        other => other,
    }
}

/// What an error says about the pace; `None` where another try would not help.
fn sign_of(error: &TransferError, has_worked: bool) -> Option<(ServerSign, String)> {
    let (words, meaning) = match error {
        TransferError::Throttled { words, meaning, .. } => (words.clone(), *meaning),
        // Any command may be refused for load, not only those that move messages.
        TransferError::Server { source: ImapError::Refused { completion, .. }, .. }
            if refusal(completion).is_passing() =>
        {
            (completion.to_string(), meaning(completion))
        }
        // Others may have taken the connections meanwhile; a server that never let us in may never do so.
        TransferError::SignIn { source: SignInError::ServerBusy { words }, .. }
            if has_worked || suggested_milliseconds(words).is_some() =>
        {
            (words.clone(), RefusalMeaning::Busy)
        }
        TransferError::Server { source: ImapError::Refused { .. }, .. } => {
            return Some((ServerSign::Refuses, error.to_string()));
        }
        lost if lost.is_connection_lost() => return Some((ServerSign::Broke, lost.to_string())),
        _ => return None,
    };
    let sign = match (suggested_milliseconds(&words), meaning) {
        (Some(milliseconds), _) => ServerSign::AsksToWait(milliseconds),
        (None, RefusalMeaning::Locked) => ServerSign::Locked,
        (None, RefusalMeaning::Trouble) => ServerSign::Fails,
        (None, _) => ServerSign::TooMuch,
    };
    Some((sign, words))
}

/// Whether it is the network that is away, as after a laptop's sleep or on another Wi-Fi, and not the server's doing.
const fn is_away(error: &TransferError) -> bool {
    matches!(
        error,
        TransferError::Server {
            source: ImapError::Net(NetError::NotReached { .. } | NetError::NoAddress { .. }),
            ..
        } | TransferError::SignIn {
            source: SignInError::Imap(ImapError::Net(
                NetError::NotReached { .. } | NetError::NoAddress { .. }
            )),
            ..
        }
    )
}

/// Waits for a moment, or until stop. True when it has come.
async fn wait_until(
    side: Side,
    until: UnixTime,
    words: String,
    control: &CopyControl,
    sink: ProgressSink<'_>,
) -> bool {
    sink(Progress::Waiting {
        seconds: until.seconds_since(now()),
        side,
        cause: WaitCause::DailyLimit,
        words,
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::{Code, Completion, Status};
    use crate::transfer::pace::refusal::passing;
    use crate::values::Side;

    fn refused(code: Option<&str>, words: &str) -> TransferError {
        let code = code.map(|code| Code::Other(code.to_owned()));
        let completion = Completion { status: Status::No, code, words: words.to_owned() };
        passing(Side::Destination, &completion).unwrap()
    }

    /// Every wait ends: how often and for how long a server is waited for that never changes its answer.
    #[tokio::test(start_paused = true)]
    async fn every_wait_has_a_bound_and_ends_with_the_words_of_the_server() {
        for (code, words, most_tries, most_hours) in [
            (Some("SERVERBUG"), "Internal error", 6, 1),
            (None, "Temporary failure, try later", 6, 1),
            (None, "Temporary unavailable", 24, 6),
            (Some("LIMIT"), "Rate limit hit", 24, 6),
            (Some("INUSE"), "Timeout while waiting for lock", 24, 6),
            (None, "Suggested Backoff Time: 299961 milliseconds", 1_000, 73),
            (None, "Suggested Backoff Time: 0 milliseconds", 1_000, 73),
            (None, "Suggested Backoff Time: 86400000 milliseconds", 4, 97),
        ] {
            let (_controller, control) =
                crate::transfer::copy_control(tokio_util::sync::CancellationToken::new());
            let mut governor = Governor::new(4);
            governor.let_in();
            let began = tokio::time::Instant::now();
            let mut waits = 0;
            let last = loop {
                let limits = (CopyLimits::default(), &control);
                match wait_after(refused(code, words), &mut governor, limits, &|_| {}).await {
                    Ok(true) => waits += 1,
                    Ok(false) => unreachable!("nobody stops"),
                    Err(error) => break error,
                }
            };
            let waited = began.elapsed();
            assert!(waits > 0 && waits <= most_tries, "{words}: {waits}");
            assert!(waited <= Duration::from_hours(most_hours), "{words}: {waited:?}");
            let told = last.to_string();
            assert!(told.contains(words) && told.contains("did not recover"), "{told}");
        }
    }
}
