//! How long a copy takes, from a measured speed or from the limits of both sides.

use serde::{Deserialize, Serialize};

use crate::plan::forecasts::duration_words::bare_duration_words;
use crate::plan::forecasts::duration_words::duration_words;
use crate::values::Side;
use crate::values::{Bytes, with_thousands};

/// Messages below which a measurement is a hint only.
const FEW_MESSAGES: u64 = 200;

/// Messages below which nothing is measured at all: start and end weigh more than the copy between them.
const FEWEST_MESSAGES: u64 = 5;

const DAY_SECS: u64 = 86_400;

/// What a copy really did: of one mailbox, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Messages that were copied.
    pub messages: u64,
    /// Their size.
    pub bytes: Bytes,
    /// How long it took, without pauses and without waiting for a server's permission.
    pub millis: u64,
    /// The most pairs of connections that worked at the same time.
    pub pairs: u64,
}

impl Measured {
    /// Two measurements as one; the time of both counts, so the rate is that of one mailbox.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages.saturating_add(other.messages),
            bytes: self.bytes.plus(other.bytes),
            millis: self.millis.saturating_add(other.millis),
            pairs: self.pairs.max(other.pairs),
        }
    }

    /// Whether it says anything.
    pub const fn is_telling(&self) -> bool {
        self.messages >= FEWEST_MESSAGES && self.millis > 0
    }

    /// How it was measured: `measured on 200 messages: 14 messages/s, 1.2 MB/s`.
    pub fn words(&self) -> String {
        let tenths = |count: u64| {
            let tenths = u128::from(count) * 10_000 / u128::from(self.millis.max(1));
            u64::try_from(tenths).unwrap_or(u64::MAX)
        };
        let rate = match tenths(self.messages) {
            slow if slow < 100 => format!("{}.{}", slow / 10, slow % 10),
            fast => with_thousands(fast / 10),
        };
        let bytes = Bytes(tenths(self.bytes.0) / 10);
        format!("measured on {} messages: {rate} messages/s, {bytes}/s", with_thousands(self.messages))
    }
}

/// What is to be copied, and what is known of the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForecastInput {
    /// Messages to copy.
    pub messages: u64,
    /// Their size.
    pub bytes: Bytes,
    /// What an earlier copy or a trial did.
    pub measured: Option<Measured>,
    /// Pairs of connections that the copy may use.
    pub pairs: u64,
    /// What a day allows: of sending and of reading.
    pub caps: [Option<DailyCap>; 2],
}

/// What may go over the line in a day, on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyCap {
    /// How much.
    pub bytes: Bytes,
    /// Whether it is about reading from the source or sending to the destination.
    pub side: Side,
    /// The owner said so, not the provider.
    pub is_own: bool,
}

impl DailyCap {
    /// `the provider takes 500 MB a day`.
    fn words(&self) -> String {
        let bytes = self.bytes;
        match (self.side, self.is_own) {
            (Side::Destination, false) => format!("the provider accepts {bytes} a day"),
            (Side::Source, false) => format!("the source allows downloading {bytes} a day"),
            (Side::Destination, true) => format!("your upload limit is {bytes} a day"),
            (Side::Source, true) => format!("your download limit is {bytes} a day"),
        }
    }
}

/// How long the copy of a mailbox will take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Lower bound in seconds.
    pub least_secs: u64,
    /// Likely upper bound in seconds; `None` if only a lower bound is known.
    pub most_secs: Option<u64>,
    /// What the figures rest on; `None` where nothing was measured.
    pub measured: Option<Measured>,
    /// What a day allows, where that is what makes it last.
    pub cap: Option<DailyCap>,
}

/// Says how long a copy will take; `None` while nothing honest can be said.
///
/// A copy waits for round trips, which count by message, and for the wire, which counts by byte. A measurement mixes
/// both, so the two ways of scaling it up are the ends of a range; a small one widens it. More connections than were
/// measured can only help. Where a day allows so many bytes on either side, no copy is faster than that.
pub fn forecast(input: &ForecastInput) -> Option<Forecast> {
    let measured = input.measured.filter(Measured::is_telling);
    let tightest = input.caps.into_iter().flatten().min_by_key(|cap| cap.bytes);
    let capped_secs = tightest.map_or(0, |cap| capped_secs(input.bytes, cap.bytes));
    let Some(measured) = measured else {
        return (capped_secs > 0).then_some(Forecast {
            least_secs: capped_secs,
            most_secs: None,
            measured: None,
            cap: tightest,
        });
    };
    let by_messages = scaled(measured.millis, input.messages, measured.messages);
    let by_bytes = match measured.bytes {
        Bytes::ZERO => by_messages,
        Bytes(bytes) => scaled(measured.millis, input.bytes.0, bytes),
    };
    let pairs = measured.pairs.max(1);
    let fastest = scaled(by_messages.min(by_bytes), pairs, input.pairs.max(pairs));
    let slowest = by_messages.max(by_bytes);
    let slowest =
        if measured.messages < FEW_MESSAGES { slowest.saturating_add(slowest / 2) } else { slowest };
    let is_capped = capped_secs > fastest / 1_000;
    Some(Forecast {
        least_secs: (fastest / 1_000).max(capped_secs),
        // The provider's day may begin at another hour than the copy.
        most_secs: Some((slowest.div_ceil(1_000)).max(if is_capped { capped_secs + DAY_SECS } else { 0 })),
        measured: Some(measured),
        cap: tightest.filter(|_| is_capped),
    })
}

/// How long all mailboxes take when `parallel` of them are copied at a time. `None` where one of them is not known.
pub fn forecast_all(each: &[Option<Forecast>], parallel: u64) -> Option<Forecast> {
    let parallel = parallel.max(1);
    let mut sum = Forecast { least_secs: 0, most_secs: Some(0), measured: None, cap: None };
    let (mut longest_least, mut longest_most) = (0, 0);
    for one in each {
        let one = one.as_ref()?;
        sum.least_secs = sum.least_secs.saturating_add(one.least_secs);
        sum.most_secs = sum.most_secs.zip(one.most_secs).map(|(all, one)| all.saturating_add(one));
        sum.measured = match (sum.measured, one.measured) {
            (Some(all), Some(one)) if all != one => Some(all.plus(one)),
            (all, one) => all.or(one),
        };
        sum.cap = sum.cap.or(one.cap);
        longest_least = longest_least.max(one.least_secs);
        longest_most = longest_most.max(one.most_secs.unwrap_or(0));
    }
    if each.is_empty() {
        return None;
    }
    sum.least_secs = (sum.least_secs / parallel).max(longest_least);
    sum.most_secs = sum.most_secs.map(|most| most.div_ceil(parallel).max(longest_most));
    Some(sum)
}

impl Forecast {
    /// `5 to 7 hours`, `about 2 days`, `at least 3 days`.
    pub fn words(&self) -> String {
        let Some(most) = self.most_secs else {
            return format!("at least {}", bare_duration_words(self.least_secs));
        };
        let (least_words, most_words) = (bare_duration_words(self.least_secs), bare_duration_words(most));
        if least_words == most_words {
            return duration_words(most);
        }
        match (round(self.least_secs), round(most)) {
            ((least, unit, _), (most, most_unit, plural)) if unit == most_unit => {
                if least == most {
                    duration_words(self.least_secs.midpoint(most))
                } else {
                    format!("{least} to {most} {plural}")
                }
            }
            _ => format!("{least_words} to {most_words}"),
        }
    }

    /// What the figures rest on, in a sentence.
    pub fn basis(&self) -> String {
        let measured = self.measured.map(|measured| measured.words());
        let capped = self.cap.as_ref().map(DailyCap::words);
        [measured, capped].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// A duration in its largest sensible unit.
const fn round(secs: u64) -> (u64, &'static str, &'static str) {
    match secs {
        0..5_400 => (secs.div_ceil(60), "minute", "minutes"),
        5_400..172_800 => ((secs + 1_800) / 3_600, "hour", "hours"),
        _ => ((secs + DAY_SECS / 2) / DAY_SECS, "day", "days"),
    }
}

/// Seconds that pass until the last byte may be sent: the first day's share goes at once.
fn capped_secs(bytes: Bytes, per_day: Bytes) -> u64 {
    let days = bytes.0.saturating_sub(1) / per_day.0.max(1);
    days.saturating_mul(DAY_SECS)
}

fn scaled(amount: u64, by: u64, of: u64) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(by) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod forecast_tests;
