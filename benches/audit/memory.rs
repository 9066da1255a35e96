//! The largest resident set of this process since it was last forgotten.

use std::fs;

/// Forgets the largest so far (Linux, `proc(5)`), so that the next one is that of the work behind it.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").expect("Linux lets a process forget its peak");
}

/// The largest since then, in megabytes.
pub fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kilobytes / 1_024.0
}
