//! Messages that the destination refuses as they are: repaired, attached, saved as files, or left with its words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mailferry::message::RepairStep;
use mailferry::plan::{CopyMode, MessageState};
use mailferry::rehearsal::{Action, Dislike, Fault, Personality, SampleMessage, Trigger};
use mailferry::transfer::{TransferError, VerifyDepth, verify_mailbox};
use mailferry::values::{UidValidity, UnixTime};
use mailferry_test_support::fakes::odd_imap::{OddImap, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::scenes::practice_scene::{USER, disliking, good, message, play};

/// Says nothing about its cause, as Exchange does.
const ERROR_11: &str = "BAD Command Argument Error. 11";

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

const fn everything(reply: &'static str) -> [(Dislike, &'static str); 6] {
    [
        (Dislike::BareLineEnd, reply),
        (Dislike::RawHeader, reply),
        (Dislike::OldDate, reply),
        (Dislike::Keyword, reply),
        (Dislike::Nul, reply),
        (Dislike::ReadReceipt, reply),
    ]
}
static ALL_IN_ONE: [(Dislike, &str); 6] = everything(ERROR_11);

/// One message for each repair, with the step that must help; between good ones.
fn troubled() -> Vec<(SampleMessage, Option<RepairStep>)> {
    let mut old = good(90);
    old.internal_date = UnixTime(-2_208_988_800);
    let mut keyword = good(91);
    keyword.flags.insert("domain.com".to_owned());
    let long = format!("Subject: long\r\n\r\n{}\r\n", "x".repeat(20_000));
    let mut mail: Vec<(SampleMessage, Option<RepairStep>)> =
        (0..40).map(|number| (good(number), None)).collect();
    for (place, message, step) in [
        (3, message(b"Subject: feeds\n\nline\n"), RepairStep::LineEnds),
        (9, message("Subject: Grüße\r\n\r\nx\r\n".as_bytes()), RepairStep::Header),
        (14, old, RepairStep::Date),
        (20, keyword, RepairStep::Keywords),
        (21, message(long.as_bytes()), RepairStep::LongLines),
        (22, message(b"Subject: nul\r\n\r\nbefore\0after\r\n"), RepairStep::Nul),
        (
            30,
            message(b"From: a@b.example\r\nDisposition-Notification-To: a@b.example\r\n\r\nread me\r\n"),
            RepairStep::ReadReceipt,
        ),
    ] {
        mail.insert(place, (message, Some(step)));
    }
    mail
}

#[tokio::test]
async fn each_message_gets_the_repair_that_it_needs_and_no_other_message_is_touched() {
    let mut destination = disliking(&ALL_IN_ONE);
    destination.quirks.longest_message_line = Some(10_000);
    destination.quirks.long_line_reply = ERROR_11;
    let mail = troubled();
    let messages = mail.iter().map(|(message, _)| message.clone()).collect();
    play(destination, messages, |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 47);
        let sum = scene.bench.sum();
        assert_eq!((sum.copied, sum.repaired, sum.to_do, sum.refused), (40, 7, 0, 0), "{sum:?}");
        for (uid, (message, step)) in (1..).zip(&mail) {
            let repair = scene.repair(uid);
            let worked = repair.as_ref().and_then(|repair| repair.steps.last().copied());
            assert_eq!(worked, *step, "{uid}: {repair:?}");
            if let Some(step) = step {
                let (state, cause) = scene.state(uid);
                assert_eq!(state, MessageState::Repaired);
                assert!(cause.contains(step.words()) && cause.contains("Error. 11"), "{cause}");
            } else {
                let copies = scene.arrived().iter().filter(|copy| copy.bytes == message.bytes).count();
                assert_eq!(copies, 1, "{uid} is there once, byte for byte");
            }
        }
        let keywords = |copy: &SampleMessage| copy.flags.contains("domain.com");
        assert_eq!(scene.arrived().iter().filter(|copy| keywords(copy)).count(), 1, "set by STORE");
        let (_, cause) = scene.state(21);
        assert!(cause.starts_with("its flags were set afterwards; keywords omitted"), "{cause}");
        let arrived: Vec<String> =
            scene.arrived().iter().map(|copy| String::from_utf8_lossy(&copy.bytes).into_owned()).collect();
        assert_eq!(arrived.len(), 47);
        for text in [
            "Subject: feeds\r\n\r\nline\r\n",
            "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\nx\r\n",
            "\r\n\r\nbefore=00after\r\n",
            "\r\nX-Disarmed-Disposition-Notification-To: a@b.example\r\n\r\nread me\r\n",
        ] {
            assert_eq!(arrived.iter().filter(|copy| copy.contains(text)).count(), 1, "{text}");
        }
        let long = arrived.iter().find(|copy| copy.starts_with("Subject: long")).unwrap();
        let body = long.split_once("\r\n\r\n").unwrap().1.replace("=\r\n", "");
        assert_eq!(body, format!("{}\r\n", "x".repeat(20_000)));
        assert!(files(&scene.export_folder()).is_empty() && !scene.export_folder().exists());
        scene.assert_verified().await;
        scene.assert_settled().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_repaired_that_the_destination_takes() {
    let mail = troubled();
    let messages: Vec<SampleMessage> = mail.iter().map(|(message, _)| message.clone()).collect();
    let wanted: BTreeSet<_> = messages.iter().map(|message| message.bytes.clone()).collect();
    play(Personality::dovecot(), messages, |scene| async move {
        scene.bench.copy_all().await;
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().repaired), (47, 0));
        // The practice server puts line ends in order, as Dovecot does.
        let arrived: BTreeSet<_> = scene.arrived().into_iter().map(|message| message.bytes).collect();
        assert_eq!(wanted.difference(&arrived).count(), 1);
    })
    .await;
}

static MARKED: [(Dislike, &str); 1] = [(Dislike::Start(b"Subject: no"), ERROR_11)];

#[tokio::test]
async fn what_no_repair_helps_goes_inside_a_carrier_unchanged() {
    let refused = b"Subject: no\r\nFrom: a@b.example\r\n\r\nkeep me\r\n";
    let messages = vec![good(1), message(refused), good(2)];
    play(disliking(&MARKED), messages, |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 3);
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().repaired), (2, 1));
        assert_eq!(scene.repair(2).unwrap().steps, [RepairStep::Wrap]);
        let carriers = scene.arrived().into_iter().filter(|copy| {
            copy.bytes.windows(refused.len()).any(|part| part == refused)
                && String::from_utf8_lossy(&copy.bytes).contains("Content-Type: message/rfc822\r\n")
        });
        assert_eq!(carriers.count(), 1);
        scene.assert_verified().await;
        scene.assert_settled().await;
    })
    .await;
}

static SCANNED: [(Dislike, &str); 2] = [
    (Dislike::Bytes(b"EICAR"), "NO Virus found"),
    (Dislike::Bytes(b"forbidden"), "NO [CANNOT] Not wanted here"),
];

#[tokio::test]
async fn what_the_destination_takes_in_no_form_becomes_a_file() {
    let virus = b"Subject: v\r\n\r\nEICAR\r\n";
    let unwanted = b"Subject: u\r\n\r\nforbidden\r\n";
    let messages = vec![good(1), message(virus), good(2), message(unwanted), good(3)];
    play(disliking(&SCANNED), messages, |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 5);
        let sum = scene.bench.sum();
        assert_eq!((sum.copied, sum.exported, sum.refused, sum.to_do), (3, 2, 0, 0), "{sum:?}");
        let inbox = scene.export_folder().join(USER).join("INBOX");
        let expected =
            BTreeMap::from([(inbox.join("2.eml"), virus.to_vec()), (inbox.join("4.eml"), unwanted.to_vec())]);
        assert_eq!(files(&scene.export_folder()), expected);
        let repair = scene.repair(2).unwrap();
        assert_eq!(repair.steps, [], "no repair helps against a scanner");
        let file = repair.file.unwrap();
        assert_eq!(file.path, "weber-exported/anna@weber.example/INBOX/2.eml");
        assert_eq!(file.sha256, <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(virus)));
        let (state, cause) = scene.state(2);
        assert_eq!(state, MessageState::Exported);
        assert!(cause.contains(&file.path) && cause.contains("Virus found"), "{cause}");
        assert_eq!(scene.repair(4).unwrap().steps, [RepairStep::Wrap]);
        scene.assert_settled().await;

        // Another try finds the file that is there.
        assert_eq!(scene.bench.ledger().retry_refused().unwrap(), 2);
        assert_eq!(scene.bench.sum().to_do, 2);
        scene.bench.copy_all().await;
        assert_eq!((scene.bench.sum().exported, files(&scene.export_folder())), (2, expected));
    })
    .await;
}

#[tokio::test]
async fn without_a_place_for_files_it_stays_refused_with_the_words() {
    play(
        disliking(&SCANNED),
        vec![good(1), message(b"Subject: v\r\n\r\nEICAR\r\n")],
        |mut scene| async move {
            scene.bench.request.export_folder = None;
            scene.bench.copy_all().await;
            assert_eq!(scene.state(2), (MessageState::Refused, "Virus found".to_owned()));
        },
    )
    .await;
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_said_in_words() {
    play(disliking(&SCANNED), vec![good(1), message(b"Subject: v\r\n\r\nEICAR\r\n")], |scene| async move {
        std::fs::write(scene.export_folder(), b"a file in its place").unwrap();
        scene.bench.copy_all().await;
        let (state, cause) = scene.state(2);
        assert_eq!(state, MessageState::Refused);
        assert!(cause.contains("Virus found") && cause.contains("is not a folder"), "{cause}");
    })
    .await;
}

/// Flags that a server does not take with a message are given to it afterwards.
#[tokio::test]
async fn a_flag_that_append_refuses_is_set_afterwards_and_the_other_flags_stay() {
    static NO_DELETED: [(Dislike, &str); 1] =
        [(Dislike::Flag("\\Deleted"), "NO [CANNOT] APPEND with \\Deleted is not allowed")];
    static NO_KEYWORDS: [(Dislike, &str); 1] =
        [(Dislike::Keyword, "NO [LIMIT] Too many keywords in this mailbox")];
    for (dislikes, step) in [(&NO_DELETED, RepairStep::Deleted), (&NO_KEYWORDS, RepairStep::Keywords)] {
        let mut mail: Vec<SampleMessage> = (0..4).map(good).collect();
        mail[2].flags.extend(["\\Deleted".to_owned(), "$Work".to_owned()]);
        play(disliking(dislikes), mail, |scene| async move {
            assert_eq!(scene.bench.copy_all().await, 4);
            let sum = scene.bench.sum();
            assert_eq!((sum.copied, sum.repaired, sum.to_do), (3, 1, 0), "{step:?}: {sum:?}");
            assert_eq!(scene.repair(3).unwrap().steps, [step]);
            let flags: Vec<BTreeSet<String>> =
                scene.arrived().into_iter().map(|copy| copy.flags).filter(|flags| flags.len() > 1).collect();
            let all = ["$Work", "\\Deleted", "\\Seen"].map(str::to_owned);
            assert_eq!(flags, [BTreeSet::from(all)], "{step:?}");
            scene.assert_verified().await;
        })
        .await;
    }
}

static NOTHING: [(Dislike, &str); 1] = [(Dislike::Anything, "NO not today")];

#[tokio::test]
async fn a_mailbox_that_takes_nothing_is_not_turned_into_files() {
    play(disliking(&NOTHING), (0..30).map(good).collect(), |scene| async move {
        let error = scene.bench.copy(&|_| {}).await.unwrap_err();
        assert!(
            matches!(&error, TransferError::Server { .. }) && error.to_string().contains("not today"),
            "{error}"
        );
        let sum = scene.bench.sum();
        assert_eq!((sum.to_do, sum.exported, sum.refused), (30, 0, 0), "{sum:?}");
        assert_eq!(files(&scene.export_folder()), BTreeMap::new());
    })
    .await;
}

/// The answer to the nth APPEND is lost, or its connection breaks before it is carried out; for each n.
#[tokio::test]
async fn a_repaired_copy_is_there_once_wherever_the_connection_breaks() {
    let mail = || {
        let mut mail: Vec<SampleMessage> = (0..3).map(good).collect();
        mail.insert(1, message("Subject: Grüße\n\nbare\n".as_bytes()));
        // The same once more: multiplicity counts for repaired copies, too.
        mail.insert(3, message("Subject: Grüße\n\nbare\n".as_bytes()));
        mail
    };
    let mut broken = 0;
    for action in [Action::LoseReply, Action::Close] {
        for nth in 1..=14 {
            let fault = Fault::at(Trigger::Command("APPEND".to_owned()), nth, action.clone());
            let mut was_struck = false;
            let struck = &mut was_struck;
            play(disliking(&ALL_IN_ONE), mail(), |scene| async move {
                scene.destination.faults().push(fault);
                let before = scene.destination.traffic().connections;
                scene.bench.copy_all().await;
                *struck = scene.destination.traffic().connections > before + 1;
                let sum = scene.bench.sum();
                assert_eq!((sum.copied, sum.repaired), (3, 2), "{nth} {sum:?}");
                let mut texts: Vec<String> = scene
                    .arrived()
                    .iter()
                    .map(|copy| String::from_utf8_lossy(&copy.bytes).into_owned())
                    .collect();
                texts.sort();
                assert_eq!(texts.len(), 5, "{nth}: {texts:#?}");
                let repaired = "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\nbare\r\n";
                assert_eq!(texts.iter().filter(|text| *text == repaired).count(), 2, "{nth}: {texts:#?}");
                scene.assert_verified().await;
                scene.assert_settled().await;
            })
            .await;
            broken += u32::from(was_struck);
        }
    }
    assert!(broken >= 12, "only {broken} breaks fell into the copy");
}

/// A keyword that is refused in APPEND is set afterwards, also by the next run where this one ends in between.
#[tokio::test]
async fn a_repaired_copy_gets_its_flags_wherever_the_run_ends() {
    let faults =
        [("STORE", 1, Action::Close), ("STORE", 1, Action::LoseReply), ("APPEND", 4, Action::LoseReply)];
    for (command, nth, action) in faults {
        let mut keyword = good(1);
        keyword.flags.insert("domain.com".to_owned());
        play(disliking(&ALL_IN_ONE), vec![good(0), keyword, good(2)], |mut scene| async move {
            let fault = Fault::at(Trigger::Command(command.to_owned()), nth, action.clone());
            scene.destination.faults().push(fault);
            scene.bench.request.limits.max_breaks = 0;
            assert!(scene.bench.copy(&|_| {}).await.is_err(), "{command} {action:?}");
            scene.bench.copy_all().await;
            let sum = scene.bench.sum();
            assert_eq!((sum.copied, sum.repaired, sum.to_do), (2, 1, 0), "{command} {action:?}: {sum:?}");
            let has_keyword = |copy: &&SampleMessage| copy.flags.contains("domain.com");
            assert_eq!(scene.arrived().iter().filter(has_keyword).count(), 1, "{command} {action:?}");
            let (_, cause) = scene.state(2);
            assert!(
                !cause.contains("have not been read yet") && cause.contains("keywords omitted"),
                "{cause}"
            );
            scene.assert_verified().await;
            scene.assert_settled().await;
        })
        .await;
    }
}

#[tokio::test]
async fn repaired_copies_are_found_again_when_the_destination_numbers_anew() {
    let mail = vec![good(1), message("Subject: Grüße\n\nbare\n".as_bytes()), good(2)];
    play(disliking(&ALL_IN_ONE), mail, |scene| async move {
        scene.bench.copy_all().await;
        // What a changed UIDVALIDITY does to the ledger.
        let ledger = scene.bench.ledger();
        let inbox = ledger.folder_totals().unwrap()[0].id;
        let validity =
            ledger.rows(inbox, &[MessageState::Repaired]).unwrap()[0].destination_uid_validity.unwrap();
        ledger.fence_destination(inbox, UidValidity(validity.0 + 1)).unwrap();
        assert_eq!(scene.bench.sum().to_do, 3);
        scene.bench.copy_all().await;
        assert_eq!(scene.arrived().len(), 3, "nothing is sent a second time");
        let sum = scene.bench.sum();
        assert_eq!((sum.already_there, sum.repaired), (2, 1), "{sum:?}");
        scene.assert_verified().await;
    })
    .await;
}

#[tokio::test]
async fn large_messages_are_repaired_as_small_ones_are() {
    static NO_NUL: [(Dislike, &str); 1] = [(Dislike::Nul, ERROR_11)];
    let mut large = b"Message-ID: <9@weber.example>\r\nSubject: large\r\n\r\nnul \0\r\n".to_vec();
    large.extend(b"0123456789abcdef0123456789abcdef\r\n".repeat(270_000));
    play(disliking(&NO_NUL), vec![good(1), message(&large), good(2)], |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 3);
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().repaired), (2, 1));
        assert_eq!(scene.repair(2).unwrap().steps, [RepairStep::Nul]);
        scene.assert_verified().await;
        scene.assert_settled().await;
    })
    .await;
}

#[tokio::test]
async fn very_large_messages_are_saved_from_their_temporary_file() {
    let mut large = b"Subject: no\r\n\r\n".to_vec();
    large.resize(37 << 20, b'y');
    large.extend_from_slice(b"\r\n");
    let wanted = large.clone();
    play(disliking(&MARKED), vec![good(1), message(&large), good(2)], |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 3);
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().exported), (2, 1));
        assert_eq!(files(&scene.export_folder()).into_values().next().unwrap(), wanted);
        drop(scene.source);
    })
    .await;
}

#[tokio::test]
async fn what_is_accepted_and_not_there_is_reported_and_nothing_else_is() {
    let mut courier = Personality::courier();
    courier.quirks.swallows = Some(b"into thin air");
    for is_everything in [false, true] {
        let lost = || message(b"Subject: x\r\n\r\ninto thin air\r\n");
        let mut mail = vec![lost()];
        if !is_everything {
            mail.extend([good(1), lost(), good(2)]);
        }
        let count = mail.len();
        play(courier.clone(), mail, |scene| async move {
            scene.bench.copy_all().await;
            let lost = count.div_ceil(2) as u64;
            let sum = scene.bench.sum();
            assert_eq!((sum.copied, sum.refused), (count as u64 - lost, lost), "{sum:?}");
            let (state, cause) = scene.state(1);
            assert!(state == MessageState::Refused && cause.starts_with("accepted but absent"), "{cause}");
            assert_eq!(scene.arrived().len() as u64, sum.copied);
            scene.assert_verified().await;
            scene.assert_settled().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_date_that_no_server_accepts_is_replaced_by_that_of_the_header() {
    let mut mail: Vec<Stored> = (1..=5).map(|number| numbered(number, "hello")).collect();
    mail[1].date = "never".to_owned();
    let dated = b"Received: by a.example; Mon, 3 Mar 2025 09:00:00 +0000\r\n";
    mail[1].bytes.splice(0..0, dated.iter().copied());
    mail[3].date = "1-1-99".to_owned();
    let (source, destination) = (OddImap::start(mail), OddImap::start([]));
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, 5);
    let sum = bench.sum();
    assert_eq!((sum.copied, sum.repaired, sum.refused), (3, 2, 0), "{sum:?}");
    assert_eq!(source.bodies(), destination.bodies());
    let arrived: Vec<String> =
        destination.state.lock().unwrap().messages.values().map(|stored| stored.date.clone()).collect();
    assert_eq!(
        arrived.iter().filter(|date| date.contains("03-Mar-2025 09:00:00 +0000")).count(),
        1,
        "{arrived:?}"
    );
    let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!(report.differences, []);
}

#[tokio::test]
async fn a_message_that_ends_the_connection_goes_with_shorter_lines_or_as_a_file() {
    for (body, is_repaired) in [("poison".repeat(400), true), ("poison".to_owned(), false)] {
        let mut mail: Vec<Stored> = (1..=20).map(|number| numbered(number, "hello")).collect();
        mail[9] = numbered(10, &body);
        let (source, destination) = (OddImap::start(mail.clone()), OddImap::start([]));
        let mut bench = Bench::new(source.access(), destination.access()).await;
        let folder = tempfile::tempdir().unwrap();
        bench.request.export_folder = Some(folder.path().join("x-exported"));
        bench.request.limits.late_append = Duration::from_millis(200);
        // Only the raw line is poison: an encoded one has a soft break within it.
        let poison = if is_repaired { "poison".repeat(30) } else { "poison".to_owned() };
        let poison: &'static str = Box::leak(poison.into_boxed_str());
        destination.set(|state| state.cut_append = Some(poison));
        bench.copy_all().await;
        let sum = bench.sum();
        let expected = if is_repaired { (19, 1, 0) } else { (19, 0, 1) };
        assert_eq!((sum.copied, sum.repaired, sum.exported), expected, "{sum:?}");
        let files: Vec<Vec<u8>> = files(folder.path()).into_values().collect();
        assert_eq!(files, if is_repaired { Vec::new() } else { vec![mail[9].bytes.clone()] });
    }
}

/// Where several messages end the connection, each is found, whatever their order; what ends it last of all of them is
/// left to do rather than blamed wrongly.
#[tokio::test]
async fn messages_that_end_the_connection_are_distinguished_from_those_that_do_not() {
    for poisoned in [vec![1], vec![20], vec![1, 2, 9], vec![5, 11, 12, 18]] {
        let body = |number: u32| if poisoned.contains(&number) { "poison" } else { "hello" };
        let mail: Vec<Stored> = (1..=20).map(|number| numbered(number, body(number))).collect();
        let (source, destination) = (OddImap::start(mail), OddImap::start([]));
        let mut bench = Bench::new(source.access(), destination.access()).await;
        bench.request.limits.late_append = Duration::from_millis(20);
        destination.set(|state| state.cut_append = Some("poison"));
        bench.copy_all().await;
        let folder = bench.ledger().folder_totals().unwrap()[0].id;
        let refused = bench.ledger().rows(folder, &[MessageState::Refused]).unwrap();
        let refused: Vec<u32> = refused.iter().map(|row| row.uid.0).collect();
        assert_eq!(refused, poisoned);
        assert_eq!(bench.sum().copied, 20 - poisoned.len() as u64, "{:?}", bench.sum());
    }
}

#[tokio::test]
async fn flags_that_nobody_has_seen_at_the_destination_are_left_to_people_after_the_switch() {
    for (mode, starred) in [(CopyMode::BeforeSwitch, 3), (CopyMode::AfterSwitch, 0)] {
        let mut messages: Vec<SampleMessage> = (0..3).map(good).collect();
        for message in &mut messages {
            message.flags.insert("\\Flagged".to_owned());
        }
        play(Personality::exchange(), messages, |mut scene| async move {
            // Exchange drops the star without a word. The look at what it has kept opens the folder once more.
            scene.bench.request.limits.max_breaks = 0;
            let trigger = Trigger::Command("SELECT".to_owned());
            scene.destination.faults().push(Fault::at(trigger, 2, Action::Close));
            assert!(scene.bench.copy(&|_| {}).await.is_err());
            assert_eq!((scene.arrived().len(), scene.bench.sum().copied), (3, 3));

            scene.bench.request.options.mode = mode;
            scene.bench.copy_all().await;
            let has_star = |message: &SampleMessage| message.flags.contains("\\Flagged");
            assert_eq!(
                scene.arrived().iter().filter(|message| has_star(message)).count(),
                starred,
                "{mode:?}"
            );
            scene.assert_settled().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_is_far_too_large_is_refused_before_it_goes_over_the_line() {
    let mut small = Personality::dovecot();
    small.limits.message = 1 << 20;
    let huge = [b"Subject: huge\r\n\r\n".as_slice(), &b"line\r\n".repeat(1_600_000)].concat();
    play(small, vec![good(1), message(&huge), good(2)], |scene| async move {
        assert_eq!(scene.bench.copy_all().await, 3);
        let sum = scene.bench.sum();
        assert_eq!((sum.copied, sum.exported, sum.to_do), (2, 1, 0), "{sum:?}");
        assert!(scene.state(2).1.contains("TOOBIG"), "{:?}", scene.state(2));
        let traffic = scene.destination.traffic();
        assert!(traffic.most_received_bytes < 100_000, "{traffic:?}");
    })
    .await;
}
