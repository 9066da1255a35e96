//! The headless plan: folders renamed and put together, the provider by name, and the progress for programs.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use mailferry::message::internal_date_secs;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, large_message};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};

/// A pair of servers, and a folder with the password file.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    home: tempfile::TempDir,
}

impl Pair {
    fn start(source: &Settings, destination: &Settings, folders: &[&str]) -> Option<Self> {
        let source = Dovecot::start(&["anna"], source)?;
        let destination = Dovecot::start(&["anna"], destination)?;
        let mail = |folder: &&str| Mail {
            folder: (*folder).to_owned(),
            flags: Vec::new(),
            date: "01-Mar-2023 10:00:00 +0100".to_owned(),
            bytes: format!("Message-ID: <{folder}@weber.example>\r\nSubject: {folder}\r\n\r\nText\r\n")
                .into_bytes(),
        };
        let mails: Vec<Mail> = folders.iter().map(mail).collect();
        PlainImap::open(source.clear_port, "anna").store(&mails);
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), PASSWORD).unwrap();
        Some(Self { source, destination, home })
    }

    fn copy(&self, flags: &[&str]) -> Output {
        let account = |server: &Dovecot| format!("imap://anna@127.0.0.1:{}", server.clear_port);
        let password = self.home.path().join("password");
        Command::new(env!("CARGO_BIN_EXE_mailferry"))
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_DATA_HOME", self.home.path().join("data"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("MAILFERRY_LOG")
            .args(["copy", "--from", &account(&self.source), "--to", &account(&self.destination)])
            .arg("--from-password-file")
            .arg(&password)
            .arg("--to-password-file")
            .arg(&password)
            .arg("--project")
            .arg(self.home.path().join("anna.mailferry"))
            .args(flags)
            .output()
            .unwrap()
    }

    /// Folders of the destination that have mail, with how much.
    fn arrived(&self) -> Vec<(String, usize)> {
        let mut client = PlainImap::open(self.destination.clear_port, "anna");
        let mut found: Vec<(String, usize)> =
            client.folders().into_iter().map(|folder| (folder.clone(), client.count(&folder))).collect();
        found.retain(|(_, count)| *count > 0);
        found.sort();
        found
    }
}

#[track_caller]
fn ended_well(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn names_by_flag_follow_the_destination_s_delimiter_and_prefix() {
    let dotted = Settings { separator: '.', prefix: "INBOX.", ..Settings::default() };
    let folders = ["INBOX", "Work", "Work/Deep", "Old", "Older"];
    let Some(pair) = Pair::start(&Settings::default(), &dotted, &folders) else { return };
    let flags = ["--rename-folder", "Work=v1.2", "--merge-folder", "Older=Old"];
    let output = pair.copy(&flags);
    ended_well(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("“.” separates folders at the destination"), "{said}");
    let expected = [
        ("INBOX".to_owned(), 1),
        ("INBOX.Old".to_owned(), 2),
        // The dot is a look-alike, so that it makes no level.
        ("INBOX.v1&ICQ-2".to_owned(), 1),
        ("INBOX.v1&ICQ-2.Deep".to_owned(), 1),
    ];
    assert_eq!(pair.arrived(), expected);
    // The same flags again, and none at all: what is there stays.
    ended_well(&pair.copy(&flags));
    ended_well(&pair.copy(&["--retry-failed"]));
    assert_eq!(pair.arrived(), expected);
    let unknown = pair.copy(&["--rename-folder", "Nowhere=A"]);
    assert_eq!(unknown.status.code(), Some(3));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("No folder is called “Nowhere”") && said.contains("Work of anna@"), "{said}");
}

#[test]
fn too_little_room_and_messages_close_to_the_limit_are_reported_before_the_start() {
    let extra = "mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=100k
  quota_vsizes = yes
}
";
    let small =
        Settings { extra: extra.to_owned(), capabilities: Some("+APPENDLIMIT=80000"), ..Settings::default() };
    let Some(pair) = Pair::start(&Settings::default(), &small, &["INBOX"]) else { return };
    let large = |bytes| Mail {
        folder: "Large".to_owned(),
        flags: Vec::new(),
        date: "01-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: large_message(bytes),
    };
    PlainImap::open(pair.source.clear_port, "anna").store(&[large(78_000), large(30_000), large(90_000)]);
    let output = pair.copy(&["--dry-run", "--json", "-"]);
    ended_well(&output);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mailbox = &plan["mailboxes"][0];
    let warning = mailbox["warnings"][0].as_str().unwrap_or_else(|| panic!("{plan:#}"));
    assert!(warning.contains("has space for 102") && warning.contains("not everything may fit"), "{warning}");
    let counts = |of: &str| mailbox["oversize"][of][0]["messages"].clone();
    assert_eq!((counts("close"), counts("folders")), (1.into(), 1.into()), "{plan:#}");
    let words = String::from_utf8(pair.copy(&["--dry-run"]).stdout).unwrap();
    assert!(words.contains("1 message is close to the destination’s limit (80 kB)"), "{words}");
    assert!(words.contains("note: The mailbox at the destination has space for"), "{words}");
}

#[test]
fn what_is_left_of_a_full_mailbox_stays_or_is_saved_as_files() {
    let extra = "mail_plugins = quota
plugin {
  quota = count:User quota
  quota_rule = *:storage=100k
  quota_vsizes = yes
}
";
    let small = Settings { extra: extra.to_owned(), ..Settings::default() };
    let Some(pair) = Pair::start(&Settings::default(), &small, &["INBOX"]) else { return };
    let large = |number: u32| Mail {
        folder: "Large".to_owned(),
        flags: Vec::new(),
        date: format!("{:02}-Mar-2023 10:00:00 +0100", number + 1),
        bytes: [format!("X-Number: {number}\r\n").as_bytes(), &large_message(30_000)].concat(),
    };
    let mails: Vec<Mail> = (0..6).map(large).collect();
    PlainImap::open(pair.source.clear_port, "anna").store(&mails);
    let sum = |output: &Output| -> serde_json::Value {
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        outcome["sum"].clone()
    };
    let stopped = pair.copy(&["--json", "-"]);
    assert_eq!(stopped.status.code(), Some(1));
    let outcome: serde_json::Value = serde_json::from_slice(&stopped.stdout).unwrap();
    let words = outcome["mailboxes"][0].to_string();
    assert!(words.contains("Leave out the rest") && words.contains("Save the rest as .eml"), "{words}");
    let copied = sum(&stopped)["copied"].as_u64().unwrap();
    let left = sum(&stopped)["to_do"].as_u64().unwrap();
    assert!(copied > 0 && left > 0, "{}", sum(&stopped));

    let output = pair.copy(&["--when-full", "leave-out", "--json", "-"]);
    ended_well(&output);
    assert_eq!((&sum(&output)["left_out"], &sum(&output)["to_do"]), (&left.into(), &0.into()));
    // Taken back, it is as before; then the rest goes into files.
    let again = pair.copy(&["--when-full", "stop", "--json", "-"]);
    assert_eq!((&sum(&again)["left_out"], &sum(&again)["to_do"]), (&0.into(), &left.into()));
    let output = pair.copy(&["--when-full", "save", "--json", "-"]);
    assert_eq!((&sum(&output)["exported"], &sum(&output)["to_do"]), (&left.into(), &0.into()));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = outcome["problems"][0]["cause"].as_str().unwrap_or_else(|| panic!("{outcome:#}"));
    assert!(cause.contains("the mailbox at the destination is full"), "{cause}");
    let arrived: usize = pair.arrived().iter().map(|(_, count)| count).sum();
    assert_eq!(arrived as u64, copied, "nothing was sent a second time");
}

#[test]
fn a_folder_that_can_only_be_read_is_reported_before_a_message_is_sent() {
    let files = tempfile::Builder::new().prefix("acl-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(files.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(files.path().join("acl"), "Work user=anna lr\nWork owner lr\n").unwrap();
    let extra = format!(
        "mail_plugins = acl\nprotocol imap {{\n  mail_plugins = acl imap_acl\n}}\nplugin {{\n  acl = vfile:{}/acl\n}}\n",
        files.path().display()
    );
    let read_only = Settings { extra, ..Settings::default() };
    let Some(pair) = Pair::start(&Settings::default(), &read_only, &["INBOX", "Work"]) else { return };
    PlainImap::open(pair.destination.clear_port, "anna").run("CREATE Work");
    let output = pair.copy(&["--json", "-"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = outcome["problems"][0]["cause"].as_str().unwrap_or_else(|| panic!("{outcome:#}"));
    assert!(cause.contains("the server opens it read-only"), "{outcome:#}");
    assert_eq!(
        (&outcome["sum"]["copied"], &outcome["sum"]["refused"]),
        (&1.into(), &1.into()),
        "{outcome:#}"
    );
    assert_eq!(pair.arrived(), [("INBOX".to_owned(), 1)]);
}

/// All mail bears the day of an earlier move.
#[test]
fn copies_bear_the_date_of_their_header_where_that_is_asked_for() {
    let Some(pair) = Pair::start(&Settings::default(), &Settings::default(), &[]) else { return };
    let mail = |number: usize, date: &str| Mail {
        folder: "INBOX".to_owned(),
        flags: Vec::new(),
        date: "01-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{number}@weber.example>\r\n{date}Subject: {number}\r\n\r\nText\r\n")
            .into_bytes(),
    };
    let mails = [
        mail(1, "Date: Mon, 7 May 2012 08:30:00 +0200\r\n"),
        mail(2, "Date: some day\r\n"),
        mail(3, "Date: 1 Jan 2093 00:00:00 +0000\r\n"),
        mail(4, ""),
    ];
    PlainImap::open(pair.source.clear_port, "anna").store(&mails);
    ended_well(&pair.copy(&["--dates-from-header", "--verify", "full"]));
    let dated = || -> BTreeMap<i64, usize> {
        let arrived = PlainImap::open(pair.destination.clear_port, "anna").multiset(str::to_owned);
        let mut dated = BTreeMap::new();
        for ((_, _, _, date), count) in arrived {
            *dated.entry(internal_date_secs(&date).unwrap()).or_default() += count;
        }
        dated
    };
    let (may_2012, march_2023) = (1_336_372_200, 1_677_661_200);
    assert_eq!(dated(), BTreeMap::from([(may_2012, 1), (march_2023, 3)]));
    // The option stays with the project, and a later run finds nothing to do.
    PlainImap::open(pair.source.clear_port, "anna")
        .store(&[mail(5, "Date: Mon, 7 May 2012 08:30:00 +0200\r\n")]);
    ended_well(&pair.copy(&["--verify", "full"]));
    assert_eq!(dated(), BTreeMap::from([(may_2012, 2), (march_2023, 3)]));
}

#[test]
fn the_plan_tells_where_an_earlier_move_has_dated_the_mail() {
    let Some(pair) = Pair::start(&Settings::default(), &Settings::default(), &[]) else { return };
    let mail = |folder: &str, number: usize, arrived: String| Mail {
        folder: folder.to_owned(),
        flags: Vec::new(),
        date: arrived,
        bytes: format!(
            "Message-ID: <{number}@weber.example>\r\nDate: {} May 2012 08:30:00 +0200\r\n\r\nText\r\n",
            number % 28 + 1
        )
        .into_bytes(),
    };
    let moved = (0..60).map(|number| mail("Work", number, "04-Mar-2019 10:00:00 +0100".to_owned()));
    let grown = (0..60)
        .map(|number| mail("INBOX", number, format!("{:02}-May-2012 08:31:00 +0200", number % 28 + 1)));
    PlainImap::open(pair.source.clear_port, "anna").store(&moved.chain(grown).collect::<Vec<_>>());
    let told = |options: &[&str]| {
        let output = pair.copy(options);
        ended_well(&output);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let words = told(&["--dry-run"]);
    assert!(words.contains("Most messages in Work have the same date of arrival (2019-03-04)"), "{words}");
    assert!(!told(&["--dry-run", "--dates-from-header"]).contains("the same date of arrival"));
}

#[test]
fn exact_duplicates_go_once_where_that_is_asked_for() {
    let Some(pair) = Pair::start(&Settings::default(), &Settings::default(), &[]) else { return };
    let mail = |number: usize| Mail {
        folder: "INBOX".to_owned(),
        flags: Vec::new(),
        date: "01-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nText\r\n")
            .into_bytes(),
    };
    PlainImap::open(pair.source.clear_port, "anna").store(&[mail(1), mail(1), mail(2), mail(1)]);
    ended_well(&pair.copy(&["--drop-duplicates", "--verify", "full"]));
    let arrived = || PlainImap::open(pair.destination.clear_port, "anna").multiset(str::to_owned);
    assert_eq!(arrived().values().copied().collect::<Vec<_>>(), [1, 1]);
    // The option stays with the project.
    PlainImap::open(pair.source.clear_port, "anna").store(&[mail(2), mail(3)]);
    ended_well(&pair.copy(&["--verify", "full"]));
    assert_eq!(arrived().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn requests_for_receipts_are_disarmed_in_read_mail_where_that_is_asked_for() {
    let Some(pair) = Pair::start(&Settings::default(), &Settings::default(), &[]) else { return };
    let mail = |number: usize, flags: &[&'static str], request: &str| Mail {
        folder: "INBOX".to_owned(),
        flags: flags.to_vec(),
        date: "01-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{number}@weber.example>\r\n{request}Subject: {number}\r\n\r\nText\r\n")
            .into_bytes(),
    };
    let request = "Disposition-Notification-To: ben@weber.example\r\n";
    let mails = [mail(1, &["\\Seen"], request), mail(2, &[], request), mail(3, &["\\Seen"], "")];
    PlainImap::open(pair.source.clear_port, "anna").store(&mails);
    let copied = pair.copy(&["--disarm-receipts", "--json", "-"]);
    ended_well(&copied);
    let sum = |output: &Output| -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["sum"].clone()
    };
    let first = sum(&copied);
    assert_eq!((&first["copied"], &first["repaired"], &first["refused"]), (&2.into(), &1.into(), &0.into()));
    let mut client = PlainImap::open(pair.destination.clear_port, "anna");
    client.run("SELECT INBOX");
    let armed =
        |client: &mut PlainImap| client.run("SEARCH HEADER Disposition-Notification-To ben")[0].0.clone();
    let disarmed = client.run("SEARCH SEEN HEADER X-Disarmed-Disposition-Notification-To ben")[0].0.clone();
    let left = armed(&mut client);
    assert!(left.split(' ').count() == 3 && disarmed.split(' ').count() == 3, "{left:?} {disarmed:?}");
    assert_ne!(left, disarmed, "the one that nobody has read still asks");
    // Later runs leave it at that.
    assert_eq!(sum(&pair.copy(&["--json", "-"])), first);
    assert_eq!(pair.arrived(), [("INBOX".to_owned(), 3)]);
}

#[test]
fn the_progress_for_programs_is_one_object_per_line() {
    let Some(pair) = Pair::start(&Settings::default(), &Settings::default(), &["INBOX", "Work"]) else {
        return;
    };
    let output = pair.copy(&["--progress", "json", "--json", "-"]);
    ended_well(&output);
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let mut states = lines.iter().filter(|line| line["event"] == "mailbox");
    let done = states.find(|line| line["state"] == "done").unwrap_or_else(|| panic!("{said}"));
    assert_eq!((&done["messages_done"], &done["messages_all"]), (&2.into(), &2.into()), "{said}");
    assert!(done["mailbox"].as_str().unwrap().starts_with("anna@"), "{said}");
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["is_complete"] == true);

    let plan = pair.copy(&["--provider", "google-workspace", "--dry-run", "--json", "-"]);
    ended_well(&plan);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(plan["mailboxes"][0]["oversize"]["limit"], 35_651_584, "the provider's limits hold");
}
