//! Copies between practice servers of every kind, with random mail and random faults: the same on both sides afterwards.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mailferry::plan::{FolderChoice, LeftOutBecause, MessageState};
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{Action, Fault, FolderPath, Personality, SampleFolder, SampleMessage, Trigger};
use mailferry::transfer::VerifyDepth;
use mailferry_test_inputs::seeds;
use mailferry_test_support::scenes::practice_copy::{
    self, At, Break, Scene, USER, in_quick_time, labelled_mailbox, small_mailbox,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Random cases of an ordinary run (`mailferry_test_inputs::seeds`).
const CASES: u32 = 60;
const CASES_LABELLED: u32 = 30;

/// Servers that mail is copied to. The window of Yahoo is far larger than the mailboxes here.
const DESTINATIONS: [fn() -> Personality; 8] = [
    Personality::dovecot,
    Personality::courier,
    Personality::gmail,
    Personality::exchange,
    Personality::icloud,
    Personality::yahoo,
    Personality::zoho,
    Personality::proton,
];

/// Servers that mail is read from and found again byte for byte.
const SOURCES: [fn() -> Personality; 8] = [
    Personality::dovecot,
    Personality::courier,
    Personality::gmail,
    Personality::exchange,
    Personality::icloud,
    Personality::yahoo,
    Personality::zoho,
    Personality::proton,
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
fn archived_mail_with_a_star_goes_from_gmail_to_gmail() {
    let options = SampleOptions { attachment_percent: 3, large_attachments: 0, ..SampleOptions::default() };
    let mut mail = mixed_mailbox(1, 400, &options);
    mail.retain(|folder| folder.path.to_string() == "Archive");
    mail[0].messages.truncate(18);
    let scene = scene(Personality::gmail(), Personality::gmail(), mail);
    in_quick_time(scene.play(None, &Break::None)).unwrap();
}

#[test]
fn what_is_no_mail_stays_at_exchange_and_nowhere_else() {
    let mut mail = small_mailbox();
    for name in ["Calendar", "Tasks/Done", "Projekte/Notes"] {
        let messages = mail[0].messages[..2].to_vec();
        mail.push(SampleFolder { path: FolderPath::parse(name), special_use: None, messages });
    }
    let left_out = |source: Personality| {
        let scene = scene(source, Personality::dovecot(), mail.clone());
        in_quick_time(scene.try_out(async |case| {
            let folders = case.plan.folders.iter();
            let left =
                folders.filter(|one| one.choice == FolderChoice::LeaveOut(LeftOutBecause::ItHoldsNoMail));
            left.map(|one| one.source.0.join("/")).collect::<Vec<_>>()
        }))
    };
    assert_eq!(left_out(Personality::exchange()), ["Calendar", "Tasks/Done"]);
    assert_eq!(left_out(Personality::dovecot()), [""; 0]);
}

#[test]
fn messages_with_other_numbers_are_not_copied_a_second_time() {
    let scene = scene(Personality::proton(), Personality::dovecot(), small_mailbox());
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let first = case.arrived();
        case.source.renumber(USER);
        let new = first[0].1.to_vec();
        let new: Vec<u8> = [b"X-New: 1\r\n".as_slice(), &new].concat();
        let message = SampleMessage {
            bytes: new.clone().into(),
            flags: std::collections::BTreeSet::new(),
            internal_date: mailferry::values::UnixTime(1_700_000_000),
        };
        case.source.deliver(USER, &FolderPath::inbox(), vec![message]);
        case.copy_again().await;
        let mut wanted = first;
        wanted.push(("INBOX".to_owned(), new.into()));
        wanted.sort();
        assert_eq!(case.arrived(), wanted);
        case.source.renumber(USER);
        case.copy_again().await;
        assert_eq!(case.arrived(), wanted);
    }));
}

#[test]
fn proton_gets_folders_where_it_wants_them_and_its_views_stay_behind() {
    let there = scene(Personality::dovecot(), Personality::proton(), small_mailbox());
    in_quick_time(there.try_out(async |mut case| {
        case.copy_again().await;
        let folders: std::collections::BTreeSet<String> =
            case.arrived().into_iter().map(|(folder, _)| folder).collect();
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        assert_eq!(folders, ["Drafts", "Folders/Projekte/2024", "INBOX", "Sent"]);
    }));
    let mut mail = small_mailbox();
    let again = mail[0].messages.clone();
    for name in ["All Mail", "Starred", "Labels/Kunden"] {
        mail.push(SampleFolder { path: FolderPath::parse(name), special_use: None, messages: again.clone() });
    }
    let back = scene(Personality::proton(), Personality::dovecot(), mail);
    in_quick_time(back.try_out(async |mut case| {
        case.copy_again().await;
        let left: Vec<String> = case
            .plan
            .folders
            .iter()
            .filter(|plan| matches!(plan.choice, FolderChoice::LeaveOut(_)))
            .map(|plan| plan.source.to_string())
            .collect();
        assert_eq!(left, ["All Mail", "Labels", "Labels / Kunden", "Starred"]);
        let count: usize = small_mailbox().iter().map(|folder| folder.messages.len()).sum();
        assert_eq!(case.arrived().len(), count);
    }));
}

#[test]
fn the_window_of_yahoo_is_reported() {
    let message = |number: usize| SampleMessage {
        bytes: format!("Message-ID: <{number}@y.example>\r\nSubject: {number}\r\n\r\nx\r\n")
            .into_bytes()
            .into(),
        flags: std::collections::BTreeSet::new(),
        internal_date: mailferry::values::UnixTime(1_700_000_000),
    };
    let inbox = SampleFolder {
        path: FolderPath::inbox(),
        special_use: None,
        messages: (0..10_020).map(message).collect(),
    };
    // A limit on messages for each command is another story.
    let mut yahoo = Personality::yahoo();
    yahoo.quirks.message_limit = None;
    let scene = scene(yahoo, Personality::dovecot(), vec![inbox]);
    in_quick_time(scene.try_out(async |mut case| {
        let outcome = case.copy_told().await;
        let told: Vec<&str> = outcome.folder_problems.iter().map(|one| one.words.as_str()).collect();
        assert!(
            matches!(told.as_slice(), [words] if words.contains("export.imap.mail.yahoo.com")),
            "{told:?}"
        );
        assert_eq!(case.arrived().len(), 10_000);
    }));
}

#[test]
fn what_yahoo_and_icloud_refuse_is_reported_and_everything_else_arrives() {
    let keyword = |name: &str| {
        let mut mail = small_mailbox();
        mail.truncate(1);
        mail[0].messages[1].flags.insert(name.to_owned());
        mail
    };
    let there = scene(Personality::dovecot(), Personality::icloud(), keyword("weber.example"));
    in_quick_time(there.try_out(async |mut case| {
        case.copy_again().await;
        assert_eq!(case.arrived().len(), there_count(&case));
        let repaired: Vec<_> =
            case.rows().into_iter().filter(|row| row.state == MessageState::Repaired).collect();
        assert!(matches!(repaired.as_slice(), [row] if row.cause.contains("keyword")), "{repaired:?}");
    }));
    let mut mail = keyword("plain");
    let open: Vec<u8> = mail[0].messages[2].bytes[..mail[0].messages[2].bytes.len() - 2].to_vec();
    mail[0].messages[2].bytes = open.into();
    let there = scene(Personality::dovecot(), Personality::yahoo(), mail);
    in_quick_time(there.try_out(async |mut case| {
        case.copy_again().await;
        // Either mended or refused with the server's words, and never left without a word.
        let odd: Vec<_> = case.rows().into_iter().filter(|row| row.state != MessageState::Copied).collect();
        assert!(matches!(odd.as_slice(), [row] if !row.cause.is_empty()), "{odd:?}");
        let refused = odd.iter().filter(|row| row.state == MessageState::Refused).count();
        assert_eq!(case.arrived().len() + refused, there_count(&case));
    }));
}

fn there_count(case: &practice_copy::Case<'_>) -> usize {
    case.source.dump(USER).len()
}

#[test]
fn flags_that_exchange_drops_are_set_afterwards() {
    let mut mail = small_mailbox();
    for message in mail[0].messages.iter_mut().step_by(2) {
        message.flags.insert("\\Flagged".to_owned());
    }
    let wanted: usize =
        mail.iter().flat_map(|folder| &folder.messages).filter(|one| one.flags.contains("\\Flagged")).count();
    let scene = scene(Personality::dovecot(), Personality::exchange(), mail);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let there = case.destination.dump(USER);
        assert_eq!(there.iter().filter(|(_, one)| one.flags.contains("\\Flagged")).count(), wanted);
        assert!(case.rows().iter().all(|row| row.cause.is_empty()), "{:?}", case.rows());
        let quick = case.verify(VerifyDepth::Quick).await;
        assert!(quick.is_verified() && quick.counts.resized == quick.counts.checked, "{quick:?}");
        let full = case.verify(VerifyDepth::Full).await;
        assert!(full.is_verified() && full.counts.parts_equal == full.counts.checked, "{full:?}");
    }));
}

#[test]
fn the_proof_notices_a_part_that_exchange_has_lost() {
    let mut mail = small_mailbox();
    mail.truncate(1);
    let scene = scene(Personality::dovecot(), Personality::exchange(), mail);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        // At the source the same message says something else by now: whatever was copied is not it.
        let (_, message) = case.source.dump(USER).swap_remove(0);
        case.destination.tamper(USER, &FolderPath::inbox(), |bytes| {
            let mut other = bytes.to_vec();
            let last = other.len() - 4;
            other[last] = if other[last] == b'x' { b'y' } else { b'x' };
            other
        });
        let report = case.verify(VerifyDepth::Full).await;
        assert!(!report.is_verified(), "{report:?} {}", message.bytes.len());
    }));
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

/// Found by the random faults below: the look at what Exchange keeps of flags breaks off, and so do two appends.
#[test]
fn flags_are_seen_to_after_a_look_that_broke_off() {
    let fault = |command: &str, skip, times| {
        let trigger = Trigger::Command(command.to_owned());
        (At::Destination, Fault { trigger, action: Action::Close, skip, times })
    };
    for skip in 0..8 {
        let faults = Break::Faults(vec![fault("FETCH", skip, 1), fault("APPEND", 4, 2)]);
        let scene = scene(Personality::gmail(), Personality::exchange(), labelled_mailbox());
        in_quick_time(scene.play(None, &faults)).unwrap_or_else(|error| panic!("{skip}: {error}"));
    }
}

#[test]
fn labels_survive_random_faults() {
    let config = Config { max_shrink_iters: 30, ..seeds::properties(CASES_LABELLED) };
    let cases = config.cases;
    let destinations: [fn() -> Personality; 4] =
        [Personality::dovecot, Personality::gmail, Personality::exchange, Personality::proton];
    let inputs = (prop::sample::select(destinations.to_vec()), prop::collection::vec(any_fault(true), 1..5));
    let broken = Cell::new(0);
    let result = TestRunner::new(config).run(&inputs, |(destination, faults)| {
        let scene = scene(Personality::gmail(), destination(), labelled_mailbox());
        let outcome = in_quick_time(scene.play(None, &Break::Faults(faults.clone())));
        let outcome =
            outcome.map_err(|error| TestCaseError::fail(format!("{} {faults:?}: {error}", scene.name())))?;
        broken.set(broken.get() + u32::from(outcome.was_broken));
        Ok(())
    });
    eprintln!("{cases} random cases with labels, {} of them broke the run", broken.get());
    if let Err(error) = result {
        let words = error.to_string();
        panic!("{}", words.split("minimal failing input").next().unwrap_or_default());
    }
}

fn survive(destinations: Vec<fn() -> Personality>, tells_uids: bool) {
    let config = Config { max_shrink_iters: 60, ..seeds::properties(CASES) };
    let cases = config.cases;
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
