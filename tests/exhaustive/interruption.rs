//! A copy is broken at every step and finished: nothing is lost, nothing is doubled.
//!
//! Small mailboxes between every kind of server. An ordinary run takes every step of the small classes, and a part of the
//! large ones (`interruption/interruptions.rs`); `MAILFERRY_EXHAUSTIVE=1` (`make exhaustive`) takes all.

mod interruptions;
mod stale_memory;

use std::collections::BTreeSet;

use interruptions::{Floor, Interrupted};
use mailferry::rehearsal::{
    Action, Fault, FolderPath, ImapHandle, Personality, SampleFolder, SampleMessage, Trigger,
};
use mailferry::values::UnixTime;
use mailferry_test_support::scenes::practice_copy::{At, Break, Scene, USER, in_quick_time, small_mailbox};
use mailferry_test_support::scenes::tiny_mailboxes::{labelled_tiny_mailbox, tiny_mailbox};
use stale_memory::Remembered;

fn scene(source: Personality, destination: Personality, mail: Vec<SampleFolder>) -> Scene {
    // An old Courier does not say where folders may be made.
    let places_by_hand = !destination.prefix.is_empty() && !destination.has("NAMESPACE");
    Scene { source, destination, mail, places_by_hand, wants_whole_proof: false }
}

/// Every step of the first copy of a small mailbox.
fn break_everywhere(source: Personality, destination: Personality, floor: Floor) {
    Interrupted { scene: scene(source, destination, tiny_mailbox()), change: None, sample: None, floor }
        .run();
}

/// Between two runs: new mail, one message twice more, other flags at the source, and a copy that is lost.
fn change(source: &ImapHandle, destination: &ImapHandle) {
    let inbox = FolderPath::inbox();
    let mail: Vec<SampleMessage> = source.dump(USER).into_iter().map(|(_, message)| message).collect();
    let new = SampleMessage {
        bytes: b"Message-ID: <9@weber.example>\r\nSubject: new\r\n\r\nNew\r\n".as_slice().into(),
        flags: BTreeSet::new(),
        internal_date: UnixTime(1_701_000_000),
    };
    let bare = mail.iter().find(|message| message.bytes.starts_with(b"From: anna")).unwrap();
    let empty = mail.iter().find(|message| message.bytes.ends_with(b"<3@weber.example>\r\n\r\n")).unwrap();
    source.deliver(USER, &inbox, vec![new, bare.clone()]);
    let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
    source.set_flags(USER, &inbox, &empty.bytes, &flags(&["\\Seen", "\\Answered"]));
    let large = mail.iter().find(|message| message.bytes.len() > 8_000).unwrap();
    source.set_flags(USER, &FolderPath::parse("Projekte/2024"), &large.bytes, &flags(&["\\Flagged"]));
    for (path, message) in destination.dump(USER) {
        if message.bytes.ends_with(b"<5@weber.example>\r\n\r\nRe\r\n")
            || message.bytes.ends_with(b"\r\nRe\r\n")
        {
            destination.take_out(USER, &path, &message.bytes);
        }
    }
}

/// Every step of a later run.
fn break_later(source: Personality, destination: Personality, floor: Floor) {
    let scene = scene(source, destination, tiny_mailbox());
    Interrupted { scene, change: Some(change), sample: None, floor }.run();
}

/// How many cases there are at least: a little less than there were, as not every run is polled as often.
const fn at_least(ordinary: usize, all: usize) -> Floor {
    Floor { ordinary, all }
}

macro_rules! first_copies {
    ($($name:ident: $source:ident, $destination:ident, $floor:expr;)*) => {$(
        #[test]
        fn $name() {
            break_everywhere(Personality::$source(), Personality::$destination(), $floor);
        }
    )*};
}

// Every kind of server once on each side.
first_copies! {
    dovecot_to_dovecot: dovecot, dovecot, at_least(230, 1_140);
    dovecot_to_gmail: dovecot, gmail, at_least(300, 1_370);
    gmail_to_exchange: gmail, exchange, at_least(380, 1_640);
    exchange_to_courier: exchange, courier, at_least(345, 1_480);
    courier_to_icloud: courier, icloud, at_least(262, 1_210);
    icloud_to_yahoo: icloud, yahoo, at_least(300, 1_330);
    yahoo_to_zoho: yahoo, zoho, at_least(305, 1_250);
    zoho_to_proton: zoho, proton, at_least(340, 1_300);
    proton_to_dovecot: proton, dovecot, at_least(310, 1_340);
}

macro_rules! stale_memories {
    ($($name:ident: $source:ident, $destination:ident, $change:expr, $floor:expr;)*) => {$(
        #[test]
        fn $name() {
            let scene = scene(Personality::$source(), Personality::$destination(), tiny_mailbox());
            Remembered { scene, change: $change, floor: $floor }.run();
        }
    )*};
}

// Every kind of server once as the destination of a first copy, and some of a later run.
stale_memories! {
    stale_dovecot_to_dovecot: dovecot, dovecot, None, at_least(48, 1_000);
    stale_dovecot_to_gmail: dovecot, gmail, None, at_least(48, 1_000);
    stale_gmail_to_exchange: gmail, exchange, None, at_least(48, 1_000);
    stale_exchange_to_courier: exchange, courier, None, at_least(48, 1_000);
    stale_courier_to_icloud: courier, icloud, None, at_least(48, 1_000);
    stale_icloud_to_yahoo: icloud, yahoo, None, at_least(48, 1_000);
    stale_yahoo_to_zoho: yahoo, zoho, None, at_least(48, 1_000);
    stale_zoho_to_proton: zoho, proton, None, at_least(48, 1_000);
    stale_later_run_with_mod_sequences: dovecot, dovecot, Some(change), at_least(48, 1_000);
    stale_later_run_without_mod_sequences: yahoo, courier, Some(change), at_least(48, 1_000);
    stale_later_run_to_a_server_that_drops_flags: zoho, exchange, Some(change), at_least(48, 1_000);
}

#[test]
fn labels_between_two_gmail_accounts() {
    let scene = scene(Personality::gmail(), Personality::gmail(), labelled_tiny_mailbox());
    Interrupted { scene, change: None, sample: Some(10), floor: at_least(180, 1_800) }.run();
}

#[test]
fn a_later_run_with_mod_sequences() {
    break_later(Personality::dovecot(), Personality::dovecot(), at_least(250, 1_230));
}

#[test]
fn a_later_run_without_mod_sequences() {
    break_later(Personality::yahoo(), Personality::courier(), at_least(345, 1_490));
}

#[test]
fn a_later_run_to_a_server_that_drops_flags() {
    break_later(Personality::zoho(), Personality::exchange(), at_least(325, 1_400));
}

/// Enough mail for several pairs of connections, which ask for each message.
#[test]
fn several_connections_at_once() {
    let scene = scene(Personality::dovecot(), Personality::courier(), small_mailbox());
    Interrupted { scene, change: None, sample: Some(2), floor: at_least(40, 2_500) }.run();
}

#[test]
fn copies_are_found_although_the_server_reported_no_uid() {
    let mut scene = scene(Personality::dovecot(), Personality::dovecot(), tiny_mailbox());
    scene.wants_whole_proof = true;
    Interrupted { scene, change: None, sample: None, floor: at_least(14, 14) }
        .run_only(|class| class.starts_with("APPENDUID"));
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
    let scene = scene(Personality::dovecot(), Personality::courier(), mail);
    let close = Fault::at(Trigger::Command("APPEND".to_owned()), 7, Action::Close);
    in_quick_time(scene.play(None, &Break::Faults(vec![(At::Destination, close)]))).unwrap();
}
