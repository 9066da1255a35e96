//! The folders themselves arrive: empty ones too, and those that the owner had hidden stay hidden.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mailferry::engine::rename_words;
use mailferry::plan::{FolderChoice, FolderPath, FolderPlan, LeftOutBecause};
use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};

fn servers() -> Option<(Dovecot, Dovecot)> {
    let source =
        Dovecot::start(&["anna"], &Settings { separator: '.', prefix: "INBOX.", ..Settings::default() })?;
    Some((source, Dovecot::start(&["anna"], &Settings::default())?))
}

async fn copied(source: &Dovecot, destination: &Dovecot) {
    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    Bench::new(from, to).await.copy_all().await;
}

fn names(port: u16, command: &str) -> BTreeSet<String> {
    let lines = PlainImap::open(port, "anna").run(command);
    let name = |line: &str| line.rsplit_once("\"/\" ").unwrap().1.trim_matches('"').to_owned();
    lines.iter().filter(|(line, _)| !line.contains("\\Noselect")).map(|(line, _)| name(line)).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_folders_arrive_and_hidden_ones_stay_hidden() {
    let Some((source, destination)) = servers() else { return };
    let mut client = PlainImap::open(source.clear_port, "anna");
    for folder in ["INBOX.Work", "INBOX.Work.Empty", "INBOX.Hidden", "INBOX.Hidden.Below"] {
        client.run(&format!("CREATE \"{folder}\""));
    }
    for folder in ["INBOX", "INBOX.Work", "INBOX.Work.Empty", "INBOX.Hidden.Below"] {
        client.run(&format!("SUBSCRIBE \"{folder}\""));
    }
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{folder}@weber.example>\r\nSubject: one\r\n\r\nText\r\n").into_bytes(),
    };
    client.store(&[mail("INBOX"), mail("INBOX.Hidden")]);
    copied(&source, &destination).await;
    let all = set(&["INBOX", "Work", "Work/Empty", "Hidden", "Hidden/Below"]);
    assert_eq!(names(destination.clear_port, "LIST \"\" \"*\""), all);
    let mut shown = names(destination.clear_port, "LSUB \"\" \"*\"");
    shown.remove("INBOX");
    assert_eq!(shown, set(&["Work", "Work/Empty", "Hidden/Below"]));
    assert_eq!(PlainImap::open(destination.clear_port, "anna").count("Hidden"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_subscribed_to_anything_all_folders_are_shown() {
    let Some((source, destination)) = servers() else { return };
    let mut client = PlainImap::open(source.clear_port, "anna");
    for folder in ["INBOX.Work", "INBOX.Old"] {
        client.run(&format!("CREATE \"{folder}\""));
    }
    client.run("SUBSCRIBE \"INBOX\"");
    copied(&source, &destination).await;
    let mut shown = names(destination.clear_port, "LSUB \"\" \"*\"");
    shown.remove("INBOX");
    assert_eq!(shown, set(&["Work", "Old"]));
}

/// A server on which everybody sees `Public`, and on which mailboxes can be opened to others.
fn with_others(files: &Path) -> Option<Dovecot> {
    std::fs::write(files.join("acl"), "Public anyone lrwstipekxa\nPublic/* anyone lrwstipekxa\n").unwrap();
    let extra = "mail_plugins = acl
protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile:FILES/acl
  acl_shared_dict = file:%h/../shared.db
}
namespace public {
  type = public
  separator = /
  prefix = Public/
  location = maildir:%h/../public
  subscriptions = no
  list = yes
}
namespace others {
  type = shared
  separator = /
  prefix = Other/%%u/
  location = maildir:%%h/mail
  subscriptions = no
  list = children
}
";
    let extra = extra.replace("FILES", &files.display().to_string());
    Dovecot::start(&["anna", "ben"], &Settings { extra, ..Settings::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_of_others_stay_where_they_are_until_they_are_asked_for() {
    let files = tempfile::Builder::new().prefix("acl-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(files.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let Some(source) = with_others(files.path()) else { return };
    let Some(destination) = with_others(files.path()) else { return };
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{folder}@weber.example>\r\nSubject: one\r\n\r\nText\r\n").into_bytes(),
    };
    let mut ben = PlainImap::open(source.clear_port, "ben");
    ben.run("CREATE Letters");
    ben.store(&[mail("Letters")]);
    ben.run("SETACL Letters anna lrws");
    let mut anna = PlainImap::open(source.clear_port, "anna");
    for folder in ["Work", "Public/Sent"] {
        anna.run(&format!("CREATE {folder}"));
    }
    anna.store(&[mail("INBOX"), mail("Work"), mail("Public/Sent")]);

    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    let mut bench = Bench::new(from, to).await;
    let plan = |bench: &Bench, name: &str| -> FolderPlan {
        let parts = FolderPath(name.split('/').map(str::to_owned).collect());
        let mut folders = bench.request.plan.folders.iter();
        folders.find(|folder| folder.source == parts).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let shared = plan(&bench, "Public/Sent");
    assert_eq!(shared.choice, FolderChoice::LeaveOut(LeftOutBecause::ItIsShared));
    assert_eq!((shared.messages, shared.special_use), (1, None));
    let others = plan(&bench, "Other/ben/Letters");
    assert_eq!(others.choice, FolderChoice::LeaveOut(LeftOutBecause::ItIsSomebodyElses));
    bench.copy_all().await;
    let arrived = names(destination.clear_port, "LIST \"\" \"*\"");
    assert_eq!(arrived, set(&["INBOX", "Work"]), "nothing of others was copied");
    assert_eq!(PlainImap::open(destination.clear_port, "anna").count("Work"), 1);

    // Asked for, it becomes a folder of the mailbox, and not one that everybody there sees.
    for folder in &mut bench.request.plan.folders {
        if folder.source == shared.source {
            folder.choice = FolderChoice::Copy;
        }
    }
    bench.copy_all().await;
    let mut client = PlainImap::open(destination.clear_port, "anna");
    assert_eq!(client.count("Public (mail)/Sent"), 1, "{:?}", client.folders());
}

/// In files of the mbox kind a folder holds messages or folders. A new server does not say so before its first folder is
/// made; then it is learnt from its refusals within the run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_folders_are_files_children_stand_beside_their_parent() {
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let in_files = Settings { format: "mbox", ..Settings::default() };
    let Some(destination) = Dovecot::start(&["anna"], &in_files) else { return };
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{folder}@weber.example>\r\nSubject: one\r\n\r\nText\r\n").into_bytes(),
    };
    let with_mail = ["INBOX", "Work", "Work/Deep", "Work/Deep/More", "Box/Inner"];
    PlainImap::open(source.clear_port, "anna").store(&with_mail.map(mail));
    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    let mut bench = Bench::new(from, to).await;
    assert_eq!(bench.copy_all().await, 5);
    let lessons = bench.ledger().name_lessons().unwrap();
    let words: Vec<&str> = lessons.refused().map(|name| name.words.as_str()).collect();
    assert!(words.len() == 2 && words[0].contains("inferior"), "{words:?}");

    bench.plan_anew().await;
    let planned = |name: &str| {
        let mut folders = bench.request.plan.folders.iter();
        let plan = folders.find(|plan| plan.source.0.join("/") == name).unwrap();
        (plan.destination.0.join("/"), rename_words(&plan.renamed).unwrap_or_default())
    };
    let (deep, because) = planned("Work/Deep");
    assert_eq!(deep, "Work - Deep");
    assert!(because.contains("cannot contain folders"), "{because}");
    assert_eq!(planned("Work/Deep/More").0, "Work - Deep - More");
    assert_eq!(planned("Box/Inner"), ("Box/Inner".to_owned(), String::new()), "Box holds no messages");
    assert_eq!(bench.copy_all().await, 0);
    let expected = ["INBOX", "Work", "Work - Deep", "Work - Deep - More", "Box/Inner"];
    assert_eq!(names(destination.clear_port, "LIST \"\" \"*\""), set(&expected));
    let mut client = PlainImap::open(destination.clear_port, "anna");
    assert!(expected.iter().all(|folder| client.count(folder) == 1));
    // The plan stays as it is, and the copy is done.
    bench.plan_anew().await;
    assert_eq!(bench.copy_all().await, 0);
    assert_eq!(names(destination.clear_port, "LIST \"\" \"*\""), set(&expected));
}
