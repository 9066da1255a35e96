//! What a headless copy reports is what lies at the destination or on the disk.

use std::path::Path;
use std::process::{Command, Output};

use mailferry_test_support::fakes::odd_imap::{Doubled, OddImap, Stored, numbered};
use mailferry_test_support::programs;
use mailferry_test_support::servers::dovecot::PASSWORD;

/// Two servers, and a home of which the program knows nothing yet.
struct Pair {
    source: OddImap,
    destination: OddImap,
    home: tempfile::TempDir,
}

impl Pair {
    fn start(messages: impl IntoIterator<Item = Stored>) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), PASSWORD).unwrap();
        std::fs::create_dir(home.path().join("here")).unwrap();
        Self { source: OddImap::start(messages), destination: OddImap::start([]), home }
    }

    /// Runs a copy in a directory of its own.
    fn copy(&self, flags: &[&str]) -> Output {
        self.command(flags).output().unwrap()
    }

    fn command(&self, flags: &[&str]) -> Command {
        let account = |server: &OddImap| format!("imap://anna@127.0.0.1:{}", server.port);
        let password = self.home.path().join("password");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        command
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .current_dir(self.home.path().join("here"))
            .args(["copy", "--from", &account(&self.source), "--to", &account(&self.destination)])
            .arg("--from-password-file")
            .arg(&password)
            .arg("--to-password-file")
            .arg(&password)
            .args(flags);
        command
    }

    fn refuse_large(&self, words: Option<&'static str>) {
        self.destination.set(|state| {
            state.refuse_append = words.map(|words| -> Box<dyn Fn(usize) -> Option<&'static str> + Send> {
                Box::new(move |bytes| (bytes > 5_000).then_some(words))
            });
        });
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn mails() -> Vec<Stored> {
    vec![numbered(1, "one"), numbered(2, &"x".repeat(6_000)), numbered(3, "three")]
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![std::fs::read(path).unwrap()] })
        .collect()
}

#[test]
fn without_a_project_saved_messages_outlive_the_run_and_it_is_no_success() {
    let pair = Pair::start(mails());
    pair.refuse_large(Some("NO Virus found"));
    let output = pair.copy(&["--json", "-"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let outcome = json(&output);
    assert_eq!((&outcome["is_complete"], &outcome["sum"]["exported"]), (&false.into(), &1.into()));
    let folder = Path::new(outcome["export_folder"].as_str().unwrap());
    assert_eq!(folder, pair.home.path().join("here/mailferry-exported"));
    assert_eq!(files(folder), [mails().remove(1).bytes]);
    let problem = &outcome["problems"][0];
    assert!(problem["cause"].as_str().unwrap().contains("Virus found"), "{problem}");
    assert!(problem["way_out"].as_str().unwrap().contains("scanner"), "{problem}");

    let elsewhere = pair.home.path().join("elsewhere");
    let output = pair.copy(&["--export-dir", elsewhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(&format!("1 message in {}", elsewhere.display())), "{}", said(&output));
    assert_eq!(files(&elsewhere).len(), 1);
}

#[test]
fn saved_and_refused_messages_are_tried_again_when_that_is_asked_for() {
    let pair = Pair::start(mails());
    let project = pair.home.path().join("a.mailferry");
    let project = ["--project", project.to_str().unwrap(), "--json", "-"];
    pair.refuse_large(Some("NO Virus found"));
    assert_eq!(pair.copy(&project).status.code(), Some(1));
    assert_eq!(files(&pair.home.path().join("a-exported")).len(), 1);
    // Not asked for: nothing changes, and it is still no success.
    pair.refuse_large(None);
    assert_eq!(pair.copy(&project).status.code(), Some(1));
    assert_eq!(pair.destination.bodies().len(), 2);
    let output = pair.copy(&[&project[..], &["--retry-failed"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["is_complete"], true);
    assert_eq!(pair.destination.bodies(), pair.source.bodies());
}

#[test]
fn a_mailbox_that_stops_says_why_and_what_can_be_done_on_both_outputs() {
    let pair = Pair::start((1..=20).map(|number| numbered(number, &"x".repeat(6_000))));
    pair.refuse_large(Some("NO [NOPERM] not allowed here"));
    let output = pair.copy(&["--json", "-"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let outcome = json(&output);
    let mailbox = &outcome["mailboxes"][0];
    assert!(mailbox["reason"].as_str().unwrap().contains("not allowed here"), "{mailbox}");
    assert!(!mailbox["ways_out"].as_array().unwrap().is_empty(), "{mailbox}");
    assert_eq!((&outcome["sum"]["to_do"], &outcome["sum"]["exported"]), (&20.into(), &0.into()));
    let output = pair.copy(&[]);
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("not allowed here") && words.contains("1. "), "{words}");
}

#[test]
fn a_clean_proof_of_what_was_copied_before_is_complete() {
    let pair = Pair::start(mails());
    let project = pair.home.path().join("a.mailferry");
    let project = ["--project", project.to_str().unwrap(), "--json", "-"];
    assert_eq!(pair.copy(&[&project[..], &["--verify", "none"]].concat()).status.code(), Some(0));
    // A copy that the proof does not confirm, and that is put right by hand.
    let lost = pair.destination.state.lock().unwrap().messages.get(&2).cloned().unwrap();
    pair.destination.set(|state| state.messages.get_mut(&2).unwrap().bytes.truncate(100));
    let unverified = pair.copy(&[&project[..], &["--verify-only", "full"]].concat());
    assert_eq!((unverified.status.code(), &json(&unverified)["is_complete"]), (Some(1), &false.into()));
    pair.destination.set(|state| drop(state.messages.insert(2, lost)));
    for depth in ["full", "quick"] {
        let output = pair.copy(&[&project[..], &["--verify-only", depth]].concat());
        let outcome = json(&output);
        assert_eq!((output.status.code(), &outcome["is_complete"]), (Some(0), &true.into()), "{outcome:#}");
    }
}

/// On a terminal the progress is drawn in place; a file or a pipe gets lines without any control characters.
#[test]
fn the_progress_is_drawn_on_a_terminal_and_told_in_lines_elsewhere() {
    let Some(script) = programs::require_program("script", "bsdutils") else { return };
    let pair = Pair::start((1..=40).map(|number| numbered(number, &"x".repeat(20_000))));
    let command = pair.command(&[]);
    let quoted: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| format!("'{}'", part.to_str().unwrap()))
        .collect();
    let mut on_terminal = Command::new(script);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => on_terminal.env(name, value),
            None => on_terminal.env_remove(name),
        };
    }
    let drawn = on_terminal
        .current_dir(pair.home.path())
        .env("TERM", "xterm")
        .args(["-qec", &quoted.join(" "), "/dev/null"])
        .output()
        .unwrap();
    assert_eq!(drawn.status.code(), Some(0), "{}", said(&drawn));
    let shown = String::from_utf8_lossy(&drawn.stdout);
    assert!(shown.contains("\u{1b}["), "{shown:?}");
    assert!(shown.contains("40 on the source = "), "{shown:?}");

    let output = pair.copy(&[]);
    assert!(!said(&output).contains('\u{1b}'), "{}", said(&output));
    assert!(said(&output).contains("anna@"), "{}", said(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_no_defect() {
    let pair = Pair::start((1..=400).map(|number| numbered(number, &"x".repeat(20_000))));
    // The destination never answers, so that there is always something to interrupt.
    pair.destination.set(|state| state.refuse_append = Some(Box::new(|_| Some("NO [UNAVAILABLE] not now"))));
    let mut child = pair.command(&[]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    assert!(lines.by_ref().any(|line| line.unwrap().contains("continues on its own")));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    child.wait().unwrap();
    let rest = rest.join("\n");
    assert!(rest.contains("Interrupted") && !rest.contains("defect"), "{rest}");
}

#[test]
fn the_list_of_messages_names_the_folders_that_were_left_out() {
    let pair = Pair::start(mails());
    let list = pair.home.path().join("list.csv");
    let output = pair.copy(&["--exclude-folder", "INBOX", "--messages", list.to_str().unwrap()]);
    let text = std::fs::read_to_string(&list).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert!(
        text.contains(",INBOX,,,,") && text.contains("left-out,\"3 messages, left out by you\""),
        "{text}"
    );
}

#[test]
fn a_dry_run_tells_which_flags_the_destination_cannot_keep() {
    let pair = Pair::start(mails());
    pair.destination.set(|state| state.permanent_flags = Some("\\Seen \\Answered \\Draft"));
    let output = pair.copy(&["--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let words = "cannot keep all flags; copies will lack \\Flagged, keywords other than its own";
    assert!(said(&output).contains(words), "{}", said(&output));
}

/// What the program has written to a named pipe.
#[cfg(unix)]
fn through_a_pipe(pair: &Pair, flag: &str, more: &[&str]) -> (Output, String) {
    let pipe = pair.home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    let flags: Vec<&str> = [flag, pipe.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    let output = pair.copy(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = reader.join().unwrap();
    std::fs::remove_file(pipe).unwrap();
    (output, text)
}

#[cfg(unix)]
#[test]
fn outputs_go_to_pipes_and_devices_as_well_as_to_files() {
    let pair = Pair::start(mails());
    let rows = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for place in ["-", "/dev/stdout", "/dev/fd/1"] {
        // The words of the outcome leave standard output to the list.
        let output = pair.copy(&["--messages", place]);
        assert_eq!(output.status.code(), Some(0), "{place}: {}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(rows(&text).len(), 3, "{place}: {text}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("3 on the source = "), "{place}");
    }
    let table = pair.copy(&["--messages", "-", "--messages-format", "csv"]);
    assert!(table.stdout.starts_with(b"mailbox,folder,"), "{}", said(&table));
    let (_, listed) = through_a_pipe(&pair, "--messages", &[]);
    assert_eq!(rows(&listed).len(), 3, "{listed}");
    let (output, outcome) =
        through_a_pipe(&pair, "--json", &["--messages", "-", "--messages-format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(3), "{list}");
    let outcome: serde_json::Value = serde_json::from_str(&outcome).unwrap();
    assert_eq!(outcome["is_complete"], true, "{outcome}");
    for flags in [["--messages", "/dev/null"], ["--json", "/dev/null"], ["--json", "/dev/stdout"]] {
        let output = pair.copy(&flags);
        assert_eq!(output.status.code(), Some(0), "{flags:?}: {}", said(&output));
    }
    // A name says the form, or a flag does.
    let output = pair.copy(&["--messages", "list.txt"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let output = pair.copy(&["--messages", "list.txt", "--messages-format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = std::fs::read_to_string(pair.home.path().join("here/list.txt")).unwrap();
    assert_eq!(rows(&text).len(), 3, "{text}");
    // Two outputs in one stream could not be told apart.
    let output = pair.copy(&["--messages", "-", "--json", "/dev/stdout"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--json and --messages"), "{}", said(&output));
}

#[test]
fn the_last_line_of_a_mailbox_says_what_is_there_and_what_is_not() {
    let pair = Pair::start(mails());
    pair.refuse_large(Some("NO Virus found"));
    let shown = said(&pair.copy(&["--verify", "none"]));
    assert!(shown.contains("incomplete; 2 of 3 messages copied, 1 saved as files"), "{shown}");
    assert!(!shown.contains(": done"), "{shown}");
    let whole = Pair::start(mails());
    let shown = said(&whole.copy(&[]));
    assert!(shown.contains(": done; 3 of 3 messages copied"), "{shown}");
}

#[test]
fn a_trial_is_named_only_where_there_was_one() {
    let pair = Pair::start(mails());
    let shown = said(&pair.copy(&["--trial", "1"]));
    assert!(shown.contains("+ 2 put off by a trial +") && shown.contains("trial done; 1 of 3"), "{shown}");
    let whole = Pair::start(mails());
    let shown = said(&whole.copy(&[]));
    assert!(!shown.contains("trial"), "{shown}");
}

#[test]
fn the_trouble_of_a_folder_has_its_code_and_its_way_out_on_both_outputs() {
    let doubling = || {
        let pair = Pair::start(mails());
        pair.destination.set(|state| state.double = Some(Doubled { text: "number", is_second_told: false }));
        pair
    };
    let output = doubling().copy(&["--json", "-"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let outcome = json(&output);
    let mailbox = &outcome["mailboxes"][0];
    assert_eq!((&mailbox["code"], &outcome["sum"]["copied"]), (&"folder-stored-twice".into(), &3.into()));
    let problem = &mailbox["folder_problems"][0];
    assert_eq!((&problem["folder"], &problem["code"]), (&"INBOX".into(), &"folder-stored-twice".into()));
    assert!(
        problem["way_out"]["what"].as_str().unwrap().contains("why its server stores messages twice"),
        "{problem}"
    );
    let shown = said(&output);
    assert!(
        !shown.contains("opened") && shown.contains("the server stored them twice, or another"),
        "{shown}"
    );
    let shown = said(&doubling().copy(&[]));
    assert!(shown.contains("has messages twice at the provider"), "{shown}");
}

/// UIDs that are not those of the list are the server's own trouble: where a proof has found every copy, the copy is whole.
#[test]
fn wrong_uids_are_no_failure_where_every_copy_is_proven() {
    let wrong = || {
        let pair = Pair::start(mails());
        pair.destination.set(|state| state.told_uid = Some(|uid| uid + 3));
        pair
    };
    for depth in ["quick", "full"] {
        let output = wrong().copy(&["--json", "-", "--verify", depth]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let outcome = json(&output);
        assert_eq!((&outcome["is_complete"], &outcome["sum"]["copied"]), (&true.into(), &3.into()));
    }
    let unproven = wrong().copy(&["--json", "-", "--verify", "none"]);
    assert_eq!(unproven.status.code(), Some(1), "{}", said(&unproven));
    assert_eq!(json(&unproven)["mailboxes"][0]["code"], "folder-wrong-uids");
}

/// A server that has let somebody in, and refuses a command, did not refuse the sign-in.
#[test]
fn a_refused_command_is_not_reported_as_a_refused_sign_in() {
    for words in ["[NOPERM] not for you", "[CONTACTADMIN] call us", "[AUTHORIZATIONFAILED] no", "no"] {
        let pair = Pair::start(mails());
        pair.source.set(|state| state.refuse_list = Some(words));
        let output = pair.copy(&[]);
        let shown = said(&output);
        assert_eq!(output.status.code(), Some(3), "{shown}");
        assert!(shown.contains("did not list the folders for anna") && shown.contains(words), "{shown}");
        assert!(!shown.contains("sign in again") && !shown.contains("Sign in again"), "{shown}");
        assert!(!shown.contains("did not let"), "{shown}");
    }
}

/// A named pipe waits for its reader, and the program says that it does.
#[cfg(unix)]
#[test]
fn a_pipe_without_a_reader_is_reported() {
    for flag in ["--json", "--messages"] {
        let pair = Pair::start(mails());
        let place = tempfile::tempdir().unwrap();
        let [pipe, errors] = ["pipe", "errors"].map(|name| place.path().join(name));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut running = pair
            .command(&[flag, pipe.to_str().unwrap()])
            .stdout(std::process::Stdio::null())
            .stderr(std::fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let words = format!("Waiting for a program to read {}", pipe.display());
        programs::until("the wait is told of", || {
            std::fs::read_to_string(&errors).unwrap().contains(&words).then_some(())
        });
        let read = std::fs::read_to_string(&pipe).unwrap();
        assert!(read.contains("INBOX"), "{flag}: {read}");
        assert_eq!(running.wait().unwrap().code(), Some(0), "{flag}");
    }
}
