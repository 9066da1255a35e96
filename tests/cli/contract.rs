//! The headless contract: arguments, exit status, machine output on standard output, words on standard error.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use mailferry_test_support::clients::checkzone;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, large_message, mixed_mailbox};
use mailferry_test_support::fakes::cutting_proxy::CuttingProxy;
use mailferry_test_support::programs;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};

/// The program with a home of its own, so that no test meets another's projects or a real keyring.
fn mailferry(home: &Path) -> Command {
    at_home(Command::new(env!("CARGO_BIN_EXE_mailferry")), home)
}

fn at_home(mut command: Command, home: &Path) -> Command {
    command
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("MAILFERRY_LOG");
    command
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_status(output: &Output, expected: i32) {
    assert_eq!(
        output.status.code(),
        Some(expected),
        "stdout: {}\nstderr: {}",
        words(&output.stdout),
        words(&output.stderr)
    );
}

/// The snippet passes BIND's own checker.
fn assert_loads(domain: &str, snippet: &str) {
    if let Some(program) = programs::require_program("named-checkzone", "bind9-utils") {
        checkzone::checked(&program, domain, snippet).unwrap();
    }
}

#[test]
fn the_rehearsal_does_every_step_and_leaves_report_and_zone() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let output = mailferry(home.path()).args(["rehearse", "--headless", "--out"]).arg(&out).output().unwrap();
    assert_status(&output, 0);
    let said = String::from_utf8_lossy(&output.stderr);
    for words in [
        "the token ended once and was renewed",
        "it has not fetched the new one yet",
        "Switch: both name servers agree",
        "Switch: the old records are back everywhere",
        "Switch: nobody has the old records any more",
        "late messages brought over",
        "The move is finished",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let zone = std::fs::read_to_string(out.join("weber-familie.example.zone")).unwrap();
    assert!(zone.contains("$ORIGIN weber-familie.example."), "{zone}");
    assert_loads("weber-familie.example", &zone);
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("weber-familie.example"));
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["adds_up"], true);
    assert_eq!(report["sum"]["to_do"], 0);
    assert_eq!(report["sum"]["copied"], report["sum"]["source_count"]);
    assert!(report["sum"]["source_count"].as_u64() > Some(740), "late mail came, too: {}", report["sum"]);
    let findings: Vec<&str> = report["report"]["audit"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| ["fail", "warn"].contains(&finding["status"].as_str().unwrap()))
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    for trouble in ["neighbours.listed", "spf.too-many-lookups", "dmarc.policy-none", "dkim.short-key"] {
        assert!(findings.contains(&trouble), "{trouble} is not among {findings:?}");
    }
    // The own address is clean, the street is not, and every list answers in the practice world.
    let all = report["report"]["audit"]["findings"].as_array().unwrap();
    let of_lists = |finding: &&serde_json::Value| finding["id"].as_str().unwrap().starts_with("blocklist.");
    assert!(all.iter().filter(of_lists).all(|finding| finding["status"] != "unknown"), "{all:?}");
    assert!(
        all.iter().any(|finding| finding["id"] == "blocklist.uceprotect-2" && finding["status"] == "info")
    );
    let range = &report["report"]["audit"]["ranges"][0];
    assert_eq!((&range["range"], &range["own_index"]), (&"198.51.100.0/24".into(), &77.into()));
    let states: Vec<&serde_json::Value> =
        range["cells"].as_array().unwrap().iter().map(|cell| &cell["state"]).collect();
    assert_eq!(states.len(), 256);
    assert!(states.iter().filter(|state| **state == "high-impact").count() >= 10, "{states:?}");
    assert!(html.contains("198.51.100.81: High impact") && html.contains("VSERVER-HOSTING"));
}

/// A copy between accounts that are never reached, as these flags are wrong.
fn copy_with<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&["copy", "--from", "imaps://a@b.invalid", "--to", "imaps://c@d.invalid"], flags].concat()
}

#[test]
fn wrong_usage_ends_with_two_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (vec!["audit", "not a domain"], "is not a domain name"),
        (vec!["audit", "anna@example.org"], "is an address, not a domain"),
        (vec!["audit", "example.org", "--selector", "a b"], "is no DKIM selector"),
        (vec!["spf", "example.org", "--ip", "nonsense"], "invalid value"),
        (vec!["records", "example.org"], "--provider"),
        (vec!["records", "example.org", "--provider", "nope"], "the providers are fastmail"),
        (vec!["copy"], "--from"),
        (
            vec!["copy", "--from", "imaps://a:secret@b.example", "--to", "imaps://c@d.example"],
            "password file",
        ),
        (
            vec!["copy", "--from", "https://b.example", "--to", "imaps://c@d.example"],
            "is not an IMAP account",
        ),
        (vec!["nonsense", "--x"], "unexpected argument"),
        (copy_with(&["--since", "01.02.2024"]), "is not a date"),
        (copy_with(&["--before", "2024-02-30"]), "is not a date"),
        (copy_with(&["--min-size", "big"]), "is not a size"),
        (copy_with(&["--min-size", "2MB", "--max-size", "1MB"]), "no message can be at least 2.0 MB"),
        (
            copy_with(&["--since", "2024-02-01", "--before", "2024-02-01"]),
            "no message can be received on or after",
        ),
        (copy_with(&["--search", "FROM \"bank"]), "a quotation mark is not closed"),
        (copy_with(&["--search", "ALL\r\nA1 LOGOUT"]), "control character"),
        (copy_with(&["--search", "bank"]), "not an IMAP search key"),
        (copy_with(&["--mode", "later"]), "invalid value"),
        (copy_with(&["--trial", "0"]), "invalid value"),
        (copy_with(&["--include-folder", " "]), "--include-folder needs the name of a folder"),
        (copy_with(&["--messages", "list.txt"]), "must end in .csv, .json or .jsonl"),
        (copy_with(&["--provider", "nope"]), "the providers are fastmail"),
        (copy_with(&["--rename-folder", "Sent"]), "write SOURCE=DESTINATION"),
        (copy_with(&["--retry-failed"]), "--project"),
    ] {
        let output = mailferry(home.path()).args(&arguments).output().unwrap();
        assert_status(&output, 2);
        let said = words(&output.stderr);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_dead_resolver_ends_with_three_and_a_way_out() {
    let home = tempfile::tempdir().unwrap();
    // A socket that nobody reads: nothing answers there.
    let silent = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let resolver = silent.local_addr().unwrap().to_string();
    let output =
        mailferry(home.path()).args(["audit", "example.org", "--resolver", &resolver]).output().unwrap();
    assert_status(&output, 3);
    let said = words(&output.stderr);
    assert!(said.contains("does not answer") && said.contains("Use another resolver"), "{said}");
    let output = mailferry(home.path())
        .args(["audit", "example.org", "--resolver", "nonsense:port"])
        .output()
        .unwrap();
    assert_status(&output, 3);
}

/// Receivers meet such names, and RFC 7208 has a result for each.
fn odd_names_have_results(home: &Path, resolver: &str) {
    let long_label = format!("{}.example", "a".repeat(64));
    for (domain, more, result) in [
        (long_label.as_str(), vec![], "none"),
        ("a..example", vec![], "none"),
        ("[192.0.2.1]", vec![], "none"),
        ("localhost", vec![], "none"),
        ("weber-familie.example", vec!["--sender", "@weber-familie.example"], "permerror"),
        ("weber-familie.example", vec!["--sender", "\"a b\"@weber-familie.example"], "permerror"),
        ("weber-familie.example", vec!["--sender", "", "--helo", "[198.51.100.77]"], "permerror"),
    ] {
        let spf = mailferry(home)
            .args(["spf", domain, "--ip", "198.51.100.77", "--resolver", resolver])
            .args(more)
            .output()
            .unwrap();
        assert_status(&spf, 0);
        assert_eq!(words(&spf.stdout).lines().next(), Some(result), "{domain}");
    }
}

#[test]
fn spf_ends_with_a_failure_where_no_answer_was_to_be_had() {
    // It answers everything with SERVFAIL.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 4_096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            buffer[2] |= 0x80;
            buffer[3] = 0x82;
            socket.send_to(&buffer[..length], peer).unwrap();
        }
    });
    let home = tempfile::tempdir().unwrap();
    let spf = mailferry(home.path())
        .args(["spf", "weber.example", "--ip", "192.0.2.1", "--resolver", &resolver])
        .output()
        .unwrap();
    assert_status(&spf, 1);
    assert_eq!(words(&spf.stdout).lines().next(), Some("temperror"));
}

#[test]
fn facts_are_saved_judged_again_and_read_strictly() {
    use mailferry::rehearsal::{Practice, PracticeOptions};
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (practice, servers) = runtime.block_on(Practice::start(&PracticeOptions::default())).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let _serving = runtime.spawn(servers.serve(stop.clone()));
    let home = tempfile::tempdir().unwrap();
    let facts = home.path().join("facts.json");
    let resolver = practice.resolver.to_string();

    let first = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--resolver", &resolver, "--json", "-", "--save-facts"])
        .arg(&facts)
        .output()
        .unwrap();
    assert_status(&first, 0);
    let spf = mailferry(home.path())
        .args(["spf", "weber-familie.example", "--ip", "198.51.100.77", "--resolver", &resolver])
        .output()
        .unwrap();
    assert_status(&spf, 0);
    assert_eq!(words(&spf.stdout).lines().next(), Some("permerror"));
    odd_names_have_results(home.path(), &resolver);
    let message = home.path().join("received.eml");
    std::fs::write(&message, "From: Anna <anna@weber-familie.example>\nSubject: x\nDate: today\n\nbody\n")
        .unwrap();
    let with_message = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--resolver", &resolver, "--json", "-", "--evidence"])
        .arg(&message)
        .arg("--save-facts")
        .arg(home.path().join("with-message.json"))
        .output()
        .unwrap();
    assert_status(&with_message, 0);
    std::fs::remove_file(&message).unwrap();
    stop.cancel();
    // The facts tell about the message without it.
    let judged_again = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--json", "-", "--facts"])
        .arg(home.path().join("with-message.json"))
        .output()
        .unwrap();
    assert_status(&judged_again, 0);
    assert_eq!(words(&judged_again.stdout), words(&with_message.stdout));
    for id in ["message.dkim-missing", "message.form", "message.results"] {
        assert!(words(&judged_again.stdout).contains(&format!("\"{id}\"")), "{id}");
    }
    let other_domain = mailferry(home.path())
        .args(["audit", "other.example", "--facts"])
        .arg(home.path().join("with-message.json"))
        .output()
        .unwrap();
    assert_status(&other_domain, 2);
    assert!(words(&other_domain.stderr).contains("is about another domain"));

    let again = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--json", "-", "--facts"])
        .arg(&facts)
        .output();
    let again = again.unwrap();
    assert_status(&again, 0);
    assert_eq!(words(&again.stdout), words(&first.stdout));
    let strict = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--strict", "--html"])
        .arg(home.path().join("audit.html"))
        .arg("--facts")
        .arg(&facts)
        .output()
        .unwrap();
    assert_status(&strict, 1);
    assert!(std::fs::read_to_string(home.path().join("audit.html")).unwrap().contains("SPF"));

    std::fs::write(&facts, "{}").unwrap();
    let broken = mailferry(home.path())
        .args(["audit", "weber-familie.example", "--facts"])
        .arg(&facts)
        .output()
        .unwrap();
    assert_status(&broken, 3);
    assert!(words(&broken.stderr).contains("does not contain the facts"));
}

/// A pair of servers and a folder with the password file.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    home: tempfile::TempDir,
}

impl Pair {
    fn start(users: &[&str], messages: usize) -> Option<Self> {
        Self::with_destination(users, messages, &Settings::default())
    }

    fn with_destination(users: &[&str], messages: usize, settings: &Settings) -> Option<Self> {
        let source = Dovecot::start(users, &Settings::default())?;
        let destination = Dovecot::start(users, settings)?;
        for user in users {
            PlainImap::open(source.clear_port, user).store(&mixed_mailbox(messages, '/', ""));
        }
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), format!("{PASSWORD}\nsecond line\n")).unwrap();
        std::fs::write(home.path().join("wrong"), "nonsense").unwrap();
        Some(Self { source, destination, home })
    }

    fn copy(&self, from: &str, from_password: &str) -> Command {
        let mut command = mailferry(self.home.path());
        command
            .args(["copy", "--from", from])
            .args(["--to", &format!("imap://anna@127.0.0.1:{}", self.destination.clear_port)])
            .arg("--from-password-file")
            .arg(self.home.path().join(from_password))
            .arg("--to-password-file")
            .arg(self.home.path().join("password"));
        command
    }

    fn from(&self) -> String {
        format!("imap://anna@127.0.0.1:{}", self.source.clear_port)
    }

    fn assert_same(&self, user: &str) {
        let from = PlainImap::open(self.source.clear_port, user).multiset(str::to_owned);
        let to = PlainImap::open(self.destination.clear_port, user).multiset(str::to_owned);
        assert_eq!(from, to);
    }
}

#[test]
fn a_copy_arrives_whole_and_a_second_run_copies_nothing() {
    let Some(pair) = Pair::start(&["anna"], 120) else { return };
    let project = pair.home.path().join("anna.mailferry");
    let dry = pair.copy(&pair.from(), "password").arg("--dry-run").output().unwrap();
    assert_status(&dry, 0);
    assert!(words(&dry.stdout).contains("INBOX"), "{}", words(&dry.stdout));
    assert_eq!(PlainImap::open(pair.destination.clear_port, "anna").count("INBOX"), 0);

    let run = || {
        let output = pair
            .copy(&pair.from(), "password")
            .args(["--json", "-", "--project"])
            .arg(&project)
            .output()
            .unwrap();
        assert_status(&output, 0);
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        pair.assert_same("anna");
        outcome
    };
    let first = run();
    assert_eq!(first["is_complete"], true);
    assert_eq!(first["sum"]["copied"], first["sum"]["source_count"]);
    let second = run();
    assert_eq!(second["sum"], first["sum"]);

    // Without the project there is no ledger: what is there is recognised, not doubled.
    let without = pair.copy(&pair.from(), "password").args(["--json", "-"]).output().unwrap();
    assert_status(&without, 0);
    let without: serde_json::Value = serde_json::from_slice(&without.stdout).unwrap();
    assert_eq!(without["sum"]["already_there"], without["sum"]["source_count"]);
    pair.assert_same("anna");
}

#[test]
fn a_copy_that_is_gone_at_the_destination_is_never_called_complete() {
    let Some(pair) = Pair::start(&["anna"], 12) else { return };
    let project = pair.home.path().join("anna.mailferry");
    let run = || {
        pair.copy(&pair.from(), "password").args(["--json", "-", "--project"]).arg(&project).output().unwrap()
    };
    assert_status(&run(), 0);
    let mut destination = PlainImap::open(pair.destination.clear_port, "anna");
    destination.run("SELECT INBOX");
    destination.run("STORE 1 +FLAGS (\\Deleted)");
    destination.run("EXPUNGE");
    let output = run();
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    if output.status.code() == Some(0) {
        pair.assert_same("anna");
    } else {
        assert_status(&output, 1);
        assert_eq!(outcome["is_complete"], false);
        let details = outcome["mailboxes"][0]["details"].as_str().unwrap();
        assert!(details.contains("INBOX"), "{outcome:#}");
    }
}

#[test]
fn another_account_at_the_destination_gets_everything_anew() {
    let Some(pair) = Pair::start(&["anna", "ben"], 20) else { return };
    let project = pair.home.path().join("anna.mailferry");
    assert_status(&pair.copy(&pair.from(), "password").arg("--project").arg(&project).output().unwrap(), 0);
    pair.assert_same("anna");
    let to_ben = format!("imap://ben@127.0.0.1:{}", pair.destination.clear_port);
    let password = pair.home.path().join("password");
    let output = mailferry(pair.home.path())
        .args(["copy", "--from", &pair.from(), "--to", &to_ben, "--project"])
        .arg(&project)
        .arg("--from-password-file")
        .arg(&password)
        .arg("--to-password-file")
        .arg(&password)
        .output()
        .unwrap();
    assert_status(&output, 0);
    let from = PlainImap::open(pair.source.clear_port, "anna").multiset(str::to_owned);
    let to = PlainImap::open(pair.destination.clear_port, "ben").multiset(str::to_owned);
    assert_eq!(from, to);
}

#[test]
fn a_project_path_with_a_typo_makes_no_project() {
    let home = tempfile::tempdir().unwrap();
    let typo = home.path().join("ana.mailferry");
    let output = mailferry(home.path()).args(["copy", "--project"]).arg(&typo).output().unwrap();
    assert_status(&output, 3);
    assert!(words(&output.stderr).contains("There is no project at"), "{}", words(&output.stderr));
    assert!(!typo.exists());
}

/// A rehearsal under way, with a place of its own for temporary folders.
#[cfg(unix)]
struct Rehearsal {
    child: Child,
    home: tempfile::TempDir,
    places: tempfile::TempDir,
}

#[cfg(unix)]
impl Rehearsal {
    /// Begins it, behind these words of another program, and waits until it has made its folder.
    fn begin(before: &[&str]) -> Self {
        let (home, places) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let words = [before, &[env!("CARGO_BIN_EXE_mailferry"), "rehearse", "--headless", "--out"]].concat();
        let child = at_home(Command::new(words[0]), home.path())
            .env("TMPDIR", places.path())
            .args(&words[1..])
            .arg(home.path().join("out"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut begun = Self { child, home, places };
        programs::until("the rehearsal has a folder", || {
            assert!(begun.child.try_wait().unwrap().is_none(), "it ended before");
            (begun.folders() > 0).then_some(())
        });
        begun
    }

    /// Temporary folders that are there.
    fn folders(&self) -> usize {
        std::fs::read_dir(self.places.path()).unwrap().count()
    }

    /// Sends a signal, and waits for the end.
    fn signal(&mut self, signal: &str) -> ExitStatus {
        programs::run(Command::new("kill").args([signal, &self.child.id().to_string()]));
        self.child.wait().unwrap()
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_a_closed_terminal_and_a_request_to_end_leave_no_practice_folder() {
    for signal in ["-INT", "-HUP", "-TERM"] {
        let mut rehearsal = Rehearsal::begin(&[]);
        assert!(rehearsal.signal(signal).code().is_some(), "{signal} ended it without order");
        assert_eq!(rehearsal.folders(), 0, "{signal}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let mut rehearsal = Rehearsal::begin(&["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    assert_eq!(rehearsal.signal("-HUP").code(), Some(0));
    assert!(rehearsal.home.path().join("out").join("report.html").exists());
}

/// Kills a copy without a project file as soon as its ledger is there, and hands back the ledger's folder.
#[cfg(unix)]
fn killed_copy(pair: &Pair, places: &Path) -> std::path::PathBuf {
    // The first question about messages never reaches the source, so that the copy does not end by itself.
    let held = CuttingProxy::start_watched(pair.source.clear_port, [], |bytes| {
        while String::from_utf8_lossy(bytes).contains("UID FETCH") {
            std::thread::park();
        }
    });
    let mut child = pair
        .copy(&format!("imap://anna@127.0.0.1:{}", held.port), "password")
        .env("TMPDIR", places)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let found = programs::until("the ledger is there", || {
        assert!(child.try_wait().unwrap().is_none(), "the copy ended before it was killed");
        let folders = std::fs::read_dir(places).unwrap().map(|entry| entry.unwrap().path());
        folders.into_iter().find(|folder| folder.join("copy.mailferry").exists())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    found
}

#[test]
#[cfg(unix)]
fn a_temporary_ledger_is_private_and_goes_with_the_next_run_after_a_kill() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(pair) = Pair::start(&["anna"], 200) else { return };
    let places = tempfile::tempdir().unwrap();
    let left = killed_copy(&pair, places.path());
    assert_eq!(std::fs::metadata(&left).unwrap().permissions().mode() & 0o777, 0o700);
    // A folder of another program, one in use and one whose owner has saved something stay.
    let foreign = places.path().join("mailferry-notes");
    std::fs::create_dir(&foreign).unwrap();
    let output = pair.copy(&pair.from(), "password").env("TMPDIR", places.path()).output().unwrap();
    assert_status(&output, 0);
    assert!(words(&output.stderr).contains("ended early"), "{}", words(&output.stderr));
    let names: Vec<_> =
        std::fs::read_dir(places.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names, [foreign]);
    pair.assert_same("anna");
}

#[test]
#[cfg(unix)]
fn files_without_end_are_refused_with_the_limit() {
    let home = tempfile::tempdir().unwrap();
    let endless = [
        &[
            "copy",
            "--from",
            "imap://anna@127.0.0.1",
            "--to",
            "imap://anna@127.0.0.1",
            "--from-password-file",
            "/dev/zero",
        ][..],
        &["copy", "--from", "imap://127.0.0.1", "--to", "imap://127.0.0.1", "--accounts", "/dev/zero"],
        &["audit", "weber.example", "--facts", "/dev/zero"],
        &["records", "weber.example", "--provider", "fastmail", "--answers", "/dev/zero"],
        &["records", "weber.example", "--provider", "fastmail", "--zone", "/dev/zero"],
    ];
    for arguments in endless {
        let output = mailferry(home.path()).args(arguments).output().unwrap();
        assert_status(&output, 3);
        let said = words(&output.stderr);
        assert!(said.contains("/dev/zero") && said.contains("longer than"), "{arguments:?}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn a_password_is_taken_without_the_mark_before_it_and_readers_of_its_file_are_reported() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(pair) = Pair::start(&["anna"], 3) else { return };
    let path = pair.home.path().join("password");
    std::fs::write(&path, format!("\u{feff}{PASSWORD}\r\n")).unwrap();
    for (mode, is_told) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = pair.copy(&pair.from(), "password").output().unwrap();
        assert_status(&output, 0);
        let said = words(&output.stderr);
        assert_eq!(said.contains("other users of this computer can read"), is_told, "{mode:o}: {said}");
    }
    pair.assert_same("anna");
}

#[test]
#[cfg(unix)]
fn a_crash_leaves_no_core_file_with_passwords_in_it() {
    let home = tempfile::tempdir().unwrap();
    let told = home.path().join("limit");
    // Limits are inherited, so that a command that the program starts can say what they are.
    let command = format!("sh -c 'ulimit -c > {}; echo token'", told.display());
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("imap://anna@127.0.0.1:{}", server.local_addr().unwrap().port());
    drop(server);
    let output = Command::new("sh")
        .args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_mailferry")])
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .args(["copy", "--from", &url, "--to", &url, "--from-token-command", &command])
        .args(["--to-token-command", &command])
        .output()
        .unwrap();
    assert_status(&output, 3);
    assert_eq!(std::fs::read_to_string(&told).unwrap(), "0\n");
}

#[test]
fn sign_in_troubles_end_with_three_without_showing_a_password() {
    let Some(pair) = Pair::start(&["anna"], 3) else { return };
    let wrong = pair.copy(&pair.from(), "wrong").output().unwrap();
    assert_status(&wrong, 3);
    let said = words(&wrong.stderr);
    assert!(said.contains("did not accept the password") && !said.contains("nonsense"), "{said}");

    let tls = format!("imaps://anna@127.0.0.1:{}", pair.source.tls_port);
    let unknown = pair.copy(&tls, "password").output().unwrap();
    assert_status(&unknown, 3);
    let said = words(&unknown.stderr);
    let fingerprint = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("SHA-256 fingerprint: "))
        .unwrap_or_else(|| panic!("{said}"));
    let pinned = pair.copy(&tls, "password").args(["--from-fingerprint", fingerprint]).output().unwrap();
    assert_status(&pinned, 0);
    pair.assert_same("anna");

    let dead = programs::free_port();
    let output = pair.copy(&format!("imap://anna@127.0.0.1:{dead}"), "password").output().unwrap();
    assert_status(&output, 3);
    assert!(words(&output.stderr).contains("could not be reached"), "{}", words(&output.stderr));
}

#[test]
fn every_message_has_a_row_in_the_list_as_table_and_as_json() {
    let Some(pair) = Pair::start(&["anna"], 40) else { return };
    let (csv, json) = (pair.home.path().join("list.csv"), pair.home.path().join("list.json"));
    let project = pair.home.path().join("anna.mailferry");
    let copy = |list: &Path| {
        let mut command = pair.copy(&pair.from(), "password");
        command.arg("--project").arg(&project).args(["--json", "-", "--messages"]).arg(list).output().unwrap()
    };
    let output = copy(&csv);
    assert_status(&output, 0);
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = outcome["sum"]["source_count"].as_u64().unwrap();
    assert!(count >= 40);
    let table = std::fs::read(&csv).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let heads = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len() as u64, count);

    // Nothing is to do any more; the list is the same.
    assert_status(&copy(&json), 0);
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(listed.len() as u64, count);
    for (row, value) in rows.iter().zip(&listed) {
        assert_eq!(value["state"], "copied");
        assert_eq!(value["sha256"].as_str().unwrap().len(), 64);
        for (head, cell) in heads.iter().zip(row) {
            let same = match &value[head] {
                serde_json::Value::Null => cell.is_empty(),
                serde_json::Value::Number(number) => number.to_string() == cell,
                other => other.as_str() == Some(cell.strip_prefix('\'').unwrap_or(cell)),
            };
            assert!(same, "{head}: {cell} and {}", value[head]);
        }
    }
    // The hashes are those of the messages.
    let mut hashes: Vec<String> =
        listed.iter().map(|row| row["sha256"].as_str().unwrap().to_owned()).collect();
    let source = PlainImap::open(pair.source.clear_port, "anna").multiset(str::to_owned);
    let mut expected: Vec<String> =
        source.iter().flat_map(|((_, hash, ..), count)| std::iter::repeat_n(hash.clone(), *count)).collect();
    hashes.sort_unstable();
    expected.sort_unstable();
    assert_eq!(hashes, expected);
}

#[test]
fn folders_are_chosen_by_pattern_and_a_pattern_that_fits_nothing_is_reported() {
    let Some(pair) = Pair::start(&["anna"], 40) else { return };
    let none = pair.copy(&pair.from(), "password").args(["--include-folder", "Nowhere*"]).output().unwrap();
    assert_status(&none, 3);
    let said = words(&none.stderr);
    assert!(said.contains("No folder is called “Nowhere*”") && said.contains("INBOX of anna@"), "{said}");
    assert_eq!(PlainImap::open(pair.destination.clear_port, "anna").multiset(str::to_owned).len(), 0);

    let plan = |flags: &[&str]| -> serde_json::Value {
        let mut command = pair.copy(&pair.from(), "password");
        let output = command.args(["--dry-run", "--json", "-"]).args(flags).output().unwrap();
        assert_status(&output, 0);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let chosen = |plan: &serde_json::Value| -> Vec<String> {
        let folders = plan["mailboxes"][0]["folders"].as_array().unwrap();
        let copied = folders.iter().filter(|folder| folder["choice"]["kind"] == "copy");
        copied.map(|folder| folder["source"].as_str().unwrap().to_owned()).collect()
    };
    let everything = chosen(&plan(&[]));
    assert!(everything.len() > 2, "{everything:?}");
    assert_eq!(chosen(&plan(&["--include-folder", "inbox"])), ["INBOX"]);
    let without = chosen(&plan(&["--exclude-folder", "inbox"]));
    assert_eq!(without.len(), everything.len() - 1);
    assert!(!without.contains(&"INBOX".to_owned()));
    assert!(chosen(&plan(&["--include-folder", "inbox", "--exclude-folder", "INB?X"])).is_empty());
}

#[test]
fn a_trial_ends_well_and_tells_how_long_the_whole_takes() {
    let Some(pair) = Pair::start(&["anna"], 60) else { return };
    let project = pair.home.path().join("anna.mailferry");
    let run = |flags: &[&str]| {
        let mut command = pair.copy(&pair.from(), "password");
        command.arg("--project").arg(&project).args(flags).output().unwrap()
    };
    let before = run(&["--dry-run"]);
    assert!(
        words(&before.stdout).contains("not known yet; --trial 20 measures it"),
        "{}",
        words(&before.stdout)
    );
    let output = run(&["--trial", "20", "--json", "-"]);
    assert_status(&output, 0);
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&outcome["trial"], &outcome["is_complete"]),
        (&serde_json::json!(20), &serde_json::json!(false))
    );
    let basis = outcome["forecast"]["basis"].as_str().unwrap();
    assert!(basis.starts_with("measured on ") && basis.contains(" messages/s"), "{basis}");
    let plan = run(&["--dry-run"]);
    assert!(words(&plan.stdout).contains("The whole copy takes about a minute"), "{}", words(&plan.stdout));
    // The trial is part of the copy, and the copy after it is whole.
    assert_status(&run(&[]), 0);
    pair.assert_same("anna");
}

#[test]
fn messages_that_the_destination_will_not_take_are_reported_before_the_start() {
    let limited = Settings { capabilities: Some("+APPENDLIMIT=20000"), ..Settings::default() };
    let Some(pair) = Pair::with_destination(&["anna"], 0, &limited) else { return };
    let large = |folder: &str, bytes| Mail {
        folder: folder.to_owned(),
        flags: Vec::new(),
        date: "01-Feb-2023 12:00:00 +0100".to_owned(),
        bytes: large_message(bytes),
    };
    let mails =
        [large("INBOX", 19_000), large("INBOX", 30_000), large("INBOX", 40_000), large("Sent", 50_000)];
    PlainImap::open(pair.source.clear_port, "anna").store(&mails);
    let mut command = pair.copy(&pair.from(), "password");
    let output = command.args(["--dry-run", "--json", "-"]).output().unwrap();
    assert_status(&output, 0);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let oversize = &plan["mailboxes"][0]["oversize"];
    assert_eq!(oversize["limit"], 20_000);
    let told: Vec<(String, u64)> = oversize["folders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|folder| {
            (folder["folder"][0].as_str().unwrap().to_owned(), folder["messages"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(told, [("INBOX".to_owned(), 2), ("Sent".to_owned(), 1)]);
    let output = pair.copy(&pair.from(), "password").arg("--dry-run").output().unwrap();
    assert!(
        words(&output.stdout).contains("above the destination’s limit (20 kB)"),
        "{}",
        words(&output.stdout)
    );
}

#[test]
fn many_mailboxes_come_from_a_table() {
    let Some(pair) = Pair::start(&["anna@weber.example", "ben@weber.example"], 30) else { return };
    let quoted = PASSWORD.replace('"', "\"\"");
    let table = pair.home.path().join("people.csv");
    std::fs::write(
        &table,
        format!(
            "\u{feff}address;source_password;destination_password\r\nanna@weber.example;\"{quoted}\";\"{quoted}\"\r\n\
             ben@weber.example;\"{quoted}\";\"{quoted}\"\r\ncarl@weber.example;wrong;wrong\r\n"
        ),
    )
    .unwrap();
    let copy = || {
        let mut command = mailferry(pair.home.path());
        command
            .args(["copy", "--from", &format!("imap://127.0.0.1:{}", pair.source.clear_port)])
            .args(["--to", &format!("imap://127.0.0.1:{}", pair.destination.clear_port)])
            .arg("--accounts")
            .arg(&table)
            .args(["--json", "-"]);
        command
    };
    let project = pair.home.path().join("people.mailferry");
    let output = copy().arg("--project").arg(&project).output().unwrap();
    // Two arrive, the third is named.
    assert_status(&output, 1);
    assert!(words(&output.stderr).contains("carl@weber.example"), "{}", words(&output.stderr));
    pair.assert_same("anna@weber.example");
    pair.assert_same("ben@weber.example");
    // The project is about the domain that the mailboxes of the list share.
    let opened = mailferry::project::Project::open(&project).unwrap();
    assert_eq!(opened.domain().as_ascii(), "weber.example");
    drop(opened);

    std::fs::write(&table, "address,source_passwort\nanna@weber.example,x\n,\n").unwrap();
    let output = copy().output().unwrap();
    assert_status(&output, 3);
    let said = words(&output.stderr);
    assert!(said.contains("people.csv") && said.contains("Correct the file"), "{said}");
}

#[test]
fn a_file_that_is_no_project_is_refused_and_left_as_it_is() {
    let Some(pair) = Pair::start(&["anna"], 1) else { return };
    let file = pair.home.path().join("letter.mailferry");
    std::fs::write(&file, "Dear Anna, this is a letter and no database at all.").unwrap();
    let output = pair.copy(&pair.from(), "password").arg("--project").arg(&file).output().unwrap();
    assert_status(&output, 3);
    assert!(words(&output.stderr).contains("not a Mailferry project"), "{}", words(&output.stderr));
    assert_eq!(std::fs::read(&file).unwrap(), b"Dear Anna, this is a letter and no database at all.");
}

#[test]
fn records_are_made_from_a_zone_file_and_load() {
    let home = tempfile::tempdir().unwrap();
    let zone = home.path().join("zone");
    std::fs::write(
        &zone,
        "$ORIGIN example.org.\n$TTL 3600\n@ IN SOA ns hostmaster 1 2 3 4 5\n@ IN NS ns\n@ IN MX 10 mail\n\
         mail IN A 192.0.2.25\n@ IN TXT \"v=spf1 mx include:servers.example.net -all\"\n",
    )
    .unwrap();
    let records = |extra: &[&str]| {
        let mut command = mailferry(home.path());
        command.args(["records", "example.org", "--provider", "fastmail", "--zone"]).arg(&zone).args(extra);
        command.output().unwrap()
    };
    let output = records(&[]);
    assert_status(&output, 0);
    let text = words(&output.stdout);
    assert_loads("example.org", &text);
    assert!(text.contains("include:servers.example.net") && text.contains("in1-smtp.messagingengine.com."));
    // One stage is active: nothing of the switch, unless it is asked for.
    let active =
        |text: &str, what: &str| text.lines().any(|line| !line.starts_with(';') && line.contains(what));
    assert!(active(&text, "10 mail.example.org.") && !active(&text, "in1-smtp"), "{text}");
    let switched = words(&records(&["--stage", "switch"]).stdout);
    assert!(active(&switched, "in1-smtp") && !active(&switched, "10 mail.example.org."), "{switched}");
    assert!(active(&switched, "ip4:192.0.2.25"), "the old server still sends: {switched}");
    let later = words(&records(&["--stage", "later"]).stdout);
    assert!(active(&later, "in1-smtp") && !active(&later, "192.0.2.25"), "{later}");
    // A zone file does not know what the includes of others say.
    assert!(words(&output.stderr).contains("Now: not proven to be safe"), "{}", words(&output.stderr));
    assert!(!text.contains("safe, no mail"), "{text}");
    let dropped = records(&["--drop-sender", "include:servers.example.net"]);
    let kept = words(&dropped.stdout);
    assert!(
        !kept.lines().any(|line| !line.starts_with(';') && line.contains("servers.example.net")),
        "{kept}"
    );
    let plan = records(&["--format", "diff"]);
    assert!(words(&plan.stdout).contains("+ @"), "{}", words(&plan.stdout));
    for (format, expected) in [
        ("table", "Priority  10"),
        ("zone", "SOA"),
        ("cloudflare", "cf_tags=cf-proxied:false"),
        ("route53", "\"Action\": \"UPSERT\""),
        ("octodns", "- type: MX"),
        ("dnscontrol", "D_EXTEND(\"example.org\""),
        ("nsupdate", "prereq yxrrset example.org. IN MX 10 mail.example.org."),
        ("csv", "At the switch,remove,example.org,MX"),
    ] {
        let output = records(&["--format", format, "--stage", "switch"]);
        assert!(
            words(&output.stdout).contains(expected) || format == "cloudflare",
            "{}",
            words(&output.stdout)
        );
    }
    let back = words(&records(&["--stage", "rollback"]).stdout);
    assert!(active(&back, "10 mail.example.org.") && !active(&back, "in1-smtp"), "{back}");

    // Another file counts where it lies beside the zone file or below, and nowhere else.
    std::fs::create_dir(home.path().join("zones")).unwrap();
    let inner = home.path().join("zones/main");
    std::fs::write(home.path().join("zones/hosts"), "mail A 192.0.2.25\n").unwrap();
    std::fs::write(home.path().join("secret"), "not for anybody\n").unwrap();
    let including = |file: &str| {
        std::fs::write(&inner, format!("@ MX 10 mail\n$INCLUDE {file}\n")).unwrap();
        let mut command = mailferry(home.path());
        command.args(["records", "example.org", "--provider", "fastmail", "--zone"]).arg(&inner);
        command.output().unwrap()
    };
    assert!(words(&including("hosts").stdout).contains("ip4:192.0.2.25"));
    for outside in ["../secret", "/etc/passwd", "hosts/../../secret", "main", "missing"] {
        let refused = including(outside);
        assert_status(&refused, 3);
        assert!(words(&refused.stderr).to_lowercase().contains("line 2"), "{}", words(&refused.stderr));
        assert!(!words(&refused.stderr).contains("not for anybody"));
    }

    std::fs::write(&zone, "@ IN MX (10 mail\n").unwrap();
    let broken = records(&[]);
    assert_status(&broken, 3);
    assert!(words(&broken.stderr).to_lowercase().contains("line 1"), "{}", words(&broken.stderr));
}
