use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A moment as whole seconds since 1970-01-01T00:00:00Z. Formatting belongs to the rooms that show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// The wall clock as the system has it. Only wires, jobs and faces ask; pure code is given the time.
    pub fn now() -> Self {
        let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
    }

    /// Seconds from `earlier` to this moment; zero when the clock went backwards.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}
