//! Gmail in both directions, as the practice server plays it: labels that are folders, and equal mail that is folded.

use std::collections::BTreeSet;
use std::sync::Arc;

use mailferry::plan::{GmailLabels, MessageState};
use mailferry::rehearsal::{FolderPath, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::VerifyDepth;
use mailferry::values::UnixTime;
use mailferry_test_support::scenes::practice_copy::{Case, Scene, USER, in_quick_time};

/// A message whose bytes are its name and its words.
fn mail(name: &str, words: &str) -> SampleMessage {
    let text = format!(
        "Message-ID: <{name}@weber.example>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: a@b.example\r\n\
         Subject: {name}\r\n\r\n{words}\r\n"
    );
    SampleMessage {
        bytes: text.into_bytes().into(),
        flags: BTreeSet::from(["\\Seen".to_owned()]),
        internal_date: UnixTime(1_700_000_000),
    }
}

fn folder(name: &str, messages: &[&SampleMessage]) -> SampleFolder {
    SampleFolder {
        path: FolderPath::parse(name),
        special_use: None,
        messages: messages.iter().map(|message| (*message).clone()).collect(),
    }
}

fn scene(source: Personality, destination: Personality, mail: Vec<SampleFolder>) -> Scene {
    Scene { source, destination, mail, places_by_hand: false, wants_whole_proof: true }
}

/// Folder and message, as `INBOX a`.
fn names(case: &Case<'_>, left_out: &[&str]) -> Vec<String> {
    let subject = |bytes: &Arc<[u8]>| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("Subject: ").map(ToOwned::to_owned));
        line.unwrap()
    };
    let found = case.arrived().into_iter().filter(|(folder, _)| !left_out.contains(&folder.as_str()));
    found.map(|(folder, bytes)| format!("{folder} {}", subject(&bytes))).collect()
}

#[test]
fn a_setting_of_gmail_that_hides_mail_is_reported_in_the_plan() {
    let mut hiding = Personality::gmail();
    hiding.special_names = &hiding.special_names[1..];
    for (source, told) in [(Personality::gmail(), 0), (hiding, 1)] {
        let scene = scene(source, Personality::dovecot(), vec![folder("INBOX", &[&mail("a", "words")])]);
        let (plan, _) = in_quick_time(scene.plan());
        assert_eq!(plan.remarks.len(), told, "{:?}", plan.remarks);
        assert!(plan.remarks.iter().all(|remark| remark.contains("All Mail")), "{:?}", plan.remarks);
    }
}

/// States and causes of the rows of a folder.
fn states(case: &Case<'_>, folder: &str) -> Vec<(MessageState, String)> {
    let rows = case.rows().into_iter().filter(|row| row.folder == folder);
    rows.map(|row| (row.state, row.cause)).collect()
}

const ALL_MAIL: &str = "[Gmail] / All Mail";

fn labelled() -> (Vec<SampleFolder>, [SampleMessage; 4]) {
    let messages = ["a", "b", "c", "d"].map(|name| mail(name, "words"));
    let [a, b, c, d] = &messages;
    let folders = vec![
        folder("INBOX", &[a, b]),
        folder("Kunden", &[b, c]),
        folder("Kunden/Weber", &[c]),
        folder("[Gmail]/All Mail", &[d]),
    ];
    (folders, messages)
}

#[test]
fn every_message_of_gmail_has_one_home_and_every_row_a_reason() {
    let (folders, _) = labelled();
    let scene = scene(Personality::gmail(), Personality::dovecot(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        assert_eq!(names(&case, &[]), ["Archive d", "INBOX a", "INBOX b", "Kunden/Weber c"]);
        let inbox = states(&case, "INBOX");
        assert!(inbox.iter().all(|(state, _)| *state == MessageState::Copied), "{inbox:?}");
        let customers = states(&case, "Kunden");
        let causes: Vec<&str> = customers.iter().map(|(_, cause)| cause.as_str()).collect();
        assert!(customers.iter().all(|(state, _)| *state == MessageState::LeftOut), "{customers:?}");
        assert!(causes[0].starts_with("already in INBOX:"), "{causes:?}");
        assert!(causes[1].starts_with("already in Kunden / Weber:"), "{causes:?}");
        let all = states(&case, ALL_MAIL);
        assert_eq!(all.iter().filter(|(state, _)| *state == MessageState::LeftOut).count(), 3, "{all:?}");
        assert!(case.verify(VerifyDepth::Full).await.is_verified());
        assert_eq!(case.plan.folders.iter().filter(|plan| plan.messages == 1).count(), 2, "{:?}", case.plan);
    }));
}

#[test]
fn mail_that_moves_at_gmail_between_two_copies_is_not_doubled() {
    let (folders, [a, b, c, d]) = labelled();
    let scene = scene(Personality::gmail(), Personality::dovecot(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let first = names(&case, &[]);
        // a is archived, b loses the inbox and keeps its label, c gets the inbox, d gets a label.
        let path = FolderPath::parse;
        case.source.take_out(USER, &path("INBOX"), &a.bytes);
        case.source.take_out(USER, &path("INBOX"), &b.bytes);
        case.source.deliver(USER, &path("INBOX"), vec![c]);
        case.source.deliver(USER, &path("Kunden/Weber"), vec![d]);
        case.copy_again().await;
        assert_eq!(names(&case, &[]), first);
        // What is new goes along all the same, also where it is archived at once.
        case.source.deliver(USER, &path("INBOX"), vec![mail("e", "new")]);
        case.source.deliver(USER, &path("[Gmail]/All Mail"), vec![mail("f", "new")]);
        case.copy_again().await;
        let mut wanted = first;
        wanted.extend(["Archive f".to_owned(), "INBOX e".to_owned()]);
        wanted.sort();
        assert_eq!(names(&case, &[]), wanted);
    }));
}

#[test]
fn every_label_is_copied_where_the_owner_wants_that_and_once_again_later() {
    let (folders, _) = labelled();
    let scene = scene(Personality::gmail(), Personality::dovecot(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.options.gmail_labels = GmailLabels::EveryFolder;
        case.copy_again().await;
        let all = ["Archive d", "INBOX a", "INBOX b", "Kunden b", "Kunden c", "Kunden/Weber c"];
        assert_eq!(names(&case, &[]), all);
        case.options.gmail_labels = GmailLabels::OncePerMessage;
        case.copy_again().await;
        assert_eq!(names(&case, &[]), all);
    }));
}

#[test]
fn a_wish_for_every_label_is_heeded_after_a_copy_with_one_home() {
    let (folders, _) = labelled();
    let scene = scene(Personality::gmail(), Personality::dovecot(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        case.options.gmail_labels = GmailLabels::EveryFolder;
        case.copy_again().await;
        let all = ["Archive d", "INBOX a", "INBOX b", "Kunden b", "Kunden c", "Kunden/Weber c"];
        assert_eq!(names(&case, &[]), all);
    }));
}

#[test]
fn equal_mail_goes_into_gmail_once_and_gets_its_labels() {
    let [a, b] = ["a", "b"].map(|name| mail(name, "words"));
    let folders = vec![
        folder("INBOX", &[&a, &b]),
        folder("Kunden", &[&a, &a]),
        folder("Sent", &[&b]),
        folder("Größe", &[&a, &b]),
    ];
    let scene = scene(Personality::dovecot(), Personality::gmail(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let views = ["[Gmail]/All Mail"];
        let wanted = ["Größe a", "Größe b", "INBOX a", "INBOX b", "Kunden a", "[Gmail]/Sent Mail b"];
        let mut found = names(&case, &views);
        found.sort();
        assert_eq!(found, wanted);
        assert_eq!(case.destination.traffic().appended, 2, "messages sent");
        let rows = case.rows();
        assert!(
            rows.iter().all(|row| matches!(row.state, MessageState::Copied | MessageState::AlreadyThere))
        );
        assert_eq!(rows.iter().filter(|row| row.state == MessageState::Copied).count(), 2, "{rows:?}");
        let told = rows.iter().filter(|row| row.cause.contains("keeps one copy of identical mail"));
        assert_eq!(told.count(), 1, "{rows:?}");
        let report = case.verify(VerifyDepth::Full).await;
        assert_eq!(
            (
                report.counts.checked,
                report.counts.bytes_equal,
                report.counts.shared,
                report.counts.differences
            ),
            (7, 6, 1, 0)
        );
        assert!(report.is_verified());
        case.copy_again().await;
        assert_eq!(case.destination.traffic().appended, 2, "messages sent");
    }));
}

#[test]
fn a_lost_message_comes_back_and_a_label_that_people_took_off_stays_off() {
    let [a, b] = ["a", "b"].map(|name| mail(name, "words"));
    let folders = vec![folder("INBOX", &[&a, &b]), folder("Kunden", &[&a])];
    let scene = scene(Personality::dovecot(), Personality::gmail(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let mut all = names(&case, &[]);
        // Still in All Mail: nothing is lost, the label was taken off.
        case.destination.take_out(USER, &FolderPath::parse("Kunden"), &a.bytes);
        all.retain(|name| name != "Kunden a");
        case.copy_again().await;
        assert_eq!(names(&case, &[]), all);
        assert_eq!(case.destination.traffic().appended, 2, "messages sent");
        for name in ["INBOX", "[Gmail]/All Mail"] {
            case.destination.take_out(USER, &FolderPath::parse(name), &b.bytes);
        }
        case.copy_again().await;
        assert_eq!(names(&case, &[]), all);
        assert_eq!(case.destination.traffic().appended, 3, "messages sent");
        assert!(case.verify(VerifyDepth::Full).await.is_verified());
    }));
}

#[test]
fn a_message_that_gmail_takes_for_another_is_reported_and_not_counted_as_copied() {
    // Equal Message-ID and size, other words: for Gmail one and the same.
    let (a, other) = (mail("a", "words 1"), mail("a", "words 2"));
    for folders in
        [vec![folder("INBOX", &[&a, &other])], vec![folder("INBOX", &[&a]), folder("Kunden", &[&other])]]
    {
        let scene = scene(Personality::dovecot(), Personality::gmail(), folders);
        in_quick_time(scene.try_out(async |mut case| {
            case.copy_again().await;
            let rows = case.rows();
            let refused: Vec<&str> = rows
                .iter()
                .filter(|row| row.state == MessageState::Refused)
                .map(|row| row.cause.as_str())
                .collect();
            assert!(matches!(refused.as_slice(), [cause] if cause.contains("another message")), "{rows:?}");
            let report = case.verify(VerifyDepth::Full).await;
            assert_eq!(
                (report.counts.checked, report.counts.bytes_equal, report.counts.differences),
                (1, 1, 0),
                "{report:?}"
            );
        }));
    }
}

#[test]
fn a_message_that_gmail_folds_into_older_mail_counts_only_where_the_bytes_are_the_same() {
    // For Gmail one and the same; by its headers another message, so that it is sent and folded.
    let there = mail("a", "words");
    let other = SampleMessage {
        bytes: String::from_utf8_lossy(&there.bytes).replace("Subject: a", "Subject: b").into_bytes().into(),
        ..there.clone()
    };
    let scene =
        scene(Personality::dovecot(), Personality::gmail(), vec![folder("INBOX", &[&there, &there, &other])]);
    in_quick_time(scene.try_out(async |mut case| {
        case.destination.deliver(USER, &FolderPath::inbox(), vec![there.clone()]);
        case.copy_again().await;
        let states = states(&case, "INBOX");
        let count = |state| states.iter().filter(|(found, _)| *found == state).count();
        assert_eq!((count(MessageState::AlreadyThere), count(MessageState::Refused)), (2, 1), "{states:?}");
        let refused = states.iter().find(|(state, _)| *state == MessageState::Refused).unwrap();
        assert!(refused.1.contains("another message"), "{states:?}");
        assert!(states.iter().any(|(_, cause)| cause.contains("one copy of identical mail")), "{states:?}");
        assert_eq!(names(&case, &["[Gmail]/All Mail"]), ["INBOX a"]);
        let report = case.verify(VerifyDepth::Full).await;
        assert_eq!(
            (report.counts.bytes_equal, report.counts.shared, report.counts.differences),
            (1, 1, 0),
            "{report:?}"
        );
    }));
}

#[test]
fn nothing_is_marked_deleted_at_gmail() {
    let mut a = mail("a", "words");
    a.flags.insert("\\Deleted".to_owned());
    let scene = scene(Personality::dovecot(), Personality::gmail(), vec![folder("INBOX", &[&a])]);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let found = names(&case, &["[Gmail]/All Mail"]);
        assert_eq!(found, ["INBOX a"]);
        assert!(case.verify(VerifyDepth::Full).await.is_verified());
    }));
}

#[test]
fn names_that_gmail_refuses_are_changed_in_the_plan() {
    let a = mail("a", "words");
    let folders = vec![folder("Müller's \"Akte\"", &[&a]), folder("a^b", &[&a]), folder("Entwürfe", &[])];
    let scene = scene(Personality::dovecot(), Personality::gmail(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        let renamed: Vec<String> = case
            .plan
            .folders
            .iter()
            .filter(|plan| !plan.renamed.is_empty())
            .map(|plan| plan.destination.to_string())
            .collect();
        assert_eq!(renamed.len(), 3, "{renamed:?}");
        assert!(renamed.iter().all(|name| !name.contains(['^', '"', '\'', '\\'])), "{renamed:?}");
        assert!(renamed.contains(&"[Gmail] / Drafts".to_owned()), "{renamed:?}");
        case.copy_again().await;
        assert_eq!(names(&case, &["[Gmail]/All Mail"]).len(), 2);
    }));
}

#[test]
fn gmail_to_gmail_keeps_every_label_and_sends_each_message_once() {
    let (folders, _) = labelled();
    let scene = scene(Personality::gmail(), Personality::gmail(), folders);
    in_quick_time(scene.try_out(async |mut case| {
        case.copy_again().await;
        let mut found = names(&case, &[]);
        found.sort();
        let wanted = [
            "INBOX a",
            "INBOX b",
            "Kunden b",
            "Kunden c",
            "Kunden/Weber c",
            "[Gmail]/All Mail a",
            "[Gmail]/All Mail b",
            "[Gmail]/All Mail c",
            "[Gmail]/All Mail d",
        ];
        assert_eq!(found, wanted);
        assert_eq!(case.destination.traffic().appended, 4, "messages sent");
        assert!(case.verify(VerifyDepth::Full).await.is_verified());
    }));
}
