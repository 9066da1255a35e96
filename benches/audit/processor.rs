//! Processor time of this process and of the programs that it has waited for: what other work on the machine does not change.

use std::time::Duration;

/// Linux tells times in hundredths of a second, whatever its own clock is.
const TICK: Duration = Duration::from_millis(10);

/// In user and system mode, of all threads.
pub fn own() -> Duration {
    ticks(13..15)
}

/// The same of the children that have ended.
pub fn children() -> Duration {
    ticks(15..17)
}

/// Fields of `/proc/self/stat`, counted from 0 (proc(5)).
fn ticks(fields: std::ops::Range<usize>) -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program, in parentheses, may hold blanks.
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    let numbers = rest.split(' ').collect::<Vec<_>>();
    let ticks: u32 = fields.map(|field| numbers[field - 2].parse::<u32>().unwrap()).sum();
    TICK * ticks
}
