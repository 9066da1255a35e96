//! Snapshots of a move in every state: the family of the specification's pictures.

use crate::audit::verdict::Outcome;
use crate::engine::{
    AuditView, Command, CopyView, DestinationView, DomainView, ForecastsView, KeyringStatus, LogLine,
    PartDone, PlanView, ProjectMark, ProjectView, RecentProject, RecordsView, ServerCandidate, Snapshot,
    UserError, WayOut,
};
use crate::plan::{
    FolderPath, ForecastInput, MailVolume, MailboxPlan, Measured, Oversize, OversizeFolder, forecast,
    forecast_all,
};
use crate::providers::ProviderId;
use crate::values::{Bytes, DomainName, Endpoint, MailboxId, Security, UnixTime};
use providers::comparisons;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

mod audit;
mod copying;
mod mailboxes;
mod providers;
mod records;
mod switch;

pub use audit::report;
pub use copying::*;
pub use mailboxes::*;
pub use records::*;
pub use switch::*;

/// Makes a project in one of its states.
pub type Sample = fn() -> ProjectView;

/// 2026-11-14 17:06:41 UTC.
pub const NOW: UnixTime = UnixTime(1_794_676_001);

fn domain(name: &str) -> DomainName {
    DomainName::parse(name).unwrap_or_else(|_| unreachable!("a sample name"))
}

fn endpoint(host: &str) -> Endpoint {
    Endpoint { host: host.to_owned(), port: 993, security: Security::Tls }
}

fn ago(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 - seconds)
}

/// An error with ways out.
pub fn error(title: &str, cause: &str, words: &str, way_out: &str, command: Option<Command>) -> UserError {
    UserError {
        title: title.to_owned(),
        cause: cause.to_owned(),
        server_words: (!words.is_empty()).then(|| words.to_owned()),
        ways_out: vec![WayOut {
            label: way_out.to_owned(),
            consequence: "nothing is lost or duplicated".to_owned(),
            command,
        }],
        details: format!("{title}: caused by: {cause}"),
        certificate: None,
        code: None,
        folders: Vec::new(),
    }
}

/// The start page with three projects.
pub fn start() -> Snapshot {
    let recent = |name: &str, state: &str, mark: ProjectMark, at: UnixTime| RecentProject {
        path: PathBuf::from(format!("/home/anna/Documents/{name}.mailferry")),
        domain: domain(name),
        state: state.to_owned(),
        at,
        is_practice: name.starts_with("hafen"),
        mark,
    };
    Snapshot {
        recent: vec![
            recent(
                "weber-familie.example",
                "Copied 61%, continues when you open it",
                ProjectMark::Copying(61),
                ago(600),
            ),
            recent(
                "müller-söhne.example",
                "Audit: 3 fail, 9 warnings",
                ProjectMark::Verdict(Outcome::StayAndFix),
                ago(1_500_000),
            ),
            recent(
                "hafen-probe.example",
                "Copied to Fastmail; the records are next",
                ProjectMark::Copied,
                ago(500_000),
            ),
        ],
        keyring: KeyringStatus::System,
        now: NOW,
        ..Snapshot::default()
    }
}

/// A project in which nothing was done yet.
pub fn empty_project(name: &str) -> ProjectView {
    ProjectView {
        path: PathBuf::from("/home/anna/Documents").join(format!("{}.mailferry", domain(name).as_ascii())),
        is_practice: false,
        is_temporary: false,
        practice_logins: None,
        practice: None,
        unconfirmed: Arc::default(),
        was_interrupted: false,
        saved_at: NOW,
        domain: DomainView {
            name: domain(name),
            source_server: None,
            candidates: Vec::new(),
            is_searching: false,
            search_error: None,
            audit_options: crate::engine::AuditOptions::default(),
        },
        audit: AuditView::NotRun,
        destination: DestinationView { comparisons: Arc::new(comparisons()), ..DestinationView::default() },
        mailboxes: Arc::default(),
        sign_ins: crate::engine::SignInsView::default(),
        accounts: crate::engine::AccountsView::default(),
        plan: PlanView::default(),
        copy: CopyView::default(),
        messages: crate::engine::MessagesView::default(),
        records: RecordsView::default(),
        switch: crate::engine::SwitchView::default(),
        report_saved: None,
    }
}

/// A snapshot of this project at rest.
pub fn with(project: ProjectView) -> Snapshot {
    Snapshot {
        project: Some(project),
        keyring: KeyringStatus::System,
        now: NOW,
        log: Arc::new(log()),
        ..Snapshot::default()
    }
}

fn log() -> Vec<LogLine> {
    [
        ("info", "Opened the project"),
        ("info", "Audit: 34 questions"),
        ("warn", "verein@: Fastmail asked for a pause until 17:40"),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, (level, text))| LogLine {
        at: UnixTime(NOW.0 - 100 + i64::try_from(index).unwrap_or(0) * 30),
        level: level.to_owned(),
        text: text.to_owned(),
    })
    .collect()
}

/// The server is found.
pub fn found() -> ProjectView {
    let mut project = empty_project("weber-familie.example");
    project.domain.source_server = Some(endpoint("mail.weber-familie.example"));
    project.domain.candidates = vec![
        ServerCandidate {
            server: endpoint("mail.weber-familie.example"),
            found_by: "SRV record _imaps._tcp".to_owned(),
        },
        ServerCandidate { server: endpoint("imap.weber-familie.example"), found_by: "MX name".to_owned() },
    ];
    project
}

/// The audit asks.
pub fn auditing() -> ProjectView {
    let mut project = found();
    project.audit =
        AuditView::Running { done: 21, total: 34, what: "Asking block lists".to_owned(), previous: None };
    project
}

/// The audit is done.
pub fn audited() -> ProjectView {
    let mut project = found();
    project.audit = AuditView::Done(Arc::new(report()));
    project
}

/// A later audit, after a certificate was renewed.
pub fn audited_again() -> ProjectView {
    let mut project = found();
    project.audit = AuditView::Done(Arc::new(audit::again()));
    project
}

/// The audit has read a mail log.
pub fn judged() -> ProjectView {
    let mut project = found();
    project.audit = AuditView::Done(Arc::new(audit::judged()));
    project
}

fn choose(project: &mut ProjectView) {
    project.destination.chosen = Some((ProviderId("fastmail".to_owned()), "Fastmail".to_owned()));
    project.destination.server = Some(endpoint("imap.fastmail.example"));
}

/// A provider is chosen.
pub fn chosen() -> ProjectView {
    let mut project = audited();
    choose(&mut project);
    project
}

/// All mailboxes signed in.
pub fn signed_in() -> ProjectView {
    let mut project = chosen();
    project.mailboxes = Arc::new(family());
    project
}

/// Folders counted and mapped.
pub fn planned() -> ProjectView {
    let mut project = signed_in();
    let mut plans: BTreeMap<MailboxId, MailboxPlan> =
        project.mailboxes.iter().map(|row| (row.id, plan_of(row))).collect();
    plans.insert(MailboxId(1), family_plan());
    project.plan = PlanView {
        counting: None,
        mailboxes: Arc::new(plans),
        counted_at: Some(ago(3_000)),
        oversize: Arc::new(oversize()),
        ..PlanView::default()
    };
    project
}

fn oversize() -> BTreeMap<MailboxId, Oversize> {
    let folder = |name: &str, messages| OversizeFolder {
        folder: FolderPath(vec![name.to_owned()]),
        messages,
        uids: vec![crate::values::SourceUid(4_711)],
    };
    let limit = Some(Bytes(35_000_000));
    BTreeMap::from([
        (
            MailboxId(1),
            Oversize {
                limit,
                folders: vec![folder("INBOX", 2), folder("Gesendete Objekte", 1)],
                ..Oversize::default()
            },
        ),
        (MailboxId(2), Oversize { limit, ..Oversize::default() }),
    ])
}

/// The plan after a trial, with some of the mail only.
pub fn tried() -> ProjectView {
    let mut project = planned();
    let measured = Measured { messages: 820, bytes: Bytes(140_000_000), millis: 62_000, pairs: 4 };
    let mut mailboxes = BTreeMap::new();
    for (id, plan) in project.plan.mailboxes.iter() {
        let MailVolume { messages, bytes } = plan.chosen();
        let input = ForecastInput { messages, bytes, measured: Some(measured), pairs: 4, caps: [None; 2] };
        mailboxes.extend(forecast(&input).map(|one| (*id, one)));
    }
    let each: Vec<_> = mailboxes.values().cloned().map(Some).collect();
    project.plan.forecasts = ForecastsView { all: forecast_all(&each, 4), mailboxes };
    project.plan.options.filter.since_secs = Some(1_577_836_800);
    project.plan.options.is_newest_first = true;
    project
}

/// Folders being counted, one mailbox in trouble.
pub fn counting() -> ProjectView {
    let mut project = signed_in();
    project.plan.counting = Some(PartDone { done: 3, total: 14 });
    let failed = error(
        "opa.karl@ could not be counted",
        "The connection was closed while folders were listed.",
        "",
        "Count again",
        Some(Command::BuildPlan),
    );
    project.plan.errors = BTreeMap::from([(MailboxId(4), failed)]);
    project
}
