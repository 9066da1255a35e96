//! Whether the computer has slept: the wall clock went on, and the clock that timers go by did not.

use std::time::{Duration, Instant, SystemTime};

/// A wall clock that is ahead by more than this has slept, or was set; a connection does not survive the one and is
/// cheap to replace after the other.
const SLEPT: Duration = Duration::from_secs(30);

/// Watches both clocks between two looks.
#[derive(Clone, Copy, Debug)]
pub(in crate::imap) struct SuspendDetector {
    wall: SystemTime,
    steady: Instant,
    clock: fn() -> SystemTime,
}

impl SuspendDetector {
    pub(in crate::imap) fn new(clock: fn() -> SystemTime) -> Self {
        Self { wall: clock(), steady: Instant::now(), clock }
    }

    /// How long the computer slept since the last look, where it did.
    pub(in crate::imap) fn look(&mut self) -> Option<Duration> {
        let (wall, steady) = ((self.clock)(), Instant::now());
        let slept = slept(wall.duration_since(self.wall).ok()?, steady.duration_since(self.steady));
        if slept.is_none() {
            (self.wall, self.steady) = (wall, steady);
        }
        slept
    }
}

fn slept(wall: Duration, steady: Duration) -> Option<Duration> {
    wall.checked_sub(steady).filter(|ahead| *ahead > SLEPT)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn only_a_wall_clock_far_ahead_means_sleep() {
        let seconds = Duration::from_secs;
        assert_eq!(slept(seconds(100), seconds(100)), None);
        assert_eq!(slept(seconds(125), seconds(100)), None);
        assert_eq!(slept(seconds(3_700), seconds(100)), Some(seconds(3_600)));
        // Set back: no sleep.
        assert_eq!(slept(seconds(10), seconds(100)), None);
    }

    static WALL: AtomicU64 = AtomicU64::new(1_000);

    #[test]
    fn sleep_stays_known_once_it_was_seen() {
        let mut awake = SuspendDetector::new(|| {
            SystemTime::UNIX_EPOCH + Duration::from_secs(WALL.load(Ordering::SeqCst))
        });
        assert_eq!(awake.look(), None);
        WALL.store(5_000, Ordering::SeqCst);
        assert!(awake.look().is_some() && awake.look().is_some());
        WALL.store(500, Ordering::SeqCst);
        let mut set_back = SuspendDetector::new(|| {
            SystemTime::UNIX_EPOCH + Duration::from_secs(WALL.load(Ordering::SeqCst))
        });
        WALL.store(400, Ordering::SeqCst);
        assert_eq!(set_back.look(), None);
    }
}
