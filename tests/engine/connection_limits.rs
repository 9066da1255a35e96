//! No more connections are open to a server than are allowed, from the first sign-in to the last look at a copy.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailferry::engine::{
    Command, CopyPhase, Engine, EngineConfig, EngineHandle as _, LogRing, ProjectView, SecretsPolicy,
    SignInState, Verify,
};
use mailferry::providers::ProviderId;
use mailferry::rehearsal::{
    FolderPath, ImapAccount, ImapHandle, ImapServer, Limits, Personality, SampleFolder, SampleMessage,
};
use mailferry::values::Side;
use mailferry::values::{EmailAddress, Endpoint, Secret, Security, UnixTime};
use tokio_util::sync::CancellationToken;

const USERS: [&str; 5] = ["anna", "ben", "carla", "dora", "emil"];
/// Enough for several pairs of connections in each mailbox.
const MESSAGES: i64 = 220;

/// How many connections are open, and how many were at most.
struct Gauge {
    open: AtomicUsize,
    peak: AtomicUsize,
    /// No message is passed on before so many connections were open at once.
    wanted: usize,
}

impl Gauge {
    fn opened(&self) {
        // The ends of others may be on their way while a new one arrives: a new peak is believed once it lasts.
        for _look in 0..40 {
            if self.open.load(Ordering::SeqCst) < self.peak.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(open, Ordering::SeqCst);
    }

    fn closed(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Holds a message back until all wanted connections were open. A slow machine could otherwise be done with
    /// all messages before the last of them is open.
    fn hold(&self) {
        for _look in 0..LOOKS {
            if self.peak.load(Ordering::SeqCst) >= self.wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A way to a server that counts who is on it, and waits with the messages until `wanted` are. It lives as long as
/// the test.
fn counted(target: &Endpoint, wanted: usize) -> (Endpoint, Arc<Gauge>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint =
        Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Clear).unwrap();
    let (gauge, port) =
        (Arc::new(Gauge { open: AtomicUsize::new(0), peak: AtomicUsize::new(0), wanted }), target.port);
    let counts = Arc::clone(&gauge);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            counts.opened();
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let counts = Arc::clone(&counts);
            std::thread::spawn(move || {
                pass_on(client, server, |bytes| {
                    if bytes.windows(8).any(|part| part == b" APPEND ") {
                        counts.hold();
                    }
                });
                counts.closed();
            });
            std::thread::spawn(move || pass_on(back, forth, |_bytes| {}));
        }
    });
    (endpoint, gauge)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, before: impl Fn(&[u8])) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut bytes) {
        before(&bytes[..count]);
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(Shutdown::Both);
}

/// A server that asks for each message before it may be sent, where connections that only append are worth it.
fn asking() -> Personality {
    const CAPABILITIES: &[&str] =
        &["IMAP4rev1", "NAMESPACE", "ID", "SASL-IR", "AUTH=PLAIN", "UIDPLUS", "IDLE"];
    Personality {
        capabilities_before_sign_in: CAPABILITIES,
        capabilities: CAPABILITIES,
        limits: Limits { connections_per_user: 60, ..Personality::dovecot().limits },
        ..Personality::dovecot()
    }
}

fn letters(user: &str) -> Vec<SampleFolder> {
    let letter = |number: i64| SampleMessage {
        bytes: format!("Message-ID: <{number}@{user}.example>\r\nSubject: {number}\r\n\r\nHello {user}\r\n")
            .into_bytes()
            .into(),
        flags: std::iter::once("\\Seen".to_owned()).collect(),
        internal_date: UnixTime(1_700_000_000 + number),
    };
    let folder = |name: &str, numbers: std::ops::Range<i64>| SampleFolder {
        path: FolderPath::parse(name),
        special_use: None,
        messages: numbers.map(letter).collect(),
    };
    vec![folder("INBOX", 0..MESSAGES / 2), folder("Work", MESSAGES / 2..MESSAGES)]
}

fn serve(personality: Personality, has_mail: bool) -> ImapHandle {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let accounts = USERS.map(|user| ImapAccount {
                address: EmailAddress::parse(&format!("{user}@weber.example")).unwrap(),
                password: Secret::new("secret"),
                folders: if has_mail { letters(user) } else { Vec::new() },
            });
            let server = ImapServer::bind(personality, accounts.into(), 7).await.unwrap();
            sender.send(server.handle()).unwrap();
            server.serve(CancellationToken::new()).await;
        });
    });
    receiver.recv().unwrap()
}

fn multiset(server: &ImapHandle, user: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for (path, message) in server.dump(&format!("{user}@weber.example")) {
        let key = format!("{path:?} {:?} {:?} {:?}", message.bytes, message.flags, message.internal_date);
        *found.entry(key).or_default() += 1;
    }
    found
}

/// So many looks take ten minutes and more: they end a test that hangs, and measure nothing.
const LOOKS: u32 = 6_000;

fn wait(engine: &mut Engine, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
    for _look in 0..LOOKS {
        if let Some(project) = engine.snapshot().project.as_ref().filter(|project| is_reached(project)) {
            return project.clone();
        }
        engine.wait_for_change(Duration::from_millis(100));
    }
    panic!("not reached; last: {:#?}", engine.snapshot());
}

/// What was open at most, at the source and at the destination.
fn most_open(max_connections: Option<usize>, personality: Personality, wanted: usize) -> (usize, usize) {
    let (source, destination) = (serve(Personality::dovecot(), true), serve(personality, false));
    let (from, at_source) = counted(&source.endpoint(), 0);
    let (to, at_destination) = counted(&destination.endpoint(), wanted);
    let home = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        recent_file: None,
        projects_folder: home.path().join("projects"),
        secrets: SecretsPolicy::SessionOnly,
        parallel_mailboxes: 4,
        max_connections,
        verify: Verify::Full,
        confirmed_file: None,
        accounts_folder: home.path().join("accounts"),
        ..EngineConfig::headless()
    };
    let mut engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
    let send = |engine: &Engine, command| assert!(engine.send(command));
    let path = Some(home.path().join("limits.mailferry"));
    send(&engine, Command::NewProject { domain: "weber.example".to_owned(), path });
    send(&engine, Command::SetSourceServer(from));
    let provider = ProviderId("generic-imap".to_owned());
    send(&engine, Command::ChooseDestination { provider, server: Some(to) });
    for user in USERS {
        send(&engine, Command::AddMailbox(format!("{user}@weber.example")));
    }
    let project = wait(&mut engine, |project| project.mailboxes.len() == USERS.len());
    for row in project.mailboxes.iter() {
        for side in [Side::Source, Side::Destination] {
            send(&engine, Command::SetPassword { mailbox: row.id, side, secret: Secret::new("secret") });
        }
    }
    send(&engine, Command::TestSignIn { mailboxes: Vec::new() });
    wait(&mut engine, |project| {
        let all = project.mailboxes.iter().flat_map(|row| [&row.source.state, &row.destination.state]);
        all.into_iter().all(|state| *state == SignInState::SignedIn)
    });
    send(&engine, Command::BuildPlan);
    wait(&mut engine, |project| {
        project.plan.counting.is_none() && project.plan.mailboxes.len() == USERS.len()
    });
    send(&engine, Command::StartCopy);
    let project =
        wait(&mut engine, |project| matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped));
    assert_eq!(project.copy.phase, CopyPhase::Finished, "{:#?}", project.copy);
    for user in USERS {
        assert_eq!(multiset(&source, user), multiset(&destination, user), "{user}");
    }
    drop(engine);
    (at_source.peak.load(Ordering::SeqCst), at_destination.peak.load(Ordering::SeqCst))
}

#[test]
fn one_connection_to_each_server_copies_five_mailboxes() {
    assert_eq!(most_open(Some(1), asking(), 0), (1, 1));
}

#[test]
fn two_connections_are_never_three() {
    let (source, destination) = most_open(Some(2), asking(), 2);
    assert!(source <= 2 && destination == 2, "{source} and {destination}");
}

#[test]
fn five_connections_are_never_six() {
    let (source, destination) = most_open(Some(5), Personality::dovecot(), 4);
    assert!((4..=5).contains(&source) && (4..=5).contains(&destination), "{source} and {destination}");
}

/// The same copy without a limit, so that the counts above say something.
#[test]
fn without_a_limit_there_are_more() {
    let (source, destination) = most_open(None, asking(), 11);
    assert!(source > 5 && destination > 10, "{source} and {destination}");
}
