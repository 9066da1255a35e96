use std::sync::LazyLock;

use tokio::time::Instant;

use crate::values::UnixTime;

/// When the program first asked, on both clocks.
static BEGAN: LazyLock<(UnixTime, Instant)> = LazyLock::new(|| (UnixTime::now(), Instant::now()));

/// The time of now. The system's clock may be set back, and the runtime's stands still while a laptop sleeps: the one
/// that is ahead counts.
pub(in crate::transfer) fn now() -> UnixTime {
    let (time, instant) = *BEGAN;
    let seconds = i64::try_from(instant.elapsed().as_secs()).unwrap_or(i64::MAX);
    UnixTime(time.0.saturating_add(seconds).max(UnixTime::now().0))
}
