//! Words from strangers, headless: whatever servers, certificates and the DNS say, neither a terminal nor a file gets
//! anything that acts on its reader, and no password that a server repeats is kept.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Output};

use data_encoding::BASE64;
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record, RecordType};
use mailferry::rehearsal::{
    Action, Fault, FolderPath, ImapAccount, ImapServer, Personality, SampleFolder, SampleMessage, Trigger,
};
use mailferry::values::{EmailAddress, Secret, UnixTime, is_unprintable};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings};
use tokio_util::sync::CancellationToken;

const USER: &str = "anna@weber.example";
const SECRET: &str = "Gartenzaun-47 grün";

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("MAILFERRY_LOG", "mailferry=trace")
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

/// What was said on both streams; neither may act on a terminal.
#[track_caller]
fn said(output: &Output) -> String {
    let said = format!(
        "{}{}",
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap()
    );
    assert_clean(&said);
    said
}

#[track_caller]
fn assert_clean(said: &str) {
    let bad = |character: &char| is_unprintable(*character);
    let lines = said.lines().filter(|line| line.chars().any(|character| bad(&character)));
    let found: Vec<String> = lines.map(|line| format!("{line:?}")).collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn message(number: usize) -> SampleMessage {
    let text = format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nText {number}\r\n");
    SampleMessage {
        bytes: text.into_bytes().into(),
        flags: BTreeSet::new(),
        internal_date: UnixTime(1_678_183_200),
    }
}

/// A practice server with these folders, serving until the token is cancelled.
fn serve(
    runtime: &tokio::runtime::Runtime,
    folders: &[&str],
    faults: Vec<Fault>,
    stop: &CancellationToken,
) -> u16 {
    let folder = |name: &&str| SampleFolder {
        path: FolderPath::from_levels(vec![(*name).to_owned()]),
        special_use: None,
        messages: (0..2).map(message).collect(),
    };
    let account = ImapAccount {
        address: EmailAddress::parse(USER).unwrap(),
        password: Secret::new(SECRET),
        folders: folders.iter().map(folder).collect(),
    };
    let binding = ImapServer::bind(Personality::dovecot(), vec![account], 7);
    let server = runtime.block_on(binding).unwrap();
    let handle = server.handle();
    for fault in faults {
        handle.faults().push(fault);
    }
    runtime.spawn(server.serve(stop.clone()));
    handle.endpoint().port
}

const FOLDERS: [&str; 4] =
    ["INBOX", "\u{1b}]0;owned\u{7}\u{1b}[2J", "gpj.\u{202e}exe\u{2066}", "line\nINBOX -> all fine\u{9b}"];

#[test]
fn folder_names_and_refusals_act_on_no_terminal_and_no_file_and_a_repeated_password_is_kept_nowhere() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stop = CancellationToken::new();
    let forms = [
        SECRET.to_owned(),
        BASE64.encode(SECRET.as_bytes()),
        BASE64.encode(format!("\0{USER}\0{SECRET}").as_bytes()),
    ];
    let refusal =
        format!("NO [CANNOT {}] \u{1b}[31m not \u{202e}you: {} and {}", forms[0], forms[1], forms[2]);
    let refuses = Fault::always(Trigger::Command("APPEND".to_owned()), Action::Refuse(refusal.clone()));
    let says = Fault::always(
        Trigger::Command("NOOP".to_owned()),
        Action::Say(format!("OK [ALERT] \u{1b}]0;owned\u{7} {SECRET}")),
    );
    let source = serve(&runtime, &FOLDERS, Vec::new(), &stop);
    let destination = serve(&runtime, &["INBOX"], vec![refuses, says], &stop);
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::write(at("password"), SECRET).unwrap();
    let copy = |extra: &[&str]| {
        let url = |port| format!("imap://anna%40weber.example@127.0.0.1:{port}");
        program(home.path())
            .args(["copy", "--project", "anna.mailferry", "--from", &url(source), "--to", &url(destination)])
            .args(["--from-password-file", "password", "--to-password-file", "password"])
            .args(extra)
            .output()
            .unwrap()
    };
    let plan = said(&copy(&["--dry-run"]));
    assert!(plan.contains("␛]0;owned␇") && plan.contains("line␊INBOX -> all fine"), "{plan}");
    let mut everything = said(&copy(&["--messages", "list.csv", "--json", "out.json"]));
    everything.push_str(&said(&copy(&["--retry-failed", "--messages", "list.jsonl", "--json", "-"])));
    for name in ["list.csv", "list.jsonl", "out.json"] {
        let text = std::fs::read_to_string(at(name)).unwrap();
        assert_clean(&text);
        everything.push_str(&text);
    }
    assert!(everything.contains("not"), "{everything}");
    // The folder names are in the JSON to the letter.
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(at("out.json")).unwrap()).unwrap();
    let folders = json["mailboxes"][0]["folders"].as_array().unwrap();
    assert!(folders.iter().any(|folder| folder["name"] == "gpj.\u{202e}exe\u{2066}"), "{folders:#?}");
    let mut bytes = everything.into_bytes();
    for entry in std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() && !entry.ends_with("password") {
            bytes.extend(std::fs::read(entry).unwrap());
        }
    }
    for form in &forms {
        let form = form.trim_end_matches('=').as_bytes();
        assert!(!bytes.windows(form.len()).any(|window| window == form), "a form of the password was kept");
    }
    stop.cancel();
}

#[test]
fn names_in_a_certificate_act_on_no_terminal() {
    let names =
        ["\u{1b}[2J\u{1b}]0;owned\u{7}.example", "a\nTrusted: yes.example"].map(str::to_owned).to_vec();
    let Some(server) = Dovecot::start(&["anna"], &Settings { names, ..Settings::default() }) else { return };
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("password"), "x").unwrap();
    let url = format!("imaps://anna@127.0.0.1:{}", server.tls_port);
    let output = program(home.path())
        .args(["copy", "--from", &url, "--to", &url.replace("anna@", "other@")])
        .args(["--from-password-file", "password", "--to-password-file", "password"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = said(&output);
    assert!(said.contains("␛[2J␛]0;owned␇.example") && !said.contains("\nTrusted: yes"), "{said}");
}

/// Answers every question for TXT records with this string, and all others with nothing.
fn resolver(text: &'static [u8]) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    // Ends with the process of the test.
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 4_096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
            let mut answer = Message::response(question.metadata.id, OpCode::Query);
            answer.metadata.recursion_available = true;
            for query in &question.queries {
                answer.add_query(query.clone());
                if query.query_type == RecordType::TXT {
                    let data = RData::TXT(TXT::from_bytes(vec![text]));
                    answer.add_answer(Record::from_rdata(query.name.clone(), 300, data));
                }
            }
            socket.send_to(&answer.to_vec().unwrap(), peer).unwrap();
        }
    });
    address
}

#[test]
fn records_in_the_dns_act_on_no_terminal_and_no_file() {
    let nasty =
        "v=spf1 include:\u{1b}[31m\u{7}x.example \u{202e}lla- exists:a\nb.example \u{9b}2J -all".as_bytes();
    let resolver = resolver(nasty);
    let home = tempfile::tempdir().unwrap();
    let spf = program(home.path())
        .args(["spf", "weber.example", "--ip", "192.0.2.1", "--resolver", &resolver])
        .output()
        .unwrap();
    said(&spf);
    let audit = |extra: &[&str]| {
        let mut command = program(home.path());
        command.args(["audit", "weber.example", "--resolver", &resolver]).args(extra).output().unwrap()
    };
    let words = said(&audit(&["--html", "audit.html", "--save-facts", "facts.json"]));
    assert!(words.contains("SPF"), "{words}");
    said(&audit(&["--json", "-"]));
    for name in ["audit.html", "facts.json"] {
        assert_clean(&std::fs::read_to_string(home.path().join(name)).unwrap());
    }
    // What was saved says the same to the program.
    let again = program(home.path())
        .args(["audit", "weber.example", "--facts", "facts.json", "--json", "again.json"])
        .output()
        .unwrap();
    said(&again);
    assert!(home.path().join("again.json").exists());
}

/// A pipe never comes to its end, and reading it would never return.
#[cfg(unix)]
#[test]
fn a_zone_file_includes_files_only() {
    let home = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(home.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let zone = home.path().join("zone");
    std::fs::write(&zone, "@ MX 10 mail\n$INCLUDE pipe\n").unwrap();
    let output = program(home.path())
        .args(["records", "weber.example", "--provider", "fastmail", "--zone"])
        .arg(&zone)
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("Line 2") && said.contains("no file that could be read"), "{said}");
}
