//! Copies that are in another folder than the one they were made in, and a project that begins anew: found by what they
//! say, and not made again. What is only nearly the same is made.

use std::collections::BTreeMap;

use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot::{self, Dovecot, Settings};

/// Where the owner files mail.
const FILED: &str = "Filed";

fn mail(folder: &str, flags: &[&'static str], bytes: &str) -> Mail {
    let date = "01-Mar-2023 10:00:00 +0100".to_owned();
    Mail { folder: folder.to_owned(), flags: flags.to_vec(), date, bytes: bytes.replace('\n', "\r\n").into() }
}

fn letter(number: usize) -> String {
    format!(
        "Message-ID: <{number}@x.example>\nFrom: a@x.example\nSubject: {number}\n\nThis is letter {number}\n"
    )
}

/// Two servers with these mails at the source and at the destination.
struct Servers(Dovecot, Dovecot);

impl Servers {
    fn start(at_source: &[Mail], there: &[Mail]) -> Option<Self> {
        let source = Dovecot::start(&["anna"], &Settings::default())?;
        let destination = Dovecot::start(&["anna"], &Settings::default())?;
        PlainImap::open(source.clear_port, "anna").store(at_source);
        PlainImap::open(destination.clear_port, "anna").store(there);
        Some(Self(source, destination))
    }

    /// A project that knows nothing yet.
    async fn project(&self) -> Bench {
        let way = |port| dovecot::access(port, Security::Clear, "anna");
        Bench::new(way(self.0.clear_port), way(self.1.clear_port)).await
    }

    /// Everything at the destination: folder and message, with how often it is there.
    fn arrived(&self) -> BTreeMap<(String, Vec<u8>), usize> {
        let mut reader = PlainImap::open(self.1.clear_port, "anna");
        let mut found = BTreeMap::new();
        for folder in reader.folders() {
            for held in reader.messages(&folder) {
                *found.entry((folder.clone(), held.bytes)).or_default() += 1;
            }
        }
        found
    }

    /// The same without the folders.
    fn contents(&self) -> BTreeMap<Vec<u8>, usize> {
        let mut contents = BTreeMap::new();
        for ((_, bytes), count) in self.arrived() {
            *contents.entry(bytes).or_default() += count;
        }
        contents
    }

    /// The owner moves these messages of the destination's inbox, without MOVE.
    fn file(&self, numbers: &str, folder: &str) {
        let mut owner = PlainImap::open(self.1.clear_port, "anna");
        owner.try_create(folder).unwrap();
        owner.run("SELECT INBOX");
        owner.run(&format!("COPY {numbers} \"{folder}\""));
        owner.run(&format!("STORE {numbers} +FLAGS.SILENT (\\Deleted)"));
        owner.run("EXPUNGE");
    }
}

fn once(mails: &[Mail]) -> BTreeMap<Vec<u8>, usize> {
    let mut wanted = BTreeMap::new();
    for mail in mails {
        *wanted.entry(mail.bytes.clone()).or_default() += 1;
    }
    wanted
}

#[tokio::test]
async fn a_project_that_begins_anew_finds_what_was_filed() {
    let mut mails: Vec<Mail> = (0..12).map(|number| mail("INBOX", &[], &letter(number))).collect();
    // True duplicates: one of each is filed.
    mails.extend((0..4).map(|number| mail("INBOX", &[], &letter(number))));
    mails.extend((3..6).map(|number| mail("Work", &[], &letter(number))));
    let Some(servers) = Servers::start(&mails, &[]) else { return };
    servers.project().await.copy_all().await;
    assert_eq!(servers.contents(), once(&mails));
    servers.file("1:3,6,9", FILED);
    let before = servers.arrived();
    let anew = servers.project().await;
    for _run in 0..2 {
        anew.copy_all().await;
        assert_eq!(servers.arrived(), before);
    }
    assert_eq!(anew.sum().already_there, mails.len() as u64);
}

#[tokio::test]
async fn copies_with_a_line_more_are_found_in_other_folders_too() {
    let mails: Vec<Mail> = (0..12).map(|number| mail("INBOX", &[], &letter(number))).collect();
    let with_line = |number| format!("X-TUID: {number:012}\n{}", letter(number));
    let there: Vec<Mail> = (0..12).map(|number| mail(FILED, &[], &with_line(number))).collect();
    let Some(servers) = Servers::start(&mails, &there) else { return };
    let before = servers.arrived();
    let bench = servers.project().await;
    bench.copy_all().await;
    assert_eq!(servers.arrived(), before);
    assert_eq!(bench.sum().already_there, 12);
}

#[tokio::test]
async fn what_was_thrown_away_is_copied_by_a_project_that_begins_anew() {
    let mails: Vec<Mail> = (0..6).map(|number| mail("INBOX", &[], &letter(number))).collect();
    let Some(servers) = Servers::start(&mails, &[]) else { return };
    servers.project().await.copy_all().await;
    servers.file("1:*", "Trash");
    servers.project().await.copy_all().await;
    let arrived = servers.arrived();
    assert_eq!(arrived.len(), 12);
    assert!(mails.iter().all(|mail| arrived.get(&("INBOX".to_owned(), mail.bytes.clone())) == Some(&1)));
}

/// Somebody who writes to themselves has the letter twice: as it was sent, and as it was delivered.
#[tokio::test]
async fn a_letter_that_was_sent_is_no_copy_of_the_one_that_was_delivered() {
    let delivered = format!(
        "Received: from out.x.example by mx.x.example;\n Wed, 1 Mar 2023 10:00:00 +0100\n{}",
        letter(1)
    );
    let Some(servers) =
        Servers::start(&[mail("INBOX", &[], &delivered)], &[mail("Sent", &["\\Seen"], &letter(1))])
    else {
        return;
    };
    servers.project().await.copy_all().await;
    let wanted = [("INBOX", delivered), ("Sent", letter(1))];
    let wanted =
        wanted.map(|(folder, text)| ((folder.to_owned(), text.replace('\n', "\r\n").into_bytes()), 1));
    assert_eq!(servers.arrived(), BTreeMap::from(wanted));
}

/// A copy that another program has made without flags gets them; one that people have given flags keeps its own.
#[tokio::test]
async fn copies_that_are_found_get_the_flags_that_they_lack() {
    let at_source = [
        mail("INBOX", &["\\Flagged", "\\Seen"], &letter(1)),
        mail("INBOX", &["\\Seen"], &letter(2)),
        mail("INBOX", &["\\Answered"], &letter(3)),
    ];
    let there = [
        mail("INBOX", &["\\Seen"], &letter(1)),
        mail("INBOX", &["\\Flagged"], &letter(2)),
        mail("INBOX", &["\\Answered"], &letter(3)),
    ];
    let Some(servers) = Servers::start(&at_source, &there) else { return };
    servers.project().await.copy_all().await;
    let mut reader = PlainImap::open(servers.1.clear_port, "anna");
    let flags: Vec<Vec<String>> = reader
        .messages("INBOX")
        .into_iter()
        .map(|held| held.flags.into_iter().filter(|flag| flag != "\\Recent").collect())
        .collect();
    assert_eq!(flags, [vec!["\\Flagged", "\\Seen"], vec!["\\Flagged"], vec!["\\Answered"]]);
}
