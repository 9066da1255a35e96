use std::collections::VecDeque;

/// Length of a window in milliseconds: long enough to hold several batches.
const WINDOW_MILLIS: u64 = 5_000;

/// Windows whose median is the rate: two minutes.
const WINDOWS: usize = 24;

/// Longest silence that still counts as copying; a longer one is a pause and breaks the window.
const LONGEST_GAP_MILLIS: u64 = 30_000;

/// An estimate is told after this time of copying ...
const STEADY_MILLIS: u64 = 60_000;

/// ... or after one part in this many is copied, if at least [`FEWEST_WINDOWS`] windows are full.
const STEADY_SHARE: u64 = 50;

/// Windows that an early estimate needs.
const FEWEST_WINDOWS: usize = 3;

/// Points of the throughput curve that are kept.
const MAX_POINTS: usize = 300;

/// A point of the throughput curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThroughputPoint {
    /// End of the time that the point stands for, on the caller's clock in milliseconds.
    pub at_millis: u64,
    /// Mean rate over that time.
    pub bytes_per_second: u64,
}

/// Rate and time left of a copy, from samples of the bytes that are done.
///
/// The rate is the median of recent windows, so that one large message or one stall does not make the estimate jump.
/// Pauses do not count. Pure: the caller brings the clock, which may be any that does not run backwards.
#[derive(Clone, Debug, Default)]
pub struct EtaEstimator {
    last: Option<Sample>,
    window: Window,
    /// Bytes per second of the full windows, newest last.
    rates: VecDeque<u64>,
    active_millis: u64,
    bytes_copied: u64,
    points: Vec<ThroughputPoint>,
    /// Windows that one point stands for; doubles whenever the curve is full.
    windows_per_point: u64,
    /// Windows and the sum of their rates that the next point will stand for.
    pending: (u64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at_millis: u64,
    bytes_done: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    millis: u64,
    bytes: u64,
}

impl EtaEstimator {
    /// Takes a sample: the bytes in final states at this moment. The first sample of a run is where counting begins.
    pub fn add(&mut self, at_millis: u64, bytes_done: u64) {
        let sample = Sample { at_millis, bytes_done };
        let Some(last) = self.last.replace(sample) else { return };
        let millis = at_millis.saturating_sub(last.at_millis);
        let bytes = bytes_done.saturating_sub(last.bytes_done);
        if millis > LONGEST_GAP_MILLIS || at_millis < last.at_millis {
            self.window = Window::default();
            return;
        }
        self.active_millis += millis;
        self.bytes_copied += bytes;
        self.window.millis += millis;
        self.window.bytes += bytes;
        if self.window.millis >= WINDOW_MILLIS {
            self.close_window(at_millis);
        }
    }

    /// Tells that copying rests: the time until the next sample does not count.
    pub fn pause(&mut self) {
        self.last = None;
        self.window = Window::default();
    }

    /// Bytes per second, the median of recent windows; zero before the first window is full.
    pub fn bytes_per_second(&self) -> u64 {
        let mut rates: Vec<u64> = self.rates.iter().copied().collect();
        rates.sort_unstable();
        let middle = rates.len() / 2;
        let upper = rates.get(middle).copied().unwrap_or(0);
        if rates.len() % 2 == 1 {
            return upper;
        }
        let lower = middle.checked_sub(1).and_then(|index| rates.get(index)).copied().unwrap_or(0);
        u64::midpoint(lower, upper)
    }

    /// Whether a window is full, so that there is a rate at all.
    pub fn has_rate(&self) -> bool {
        !self.rates.is_empty()
    }

    /// Seconds until all bytes are done, or `None` while nothing honest can be said.
    pub fn seconds_left(&self, bytes_total: u64) -> Option<u64> {
        let left = bytes_total.saturating_sub(self.last?.bytes_done);
        let has_share = self.bytes_copied.saturating_mul(STEADY_SHARE) >= bytes_total;
        let is_early_steady = has_share && self.rates.len() >= FEWEST_WINDOWS;
        if self.active_millis < STEADY_MILLIS && !is_early_steady {
            return None;
        }
        match self.bytes_per_second() {
            0 => (left == 0).then_some(0),
            rate => Some(left.div_ceil(rate)),
        }
    }

    /// The throughput curve, oldest first; at most 300 points however long the copy runs.
    pub fn throughput(&self) -> &[ThroughputPoint] {
        &self.points
    }

    fn close_window(&mut self, at_millis: u64) {
        let window = std::mem::take(&mut self.window);
        let rate = u128::from(window.bytes) * 1_000 / u128::from(window.millis.max(1));
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        self.rates.push_back(rate);
        if self.rates.len() > WINDOWS {
            self.rates.pop_front();
        }
        self.pending = (self.pending.0 + 1, self.pending.1.saturating_add(rate));
        if self.pending.0 >= self.windows_per_point.max(1) {
            let (count, sum) = std::mem::take(&mut self.pending);
            self.points.push(ThroughputPoint { at_millis, bytes_per_second: sum / count.max(1) });
        }
        if self.points.len() >= MAX_POINTS {
            self.halve_points();
        }
    }

    /// Makes one point of every two.
    fn halve_points(&mut self) {
        self.points = self
            .points
            .chunks(2)
            .filter_map(|pair| {
                let last = pair.last()?;
                let sum = pair.iter().fold(0_u64, |sum, point| sum.saturating_add(point.bytes_per_second));
                let count = u64::try_from(pair.len()).unwrap_or(1);
                Some(ThroughputPoint { at_millis: last.at_millis, bytes_per_second: sum / count })
            })
            .collect();
        self.windows_per_point = self.windows_per_point.max(1) * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// Feeds one sample per second at this rate, and returns the moment and the bytes reached.
    fn run(estimator: &mut EtaEstimator, from: (u64, u64), seconds: u64, rate: u64) -> (u64, u64) {
        for second in 0..=seconds {
            estimator.add(from.0 + second * 1_000, from.1 + second * rate);
        }
        (from.0 + seconds * 1_000, from.1 + seconds * rate)
    }

    #[test]
    fn nothing_is_told_before_it_is_steady() {
        let mut estimator = EtaEstimator::default();
        assert_eq!(estimator.seconds_left(1_000 * MB), None);
        let at = run(&mut estimator, (0, 0), 59, MB / 10);
        assert_eq!(estimator.seconds_left(1_000 * MB), None);
        run(&mut estimator, at, 1, MB / 10);
        assert_eq!(estimator.seconds_left(1_000 * MB), Some(9_940));

        // Two per cent of a small mailbox are enough.
        let mut quick = EtaEstimator::default();
        run(&mut quick, (0, 0), 15, MB);
        assert_eq!(quick.seconds_left(100 * MB), Some(85));
    }

    #[test]
    fn what_was_done_before_the_start_is_no_throughput() {
        let mut estimator = EtaEstimator::default();
        run(&mut estimator, (5_000, 900 * MB), 60, MB);
        assert_eq!(estimator.bytes_per_second(), MB);
        assert_eq!(estimator.seconds_left(1_000 * MB), Some(40));
    }

    #[test]
    fn one_stall_or_one_burst_does_not_move_it() {
        let mut estimator = EtaEstimator::default();
        let at = run(&mut estimator, (0, 0), 60, MB);
        let at = run(&mut estimator, at, 10, 0);
        let at = run(&mut estimator, at, 5, 90 * MB);
        run(&mut estimator, at, 10, MB);
        assert_eq!(estimator.bytes_per_second(), MB);
    }

    #[test]
    fn pauses_and_sleep_do_not_count() {
        let mut estimator = EtaEstimator::default();
        let at = run(&mut estimator, (0, 0), 60, MB);
        estimator.pause();
        let at = run(&mut estimator, (at.0 + 20_000, at.1), 30, MB);
        // The laptop slept for an hour without a word, then the clock jumped back.
        let at = run(&mut estimator, (at.0 + 3_600_000, at.1), 30, MB);
        run(&mut estimator, (at.0 - 500_000, at.1), 30, MB);
        assert_eq!(estimator.bytes_per_second(), MB);
        assert!(estimator.throughput().iter().all(|point| point.bytes_per_second == MB));
    }

    #[test]
    fn a_standstill_has_no_end() {
        let mut estimator = EtaEstimator::default();
        run(&mut estimator, (0, 0), 120, 0);
        assert_eq!(estimator.seconds_left(MB), None);
        assert_eq!(estimator.seconds_left(0), Some(0));
    }

    #[test]
    fn the_curve_stays_short_for_days() {
        let mut estimator = EtaEstimator::default();
        let end = run(&mut estimator, (0, 0), 3 * 86_400, MB);
        let points = estimator.throughput();
        assert!((100..=300).contains(&points.len()), "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[0].at_millis < pair[1].at_millis));
        assert!(points.iter().all(|point| point.bytes_per_second == MB));
        assert!(points[0].at_millis < end.0 / 50);
    }
}
