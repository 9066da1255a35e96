//! Random mailboxes, random faults and random interruptions between practice servers: whatever happens, every message
//! arrives once, with its bytes, flags and date, and a further run adds nothing.
//!
//! A seed makes a case, and an ordinary run plays the same ones every time. A failing one is printed with its seed;
//! `MAILFERRY_SEED=7 MAILFERRY_CASES=1` plays the seventh alone. `MAILFERRY_EXHAUSTIVE=1` plays many.
#![allow(
    clippy::cast_possible_truncation,
    reason = "helpers of a test fail by panicking, and figures are shown, not asserted"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use mailferry::rehearsal::{Action, Fault, FolderPath, Personality, SampleFolder, SampleMessage, Trigger};
use mailferry::values::UnixTime;
use mailferry_test_inputs::{Random, seeds};
use mailferry_test_support::scenes::practice_copy::{At, Break, Scene, in_quick_time};

/// Cases of an ordinary run, and of one that takes its time.
const CASES: u64 = 150;
const MANY_CASES: u64 = 3_000;
/// A message at which the line drops four times is left, as it should be; so often nothing is broken here.
const MAX_FAULTS: usize = 3;

/// A mailbox that no person would have: equal messages, empty ones, headers without end, odd names and flags.
///
/// Drafts with the same headers and other bytes are told apart by their size. Where sizes are not kept nobody can, and
/// a second copy is made rather than none, so there each message has a header of its own.
fn mailbox(random: &mut Random, keeps_sizes: bool) -> Vec<SampleFolder> {
    let names: [&[&str]; 8] = [
        &["INBOX"],
        &["Sent"],
        &["Entwürfe & mehr"],
        &["Projekte", "2024"],
        &["Projekte"],
        &["a \"quoted\" name"],
        &["日本語"],
        &["trailing%star"],
    ];
    let mut folders = Vec::new();
    let mut written: Vec<SampleMessage> = Vec::new();
    for name in names.iter().take(1 + random.below(names.len())) {
        let count = random.below(18);
        let messages: Vec<SampleMessage> = (0..count)
            .map(|_| {
                // One in six is there already, here or in another folder: its copies must stay as many as they are.
                let again =
                    (!written.is_empty() && random.one_in(6)).then(|| random.choose(&written).clone());
                again.unwrap_or_else(|| message(random, keeps_sizes))
            })
            .collect();
        written.extend(messages.iter().cloned());
        let path = FolderPath::from_levels(name.iter().map(|level| (*level).to_owned()).collect());
        folders.push(SampleFolder { path, special_use: None, messages });
    }
    folders
}

fn message(random: &mut Random, keeps_sizes: bool) -> SampleMessage {
    let mut bytes = Vec::new();
    if !random.one_in(4) {
        bytes.extend(format!("Message-ID: <{:x}@random.example>\r\n", random.number()).bytes());
    }
    if !random.one_in(5) {
        bytes.extend(format!("Date: Mon, {} Mar 2025 10:00:00 +0100\r\n", 1 + random.below(28)).bytes());
    }
    let number = if keeps_sizes { 0 } else { random.number() };
    bytes.extend(format!("Subject: {number}{}\r\n", " wörter".repeat(random.below(4))).bytes());
    if random.one_in(8) {
        bytes.extend(format!("X-Long: {}\r\n", "x".repeat(random.below(6_000))).bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    // Around every edge: nothing, the 4 KB of LITERAL-, the temporary file, the replies that stream.
    let length = *random.choose(&[0, 10, 300, 4_000, 4_200, 23_900, 24_100, 70_000, 262_000]);
    let length = if length > 30_000 && !random.one_in(4) { 500 } else { length };
    // Headers and size are what a copy is recognised by: where both are equal, so are the bytes.
    bytes.extend(format!("{}\r\n", "-".repeat(random.below(2_000))).bytes());
    while bytes.len() < length {
        let line = random.number();
        bytes.extend(format!("{line:016x} (((( )))) {{3}} \"quoted\" * OK\r\n").bytes());
    }
    let all = ["\\Seen", "\\Flagged", "\\Answered", "$Forwarded", "Projekt-7"];
    let flags: BTreeSet<String> = all.into_iter().filter(|_| random.one_in(3)).map(str::to_owned).collect();
    let internal_date = UnixTime(1_000_000_000 + i64::try_from(random.below(700_000_000)).unwrap());
    SampleMessage { bytes: bytes.into(), flags, internal_date }
}

fn fault(random: &mut Random) -> (At, Fault) {
    let at = if random.one_in(2) { At::Source } else { At::Destination };
    let command = match at {
        At::Source => *random.choose(&["*", "FETCH", "UID FETCH", "EXAMINE", "LIST", "STATUS"]),
        At::Destination => *random.choose(&["*", "APPEND", "APPEND", "SELECT", "CREATE", "FETCH", "LIST"]),
    };
    let trigger = match random.below(6) {
        0 => Trigger::Connect,
        1 => Trigger::BytesReceived(1 + random.below(60_000) as u64),
        2 => Trigger::BytesSent(1 + random.below(120_000) as u64),
        _ => Trigger::Command(command.to_owned()),
    };
    let action = match random.below(9) {
        0 => Action::Stall,
        1 => Action::Delay(Duration::from_millis(random.below(4_000) as u64)),
        2 | 6 => Action::LoseReply,
        3 => Action::OmitAppendUid,
        4 => Action::SwapAppendUid,
        5 => Action::Say(
            (*random.choose(&[
                "OK [ALERT] Maintenance at noon",
                "5 EXISTS",
                "0 RECENT",
                "X-UNHEARD (of \"it\")",
            ]))
            .to_owned(),
        ),
        _ => Action::Close,
    };
    (at, Fault { trigger, action, skip: random.below(25) as u32, times: 1 })
}

fn interruption(random: &mut Random) -> Break {
    let faults: Vec<(At, Fault)> = (0..=random.below(MAX_FAULTS)).map(|_| fault(random)).collect();
    match random.below(8) {
        0 => Break::AfterPoll(1 + random.below(400) as u32),
        1 => Break::AtProgress(1 + random.below(20) as u32),
        2 => Break::AfterLedgerChanges(random.below(250) as u32),
        3 => Break::Visited(faults.into_iter().filter(|(at, _)| *at == At::Destination).collect()),
        _ => Break::Faults(faults),
    }
}

fn scene(random: &mut Random) -> Scene {
    let personalities = [
        Personality::dovecot,
        Personality::courier,
        Personality::exchange,
        Personality::icloud,
        Personality::yahoo,
    ];
    // Gmail folds equal messages into one, and so is no destination where multiplicity is compared.
    let source = random.choose(&personalities)();
    let destination = random.choose(&personalities)();
    let places_by_hand = !destination.prefix.is_empty() && !destination.has("NAMESPACE");
    let keeps_sizes =
        source.quirks.size_excess_divisor.is_none() && destination.quirks.added_header.is_none();
    let mail = mailbox(random, keeps_sizes);
    Scene { source, destination, mail, places_by_hand, wants_whole_proof: false }
}

fn play(seed: u64) -> Result<bool, String> {
    let mut random = Random(seed);
    let scene = scene(&mut random);
    let how = interruption(&mut random);
    let count: usize = scene.mail.iter().map(|folder| folder.messages.len()).sum();
    let outcome = in_quick_time(scene.play(None, &how));
    let told = |error| format!("seed {seed}, {}, {count} messages, {how:?}: {error}", scene.name());
    outcome.map(|outcome| outcome.was_broken).map_err(told)
}

#[test]
fn whatever_happens_every_message_arrives_once() {
    let ordinary = if seeds::is_exhaustive() { MANY_CASES } else { CASES };
    let cases = seeds::number("MAILFERRY_CASES").unwrap_or(ordinary);
    let first = seeds::seed();
    let seeds: Vec<u64> = (0..cases).map(|offset| first.wrapping_add(offset)).collect();
    let began = Instant::now();
    let mut broken = 0;
    let mut failures = Vec::new();
    for seed in &seeds {
        match play(*seed) {
            Ok(was_broken) => broken += usize::from(was_broken),
            Err(error) => failures.push(error),
        }
    }
    eprintln!(
        "{} cases, {broken} of them broke the run, in {:.1} s",
        seeds.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        seeds.len(),
        failures.join("\n")
    );
    assert!(cases < CASES || broken * 3 > seeds.len(), "too few cases broke anything to mean something");
}
