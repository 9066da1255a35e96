//! Real servers that die or run out of connections in the middle of a copy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mailferry::message::RepairStep;
use mailferry::rehearsal::{FolderPath, ImapAccount, ImapServer, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::{Progress, TransferError, VerifyDepth, verify_mailbox};
use mailferry::values::{EmailAddress, Secret, Security, UnixTime};
use mailferry::values::{Side, SourceUid};
use mailferry_test_support::clients::plain_imap::{PlainImap, Seen, mixed_mailbox};
use mailferry_test_support::programs::until;
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same, contents};
use mailferry_test_support::servers::cyrus::{self, Cyrus};
use mailferry_test_support::servers::dovecot::{self, Dovecot, PASSWORD, access};
use tokio_util::sync::CancellationToken;

/// Either server, as a test of dying needs it.
trait Mortal: Send {
    fn die(&mut self);
    fn rise(&mut self);
    fn port(&self) -> u16;
    /// Whether the server itself has brought back messages, without their flags, that it had let go of when it died.
    fn has_brought_back(&self) -> bool {
        false
    }
}

impl Mortal for Cyrus {
    fn die(&mut self) {
        self.kill();
    }
    fn rise(&mut self) {
        self.restart();
    }
    fn port(&self) -> u16 {
        self.clear_port
    }
}

impl Mortal for Dovecot {
    fn die(&mut self) {
        self.kill();
    }
    fn rise(&mut self) {
        self.break_locks();
        self.restart();
    }
    fn port(&self) -> u16 {
        self.clear_port
    }
    /// A file that an index does not know makes sdbox build its index anew, with every file that is there.
    fn has_brought_back(&self) -> bool {
        self.log().to_lowercase().contains("rebuild")
    }
}

/// Takes copies without flags out of `here` where the same message is there as often as it should be without them.
fn take_bare_doubles(there: &BTreeMap<Seen, usize>, here: &mut BTreeMap<Seen, usize>) -> usize {
    let mut taken = 0;
    for (seen, count) in here.iter_mut() {
        let wanted = there.get(seen).copied().unwrap_or_default();
        if seen.2.is_empty() && *count > wanted {
            taken += *count - wanted;
            *count = wanted;
        }
    }
    here.retain(|_, count| *count > 0);
    taken
}

/// Copies while one of the servers is killed each time that so many messages more have arrived.
async fn copy_while_dying<Server: Mortal + 'static>(source: u16, destination: u16, mortal: Server) {
    const MESSAGES_BETWEEN: u64 = 90;
    const DEATHS: u64 = 3;
    // Several times what can be under way at one death, so that there is mail left for all of them.
    const MESSAGES: usize = 1_600;
    let mails = mixed_mailbox(MESSAGES, '/', "");
    PlainImap::open(source, "anna").store(&mails);
    let mut bench =
        Bench::new(access(source, Security::Clear, "anna"), access(destination, Security::Clear, "anna"))
            .await;
    bench.request.limits.batch_messages = 15;
    bench.request.limits.max_breaks = 20;
    let mortal = Arc::new(Mutex::new(mortal));
    let (arrived, deaths, under_way) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
    let (not_reached, risen) = (Arc::new(AtomicUsize::new(0)), Mutex::new(Vec::new()));
    let is_over = Arc::new(AtomicBool::new(false));
    let sink = |progress| {
        let messages = match progress {
            Progress::Advanced { messages, .. } => messages,
            Progress::Reconnecting { words, .. } => {
                not_reached.fetch_add(usize::from(words.contains("could not be reached")), Ordering::SeqCst);
                return;
            }
            _ => return,
        };
        let count = arrived.fetch_add(messages, Ordering::SeqCst) + messages;
        let before = deaths.load(Ordering::SeqCst);
        if before == DEATHS || count / MESSAGES_BETWEEN <= before || count >= mails.len() as u64 {
            return;
        }
        deaths.fetch_add(1, Ordering::SeqCst);
        under_way.fetch_add(bench.in_flight(), Ordering::SeqCst);
        mortal.lock().unwrap().die();
        let (again, tries, is_over) = (Arc::clone(&mortal), Arc::clone(&not_reached), Arc::clone(&is_over));
        let before = tries.load(Ordering::SeqCst);
        risen.lock().unwrap().push(std::thread::spawn(move || {
            // Nothing listens until a try to connect again has failed as well, or none is needed any more.
            let is_missed = || tries.load(Ordering::SeqCst) > before || is_over.load(Ordering::SeqCst);
            until("nobody is reached", || is_missed().then_some(()));
            again.lock().unwrap().rise();
        }));
    };
    let outcome = bench.copy(&sink).await;
    is_over.store(true, Ordering::SeqCst);
    let outcome = outcome.unwrap();
    for thread in risen.into_inner().unwrap() {
        thread.join().unwrap();
    }
    let (deaths, under_way) = (deaths.into_inner(), under_way.into_inner());
    eprintln!("{deaths} deaths of the server, {under_way} messages under way at them");
    assert_eq!(deaths, DEATHS, "all of them fall into the copy");
    let (there, mut here) = (contents(source, '/', ""), contents(destination, '/', ""));
    if mortal.lock().unwrap().has_brought_back() {
        let more = take_bare_doubles(&there, &mut here);
        eprintln!("{more} messages were brought back by the server; told: {:?}", outcome.folder_problems);
        assert_eq!(more > 0, !outcome.folder_problems.is_empty());
    }
    assert_same(&there, &here);
    bench.assert_verified(mails.len()).await;
    assert_eq!(bench.copy_all().await, 0);
    drop(mortal);
}

#[tokio::test]
async fn a_cyrus_destination_killed_in_mid_run_has_everything_once_in_the_end() {
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &cyrus::Settings::default()) else { return };
    copy_while_dying(source.clear_port, destination.port(), destination).await;
}

#[tokio::test]
async fn a_cyrus_source_killed_in_mid_run_gives_everything_once_in_the_end() {
    let Some(source) = Cyrus::start(&["anna"], &cyrus::Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    copy_while_dying(source.port(), destination.clear_port, source).await;
}

#[tokio::test]
async fn a_dovecot_destination_killed_in_mid_run_has_everything_once_in_the_end() {
    for format in ["maildir", "sdbox"] {
        let settings = dovecot::Settings { format, ..dovecot::Settings::default() };
        let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
        let Some(destination) = Dovecot::start(&["anna"], &settings) else { return };
        copy_while_dying(source.clear_port, destination.port(), destination).await;
    }
}

#[tokio::test]
async fn a_dovecot_source_killed_in_mid_run_gives_everything_once_in_the_end() {
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    copy_while_dying(source.port(), destination.clear_port, source).await;
}

/// Takes every connection that the server allows `anna`.
fn take_all(port: u16, count: usize) -> Vec<PlainImap> {
    let mut taken = Vec::new();
    while taken.len() < count {
        // Connections of the planning may still be on their way out.
        taken.push(until("a connection is free", || PlainImap::try_open(port, "anna").ok()));
    }
    taken
}

/// The copy waits while others hold the connections, says why, and goes on when they are given back.
async fn copy_among_few_connections(source: u16, destination: u16, few: Side) {
    const ALLOWED: usize = 2;
    let mails = mixed_mailbox(150, '/', "");
    PlainImap::open(source, "anna").store(&mails);
    let mut bench =
        Bench::new(access(source, Security::Clear, "anna"), access(destination, Security::Clear, "anna"))
            .await;
    let held = take_all(if few == Side::Source { source } else { destination }, ALLOWED);
    bench.request.limits.max_breaks = 1;
    let error = bench.copy(&|_| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::SignIn { side, .. } if side == few), "{error}");
    let words = error.to_string().to_lowercase();
    assert!(words.contains("connections") || words.contains("too many"), "{error}");

    bench.request.limits.max_breaks = 6;
    let (held, waits) = (Mutex::new(held), AtomicUsize::new(0));
    let sink = |progress| {
        if let Progress::Reconnecting { .. } | Progress::Waiting { .. } = progress {
            waits.fetch_add(1, Ordering::SeqCst);
            held.lock().unwrap().clear();
        }
    };
    bench.copy(&sink).await.unwrap();
    assert!(waits.into_inner() > 0);
    assert_same(&contents(source, '/', ""), &contents(destination, '/', ""));
    bench.assert_verified(mails.len()).await;
}

#[tokio::test]
async fn a_dovecot_with_few_connections_is_waited_for() {
    let few = dovecot::Settings {
        extra: "mail_max_userip_connections = 2\n".to_owned(),
        ..dovecot::Settings::default()
    };
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &few) else { return };
    copy_among_few_connections(source.clear_port, destination.clear_port, Side::Destination).await;
}

#[tokio::test]
async fn a_source_with_few_connections_is_waited_for() {
    let few = dovecot::Settings {
        extra: "mail_max_userip_connections = 2\n".to_owned(),
        ..dovecot::Settings::default()
    };
    let Some(source) = Dovecot::start(&["anna"], &few) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    copy_among_few_connections(source.clear_port, destination.clear_port, Side::Source).await;
}

#[tokio::test]
async fn a_cyrus_with_few_connections_is_waited_for() {
    let few = cyrus::Settings { extra: "maxlogins_per_user: 2", ..cyrus::Settings::default() };
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &few) else { return };
    copy_among_few_connections(source.clear_port, destination.clear_port, Side::Destination).await;
}

/// A message that Cyrus refuses: its bytes, the repair that helps, and a part of what must arrive.
type Refused = (&'static [u8], RepairStep, &'static [u8]);

/// What Cyrus refuses by its own words, each with what it is to become.
const REFUSED_BY_CYRUS: [Refused; 4] = [
    (
        b"Subject: nul\r\n\r\nbefore\0after\r\n",
        RepairStep::Nul,
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nbefore=00after\r\n",
    ),
    (b"Subject: feeds\n\nbare\n", RepairStep::LineEnds, b"Subject: feeds\r\n\r\nbare\r\n"),
    (
        b"Message-ID: <one@weber.example>\r\nno colon in this line\r\nSubject: x\r\n\r\nx\r\n",
        RepairStep::Header,
        b"Message-ID: <one@weber.example>\r\n no colon in this line\r\nSubject: x\r\n\r\nx\r\n",
    ),
    (
        b"Subject: y\r\n>From anna@weber.example Tue Mar  7 10:00:00 2023\r\n\r\ny\r\n",
        RepairStep::Header,
        b"X-Original-Line: >From anna@weber.example Tue Mar  7 10:00:00 2023\r\n\r\ny\r\n",
    ),
];

#[tokio::test]
async fn what_cyrus_refuses_arrives_after_the_repair_that_its_words_ask_for() {
    let Some(destination) = Cyrus::start(&["anna"], &cyrus::Settings::default()) else { return };
    let message = |bytes: &[u8]| SampleMessage {
        bytes: Arc::from(bytes),
        flags: BTreeSet::from(["\\Seen".to_owned()]),
        internal_date: UnixTime(1_678_183_200),
    };
    let mut messages: Vec<SampleMessage> =
        (0..30).map(|index| message(format!("Subject: {index}\r\n\r\n{index}\r\n").as_bytes())).collect();
    for (index, (bytes, ..)) in REFUSED_BY_CYRUS.iter().enumerate() {
        messages.insert(3 * index + 1, message(bytes));
    }
    let account = ImapAccount {
        address: EmailAddress::parse("anna@weber.example").unwrap(),
        password: Secret::new(PASSWORD),
        folders: vec![SampleFolder { path: FolderPath::inbox(), special_use: None, messages }],
    };
    // Dovecot hides NULs and puts line ends in order; the practice server hands out what it was given.
    let server = ImapServer::bind(Personality::dovecot(), vec![account], 7).await.unwrap();
    let port = server.handle().endpoint().port;
    let cancel = CancellationToken::new();
    let work = async {
        let source = access(port, Security::Clear, "anna@weber.example");
        let bench = Bench::new(source, access(destination.clear_port, Security::Clear, "anna")).await;
        assert_eq!(bench.copy_all().await, 34);
        let inbox = bench.ledger().folder_totals().unwrap().remove(0).id;
        let mut reader = PlainImap::open(destination.clear_port, "anna");
        reader.run("EXAMINE INBOX");
        let arrived: Vec<Vec<u8>> = reader
            .run("FETCH 1:* (BODY.PEEK[])")
            .into_iter()
            .map(|(_, body)| body)
            .filter(|body| !body.is_empty())
            .collect();
        for (index, (bytes, step, part)) in REFUSED_BY_CYRUS.iter().enumerate() {
            let uid = u32::try_from(3 * index + 2).unwrap();
            let text = String::from_utf8_lossy(bytes);
            let repair = bench.ledger().repair(inbox, SourceUid(uid)).unwrap();
            let repair = repair.unwrap_or_else(|| panic!("Cyrus takes this as it is: {text}"));
            assert_eq!(repair.steps, [*step], "the first repair helps: {repair:?} {text}");
            let has_part = |body: &&Vec<u8>| body.windows(part.len()).any(|window| window == *part);
            assert_eq!(arrived.iter().filter(has_part).count(), 1, "{text}");
        }
        assert_eq!(arrived.len(), 34);
        let sum = bench.sum();
        assert_eq!((sum.copied, sum.repaired, sum.refused), (30, 4, 0), "{sum:?}");
        let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
        assert_eq!((report.differences.as_slice(), report.counts.bytes_equal), (&[][..], 34));
        assert_eq!(bench.copy_all().await, 0);
        cancel.cancel();
    };
    tokio::join!(server.serve(cancel.clone()), work);
}
