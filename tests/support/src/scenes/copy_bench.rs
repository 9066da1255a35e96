//! The copy of one mailbox between any two servers, with its project file and the comparison of both sides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Zoned;
use mailferry::imap::Access;
use mailferry::plan::{
    CopyOptions, DestinationRules, LedgerSum, Mailbox, MailboxPlan, MessageState, SignInWays,
};
use mailferry::project::{Ledger, Project};
use mailferry::transfer::{
    CopyLimits, CopyOutcome, CopyRequest, Progress, ProgressSink, TransferError, VerifyDepth, copy_control,
    copy_mailbox, inventory, verify_mailbox,
};
use mailferry::values::{DomainName, EmailAddress};
use tokio_util::sync::CancellationToken;

use crate::clients::plain_imap::{PlainImap, Seen};

/// A project file and the request to copy one mailbox.
pub struct Bench {
    /// What is copied.
    pub request: CopyRequest,
    project: Arc<Project>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// Lists both sides and plans the copy.
    pub async fn new(source: Access, destination: Access) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let domain = DomainName::parse("weber.example").unwrap();
        let project = Project::create(&folder.path().join("weber.mailferry"), &domain, false).unwrap();
        let request = request(&project, "anna@weber.example", source, destination).await;
        Self { request, project, _folder: folder }
    }

    /// The request to copy another mailbox of the same project.
    pub async fn another(&self, address: &str, source: Access, destination: Access) -> CopyRequest {
        request(&self.project, address, source, destination).await
    }

    /// Lists both sides again, and plans the copy with what is there by now.
    pub async fn plan_anew(&mut self) {
        self.request.plan = plan(&self.request.source, &self.request.destination).await;
    }

    /// Copies and shows what happens meanwhile.
    pub async fn copy(&self, sink: ProgressSink<'_>) -> Result<CopyOutcome, TransferError> {
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&self.request, control, sink).await
    }

    /// Copies to the end without a folder that makes trouble; returns how many messages reached a final state.
    pub async fn copy_all(&self) -> u64 {
        let advanced = AtomicU64::new(0);
        let count = |progress| {
            if let Progress::Advanced { messages, .. } = progress {
                advanced.fetch_add(messages, Ordering::Relaxed);
            }
        };
        let outcome = self.copy(&count).await.unwrap();
        assert_eq!(outcome, CopyOutcome { is_stopped: false, folder_problems: Vec::new() });
        advanced.into_inner()
    }

    /// Everything was copied, and a look at the bytes of both sides agrees. Dates are for [`contents`] to compare.
    pub async fn assert_verified(&self, count: usize) {
        let sum = self.sum();
        assert_eq!((sum.source_count, sum.copied, sum.to_do), (count as u64, count as u64, 0), "{sum:?}");
        let report = verify_mailbox(&self.request, VerifyDepth::Full).await.unwrap();
        let other: Vec<_> = report.differences.iter().filter(|one| !one.what.starts_with("dated")).collect();
        assert_eq!((other.as_slice(), report.counts.not_placed), (&[][..], 0));
        assert_eq!(report.counts.bytes_equal + report.counts.not_compared, count as u64, "{report:?}");
    }

    /// Messages whose append is under way, as the ledger knows.
    pub fn in_flight(&self) -> usize {
        let rows = |folder| self.ledger().rows(folder, &[MessageState::InFlight]).unwrap().len();
        self.ledger().folder_totals().unwrap().iter().map(|folder| rows(folder.id)).sum()
    }

    /// The ledger of the mailbox.
    pub fn ledger(&self) -> &Ledger {
        &self.request.ledger
    }

    /// What became of the messages.
    pub fn sum(&self) -> LedgerSum {
        self.ledger().sum().unwrap()
    }
}

/// Adds a mailbox to the project, lists both sides and plans the copy.
async fn request(project: &Arc<Project>, address: &str, source: Access, destination: Access) -> CopyRequest {
    let mailbox = Mailbox {
        address: EmailAddress::parse(address).unwrap(),
        source_user: source.user.clone(),
        destination_user: destination.user.clone(),
        ways: SignInWays::default(),
        is_chosen: true,
    };
    CopyRequest {
        plan: plan(&source, &destination).await,
        source,
        destination,
        ledger: project.ledger(project.add_mailbox(&mailbox).unwrap()),
        limits: CopyLimits { late_append: Duration::from_secs(2), ..CopyLimits::default() },
        options: CopyOptions::default(),
        export_folder: None,
        claims: None,
        under_way: Arc::default(),
    }
}

async fn plan(source: &Access, destination: &Access) -> MailboxPlan {
    let (mut from, mut to) = (source.open().await.unwrap(), destination.open().await.unwrap());
    inventory(&mut from, &mut to, DestinationRules::default()).await.unwrap()
}

/// What a server holds for `anna`: folders freed of the prefix, with `/` between levels, dates as moments. Servers
/// write one moment as ` 1-Mar-2023` or `01-Mar-2023`, and in a time zone of their own.
pub fn contents(port: u16, separator: char, prefix: &str) -> BTreeMap<Seen, usize> {
    let rename = |name: &str| name.strip_prefix(prefix).unwrap_or(name).replace(separator, "/");
    let mut found = BTreeMap::new();
    for ((folder, hash, flags, date), count) in PlainImap::open(port, "anna").multiset(rename) {
        let moment = Zoned::strptime("%d-%b-%Y %H:%M:%S %z", date.trim()).unwrap().timestamp();
        *found.entry((folder, hash, flags, moment.to_string())).or_default() += count;
    }
    found
}

/// Both sides hold the same messages, each as often.
pub fn assert_same(source: &BTreeMap<Seen, usize>, destination: &BTreeMap<Seen, usize>) {
    let differing = |of: &BTreeMap<Seen, usize>, other: &BTreeMap<Seen, usize>| -> Vec<(Seen, usize)> {
        let of = of.iter().filter(|(seen, count)| other.get(*seen) != Some(count));
        of.take(5).map(|(seen, count)| (seen.clone(), *count)).collect()
    };
    let (lacking, extra) = (differing(source, destination), differing(destination, source));
    assert!(lacking.is_empty() && extra.is_empty(), "lacking {lacking:#?}\nextra {extra:#?}");
}
