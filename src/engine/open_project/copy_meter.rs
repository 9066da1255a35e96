//! The throughput of the running copy: bytes sent over time.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::engine::api::copy_snapshot::CopyView;
use crate::plan::{SpeedMeter, SpeedPoint};
use crate::values::Bytes;

/// How many samples a smaller number is ignored for: between a reply and its ledger entry, bytes are counted nowhere.
const PATIENT_LOOKS: u8 = 3;

/// Measures the copy of the open project, over all its runs.
#[derive(Default)]
pub(in crate::engine) struct CopyMeter {
    /// The clock of this session and the wall clock, at one moment.
    began: Option<Beginning>,
    meter: SpeedMeter,
    shown: Shown,
    /// Whether mail is copied now.
    is_running: bool,
}

/// One moment on two clocks.
#[derive(Clone, Copy)]
struct Beginning {
    instant: Instant,
    /// Milliseconds since 1970.
    wall: u64,
}

/// What was last shown as done.
#[derive(Default)]
struct Shown {
    bytes: u64,
    smaller: u8,
}

impl Shown {
    /// The value to show: never less than before, unless it stays lower, as after a refused message.
    fn steady(&mut self, bytes: u64) -> u64 {
        self.smaller = if bytes < self.bytes { self.smaller + 1 } else { 0 };
        if self.smaller == 0 || self.smaller >= PATIENT_LOOKS {
            *self = Self { bytes, smaller: 0 };
        }
        self.bytes
    }
}

impl CopyMeter {
    /// Continues the curve of earlier sessions.
    pub(in crate::engine) fn after(points: Vec<SpeedPoint>) -> Self {
        Self { meter: SpeedMeter::after(points), ..Self::default() }
    }

    /// Starts a run; measurements of an earlier run say nothing about its speed.
    pub(in crate::engine) fn begin(&mut self, copy: &CopyView) {
        *self = Self { is_running: true, ..Self::after(self.points()) };
        self.shown.bytes = copy.bytes_done.0;
    }

    /// Time without copying does not count.
    pub(in crate::engine) fn rest(&mut self) {
        self.meter.rest();
        self.is_running = false;
    }

    /// Takes a sample of the bytes sent and updates progress, speed, time left and curve.
    pub(in crate::engine) fn look(&mut self, copy: &mut CopyView, bytes_sent: Bytes) {
        if !self.is_running {
            return;
        }
        let at = self.now();
        self.meter.add(at, bytes_sent.0);
        copy.bytes_done = Bytes(self.shown.steady(copy.bytes_done.0));
        copy.bytes_per_second = self.meter.bytes_per_second();
        // A trial ends long before everything is copied.
        let left = copy.bytes_total.0.saturating_sub(copy.bytes_done.0);
        // The throughput cannot predict the work left after all bytes have arrived.
        let is_known = copy.trial.is_none() && !copy.is_verifying && left > 0;
        copy.time_left = if is_known { self.meter.time_left(left) } else { None };
        copy.throughput = Arc::new(self.points());
    }

    pub(in crate::engine) fn points(&self) -> Vec<SpeedPoint> {
        self.meter.points()
    }

    /// Milliseconds since 1970, by a clock that does not jump while the program runs.
    fn now(&mut self) -> u64 {
        let instant = Instant::now();
        let began = *self.began.get_or_insert_with(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Beginning { instant, wall: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
        });
        let passed = instant.duration_since(began.instant).as_millis();
        began.wall.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_of_earlier_sessions_and_runs_is_kept() {
        let points = vec![SpeedPoint { from_millis: 1_000, to_millis: 6_000, bytes_per_second: 500 }];
        let mut meter = CopyMeter::after(points.clone());
        meter.begin(&CopyView::default());
        assert_eq!(meter.points(), points);
        meter.rest();
        meter.begin(&CopyView::default());
        assert_eq!(meter.points(), points);
    }

    #[test]
    fn progress_does_not_flicker_and_does_not_lie() {
        let mut shown = Shown { bytes: 100, smaller: 0 };
        assert_eq!([120, 90, 130].map(|bytes| shown.steady(bytes)), [120, 120, 130]);
        // A message of 50 was sent and refused: after a moment it does not count any more.
        assert_eq!([80, 80, 80, 85].map(|bytes| shown.steady(bytes)), [130, 130, 80, 85]);
    }
}
