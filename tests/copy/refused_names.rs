//! Names that a destination refuses: the next best is found, told, and used again in later runs.

use mailferry::plan::FolderPath;
use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::fakes::folder_server::{FolderServer, Harm, Shelf, shelf};
use mailferry_test_support::fakes::odd_imap::{Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::courier::Courier;
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};

fn mails(first: u32, count: u32) -> Vec<Stored> {
    (first..first + count).map(|number| numbered(number, "text")).collect()
}

/// The inbox and these folders, each with one message.
fn folders(names: &[&str]) -> Vec<Shelf> {
    let all = ["INBOX"].into_iter().chain(names.iter().copied());
    (1..).zip(all).map(|(number, name)| shelf(name.as_bytes(), mails(number, 1))).collect()
}

fn path(text: &str) -> FolderPath {
    FolderPath(text.split('/').map(str::to_owned).collect())
}

/// What was made of the planned places that were refused.
fn renamed(bench: &Bench) -> Vec<(String, String, String)> {
    let lessons = bench.ledger().name_lessons().unwrap();
    let text = |path: &FolderPath| path.0.join("/");
    let mut all: Vec<_> =
        lessons.refused().map(|name| (text(&name.planned), text(&name.made), name.words.clone())).collect();
    all.sort();
    all
}

/// Copies once and then again, also with a new message in a folder that was renamed: every folder keeps its one place.
async fn arrives(source: &FolderServer, destination: &FolderServer, later: &str) -> Bench {
    let mut bench = Bench::new(source.access(), destination.access()).await;
    let count = source.counts().len() as u64;
    assert_eq!(bench.copy_all().await, count, "{:?}", destination.commands());
    let made = destination.counts();
    assert_eq!(made.iter().map(|(_, messages)| messages).sum::<usize>() as u64, count, "{made:?}");
    source.deliver(later, numbered(900, "later"));
    bench.plan_anew().await;
    assert_eq!(bench.copy_all().await, 1);
    assert_eq!(bench.copy_all().await, 0);
    assert_eq!(destination.counts().len(), made.len(), "no other folder is made: {:?}", destination.counts());
    bench
}

#[tokio::test]
async fn signs_that_are_refused_are_learnt_and_children_stay_with_their_parent() {
    let source =
        FolderServer::start(folders(&["Plain", "v1.2", "v1.2/Sub", "v1.2/Sub.sub", "w.2", "~old", "v1․2"]));
    let destination = FolderServer::start(vec![shelf(b"INBOX", [])]);
    destination.harm(|word, name, _| {
        let is_refused = name.contains(&b'.') || name.starts_with(b"~");
        (word == "CREATE" && is_refused)
            .then_some(Harm::No("[CANNOT] Character not allowed in mailbox name: '.'"))
    });
    let bench = arrives(&source, &destination, "v1.2/Sub.sub").await;
    let told: Vec<_> = renamed(&bench).into_iter().map(|(planned, made, _)| (planned, made)).collect();
    let expected = [("v1.2", "v1․2 2"), ("w.2", "w․2"), ("~old", "∼old")];
    for (planned, made) in expected {
        assert!(told.contains(&(planned.to_owned(), made.to_owned())), "{told:?}");
    }
    let words = &renamed(&bench)[0].2;
    assert!(words.contains("Character not allowed"), "{words}");
    let lessons = bench.ledger().name_lessons().unwrap();
    let place = |text: &str| lessons.made(&path(text)).map(|name| name.made.0.join("/"));
    assert_eq!(place("v1.2/Sub").as_deref(), Some("v1․2 2/Sub"));
    assert_eq!(place("v1.2/Sub.sub").as_deref(), Some("v1․2 2/Sub․sub"));
    // What was learnt spares later ones their tries.
    let tries = destination.commands().iter().filter(|line| line.starts_with("CREATE \"w")).count();
    assert!(tries <= 3, "{:?}", destination.commands());
}

/// Courier refuses a folder that somebody else has made meanwhile without saying that it is there.
#[tokio::test]
async fn a_folder_that_is_there_by_now_gets_no_second_name() {
    let source = FolderServer::start(folders(&["Plain"]));
    let made_since = Shelf { listed: Vec::new(), ..shelf(b"Plain", []) };
    let destination = FolderServer::start(vec![shelf(b"INBOX", []), made_since]);
    destination.harm(|word, name, _| {
        (word == "CREATE" && name == b"Plain").then_some(Harm::No("Cannot create this folder."))
    });
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, 2);
    assert_eq!(destination.counts(), [("INBOX".to_owned(), 1), ("Plain".to_owned(), 1)]);
    assert_eq!(renamed(&bench), []);
}

#[tokio::test]
async fn signs_that_no_refusal_names_are_found_all_the_same() {
    let source = FolderServer::start(folders(&["a\"b", "50%", "<x>", "back\\slash", "*.*", "Büro 😀"]));
    let destination = FolderServer::start(vec![shelf(b"INBOX", [])]);
    destination.harm(|word, name, _| {
        let is_refused = name.iter().any(|sign| b"\"%<*\\".contains(sign));
        (word == "CREATE" && is_refused).then_some(Harm::No("Invalid mailbox name"))
    });
    let bench = arrives(&source, &destination, "50%").await;
    assert_eq!(renamed(&bench).len(), 5);
}

#[tokio::test]
async fn long_and_reserved_names_and_empty_folders_find_a_place() {
    let long = "n".repeat(150);
    let below = format!("{long}/Below");
    let mut there = folders(&[&long, &below, "Files"]);
    there.push(shelf(b"v1.2 empty", []));
    let source = FolderServer::start(there);
    let destination = FolderServer::start(vec![shelf(b"INBOX", [])]);
    destination.harm(|word, name, _| {
        let is_long = name.split(|sign| *sign == b'/').any(|part| part.len() > 100);
        let is_refused = is_long || name == b"Files" || name.contains(&b'.');
        (word == "CREATE" && is_refused).then_some(Harm::No("[CANNOT] Mailbox name refused"))
    });
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, 4);
    let short = "n".repeat(100);
    let names: Vec<String> = destination.counts().into_iter().map(|(name, _)| name).collect();
    for name in
        [short.clone(), format!("{short}/Below"), "Files (mail)".to_owned(), "v1&ICQ-2 empty".to_owned()]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert_eq!(bench.copy_all().await, 0);
}

#[tokio::test]
async fn a_folder_that_takes_none_below_it_gets_them_beside() {
    let source = FolderServer::start(folders(&["Work", "Work/Deep", "Work/Deep/More"]));
    let destination = FolderServer::start(vec![shelf(b"INBOX", [])]);
    destination.harm(|word, name, _| {
        (word == "CREATE" && name.contains(&b'/'))
            .then_some(Harm::No("Mailbox doesn't allow inferior mailboxes"))
    });
    let bench = arrives(&source, &destination, "Work/Deep").await;
    let names: Vec<String> = destination.counts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["INBOX", "Work", "Work - Deep", "Work - Deep - More"]);
    assert_eq!(renamed(&bench).len(), 2);
}

#[tokio::test]
async fn what_is_not_about_the_name_is_reported_and_nothing_is_tried() {
    let source = FolderServer::start(folders(&["v1.2", "Plain"]));
    let destination = FolderServer::start(vec![shelf(b"INBOX", [])]);
    destination.harm(|word, name, _| {
        (word == "CREATE" && name.starts_with(b"v1")).then_some(Harm::No("[NOPERM] Permission denied"))
    });
    let bench = Bench::new(source.access(), destination.access()).await;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert!(problem.words.contains("Permission denied"), "{problem:?}");
    assert_eq!((bench.sum().copied, bench.sum().refused), (2, 1));
    assert!(destination.commands().iter().all(|line| !line.contains("v1&")), "{:?}", destination.commands());
}

/// Maildir++ parts levels with dots, whatever sign its server shows between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dovecot_gets_dots_and_a_tilde_under_other_names() {
    let layout = |extra: &str| Settings { extra: extra.to_owned(), ..Settings::default() };
    let Some(source) = Dovecot::start(&["anna"], &layout("mail_location = maildir:~/source:LAYOUT=fs\n"))
    else {
        return;
    };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{}@weber.example>\r\n\r\nText\r\n", folder.len()).into_bytes(),
    };
    let names = ["INBOX", "v1.2", "v1.2/Sub", "Plain"];
    PlainImap::open(source.clear_port, "anna").store(&names.map(mail));
    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    let mut bench = Bench::new(from, to).await;
    assert_eq!(bench.copy_all().await, 4);
    bench.plan_anew().await;
    assert_eq!(bench.copy_all().await, 0, "a later run finds them again");
    let mut client = PlainImap::open(destination.clear_port, "anna");
    for folder in ["v1&ICQ-2", "v1&ICQ-2/Sub", "Plain"] {
        assert_eq!(client.count(folder), 1, "{:?}", client.folders());
    }
    bench.assert_verified(4).await;
}

/// What is made in UTF-8 there ends the connection of every program that lists its folders without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn courier_gets_names_that_every_program_can_list_and_gives_those_that_few_can() {
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Courier::start(&["anna"]) else { return };
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Subject: Grüße 😀\r\nMessage-ID: <{}@weber.example>\r\n\r\nText\r\n", folder.len())
            .into_bytes(),
    };
    let names = ["INBOX", "B&APw-ro", "Party &2DzfiQ-"];
    PlainImap::open(source.clear_port, "anna").store(&names.map(mail));
    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    let mut bench = Bench::new(from, to.clone()).await;
    assert_eq!(bench.copy_all().await, 3);
    bench.plan_anew().await;
    assert_eq!(bench.copy_all().await, 0);
    let mut client = PlainImap::open(destination.clear_port, "anna");
    for folder in ["INBOX", "INBOX.B&APw-ro", "INBOX.Party _"] {
        assert_eq!(client.count(folder), 1, "{:?}", client.folders());
    }
    bench.assert_verified(3).await;

    // Another program has made such a folder there: it is copied from there all the same.
    client.run("ENABLE UTF8=ACCEPT");
    client.run("CREATE \"INBOX.x😀\"");
    let back = Dovecot::start(&["anna"], &Settings::default()).unwrap();
    let home = access(back.clear_port, Security::Clear, "anna");
    let wishes = mailferry::transfer::CountWishes::default();
    let counted = mailferry::transfer::count(&to, &home, &wishes, &|_| {}).await.unwrap();
    let planned: Vec<String> =
        counted.plan.folders.iter().map(|folder| folder.destination.to_string()).collect();
    assert!(planned.contains(&"x😀".to_owned()), "{planned:?}");
    let mut bench = Bench::new(access(source.clear_port, Security::Clear, "anna"), home).await;
    bench.request.source = to;
    bench.request.plan = counted.plan;
    assert_eq!(bench.copy_all().await, 3);
}
