use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::*;
use crate::message::IdentityKey;
use crate::plan::{FolderPath, Mailbox};
use crate::project::SourceMessage;
use crate::values::{DestinationUid, EmailAddress, SourceUid, UidValidity};

fn messages(from: u32) -> Vec<SourceMessage> {
    (from..from + 50)
        .map(|uid| SourceMessage {
            uid: SourceUid(uid),
            size: 1,
            internal_date: "x".repeat(500),
            flags: Vec::new(),
            identity: IdentityKey([0; 32]),
        })
        .collect()
}

fn anna() -> Mailbox {
    Mailbox {
        address: EmailAddress::parse("anna@example.org").unwrap(),
        source_user: String::new(),
        destination_user: String::new(),
        ways: crate::plan::SignInWays::default(),
        is_chosen: true,
    }
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let project = Project::create(&path, &DomainName::parse("example.org").unwrap(), false).unwrap();
    let ledger = project.ledger(project.add_mailbox(&anna()).unwrap());
    let folder = ledger.folder("A", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(1)).unwrap();
    // SQLite reports a full disk when it may not take another page, whatever the reason.
    project
        .read(|connection| {
            let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 40), [], |_row| Ok(()))?;
            Ok(())
        })
        .unwrap();
    let mut written = 0;
    let error = loop {
        match ledger.add_messages(folder, &messages(written + 1)) {
            Ok(()) => written += 50,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ProjectError::DiskFull(_)), "{error:?}");
    assert!(written > 0);
    // Still usable, and whole.
    assert_eq!(ledger.highest_uid(folder).unwrap(), Some(SourceUid(written)));
    assert_eq!(ledger.sum().unwrap().to_do, u64::from(written));
    project.close().unwrap();
    drop((ledger, project));
    let project = Project::open(&path).unwrap();
    project.read(check_integrity).unwrap();
    let ledger = project.ledger(project.mailboxes().unwrap()[0].0);
    assert_eq!(ledger.sum().unwrap().to_do, u64::from(written));
    ledger.add_messages(folder, &messages(written + 1)).unwrap();
}

#[test]
fn a_panic_in_the_middle_of_a_change_undoes_it() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let project = Project::create(&path, &DomainName::parse("example.org").unwrap(), true).unwrap();
    let writing = std::panic::AssertUnwindSafe(|| {
        project.commit_durable(|transaction| -> Result<(), ProjectError> {
            transaction.execute("INSERT INTO answer (name, value) VALUES ('a', 'b')", [])?;
            panic!("on purpose");
        })
    });
    assert!(std::panic::catch_unwind(writing).is_err());
    assert!(project.answers().unwrap().is_empty());
    project.set_answer("c", "d").unwrap();
    assert!(project.is_practice() && project.saved_at().0 > 0);
}

#[test]
fn commits_are_durable() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let project = Project::create(&path, &DomainName::parse("example.org").unwrap(), false).unwrap();
    project
        .read(|connection| {
            let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let foreign_keys: bool = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
            // 1: SQLite flushes the log only before it writes it into the file; the rest is ours.
            assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 1, true));
            Ok(())
        })
        .unwrap();
}

/// Notes changes and waits for the disk, in order.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<&'static str>>>);

impl<S: tracing::Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        if [CHANGES, FLUSHES].contains(&event.metadata().target()) {
            self.0.lock().unwrap().push(event.metadata().target());
        }
    }
}

/// A call of `tracing` that another test makes for the first time is asked for by that thread alone while there is only one
/// subscriber, and would be left out for this one as well. A subscriber of all threads, which ignores everything, prevents
/// that.
fn heed_calls_of_every_thread() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap());
}

impl Steps {
    fn of(&self, work: impl FnOnce()) -> Vec<&'static str> {
        heed_calls_of_every_thread();
        let subscriber = tracing_subscriber::registry().with(self.clone());
        tracing::subscriber::with_default(subscriber, work);
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn what_has_to_be_durable_waits_for_the_disk_with_nothing_held() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let project = Project::create(&path, &DomainName::parse("example.org").unwrap(), true).unwrap();
    let ledger = project.ledger(project.add_mailbox(&anna()).unwrap());
    let steps = Steps::default();
    let bert = Mailbox { address: EmailAddress::parse("bert@example.org").unwrap(), ..anna() };
    let mut number = None;
    assert_eq!(steps.of(|| number = Some(project.add_mailbox(&bert).unwrap())), [CHANGES, FLUSHES]);
    assert!(number.is_some());
    // What settles is kept at once and waits to be flushed, once.
    assert!(project.unsettled().is_none());
    assert_eq!(steps.of(|| project.set_answer("a", "b").unwrap()), [CHANGES]);
    assert_eq!(steps.of(|| project.unsettled().unwrap().flush().unwrap()), [FLUSHES]);
    assert!(project.unsettled().is_none());
    let mut inbox = None;
    let listing = || {
        let folder =
            ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(1)).unwrap();
        ledger.add_messages(folder, &messages(1)).unwrap();
        inbox = Some(folder);
    };
    assert_eq!(steps.of(listing), [CHANGES, CHANGES]);
    let inbox = inbox.unwrap();
    let mut intent = None;
    assert_eq!(
        steps.of(|| intent =
            Some(ledger.record_intent(inbox, &[SourceUid(1)], UidValidity(7), DestinationUid(1)).unwrap())),
        [CHANGES]
    );
    // Whoever waits for the disk keeps nobody out.
    drop(ledger);
    project.close().unwrap();
    drop(project);
    let project = Project::open(&path).unwrap();
    assert_eq!(steps.of(|| intent.unwrap().flush().unwrap()), [FLUSHES]);
    drop(project);
}

#[test]
fn a_file_is_left_alone_since_it_or_its_folder_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mailferry");
    File::create(&path).unwrap();
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    for (file, beside, expected) in [(500, 900, 900), (900, 500, 900), (700, 700, 700)] {
        File::open(&path).unwrap().set_modified(at(file)).unwrap();
        File::open(folder.path()).unwrap().set_modified(at(beside)).unwrap();
        assert_eq!(touched_at(&path), at(expected), "{file} {beside}");
    }
    let before = SystemTime::now();
    assert!(touched_at(&folder.path().join("none")) >= before);
}
