//! What an audit costs: the verdict of saved facts, 10,000 DMARC reports, a large mail log beside `grep -c`, and a whole
//! audit over a line of 20 ms beside the longest chain of questions that wait for each other, and beside checkdmarc.
//!
//! `make bench`, or `cargo bench --bench audit -- [LOG-MEGABYTES] [CASE]...` with the cases `verdict`, `reports`, `log` and
//! `line`. Prints a Markdown table; figures belong to this run and this machine, and are no assertions.
#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench ends where something is wrong, and prints what it measured"
)]

mod files;
mod line;
mod memory;
mod processor;
mod responder;
mod second_opinion;

use std::time::{Duration, Instant};

use mailferry::audit::{Facts, judge};

/// Runs of what is short; the median counts.
const RUNS: usize = 101;

fn main() {
    let mut megabytes = 1_024;
    let mut chosen = Vec::new();
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        match argument.parse() {
            Ok(number) => megabytes = number,
            Err(_) => chosen.push(argument),
        }
    }
    let wants = |case: &str| chosen.is_empty() || chosen.iter().any(|name| name == case);
    println!("| what | measured | wanted |\n| --- | --- | --- |");
    if wants("verdict") {
        verdict();
    }
    if wants("line") {
        line::whole_audit();
    }
    if wants("reports") {
        files::reports();
    }
    if wants("log") {
        files::log(megabytes);
    }
}

/// A line of the table.
fn row(what: &str, measured: &str, wanted: &str) {
    println!("| {what} | {measured} | {wanted} |");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// Facts with everything that a domain can have, judged again.
fn verdict() {
    let facts = line::facts_with_evidence();
    let json = facts.to_json().unwrap();
    let time = |work: &dyn Fn()| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    let judged = median((0..RUNS).map(|_| time(&|| drop(judge(&facts)))).collect());
    let read = median((0..RUNS).map(|_| time(&|| drop(judge(&Facts::from_json(&json).unwrap())))).collect());
    let report = judge(&facts);
    let size = format!("{} answers, {} findings", facts.answers.len(), report.findings.len());
    row(&format!("verdict of saved facts ({size})"), &millis(judged), "under 10 ms");
    row(&format!("the same, read from {} KiB of JSON", json.len() / 1_024), &millis(read), "-");
}
