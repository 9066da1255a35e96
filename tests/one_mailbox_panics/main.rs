//! A defect that shows in the work of one mailbox ends this mailbox alone: the others come to their end, and the one is
//! copied exactly once when it is tried again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests end where something is wrong"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mailferry::engine::{
    Command, CopyPhase, Engine, EngineConfig, EngineHandle as _, LogRing, MailboxProgressState, ProjectView,
    SecretsPolicy, SignInState, Verify, report_crashes_into,
};
use mailferry::providers::ProviderId;
use mailferry::rehearsal::{FolderPath, ImapAccount, ImapHandle, ImapServer, Personality, SampleFolder};
use mailferry::values::Side;
use mailferry::values::{EmailAddress, Secret};
use mailferry_test_support::scenes::tiny_mailboxes::tiny_mailbox;
use tokio_util::sync::CancellationToken;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

const USERS: [&str; 3] = ["anna@weber.example", "ben@weber.example", "carla@weber.example"];
/// A folder that only the second of them has.
const FOLDER: &str = "Panik";

/// The defect: the work that makes this folder panics, so often.
struct Defect(Arc<AtomicU32>);

struct Names<'a>(&'a AtomicU32);

impl Visit for Names<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let is_there = field.name() == "command" && format!("{value:?}") == format!("CREATE \"{FOLDER}\"");
        let takes_one = |left: u32| left.checked_sub(1);
        let has_struck =
            is_there && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, takes_one).is_ok();
        assert!(!has_struck, "a defect on purpose");
    }
}

impl<S: tracing::Subscriber> Layer<S> for Defect {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut Names(&self.0));
    }
}

fn serve(has_mail: bool) -> ImapHandle {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let accounts = USERS.iter().enumerate().map(|(number, user)| {
                let mut folders = if has_mail { tiny_mailbox() } else { Vec::new() };
                if has_mail && number == 1 {
                    let messages = folders[0].messages.clone();
                    folders.push(SampleFolder {
                        path: FolderPath::parse(FOLDER),
                        special_use: None,
                        messages,
                    });
                }
                ImapAccount {
                    address: EmailAddress::parse(user).unwrap(),
                    password: Secret::new("secret"),
                    folders,
                }
            });
            let server = ImapServer::bind(Personality::dovecot(), accounts.collect(), 7).await.unwrap();
            sender.send(server.handle()).unwrap();
            server.serve(CancellationToken::new()).await;
        });
    });
    receiver.recv().unwrap()
}

fn multiset(server: &ImapHandle, user: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for (path, message) in server.dump(user) {
        let key = format!("{path:?} {:?} {:?} {:?}", message.bytes, message.flags, message.internal_date);
        *found.entry(key).or_default() += 1;
    }
    found
}

/// So many looks take ten minutes and more: they end a test that hangs, and measure nothing.
const LOOKS: u32 = 30_000;

fn wait(engine: &mut Engine, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
    for _look in 0..LOOKS {
        if let Some(project) = engine.snapshot().project.as_ref().filter(|project| is_reached(project)) {
            return project.clone();
        }
        engine.wait_for_change(Duration::from_millis(100));
    }
    panic!("not reached; last: {:#?}", engine.snapshot());
}

fn start(home: &std::path::Path, source: &ImapHandle, destination: &ImapHandle) -> Engine {
    let config = EngineConfig {
        recent_file: Some(home.join("recent.json")),
        projects_folder: home.join("projects"),
        secrets: SecretsPolicy::SessionOnly,
        tokens: None,
        sign_in_file: None,
        opens_browser: false,
        parallel_mailboxes: 4,
        max_connections: None,
        verify: Verify::Full,
        compression: mailferry::engine::Compression::default(),
        timeouts: mailferry::engine::Timeouts::default(),
        acts_by_itself: false,
        samples_dates: true,
        quits_on_interrupt: false,
        confirmed_file: None,
        accounts_folder: home.join("accounts"),
        export_folder: None,
        is_without_account_lock: false,
        rehearsals_folder: None,
        rehearses_slowly: false,
    };
    let engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
    let send = |command| assert!(engine.send(command));
    let path = Some(home.join("panic.mailferry"));
    send(Command::NewProject { domain: "weber.example".to_owned(), path });
    send(Command::SetSourceServer(source.endpoint()));
    send(Command::ChooseDestination {
        provider: ProviderId("generic-imap".to_owned()),
        server: Some(destination.endpoint()),
    });
    for user in USERS {
        send(Command::AddMailbox(user.to_owned()));
    }
    engine
}

#[test]
fn a_panic_in_one_mailbox_ends_this_one_alone() {
    let panics = Arc::new(AtomicU32::new(1));
    let defect = tracing_subscriber::registry().with(Defect(Arc::clone(&panics)));
    tracing::subscriber::set_global_default(defect).unwrap();
    let (source, destination) = (serve(true), serve(false));
    let home = tempfile::tempdir().unwrap();
    report_crashes_into(home.path().join("crashes"));
    let mut engine = start(home.path(), &source, &destination);
    let project = wait(&mut engine, |project| project.mailboxes.len() == USERS.len());
    for row in project.mailboxes.iter() {
        for side in [Side::Source, Side::Destination] {
            let secret = Secret::new("secret");
            assert!(engine.send(Command::SetPassword { mailbox: row.id, side, secret }));
        }
    }
    assert!(engine.send(Command::TestSignIn { mailboxes: Vec::new() }));
    wait(&mut engine, |project| {
        let all = project.mailboxes.iter().flat_map(|row| [&row.source.state, &row.destination.state]);
        all.into_iter().all(|state| *state == SignInState::SignedIn)
    });
    assert!(engine.send(Command::BuildPlan));
    wait(&mut engine, |project| {
        project.plan.counting.is_none() && project.plan.mailboxes.len() == USERS.len()
    });
    assert_eq!(panics.load(Ordering::SeqCst), 1, "counting makes no folder");

    assert!(engine.send(Command::StartCopy));
    let project = wait(&mut engine, |project| project.copy.phase == CopyPhase::Stopped);
    assert_eq!(panics.load(Ordering::SeqCst), 0, "the defect has shown");
    for (row, user) in project.mailboxes.iter().zip(USERS) {
        let state = &project.copy.mailboxes.iter().find(|shown| shown.id == row.id).unwrap().state;
        if user == USERS[1] {
            let MailboxProgressState::Stopped(error) = state else { panic!("{state:?}") };
            assert!(error.title.contains("a bug in Mailferry"), "{error:?}");
            assert!(error.details.contains("a defect on purpose") && !error.ways_out.is_empty(), "{error:?}");
        } else {
            assert_eq!(*state, MailboxProgressState::Done, "{user}");
            assert_eq!(multiset(&source, user), multiset(&destination, user), "{user}");
        }
    }

    let reports: Vec<_> = std::fs::read_dir(home.path().join("crashes")).unwrap().collect();
    let [Ok(report)] = &reports[..] else { panic!("one crash, {} reports", reports.len()) };
    let report = std::fs::read_to_string(report.path()).unwrap();
    assert!(report.contains("one_mailbox_panics/main.rs"), "it says where: {report}");
    for private in ["weber.example", "a defect on purpose", "secret\n"] {
        assert!(!report.contains(private), "it quotes {private:?}: {report}");
    }

    // What it held was let go of: it goes on at once, and nothing is there twice.
    assert!(engine.send(Command::StartCopy));
    let project = wait(&mut engine, |project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
    for user in USERS {
        assert_eq!(multiset(&source, user), multiset(&destination, user), "{user}");
    }
}

#[test]
fn a_release_unwinds() {
    // With `abort` a panic in one mailbox would end all of them.
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert_eq!(manifest["profile"]["release"]["panic"].as_str(), Some("unwind"));
    for (name, profile) in manifest["profile"].as_table().unwrap() {
        assert_ne!(profile.get("panic").and_then(|panic| panic.as_str()), Some("abort"), "{name}");
    }
}
