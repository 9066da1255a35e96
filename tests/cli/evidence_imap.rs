//! Evidence straight from mailboxes: a real Dovecot through the program's flags, and servers that mean harm through the
//! library.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use mailferry::audit::Facts;
use mailferry::audit::evidence::{EvidenceFacts, SourceKind};
use mailferry::rehearsal::{EvidenceStory, Practice, PracticeOptions, practice_evidence};
use mailferry::survey::{
    EvidenceError, EvidenceMailbox, EvidenceSubject, MailboxBounds, MailboxProgress, read_mailboxes,
};
use mailferry::values::{DomainName, Security, UnixTime};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::fakes::scripted_imap::{Does, Scripted};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings, access};
use tokio_util::sync::CancellationToken;

use crate::program::{run, words};

pub(crate) const DOMAIN: &str = "weber-familie.example";
/// INTERNALDATE of mail that counts, and of mail that is too old.
pub(crate) const NEW: i64 = -2;
pub(crate) const OLD: i64 = -200;

fn date(days: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%d-%b-%Y %H:%M:%S +0000").to_string()
}

pub(crate) fn mail(folder: &str, days: i64, text: &str) -> Mail {
    let bytes = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
    Mail { folder: folder.to_owned(), flags: Vec::new(), date: date(days), bytes }
}

/// A file of the practice domain.
fn practice_file(name: &str) -> String {
    let files = practice_evidence(EvidenceStory::Neighbour, UnixTime::now());
    let file = files.into_iter().find(|file| file.name == name).unwrap();
    String::from_utf8(file.bytes).unwrap()
}

/// What Postfix returns to the sender.
pub(crate) fn bounce(id: u32) -> String {
    format!("Message-ID: <bounce-{id}@mail.{DOMAIN}>\n{}", practice_file("returned-mail.eml"))
}

/// A report as its receiver sends it: packed, as an attachment.
fn report(id: &str, subject: &str, kind: &str, packed: &[u8]) -> String {
    format!(
        "From: noreply@reports.example\nTo: reports@{DOMAIN}\nSubject: {subject}\nMessage-ID: <{id}@reports.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nA report.\n\
         --b\nContent-Type: {kind}\nContent-Disposition: attachment; filename=\"{id}\"\nContent-Transfer-Encoding: base64\n\n{}\n--b--\n",
        data_encoding::BASE64_MIME.encode(packed)
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zipped(text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("report.xml", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn complaint() -> String {
    format!(
        "From: fbl@provider.example\nTo: abuse@{DOMAIN}\nSubject: A complaint\nMessage-ID: <c1@provider.example>\n\
         Date: Thu, 12 Nov 2026 17:40:36 +0000\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nA complaint\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\
         Source-IP: 198.51.100.77\n\n--b--\n"
    )
}

/// A letter of the domain that came back over somebody's mailing list.
fn over_a_list() -> String {
    format!(
        "Received: from lists.example (lists.example [192.0.2.9]) by mail.{DOMAIN} with ESMTPS; Thu, 12 Nov 2026 17:40:36 +0000\n\
         Authentication-Results: mail.{DOMAIN}; dkim=fail header.d={DOMAIN}\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d={DOMAIN}; s=garden2026; h=From:Subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n\
         From: Anna Weber <anna@{DOMAIN}>\nTo: garden@lists.example\nSubject: [garden] Tulips for Rosamunde\n\
         Message-ID: <tulips@{DOMAIN}>\nDate: Thu, 12 Nov 2026 17:40:36 +0000\n\nTulips.\n"
    )
}

fn private_letter() -> String {
    format!(
        "Authentication-Results: mail.{DOMAIN}; dkim=pass header.d=bank.example\nFrom: Bank <info@bank.example>\n\
         To: anna@{DOMAIN}\nSubject: Your balance\nMessage-ID: <balance@bank.example>\n\nSecret balance.\n"
    )
}

/// Fills the mailboxes of anna and of the postmaster.
fn fill(server: &Dovecot) {
    PlainImap::open(server.clear_port, "anna").store(&of_anna());
    PlainImap::open(server.clear_port, "postmaster").store(&of_postmaster());
}

pub(crate) fn of_anna() -> Vec<Mail> {
    vec![
        mail("INBOX", NEW, &bounce(1)),
        mail("INBOX", NEW, &private_letter()),
        mail("INBOX", NEW, &over_a_list()),
        mail("Trash", NEW, &bounce(2)),
        mail("INBOX", OLD, &bounce(3)),
        mail("Sent", NEW, &over_a_list().replace("tulips@", "sent@")),
    ]
}

pub(crate) fn of_postmaster() -> Vec<Mail> {
    let dmarc = practice_file("dmarc-report.xml");
    let tls = practice_file("tls-report.json");
    let subject = format!("Report Domain: {DOMAIN} Submitter: google.com Report-ID: <17>");
    vec![
        mail("Reports/DMARC", NEW, &report("gz", &subject, "application/gzip", &gzip(&dmarc))),
        mail("Reports/DMARC", NEW, &report("zip", &subject, "application/zip", &zipped(&dmarc))),
        // The same one, filed twice.
        mail("INBOX", NEW, &report("zip", &subject, "application/zip", &zipped(&dmarc))),
        mail("INBOX", NEW, &report("broken", &subject, "application/gzip", &gzip(&dmarc)[..60])),
        mail(
            "INBOX",
            NEW,
            &report("tls", "A report", "application/tlsrpt+gzip", &gzip(&tls))
                .replace("MIME-Version", &format!("TLS-Report-Domain: {DOMAIN}\nMIME-Version")),
        ),
        mail("INBOX", NEW, &complaint()),
    ]
}

fn flags(server: &Dovecot, user: &str) -> Vec<Vec<String>> {
    let mut client = PlainImap::open(server.clear_port, user);
    let folders = client.folders();
    folders.iter().flat_map(|folder| client.messages(folder)).map(|held| held.flags).collect()
}

pub(crate) fn kinds<'a>(facts: &'a EvidenceFacts, mailbox: &str) -> Vec<(SourceKind, u64, &'a str)> {
    let sources = facts.sources.iter().filter(|source| source.name == mailbox);
    sources.map(|source| (source.kind, source.mails.unwrap(), source.problem.as_str())).collect()
}

fn saved(path: &Path) -> EvidenceFacts {
    let text = std::fs::read_to_string(path).unwrap();
    for secret in ["Rosamunde", "balance", "kunde", PASSWORD] {
        assert!(!text.contains(secret), "the facts hold “{secret}”");
    }
    Facts::from_json(&text).unwrap().evidence.unwrap()
}

/// A server with mail of every kind, the practice DNS, and an empty home with a list and a log.
struct Scene {
    server: Dovecot,
    home: tempfile::TempDir,
    resolver: String,
    stop: CancellationToken,
    _runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn start() -> Option<Self> {
        let server = Dovecot::start(&["anna", "postmaster", "jonas"], &Settings::default())?;
        fill(&server);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (practice, servers) = runtime.block_on(Practice::start(&PracticeOptions::default())).unwrap();
        let stop = CancellationToken::new();
        drop(runtime.spawn(servers.serve(stop.clone())));
        let home = tempfile::tempdir().unwrap();
        let password = format!("\"{}\"", PASSWORD.replace('"', "\"\""));
        let list = format!(
            "address,source_user,source_password\nanna@{DOMAIN},anna,{password}\npostmaster@{DOMAIN},postmaster,{password}\n\
             jonas@{DOMAIN},jonas,wrong\nlena@{DOMAIN},lena,\n"
        );
        std::fs::write(home.path().join("accounts.csv"), list).unwrap();
        std::fs::write(home.path().join("password"), PASSWORD).unwrap();
        std::fs::write(home.path().join("mail.log"), practice_file("mail.log")).unwrap();
        let resolver = practice.resolver.to_string();
        Some(Self { server, home, resolver, stop, _runtime: runtime })
    }

    fn at(&self) -> String {
        format!("imap://127.0.0.1:{}", self.server.clear_port)
    }

    fn facts(&self) -> PathBuf {
        self.home.path().join("facts.json")
    }

    fn audit(&self, extra: &[&str]) -> Output {
        let saved = self.facts().display().to_string();
        let first = [
            "audit",
            DOMAIN,
            "--resolver",
            &self.resolver,
            "--no-probe",
            "--no-registries",
            "--save-facts",
            &saved,
        ];
        run(self.home.path(), &[&first[..], extra].concat())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn assert_sources(found: &EvidenceFacts) {
    assert_eq!(
        kinds(found, &format!("anna@{DOMAIN}")),
        [(SourceKind::Bounce, 2, ""), (SourceKind::Message, 1, "")],
        "neither what is old, nor what was sent, nor letters of others"
    );
    let of_postmaster = kinds(found, &format!("postmaster@{DOMAIN}"));
    let counts: Vec<(SourceKind, u64)> =
        of_postmaster.iter().map(|(kind, mails, _)| (*kind, *mails)).collect();
    assert_eq!(
        counts,
        [
            (SourceKind::DmarcReport, 2),
            (SourceKind::TlsReport, 1),
            (SourceKind::Feedback, 1),
            (SourceKind::Unknown, 1),
        ]
    );
    assert!(of_postmaster[3].2.starts_with("1 of 1 messages: "), "{of_postmaster:?}");
}

fn assert_troubles(found: &EvidenceFacts) {
    let trouble = |name: &str| kinds(found, &format!("{name}@{DOMAIN}"));
    assert!(
        matches!(trouble("jonas")[..], [(SourceKind::Mailbox, 0, words)] if words.contains("refused the user name or password")),
        "{:?}",
        trouble("jonas")
    );
    assert_eq!(trouble("lena"), [(SourceKind::Mailbox, 0, "no password for it is known")]);
}

pub(crate) fn assert_contents(found: &EvidenceFacts) {
    let (dmarc, tls) = (found.dmarc.as_ref().unwrap(), found.tls.as_ref().unwrap());
    // It came twice, packed in two ways.
    assert_eq!((dmarc.reports, tls.reports, tls.successes), (1, 1, 44));
    assert_eq!(found.feedback.kinds["abuse"], 1);
    let microsoft = found.receivers.iter().find(|receiver| receiver.id == "microsoft-consumer").unwrap();
    assert_eq!(microsoft.days.values().map(|day| day.bounced).sum::<u64>(), 2);
    let [message] = &found.came_home[..] else { panic!("{:?}", found.came_home) };
    assert!(message.name.starts_with(&format!("anna@{DOMAIN}, INBOX, message ")), "{}", message.name);
    assert!(found.messages.is_empty(), "{:?}", found.messages);
}

#[test]
fn mailboxes_of_a_real_server_are_evidence_and_stay_as_they_are() {
    let Some(scene) = Scene::start() else { return };
    let before = [flags(&scene.server, "anna"), flags(&scene.server, "postmaster")];
    let output = scene.audit(&["--evidence-imap", &scene.at(), "--evidence-accounts", "accounts.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    let found = saved(&scene.facts());
    assert_sources(&found);
    assert_troubles(&found);
    assert_contents(&found);
    let asked = std::fs::read_to_string(scene.facts()).unwrap();
    assert!(asked.contains(&format!("garden2026._domainkey.{DOMAIN}")), "its selector is asked for");
    let said = words(&output.stdout);
    assert!(said.contains("No signature of yours verifies on 1 message in your mailboxes"), "{said}");
    assert!(!said.contains("FAIL     A signature (DKIM)"), "{said}");
    assert!(!said.contains("192.0.2.9"), "the host of the mailing list is taken for a sender:\n{said}");
    let after = [flags(&scene.server, "anna"), flags(&scene.server, "postmaster")];
    assert_eq!(before, after, "not even a flag has changed");
}

#[test]
fn a_mailbox_and_a_log_stand_in_the_sum_each_with_its_name() {
    let Some(scene) = Scene::start() else { return };
    let one = format!("imap://anna@127.0.0.1:{}", scene.server.clear_port);
    let output = scene.audit(&[
        "--evidence-imap",
        &one,
        "--evidence-password-file",
        "password",
        "--evidence",
        "mail.log",
        "--markdown",
        "report.md",
        "--html",
        "report.html",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    let both = saved(&scene.facts());
    assert!(both.has_log());
    assert_eq!(kinds(&both, "anna").len(), 2);
    let report = std::fs::read_to_string(scene.home.path().join("report.md")).unwrap();
    assert!(report.contains("Read: mail.log and mailbox anna."), "{report}");
    let page = std::fs::read_to_string(scene.home.path().join("report.html")).unwrap();
    for line in ["mailbox anna: 2 bounces", "mail.log: "] {
        assert!(page.contains(line), "“{line}” is missing:\n{page}");
    }
}

#[test]
fn wrong_usage_asks_nobody() {
    let Some(scene) = Scene::start() else { return };
    let at = scene.at();
    for (extra, part) in [
        (&["--evidence-imap", at.as_str()][..], "needs a user"),
        (
            &["--evidence-imap", "imaps://anna:secret@127.0.0.1", "--evidence-password-file", "password"],
            "contains a password",
        ),
        (&["--evidence-accounts", "accounts.csv"], "--evidence-imap"),
        (
            &["--evidence-imap", &at, "--evidence-accounts", "accounts.csv", "--facts", "facts.json"],
            "--facts",
        ),
    ] {
        let output = scene.audit(extra);
        let said = words(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part) && !said.contains("secret@"), "{part}: {said}");
    }
}

pub(crate) fn read(
    mailboxes: &[EvidenceMailbox],
    bounds: &MailboxBounds,
    cancel: &CancellationToken,
) -> Result<(EvidenceFacts, Vec<MailboxProgress>), EvidenceError> {
    let domain = DomainName::parse(DOMAIN).unwrap();
    let mut heard = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut tell = |progress: MailboxProgress| heard.push(progress);
    let subject = EvidenceSubject { domain: &domain, now: UnixTime::now(), beside: None };
    let reading = read_mailboxes(&subject, mailboxes, bounds, &mut tell, cancel);
    let facts = runtime.block_on(reading)?;
    Ok((facts, heard))
}

pub(crate) fn named(name: &str, access: mailferry::imap::Access) -> EvidenceMailbox {
    EvidenceMailbox { address: name.to_owned(), access: Some(access) }
}

#[test]
fn a_reading_stays_within_its_bounds_and_names_what_it_left() {
    let Some(server) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let mut anna = PlainImap::open(server.clear_port, "anna");
    let mut mails: Vec<Mail> = (0..30).map(|id| mail("INBOX", NEW, &bounce(id))).collect();
    mails.push(mail("INBOX", NEW, &format!("{}{}", bounce(99), "x\n".repeat(700_000))));
    anna.store(&mails);
    let mailbox = [named("anna", access(server.clear_port, Security::Clear, "anna"))];
    let bounds = MailboxBounds { notices: 11, message_bytes: 1 << 20, ..MailboxBounds::default() };
    let (facts, heard) = read(&mailbox, &bounds, &CancellationToken::new()).unwrap();
    let told = kinds(&facts, "anna");
    // The largest is among the newest.
    assert_eq!(told[1], (SourceKind::Bounce, 10, ""));
    assert_eq!(told[0].0, SourceKind::Mailbox);
    for part in ["more bounces and complaints than are read", "1 larger than 1 MB"] {
        assert!(told[0].2.contains(part), "{told:?}");
    }
    assert_eq!((heard.last().unwrap().done, heard.last().unwrap().total), (1, 1));
    assert!(heard.iter().any(|progress| progress.what == "anna, INBOX"), "{heard:?}");
    let bytes = MailboxBounds { bytes: 4_000, ..MailboxBounds::default() };
    let (facts, _) = read(&mailbox, &bytes, &CancellationToken::new()).unwrap();
    let told = kinds(&facts, "anna");
    assert!(told[0].2.contains("only the first"), "{told:?}");
    // Cancelled on the way, nothing remains.
    let cancel = CancellationToken::new();
    cancel.cancel();
    let outcome = read(&mailbox, &MailboxBounds::default(), &cancel);
    assert!(matches!(outcome, Err(EvidenceError::Cancelled)));
}

/// A server that opens its inbox and answers a search and a FETCH as told.
fn scripted(search: &'static str, fetch: impl Fn(&str) -> Does + Send + Sync + 'static) -> Scripted {
    Scripted::start("IMAP4rev1", move |command| {
        let says = |text: &str| Does::Says(text.to_owned());
        match command {
            list if list.starts_with("LIST") => says("* LIST () \"/\" INBOX\r\n{tag} OK\r\n"),
            open if open.starts_with("EXAMINE") => {
                says("* 2 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n{tag} OK [READ-ONLY] x\r\n")
            }
            find if find.starts_with("UID SEARCH") => says(search),
            other if other.contains("FETCH") => fetch(other),
            _ => Does::Nothing,
        }
    })
}

#[test]
fn hostile_servers_end_as_trouble_of_their_own_mailbox() {
    let facts = "* 1 FETCH (UID 7 FLAGS () INTERNALDATE \"12-Nov-2026 06:25:04 +0000\" RFC822.SIZE 900 BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)\r\n{tag} OK\r\n";
    let refuses = scripted("{tag} NO [CANNOT] no search here\r\n", |_| {
        Does::Says("{tag} NO [CANNOT] nor this\r\n".to_owned())
    });
    // It says 900 bytes, and sends without an end.
    let endless = scripted("* SEARCH 7\r\n{tag} OK\r\n", move |command| {
        if command.contains("RFC822.SIZE") {
            return Does::Says(facts.to_owned());
        }
        let mut bytes = b"* 1 FETCH (UID 7 BODY[] {4000000000}\r\n".to_vec();
        bytes.resize(40 << 20, b'x');
        Does::Sends(bytes)
    });
    // It finds more than there is room for numbers of.
    let numbers: String = (1..=60_000).fold("* SEARCH".to_owned(), |line, number| format!("{line} {number}"));
    let many: &'static str = Box::leak(format!("{numbers}\r\n{{tag}} OK\r\n").into_boxed_str());
    let floods = scripted(many, |_| Does::Nothing);
    let silent = scripted("* SEARCH 7\r\n{tag} OK\r\n", |_| Does::Says(String::new()));
    let mailboxes = [
        named("refuses", refuses.access()),
        named("endless", endless.access()),
        named("floods", floods.access()),
        named("silent", silent.access()),
        EvidenceMailbox { address: "nobody".to_owned(), access: None },
    ];
    let bounds = MailboxBounds { time: Duration::from_secs(5), parallel: 8, ..MailboxBounds::default() };
    let (found, _) = read(&mailboxes, &bounds, &CancellationToken::new()).unwrap();
    let told = |name: &str| kinds(&found, name);
    for (name, part) in [
        ("refuses", "in INBOX FETCH was refused: [CANNOT] nor this"),
        ("endless", "misbehaves"),
        ("floods", "misbehaves"),
        ("silent", "longer than"),
        ("nobody", "no password"),
    ] {
        let [(SourceKind::Mailbox, 0, words)] = told(name)[..] else { panic!("{name}: {:?}", told(name)) };
        assert!(words.contains(part), "{name}: {words}");
    }
    // Only what reads was sent.
    for server in [&refuses, &endless, &floods, &silent] {
        for command in server.commands() {
            let reads = [
                "CAPABILITY",
                "LOGIN",
                "LIST",
                "NAMESPACE",
                "EXAMINE",
                "UID SEARCH",
                "UID FETCH",
                "ID",
                "NOOP",
            ];
            assert!(reads.iter().any(|verb| command.starts_with(verb)), "{command}");
            assert!(!command.contains("BODY["), "{command} sets a flag");
        }
    }
}
