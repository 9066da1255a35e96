//! checkdmarc, a program from the Python index, about the same domain, for what both do: name servers, mail hosts, SPF, DMARC, TLS-RPT, MTA-STS, BIMI.
//!
//! It is fetched by `scripts/fetch-python.sh checkdmarc` and is no part of the program.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mailferry::audit::{Facts, Status};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::line::{DELAY, zone};
use crate::responder::Responder;
use crate::{median, millis, row};

/// checkdmarc takes no port, so the responder has an address of its own, at the usual one.
const PLACE: ([u8; 4], u16) = ([127, 0, 77, 53], 53);

/// Its time and its opinion beside what the audit found in `took`.
pub fn beside(runtime: &Runtime, known: &Facts, took: Duration) {
    let Some(program) = program() else {
        row("checkdmarc", "not here: scripts/fetch-python.sh checkdmarc", "-");
        return;
    };
    let responder = match runtime.block_on(Responder::start_at(SocketAddr::from(PLACE), zone(), DELAY)) {
        Ok(responder) => responder,
        Err(error) => {
            row("checkdmarc", &format!("not run: it takes no port, and 53 could not be had ({error})"), "-");
            return;
        }
    };
    let start = median((0..3).map(|_| timed(Command::new(&program).arg("--version")).1).collect());
    let before = responder.asked.load(Ordering::Relaxed);
    let runs: Vec<(Output, Duration)> = (0..3)
        .map(|_| {
            timed(Command::new(&program).args(["weber.example", "--timeout", "5", "-n"]).arg("127.0.77.53"))
        })
        .collect();
    let asked = (responder.asked.load(Ordering::Relaxed) - before) / runs.len();
    let time = median(runs.iter().map(|(_, time)| *time).collect());
    let work = time.saturating_sub(start);
    row(
        &format!(
            "checkdmarc of the same domain, without keys and lists ({asked} questions), its start of {} left out",
            millis(start)
        ),
        &millis(work),
        "-",
    );
    row("the whole audit beside checkdmarc", &format!("{:.2}", took.as_secs_f64() / work.as_secs_f64()), "-");
    agree(&serde_json::from_slice(&runs[0].0.stdout).expect("checkdmarc writes JSON"), known);
}

fn program() -> Option<PathBuf> {
    let place = std::env::var_os("MAILFERRY_CHECKDMARC")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/checkdmarc"), PathBuf::from);
    Some(place.join("bin/checkdmarc")).filter(|program| program.is_file())
}

fn timed(command: &mut Command) -> (Output, Duration) {
    let begin = Instant::now();
    let output = command.output().unwrap();
    let time = begin.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (output, time)
}

/// Both must say the same of what both look at.
fn agree(theirs: &Value, known: &Facts) {
    let report = mailferry::audit::judge(known);
    let passes =
        |id: &str| report.findings.iter().any(|finding| finding.id == id && finding.status == Status::Pass);
    let hosts = theirs["mx"]["hosts"].as_array().map_or(0, Vec::len);
    let opinions = [
        ("SPF is valid", theirs["spf"]["valid"] == true, passes("spf.lookups")),
        ("DMARC is valid", theirs["dmarc"]["valid"] == true, passes("dmarc.policy")),
        ("there are 4 mail hosts", hosts == 4, passes("mx.hosts")),
    ];
    for (what, they, we) in opinions {
        assert_eq!(they, we, "checkdmarc and the audit differ: {what}\n{theirs:#}");
    }
    let lookups = &theirs["spf"]["dns_lookups"];
    row(
        "checkdmarc and the audit agree",
        &format!("{} of {} (SPF with {lookups} lookups)", opinions.len(), opinions.len()),
        "all",
    );
}
