//! Decides how long a token is used: it is renewed before it expires, and after the computer has slept. Pure.

use std::time::Duration;

use crate::values::UnixTime;

/// A token with less time left is not given out any more: a sign-in and a batch of mail take some minutes.
const MARGIN: i64 = 300;
/// Assumed lifetime of a token if the provider does not state one.
const UNTOLD: i64 = 3_000;
/// Longest lifetime believed, whatever the provider says.
const LONGEST: i64 = 86_400;
/// How far a clock may be set back before it counts as wrong.
const SET_BACK: i64 = 60;

/// When a token was fetched and how long it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    fetched: i64,
    seconds: i64,
}

impl Lifetime {
    /// The lifetime of a token requested at `asked`: the provider counts from its answer, which is later.
    pub fn new(asked: UnixTime, expires_in: Option<Duration>) -> Self {
        let told = expires_in.map(|told| i64::try_from(told.as_secs()).unwrap_or(LONGEST));
        Self { fetched: asked.0, seconds: told.unwrap_or(UNTOLD).min(LONGEST) }
    }

    /// When the token expires, according to its provider.
    pub const fn end(&self) -> UnixTime {
        UnixTime(self.fetched.saturating_add(self.seconds))
    }

    /// Whether a new token is needed. Uses the wall clock, which continues while the computer sleeps; if it was set back,
    /// the token's age is unknown.
    pub const fn must_renew(&self, now: UnixTime) -> bool {
        let age = now.0.saturating_sub(self.fetched);
        // Short lives are used to nine tenths.
        let tenth = self.seconds / 10;
        let margin = if tenth < MARGIN { tenth } else { MARGIN };
        age < -SET_BACK || age >= self.seconds - margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_before_they_end_and_never_much_earlier() {
        let start = 1_800_000_000;
        for (told, last_good) in
            [(Some(3_600), 3_299), (Some(60), 53), (None, 2_699), (Some(10), 8), (Some(10_000_000), 86_099)]
        {
            let life = Lifetime::new(UnixTime(start), told.map(Duration::from_secs));
            assert!(!life.must_renew(UnixTime(start)), "{told:?}");
            assert!(!life.must_renew(UnixTime(start + last_good)), "{told:?}");
            assert!(life.must_renew(UnixTime(start + last_good + 1)), "{told:?}");
            // Eight hours of sleep, and a clock that was set back.
            assert!(
                told.is_some_and(|told| told > 86_400) || life.must_renew(UnixTime(start + 8 * 3_600)),
                "{told:?}"
            );
            assert!(life.must_renew(UnixTime(start - 3_600)), "{told:?}");
            assert!(!life.must_renew(UnixTime(start - 30)), "{told:?}");
        }
        assert!(Lifetime::new(UnixTime(start), Some(Duration::ZERO)).must_renew(UnixTime(start)));
    }
}
