//! `mailferry watch` over two real name servers: a primary that takes signed updates (RFC 2136, RFC 8945), and a secondary
//! that lags until it is told (RFC 1996). The switch is published, followed, proven over, and taken back.

use std::io::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mailferry::project::{CopyJob, CopyJobPhase, Project, WholeCopy};
use mailferry::providers::ProviderId;
use mailferry::records::{Change, DiffLine, GroupKind, RecordGroup, RecordsPlan, SwitchStage};
use mailferry::values::{DomainName, UnixTime};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::fakes::dns_relay::DnsRelay;
use mailferry_test_support::programs::{free_port, require_program, until};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};
use mailferry_test_support::servers::named::Named;
use serde_json::Value;

const SECRET: &str = "c3dpdGNoLW9mLXRoZS10ZXN0cy1vbmx5ISE=";
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 99);
const OLD: &str = "10 mail.weber.test.";
const NEW: &str = "10 in1.provider.test.";
const SPF: &str = "v=spf1 ip4:203.0.113.7 -all";
/// The key of RFC 8463 appendix A.2.
const KEY: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const DMARC: &str = "v=DMARC1; p=reject";

struct Net {
    home: tempfile::TempDir,
    port: u16,
    second_port: u16,
    _primary: Named,
    second: Option<(Named, DnsRelay)>,
    nsupdate: PathBuf,
}

fn start() -> Option<Net> {
    let nsupdate = require_program("nsupdate", "bind9-dnsutils")?;
    let home = tempfile::tempdir().unwrap();
    let (port, second_port) = (free_port(), free_port());
    let file = |name: &str| home.path().join(name).display().to_string();
    let zone = format!(
        "$ORIGIN weber.test.\n$TTL 1\n@ SOA ns1 hostmaster 1 7200 3600 1209600 1\n@ NS ns1\n@ NS ns2\n\
         ns1 A 127.0.0.1\nns2 A {SECOND}\n@ MX {OLD}\nmail A 192.0.2.25\n"
    );
    std::fs::write(file("primary"), zone).unwrap();
    let key = format!("key \"switch\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};");
    let primary = format!(
        "{key} zone \"weber.test\" {{ type primary; file \"{}\"; allow-update {{ key switch; }}; allow-transfer {{ key switch; }}; notify no; }};",
        file("primary")
    );
    let root = "$TTL 300\n. SOA ns1.weber.test. hostmaster.weber.test. 1 7200 3600 1209600 300\n. NS ns1.weber.test.\nns1.weber.test. A 127.0.0.1\n";
    let primary = Named::start_at(port, &[(".", root.to_owned())], &primary)?;
    let secondary = format!(
        "{key} zone \"weber.test\" {{ type secondary; file \"{}\"; masterfile-format text; primaries {{ 127.0.0.1 port {port} key switch; }}; notify no; }};",
        file("secondary")
    );
    let second = Named::start_at(second_port, &[], &secondary)?;
    let relay = DnsRelay::start(SECOND, port, second_port);
    Some(Net { home, port, second_port, _primary: primary, second: Some((second, relay)), nsupdate })
}

impl Net {
    /// Replaces the MX records at the primary.
    fn publish(&self, mx: &str) {
        self.update(&format!("update delete weber.test MX\nupdate add weber.test 1 MX {mx}\n"));
    }

    /// Sends a signed update to the primary.
    fn update(&self, updates: &str) {
        let script = format!("server 127.0.0.1 {}\nzone weber.test\n{updates}send\n", self.port);
        let mut child = Command::new(&self.nsupdate)
            .args(["-y", &format!("hmac-sha256:switch:{SECRET}")])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Replaces texts at the primary, each at its name below the domain.
    fn publish_texts(&self, texts: &[(&str, &str)]) {
        let updates: Vec<String> = texts
            .iter()
            .map(|(name, text)| format!("update delete {name} TXT\nupdate add {name} 1 TXT \"{text}\"\n"))
            .collect();
        self.update(&updates.concat());
    }

    /// Tells the secondary that there is a new version (RFC 1996 section 3).
    fn tell_the_secondary(&self) {
        let mut notify = vec![0, 7, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in ["weber", "test", ""] {
            notify.push(u8::try_from(label.len()).unwrap());
            notify.extend_from_slice(label.as_bytes());
        }
        notify.extend_from_slice(&[0, 6, 0, 1]);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.send_to(&notify, (Ipv4Addr::LOCALHOST, self.second_port)).unwrap();
    }

    fn command(&self, project: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        command
            .arg("watch")
            .arg(project)
            .args(["--once", "--json", "-", "--resolver", &format!("127.0.0.1:{}", self.port)])
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_DATA_HOME", self.home.path().join("data"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS");
        command
    }

    fn run(&self, project: &Path) -> Output {
        self.command(project).arg("--confirm-project").output().unwrap()
    }

    #[track_caller]
    fn look(&self, project: &Path, status: i32) -> Value {
        let output = self.run(project);
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn project(&self, domain: &str, with_plan: bool) -> PathBuf {
        let path = self.home.path().join(format!("{domain}-{with_plan}.mailferry"));
        let domain = DomainName::parse(domain).unwrap();
        let project = Project::create(&path, &domain, false).unwrap();
        if with_plan {
            project.set_records_plan(Some(&plan(domain))).unwrap();
        }
        project.close().unwrap();
        path
    }
}

/// The same with SPF, a key and DMARC.
fn plan_with_proof(domain: DomainName) -> RecordsPlan {
    let line = |change, stage, name: &str, value: &str| DiffLine {
        change,
        stage,
        name: name.to_owned(),
        ttl_secs: 1,
        record_type: "TXT".to_owned(),
        value: value.to_owned(),
        reason: String::new(),
    };
    let group = |kind, lines| RecordGroup { kind, purpose: String::new(), lines };
    let now = SwitchStage::Now;
    let mut plan = plan(domain);
    plan.groups.extend([
        group(GroupKind::Spf, vec![line(Change::Add, now, "@", SPF)]),
        group(GroupKind::Dkim, vec![line(Change::Add, now, "brisbane._domainkey", KEY)]),
        group(GroupKind::Dmarc, vec![line(Change::Add, now, "_dmarc", DMARC)]),
    ]);
    plan
}

fn plan(domain: DomainName) -> RecordsPlan {
    let line = |change, value: &str| DiffLine {
        change,
        stage: SwitchStage::AtTheSwitch,
        name: "@".to_owned(),
        ttl_secs: 1,
        record_type: "MX".to_owned(),
        value: value.to_owned(),
        reason: String::new(),
    };
    let lines = vec![line(Change::Remove, OLD), line(Change::Add, NEW)];
    RecordsPlan {
        groups: vec![RecordGroup { kind: GroupKind::Mx, purpose: String::new(), lines }],
        ..RecordsPlan::empty(domain, ProviderId("generic".to_owned()))
    }
}

/// What the server of this name sees.
fn sees(report: &Value, name: &str) -> String {
    let sights = report["reading"]["sights"].as_array().unwrap();
    let sight = sights.iter().find(|sight| sight["viewer"]["server"]["name"] == name).unwrap();
    sight["sees"]["kind"].as_str().unwrap().to_owned()
}

fn step<'v>(report: &'v Value, kind: &str) -> &'v Value {
    let steps = report["steps"].as_array().unwrap();
    &steps.iter().find(|step| step["kind"] == kind).unwrap()["state"]["kind"]
}

#[test]
fn a_switch_is_followed_to_its_end_and_taken_back() {
    let Some(mut net) = start() else { return };
    let project = net.project("weber.test", true);
    until("the secondary has the zone", || {
        (sees(&net.look(&project, 1), "ns2.weber.test") == "old").then_some(())
    });
    let before = net.look(&project, 1);
    assert_eq!(sees(&before, "ns1.weber.test"), "old");
    assert_eq!(step(&before, "copy"), "due");
    assert_eq!(step(&before, "publish"), "waits");

    net.publish(NEW);
    let lagging = net.look(&project, 1);
    assert_eq!(sees(&lagging, "ns1.weber.test"), "new");
    assert_eq!(sees(&lagging, "ns2.weber.test"), "lagging");
    assert_eq!(lagging["reading"]["is_everywhere"], false);

    net.tell_the_secondary();
    until("nobody has the old records", || {
        (net.look(&project, 1)["reading"]["is_over"] == true).then_some(())
    });
    let over = net.look(&project, 1);
    assert_eq!(sees(&over, "ns2.weber.test"), "new");
    assert_eq!(step(&over, "sweep"), "due", "late mail is still to be brought over");

    let opened = Project::open(&project).unwrap();
    let moment = UnixTime(over["at"].as_i64().unwrap());
    let whole = WholeCopy { began_at: moment, finished_at: moment, is_verified: true };
    let job = CopyJob { phase: CopyJobPhase::Finished, whole: Some(whole), ..CopyJob::default() };
    opened.set_copy_job(&job).unwrap();
    opened.close().unwrap();
    drop(opened);
    let done = net.look(&project, 0);
    assert_eq!(step(&done, "sweep"), "done");
    assert_eq!(step(&done, "stop-old-server"), "from", "the queues of others get three days");
    assert_eq!(done["keeps_old_server"]["kind"], "queues");
    let remaining = done["remaining"].as_array().unwrap();
    let raise = remaining.iter().find(|one| one["kind"] == "raise-ttls").unwrap();
    let over_at = done["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "old-answers-gone");
    let over_at = over_at.unwrap()["done_at"].as_i64().unwrap();
    assert_eq!(raise["from"].as_i64(), Some(over_at + 3 * 86_400));

    net.publish(OLD);
    let back = net.look(&project, 1);
    assert_eq!(sees(&back, "ns1.weber.test"), "old");
    assert_eq!(step(&back, "stop-old-server"), "waits");
    net.second = None;
    assert_eq!(sees(&net.look(&project, 1), "ns2.weber.test"), "down");
}

#[test]
fn what_cannot_be_watched_says_why_and_how_to_continue() {
    let Some(net) = start() else { return };
    for (domain, with_plan, expected) in
        [("gone.test", true, "does not exist"), ("weber.test", false, "no switch to watch")]
    {
        let output = net.run(&net.project(domain, with_plan));
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_project_from_elsewhere_asks_nobody_before_its_owner_agrees() {
    let Some(net) = start() else { return };
    let project = net.project("weber.test", true);
    let output = net.command(&project).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--confirm-project"), "{output:?}");
    net.look(&project, 1);
    let output = net.command(&project).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "the answer is kept: {output:?}");
}

#[test]
fn a_wrong_clock_is_refused() {
    let Some(net) = start() else { return };
    let project = net.project("weber.test", true);
    net.look(&project, 1);
    let opened = Project::open(&project).unwrap();
    let mut seen: Value = serde_json::from_str(&opened.switch_watch().unwrap().unwrap()).unwrap();
    seen["watch"]["last_round_at"] = (UnixTime::now().0 + 86_400).into();
    opened.set_switch_watch(&seen.to_string()).unwrap();
    opened.close().unwrap();
    drop(opened);
    let output = net.run(&project);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("clock"), "{output:?}");
}

/// What the server of this name sees of SPF, DKIM and DMARC.
fn proof(report: &Value, name: &str) -> Vec<(String, String)> {
    let sights = report["reading"]["sights"].as_array().unwrap();
    let sight = sights.iter().find(|sight| sight["viewer"]["server"]["name"] == name).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let proof = sight["proof"].as_array().unwrap();
    proof.iter().map(|one| (text(&one["kind"]), text(&one["sees"]["kind"]))).collect()
}

#[test]
fn spf_dkim_and_dmarc_are_followed_at_every_server_and_resolver() {
    let Some(net) = start() else { return };
    let project = net.project("weber.test", false);
    let opened = Project::open(&project).unwrap();
    opened.set_records_plan(Some(&plan_with_proof(DomainName::parse("weber.test").unwrap()))).unwrap();
    opened.close().unwrap();
    drop(opened);
    until("the secondary has the zone", || {
        (sees(&net.look(&project, 1), "ns2.weber.test") == "old").then_some(())
    });
    let all = |word: &str| ["spf", "dkim", "dmarc"].map(|kind| (kind.to_owned(), word.to_owned())).to_vec();
    let before = net.look(&project, 1);
    assert_eq!(proof(&before, "ns1.weber.test"), all("old"));
    assert_eq!(proof(&before, "ns2.weber.test"), all("old"));

    net.publish_texts(&[
        ("weber.test", SPF),
        (
            "brisbane._domainkey.weber.test",
            "v=DKIM1;k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ),
        ("_dmarc.weber.test", DMARC),
    ]);
    let lagging = net.look(&project, 1);
    assert_eq!(proof(&lagging, "ns1.weber.test"), all("new"));
    assert_eq!(proof(&lagging, "ns2.weber.test"), all("lagging"));
    assert_eq!(sees(&lagging, "ns1.weber.test"), "old", "the switch itself is not published");

    net.tell_the_secondary();
    let output = until("the secondary has fetched them", || {
        let output = net.run(&project);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (proof(&report, "ns2.weber.test") == all("new")).then_some(output)
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the old mail hosts; SPF new, DKIM new, DMARC new"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let resolver = report["reading"]["sights"].as_array().unwrap().last().unwrap();
    assert!(resolver["viewer"]["resolver"].is_string(), "{resolver}");
    assert_eq!(resolver["proof"].as_array().unwrap().len(), 3);

    // Somebody replaces the key by another one.
    net.publish_texts(&[("brisbane._domainkey.weber.test", "v=DKIM1; k=ed25519; p=AAAA")]);
    let changed = net.look(&project, 1);
    assert_eq!(proof(&changed, "ns1.weber.test")[1], ("dkim".to_owned(), "other".to_owned()));
}

#[test]
fn a_test_message_is_judged_with_what_the_servers_say() {
    let Some(net) = start() else { return };
    let project = net.project("weber.test", true);
    let message = net.home.path().join("arrived.eml");
    let text = include_str!("../cases/messages/rfc8463.eml");
    // The signature is of another domain, which is nowhere here; SPF is of this one.
    let arrived = format!(
        "Return-Path: <anna@weber.test>\r\nReceived: from out.provider.test (out.provider.test [203.0.113.7]) \
         by mx.elsewhere.test with ESMTPS; Mon, 2 Nov 2026 09:00:00 +0000\r\n{}",
        text.replace("joe@football.example.com", "anna@weber.test")
    );
    std::fs::write(&message, arrived).unwrap();
    net.publish_texts(&[("weber.test", SPF), ("_dmarc.weber.test", DMARC)]);
    let judge = |file: &Path| {
        let mut command = net.command(&project);
        command.arg("--confirm-project").arg("--test-message").arg(file).output().unwrap()
    };
    let output = judge(&message);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("arrived.eml: SPF passes, DKIM does not"), "{said}");
    assert!(said.contains("pass for weber.test from 203.0.113.7; counts for DMARC"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["tests"][0]["verdict"],
        serde_json::json!({ "kind": "half-proven", "missing": "dkim" })
    );
    assert_eq!(report["tests"][0]["proof"]["dmarc"], "pass");
    // It is kept, and judged once.
    assert_eq!(net.look(&project, 1)["tests"].as_array().unwrap().len(), 1);

    std::fs::write(&message, "no message at all\n").unwrap();
    let output = judge(&message);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is no mail message"), "{output:?}");
    let output = judge(&net.home.path().join("nowhere.eml"));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be read"), "{output:?}");
}

/// A message in a mailbox, from this header on.
fn test_mail(folder: &str, header: &str, subject: &str) -> Mail {
    let date = jiff::Timestamp::now().strftime("%d-%b-%Y %H:%M:%S +0000").to_string();
    let text = format!("{header}Subject: {subject}\nDate: Mon, 2 Nov 2026 09:00:00 +0000\n\nA test.\n");
    Mail {
        folder: folder.to_owned(),
        flags: Vec::new(),
        date,
        bytes: text.replace('\n', "\r\n").into_bytes(),
    }
}

#[test]
fn test_messages_are_found_in_mailboxes_and_judged_by_the_way_that_they_took() {
    let Some(net) = start() else { return };
    let Some(server) = Dovecot::start(&["anna", "elsewhere"], &Settings::default()) else { return };
    let project = net.project("weber.test", true);
    let subject = net.look(&project, 1)["test_subject"].as_str().unwrap().to_owned();
    assert!(subject.starts_with("Mailferry test ") && subject.len() > 20, "{subject}");
    let password = net.home.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let find = |user: &str, password: &Path| {
        let mut command = net.command(&project);
        let at = format!("imap://{user}@127.0.0.1:{}", server.clear_port);
        command.arg("--confirm-project").args(["--test-imap", &at, "--test-password-file"]).arg(password);
        command.output().unwrap()
    };
    let failed = |output: &Output, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && said.contains(words), "{output:?}");
    };
    let letter = "Received: from a.elsewhere.test (a.elsewhere.test [198.51.100.9]) by in1.provider.test with ESMTPS; Mon, 2 Nov 2026 09:00:00 +0000\n\
                  Return-Path: <me@elsewhere.test>\nFrom: me@elsewhere.test\nTo: anna@weber.test\nMessage-ID: <in-1@elsewhere.test>\n";
    let late = letter.replace("in1.provider.test", "mail.weber.test").replace("in-1@", "in-2@");
    let private = letter.replace("in-1@", "private@");
    PlainImap::open(server.clear_port, "anna").store(&[test_mail("INBOX", &private, "Your balance")]);
    failed(
        &find("anna", &password),
        &format!("no message of the last seven days with the subject “{subject}”"),
    );

    // Mail that comes in, one message past the old server, and one over it, which a filter has doubted.
    let reply = format!("Re: {subject}");
    PlainImap::open(server.clear_port, "anna")
        .store(&[test_mail("INBOX", letter, &subject), test_mail("Junk", &late, &reply)]);
    let output = find("anna", &password);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = |report: &Value| -> Vec<(String, String)> {
        let tests = report["tests"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        tests.iter().map(|test| (text(&test["name"]), text(&test["verdict"]["kind"]))).collect()
    };
    let mut seen = shown(&report);
    seen.sort();
    assert_eq!(
        seen,
        [
            ("anna, INBOX, message 2".to_owned(), "arrived".to_owned()),
            ("anna, Junk, message 1".to_owned(), "reached-old-server".to_owned()),
        ]
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("balance"), "letters of others are left alone");

    // Mail that is sent, as it arrived elsewhere, and one that has not left the provider.
    net.publish_texts(&[("weber.test", SPF), ("_dmarc.weber.test", DMARC)]);
    let sent = "Received: from out.provider.test (out.provider.test [203.0.113.7]) by mx.elsewhere.test with ESMTPS; Mon, 2 Nov 2026 09:00:00 +0000\n\
                Return-Path: <anna@weber.test>\nFrom: anna@weber.test\nTo: me@elsewhere.test\nMessage-ID: <out-1@weber.test>\n";
    let inside =
        sent.replace("203.0.113.7", "198.51.100.77").replace("ESMTPS", "ESMTPSA").replace("out-1@", "out-2@");
    PlainImap::open(server.clear_port, "elsewhere")
        .store(&[test_mail("INBOX", sent, &subject), test_mail("INBOX", &inside, &subject)]);
    let report: Value = serde_json::from_slice(&find("elsewhere", &password).stdout).unwrap();
    let mut seen = shown(&report).split_off(2);
    seen.sort();
    assert_eq!(
        seen,
        [
            ("elsewhere, INBOX, message 1".to_owned(), "half-proven".to_owned()),
            ("elsewhere, INBOX, message 2".to_owned(), "not-left".to_owned()),
        ]
    );
    let flags = |user: &str| -> Vec<Vec<String>> {
        let mut client = PlainImap::open(server.clear_port, user);
        client.messages("INBOX").into_iter().map(|held| held.flags).collect()
    };
    let unread = |flags: &[Vec<String>]| flags.iter().flatten().all(|flag| flag != "\\Seen");
    assert!(unread(&flags("anna")) && unread(&flags("elsewhere")), "nothing was marked as read");

    std::fs::write(&password, "wrong").unwrap();
    failed(&find("anna", &password), "The mailbox could not be read");
    let mut command = net.command(&project);
    let output = command.args(["--confirm-project", "--test-mailbox", "nobody@weber.test"]).output().unwrap();
    failed(&output, "destination");
}

/// Letters of these numbers, as they are delivered.
fn letters(numbers: std::ops::Range<usize>) -> Vec<Mail> {
    let letter = |number: usize| {
        Mail {
        folder: "INBOX".to_owned(),
        flags: Vec::new(),
        date: format!("{:>2}-Nov-2026 09:{:02}:00 +0100", 1 + number % 28, number % 60),
        bytes: format!(
            "Message-ID: <{number}@sender.test>\r\nDate: Mon, 2 Nov 2026 09:{:02}:00 +0100\r\n\
             From: sender@sender.test\r\nTo: anna@weber.test\r\nSubject: Letter {number}\r\n\r\nNumber {number}\r\n",
            number % 60
        )
        .into_bytes(),
    }
    };
    numbers.map(letter).collect()
}

#[test]
fn a_rehearsed_switch_with_a_lag_loses_no_message_and_is_rolled_back_once() {
    let Some(net) = start() else { return };
    let dovecot = || Dovecot::start(&["anna"], &Settings::default());
    let (Some(old), Some(new), Some(everything)) = (dovecot(), dovecot(), dovecot()) else { return };
    // Whatever is delivered, on either side, is also kept here.
    let deliver = |server: &Dovecot, numbers: std::ops::Range<usize>| {
        let letters = letters(numbers);
        PlainImap::open(server.clear_port, "anna").store(&letters);
        PlainImap::open(everything.clear_port, "anna").store(&letters);
    };
    let multiset = |server: &Dovecot| PlainImap::open(server.clear_port, "anna").multiset(str::to_owned);

    deliver(&old, 0..20);
    let list = net.home.path().join("list.csv");
    let password = format!("\"{}\"", PASSWORD.replace('"', "\"\""));
    let columns = "address,source_user,source_password,destination_user,destination_password";
    std::fs::write(&list, format!("{columns}\nanna@weber.test,anna,{password},anna,{password}\n")).unwrap();
    let project = net.home.path().join("move.mailferry");
    let mut copy = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    copy.args(["copy", "--verify", "full", "--from", &format!("imap://127.0.0.1:{}", old.clear_port)])
        .args(["--to", &format!("imap://127.0.0.1:{}", new.clear_port), "--accounts"])
        .arg(&list)
        .arg("--project")
        .arg(&project)
        .env("HOME", net.home.path())
        .env("XDG_CONFIG_HOME", net.home.path().join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    let output = copy.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let opened = Project::open(&project).unwrap();
    assert_eq!(opened.domain().as_ascii(), "weber.test");
    opened.set_records_plan(Some(&plan(opened.domain().clone()))).unwrap();
    opened.close().unwrap();
    drop(opened);
    let sweep = || {
        let mut command = net.command(&project);
        command.args(["--confirm-project", "--sweep", "--accounts"]).arg(&list);
        let output = command.output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    until("the secondary has the zone", || (sees(&sweep(), "ns2.weber.test") == "old").then_some(()));

    // The switch is published, and the secondary lags: senders deliver on both sides.
    net.publish(NEW);
    deliver(&new, 20..23);
    deliver(&old, 23..27);
    let lagging = sweep();
    assert_eq!(
        (sees(&lagging, "ns1.weber.test"), sees(&lagging, "ns2.weber.test")),
        ("new".into(), "lagging".into())
    );
    until("late mail is brought over", || (sweep()["late_messages"] == 4).then_some(()));
    assert_eq!(multiset(&new), multiset(&everything));

    // Rolled back once: mail returns to the old server, and what the new one has stays there.
    net.publish(OLD);
    net.tell_the_secondary();
    deliver(&old, 27..30);
    until("everybody has the old records", || {
        let back = sweep();
        let is_old = |name| sees(&back, name) == "old";
        (is_old("ns1.weber.test") && is_old("ns2.weber.test") && back["next_sweep_at"].is_null())
            .then_some(())
    });

    // And published again, to its end.
    net.publish(NEW);
    deliver(&new, 30..32);
    deliver(&old, 32..34);
    net.tell_the_secondary();
    let over = until("the switch is over and swept", || {
        let report = sweep();
        (report["reading"]["is_over"] == true && step(&report, "sweep") == "done").then_some(report)
    });
    assert_eq!(over["keeps_old_server"]["kind"], "queues");
    assert_eq!(multiset(&new), multiset(&everything), "no message is lost, and none is there twice");
}
