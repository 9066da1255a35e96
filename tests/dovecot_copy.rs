//! The copy against real servers: Dovecot on both sides, read back by a plain client of the tests' own.

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/plain_imap.rs"]
mod plain_imap;
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dovecot::{Dovecot, PASSWORD, Settings};
use mailferry::imap::{Access, ImapError, SignInError, Timeouts, TrustPolicy};
use mailferry::plan::{DestinationRules, LedgerSum, Mailbox, MailboxPlan};
use mailferry::project::{Ledger, Project};
use mailferry::transfer::{
    CopyLimits, CopyOutcome, CopyRequest, Depth, Progress, TransferError, copy_control, copy_mailbox,
    inventory, verify_mailbox,
};
use mailferry::values::{DomainName, EmailAddress, Endpoint, Fingerprint, Secret, Security};
use plain_imap::{Mail, PlainImap, Seen, large_message, mixed_mailbox};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

fn access(port: u16, security: Security, user: &str) -> Access {
    Access {
        endpoint: Endpoint::new("127.0.0.1", port, security).unwrap(),
        trust: TrustPolicy::default(),
        user: user.to_owned(),
        secret: Secret::new(PASSWORD),
        timeouts: Timeouts::default(),
    }
}

/// Two servers, a project file and the request to copy `anna`.
struct Bench {
    source: Dovecot,
    destination: Dovecot,
    request: CopyRequest,
    _project: Arc<Project>,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(mails: &[Mail], source: &Settings, destination: &Settings) -> Option<Self> {
        let source = Dovecot::start(&["anna"], source)?;
        let destination = Dovecot::start(&["anna"], destination)?;
        PlainImap::open(source.imap_port, "anna").store(mails);
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(
            &folder.path().join("weber.mailferry"),
            &DomainName::parse("weber.example").unwrap(),
            false,
        )
        .unwrap();
        let mailbox = Mailbox {
            address: EmailAddress::parse("anna@weber.example").unwrap(),
            source_user: "anna".to_owned(),
            destination_user: "anna".to_owned(),
            is_chosen: true,
        };
        let ledger = project.ledger(project.add_mailbox(&mailbox).unwrap());
        let mut request = CopyRequest {
            source: access(source.imap_port, Security::Clear, "anna"),
            destination: access(destination.imap_port, Security::Clear, "anna"),
            plan: MailboxPlan::default(),
            ledger,
            limits: CopyLimits::default(),
        };
        let (mut from, mut to) =
            (request.source.open().await.unwrap(), request.destination.open().await.unwrap());
        request.plan = inventory(&mut from, &mut to, DestinationRules::default()).await.unwrap();
        Some(Self { source, destination, request, _project: project, _folder: folder })
    }

    async fn copy(&self) -> Result<CopyOutcome, TransferError> {
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&self.request, control, &|_| {}).await
    }

    fn ledger(&self) -> &Ledger {
        &self.request.ledger
    }

    fn sum(&self) -> LedgerSum {
        self.ledger().sum().unwrap()
    }

    fn both(&self) -> (BTreeMap<Seen, usize>, BTreeMap<Seen, usize>) {
        let source = PlainImap::open(self.source.imap_port, "anna").multiset(same_name);
        let destination = PlainImap::open(self.destination.imap_port, "anna").multiset(same_name);
        (source, destination)
    }

    fn assert_equal(&self) {
        let (source, destination) = self.both();
        assert_same(&source, &destination);
    }
}

/// Folder names freed of prefix and separator.
fn same_name(name: &str) -> String {
    name.strip_prefix("INBOX.").unwrap_or(name).replace('.', "/")
}

fn assert_same(source: &BTreeMap<Seen, usize>, destination: &BTreeMap<Seen, usize>) {
    let lacking: Vec<_> =
        source.iter().filter(|(seen, count)| destination.get(*seen) != Some(count)).take(5).collect();
    let extra: Vec<_> =
        destination.iter().filter(|(seen, count)| source.get(*seen) != Some(count)).take(5).collect();
    assert!(lacking.is_empty() && extra.is_empty(), "lacking {lacking:#?}\nextra {extra:#?}");
}

#[tokio::test]
async fn a_mixed_mailbox_arrives_as_the_same_multiset_and_a_second_run_copies_nothing() {
    let dotted = Settings { separator: '.', prefix: "INBOX.", ..Settings::default() };
    let mails = mixed_mailbox(400, '.', "INBOX.");
    let Some(bench) = Bench::new(&mails, &dotted, &Settings::default()).await else { return };
    let outcome = bench.copy().await.unwrap();
    assert_eq!(outcome, CopyOutcome { is_stopped: false, folder_problems: Vec::new() });
    let sum = bench.sum();
    assert_eq!((sum.source_count, sum.copied, sum.to_do), (mails.len() as u64, mails.len() as u64, 0));
    bench.assert_equal();

    let advanced = AtomicU64::new(0);
    let (_controller, control) = copy_control(CancellationToken::new());
    copy_mailbox(&bench.request, control, &|progress| {
        if let Progress::Advanced { messages, .. } = progress {
            advanced.fetch_add(messages, Ordering::Relaxed);
        }
    })
    .await
    .unwrap();
    assert_eq!(advanced.into_inner(), 0);
    bench.assert_equal();

    let report = verify_mailbox(&bench.request, Depth::Full).await.unwrap();
    assert_eq!((report.differences.as_slice(), report.not_placed), (&[][..], 0));
    assert_eq!(report.bytes_equal, mails.len() as u64);
    let mut spoiler = PlainImap::open(bench.destination.imap_port, "anna");
    spoiler.run("SELECT INBOX");
    spoiler.run("STORE 1 +FLAGS (\\Deleted)");
    spoiler.run("EXPUNGE");
    assert!(verify_mailbox(&bench.request, Depth::Quick).await.unwrap().difference_count > 0);
}
