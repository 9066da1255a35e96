//! How fast a copy is, was, and how long it will take.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Length of a window in milliseconds: long enough to hold several batches.
const WINDOW_MILLIS: u64 = 5_000;

/// Windows that the time left rests on: two minutes.
const WINDOWS: usize = 24;

/// Windows that say how fast it is now.
const WINDOWS_OF_NOW: usize = 3;

/// Windows that say how fast it was lately: half a minute.
const WINDOWS_OF_LATELY: usize = 6;

/// Longest silence that still counts as copying; a longer one is a pause.
const LONGEST_GAP_MILLIS: u64 = 30_000;

/// No time left is shown before this much copying time.
const KNOWN_MILLIS: u64 = 15_000;

/// Before this much copying time, the time left is a wide range.
const STEADY_MILLIS: u64 = 60_000;

/// A rest of a window that is shorter than this says nothing about the speed.
const SHORTEST_MILLIS: u64 = 200;

/// Points of the curve that are kept.
const MAX_POINTS: usize = 300;

/// How fast it went for a while. Points that do not touch have a pause between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeedPoint {
    /// Begin of the time, in milliseconds of the caller's clock.
    pub from_millis: u64,
    /// Its end.
    pub to_millis: u64,
    /// Mean over that time.
    pub bytes_per_second: u64,
}

impl SpeedPoint {
    const fn millis(&self) -> u64 {
        self.to_millis.saturating_sub(self.from_millis)
    }

    /// Bytes that went in that time.
    pub fn bytes(&self) -> u64 {
        let bytes = u128::from(self.bytes_per_second) * u128::from(self.millis()) / 1_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// Mean speed over all points, pauses apart.
pub fn mean_speed(points: &[SpeedPoint]) -> u64 {
    let bytes = points.iter().map(SpeedPoint::bytes).fold(0, u64::saturating_add);
    rate(bytes, points.iter().map(SpeedPoint::millis).fold(0, u64::saturating_add))
}

/// How long it will still take: a range, as wide as what is known allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeLeft {
    /// Lower bound in seconds.
    pub least_secs: u64,
    /// Likely upper bound in seconds.
    pub most_secs: u64,
}

/// Speed and time left of a copy, from samples of the bytes that are done.
///
/// Pauses do not count. Pure: the caller brings the clock.
#[derive(Clone, Debug, Default)]
pub struct SpeedMeter {
    last: Option<Sample>,
    window: Option<Window>,
    /// Full windows, newest last.
    recent: VecDeque<Window>,
    active_millis: u64,
    points: Vec<SpeedPoint>,
    /// Windows that one point stands for; doubles whenever the curve is full.
    windows_per_point: u64,
    /// What the next point will stand for, and how many windows that are.
    pending: Option<(Window, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at_millis: u64,
    bytes_done: u64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    from: u64,
    to: u64,
    bytes: u64,
}

impl Window {
    const fn millis(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// This one and one that follows without a pause.
    const fn then(self, next: Self) -> Self {
        Self { from: self.from, to: next.to, bytes: self.bytes.saturating_add(next.bytes) }
    }
}

impl SpeedMeter {
    /// Goes on with the curve of earlier runs.
    pub fn after(points: Vec<SpeedPoint>) -> Self {
        Self { points, ..Self::default() }
    }

    /// Takes a sample: the bytes that have gone at this moment. The first one, and the first after a pause, is where
    /// counting begins.
    pub fn add(&mut self, at_millis: u64, bytes_done: u64) {
        let sample = Sample { at_millis, bytes_done };
        let last = self.last.replace(sample);
        let is_close =
            |last: &Sample| at_millis >= last.at_millis && at_millis - last.at_millis <= LONGEST_GAP_MILLIS;
        let Some(last) = last.filter(is_close) else {
            self.close_window();
            self.close_point();
            self.window = Some(Window { from: at_millis, to: at_millis, bytes: 0 });
            return;
        };
        self.active_millis += at_millis - last.at_millis;
        let fresh = Window { from: last.at_millis, to: last.at_millis, bytes: 0 };
        let window = self.window.get_or_insert(fresh);
        window.to = at_millis;
        window.bytes = window.bytes.saturating_add(bytes_done.saturating_sub(last.bytes_done));
        if window.millis() >= WINDOW_MILLIS {
            self.close_window();
        }
    }

    /// Copying rests from here on, or has ended: the time until the next sample is a gap.
    pub fn rest(&mut self) {
        self.close_window();
        self.close_point();
        self.last = None;
    }

    /// Bytes per second over the last moments; `None` before anything can be said.
    pub fn bytes_per_second(&self) -> Option<u64> {
        let windows = self.recent.iter().rev().take(WINDOWS_OF_NOW).copied();
        match mean(windows) {
            Some(rate) => Some(rate),
            None => mean(self.window.into_iter().filter(|window| window.millis() >= 1_000)),
        }
    }

    /// How long this many bytes will take; `None` while there is no sound estimate.
    pub fn time_left(&self, bytes_left: u64) -> Option<TimeLeft> {
        if bytes_left == 0 {
            return Some(TimeLeft { least_secs: 0, most_secs: 0 });
        }
        if self.active_millis < KNOWN_MILLIS {
            return None;
        }
        let whole = mean(self.recent.iter().copied())?;
        let lately = mean(self.recent.iter().rev().take(WINDOWS_OF_LATELY).copied())?;
        let (slow, fast) = (whole.min(lately), whole.max(lately));
        let (slow, fast) =
            if self.active_millis < STEADY_MILLIS { (slow / 3 * 2, fast / 2 * 3) } else { (slow, fast) };
        let seconds = |rate: u64| (rate > 0).then(|| bytes_left.div_ceil(rate));
        Some(TimeLeft { least_secs: seconds(fast)?, most_secs: seconds(slow)? })
    }

    /// The curve, oldest first, up to now; at most some 300 points however long the copy runs.
    pub fn points(&self) -> Vec<SpeedPoint> {
        let mut points = self.points.clone();
        let open = match (self.pending, self.window) {
            (Some((pending, _)), Some(window)) => Some(pending.then(window)),
            (pending, window) => pending.map(|(pending, _)| pending).or(window),
        };
        points.extend(open.and_then(point_of));
        points
    }

    fn close_window(&mut self) {
        let Some(window) = self.window.take().filter(|window| window.millis() >= SHORTEST_MILLIS) else {
            return;
        };
        self.recent.push_back(window);
        if self.recent.len() > WINDOWS {
            self.recent.pop_front();
        }
        let (pending, count) =
            self.pending.map_or((window, 1), |(pending, count)| (pending.then(window), count + 1));
        self.pending = Some((pending, count));
        if count >= self.windows_per_point.max(1) {
            self.close_point();
        }
    }

    fn close_point(&mut self) {
        let pending = self.pending.take().and_then(|(pending, _)| point_of(pending));
        self.points.extend(pending);
        if self.points.len() >= MAX_POINTS {
            self.halve_points();
        }
    }

    /// Makes one point of every two that touch.
    fn halve_points(&mut self) {
        let mut halved: Vec<SpeedPoint> = Vec::with_capacity(self.points.len() / 2 + 1);
        let mut may_grow = false;
        for point in std::mem::take(&mut self.points) {
            let touching = halved.last_mut().filter(|last| may_grow && last.to_millis == point.from_millis);
            may_grow = touching.is_none();
            if let Some(last) = touching {
                let bytes = last.bytes().saturating_add(point.bytes());
                last.to_millis = point.to_millis;
                last.bytes_per_second = rate(bytes, last.millis());
            } else {
                halved.push(point);
            }
        }
        // Where nearly every point stands alone, the oldest go.
        let too_many = halved.len().saturating_sub(MAX_POINTS / 4 * 3);
        halved.drain(..too_many);
        self.points = halved;
        self.windows_per_point = self.windows_per_point.max(1) * 2;
    }
}

fn point_of(window: Window) -> Option<SpeedPoint> {
    (window.millis() >= SHORTEST_MILLIS).then(|| SpeedPoint {
        from_millis: window.from,
        to_millis: window.to,
        bytes_per_second: rate(window.bytes, window.millis()),
    })
}

fn mean(windows: impl Iterator<Item = Window>) -> Option<u64> {
    let (bytes, millis) = windows.fold((0_u64, 0_u64), |(bytes, millis), window| {
        (bytes.saturating_add(window.bytes), millis.saturating_add(window.millis()))
    });
    (millis > 0).then(|| rate(bytes, millis))
}

fn rate(bytes: u64, millis: u64) -> u64 {
    u64::try_from(u128::from(bytes) * 1_000 / u128::from(millis.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// Feeds one sample per second at this rate, and returns the moment and the bytes reached.
    fn run(meter: &mut SpeedMeter, from: (u64, u64), seconds: u64, rate: u64) -> (u64, u64) {
        for second in 0..=seconds {
            meter.add(from.0 + second * 1_000, from.1 + second * rate);
        }
        (from.0 + seconds * 1_000, from.1 + seconds * rate)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the estimate gives it")]
    fn exact(secs: u64) -> Option<TimeLeft> {
        Some(TimeLeft { least_secs: secs, most_secs: secs })
    }

    #[test]
    fn the_time_left_is_unknown_first_then_a_range_then_a_number() {
        let mut meter = SpeedMeter::default();
        assert_eq!(meter.time_left(MB), None);
        let at = run(&mut meter, (0, 0), 14, MB);
        assert_eq!(meter.time_left(90 * MB), None, "too early");
        let at = run(&mut meter, at, 16, MB);
        let left = meter.time_left(90 * MB).unwrap();
        assert!(left.least_secs < 90 && 90 < left.most_secs && left.most_secs < 200, "{left:?}");
        run(&mut meter, at, 40, MB);
        assert_eq!(meter.time_left(90 * MB), exact(90));
        assert_eq!(meter.time_left(0), exact(0));
    }

    #[test]
    fn what_was_done_before_the_start_is_no_speed() {
        let mut meter = SpeedMeter::default();
        run(&mut meter, (5_000, 900 * MB), 60, MB);
        assert_eq!(meter.bytes_per_second(), Some(MB));
        assert_eq!(mean_speed(&meter.points()), MB);
    }

    #[test]
    fn bursts_of_large_messages_are_as_fast_as_the_line_that_they_came_over() {
        let mut meter = SpeedMeter::default();
        let mut at = (0, 0);
        for _message in 0..4 {
            at = run(&mut meter, at, 19, 0);
            at = run(&mut meter, at, 1, 12 * MB);
        }
        let left = meter.time_left(60 * MB).unwrap();
        assert!((50..=100).contains(&left.least_secs) && (100..=150).contains(&left.most_secs), "{left:?}");
    }

    #[test]
    fn pauses_are_gaps_and_do_not_count() {
        let mut meter = SpeedMeter::default();
        let at = run(&mut meter, (0, 0), 60, MB);
        meter.rest();
        let at = run(&mut meter, (at.0 + 20_000, at.1), 30, MB);
        // The laptop slept for an hour without a word, then the clock jumped back.
        let at = run(&mut meter, (at.0 + 3_600_000, at.1), 30, MB);
        run(&mut meter, (at.0 - 500_000, at.1), 30, MB);
        assert_eq!(meter.bytes_per_second(), Some(MB));
        let points = meter.points();
        assert!(points.iter().all(|point| point.bytes_per_second == MB), "{points:?}");
        let gaps = points.windows(2).filter(|pair| pair[0].to_millis != pair[1].from_millis).count();
        assert_eq!(gaps, 3);
    }

    #[test]
    fn a_copy_of_a_second_has_a_speed_too() {
        let mut meter = SpeedMeter::default();
        meter.add(1_000, 0);
        meter.add(1_250, 3 * MB);
        meter.add(1_900, 9 * MB);
        assert_eq!(meter.points().len(), 1, "also while it runs");
        meter.rest();
        let [point] = <[_; 1]>::try_from(meter.points()).unwrap();
        assert_eq!((point.from_millis, point.to_millis, point.bytes_per_second), (1_000, 1_900, 10 * MB));
        assert_eq!(mean_speed(&[point]), 10 * MB);
    }

    #[test]
    fn a_standstill_has_no_end() {
        let mut meter = SpeedMeter::default();
        run(&mut meter, (0, 0), 120, 0);
        assert_eq!(meter.time_left(MB), None);
        assert_eq!(meter.bytes_per_second(), Some(0));
    }

    #[test]
    fn the_curve_stays_short_for_days_and_continues_after_the_program_has_ended() {
        let mut meter = SpeedMeter::default();
        let end = run(&mut meter, (0, 0), 3 * 86_400, MB);
        meter.rest();
        let points = meter.points();
        assert!((100..=300).contains(&points.len()), "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[0].to_millis == pair[1].from_millis));
        assert!(points.iter().all(|point| point.bytes_per_second == MB));
        assert!(points[0].to_millis < end.0 / 50);
        let mut again = SpeedMeter::after(points.clone());
        assert_eq!(again.points(), points);
        run(&mut again, (end.0 + 900_000, 0), 60, 2 * MB);
        assert!(again.points().len() > points.len());
        assert_eq!(again.bytes_per_second(), Some(2 * MB), "the speed of now is that of this run");
        for part in 0..2_000 {
            run(&mut again, (end.0 + 1_000_000 + part * 60_000, 0), 10, MB);
            again.rest();
        }
        assert!(again.points().len() <= MAX_POINTS + 1);
    }
}
