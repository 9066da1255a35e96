//! The rehearsal that a window keeps: it stays until it is thrown away, and troubles are made in time.

use mailferry::engine::{Command, CopyPhase, EngineConfig, PracticeTrouble, SignInState};
use mailferry::plan::open_decisions;
use mailferry::values::{Secret, Side};

use super::{Bench, config, practice};

#[test]
fn a_rehearsal_is_kept_until_it_is_thrown_away() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rehearsals");
    let mut bench =
        Bench::with(EngineConfig { rehearsals_folder: Some(folder.clone()), ..config(home.path()) });
    let project = practice(&mut bench);
    assert!(project.is_practice && !project.is_temporary);
    bench.send(Command::StartCopy);
    let done = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    // Another window must not lose it.
    bench.send(Command::DeleteRehearsal(project.path.clone()));
    assert!(bench.failure().title.contains("is open"));

    let snapshot = bench.send(Command::CloseProject);
    let [listed] = snapshot.recent.as_slice() else { panic!("{:?}", snapshot.recent) };
    assert!(listed.is_practice && listed.path == project.path && project.path.starts_with(&folder));

    bench.send(Command::OpenProject(project.path.clone()));
    let again = bench.wait_project(|project| {
        let has_passwords = |row: &mailferry::engine::MailboxView| {
            row.source.has_password() && row.destination.has_password()
        };
        project.copy.phase == CopyPhase::Finished && project.mailboxes.iter().all(has_passwords)
    });
    assert_eq!(again.copy.sum, done.copy.sum);
    bench.send(Command::StartCopy);
    let again = bench.wait_project(|project| project.copy.phase != CopyPhase::Running);
    assert_eq!(again.copy.phase, CopyPhase::Finished, "{:#?}", again.copy);
    assert_eq!(again.copy.sum.arrived(), done.copy.sum.arrived(), "the provider still has it all");

    bench.send(Command::CloseProject);
    let snapshot = bench.send(Command::DeleteRehearsal(project.path.clone()));
    assert!(snapshot.recent.is_empty() && !project.path.exists());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn only_rehearsals_are_thrown_away_and_others_are_only_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rehearsals");
    let mut bench = Bench::with(EngineConfig { rehearsals_folder: Some(folder), ..config(home.path()) });
    bench.send(Command::NewProject { domain: "example.org".to_owned(), path: None });
    let snapshot = bench.send(Command::CloseProject);
    let listed = snapshot.recent[0].clone();
    bench.send(Command::DeleteRehearsal(listed.path.clone()));
    assert!(bench.failure().title.contains("Only a rehearsal"));
    assert!(listed.path.exists());
    assert!(bench.send(Command::ForgetProject(listed.path.clone())).recent.is_empty());
    assert!(listed.path.exists());
    assert_eq!(bench.send(Command::ListProject(listed.clone())).recent, [listed]);
    let log = home.path().join("log.txt");
    bench.send(Command::SaveLog(log.clone()));
    assert!(log.exists());
}

#[test]
fn a_password_a_name_and_a_refusal_are_practised() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    let anna = project.mailboxes[0].id;
    let state = |bench: &mut Bench, wanted: &SignInState| {
        bench.send(Command::TestSignIn { mailboxes: vec![anna] });
        bench.wait_project(|project| project.mailboxes[0].destination.state == *wanted);
    };
    bench.send(Command::MakeTrouble(PracticeTrouble::ChangePassword));
    state(&mut bench, &SignInState::PasswordRefused);
    let secret = Secret::new("another-one");
    bench.send(Command::SetPassword { mailbox: anna, side: Side::Destination, secret });
    state(&mut bench, &SignInState::SignedIn);

    bench.send(Command::MakeTrouble(PracticeTrouble::CollidingFolder));
    bench.send(Command::BuildPlan);
    let project = bench.wait_project(|project| project.plan.counting.is_none());
    assert_eq!(open_decisions(&project.plan.mailboxes[&anna]), 1);

    bench.send(Command::MakeTrouble(PracticeTrouble::SlowMotion));
    bench.send(Command::MakeTrouble(PracticeTrouble::RefuseMessage));
    bench.send(Command::StartCopy);
    bench.wait_project(|project| project.copy.sum.copied > 0);
    bench.send(Command::MakeTrouble(PracticeTrouble::FullSpeed));
    let project =
        bench.wait_project(|project| matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped));
    let sum = project.copy.sum;
    assert_eq!(sum.refused + sum.exported, 1, "{sum:?}");
    assert_eq!(sum.to_do, 0);
}
