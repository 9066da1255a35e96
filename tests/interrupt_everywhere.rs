//! A copy is broken at every step and finished: nothing is lost, nothing is doubled.
//!
//! A sample of the cases runs by default; `MAILFERRY_EXHAUSTIVE=1` runs them all.
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

use std::collections::BTreeMap;
use std::time::Instant;

use mailferry::rehearsal::{Action, Fault, Personality, Trigger};
use practice_copy::{At, Break, Measure, Scene, in_quick_time, small_mailbox};

/// Cases of one class in one scene, unless all are asked for.
const SAMPLE: usize = 5;
/// Places in a stream of bytes that are tried when all cases are asked for.
const BYTE_PLACES: u64 = 150;

fn is_exhaustive() -> bool {
    std::env::var_os("MAILFERRY_EXHAUSTIVE").is_some_and(|value| value == "1")
}

/// Every case of a scene by its class.
fn cases(measure: &Measure) -> BTreeMap<String, Vec<Break>> {
    let mut classes: BTreeMap<String, Vec<Break>> = BTreeMap::new();
    let mut add = |class: &str, cases: Vec<Break>| {
        classes.insert(class.to_owned(), cases);
    };
    add("dropped after a poll", (1..=measure.polls).map(Break::AfterPoll).collect());
    add("ended while it reports", (1..=measure.progress).map(Break::AtProgress).collect());
    add("ledger refuses a change", (0..measure.ledger_changes).map(Break::AfterLedgerChanges).collect());
    for (index, at) in [At::Source, At::Destination].into_iter().enumerate() {
        let fault = |fault| Break::Faults(vec![(at, fault)]);
        let every = || Trigger::Command("*".to_owned());
        let commands = 1..=measure.commands[index];
        for (class, action) in [
            ("closed before a command", Action::Close),
            ("reply lost", Action::LoseReply),
            ("silent from a command on", Action::Stall),
        ] {
            let cases = commands.clone().map(|nth| fault(Fault::at(every(), nth, action.clone())));
            add(&format!("{at:?}: {class}"), cases.collect());
        }
        for (class, bytes, trigger) in [
            (
                "closed after bytes received",
                measure.received[index],
                Trigger::BytesReceived as fn(u64) -> Trigger,
            ),
            ("closed after bytes sent", measure.sent[index], Trigger::BytesSent),
        ] {
            let places = (1..=BYTE_PLACES.min(bytes)).map(|part| bytes * part / BYTE_PLACES.min(bytes));
            // The whole stream is no break: one byte less.
            let places = places.map(|place| trigger(place.saturating_sub(1).max(1)));
            let cases = places.map(|trigger| fault(Fault::once(trigger, Action::Close)));
            add(&format!("{at:?}: {class}"), cases.collect());
        }
    }
    let append = || Trigger::Command("APPEND".to_owned());
    for (class, action) in
        [("APPENDUID left out", Action::OmitAppendUid), ("APPENDUID swapped", Action::SwapAppendUid)]
    {
        // With a lost reply behind it, so that the next run must find its way without the number.
        let case = |nth: u32| {
            let lie = Fault { trigger: append(), action: action.clone(), skip: 0, times: nth };
            let cut = Fault::at(append(), nth + 1, Action::LoseReply);
            Break::Faults(vec![(At::Destination, lie), (At::Destination, cut)])
        };
        add(class, (1..=measure.progress).map(case).collect());
    }
    let lost = |nth| Break::Visited(vec![(At::Destination, Fault::at(append(), nth, Action::LoseReply))]);
    add("reply lost while other mail arrives", (1..=measure.progress).map(lost).collect());
    classes
}

/// Refusals in the destination's own words: wait, then go on. Apart from the others, as many servers name no time and
/// a minute is waited.
fn throttles(destination: &Personality, measure: &Measure) -> Vec<Break> {
    let words =
        destination.quirks.throttle_reply.replace("{command}", "APPEND").replace("{milliseconds}", "2000");
    let refuse = |nth| Fault::at(Trigger::Command("APPEND".to_owned()), nth, Action::Refuse(words.clone()));
    let places = [measure.progress / 2, 1, measure.progress];
    let names_a_time = destination.quirks.throttle_reply.contains("{milliseconds}");
    let places = places.into_iter().take(if names_a_time { 3 } else { 1 });
    places.map(|nth| Break::Faults(vec![(At::Destination, refuse(nth.max(1)))])).collect()
}

/// As many of the cases as asked for, from the first to the last.
fn sampled(cases: Vec<Break>, most: usize) -> Vec<Break> {
    if is_exhaustive() || cases.len() <= most {
        return cases;
    }
    let last = cases.len() - 1;
    let chosen: Vec<usize> = (0..most).map(|part| part * last / (most - 1)).collect();
    cases.into_iter().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, case)| case).collect()
}

fn scene(source: Personality, destination: Personality) -> Scene {
    // An old Courier does not say where folders may be made.
    let places_by_hand = !destination.prefix.is_empty() && !destination.has("NAMESPACE");
    Scene { source, destination, mail: small_mailbox(), places_by_hand, wants_whole_proof: false }
}

fn break_everywhere(source: Personality, destination: Personality) {
    break_scene(&scene(source, destination), |_class| true);
}

fn break_scene(scene: &Scene, is_wanted: impl Fn(&str) -> bool) {
    let messages: usize = scene.mail.iter().map(|folder| folder.messages.len()).sum();
    let start = Instant::now();
    let (plan, measure) = in_quick_time(scene.plan());
    let (mut possible, mut run, mut broken) = (0, 0, 0);
    let (mut failures, mut by_class) = (Vec::new(), Vec::new());
    let mut all = cases(&measure);
    all.insert("throttled".to_owned(), throttles(&scene.destination, &measure));
    for (class, cases) in all.into_iter().filter(|(class, _)| is_wanted(class)) {
        let began = Instant::now();
        possible += cases.len();
        let chosen = sampled(cases, SAMPLE);
        let count = chosen.len();
        for case in chosen {
            run += 1;
            match in_quick_time(scene.play(Some(&plan), &case)) {
                Ok(outcome) => broken += usize::from(outcome.was_broken),
                Err(error) => failures.push(format!("{class}: {case:?}: {error}")),
            }
        }
        by_class.push(format!("    {class}: {count} cases, {:.1} s", began.elapsed().as_secs_f64()));
    }
    eprintln!(
        "{}: {messages} messages; {run} of {possible} cases, {broken} of them broke the run, in {:.1} s; {measure:?}\n{}",
        scene.name(),
        start.elapsed().as_secs_f64(),
        by_class.join("\n"),
    );
    assert!(failures.is_empty(), "{} of {run} cases failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn dovecot_to_dovecot() {
    break_everywhere(Personality::dovecot(), Personality::dovecot());
}

#[test]
fn dovecot_to_courier() {
    break_everywhere(Personality::dovecot(), Personality::courier());
}

#[test]
fn courier_to_gmail() {
    break_everywhere(Personality::courier(), Personality::gmail());
}

#[test]
fn dovecot_to_exchange() {
    break_everywhere(Personality::dovecot(), Personality::exchange());
}

#[test]
fn icloud_to_yahoo() {
    break_everywhere(Personality::icloud(), Personality::yahoo());
}

#[test]
fn copies_are_found_where_the_server_told_no_uid() {
    let mut scene = scene(Personality::dovecot(), Personality::dovecot());
    scene.wants_whole_proof = true;
    break_scene(&scene, |class| class.starts_with("APPENDUID"));
}

/// Seven messages, the last one equal to the first; the connection breaks before the second batch is stored.
#[test]
fn a_twin_in_the_next_batch_is_copied_as_well() {
    let mut mail = small_mailbox();
    mail.truncate(1);
    let inbox = &mut mail[0].messages;
    inbox.truncate(6);
    let first = inbox[0].clone();
    inbox.push(first);
    let scene = Scene { mail, ..scene(Personality::dovecot(), Personality::courier()) };
    let close = Fault::at(Trigger::Command("APPEND".to_owned()), 7, Action::Close);
    in_quick_time(scene.play(None, &Break::Faults(vec![(At::Destination, close)]))).unwrap();
}
