//! Copies between practice servers of every kind, with random mail and random faults: the same on both sides afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::large_futures,
    clippy::indexing_slicing,
    reason = "helpers of a test fail by panicking, and figures are shown, not asserted"
)]

#[path = "support/practice_copy.rs"]
mod practice_copy;

use std::cell::Cell;
use std::time::{Duration, Instant};

use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{Action, Fault, Personality, SampleFolder, Trigger};
use practice_copy::{At, Break, Scene, in_quick_time, labelled_mailbox, small_mailbox};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Random cases, unless more are asked for with `MAILFERRY_EXHAUSTIVE=1`.
const CASES: u32 = 60;
const CASES_EXHAUSTIVE: u32 = 1_500;

/// Servers that mail is copied to. The window of Yahoo is far larger than the mailboxes here.
const DESTINATIONS: [fn() -> Personality; 6] = [
    Personality::dovecot,
    Personality::courier,
    Personality::gmail,
    Personality::exchange,
    Personality::icloud,
    Personality::yahoo,
];

/// Servers that mail is read from and found again byte for byte.
const SOURCES: [fn() -> Personality; 6] = [
    Personality::dovecot,
    Personality::courier,
    Personality::gmail,
    Personality::exchange,
    Personality::icloud,
    Personality::yahoo,
];

fn scene(source: Personality, destination: Personality, mail: Vec<SampleFolder>) -> Scene {
    // An old Courier does not say where folders may be made.
    let places_by_hand = !destination.prefix.is_empty() && !destination.has("NAMESPACE");
    Scene { source, destination, mail, places_by_hand, wants_whole_proof: false }
}

#[test]
fn every_kind_of_server_is_read_and_written() {
    let mut failures = Vec::new();
    for source in SOURCES {
        for destination in DESTINATIONS {
            let scene = scene(source(), destination(), small_mailbox());
            if let Err(error) = in_quick_time(scene.play(None, &Break::None)) {
                failures.push(format!("{}: {error}", scene.name()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_message_leaves_gmail_once_whatever_its_labels() {
    for destination in DESTINATIONS {
        let scene = scene(Personality::gmail(), destination(), labelled_mailbox());
        let outcome = in_quick_time(scene.play(None, &Break::None));
        outcome.unwrap_or_else(|error| panic!("{}: {error}", scene.name()));
    }
}

#[test]
fn an_old_courier_gets_its_folders_below_the_inbox() {
    let mut scene = scene(Personality::dovecot(), Personality::courier(), small_mailbox());
    scene.places_by_hand = false;
    in_quick_time(scene.play(None, &Break::None)).unwrap();
}

#[test]
fn the_proof_holds_where_the_source_estimates_sizes() {
    let mut scene = scene(Personality::exchange(), Personality::dovecot(), small_mailbox());
    scene.wants_whole_proof = true;
    in_quick_time(scene.play(None, &Break::None)).unwrap();
}

/// A few folders of a mailbox with few messages.
fn any_mail() -> impl Strategy<Value = Vec<SampleFolder>> {
    (any::<u64>(), 1..40_usize, 1..5_usize, 0..4_usize).prop_map(|(seed, count, folders, doubled)| {
        let options = SampleOptions {
            attachment_percent: 5,
            large_attachments: 0,
            days: 900,
            ..SampleOptions::default()
        };
        let mut mail = mixed_mailbox(seed, 200, &options);
        mail.rotate_left(usize::try_from(seed % 13).unwrap());
        mail.truncate(folders);
        for folder in &mut mail {
            folder.messages.truncate(count.div_ceil(folders));
            let twice: Vec<_> = folder.messages.iter().take(doubled).cloned().collect();
            folder.messages.extend(twice);
        }
        mail
    })
}

/// Servers that lie about UIDs or do not tell them have a test of their own.
fn any_fault(tells_uids: bool) -> impl Strategy<Value = (At, Fault)> {
    let trigger = prop_oneof![
        3 => Just(Trigger::Command("*".to_owned())),
        3 => Just(Trigger::Command("APPEND".to_owned())),
        2 => Just(Trigger::Command("FETCH".to_owned())),
        1 => prop::sample::select(vec!["SELECT", "EXAMINE", "CREATE", "LIST", "LOGIN", "AUTHENTICATE"])
            .prop_map(|name| Trigger::Command(name.to_owned())),
        1 => Just(Trigger::Connect),
        2 => (1..300_000_u64).prop_map(Trigger::BytesReceived),
        2 => (1..300_000_u64).prop_map(Trigger::BytesSent),
    ];
    let lies =
        if tells_uids { vec![Action::LoseReply] } else { vec![Action::OmitAppendUid, Action::SwapAppendUid] };
    let action = prop_oneof![
        4 => Just(Action::Close),
        4 => Just(Action::LoseReply),
        2 => prop::sample::select(lies),
        1 => Just(Action::Stall),
        1 => (1..2_000_u64).prop_map(|milliseconds| Action::Delay(Duration::from_millis(milliseconds))),
        1 => Just(Action::Throttle { bytes_per_second: 200_000 }),
        1 => Just(Action::Say("OK [ALERT] Maintenance at noon".to_owned())),
    ];
    let at = prop_oneof![Just(At::Source), Just(At::Destination)];
    (at, trigger, action, 0..25_u32, 1..3_u32)
        .prop_map(|(at, trigger, action, skip, times)| (at, Fault { trigger, action, skip, times }))
}

/// What a failure shows of the mail: folders, and the number of messages in each.
fn outline(mail: &[SampleFolder]) -> String {
    mail.iter()
        .map(|folder| format!("{} {}", folder.path, folder.messages.len()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn survive(destinations: Vec<fn() -> Personality>, tells_uids: bool) {
    let cases = match std::env::var_os("MAILFERRY_EXHAUSTIVE") {
        Some(value) if value == "1" => CASES_EXHAUSTIVE,
        _ => CASES,
    };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let start = Instant::now();
    let inputs = (
        prop::sample::select(SOURCES.to_vec()),
        prop::sample::select(destinations),
        any_mail(),
        prop::collection::vec(any_fault(tells_uids), 1..5),
    );
    let broken = Cell::new(0);
    let result = TestRunner::new(config).run(&inputs, |(source, destination, mail, faults)| {
        let scene = scene(source(), destination(), mail);
        let outcome = in_quick_time(scene.play(None, &Break::Faults(faults.clone())));
        let outcome = outcome.map_err(|error| {
            let mail = outline(&scene.mail);
            TestCaseError::fail(format!("{} [{mail}] {faults:?}: {error}", scene.name()))
        })?;
        broken.set(broken.get() + u32::from(outcome.was_broken));
        Ok(())
    });
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{cases} random cases, {} of them broke the run, in {seconds:.1} s", broken.get());
    if let Err(error) = result {
        // The input itself follows, with every byte of its messages.
        let words = error.to_string();
        panic!("{}", words.split("minimal failing input").next().unwrap_or_default());
    }
}

#[test]
fn random_mail_survives_random_faults() {
    let telling = DESTINATIONS.into_iter().filter(|personality| personality().has("UIDPLUS"));
    survive(telling.collect(), true);
}

#[test]
fn random_mail_survives_servers_that_do_not_tell_uids() {
    survive(DESTINATIONS.to_vec(), false);
}
