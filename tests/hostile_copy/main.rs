//! Whole copies with a server that does harm, at the source and at the destination and in every phase: the program ends
//! by itself with an error that a person can read, its memory stays bounded, and nothing is written outside its folder.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail loudly, and figures are shown"
)]

mod hostile_server;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hostile_server::{BAD_WORDS, Harm, HostileServer, MESSAGE, Phase};
use mailferry_test_support::programs;

/// A folder that would lie outside, were it a path.
const NAME: &str = "../../x";
/// Copies at the same time.
const AT_ONCE: usize = 4;
/// One harm in so many is done in each phase, unless all are asked for.
const SAMPLE: usize = 4;
/// Most memory of one copy, in kilobytes.
const MAX_KILOBYTES: u64 = 200_000;

/// What became of a copy.
struct Ended {
    code: Option<i32>,
    words: String,
    kilobytes: u64,
    time: Duration,
}

/// A copy from one port to another, for one account.
fn copy(folder: &Path, from: u16, to: u16, timeout: &str) -> Ended {
    let password = folder.join("password");
    fs::write(&password, "secret-of-anna").unwrap();
    let mut command = program(folder, timeout);
    command
        .args(["--from", &format!("imap://anna@127.0.0.1:{from}")])
        .args(["--to", &format!("imap://ben@127.0.0.1:{to}")])
        .arg("--from-password-file")
        .arg(&password)
        .arg("--to-password-file")
        .arg(&password);
    run(folder, command)
}

fn program(folder: &Path, timeout: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command
        .args(["copy", "--timeout", timeout, "--project"])
        .arg(folder.join("hostile.mailferry"))
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .current_dir(folder);
    command
}

fn run(folder: &Path, mut command: Command) -> Ended {
    let began = Instant::now();
    let words = folder.join("words");
    let child = command
        .stdin(Stdio::null())
        .stdout(fs::File::create(&words).unwrap())
        .stderr(fs::OpenOptions::new().append(true).open(&words).unwrap())
        .spawn()
        .unwrap();
    let mut child = programs::Forgotten(child);
    let status_file = format!("/proc/{}/status", child.0.id());
    let mut kilobytes = 0;
    let code = programs::until("the copy ends", || {
        if let Some(status) = child.0.try_wait().unwrap() {
            return Some(status.code());
        }
        let status = fs::read_to_string(&status_file).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        kilobytes =
            peak.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(kilobytes);
        (kilobytes > 4 * MAX_KILOBYTES).then(|| {
            child.0.kill().unwrap();
            child.0.wait().unwrap();
            None
        })
    });
    let words = String::from_utf8_lossy(&fs::read(&words).unwrap()).into_owned();
    Ended { code, words, kilobytes, time: began.elapsed() }
}

/// One copy; what is wrong with its end, in words.
fn try_one(phase: Phase, harm: Harm, is_source: bool) -> Result<String, String> {
    let hostile = HostileServer::start(phase, harm, NAME, is_source);
    let honest = HostileServer::start(Phase::Logout, Harm::Bye, NAME, !is_source);
    let (from, to) = if is_source { (hostile.port, honest.port) } else { (honest.port, hostile.port) };
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let ended = copy(&inside, from, to, "20");
    let side = if is_source { "source" } else { "destination" };
    let name = format!("{harm:?} at {phase:?} of the {side}");
    let figures = format!(
        "{name}: status {:?}, {} MB, {:.1} s",
        ended.code,
        ended.kilobytes / 1_000,
        ended.time.as_secs_f64()
    );
    let mut faults = Vec::new();
    if !hostile.has_struck.load(Ordering::Relaxed) {
        faults.push("the phase was never reached");
    }
    // Harm that leaves everything readable may end well; a signal or a panic never does.
    if !matches!(ended.code, Some(0 | 1 | 3)) {
        faults.push("it did not end by itself with a status of its own");
    }
    if ended.words.trim().is_empty() || ended.words.contains("panicked") {
        faults.push("it does not say what happened");
    }
    if ended.words.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        faults.push("control characters of the server reach the terminal");
    }
    if ended.words.contains("secret-of-anna") {
        faults.push("the password is shown");
    }
    if ended.kilobytes > MAX_KILOBYTES {
        faults.push("it took too much memory");
    }
    if harm == Harm::UntaggedBad && phase != Phase::Logout && !ended.words.contains(BAD_WORDS) {
        faults.push("the server's words are lost");
    }
    if ended.words.contains("disk") {
        faults.push("the disk is blamed for what a server says");
    }
    let beside = fs::read_dir(folder.path()).unwrap().count();
    if beside != 1 {
        faults.push("something was written outside its folder");
    }
    if faults.is_empty() {
        Ok(figures)
    } else {
        Err(format!("{figures}: {}\n{}", faults.join(", "), ended.words))
    }
}

fn try_all(is_source: bool, phases: &[Phase]) {
    let all: Vec<(Phase, Harm)> =
        phases.iter().flat_map(|phase| Harm::ALL.map(|harm| (*phase, harm))).collect();
    let is_exhaustive = std::env::var_os("MAILFERRY_EXHAUSTIVE").is_some_and(|value| value == "1");
    // Fifteen harms and one in four: each phase gets others than the phase before.
    let is_chosen = |index: usize| is_exhaustive || index.is_multiple_of(SAMPLE);
    let cases: Vec<(Phase, Harm)> =
        all.into_iter().enumerate().filter(|(index, _)| is_chosen(*index)).map(|(_, case)| case).collect();
    try_cases(is_source, &cases);
}

fn try_cases(is_source: bool, cases: &[(Phase, Harm)]) {
    let began = Instant::now();
    let (mut figures, mut failures) = (Vec::new(), Vec::new());
    for cases in cases.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let running: Vec<_> =
                cases.iter().map(|(phase, harm)| scope.spawn(|| try_one(*phase, *harm, is_source))).collect();
            for one in running {
                match one.join().unwrap() {
                    Ok(line) => figures.push(line),
                    Err(line) => failures.push(line),
                }
            }
        });
    }
    eprintln!("{}\n{} cases in {:.1} s", figures.join("\n"), cases.len(), began.elapsed().as_secs_f64());
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn a_source_does_harm_before_there_is_mail() {
    try_all(true, &[Phase::Greeting, Phase::SignIn, Phase::List]);
}

#[test]
fn a_source_does_harm_with_its_mail() {
    try_all(true, &[Phase::Open, Phase::Facts, Phase::Bodies, Phase::Logout]);
}

#[test]
fn a_destination_does_harm_before_there_is_mail() {
    try_all(false, &[Phase::Greeting, Phase::SignIn, Phase::List]);
}

#[test]
fn a_destination_does_harm_with_the_mail() {
    try_all(false, &[Phase::Open, Phase::Append, Phase::Logout]);
}

/// Depth once ended the program, so it is tried in every phase of either side.
#[test]
fn depth_does_no_harm_in_any_phase() {
    use Phase::{Append, Bodies, Facts, Greeting, List, Logout, Open, SignIn};
    for (is_source, phases) in [
        (true, &[Greeting, SignIn, List, Open, Facts, Bodies, Logout][..]),
        (false, &[Greeting, SignIn, List, Open, Append, Logout]),
    ] {
        let cases: Vec<_> = phases.iter().map(|phase| (*phase, Harm::DeepStructure)).collect();
        try_cases(is_source, &cases);
    }
}

#[test]
fn a_drip_ends_before_the_sign_in_as_well() {
    for (phase, is_source) in [(Phase::Greeting, true), (Phase::SignIn, false)] {
        let hostile = HostileServer::start(phase, Harm::Drip, NAME, is_source);
        let honest = HostileServer::start(Phase::Logout, Harm::Bye, NAME, !is_source);
        let (from, to) = if is_source { (hostile.port, honest.port) } else { (honest.port, hostile.port) };
        let folder = tempfile::tempdir().unwrap();
        let ended = copy(folder.path(), from, to, "5");
        assert!(hostile.has_struck.load(Ordering::Relaxed));
        assert!(ended.code.is_some_and(|code| code != 0), "{}", ended.words);
        assert!(ended.words.contains("too slow"), "{phase:?}: {}", ended.words);
    }
}

/// One mailbox of three has a hostile server; the copy fails for it in words, and the others are complete.
fn try_three(phase: Phase, harm: Harm, is_source: bool) {
    let hostile = HostileServer::start_for(Some("mallory"), phase, harm, (NAME, is_source));
    let honest = HostileServer::start(Phase::Logout, Harm::Bye, NAME, !is_source);
    let (from, to) = if is_source { (&hostile, &honest) } else { (&honest, &hostile) };
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("people.csv");
    let rows = ["anna", "mallory", "carla"]
        .map(|user| format!("{user}@a.example,{user},pw1-{user},{user},pw2-{user}"));
    let head = "address,source_user,source_password,destination_user,destination_password";
    fs::write(&list, format!("{head}\n{}\n", rows.join("\n"))).unwrap();
    let mut command = program(folder.path(), "20");
    command
        .arg("--accounts")
        .arg(&list)
        .args(["--from", &format!("imap://127.0.0.1:{}", from.port)])
        .args(["--to", &format!("imap://127.0.0.1:{}", to.port)]);
    let ended = run(folder.path(), command);
    let what = format!("{harm:?} at {phase:?}, source: {is_source}: {:?}\n{}", ended.code, ended.words);
    assert!(hostile.has_struck.load(Ordering::Relaxed), "{what}");
    assert!(matches!(ended.code, Some(1 | 3)), "{what}");
    assert!(ended.words.contains("mallory") && !ended.words.contains("panicked"), "{what}");
    assert!(!ended.words.contains("pw1-") && !ended.words.contains("pw2-"), "{what}");
    let delivered = to.delivered.lock().unwrap();
    for user in ["anna", "carla"] {
        assert_eq!(delivered.get(user), Some(&vec![MESSAGE.to_vec()]), "{user}: {what}");
    }
}

#[test]
fn a_hostile_server_of_one_mailbox_leaves_the_others_alone() {
    std::thread::scope(|scope| {
        for (phase, harm, is_source) in [
            (Phase::List, Harm::DeepStructure, true),
            (Phase::Facts, Harm::DeepAnswers, true),
            (Phase::Bodies, Harm::UnaskedReplies, true),
            (Phase::Open, Harm::DeepStructure, false),
            (Phase::Append, Harm::DeepAnswers, false),
            (Phase::List, Harm::UntaggedBad, false),
        ] {
            scope.spawn(move || try_three(phase, harm, is_source));
        }
    });
}
