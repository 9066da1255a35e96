//! A file for every panic, so that somebody can report it. What a panic says is left out: it may quote mail or a password.

use std::backtrace::Backtrace;
use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::engine::config::crash_folder;

/// As many reports are kept; the oldest go first.
const KEPT: usize = 10;

/// What a report says.
struct Crash {
    at: Timestamp,
    thread: String,
    /// File and line in the program's own code.
    place: String,
    /// Names of functions, without their values.
    backtrace: String,
}

/// Writes a report into this user's folder for every panic from now on, and then does what was done before.
pub fn report_crashes() {
    report_crashes_into(crash_folder());
}

/// The same, into this folder. It is made when there is something to write.
pub fn report_crashes_into(folder: PathBuf) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        match write(&folder, &crash(info)) {
            Ok(path) => tracing::error!(path = %path.display(), "the program crashed; a report was written"),
            Err(error) => tracing::error!(%error, "the program crashed; no report could be written"),
        }
        before(info);
    }));
}

fn crash(info: &PanicHookInfo<'_>) -> Crash {
    let place = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    Crash { at: Timestamp::now(), thread, place, backtrace: Backtrace::force_capture().to_string() }
}

fn text(crash: &Crash) -> String {
    let Crash { at, thread, place, backtrace } = crash;
    format!(
        "Mailferry crashed.\n\n\
         This file contains the version, the system, the time, the place in the program's code, and the names of the\n\
         functions that were running. It contains no mail, address, password or domain. Paths in it are those of the\n\
         source code on the computer that built the program. The message of the crash is left out, because it can\n\
         quote data.\n\n\
         version: {}\nsystem:  {} {}\ntime:    {at}\nthread:  {thread}\nplace:   {place}\n\n{backtrace}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

fn write(folder: &Path, crash: &Crash) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("crash-{}.txt", crash.at.strftime("%Y%m%d-%H%M%S-%3f")));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    file.write_all(text(crash).as_bytes())?;
    let mut reports: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| is_report(path))
        .collect();
    reports.sort();
    for old in reports.iter().rev().skip(KEPT) {
        fs::remove_file(old)?;
    }
    Ok(path)
}

fn is_report(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("crash-") && path.extension().is_some_and(|extension| extension == "txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Crash {
        Crash {
            at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            thread: "copy".to_owned(),
            place: "src/a.rs:1:2".to_owned(),
            backtrace: "0: mailferry::a".to_owned(),
        }
    }

    #[test]
    fn the_newest_reports_are_kept_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let reports = folder.path().join("crashes");
        fs::create_dir(&reports).unwrap();
        fs::write(reports.join("notes.txt"), "mine").unwrap();
        let written: Vec<PathBuf> = (0..13).map(|second| write(&reports, &at(second)).unwrap()).collect();
        let left: Vec<bool> = written.iter().map(|path| path.exists()).collect();
        assert_eq!(left, [vec![false; 3], vec![true; 10]].concat());
        assert_eq!(fs::read_to_string(reports.join("notes.txt")).unwrap(), "mine");
        let said = fs::read_to_string(&written[12]).unwrap();
        assert!(said.contains("place:   src/a.rs:1:2") && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    }

    #[test]
    fn a_report_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), &at(0)).unwrap();
        fs::write(&first, "kept").unwrap();
        assert_eq!(write(folder.path(), &at(0)).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(first).unwrap(), "kept");
    }
}
