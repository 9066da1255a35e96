//! A server's own passing trouble before anything is copied is tried again, with a bound; a list that has become shorter makes
//! no folder vanish without a word.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use mailferry::imap::{SignInError, Uncounted};
use mailferry::plan::{CopyMode, FolderChoice, LeftOutBecause};
use mailferry::transfer::{
    CountWishes, FolderProblem, FolderTrouble, Progress, TransferError, count, look_in,
};
use mailferry::values::Side;
use mailferry_test_support::fakes::folder_server::{FolderServer, Harm, Shelf, shelf};
use mailferry_test_support::fakes::odd_imap::{Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot;

fn mails(first: u32, count: u32) -> Vec<Stored> {
    (first..first + count).map(|number| numbered(number, "text")).collect()
}

/// The inbox and these folders, each with two messages.
fn folders(names: &[&str]) -> Vec<Shelf> {
    let all = ["INBOX"].into_iter().chain(names.iter().copied());
    (0..).zip(all).map(|(number, name)| shelf(name.as_bytes(), mails(number * 2 + 1, 2))).collect()
}

fn empty() -> FolderServer {
    FolderServer::start(vec![shelf(b"INBOX", [])])
}

/// Does this harm to so many of these commands.
fn harm_some(server: &FolderServer, word: &'static str, times: u32, harm: fn() -> Harm) {
    let left = AtomicU32::new(times);
    server.harm(move |command, _, _| {
        let is_it = command == word
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        is_it.then(harm)
    });
}

fn wishes(known: &[&str]) -> CountWishes {
    let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
    CountWishes { known, ..CountWishes::default() }
}

#[tokio::test]
async fn one_failure_of_any_command_ends_nothing() {
    let harms: [fn() -> Harm; 6] = [
        || Harm::No("[SERVERBUG] internal error"),
        || Harm::No("[UNAVAILABLE] later"),
        || Harm::No("[INUSE] somebody is at it"),
        || Harm::Bad("what"),
        || Harm::Bye("restarting"),
        || Harm::Cut,
    ];
    for word in ["CAPABILITY", "LOGIN", "LIST", "NAMESPACE", "LSUB", "STATUS"] {
        for side in [Side::Source, Side::Destination] {
            for harm in harms {
                let source = FolderServer::start(folders(&["A"]));
                let destination = FolderServer::start(vec![shelf(b"INBOX", []), shelf(b"A", [])]);
                source.announce("IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE");
                destination.announce("IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE");
                let (from, to) = (source.access(), destination.access());
                let harmed = if side == Side::Source { &source } else { &destination };
                harm_some(harmed, word, 1, harm);
                let access = if side == Side::Source { &from } else { &to };
                let (session, listed) =
                    look_in(access, (side, &Uncounted::default()), &|_| {}).await.unwrap();
                assert_eq!(listed.len(), 2, "{word} {side}");
                drop(session);
                harm_some(harmed, word, 1, harm);
                let counted = count(&from, &to, &CountWishes::default(), &|_| {}).await.unwrap();
                assert_eq!(counted.plan.folders.len(), 2, "{word} {side}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_never_recovers_is_given_up_with_its_words() {
    let server = FolderServer::start(folders(&["A"]));
    for (word, harm) in [
        ("LOGIN", (|| Harm::No("[UNAVAILABLE] the directory is down")) as fn() -> Harm),
        ("LIST", || Harm::No("[SERVERBUG] the directory is down")),
    ] {
        harm_some(&server, word, u32::MAX, harm);
        let waits = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&waits);
        let sink = move |progress| {
            if let Progress::Waiting { words, .. } = progress {
                told.lock().unwrap().push(words);
            }
        };
        let looked = look_in(&server.access(), (Side::Source, &Uncounted::default()), &sink).await;
        let error = looked.unwrap_err();
        assert!(matches!(error, TransferError::NotRecovered { tries: 8, .. }), "{word}: {error}");
        assert!(error.to_string().contains("the directory is down"), "{error}");
        let waits = waits.lock().unwrap();
        assert_eq!(waits.len(), 7, "{waits:?}");
        assert!(waits.iter().all(|words| words.contains("the directory is down")), "{waits:?}");
    }
}

#[tokio::test]
async fn a_refused_password_is_tried_once() {
    for words in
        ["[AUTHENTICATIONFAILED] no", "no", "[LIMIT] Too many failed login attempts, try again later"]
    {
        let server = FolderServer::start(folders(&[]));
        let harm = Harm::No(words);
        let Harm::No(words) = harm else { unreachable!() };
        server.harm(move |command, _, _| (command == "LOGIN").then_some(Harm::No(words)));
        let looked = look_in(&server.access(), (Side::Source, &Uncounted::default()), &|_| {}).await;
        let error = looked.unwrap_err();
        let is_refusal = matches!(
            &error,
            TransferError::SignIn {
                source: SignInError::PasswordRefused { .. }
                    | SignInError::Refused { .. }
                    | SignInError::ServerBusy { .. },
                ..
            }
        );
        assert!(is_refusal, "{error}");
        let tries = server.commands().iter().filter(|line| line.starts_with("LOGIN")).count();
        assert_eq!(tries, 1, "{words}");
    }
}

#[tokio::test]
async fn the_sign_in_counts_all_folders_but_the_one_that_ends_the_connection() {
    let server = FolderServer::start(folders(&["A", "Bad", "C"]));
    server.harm(|word, name, _| (word == "STATUS" && name == b"Bad").then_some(Harm::Bye("broken")));
    let (session, listed) =
        look_in(&server.access(), (Side::Source, &Uncounted::default()), &|_| {}).await.unwrap();
    let counted: Vec<&str> =
        listed.iter().filter(|folder| folder.status.is_some()).map(|folder| folder.raw.as_str()).collect();
    assert_eq!(counted, ["A", "C", "INBOX"]);
    assert!(session.care().left["Bad"].contains("broken"), "{:?}", session.care());
}

#[tokio::test]
async fn what_nobody_wants_counted_is_not_asked_for() {
    for capabilities in ["IMAP4rev1 LITERAL+ UIDPLUS", "IMAP4rev1 LITERAL+ UIDPLUS LIST-STATUS LIST-EXTENDED"]
    {
        let server = FolderServer::start(folders(&["A", "Bad", "C"]));
        server.announce(capabilities);
        server.harm(|_, name, _| (name == b"Bad").then_some(Harm::Bye("broken")));
        let uncounted = Uncounted::new(|folder| folder.raw == "Bad");
        let (_session, listed) =
            look_in(&server.access(), (Side::Source, &uncounted), &|_| {}).await.unwrap();
        assert_eq!(listed.len(), 4);
        let wishes = CountWishes { uncounted, ..CountWishes::default() };
        let counted = count(&server.access(), &empty().access(), &wishes, &|_| {}).await.unwrap();
        assert!(counted.left.is_empty(), "{:?}", counted.left);
        let commands = server.commands();
        assert!(!commands.iter().any(|line| line.contains("\"Bad\"")), "{commands:?}");
        assert!(!commands.iter().any(|line| line.contains("RETURN (STATUS")), "{commands:?}");
    }
}

#[tokio::test]
async fn a_folder_that_the_list_leaves_out_later_is_planned_all_the_same() {
    for listed in [false, true] {
        let mut shelves = folders(&["A", "B"]);
        for shelf in shelves.iter_mut().skip(usize::from(listed)) {
            shelf.listed.clear();
        }
        let (source, destination) = (FolderServer::start(shelves), empty());
        let wishes = wishes(&["INBOX", "A", "B", "Gone"]);
        let counted = count(&source.access(), &destination.access(), &wishes, &|_| {}).await.unwrap();
        let planned: Vec<(&str, u64)> =
            counted.plan.folders.iter().map(|folder| (folder.source_raw.as_str(), folder.messages)).collect();
        assert_eq!(planned, [("INBOX", 2), ("A", 2), ("B", 2)]);
        let remarks = counted.plan.remarks.join("\n");
        assert!(remarks.contains('A') && remarks.contains('B') && !remarks.contains("Gone"), "{remarks}");
    }
}

#[tokio::test]
async fn an_empty_list_is_retried_and_then_reported() {
    let (source, destination) = (FolderServer::start(folders(&["A"])), empty());
    // Once for the sign-in, and once for the folders.
    harm_some(&source, "LIST", 3, || Harm::Nothing);
    let counted =
        count(&source.access(), &destination.access(), &CountWishes::default(), &|_| {}).await.unwrap();
    assert_eq!((counted.plan.folders.len(), counted.plan.lists_nothing), (2, false));
    harm_some(&source, "LIST", u32::MAX, || Harm::Nothing);
    let counted =
        count(&source.access(), &destination.access(), &CountWishes::default(), &|_| {}).await.unwrap();
    assert!(counted.plan.lists_nothing && counted.plan.remarks[0].contains("lists no folders"));
    let mut bench = Bench::new(empty().access(), destination.access()).await;
    bench.request.source = source.access();
    bench.request.plan = counted.plan;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert_eq!((problem.trouble, bench.sum().copied), (FolderTrouble::NotListed, 2), "{problem:?}");
}

#[tokio::test]
async fn a_list_that_is_empty_in_a_later_run_is_no_finished_copy() {
    let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, 6);
    source.deliver("A", numbered(91, "new"));
    // It passes.
    harm_some(&source, "LIST", 3, || Harm::Nothing);
    assert_eq!(bench.copy_all().await, 1);
    // It does not pass: what is known is copied, and the list is told of.
    source.deliver("B", numbered(92, "new"));
    harm_some(&source, "LIST", u32::MAX, || Harm::Nothing);
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let told: Vec<String> = outcome.folder_problems.iter().map(|one| one.folder.to_string()).collect();
    assert_eq!(told, ["A", "B"]);
    assert!(outcome.folder_problems.iter().all(|one| one.trouble == FolderTrouble::NotListed));
    assert_eq!((bench.sum().copied, bench.sum().to_do), (8, 0));
    let counts: Vec<(String, usize)> = destination.counts();
    assert_eq!(counts, [("A".to_owned(), 3), ("B".to_owned(), 3), ("INBOX".to_owned(), 2)]);
}

#[tokio::test]
async fn an_empty_list_of_the_destination_doubles_nothing() {
    let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, 6);
    source.deliver("A", numbered(91, "new"));
    harm_some(&destination, "LIST", u32::MAX, || Harm::Nothing);
    assert_eq!(bench.copy_all().await, 1);
    let counts: Vec<(String, usize)> = destination.counts();
    assert_eq!(counts, [("A".to_owned(), 3), ("B".to_owned(), 2), ("INBOX".to_owned(), 2)]);
}

/// Copies in a folder that the destination does not list any more are where they were, whatever STATUS says.
#[tokio::test]
async fn a_folder_that_the_destination_leaves_out_of_its_list_is_not_filled_again() {
    for (mode, is_counted) in [CopyMode::BeforeSwitch, CopyMode::AfterSwitch]
        .into_iter()
        .flat_map(|mode| [(mode, true), (mode, false)])
    {
        let (source, destination) = (FolderServer::start(folders(&["A", "B", "C"])), empty());
        let mut bench = Bench::new(source.access(), destination.access()).await;
        assert_eq!(bench.copy_all().await, 8);
        destination.hide("A");
        if !is_counted {
            destination
                .harm(|word, name, _| (word == "STATUS" && name == b"A").then_some(Harm::No("not now")));
        }
        bench.request.options.mode = mode;
        for run in 0..3 {
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let told = outcome.folder_problems.len();
            assert!(told == 0 || (mode == CopyMode::AfterSwitch && !is_counted), "{run}: {outcome:?}");
            let counts = destination.counts();
            assert!(counts.iter().all(|(_, count)| *count == 2), "{mode:?}, {is_counted}, {run}: {counts:?}");
        }
        // What is new there arrives all the same.
        source.deliver("A", numbered(91, "new"));
        if is_counted {
            bench.copy_all().await;
            assert_eq!(destination.counts().into_iter().map(|(_, count)| count).sum::<usize>(), 9);
        }
    }
}

#[tokio::test]
async fn a_removed_folder_is_reported_only_where_messages_were_to_do() {
    let (source, destination) = (FolderServer::start(folders(&["Done", "Waits"])), empty());
    let mut bench = Bench::new(source.access(), destination.access()).await;
    destination.harm(|word, name, _| (word == "APPEND" && name == b"Waits").then_some(Harm::Cut));
    bench.request.limits.max_breaks = 0;
    bench.copy(&|_| {}).await.unwrap_err();
    assert_eq!((bench.sum().copied, bench.sum().to_do), (4, 2));
    destination.harm(|_, _, _| None);
    source.remove("Done");
    source.remove("Waits");
    for is_planned_anew in [false, true] {
        if is_planned_anew {
            bench.plan_anew().await;
        }
        let outcome = bench.copy(&|_| {}).await.unwrap();
        let told: Vec<String> = outcome.folder_problems.iter().map(|one| one.folder.to_string()).collect();
        assert_eq!(told, ["Waits"], "{outcome:?}");
        assert_eq!(bench.sum().to_do, 2);
    }
}

/// A folder with messages to do that is listed later as one that holds none: it is asked for by its name, and copied or told
/// of.
#[tokio::test]
async fn a_folder_that_is_listed_as_unselectable_later_is_not_left_out_in_silence() {
    for attributes in ["\\Noselect", "\\NonExistent", "\\Noselect \\HasChildren"] {
        for (is_there, is_planned_anew) in [(true, false), (true, true), (false, false), (false, true)] {
            let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
            let mut bench = Bench::new(source.access(), destination.access()).await;
            destination.harm(|word, name, _| (word == "APPEND" && name == b"B").then_some(Harm::Cut));
            bench.request.limits.max_breaks = 0;
            bench.copy(&|_| {}).await.unwrap_err();
            destination.harm(|_, _, _| None);
            source.mark("B", attributes);
            if !is_there {
                source.harm(|word, name, _| {
                    (["STATUS", "EXAMINE"].contains(&word) && name == b"B")
                        .then_some(Harm::No("[NONEXISTENT] no such folder"))
                });
            }
            if is_planned_anew {
                let known = wishes(&["INBOX", "A", "B"]);
                let counted = count(&source.access(), &destination.access(), &known, &|_| {}).await.unwrap();
                bench.request.plan = counted.plan;
            }
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let told: Vec<String> =
                outcome.folder_problems.iter().map(|one| one.folder.to_string()).collect();
            let case = format!("{attributes} {is_there} {is_planned_anew}: {outcome:?}");
            if is_there {
                assert_eq!((told.len(), bench.sum().copied, bench.sum().to_do), (0, 6, 0), "{case}");
            } else {
                assert_eq!((told.as_slice(), bench.sum().to_do), (["B".to_owned()].as_slice(), 2), "{case}");
            }
        }
    }
}

/// The same where all of its messages were copied before: what has come to it since is not, and nobody can say what it is.
#[tokio::test]
async fn a_copied_folder_that_becomes_a_container_is_reported_unless_it_is_gone() {
    for (answer, is_told) in [
        ("[CANNOT] it holds no messages", true),
        ("not now, and not for you", true),
        ("[NONEXISTENT] no such folder", false),
    ] {
        for knows in [&["INBOX", "A", "B"][..], &[]] {
            let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
            let mut bench = Bench::new(source.access(), destination.access()).await;
            assert_eq!(bench.copy_all().await, 6);
            source.mark("B", "\\Noselect \\HasChildren");
            source.harm(move |word, name, _| {
                (["STATUS", "EXAMINE"].contains(&word) && name == b"B").then_some(Harm::No(answer))
            });
            let counted =
                count(&source.access(), &destination.access(), &wishes(knows), &|_| {}).await.unwrap();
            bench.request.plan = counted.plan;
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let case = format!("{answer} {knows:?}: {outcome:?}");
            let told: Vec<String> =
                outcome.folder_problems.iter().map(|one| one.folder.to_string()).collect();
            assert_eq!(told, if is_told { vec!["B".to_owned()] } else { Vec::new() }, "{case}");
            let is_named = |problem: &FolderProblem| {
                problem.trouble == FolderTrouble::NotListed && problem.words.contains(answer)
            };
            assert!(outcome.folder_problems.iter().all(is_named), "{case}");
        }
    }
}

/// A folder that the plan leaves out is not said to be copied, however little the source lists.
#[tokio::test]
async fn a_short_list_says_of_each_folder_what_becomes_of_it() {
    let (source, destination) = (FolderServer::start(folders(&["A", "B", "C"])), empty());
    let mut bench = Bench::new(source.access(), destination.access()).await;
    bench.request.options.trial_messages = Some(1);
    bench.copy_all().await;
    bench.request.options.trial_messages = None;
    for plan in &mut bench.request.plan.folders {
        if plan.source.to_string() == "B" {
            plan.choice = FolderChoice::LeaveOut(LeftOutBecause::YouChose);
        }
    }
    for name in ["A", "B", "C"] {
        source.hide(name);
    }
    let outcome = bench.copy(&|_| {}).await.unwrap();
    assert!(!outcome.folder_problems.is_empty(), "{outcome:?}");
    for problem in &outcome.folder_problems {
        let is_left_out = problem.folder.to_string() == "B";
        assert_eq!(problem.words.contains("so it is copied"), !is_left_out, "{problem:?}");
    }
}

#[tokio::test]
async fn what_lies_only_in_a_so_called_view_is_copied() {
    let mut shelves = folders(&["Work"]);
    // Everything of the others, and one message of its own.
    let mut all = shelf(b"Archiv", mails(1, 5));
    all.attributes = "\\All";
    let mut starred = shelf(b"Stern", [mails(2, 1), mails(5, 1), mails(70, 1)].concat());
    starred.attributes = "\\Flagged";
    shelves.extend([all, starred]);
    let (source, destination) = (FolderServer::start(shelves), empty());
    let bench = Bench::new(source.access(), destination.access()).await;
    assert!(bench.request.plan.folders.iter().all(|folder| folder.choice == FolderChoice::Copy));
    let remarks = bench.request.plan.remarks.join("\n");
    assert!(remarks.contains("Archiv") && remarks.contains("Stern"), "{remarks}");
    for _run in 0..2 {
        bench.copy_all().await;
        let sum = bench.sum();
        assert_eq!((sum.source_count, sum.copied, sum.left_out, sum.to_do), (12, 6, 6, 0), "{sum:?}");
        let counts: Vec<usize> = ["Archiv", "INBOX", "Stern", "Work"]
            .into_iter()
            .map(|name| destination.counts().into_iter().find(|(one, _)| one == name).map_or(0, |one| one.1))
            .collect();
        assert_eq!(counts, [1, 2, 1, 2]);
    }
}

#[tokio::test]
async fn a_failure_of_the_server_teaches_nothing_about_names() {
    for words in ["[SERVERBUG] internal", "internal error", "[UNAVAILABLE] later"] {
        let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
        let bench = Bench::new(source.access(), destination.access()).await;
        let left = AtomicU32::new(3);
        destination.harm(move |word, name, _| {
            let is_harm = word == "CREATE"
                && name == b"A"
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok();
            is_harm.then_some(Harm::No(words))
        });
        let _first = bench.copy(&|_| {}).await;
        destination.harm(|_, _, _| None);
        bench.copy(&|_| {}).await.unwrap();
        let names: Vec<String> = destination.counts().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A", "B", "INBOX"], "{words}");
        assert_eq!(bench.ledger().name_lessons().unwrap().names().len(), 0, "{words}");
        assert_eq!(bench.sum().copied, 6, "{words}");
    }
}

/// Runs the program between two servers, in a home of its own.
fn program(source: &FolderServer, destination: &FolderServer, flags: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, dovecot::PASSWORD).unwrap();
    let account = |server: &FolderServer| format!("imap://anna@127.0.0.1:{}", server.port);
    Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_STATE_HOME", home.path().join("state"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .current_dir(home.path())
        .args(["copy", "--from", &account(source), "--to", &account(destination), "--json", "-"])
        .arg("--from-password-file")
        .arg(&password)
        .arg("--to-password-file")
        .arg(&password)
        .args(flags)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn a_run_that_fails_early_lists_its_mailboxes_in_the_json() {
    let (source, destination) = (FolderServer::start(folders(&["A"])), empty());
    source.harm(|word, _, _| (word == "LOGIN").then_some(Harm::No("[AUTHENTICATIONFAILED] who are you")));
    let output = program(&source, &destination, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = json(&output);
    let mailbox = &told["mailboxes"][0];
    assert_eq!((&told["is_complete"], &mailbox["address"]), (&false.into(), &"anna@local.invalid".into()));
    for one in [mailbox, &told["error"]] {
        assert!(one["server_words"].as_str().unwrap().contains("who are you"), "{told}");
        assert!(!one["reason"].as_str().unwrap().is_empty(), "{told}");
        assert!(!one["ways_out"].as_array().unwrap().is_empty(), "{told}");
    }
    assert!(mailbox["state"].as_str().unwrap().contains("did not accept the password"), "{told}");

    // What a flag asks for and nobody has.
    source.harm(|_, _, _| None);
    let output = program(&source, &destination, &["--include-folder", "Nowhere"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = json(&output);
    assert!(told["error"]["what"].as_str().unwrap().contains("Nowhere"), "{told}");
    assert_eq!(told["mailboxes"].as_array().unwrap().len(), 1, "{told}");
}

#[test]
fn a_folder_that_ends_the_connection_when_it_is_counted_ends_no_run() {
    for (flags, copied) in [(&[][..], 6), (&["--exclude-folder", "Bad"], 4)] {
        let (source, destination) = (FolderServer::start(folders(&["A", "Bad"])), empty());
        source.harm(|word, name, _| (word == "STATUS" && name == b"Bad").then_some(Harm::Bye("broken")));
        let output = program(&source, &destination, flags);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let told = json(&output);
        assert_eq!((&told["is_complete"], &told["sum"]["copied"]), (&true.into(), &copied.into()), "{told}");
        let is_named = said(&output).contains("folder Bad could not be counted");
        assert_eq!(is_named, flags.is_empty(), "{}", said(&output));
        let asks = source.commands().iter().any(|line| line.contains("\"Bad\""));
        assert_eq!(asks, flags.is_empty(), "{:?}", source.commands());
    }
}
