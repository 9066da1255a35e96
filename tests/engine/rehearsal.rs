//! The rehearsal that a window keeps: it stays until it is thrown away, and troubles are made in time.

use mailferry::cutover::{Sees, StepKind, StepState, Viewer};
use mailferry::engine::{
    Command, ConsentWay, CopyPhase, EngineConfig, MailboxView, PracticeTrouble, ProjectMark, ProjectView,
    SignInState, certificate_questions,
};
use mailferry::plan::open_decisions;
use mailferry::records::{ExportStage, SwitchStage};
use mailferry::values::{Credential, Secret, Side};

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
        let has_passwords = |row: &MailboxView| {
            let has_token = matches!(row.mailbox.way(Side::Destination).credential, Credential::SignedIn(_));
            row.source.has_password() && (row.destination.has_password() || has_token)
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

#[test]
fn a_rehearsal_that_is_closed_in_the_middle_of_its_copy_goes_on_without_a_question() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rehearsals");
    let mut bench = Bench::with(EngineConfig { rehearsals_folder: Some(folder), ..config(home.path()) });
    let path = practice(&mut bench).path;
    bench.send(Command::MakeTrouble(PracticeTrouble::SlowMotion));
    bench.send(Command::StartCopy);
    bench.wait_project(|project| project.copy.sum.copied > 0);
    let snapshot = bench.send(Command::CloseProject);
    assert!(
        matches!(snapshot.recent[0].mark, ProjectMark::Copying(percent) if percent < 100),
        "{:?}",
        snapshot.recent
    );
    bench.send(Command::OpenProject(path));
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.to_do, 0, "{:?}", project.copy.sum);
    assert_eq!(bench.failures, [], "nothing is asked or refused on the way");
}

#[test]
fn a_certificate_that_changes_is_a_question_with_both_fingerprints() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rehearsals");
    let mut bench = Bench::with(EngineConfig { rehearsals_folder: Some(folder), ..config(home.path()) });
    let project = practice(&mut bench);
    assert_eq!(certificate_questions(&project), [], "the first one is known to the owner");
    bench.send(Command::MakeTrouble(PracticeTrouble::ChangeCertificate));
    bench.send(Command::TestSignIn { mailboxes: Vec::new() });
    let project = bench.wait_project(|project| {
        project.mailboxes.iter().all(|row| matches!(row.source.state, SignInState::CertificateNotKnown(_)))
    });
    // A program that is closed meanwhile does not answer for its owner.
    let path = project.path;
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(path));
    bench.wait_project(|project| project.mailboxes.iter().all(|row| row.source.has_password()));
    bench.send(Command::StartCopy);
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Stopped);
    let [question] = &certificate_questions(&project)[..] else { panic!("one for the server") };
    let (shown, approved) = (&question.certificate, question.certificate.approved.as_ref().unwrap());
    assert_ne!(shown.fingerprint, approved.fingerprint);
    assert_eq!(shown.server, project.domain.source_server.unwrap());
    let trust = Command::TrustCertificate { server: shown.server.clone(), fingerprint: shown.fingerprint };
    bench.send(trust);
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.to_do, 0, "{:?}", project.copy.sum);
    assert_eq!(certificate_questions(&project), []);
}

fn look(bench: &mut Bench) -> ProjectView {
    bench.send(Command::LookAtSwitch);
    looked(bench)
}

fn looked(bench: &mut Bench) -> ProjectView {
    let project = bench.wait_project(|project| project.switch.looking.is_none());
    assert_eq!(project.switch.error, None);
    project
}

/// What the two name servers see.
fn servers(project: &ProjectView) -> Vec<Sees> {
    let sights = &project.switch.reading.as_ref().unwrap().sights;
    let servers = sights.iter().filter(|sight| matches!(sight.viewer, Viewer::Server(_)));
    servers.map(|sight| sight.sees.clone()).collect()
}

fn pass(bench: &mut Bench) -> ProjectView {
    bench.send(Command::LetTimePass);
    looked(bench)
}

#[test]
fn a_stage_is_published_seen_with_a_lag_kept_and_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("rehearsals");
    let mut bench = Bench::with(EngineConfig {
        rehearsals_folder: Some(folder),
        acts_by_itself: false,
        ..config(home.path())
    });
    let path = practice(&mut bench).path;
    let (now, switch) = (ExportStage::Stage(SwitchStage::Now), ExportStage::Stage(SwitchStage::AtTheSwitch));
    bench.send(Command::PublishInPractice(now));
    assert_eq!(bench.failure().title, "There are no records yet");
    bench.send(Command::LetTimePass);
    assert_eq!(bench.failure().title, "Nothing waits for time to pass");
    bench.send(Command::RunAudit);
    bench.wait_project(|project| project.audit.report().is_some());
    bench.send(Command::PrepareRecords);
    bench.wait_project(|project| project.records.plan.is_some());
    // With the provider there are too many lookups in SPF.
    bench.send(Command::PublishInPractice(now));
    assert_eq!(bench.failure().title, "This stage would do harm");
    let term = "include:spf.shop-baukasten.example".to_owned();
    bench.send(Command::KeepSender { term, is_kept: false });
    bench.wait_project(|project| !project.records.is_preparing && project.records.plan.is_some());
    bench.send(Command::PublishInPractice(switch));
    assert_eq!(bench.failure().title, "This is not the next stage");
    bench.send(Command::PublishInPractice(ExportStage::Rollback));
    assert_eq!(bench.failure().title, "This is not the next stage");

    assert_eq!(servers(&look(&mut bench)), [Sees::Old, Sees::Old]);
    bench.send(Command::PublishInPractice(now));
    look(&mut bench);
    let project = pass(&mut bench);
    let lower = project.switch.steps.iter().find(|step| step.kind == StepKind::LowerTtls).unwrap();
    assert_eq!(lower.state, StepState::Done, "both servers have the short waiting time");
    bench.send(Command::PublishInPractice(switch));
    let project = look(&mut bench);
    assert_eq!(servers(&project), [Sees::New, Sees::Lagging]);
    let view = project.practice.unwrap();
    assert!(view.lags_until.is_some() && view.next_date.is_some() && view.letters.to_old > 0);

    // The practice world is there again, and goes on.
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(path));
    let again = bench.wait_project(|project| project.practice.is_some()).practice.unwrap();
    assert_eq!((&again.published, again.letters), (&view.published, view.letters));
    assert_eq!(servers(&pass(&mut bench)), [Sees::New, Sees::New]);
    bench.send(Command::PublishInPractice(ExportStage::Rollback));
    look(&mut bench);
    let back = pass(&mut bench);
    assert_eq!(servers(&back), [Sees::Old, Sees::Old]);
    assert_eq!(back.switch.published_at, None);
    assert!(back.practice.unwrap().can_publish(switch));
}

#[test]
fn a_practice_mailbox_signs_in_with_a_token_in_both_ways() {
    let home = tempfile::tempdir().unwrap();
    for way in [ConsentWay::Browser, ConsentWay::Device] {
        let mut bench = Bench::start(home.path());
        let project = practice_without_sign_in(&mut bench);
        let wants_token = |row: &&MailboxView| {
            matches!(row.mailbox.way(Side::Destination).credential, Credential::SignedIn(_))
        };
        let [lena] = project.mailboxes.iter().filter(wants_token).collect::<Vec<_>>()[..] else {
            panic!("{:#?}", project.mailboxes)
        };
        let (mailbox, side) = (lena.id, Side::Destination);
        assert!(project.practice_logins.unwrap().words.contains(lena.mailbox.address.local()));
        assert_eq!(project.sign_ins.source.provider, None);
        bench.send(Command::SignInAtProvider { mailbox, side, way });
        let signed_in = |project: &ProjectView| {
            project
                .mailboxes
                .iter()
                .any(|row| row.id == mailbox && row.destination.state == SignInState::SignedIn)
        };
        bench.wait_project(signed_in);
        // Another connection needs another token: the first one was good for one.
        bench.send(Command::TestSignIn { mailboxes: Vec::new() });
        bench.wait_project(|project| {
            project.practice.as_ref().is_some_and(|practice| practice.tokens_given >= 2) && signed_in(project)
        });
    }
}

fn practice_without_sign_in(bench: &mut Bench) -> ProjectView {
    bench.send(Command::Rehearse);
    let provider = mailferry::providers::ProviderId("fastmail".to_owned());
    bench.send(Command::ChooseDestination { provider, server: None });
    bench.wait_project(|project| project.sign_ins.destination.provider.is_some())
}
