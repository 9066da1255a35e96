//! Trouble of a server before anything is copied: at the sign-in, while folders are listed and while they are counted. What
//! passes is tried again, with longer and longer waits and a bound; what a password or a name is about never is.

use std::time::Duration;

use crate::imap::{ImapError, LastWords, SignInError};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{Progress, ProgressSink, WaitCause};
use crate::transfer::pace::refusal::{refusal, suggested_milliseconds};
use crate::values::Side;

/// Waits for a server that says that it has trouble, as multiples of the first one, which is a second: some two minutes
/// altogether. Somebody may be looking on, and nothing is lost by another start.
const PASSING_WAITS: [u32; 7] = [1, 2, 4, 8, 16, 32, 60];
/// Waits where a connection has ended without such a word, or a command was refused for no reason that passes.
const OTHER_WAITS: [u32; 2] = [1, 2];
/// Longest wait that a server may ask for here, and how often.
const MOST_ASKED_SECONDS: u64 = 15 * 60;
const MOST_ASKED: usize = 3;

/// How trouble is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Temporary according to the server itself; with the milliseconds to wait, if it gives them.
    Passing(Option<u64>),
    /// A new connection may help.
    Anew,
}

/// How often something was tried again.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct EarlyTrouble {
    first_wait: Duration,
    passing: usize,
    asked: usize,
    anew: usize,
    waited: Duration,
}

impl EarlyTrouble {
    /// Nothing was tried yet, and this is the first wait.
    pub(in crate::transfer) const fn new(first_wait: Duration) -> Self {
        Self { first_wait, passing: 0, asked: 0, anew: 0, waited: Duration::ZERO }
    }

    /// Waits before another try. The error itself where another one would not help, or does not help any more.
    pub(in crate::transfer) async fn wait_after(
        &mut self,
        error: TransferError,
        sink: ProgressSink<'_>,
    ) -> Result<(), TransferError> {
        let Some((side, kind, words)) = kind_of(&error) else { return Err(error) };
        let Some(wait) = self.next_wait(kind) else {
            return Err(match kind {
                Kind::Passing(_) if self.passing + self.asked > 0 => TransferError::NotRecovered {
                    side,
                    tries: u32::try_from(self.passing + self.asked + 1).unwrap_or(u32::MAX),
                    seconds: self.waited.as_secs(),
                    words,
                },
                _ => error,
            });
        };
        tracing::info!(%error, ?wait, "tried again");
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        sink(Progress::Waiting {
            seconds,
            side,
            cause: WaitCause::Asked,
            words: format!("the {side} says: {words}"),
        });
        tokio::time::sleep(wait).await;
        self.waited += wait;
        Ok(())
    }

    fn next_wait(&mut self, kind: Kind) -> Option<Duration> {
        let (waits, tried) = match kind {
            Kind::Passing(Some(asked)) => {
                let seconds = asked.div_ceil(1_000).max(1);
                let may_wait = seconds <= MOST_ASKED_SECONDS && self.asked < MOST_ASKED;
                self.asked += usize::from(may_wait);
                return may_wait.then_some(Duration::from_secs(seconds));
            }
            Kind::Passing(None) => (PASSING_WAITS.as_slice(), &mut self.passing),
            Kind::Anew => (OTHER_WAITS.as_slice(), &mut self.anew),
        };
        let factor = waits.get(*tried).copied()?;
        *tried += 1;
        Some(self.first_wait.saturating_mul(factor))
    }
}

/// Which server an error is about, how it is met, and the server's words; `None` where another try would not help.
fn kind_of(error: &TransferError) -> Option<(Side, Kind, String)> {
    match error {
        TransferError::SignIn { side, source: SignInError::ServerBusy { words } } => {
            Some((*side, kind_of_words(words)?, words.clone()))
        }
        TransferError::SignIn { side, source: SignInError::Imap(error) }
        | TransferError::Server { side, source: error } => {
            let (kind, words) = kind_of_imap(error)?;
            Some((*side, kind, words))
        }
        _ => None,
    }
}

fn kind_of_imap(error: &ImapError) -> Option<(Kind, String)> {
    let told = |words: &str| Some((kind_of_words(words)?, words.to_owned()));
    match error {
        ImapError::Refused { completion, .. } if refusal(completion).is_passing() => {
            let words = completion.to_string();
            Some((Kind::Passing(suggested_milliseconds(&words)), words))
        }
        ImapError::TurnedAway(words) | ImapError::Closed(Some(words)) => told(words),
        ImapError::Refused { .. }
        | ImapError::NotUnderstood(_)
        | ImapError::Closed(None)
        | ImapError::Broken(_)
        | ImapError::Silent { .. }
        | ImapError::TooSlow { .. }
        | ImapError::Slept { .. } => Some((Kind::Anew, error.to_string())),
        _ => None,
    }
}

/// How the last words of a server are met; `None` where they are about who signs in.
fn kind_of_words(words: &str) -> Option<Kind> {
    match LastWords::of(words) {
        LastWords::AboutSignIn => None,
        LastWords::Fault | LastWords::Load => Some(Kind::Passing(suggested_milliseconds(words))),
        LastWords::Unknown => Some(Kind::Anew),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::{Code, Completion, Status};

    fn busy(words: &str) -> TransferError {
        let source = SignInError::ServerBusy { words: words.to_owned() };
        TransferError::SignIn { side: Side::Source, source }
    }

    fn refused(status: Status, code: Option<&str>, words: &str) -> TransferError {
        let code = code.map(|code| Code::Other(code.to_owned()));
        let completion = Completion { status, code, words: words.to_owned() };
        let source = ImapError::Refused { command: "LIST", completion };
        TransferError::Server { side: Side::Source, source }
    }

    /// Tries, and how many seconds were waited, until the error comes back.
    async fn until_given_up(make: impl Fn() -> TransferError) -> (u32, u64, TransferError) {
        let (mut trouble, mut tries) = (EarlyTrouble::new(Duration::from_secs(1)), 1);
        let began = tokio::time::Instant::now();
        loop {
            match trouble.wait_after(make(), &|_| {}).await {
                Ok(()) => tries += 1,
                Err(error) => return (tries, began.elapsed().as_secs(), error),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_waited_for_with_a_bound() {
        for make in [
            (|| busy("[UNAVAILABLE] Login failed.")) as fn() -> TransferError,
            || busy("Temporary authentication failure"),
            || busy("too many connections"),
            || refused(Status::No, Some("SERVERBUG"), "cannot list"),
            || refused(Status::No, Some("INUSE"), "cannot list"),
            || refused(Status::Bad, None, "server error, try later"),
        ] {
            let (tries, seconds, error) = until_given_up(make).await;
            assert_eq!((tries, seconds), (8, 123), "{error}");
            assert!(matches!(error, TransferError::NotRecovered { tries: 8, seconds: 123, .. }), "{error}");
        }
        let asked = || busy("Request is throttled. Suggested Backoff Time: 299961 milliseconds");
        assert_eq!(until_given_up(asked).await.1, 900);
        let for_a_day = || busy("Request is throttled. Suggested Backoff Time: 86400000 milliseconds");
        assert_eq!(until_given_up(for_a_day).await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_says_nothing_is_tried_on_new_connections() {
        for make in [
            (|| refused(Status::Bad, None, "what")) as fn() -> TransferError,
            || refused(Status::No, None, "no"),
            || busy("it closed the connection while signing in"),
            || busy("sorry"),
        ] {
            let (tries, seconds, error) = until_given_up(make).await;
            assert_eq!((tries, seconds), (3, 3), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_about_who_signs_in_is_tried_again() {
        for words in [
            "Too many failed login attempts, try again later",
            "[LIMIT] Too many invalid passwords",
            "Authentication failed, try again",
            "Too many login failures",
        ] {
            assert_eq!(until_given_up(|| busy(words)).await.0, 1, "{words}");
        }
        let password = || TransferError::SignIn {
            side: Side::Source,
            source: SignInError::PasswordRefused { words: "no".to_owned() },
        };
        assert_eq!(until_given_up(password).await.0, 1);
        let unknown = || TransferError::SignIn {
            side: Side::Source,
            source: SignInError::Refused { words: "no".to_owned() },
        };
        assert_eq!(until_given_up(unknown).await.0, 1);
    }
}
