//! The destination is in an earlier state again, as after a backup was put back, under the same UIDVALIDITY: copies are
//! lost, and their UIDs are given to other mail. Nothing is lost for good, and nothing is doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use mailferry::plan::CopyMode;
use mailferry::rehearsal::{FolderPath, ImapHandle, Personality, SampleFolder, SampleMessage};
use mailferry::values::{Security, UnixTime};
use mailferry_test_support::clients::plain_imap::{self, Mail, PlainImap};
use mailferry_test_support::fakes::practice_server::{USER, practice, practice_access};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot::{self, Dovecot, Settings};
use tokio_util::sync::CancellationToken;

/// How often a message with these first words is there.
type Counts = BTreeMap<String, usize>;

fn text(name: &str, number: u32) -> String {
    format!("Message-ID: <{name}{number}@weber.example>\r\nSubject: {name} {number}\r\n\r\nText\r\n")
}

fn mail(name: &str, numbers: Range<u32>) -> Vec<SampleMessage> {
    let message = |number| SampleMessage {
        bytes: text(name, number).into_bytes().into(),
        flags: BTreeSet::new(),
        internal_date: UnixTime(1_700_000_000),
    };
    numbers.map(message).collect()
}

fn once(names: &[(&str, Range<u32>)]) -> Counts {
    let names =
        names.iter().flat_map(|(name, numbers)| numbers.clone().map(move |number| text(name, number)));
    names.map(|text| (text, 1)).collect()
}

/// Two practice servers, and the copy between them.
struct Pair {
    source: ImapHandle,
    destination: ImapHandle,
    bench: Bench,
    token: CancellationToken,
    added: &'static str,
}

impl Pair {
    /// Six messages are copied, then a backup is made, then six more are copied; the backup is put back.
    async fn set_back(destination: Personality) -> Self {
        let added = destination.quirks.added_header.unwrap_or_default();
        let token = CancellationToken::new();
        let inbox = |messages| SampleFolder { path: FolderPath::inbox(), special_use: None, messages };
        let source = practice(Personality::dovecot(), vec![inbox(mail("mail", 1..7))], &token).await;
        let destination = practice(destination, Vec::new(), &token).await;
        let bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
        let pair = Self { source, destination, bench, token, added };
        pair.bench.copy_all().await;
        let backup = pair.destination.backup(USER);
        pair.source.deliver(USER, &FolderPath::inbox(), mail("mail", 7..13));
        pair.bench.copy_all().await;
        assert_eq!(pair.held(), once(&[("mail", 1..13)]));
        // The owner reads mail, and the copy sees that.
        for _turn in 0..5 {
            for number in 1..13 {
                let bytes = format!("{added}{}", text("mail", number));
                let flags = BTreeSet::from(["\\Seen".to_owned()]);
                pair.destination.set_flags(USER, &FolderPath::inbox(), bytes.as_bytes(), &flags);
            }
        }
        pair.source.deliver(USER, &FolderPath::inbox(), mail("mail", 13..14));
        pair.bench.copy_all().await;
        pair.destination.restore(USER, &backup);
        pair
    }

    fn held(&self) -> Counts {
        let mut held = Counts::new();
        for (_, message) in self.destination.dump(USER) {
            let text = String::from_utf8(message.bytes.to_vec()).unwrap();
            *held.entry(text.strip_prefix(self.added).unwrap_or(&text).to_owned()).or_default() += 1;
        }
        held
    }

    fn receives(&self, count: u32) {
        self.destination.deliver(USER, &FolderPath::inbox(), mail("visitor", 0..count));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// All mail of the source, and so much of the owner's own.
fn with_visitors(count: u32) -> Counts {
    once(&[("mail", 1..14), ("visitor", 0..count)])
}

#[test]
fn copies_whose_uids_others_have_got_are_made_again() {
    for personality in [
        Personality::dovecot(),
        Personality::courier(),
        Personality::exchange(),
        Personality::icloud(),
        Personality::yahoo(),
        Personality::zoho(),
        Personality::proton(),
    ] {
        for count in [0, 1, 3, 5] {
            let name = personality.name;
            in_quick_time(async {
                let pair = Pair::set_back(personality.clone()).await;
                pair.receives(count);
                let before = pair.destination.traffic().commands;
                pair.bench.copy_all().await;
                let matched = pair.destination.traffic().commands;
                assert_eq!(pair.held(), with_visitors(count), "{name}, {count} received");
                // It is settled: a further run does nothing, and matches nothing.
                assert_eq!(pair.bench.copy_all().await, 0, "{name}");
                assert_eq!(pair.held(), with_visitors(count), "{name}");
                let (first, further) = (matched - before, pair.destination.traffic().commands - matched);
                assert!(further < first, "{name}: {first} commands, then {further}");
            });
        }
    }
}

/// UIDNEXT has grown past what was known, and only the mod-sequence tells.
#[test]
fn so_much_new_mail_that_uidnext_says_nothing() {
    for personality in [Personality::dovecot(), Personality::icloud()] {
        let name = personality.name;
        in_quick_time(async {
            let pair = Pair::set_back(personality).await;
            pair.receives(20);
            pair.bench.copy_all().await;
            assert_eq!(pair.held(), with_visitors(20), "{name}");
        });
    }
}

/// After the switch nothing is copied a second time by itself: people may have removed it. It is told.
#[test]
fn after_the_switch_it_is_reported() {
    in_quick_time(async {
        let mut pair = Pair::set_back(Personality::dovecot()).await;
        pair.receives(3);
        pair.bench.request.options.mode = CopyMode::AfterSwitch;
        let before = pair.held();
        let outcome = pair.bench.copy(&|_| {}).await.unwrap();
        let words = outcome.folder_problems.iter().map(|one| one.words.as_str()).collect::<Vec<_>>();
        assert!(words.len() == 1 && words[0].contains("earlier state"), "{words:?}");
        assert_eq!(pair.held(), before);
    });
}

#[tokio::test]
async fn a_backup_is_put_back_at_dovecot() {
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(mut destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let store = |port, name: &str, numbers: Range<u32>| {
        let mail = |number| Mail {
            folder: "INBOX".to_owned(),
            flags: Vec::new(),
            date: "01-Mar-2024 10:00:00 +0000".to_owned(),
            bytes: text(name, number).into_bytes(),
        };
        PlainImap::open(port, "anna").store(&numbers.map(mail).collect::<Vec<_>>());
    };
    let way = |port| dovecot::access(port, Security::Clear, "anna");
    let held = |port| -> BTreeMap<String, usize> {
        let mut held = BTreeMap::new();
        for ((_, hash, ..), count) in PlainImap::open(port, "anna").multiset(str::to_owned) {
            *held.entry(hash).or_default() += count;
        }
        held
    };
    let hashes = |names: &[(&str, Range<u32>)]| -> BTreeMap<String, usize> {
        once(names).into_keys().map(|text| (plain_imap::digest(text.as_bytes()), 1)).collect()
    };
    store(source.clear_port, "mail", 1..31);
    let bench = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
    bench.copy_all().await;
    let backup = destination.back_up();
    store(source.clear_port, "mail", 31..61);
    bench.copy_all().await;
    // An ordinary further run: nothing is looked for anew.
    store(source.clear_port, "mail", 61..62);
    bench.copy_all().await;
    assert_eq!(bench.sum().already_there, 0);
    destination.put_back(&backup);
    store(destination.clear_port, "visitor", 0..10);
    bench.copy_all().await;
    let wanted = hashes(&[("mail", 1..62), ("visitor", 0..10)]);
    assert!(held(destination.clear_port) == wanted, "{:?}", bench.sum());
    bench.copy_all().await;
    assert!(held(destination.clear_port) == wanted, "{:?}", bench.sum());
}
