//! 5,000 mixed messages between two real servers, while the program is killed ten times at random.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use mailferry_test_inputs::seeds;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, large_message, mixed_mailbox};
use mailferry_test_support::fakes::cutting_proxy::CuttingProxy;
use mailferry_test_support::programs::until;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};

const MESSAGES: usize = 5_000;
const KILLS: usize = 10;

/// 5,000 messages with everything that is awkward, three of them with 30 MB.
fn mails() -> Vec<Mail> {
    let mut mails = mixed_mailbox(MESSAGES - 3, '/', "");
    for _ in 0..3 {
        mails.push(Mail {
            folder: "Old mail".to_owned(),
            flags: vec!["\\Seen"],
            date: " 7-Mar-2023 08:00:00 +0100".to_owned(),
            bytes: large_message(30_000_000),
        });
    }
    mails
}

fn copy(work: &Path, source: &Dovecot, destination: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .arg("copy")
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://anna@127.0.0.1:{destination}")])
        .arg("--from-password-file")
        .arg(work.join("password"))
        .arg("--to-password-file")
        .arg(work.join("password"))
        .arg("--project")
        .arg(work.join("kill.mailferry"))
        .args(["--verify", "full", "--json"])
        .arg(work.join("outcome.json"))
        .env("HOME", work)
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The line to the destination: ends the program like `kill -9` once it has begun to send so many messages, before
/// anything that follows goes further.
#[derive(Default)]
struct Killer {
    /// Messages that may still be begun.
    left: AtomicUsize,
    victim: Mutex<Option<Child>>,
}

impl Killer {
    fn line(self: &Arc<Self>, target: u16) -> CuttingProxy {
        let killer = Arc::clone(self);
        CuttingProxy::start_watched(target, [], move |bytes| killer.watch(bytes))
    }

    fn watch(&self, bytes: &[u8]) {
        // Each message is announced as a literal that waits for nobody.
        let begun = memchr::memmem::find_iter(bytes, b"+}\r\n").count();
        let before = self.left.fetch_update(SeqCst, SeqCst, |left| Some(left.saturating_sub(begun))).unwrap();
        if begun > 0
            && begun >= before
            && let Some(child) = self.victim.lock().unwrap().as_mut()
        {
            child.kill().unwrap();
        }
    }

    /// Runs the program until so many messages are begun. True where it was killed.
    fn run(&self, messages: usize, start: impl FnOnce() -> Child) -> bool {
        self.left.store(messages, SeqCst);
        // Held until the program is known: it is killed at the right moment in any case.
        *self.victim.lock().unwrap() = Some(start());
        let ended = until("the program ends", || self.victim.lock().unwrap().as_mut()?.try_wait().unwrap());
        *self.victim.lock().unwrap() = None;
        ended.code().is_none()
    }
}

/// Messages at the destination.
fn arrived(reader: &mut PlainImap) -> usize {
    reader.folders().iter().map(|folder| reader.count(folder)).sum()
}

#[test]
fn ten_kills_at_random_change_nothing_about_the_outcome() {
    let settings = Settings::default();
    let Some(source) = Dovecot::start(&["anna"], &settings) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &settings) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails());
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("password"), PASSWORD).unwrap();

    let killer = Arc::<Killer>::default();
    let line = killer.line(destination.clear_port);
    let seed = seeds::seed();
    let mut random = seed;
    let mut kills = 0;
    let mut partly = 0;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut reader = PlainImap::open(destination.clear_port, "anna");
        let before = arrived(&mut reader);
        // Every kill falls into the copy: some hundred messages after its beginning.
        let begun = 1 + usize::try_from((random >> 33) % 450).unwrap();
        kills += usize::from(killer.run(begun, || copy(work.path(), &source, line.port)));
        let after = arrived(&mut reader);
        println!(
            "seed {seed}: killed with {begun} messages begun, {before} had arrived before and {after} after"
        );
        if after > before && after < MESSAGES {
            partly += 1;
        }
    }
    killer.left.store(usize::MAX, SeqCst);
    let last = copy(work.path(), &source, line.port).wait_with_output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    println!("{kills} of {KILLS} runs were killed, {partly} of them in the middle of the copy");

    let from = PlainImap::open(source.clear_port, "anna").multiset(str::to_owned);
    let to = PlainImap::open(destination.clear_port, "anna").multiset(str::to_owned);
    let missing: Vec<_> = from.iter().filter(|(seen, count)| to.get(*seen) != Some(count)).take(5).collect();
    let surplus: Vec<_> = to.iter().filter(|(seen, count)| from.get(*seen) != Some(count)).take(5).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}, surplus {surplus:#?}");

    let outcome: serde_json::Value =
        serde_json::from_slice(&std::fs::read(work.path().join("outcome.json")).unwrap()).unwrap();
    let total: usize = from.values().sum();
    assert_eq!(outcome["sum"]["source_count"], total);
    assert_eq!(outcome["sum"]["to_do"], 0);
    assert_eq!(outcome["is_complete"], true);
    let proof = outcome["verification"].as_str().unwrap();
    assert!(proof.contains("all agree"), "{proof}");
    assert!(partly >= KILLS / 2, "too few kills fell into the copy: make the mailbox larger");
}
