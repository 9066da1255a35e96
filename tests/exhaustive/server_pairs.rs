//! Copies between every kind of real server, with mail and folder names that they treat differently: compared as multisets
//! of folder, bytes, flags and date, as far as the destination keeps them, and shown as a table (`--nocapture`).
//!
//! An ordinary run takes each kind once as source and once as destination, `MAILFERRY_EXHAUSTIVE=1` every pair.

use std::collections::BTreeMap;

use jiff::Zoned;
use mailferry::plan::LedgerSum;
use mailferry::rehearsal::Personality;
use mailferry::values::Security;
use mailferry_test_inputs::seeds;
use mailferry_test_support::clients::mbsync::{self, Account};
use mailferry_test_support::clients::plain_imap::{Held, Mail, PlainImap, digest};
use mailferry_test_support::odd_mail::{NAMES, marker_mail, normalised, odd_mail};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::any_server::{Kind, REAL, Server};
use mailferry_test_support::servers::courier::Courier;
use mailferry_test_support::servers::dovecot::{self, Dovecot, access};
use mailferry_test_support::servers::pymap::Pymap;

/// Two messages in the inbox and one in a folder.
fn three(prefix: &str) -> Vec<Mail> {
    let mail = |folder: &str, number: u32| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: "01-Mar-2023 10:00:00 +0000".to_owned(),
        bytes: format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nText\r\n").into(),
    };
    vec![mail("INBOX", 1), mail("INBOX", 2), mail(&format!("{prefix}Sent"), 3)]
}

fn counts(port: u16) -> Vec<(String, usize)> {
    let mut client = PlainImap::open(port, "anna");
    let mut folders = client.folders();
    folders.sort();
    folders.into_iter().map(|folder| (folder.clone(), client.count(&folder))).collect()
}

fn counted(prefix: &str) -> Vec<(String, usize)> {
    vec![("INBOX".to_owned(), 2), (format!("{prefix}Sent"), 1)]
}

#[test]
fn each_server_keeps_what_it_is_given() {
    let Some(courier) = Courier::start(&["anna"]) else { return };
    PlainImap::open(courier.clear_port, "anna").store(&three("INBOX."));
    assert_eq!(counts(courier.clear_port), counted("INBOX."));
    courier.kill();
    assert_eq!(counts(courier.clear_port), counted("INBOX."));

    let Some(pymap) = Pymap::start("anna") else { return };
    PlainImap::open(pymap.clear_port, "anna").store(&three(""));
    assert_eq!(counts(pymap.clear_port), counted(""), "{}", pymap.log());
}

#[test]
fn mbsync_writes_a_maildir_into_an_account_and_an_account_into_another() {
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(courier) = Courier::start(&["anna"]) else { return };
    let Some(pymap) = Pymap::start("anna") else { return };
    PlainImap::open(source.clear_port, "anna").store(&three(""));
    let account = |port, prefix| Account { port, user: "anna", prefix };
    let maildir = tempfile::tempdir().unwrap();
    let Some(()) = mbsync::pull(account(source.clear_port, ""), maildir.path()) else { return };
    mbsync::push(maildir.path(), account(courier.clear_port, "INBOX.")).unwrap();
    assert_eq!(counts(courier.clear_port), counted("INBOX."));
    mbsync::copy(account(source.clear_port, ""), account(pymap.clear_port, "")).unwrap();
    assert_eq!(counts(pymap.clear_port), counted(""));
}

/// What a test that is killed leaves behind: nothing that it started goes on.
#[test]
fn servers_end_with_the_thread_that_started_them() {
    let started = std::thread::spawn(|| Some((Courier::start(&["anna"])?, Pymap::start("anna")?)));
    let Some((courier, pymap)) = started.join().unwrap() else { return };
    for process in [courier.watcher(), pymap.process()] {
        let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // An ended process stays in the table until somebody asks for its result.
        while !state().is_empty() && !state().contains(") Z ") {
            std::thread::yield_now();
        }
    }
}

/// A message as it is compared: the folder by its marker, the digest of its normalised bytes, flags, moment.
type Key = (String, String, Vec<String>, String);

/// A kind of server that is read, with odd mail.
struct Source {
    server: Server,
    /// What it holds, folder by folder.
    mail: BTreeMap<String, Vec<Held>>,
    /// Messages and folder names that it did not take.
    refused: usize,
}

/// What became of a pair.
struct Row {
    from: &'static str,
    to: &'static str,
    sum: LedgerSum,
    folders: usize,
    faults: Vec<String>,
}

impl Source {
    fn fill(kind: Kind) -> Option<Self> {
        let server = kind.start()?;
        let mut client = PlainImap::open(server.port, kind.user());
        let mut refused = 0;
        let prefix = kind.prefix();
        let there = client.folders();
        let mut folders = vec![("INBOX".to_owned(), "inbox")];
        for (what, levels) in NAMES {
            let name = format!("{prefix}{}", levels.join(&kind.separator().to_string()));
            if there.contains(&name) || client.try_create(&name).is_ok() {
                folders.push((name, what));
            } else {
                refused += 1;
            }
        }
        for (folder, what) in &folders {
            client.store(&[marker_mail(folder, what)]);
        }
        // Half of the mail is in the inbox, half in the folder that is easiest.
        for (number, odd) in odd_mail().iter().enumerate() {
            let (folder, _) = folders.get(number % folders.len().min(2)).unwrap();
            refused += usize::from(client.try_store(&odd.mail(folder)).is_err());
        }
        let mail = folders.iter().map(|(name, what)| ((*what).to_owned(), client.messages(name))).collect();

        Some(Self { server, mail, refused })
    }

    /// What a destination should hold.
    fn wanted(&self, to: Kind) -> BTreeMap<Key, usize> {
        let mut wanted = BTreeMap::new();
        for (what, held) in
            self.mail.iter().flat_map(|(what, mail)| mail.iter().map(move |held| (what, held)))
        {
            *wanted.entry(key(what, held, to, false)).or_default() += 1;
        }
        wanted
    }
}

/// What of a message is compared. `is_copy`: it comes from the destination.
fn key(what: &str, held: &Held, to: Kind, is_copy: bool) -> Key {
    let added = match to {
        Kind::Practice(personality) if is_copy => personality().quirks.added_header.unwrap_or_default(),
        _ => "",
    };
    let bytes = held.bytes.strip_prefix(added.as_bytes()).unwrap_or(&held.bytes);
    let kept = |flag: &&String| to.keeps_keywords() || flag.starts_with('\\');
    let flags = held.flags.iter().filter(kept).cloned().collect();
    let moment = Zoned::strptime("%d-%b-%Y %H:%M:%S %z", held.date.trim()).unwrap().timestamp();
    let mut normal = normalised(bytes);
    match to {
        Kind::Cyrus => blank_raw_letters(&mut normal),
        // Courier keeps no CR that does not end a line.
        Kind::Courier => normal.retain(|byte| *byte != b'\r'),
        _ => {}
    }
    let date = if to.keeps_date(moment) { moment.to_string() } else { "in days to come".to_owned() };
    (what.to_owned(), digest(&normal), flags, date)
}

/// Cyrus writes an `X` for every letter in a header that is not ASCII (`munge8bit`, on where nobody has switched it off).
fn blank_raw_letters(bytes: &mut [u8]) {
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    bytes.iter_mut().take(end).filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'X');
}

/// What a destination holds, folder by folder as their markers say.
fn found(server: &Server) -> (BTreeMap<Key, usize>, Vec<String>) {
    let mut client = PlainImap::open(server.port, server.kind.user());
    let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
    let folders = client.try_folders().unwrap_or_else(|words| {
        faults.push(format!("a plain client cannot list the folders: {words}"));
        Vec::new()
    });
    for folder in folders {
        let mail = client.messages(&folder);
        let markers: Vec<String> = mail.iter().filter_map(marked).collect();
        match markers.as_slice() {
            [what] => {
                for held in &mail {
                    *found.entry(key(what, held, server.kind, true)).or_default() += 1;
                }
            }
            [] if mail.is_empty() => {}
            other => faults.push(format!("{folder:?} has {} messages and the markers {other:?}", mail.len())),
        }
    }
    (found, faults)
}

/// Which folder's marker a message is.
fn marked(held: &Held) -> Option<String> {
    let text = std::str::from_utf8(&held.bytes).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("X-Folder: "))?;
    text.contains("Message-ID: <marker-").then(|| line.to_owned())
}

/// Copies from one server to another, and compares.
async fn pair(source: &Source, to: Kind) -> Option<Row> {
    let destination = to.start()?;
    let way = |server: &Server| access(server.port, Security::Clear, server.kind.user());
    let mut bench = Bench::new(way(&source.server), way(&destination)).await;
    let exported = tempfile::tempdir().unwrap();
    bench.request.export_folder = Some(exported.path().join("odd-exported"));
    let mut faults = Vec::new();
    match bench.copy(&|_| {}).await {
        Ok(outcome) => {
            let told = |problem: &_| format!("a folder: {problem:?}");
            faults.extend(outcome.folder_problems.iter().map(told));
        }
        Err(error) => faults.push(format!("the copy ends: {error}")),
    }
    let (there, strange) = found(&destination);
    faults.extend(strange);
    let sum = bench.sum();
    faults.extend(differences(&source.wanted(to), &there, &sum));
    if let Err(error) = bench.copy(&|_| {}).await {
        faults.push(format!("the second run ends: {error}"));
    }
    let again = found(&destination).0;
    if again != there {
        faults.push("the second run changes what is there".to_owned());
    }
    let (from, to) = (source.server.kind.name(), to.name());
    Some(Row { from, to, sum, folders: source.mail.len(), faults })
}

/// What differs and is not accounted for: each message that was repaired is there in another form, each that was
/// refused is not there.
fn differences(wanted: &BTreeMap<Key, usize>, there: &BTreeMap<Key, usize>, sum: &LedgerSum) -> Vec<String> {
    let differing = |one: &BTreeMap<Key, usize>, other: &BTreeMap<Key, usize>| -> Vec<Key> {
        let more = |(key, count): (&Key, &usize)| {
            std::iter::repeat_n(key.clone(), count.saturating_sub(other.get(key).copied().unwrap_or(0)))
        };
        one.iter().flat_map(more).collect()
    };
    let (lacking, extra) = (differing(wanted, there), differing(there, wanted));
    let (repaired, refused) = (sum.repaired, sum.refused + sum.exported);
    // A repair may be what the server would have done itself, and then nothing differs.
    let (lacking_count, changed) = (lacking.len() as u64, extra.len() as u64);
    let is_told = changed <= repaired && lacking_count == changed + refused;
    if is_told && sum.to_do == 0 {
        return Vec::new();
    }
    let known: BTreeMap<String, &str> =
        odd_mail().iter().map(|odd| (digest(&normalised(&odd.mail("").bytes)), odd.what)).collect();
    let shown = |keys: &[Key]| -> String {
        let words = |(folder, content, flags, date): &Key| {
            let what = known.get(content).copied().unwrap_or(content);
            format!("\n      in {folder:?}: {what} {flags:?} {date}")
        };
        keys.iter().take(12).map(words).collect()
    };
    vec![format!(
        "{sum:?}\n    lacking {}:{}\n    extra {}:{}",
        lacking.len(),
        shown(&lacking),
        extra.len(),
        shown(&extra)
    )]
}

/// Courier refuses a folder now and then where several connections make folders at once: a trouble of its own.
fn is_couriers_own(fault: &str) -> bool {
    fault.contains("Cannot create this folder")
}

/// Every pair, or each kind once on each side.
fn pairs() -> Vec<(Kind, Kind)> {
    let practice = [
        Personality::exchange,
        Personality::icloud,
        Personality::yahoo,
        Personality::zoho,
        Personality::proton,
        Personality::courier,
    ];
    let ordinary = [
        (Kind::Maildir, Kind::Courier),
        (Kind::Courier, Kind::Cyrus),
        (Kind::Cyrus, Kind::Pymap),
        (Kind::Pymap, Kind::Mbox),
        (Kind::Mbox, Kind::Maildir),
        (Kind::Maildir, Kind::Practice(Personality::exchange)),
    ];
    if !seeds::is_exhaustive() {
        return ordinary.to_vec();
    }
    let mut pairs: Vec<(Kind, Kind)> = REAL.iter().flat_map(|from| REAL.map(|to| (*from, to))).collect();
    for personality in practice {
        pairs.extend(REAL.map(|from| (from, Kind::Practice(personality))));
        pairs.extend(REAL.map(|to| (Kind::Practice(personality), to)));
    }
    pairs
}

#[tokio::test]
async fn odd_mail_arrives_as_the_same_multiset_between_all_servers() {
    let mut rows = Vec::new();
    let mut source: Option<Source> = None;
    for (from, to) in pairs() {
        if source.as_ref().is_none_or(|source| source.server.kind.name() != from.name()) {
            source = Source::fill(from);
        }
        let Some(source) = &source else { return };
        let Some(row) = pair(source, to).await else { return };
        rows.push((row, source.refused));
    }
    eprintln!(
        "from | to | folders | messages | copied | repaired | saved or refused | not taken by the source | same"
    );
    for (Row { from, to, sum, folders, faults }, refused) in &rows {
        eprintln!(
            "{from} | {to} | {folders} | {} | {} | {} | {} | {refused} | {}",
            sum.source_count,
            sum.copied,
            sum.repaired,
            sum.exported + sum.refused,
            if faults.is_empty() { "yes" } else { "NO" }
        );
    }
    let faulty = rows.iter().filter(|(row, _)| row.faults.iter().any(|fault| !is_couriers_own(fault)));
    let told: Vec<String> = faulty
        .map(|(row, _)| format!("{} to {}:\n  {}", row.from, row.to, row.faults.join("\n  ")))
        .collect();
    assert!(told.is_empty(), "{} of {} pairs differ:\n{}", told.len(), rows.len(), told.join("\n"));
}
