//! Snapshots of a move in every state: the family of the specification's pictures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::{
    Area, AuditReport, Changer, CopyValue, Effort, Evidence, Finding, Group, Importance, Outcome, Picture,
    Reference, SpfTreeNode, Status,
};
use crate::engine::{
    AuditView, CertificateView, Command, CopyPhase, CopyView, DestinationView, DomainView, FolderProgress,
    KeyringStatus, LogLine, MailboxProgress, MailboxProgressState, MailboxView, PlanView, PracticeLogins,
    ProblemGroup, ProjectView, RecentProject, RecordsView, ServerCandidate, SignInState, SignInView,
    Snapshot, UserError, WayOut,
};
use crate::plan::{
    FolderChoice, FolderPath, FolderPlan, LedgerSum, LeftOutBecause, Mailbox, MailboxId, MailboxPlan,
    MessageState, SpecialUse,
};
use crate::providers::{Comparison, ComparisonRow, Fit, ProviderId, Source};
use crate::records::{Change, DiffLine, RecordGroup, RecordsPlan, Sender, SwitchStage};
use crate::values::{Bytes, DomainName, EmailAddress, Endpoint, Fingerprint, Security, UnixTime};

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
            consequence: "nothing is lost or doubled".to_owned(),
            command,
        }],
        details: format!("{title}: caused by: {cause}"),
    }
}

/// The start page with three projects.
pub fn start() -> Snapshot {
    let recent = |name: &str, state: &str, at: UnixTime| RecentProject {
        path: PathBuf::from(format!("/home/anna/Documents/{name}.mailferry")),
        domain: domain(name),
        state: state.to_owned(),
        at,
    };
    Snapshot {
        recent: vec![
            recent("weber-familie.example", "Copying, 61%, about 2 hours, 10 minutes remaining", ago(600)),
            recent("müller-söhne.example", "Audited, 3 fail, 9 warnings", ago(1_500_000)),
            recent("hafen-probe.example", "Practice, stopped at Records", ago(500_000)),
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
        practice_logins: None,
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
        destination: DestinationView { comparisons: Arc::new(comparisons()), chosen: None, server: None },
        mailboxes: Arc::default(),
        plan: PlanView::default(),
        copy: CopyView::default(),
        records: RecordsView::default(),
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

fn finding(
    id: &str,
    area: Area,
    status: Status,
    group: Group,
    importance: Importance,
    title: &str,
) -> Finding {
    let changer = match group {
        Group::SpeaksForMoving => Changer::YourHoster,
        Group::Passed | Group::NotApplicable => Changer::Nobody,
        _ => Changer::YouInTheZone,
    };
    Finding {
        id: id.to_owned(),
        area,
        status,
        group,
        importance,
        effort: (changer == Changer::YouInTheZone).then_some(Effort::Low),
        changer,
        title: title.to_owned(),
        words:
            "What it is, and what it does to your mail, in plain words that fill a line or two of the page."
                .to_owned(),
        remedy: None,
        copy: None,
        reference: Some(Reference {
            name: "RFC 9989, section 4".to_owned(),
            url: "https://www.rfc-editor.org/rfc/rfc9989".to_owned(),
        }),
        evidence: vec![Evidence {
            query: "_dmarc.weber-familie.example. IN TXT".to_owned(),
            server: "192.0.2.53".to_owned(),
            outcome: Outcome::Answer,
            data: vec!["\"v=DMARC1; p=none; pct=100\"".to_owned()],
            at: ago(5_000),
            duration_millis: 14,
        }],
        picture: None,
    }
}

fn spf_nodes() -> Vec<SpfTreeNode> {
    let rows = [
        (0, "mx", 1, 1, 1, "your server"),
        (0, "a:mail.weber-familie.example", 1, 1, 2, "same address again"),
        (0, "include:_spf.nordhafen.example", 1, 4, 3, "hosting provider"),
        (1, "include:_spf4.nordhafen.example", 1, 1, 4, ""),
        (1, "include:_spf6.nordhafen.example", 1, 1, 5, ""),
        (1, "a:relay.nordhafen.example", 1, 1, 6, ""),
        (0, "include:spf.rechnungsdienst.example", 1, 3, 7, "invoice service"),
        (1, "include:eu.rechnungsdienst.example", 1, 1, 8, ""),
        (1, "include:spf.cloudrelay.example", 1, 1, 9, ""),
        (0, "include:_spf.vereinsmailer.example", 1, 3, 10, "not seen in 30 days of reports"),
        (1, "mx", 1, 1, 11, ""),
        (1, "exists:%{i}._spf.vereinsmailer.example", 1, 1, 12, "no such name"),
    ];
    rows.into_iter()
        .map(|(depth, term, lookups, lookups_with_children, running_total, note)| SpfTreeNode {
            depth,
            term: term.to_owned(),
            lookups,
            lookups_with_children,
            running_total,
            is_void: running_total == 12,
            is_read: running_total <= 10,
            note: note.to_owned(),
        })
        .collect()
}

/// An audit with findings in every group.
pub fn report() -> AuditReport {
    use Area::{BlockLists, Dkim, Dmarc, IncomingMail, SendingAddress, Spf, Zone};
    let mut findings = vec![
        finding(
            "lists.outlook",
            BlockLists,
            Status::Fail,
            Group::SpeaksForMoving,
            Importance::VeryImportant,
            "Outlook.com and Hotmail refuse your address range",
        ),
        finding(
            "lists.dial-up",
            BlockLists,
            Status::Fail,
            Group::SpeaksForMoving,
            Importance::Important,
            "T-Online treats your address range as dial-up",
        ),
        finding(
            "spf.too-many-lookups",
            Spf,
            Status::Fail,
            Group::TravelsWithYou,
            Importance::VeryImportant,
            "SPF needs 12 DNS lookups, receivers stop at 10",
        ),
        finding(
            "dmarc.policy-none",
            Dmarc,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Important,
            "DMARC asks receivers to do nothing (p=none)",
        ),
        finding(
            "dkim.short-key",
            Dkim,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Important,
            "The signing key s2019 has only 1024 bits",
        ),
        finding(
            "dmarc.old-tags",
            Dmarc,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Minor,
            "DMARC tags pct and ri no longer count (RFC 9989)",
        ),
        finding(
            "mx.long-ttl",
            IncomingMail,
            Status::Warn,
            Group::MattersForTheSwitch,
            Importance::Important,
            "MX record is cached for a day (TTL 86400)",
        ),
        finding(
            "lists.not-answered",
            BlockLists,
            Status::Unknown,
            Group::CouldNotBeMeasured,
            Importance::Important,
            "Spamhaus does not answer this resolver",
        ),
        finding(
            "zone.serial",
            Zone,
            Status::Info,
            Group::GoodToKnow,
            Importance::Minor,
            "Two name servers answer with the same serial",
        ),
        finding(
            "ptr.confirmed",
            SendingAddress,
            Status::Pass,
            Group::Passed,
            Importance::Important,
            "The sending address has a confirmed name",
        ),
        finding(
            "mx.present",
            IncomingMail,
            Status::Pass,
            Group::Passed,
            Importance::VeryImportant,
            "MX record found",
        ),
        finding(
            "dkim.ed25519",
            Dkim,
            Status::NotApplicable,
            Group::NotApplicable,
            Importance::Minor,
            "No Ed25519 key is published",
        ),
    ];
    if let Some(spf) = findings.iter_mut().find(|finding| finding.area == Spf) {
        spf.words = "Receivers may ask DNS ten more questions while reading your SPF record. Yours needs twelve, so strict \
                     receivers stop and treat SPF as broken, for every message you send."
            .to_owned();
        spf.remedy = Some(
            "Publish this record. It costs 4 lookups and passes for all 3 addresses that send for you."
                .to_owned(),
        );
        spf.copy = Some(CopyValue {
            name: "SPF record".to_owned(),
            value: "v=spf1 ip4:203.0.113.47 include:spf.messagingengine.com include:spf.rechnungsdienst.example ~all".to_owned(),
        });
        spf.reference = Some(Reference {
            name: "RFC 7208, section 4.6.4".to_owned(),
            url: "https://www.rfc-editor.org/rfc/rfc7208".to_owned(),
        });
        spf.picture = Some(Picture::SpfTree(spf_nodes()));
    }
    AuditReport {
        domain: domain("weber-familie.example"),
        at: ago(5_000),
        resolver: "system (192.0.2.53)".to_owned(),
        summary: "Most of it is sound. Three checks fail; two of them are about your provider’s address range, not about you.".to_owned(),
        findings,
    }
}

/// The audit is done.
pub fn audited() -> ProjectView {
    let mut project = found();
    project.audit = AuditView::Done(Arc::new(report()));
    project
}

fn comparisons() -> Vec<Comparison> {
    use Fit::{Fits, Neutral, NotConfirmed, Tight};
    let source =
        |host: &str| Some(Source { url: format!("https://{host}/limits"), date: "2026-09-30".to_owned() });
    let row = |group: &str, label: &str, value: &str, fit: Fit, source: Option<Source>| ComparisonRow {
        group: group.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        fit,
        source,
    };
    let column = |id: &str, name: &str, host: &str, values: [(&str, Fit); 9]| {
        let [separate, sign_in, upload, days, largest, mx, dkim, before, checked] = values;
        let src = |fit: Fit| if fit == NotConfirmed { None } else { source(host) };
        Comparison {
            provider: ProviderId(id.to_owned()),
            name: name.to_owned(),
            tagline: format!("{name} in one sentence"),
            rows: vec![
                row("Does it fit?", "14 separate mailboxes", separate.0, separate.1, None),
                row("Does it fit?", "Sign-in for the copy", sign_in.0, sign_in.1, None),
                row("Copying 43.5 GB", "Upload per mailbox and day", upload.0, upload.1, src(upload.1)),
                row("Copying 43.5 GB", "Your largest mailbox, 11.3 GB", days.0, days.1, None),
                row("Copying 43.5 GB", "Largest message by IMAP", largest.0, largest.1, src(largest.1)),
                row("Records to publish", "Incoming mail (MX)", mx.0, mx.1, None),
                row("Records to publish", "Signature (DKIM)", dkim.0, dkim.1, None),
                row("Your work", "Before the copy", before.0, before.1, None),
                row("Your work", "Facts checked", checked.0, checked.1, None),
            ],
        }
    };
    vec![
        column(
            "fastmail",
            "Fastmail",
            "fastmail.example",
            [
                ("Yes", Fits),
                ("App password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Fits),
                ("Not confirmed", NotConfirmed),
                ("2 hosts, known", Neutral),
                ("3 CNAMEs, computed", Neutral),
                ("Create 14 app passwords", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "mailbox-org",
            "mailbox.org",
            "mailbox.example",
            [
                ("With the business plan", Fits),
                ("Password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Fits),
                ("Not confirmed", NotConfirmed),
                ("3 hosts, known", Neutral),
                ("4 CNAMEs, known", Neutral),
                ("Create 14 mailboxes", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "google-workspace",
            "Google Workspace",
            "google.example",
            [
                ("Yes", Fits),
                ("One key for all", Neutral),
                ("500 MB", Neutral),
                ("At least 23 days", Tight),
                ("35.6 MB, 3 are larger", Tight),
                ("1 host, known", Neutral),
                ("Pasted from its console", Neutral),
                ("Create a service key", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "microsoft-365",
            "Microsoft 365",
            "microsoft.example",
            [
                ("Yes", Fits),
                ("One consent for all", Neutral),
                ("Slows down on demand", Neutral),
                ("About 4 hours", Neutral),
                ("45 MB, 1 is larger", Tight),
                ("Issued per domain", Neutral),
                ("2 CNAMEs, pasted", Neutral),
                ("Consent as administrator", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "generic-imap",
            "Another IMAP server",
            "imap.example",
            [
                ("Yes", Neutral),
                ("Password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Neutral),
                ("Not confirmed", NotConfirmed),
                ("You say", Neutral),
                ("You say", Neutral),
                ("Create 14 mailboxes", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
    ]
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

const PEOPLE: [(&str, u64, u64); 14] = [
    ("anna", 38_412, 9_812_000_000),
    ("jonas", 21_067, 4_110_000_000),
    ("lena", 12_880, 2_590_000_000),
    ("opa.karl", 4_203, 612_000_000),
    ("info", 17_345, 3_910_000_000),
    ("rechnung", 9_874, 2_210_000_000),
    ("schule", 3_116, 840_000_000),
    ("verein", 15_520, 5_400_000_000),
    ("termine", 1_204, 96_000_000),
    ("archiv-2012", 44_981, 11_300_000_000),
    ("newsletter", 6_710, 480_000_000),
    ("scanner", 2_455, 1_900_000_000),
    ("postmaster", 1_892, 58_000_000),
    ("dmarc", 5_331, 210_000_000),
];

/// A mailbox that is signed in on both sides.
pub fn mailbox(id: i64, local: &str, domain: &str, messages: u64, bytes: u64) -> MailboxView {
    let text = format!("{local}@{domain}");
    let address = EmailAddress::parse(&text).unwrap_or_else(|_| unreachable!("a sample address"));
    let signed_in = |words: &str| SignInView {
        has_password: true,
        state: SignInState::SignedIn,
        error: None,
        server_words: words.to_owned(),
    };
    MailboxView {
        id: MailboxId(id),
        mailbox: Mailbox { source_user: text.clone(), destination_user: text, address, is_chosen: true },
        source: signed_in("Dovecot, TLS 1.3"),
        destination: signed_in("Fastmail, TLS 1.3"),
        counted: Some((messages, Bytes(bytes))),
    }
}

fn family() -> Vec<MailboxView> {
    (1..)
        .zip(PEOPLE)
        .map(|(id, (local, messages, bytes))| mailbox(id, local, "weber-familie.example", messages, bytes))
        .collect()
}

/// All mailboxes signed in.
pub fn signed_in() -> ProjectView {
    let mut project = chosen();
    project.mailboxes = Arc::new(family());
    project
}

/// A certificate that nobody vouches for.
pub fn certificate() -> CertificateView {
    CertificateView {
        server: endpoint("mail.weber-familie.example"),
        fingerprint: Fingerprint(std::array::from_fn(|index| u8::try_from(index * 7 % 256).unwrap_or(0))),
        names: vec!["mail.weber-familie.example".to_owned()],
        issuer: "mail.weber-familie.example (itself)".to_owned(),
        valid_from: ago(10_000_000),
        valid_until: UnixTime(NOW.0 + 100_000_000),
        problem: "The server vouches for itself; no authority that this computer knows does.".to_owned(),
    }
}

/// Mailboxes with every state of a sign-in.
pub fn every_sign_in_state() -> ProjectView {
    let mut project = chosen();
    let mut rows = family();
    let refused = error(
        "mail.weber-familie.example did not accept the password",
        "The user name exists, but the password is not the right one.",
        "A0003 NO [AUTHENTICATIONFAILED] Authentication failed.",
        "Sign in again",
        Some(Command::TestSignIn { mailboxes: vec![MailboxId(4)], request: crate::engine::RequestId(0) }),
    );
    let states = [
        (4, 0, SignInState::PasswordRefused, Some(refused.clone())),
        (4, 1, SignInState::NotTried, None),
        (8, 1, SignInState::SigningIn, None),
        (9, 0, SignInState::CertificateNotKnown(certificate()), None),
        (10, 0, SignInState::ServerNotReached, Some(refused.clone())),
        (11, 1, SignInState::NoSuchMailbox, Some(refused.clone())),
        (12, 1, SignInState::NeedsAppPassword, Some(refused.clone())),
        (13, 1, SignInState::NeedsPassword, None),
        (14, 1, SignInState::Failed, Some(refused)),
    ];
    for (id, side, state, error) in states {
        let Some(row) = rows.iter_mut().find(|row| row.id == MailboxId(id)) else { continue };
        let view = if side == 0 { &mut row.source } else { &mut row.destination };
        *view = SignInView {
            has_password: state != SignInState::NeedsPassword,
            state,
            error,
            server_words: String::new(),
        };
        row.counted = if side == 0 { None } else { row.counted };
    }
    project.mailboxes = Arc::new(rows);
    project
}

/// The given number of mailboxes, not tried.
pub fn many_mailboxes(count: i64) -> ProjectView {
    let mut project = chosen();
    let rows = (1..=count).map(|id| {
        let mut row = mailbox(id, &format!("user{id:04}"), "weber-familie.example", 1_000, 50_000_000);
        row.destination = SignInView { has_password: true, ..SignInView::default() };
        row
    });
    project.mailboxes = Arc::new(rows.collect());
    project
}

fn folder(
    path: &[&str],
    to: &[&str],
    special_use: Option<SpecialUse>,
    messages: u64,
    bytes: u64,
) -> FolderPlan {
    let path_of = |parts: &[&str]| FolderPath(parts.iter().map(|part| (*part).to_owned()).collect());
    FolderPlan {
        source_raw: path.join("."),
        source: path_of(path),
        destination: path_of(to),
        special_use,
        messages,
        bytes: Bytes(bytes),
        choice: FolderChoice::Copy,
        renamed_because: None,
    }
}

fn family_plan() -> MailboxPlan {
    let mut folders = vec![
        folder(&["INBOX"], &["Inbox"], Some(SpecialUse::Inbox), 4_912, 1_200_000_000),
        folder(&["Gesendete Objekte"], &["Sent"], Some(SpecialUse::Sent), 11_204, 3_100_000_000),
        folder(&["Entwürfe"], &["Drafts"], Some(SpecialUse::Drafts), 37, 4_000_000),
        folder(&["Archiv"], &["Archive"], Some(SpecialUse::Archive), 4_900, 1_500_000_000),
        folder(&["Archiv", "2019"], &["Archive", "2019"], None, 6_120, 1_700_000_000),
        folder(&["Archiv", "2020"], &["Archive", "2020"], None, 5_914, 1_400_000_000),
        folder(&["Archiv", "Rechnungen "], &["Archive", "Rechnungen"], None, 886, 310_000_000),
        folder(&["Projekte"], &["Projekte"], None, 12, 1_000_000),
        folder(&["Projekte", "Haus"], &["Projekte", "Haus"], None, 1_102, 240_000_000),
        folder(&["Papierkorb"], &["Trash"], Some(SpecialUse::Trash), 1_604, 220_000_000),
        folder(&["virtual", "Alle"], &["virtual", "Alle"], Some(SpecialUse::All), 38_000, 0),
    ];
    for folder in &mut folders {
        if folder.source.name() == "Rechnungen " {
            folder.renamed_because = Some("A blank at the end is not allowed at the destination.".to_owned());
        }
        match folder.special_use {
            Some(SpecialUse::Trash) => folder.choice = FolderChoice::LeaveOut(LeftOutBecause::YouChose),
            Some(SpecialUse::All) => folder.choice = FolderChoice::LeaveOut(LeftOutBecause::ItIsAView),
            _ => {}
        }
    }
    MailboxPlan { folders }
}

/// Folders counted and mapped.
pub fn planned() -> ProjectView {
    let mut project = signed_in();
    let plans: BTreeMap<MailboxId, MailboxPlan> =
        project.mailboxes.iter().map(|row| (row.id, family_plan())).collect();
    project.plan = PlanView {
        counting: None,
        mailboxes: Arc::new(plans),
        errors: BTreeMap::new(),
        counted_at: Some(ago(3_000)),
    };
    project
}

/// Folders being counted, one mailbox in trouble.
pub fn counting() -> ProjectView {
    let mut project = signed_in();
    project.plan.counting = Some((3, 14));
    let failed = error(
        "opa.karl@ could not be counted",
        "The connection was closed while folders were listed.",
        "",
        "Count again",
        Some(Command::BuildPlan(crate::engine::RequestId(0))),
    );
    project.plan.errors = BTreeMap::from([(MailboxId(4), failed)]);
    project
}

fn sum_of(total: u64, done: u64) -> LedgerSum {
    LedgerSum { source_count: total, copied: done, to_do: total - done, ..LedgerSum::default() }
}

fn progress_of(row: &MailboxView, percent: u64, state: MailboxProgressState) -> MailboxProgress {
    let (messages, bytes) = row.counted.unwrap_or_default();
    MailboxProgress {
        id: row.id,
        address: row.mailbox.address.to_string(),
        state,
        sum: sum_of(messages, messages * percent / 100),
        bytes_done: Bytes(bytes.0 / 100 * percent),
        bytes_total: bytes,
        folders: vec![
            FolderProgress { name: "Inbox".to_owned(), sum: sum_of(4_912, 4_912) },
            FolderProgress { name: "Archive / 2019".to_owned(), sum: sum_of(6_120, 1_204) },
        ],
    }
}

fn problems() -> Vec<ProblemGroup> {
    let group = |state, cause: &str, count, way_out: &str| ProblemGroup {
        state,
        cause: cause.to_owned(),
        count,
        way_out: way_out.to_owned(),
        samples: vec!["Archive / 2019: Rechnung März".to_owned(), "Sent: UID 4711".to_owned()],
    };
    vec![
        group(MessageState::Refused, "Header is not readable mail", 1, "saved in the report"),
        group(MessageState::Exported, "Larger than Fastmail accepts", 2, "saved as .eml beside the project"),
        group(MessageState::Vanished, "Deleted at the source during the copy", 6, ""),
        group(MessageState::Repaired, "Bad line ends, repaired and copied", 41, ""),
    ]
}

/// The copy runs, with one mailbox waiting and one paused.
pub fn copying() -> ProjectView {
    let mut project = planned();
    let rows = Arc::clone(&project.mailboxes);
    let state_of = |local: &str| match local {
        "anna" => (74, MailboxProgressState::Running(4)),
        "archiv-2012" => (38, MailboxProgressState::Running(4)),
        "info" => (52, MailboxProgressState::Running(3)),
        "verein" => (
            44,
            MailboxProgressState::WaitsUntil(
                UnixTime(NOW.0 + 1_980),
                "Fastmail asked for a pause".to_owned(),
            ),
        ),
        "newsletter" => (10, MailboxProgressState::Paused),
        "scanner" | "dmarc" => (0, MailboxProgressState::Queued),
        _ => (100, MailboxProgressState::Done),
    };
    let mailboxes = rows
        .iter()
        .map(|row| {
            let (percent, state) = state_of(row.mailbox.address.local());
            progress_of(row, percent, state)
        })
        .collect();
    let throughput = (0..180_i64)
        .map(|index| {
            let wave = u64::try_from((index * 7919) % 400).unwrap_or(0) * 1_000;
            let speed = if (72..76).contains(&index) { 0 } else { 2_300_000 + wave };
            (UnixTime(NOW.0 - 11_000 + index * 61), speed)
        })
        .collect();
    project.copy = CopyView {
        phase: CopyPhase::Running,
        sum: LedgerSum {
            source_count: 184_990,
            copied: 110_690,
            already_there: 2_480,
            repaired: 41,
            exported: 2,
            refused: 1,
            vanished: 6,
            left_out: 2_960,
            to_do: 68_810,
        },
        bytes_done: Bytes(26_500_000_000),
        bytes_total: Bytes(43_500_000_000),
        bytes_per_second: 2_200_000,
        seconds_left: Some(7_830),
        connections: (11, 11),
        mailboxes,
        throughput: Arc::new(throughput),
        problems: problems(),
        started_at: Some(ago(11_000)),
        finished_at: None,
        proof: None,
    };
    project
}

/// The snapshot of a running copy.
pub fn copying_snapshot() -> Snapshot {
    Snapshot { activity: "Copying 3 mailboxes, 1 waits, 1 paused".to_owned(), ..with(copying()) }
}

/// The copy is paused.
pub fn paused() -> ProjectView {
    let mut project = copying();
    project.copy.phase = CopyPhase::Paused;
    project
}

/// The copy goes on for some; others need the user.
pub fn stopped_mailboxes() -> ProjectView {
    let mut project = copying();
    let full = error(
        "anna@ is full at Fastmail",
        "27,888 of 44,981 messages are there; for the other 4.3 GB there is no room.",
        "A2207 NO [OVERQUOTA] Account is over quota",
        "Continue anna@",
        Some(Command::StartCopy),
    );
    if let Some(first) = project.copy.mailboxes.first_mut() {
        first.state = MailboxProgressState::Stopped(full);
    }
    project.copy.seconds_left = None;
    project
}

/// The copy is finished, with a few problems.
pub fn finished() -> ProjectView {
    let mut project = copying();
    let rows = Arc::clone(&project.mailboxes);
    project.copy.phase = CopyPhase::Finished;
    project.copy.mailboxes =
        rows.iter().map(|row| progress_of(row, 100, MailboxProgressState::Done)).collect();
    project.copy.sum.copied += project.copy.sum.to_do;
    project.copy.sum.to_do = 0;
    project.copy.bytes_done = project.copy.bytes_total;
    project.copy.finished_at = Some(NOW);
    project.copy.proof = Some(
        "Counts, sizes, dates and flags of 182,030 messages were compared at Fastmail; all agree.".to_owned(),
    );
    project
}

fn line(change: Change, stage: SwitchStage, record: (&str, u32, &str, &str), reason: &str) -> DiffLine {
    let (name, ttl_secs, record_type, value) = record;
    DiffLine {
        change,
        stage,
        name: name.to_owned(),
        ttl_secs,
        record_type: record_type.to_owned(),
        value: value.to_owned(),
        reason: reason.to_owned(),
    }
}

fn records_plan() -> RecordsPlan {
    use Change::{Add, Keep, Remove};
    use SwitchStage::{AtTheSwitch, Now};
    let group = |heading: &str, purpose: &str, lines: Vec<DiffLine>| RecordGroup {
        heading: heading.to_owned(),
        purpose: purpose.to_owned(),
        lines,
    };
    RecordsPlan {
        domain: domain("weber-familie.example"),
        provider: ProviderId("fastmail".to_owned()),
        groups: vec![
            group(
                "SPF",
                "allow Fastmail beside your server; 12 lookups become 4",
                vec![
                    line(
                        Remove,
                        Now,
                        (
                            "@",
                            86_400,
                            "TXT",
                            "v=spf1 mx a:mail.weber-familie.example include:_spf.nordhafen.example include:spf.rechnungsdienst.example ~all",
                        ),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        (
                            "@",
                            3_600,
                            "TXT",
                            "v=spf1 ip4:203.0.113.47 include:spf.messagingengine.com include:spf.rechnungsdienst.example ~all",
                        ),
                        "Fastmail may send as well; your server still may.",
                    ),
                ],
            ),
            group(
                "DKIM",
                "Fastmail’s signing keys; yours stays",
                vec![
                    line(
                        Add,
                        Now,
                        ("fm1._domainkey", 3_600, "CNAME", "fm1.weber-familie.example.dkim.fmhosted.com."),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        ("fm2._domainkey", 3_600, "CNAME", "fm2.weber-familie.example.dkim.fmhosted.com."),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        ("fm3._domainkey", 3_600, "CNAME", "fm3.weber-familie.example.dkim.fmhosted.com."),
                        "Fastmail signs with these.",
                    ),
                    line(
                        Keep,
                        Now,
                        ("s2024._domainkey", 3_600, "TXT", "v=DKIM1; k=rsa; p=MIIBIjANBgkq"),
                        "Your server still signs with it.",
                    ),
                ],
            ),
            group(
                "MX",
                "only the waiting time; mail still goes to your server",
                vec![
                    line(Remove, Now, ("@", 86_400, "MX", "10 mail.weber-familie.example."), ""),
                    line(
                        Add,
                        Now,
                        ("@", 300, "MX", "10 mail.weber-familie.example."),
                        "So that the switch is seen within five minutes.",
                    ),
                    line(Remove, AtTheSwitch, ("@", 300, "MX", "10 mail.weber-familie.example."), ""),
                    line(
                        Add,
                        AtTheSwitch,
                        ("@", 300, "MX", "10 in1-smtp.messagingengine.com."),
                        "New mail arrives at Fastmail.",
                    ),
                ],
            ),
        ],
        senders: vec![
            Sender {
                term: "include:spf.rechnungsdienst.example".to_owned(),
                who: "invoice service".to_owned(),
                is_kept: true,
            },
            Sender {
                term: "include:_spf.vereinsmailer.example".to_owned(),
                who: String::new(),
                is_kept: false,
            },
        ],
        notes: vec![
            "Fastmail shows the three DKIM names in its settings; compare them before you publish."
                .to_owned(),
        ],
    }
}

/// The records are prepared.
pub fn with_records() -> ProjectView {
    let mut project = finished();
    project.records = RecordsView {
        is_preparing: false,
        plan: Some(Arc::new(records_plan())),
        zone_text: "; publish now, stage 1 of 3\n$ORIGIN weber-familie.example.\n@       300 IN MX  10 mail\n@      3600 IN TXT ( \"v=spf1 ip4:203.0.113.47 \"\n    \"include:spf.messagingengine.com ~all\" )\n".to_owned(),
        answers: vec![("verification".to_owned(), "The verification text that Fastmail shows".to_owned(), String::new())],
        error: None,
        saved_to: None,
    };
    project
}

/// Everything is done.
pub fn done() -> ProjectView {
    let mut project = with_records();
    project.records.saved_to = Some(PathBuf::from("/home/anna/Documents/weber-familie.example.zone"));
    project
}

/// A practice project in the middle of its copy.
pub fn practice() -> ProjectView {
    let mut project = copying();
    project.is_practice = true;
    project.practice_logins = Some(PracticeLogins {
        words: "Every password of the practice servers is “practice”.".to_owned(),
    });
    project.domain.name = domain("hafen-probe.example");
    project.copy.mailboxes.truncate(3);
    project
}

/// A project whose names are long and not ASCII.
pub fn foreign_names() -> ProjectView {
    let name = format!("{}.weber-köln.example", "sehr-langer-abteilungsname".repeat(2));
    let mut project = empty_project(&name);
    project.domain.source_server = Some(endpoint("mail.weber-familie.example"));
    choose(&mut project);
    project.mailboxes = Arc::new(vec![mailbox(1, "geschäftsführung-und-verwaltung", &name, 12, 4_000)]);
    project
}
