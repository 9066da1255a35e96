//! Sample mailboxes for tests of pages: each state of a sign-in, certificates and their errors.

use super::{NOW, ago, chosen, endpoint, error};
use crate::accounts::{AliasPlan, Directory};
use crate::engine::{
    AccountsPreview, ApprovedCertificate, CertificateView, Command, CountedFolder, DomainEntries,
    MailboxView, PasswordPlace, ProjectView, SignInState, SignInView, UserError,
};
use crate::plan::{
    FolderChoice, FolderPath, FolderPlan, LeftOutBecause, MailVolume, Mailbox, MailboxPlan, RenameReason,
    SpecialUse,
};
use crate::values::{Bytes, DomainName, EmailAddress, Fingerprint, MailboxId, UnixTime};
use std::sync::Arc;

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
        password: PasswordPlace::Keyring,
        state: SignInState::SignedIn,
        error: None,
        server_words: words.to_owned(),
        token_until: None,
    };
    MailboxView {
        id: MailboxId(id),
        mailbox: Mailbox {
            source_user: text.clone(),
            destination_user: text,
            address,
            ways: crate::plan::SignInWays::default(),
            is_chosen: true,
        },
        source: signed_in("Dovecot, TLS 1.3"),
        destination: signed_in("Fastmail, TLS 1.3"),
        counted: Some(MailVolume { messages, bytes: Bytes(bytes) }),
        folders: Arc::new(folders_of(messages, bytes)),
    }
}

/// Where the mail of a mailbox lies.
fn folders_of(messages: u64, bytes: u64) -> Vec<CountedFolder> {
    let folder = |name: &str, special_use, hundredths: u64| CountedFolder {
        path: FolderPath(vec![name.to_owned()]),
        special_use,
        messages: messages * hundredths / 100,
        bytes: Bytes(bytes / 100 * hundredths),
    };
    vec![
        folder("Archiv", Some(SpecialUse::Archive), 48),
        folder("INBOX", Some(SpecialUse::Inbox), 13),
        folder("Sent", Some(SpecialUse::Sent), 29),
        folder("Projekte", None, 4),
        folder("Trash", Some(SpecialUse::Trash), 4),
        folder("Spam", Some(SpecialUse::Junk), 2),
    ]
}

/// Aliases of the family, with every kind of trouble.
const ALIASES: &str = "info: anna\noffice: info\nfamily: anna, jonas, lena\nlena: lena, lena@else.example\n\
     away: karl@else.example\nold: older\nolder: old\nlost: gone\nticket: |/opt/ticket/in\n";

/// What the old server has, read by the readers themselves.
fn accounts_of(domain: &DomainName) -> Directory {
    let read = |name: &str, text: &str| {
        crate::accounts::read(name, text.as_bytes(), domain, None).unwrap_or_default()
    };
    let users: Vec<String> =
        PEOPLE.iter().map(|(local, ..)| format!("{local}@{}\n", domain.as_ascii())).collect();
    let mut all = read("users.txt", &users.concat());
    all.absorb(read("aliases", ALIASES));
    all
}

/// Files of the old server were read and added.
pub fn with_aliases() -> ProjectView {
    let mut project = super::signed_in();
    let directory = accounts_of(&project.domain.name);
    project.accounts.plan = Arc::new(AliasPlan::of(&directory, &[]));
    project.accounts.directory = Arc::new(directory);
    project.accounts.undo = Some(14);
    project
}

/// Files of the old server were read and are not added yet; some of it is about another domain.
pub fn accounts_to_add() -> ProjectView {
    let mut project = super::signed_in();
    let own = project.domain.name.clone();
    let mut directory = accounts_of(&own);
    let other = crate::accounts::read("more.txt", b"shop@else.example\nmail@else.example\n", &own, None);
    directory.absorb(other.unwrap_or_default());
    let domains = directory.domains().into_iter();
    let domains =
        domains.map(|(domain, entries)| DomainEntries { is_own: domain == own, domain, entries }).collect();
    project.accounts.preview = Some(Arc::new(AccountsPreview { domains, known: 3, directory }));
    project
}

/// Fourteen mailboxes.
pub fn family() -> Vec<MailboxView> {
    (1..)
        .zip(PEOPLE)
        .map(|(id, (local, messages, bytes))| mailbox(id, local, "weber-familie.example", messages, bytes))
        .collect()
}

/// A certificate no known authority has signed.
pub fn certificate() -> CertificateView {
    CertificateView {
        server: endpoint("mail.weber-familie.example"),
        fingerprint: Fingerprint(std::array::from_fn(|index| u8::try_from(index * 7 % 256).unwrap_or(0))),
        names: vec!["mail.weber-familie.example".to_owned()],
        issuer: "mail.weber-familie.example (itself)".to_owned(),
        valid_from: ago(10_000_000),
        valid_until: UnixTime(NOW.0 + 100_000_000),
        problem: "The server made this certificate itself, so nobody else confirms who it is.".to_owned(),
        approved: None,
    }
}

/// The same server with another certificate than the approved one.
pub fn changed_certificate() -> CertificateView {
    CertificateView {
        approved: Some(ApprovedCertificate {
            fingerprint: Fingerprint([0x4f; 32]),
            at: Some(ago(200_000)),
            issuer: Some("mail.weber-familie.example (itself)".to_owned()),
            valid_until: Some(UnixTime(NOW.0 + 50_000_000)),
        }),
        ..certificate()
    }
}

/// The explanation of a certificate error.
pub fn certificate_error(certificate: &CertificateView) -> UserError {
    let mut error = match &certificate.approved {
        None => error(
            "The certificate of mail.weber-familie.example is not trusted",
            &certificate.problem,
            "",
            "Use the name the certificate was issued for",
            None,
        ),
        Some(_) => error(
            "mail.weber-familie.example shows a different certificate",
            "It is not the one you approved on 2026-11-12. Either it was renewed, or somebody is intercepting the connection.",
            "",
            "Compare the new fingerprint with the one on the server itself",
            None,
        ),
    };
    error.certificate = Some(Box::new(certificate.clone()));
    error
}

/// Many mailboxes at one server, which shows this certificate to all of them.
pub fn asked_about(certificate: &CertificateView, count: i64) -> ProjectView {
    let mut project = many_mailboxes(count);
    for row in Arc::make_mut(&mut project.mailboxes) {
        row.source = SignInView {
            password: PasswordPlace::Keyring,
            state: SignInState::CertificateNotKnown(Box::new(certificate.clone())),
            error: Some(certificate_error(certificate)),
            ..SignInView::default()
        };
    }
    project
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
        Some(Command::TestSignIn { mailboxes: vec![MailboxId(4)] }),
    );
    let states = [
        (4, 0, SignInState::PasswordRefused, Some(refused.clone())),
        (4, 1, SignInState::NotTried, None),
        (8, 1, SignInState::SigningIn, None),
        (
            9,
            0,
            SignInState::CertificateNotKnown(Box::new(certificate())),
            Some(certificate_error(&certificate())),
        ),
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
            password: if state == SignInState::NeedsPassword {
                PasswordPlace::Missing
            } else {
                PasswordPlace::Keyring
            },
            state,
            error,
            ..SignInView::default()
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
        row.destination = SignInView { password: PasswordPlace::Keyring, ..SignInView::default() };
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
        renamed: Vec::new(),
        is_unsubscribed: false,
    }
}

/// Where the folders of anna@ go.
pub fn family_plan() -> MailboxPlan {
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
        folder(&["Projekte", "haus"], &["Projekte", "haus 2"], None, 365, 48_000_000),
        folder(&["Spam"], &["Spam"], Some(SpecialUse::Junk), 1_356, 88_000_000),
        folder(&["virtual", "Alle"], &["virtual", "Alle"], Some(SpecialUse::All), 0, 0),
    ];
    for folder in &mut folders {
        if folder.source.name() == "Rechnungen " {
            folder.renamed = vec![RenameReason::Blanks];
        }
        if folder.source.name() == "haus" {
            let haus = || FolderPath(vec!["Projekte".to_owned(), "Haus".to_owned()]);
            folder.renamed = vec![RenameReason::Collision { with: haus(), place: haus() }];
        }
        match folder.special_use {
            Some(SpecialUse::Trash | SpecialUse::Junk) => {
                folder.choice = FolderChoice::LeaveOut(LeftOutBecause::YouChose);
            }
            Some(SpecialUse::All) => folder.choice = FolderChoice::LeaveOut(LeftOutBecause::ItIsAView),
            _ => {}
        }
    }
    MailboxPlan { folders, ..MailboxPlan::default() }
}

/// Where the folders of the others go: few, and as many messages as were counted.
pub fn plan_of(row: &MailboxView) -> MailboxPlan {
    let MailVolume { messages, bytes } = row.counted.unwrap_or_default();
    let part = |whole: u64, percent: u64| whole / 100 * percent;
    let (sent, archive) = (part(messages, 30), part(messages, 25));
    let (sent_bytes, archive_bytes) = (part(bytes.0, 35), part(bytes.0, 40));
    let rest = (messages - sent - archive, bytes.0 - sent_bytes - archive_bytes);
    MailboxPlan {
        folders: vec![
            folder(&["INBOX"], &["Inbox"], Some(SpecialUse::Inbox), rest.0, rest.1),
            folder(&["Gesendete Objekte"], &["Sent"], Some(SpecialUse::Sent), sent, sent_bytes),
            folder(&["Archiv"], &["Archive"], Some(SpecialUse::Archive), archive, archive_bytes),
        ],
        ..MailboxPlan::default()
    }
}
