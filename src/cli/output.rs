use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use indicatif::MultiProgress;
use serde::Serialize;

use super::CliError;
use crate::engine::{
    CleanText, InputError, OutputError, UserError, not_written, read_text_input, write_output,
};
use crate::values::{printable_json, printable_line};

/// Whether standard error carries one JSON object per line, for programs.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// The progress display on standard error; other output goes above it.
static DRAWN: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Sets or removes the progress display on standard error.
pub fn draws(drawn: Option<MultiProgress>) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = drawn;
}

/// Switches standard error to one JSON object per line.
pub fn say_in_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// A line for programs, on standard error.
pub fn say_json(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _nobody_listens = writeln!(io::stderr(), "{}", printable_json(&line));
    }
}

/// Words for people, on standard error.
pub fn say(words: &str) {
    if IS_JSON.load(Ordering::Relaxed) {
        return say_json(&serde_json::json!({ "event": "words", "words": words }));
    }
    let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // If standard error is closed, there is nobody left to write to.
    let write = || {
        let mut terminal = CleanText::new(io::stderr());
        drop(writeln!(terminal, "{words}").and_then(|()| terminal.finish()));
    };
    match drawn {
        Some(drawn) => drawn.suspend(write),
        None => write(),
    }
}

/// Adds formatted text; a `String` takes everything.
pub fn append(text: &mut String, more: fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    let _infallible = text.write_fmt(more);
}

/// Untrusted text as one line: a line break in it must not look like one of ours.
pub fn line(words: &impl fmt::Display) -> String {
    printable_line(&words.to_string()).into_owned()
}

/// Machine output, on standard output.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = CleanText::new(io::stdout().lock());
    match out.write_all(text.as_bytes()).and_then(|()| out.finish()) {
        // A reader such as `head` may have closed the pipe.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| failed(Path::new("standard output"), &error.into())),
    }
}

/// JSON to a file, or to standard output for “-”.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| {
        CliError::from(
            UserError::new("The result could not be written as JSON", error.to_string())
                .or_else("Report this as a bug in Mailferry", ""),
        )
    })?;
    text.push('\n');
    write_text(path, &printable_json(&text))
}

/// Text to a file, or to standard output for “-”.
pub fn write_text(path: &Path, text: &str) -> Result<(), CliError> {
    if path == Path::new("-") {
        return print(text);
    }
    let _told = PipeWait::begin(path);
    write_output(path, |out| out.write_all(text.as_bytes())).map_err(|error| failed(path, &error))
}

/// How long a pipe may be written to before it is said that somebody has to read it.
const PIPE_PATIENCE: Duration = Duration::from_secs(1);

/// The writing of an output that may be a named pipe: while nobody reads it, the program waits, and says so. Ends when
/// dropped.
#[derive(Debug)]
pub struct PipeWait {
    /// Dropped when the output is written.
    _written: Option<mpsc::Sender<()>>,
}

impl PipeWait {
    /// Begins to write to this path.
    pub fn begin(path: &Path) -> Self {
        if !is_pipe(path) {
            return Self { _written: None };
        }
        let (written, waits) = mpsc::channel::<()>();
        let words = format!(
            "Waiting for a program to read {}, which is a named pipe; everything else is done",
            line(&path.display())
        );
        thread::spawn(move || {
            if waits.recv_timeout(PIPE_PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                say(&words);
            }
        });
        Self { _written: Some(written) }
    }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

fn failed(path: &Path, error: &OutputError) -> CliError {
    not_written(path, error).into()
}

/// Reads a text file that the user named, at most `most_bytes` long.
pub fn read_text(path: &Path, most_bytes: u64) -> Result<String, CliError> {
    read_text_input(path, most_bytes).map_err(|error| not_read(path, &error).into())
}

/// A file that the user named cannot be used.
pub fn not_read(path: &Path, error: &InputError) -> UserError {
    UserError::new(format!("{} cannot be read", path.display()), sentence(&error.to_string()))
        .or_else("Check the file’s name, permissions and contents", "")
}

/// Adds a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
