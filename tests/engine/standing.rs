//! How a project stands after it was closed, after another choice, after a trial: nothing of the past is rewritten, and
//! nothing is called done, saved or over there that is not.

use std::path::Path;

use mailferry::engine::{
    CopyStanding, PasswordPlace, copy_standing, is_zone_saved, missing_passwords, saved_stages, trial_words,
};
use mailferry::records::{ExportStage, Format, SwitchStage};

use super::*;

fn report(bench: &mut Bench, home: &Path) -> serde_json::Value {
    let path = home.join("report.json");
    bench.send(Command::SaveReport { path: path.clone(), format: ReportFormat::Json });
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    told["report"].clone()
}

fn choose(bench: &mut Bench, provider: &str, server: Option<Endpoint>) -> ProjectView {
    bench.send(Command::ChooseDestination { provider: ProviderId(provider.to_owned()), server });
    bench.wait_project(|_| true)
}

#[test]
fn another_destination_rewrites_nothing_of_the_past() {
    let Some(servers) = Servers::start(40) else { return };
    let Some(third) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let home = servers.home.path();
    let mut bench = Bench::start(home);
    make_project(&mut bench, &home.join("weber.mailferry"), &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    let copied = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(copy_standing(&copied), CopyStanding::Finished);

    let elsewhere = choose(&mut bench, "fastmail", None);
    assert_eq!(copy_standing(&elsewhere), CopyStanding::Elsewhere);
    assert_ne!(step_state(Step::Copy, &elsewhere), StepState::Done);
    assert_eq!(elsewhere.copy.sum, copied.copy.sum, "what was copied was copied");
    let told = report(&mut bench, home);
    let first = format!("127.0.0.1:{}", servers.destination.clear_port);
    assert!(told["destination"].as_str().unwrap().contains(&first), "{}", told["destination"]);
    assert!(
        told["copy"]["remark"].as_str().unwrap().contains("Nothing has been copied to Fastmail"),
        "{told}"
    );

    // Also after it was closed in between.
    let path = elsewhere.path;
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(path));
    let again = bench.wait_project(|_| true);
    assert_eq!(copy_standing(&again), CopyStanding::Elsewhere);
    let back = choose(&mut bench, "generic-imap", Some(clear(servers.destination.clear_port)));
    assert_eq!(copy_standing(&back), CopyStanding::Finished, "the copy is where it was");

    // A copy to a third server begins from nothing, and the first one is kept as what it was.
    choose(&mut bench, "generic-imap", Some(clear(third.clear_port)));
    // A password is for one server only.
    give_passwords(&mut bench);
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    let moved = bench.wait_project(|project| copy_standing(project) == CopyStanding::Finished);
    assert_eq!(moved.copy.sum.copied, copied.copy.sum.copied);
    let [earlier] = moved.copy.earlier.as_slice() else { panic!("{:?}", moved.copy.earlier) };
    assert_eq!((earlier.sum, earlier.finished_at), (copied.copy.sum, copied.copy.finished_at));
    let told = report(&mut bench, home);
    assert!(told["destination"].as_str().unwrap().contains(&third.clear_port.to_string()));
    assert!(told["copy"]["earlier"][0]["destination"].as_str().unwrap().contains(&first), "{told}");
}

#[test]
fn another_user_at_the_destination_is_another_account() {
    let Some(servers) = Servers::start(20) else { return };
    let home = servers.home.path();
    let mut bench = Bench::start(home);
    make_project(&mut bench, &home.join("weber.mailferry"), &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    let copied = bench.wait_project(|project| copy_standing(project) == CopyStanding::Finished);
    let mailbox = copied.mailboxes[0].id;
    bench.send(Command::SetUser { mailbox, side: Side::Destination, user: "ben".to_owned() });
    let changed = bench.wait_project(|project| copy_standing(project) == CopyStanding::Outgrown);
    assert_eq!((changed.copy.sum.copied, changed.copy.sum.to_do), (0, copied.copy.sum.source_count));
    assert_ne!(state_of(&changed, mailbox), MailboxProgressState::Done);
}

#[test]
fn what_ran_continues_by_itself_and_what_was_done_stays_done() {
    let users = ["anna", "ben"];
    let Some(source) = Dovecot::start(&users, &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&users, &Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mixed_mailbox(10, '/', ""));
    PlainImap::open(source.clear_port, "ben").store(&mixed_mailbox(900, '/', ""));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("weber.mailferry");
    let mut bench = Bench::with(EngineConfig { parallel_mailboxes: 1, ..config(home.path()) });
    make_project(&mut bench, &file, &source, &destination);
    bench.send(Command::AddMailbox("ben@weber.example".to_owned()));
    let ben = bench.wait_project(|project| project.mailboxes.len() == 2).mailboxes[1].id;
    for side in [Side::Source, Side::Destination] {
        bench.send(Command::SetUser { mailbox: ben, side, user: "ben".to_owned() });
        bench.send(Command::SetPassword { mailbox: ben, side, secret: Secret::new(PASSWORD) });
    }
    let anna = bench.sign_in_and_count().mailboxes[0].id;
    bench.send(Command::StartCopy);
    bench.wait_project(|project| state_of(project, anna) == MailboxProgressState::Done);
    bench.send(Command::CloseProject);
    assert!(
        bench.engine.snapshot().recent[0].state.contains("continues when you open it"),
        "continues where it left off"
    );

    // This engine still knows the passwords.
    bench.send(Command::OpenProject(file.clone()));
    let going = bench.wait_project(|project| project.copy.phase != CopyPhase::Interrupted);
    assert_eq!(state_of(&going, anna), MailboxProgressState::Done, "it stays done");
    assert_eq!(going.copy.phase, CopyPhase::Running);
    bench.send(Command::CloseProject);
    drop(bench);

    // Another one has to be told them first, and then goes on without being asked to.
    let mut bench = Bench::start(home.path());
    bench.send(Command::OpenProject(file));
    let asks = bench.wait_project(|project| {
        project.mailboxes.iter().all(|row| row.source.password == PasswordPlace::Missing)
    });
    assert_eq!((copy_standing(&asks), missing_passwords(&asks)), (CopyStanding::Interrupted, 2));
    assert_eq!(state_of(&asks, anna), MailboxProgressState::Done);
    for mailbox in [anna, ben] {
        for side in [Side::Source, Side::Destination] {
            bench.send(Command::SetPassword { mailbox, side, secret: Secret::new(PASSWORD) });
        }
    }
    bench.wait_project(|project| copy_standing(project) == CopyStanding::Finished);
    for user in users {
        let of = |port| PlainImap::open(port, user).multiset(str::to_owned);
        assert_eq!(of(source.clear_port), of(destination.clear_port));
    }
}

#[test]
fn a_copy_that_the_owner_paused_or_stopped_does_not_continue_by_itself() {
    let Some(servers) = Servers::start(600) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let mut bench = Bench::start(servers.home.path());
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send_both(Command::StartCopy, Command::PauseCopy);
    bench.wait_project(|project| project.copy.phase == CopyPhase::Paused);
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(file));
    let resting = bench.wait_project(|project| missing_passwords(project) == 0);
    assert_eq!(copy_standing(&resting), CopyStanding::Paused);
}

#[test]
fn a_trial_stays_a_trial_after_it_was_closed() {
    let Some(servers) = Servers::start(200) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let mut bench = Bench::start(servers.home.path());
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::TryCopy { messages: 5 });
    let tried = bench.wait_project(|project| copy_standing(project) == CopyStanding::Tried(5));
    let sum = tried.copy.sum;
    assert!(sum.deferred > 0 && sum.copied > 0 && sum.left_out == 0 && sum.to_do == 0, "{sum:?}");
    assert!(tried.copy.bytes_done < tried.copy.bytes_total, "nothing looks whole");
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(file));
    let again = bench.wait_project(|project| missing_passwords(project) == 0);
    assert_eq!((copy_standing(&again), again.copy.sum), (CopyStanding::Tried(5), sum));
    bench.send(Command::StartCopy);
    let whole = bench.wait_project(|project| copy_standing(project) == CopyStanding::Finished);
    assert_eq!((whole.copy.sum.deferred, whole.copy.sum.copied), (0, whole.copy.sum.source_count));
    // A run of less than a moment leaves no point behind.
    assert!(whole.copy.throughput.starts_with(&again.copy.throughput), "the curve of both runs is kept");
    servers.assert_same();
}

#[test]
fn a_trial_that_takes_everything_leaves_nothing_waiting() {
    let Some(servers) = Servers::start(30) else { return };
    let mut bench = Bench::start(servers.home.path());
    let file = servers.home.path().join("weber.mailferry");
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::TryCopy { messages: 1_000 });
    let tried = bench.wait_project(|project| copy_standing(project) == CopyStanding::Tried(1_000));
    assert!(trial_words(&tried.copy.sum).ends_with("nothing waits for the whole copy"));
    assert_eq!(state_of(&tried, tried.mailboxes[0].id), MailboxProgressState::Done);
    servers.assert_same();
}

#[test]
fn a_zone_file_is_saved_only_as_long_as_it_holds_the_lines_on_show() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::Rehearse);
    choose(&mut bench, "fastmail", None);
    let prepare = |bench: &mut Bench| {
        bench.send(Command::PrepareRecords);
        bench.wait_project(|project| project.records.plan.is_some() && !project.records.is_preparing)
    };
    prepare(&mut bench);
    let export = |bench: &mut Bench, stage, name: &str| {
        bench.send(Command::ExportZone {
            path: home.path().join(name),
            stage: ExportStage::Stage(stage),
            format: Format::Bind,
        });
        bench.wait_project(|_| true)
    };
    let first = export(&mut bench, SwitchStage::Now, "now.zone");
    assert!(saved_stages(&first).saved == 1 && !is_zone_saved(&first), "{:?}", saved_stages(&first));
    let same = export(&mut bench, SwitchStage::AtTheSwitch, "now.zone");
    assert_eq!(saved_stages(&same).saved, 1, "one file holds one stage");
    export(&mut bench, SwitchStage::Now, "now.zone");
    export(&mut bench, SwitchStage::AtTheSwitch, "switch.zone");
    export(&mut bench, SwitchStage::Later, "later.zone");
    let saved = bench.wait_project(is_zone_saved);
    assert_eq!(step_state(Step::Records, &saved), StepState::Done);

    let other = choose(&mut bench, "mailbox-org", None);
    assert!(!is_zone_saved(&other), "the file is about the other provider");
    let other = prepare(&mut bench);
    assert!(saved_stages(&other).saved == 0 && !other.records.saved.is_empty());

    // Opened again it is no other: the file of a rehearsal goes with it, so a copy is opened.
    let folder = home.path().join("again");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(other.path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.contains(".mailferry") && !name.ends_with("lock") {
            std::fs::copy(entry.path(), folder.join(name)).unwrap();
        }
    }
    let copy = folder.join(other.path.file_name().unwrap());
    bench.send(Command::OpenProject(copy));
    let again = bench.wait_project(|project| project.records.plan.is_some());
    assert!(!is_zone_saved(&again), "{:?}", again.records.saved);
    choose(&mut bench, "fastmail", None);
    let back = prepare(&mut bench);
    assert!(is_zone_saved(&back), "these are the lines that lie in the file");
}
