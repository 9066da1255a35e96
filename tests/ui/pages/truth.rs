//! The walk: every page in every state that a snapshot can be in, and what it says held against what the snapshot knows.
//!
//! A new claim is one line of `CLAIMS` or `DUTIES`; a new state is one line of `copies`, `records` or `keyrings`.

use mailferry::engine::{
    AuditView, CopyPhase, CopyStanding, KeyringStatus, MailboxProgress, MailboxProgressState, PartDone,
    PasswordPlace, ProjectView, RecordsView, SavedStages, SavedView, SignInState, Snapshot, Step, copied_to,
    copy_standing, is_keyring_unlocked, is_report_saved, is_zone_saved, project_line, saved_stages,
};
use std::path::PathBuf;
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::plan::LedgerSum;
use mailferry::records::SwitchStage;
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry::values::{Bytes, UnixTime, with_thousands};

use mailferry_test_support::window::{Opened, USUAL};

/// Words that may stand on a page only where this holds. `None`: on every page.
type Claim = (&'static str, Option<Step>, fn(&str, &Snapshot) -> bool);

/// Words that must stand on a page where this gives some.
type Duty = (&'static str, Step, fn(&ProjectView, &Snapshot) -> Option<String>);

const CLAIMS: &[Claim] = &[
    ("every message is accounted for", None, |_, snapshot| is(snapshot, CopyStanding::Finished)),
    ("Copied 14 mailboxes", None, |_, snapshot| is(snapshot, CopyStanding::Finished)),
    ("mailboxes copied to", Some(Step::Done), |_, snapshot| is(snapshot, CopyStanding::Finished)),
    ("Copy, done", None, |_, snapshot| {
        is(snapshot, CopyStanding::Finished) && project(snapshot).copy.sum.refused == 0
    }),
    ("Copy every mailbox, at", Some(Step::Done), |_, snapshot| is(snapshot, CopyStanding::Finished)),
    ("Done, done", None, |_, snapshot| {
        is(snapshot, CopyStanding::Finished) && is_report_saved(project(snapshot))
    }),
    ("Report saved", None, |_, snapshot| is_report_saved(project(snapshot))),
    ("Report ready", None, |_, snapshot| is(snapshot, CopyStanding::Finished)),
    ("Records, done", None, |_, snapshot| is_zone_saved(project(snapshot))),
    ("All stages saved", None, |_, snapshot| is_zone_saved(project(snapshot))),
    ("stages saved", None, |words, snapshot| {
        let SavedStages { saved, all } = saved_stages(project(snapshot));
        is_zone_saved(project(snapshot)) || words.contains(&format!("{saved} of {all} stages saved"))
    }),
    ("Saved to ", Some(Step::Records), |_, snapshot| {
        let saved = project(snapshot).records.saved.get(&SwitchStage::Now);
        saved.is_some_and(|saved| saved.is_current)
    }),
    ("Saved to ", Some(Step::Done), |_, snapshot| is_report_saved(project(snapshot))),
    ("Save the zone lines, 2 of 2 stages, done", Some(Step::Done), |_, snapshot| {
        is_zone_saved(project(snapshot))
    }),
    ("unlocked", None, |_, snapshot| is_keyring_unlocked(&snapshot.keyring)),
    ("keyring is locked", None, |_, snapshot| matches!(snapshot.keyring, KeyringStatus::WaitsForUnlock)),
    ("in your system keyring", None, |_, snapshot| {
        is_keyring_unlocked(&snapshot.keyring) && has_place(snapshot, PasswordPlace::Keyring)
    }),
    ("locked with", None, |_, _| false),
    ("Needs a password", Some(Step::Mailboxes), |_, snapshot| {
        has_place(snapshot, PasswordPlace::Missing) || has_place(snapshot, PasswordPlace::Unknown)
    }),
    ("Waiting for the keyring", None, |_, snapshot| has_place(snapshot, PasswordPlace::Asked)),
    ("continues when you open it", None, |words, snapshot| {
        let outlives =
            |place: PasswordPlace| matches!(place, PasswordPlace::Keyring | PasswordPlace::NotNeeded);
        // A rehearsal that is kept fills its passwords in by itself.
        let is_kept = project(snapshot).is_practice && !project(snapshot).is_temporary;
        let has_them = is_kept || places(snapshot).all(outlives);
        is(snapshot, CopyStanding::Running)
            && !project(snapshot).is_temporary
            && (words.contains("enter the passwords") != has_them)
    }),
    ("remaining", None, |_, snapshot| {
        is(snapshot, CopyStanding::Running) && project(snapshot).copy.time_left.is_some()
    }),
    ("Queued", None, |_, snapshot| is_running(snapshot)),
    (" connections", Some(Step::Copy), |_, snapshot| is_running(snapshot)),
    ("100%", None, |words, snapshot| {
        let copy = &project(snapshot).copy;
        let is_done = |shown: &&MailboxProgress| shown.state == MailboxProgressState::Done || shown.was_done;
        is(snapshot, CopyStanding::Finished)
            || copy.mailboxes.iter().filter(is_done).any(|shown| words.starts_with(&shown.address))
    }),
    ("Copied to ", None, |words, snapshot| {
        let to = copied_to(project(snapshot)).unwrap_or("nobody");
        words.contains(&format!("Copied to {to}"))
    }),
    ("copied to mailbox.org", None, |words, snapshot| {
        words.contains("Nothing has been copied to mailbox.org")
            || copied_to(project(snapshot)) == Some("mailbox.org")
    }),
    ("Copy what is new", None, |_, snapshot| {
        is(snapshot, CopyStanding::Finished) || is(snapshot, CopyStanding::Outgrown)
    }),
    ("Trial: ", None, |_, snapshot| matches!(standing(snapshot), CopyStanding::Tried(_))),
    ("all copies match", None, |_, snapshot| {
        project(snapshot)
            .copy
            .verification_counts
            .as_ref()
            .is_some_and(mailferry::plan::VerifySummary::is_clean)
    }),
    ("Signed in", Some(Step::Mailboxes), |_, snapshot| {
        let rows = project(snapshot).mailboxes.iter();
        rows.flat_map(|row| [&row.source, &row.destination]).any(|side| side.state == SignInState::SignedIn)
    }),
    ("Audit, done", None, |_, snapshot| matches!(project(snapshot).audit, AuditView::Done(_))),
];

const DUTIES: &[Duty] = &[
    ("the ledger is shown as it is", Step::Copy, |project, _| {
        has_begun(project).then(|| equation_begin(&project.copy.sum))
    }),
    ("each mailbox has its own numbers", Step::Copy, |project, _| {
        let shown = project.copy.mailboxes.first().filter(|_| has_begun(project))?;
        let (arrived, wanted) = (with_thousands(arrived(&shown.sum)), with_thousands(wanted(&shown.sum)));
        Some(format!("{}, {}%, {arrived} of {wanted} messages", shown.address, row_percent(shown)))
    }),
    ("the whole has its own numbers", Step::Copy, |project, _| {
        let copy = &project.copy;
        (has_begun(project) && !copy.is_verifying)
            .then(|| format!("{} of {}", copy.bytes_done, copy.bytes_total))
    }),
    ("the report sums up what there is", Step::Done, |project, _| {
        let is_begun = copy_standing(project) != CopyStanding::NotStarted;
        is_begun.then(|| format!("Copied: {}.", with_thousands(project.copy.sum.copied)))
    }),
    ("a trial says that it was one", Step::Copy, |project, _| trial(project)),
    ("a trial is no finished report", Step::Done, |project, _| trial(project)),
    ("the rail knows a trial", Step::Audit, |project, _| {
        let sum = &project.copy.sum;
        let (arrived, wanted) = (with_thousands(arrived(sum)), with_thousands(wanted(sum)));
        trial(project).map(|_| format!("Copy, open, Trial: {arrived} of {wanted}"))
    }),
    ("another destination is no copy", Step::Copy, |project, _| elsewhere(project)),
    ("another destination is no done copy", Step::Done, |project, _| elsewhere(project)),
    ("a large message has its name", Step::Copy, |project, _| {
        let shown = project.copy.under_way.first().filter(|_| has_begun(project))?;
        Some(format!("{} of {} sent", shown.message.sent, shown.message.size))
    }),
    ("an unknown time is said to be unknown", Step::Copy, |project, _| {
        let copy = &project.copy;
        let is_unknown = copy.time_left.is_none() && copy.trial.is_none() && !copy.is_verifying;
        // With every byte over there, nothing is left to be timed.
        let is_over_there = copy.bytes_total.0 > 0 && copy.bytes_done >= copy.bytes_total;
        let words = if is_over_there { ", finishing" } else { "time left not known yet" };
        (copy_standing(project) == CopyStanding::Running && is_unknown).then(|| words.to_owned())
    }),
    ("a stale zone file is an old one", Step::Records, |project, _| {
        let saved = project.records.saved.get(&SwitchStage::Now).filter(|saved| !saved.is_current)?;
        let is_shown = project.records.plan.is_some();
        is_shown.then(|| format!("{} is out of date", saved.path.display()))
    }),
    ("prepared records are not saved ones", Step::Domain, |project, _| {
        let records = &project.records;
        let is_prepared = records.plan.is_some() && !records.is_preparing && records.error.is_none();
        (is_prepared && saved_stages(project).saved == 0).then(|| "Prepared, not saved yet".to_owned())
    }),
    ("passwords of this session are called so", Step::Mailboxes, |project, snapshot| {
        let has_some = has_place(snapshot, PasswordPlace::Session) && !project.is_practice;
        match &snapshot.keyring {
            _ if !has_some => None,
            KeyringStatus::ThisSessionOnly(_) => Some("kept until Mailferry quits".to_owned()),
            _ => Some("kept for this session only".to_owned()),
        }
    }),
    ("the keyring is waited for", Step::Mailboxes, |project, _| {
        let is_asked =
            |state: &SignInState, place| *state == SignInState::NotTried && place == PasswordPlace::Asked;
        let mut sides = project.mailboxes.iter().flat_map(|row| [&row.source, &row.destination]);
        sides.any(|side| is_asked(&side.state, side.password)).then(|| "Waiting for the keyring".to_owned())
    }),
];

fn project(snapshot: &Snapshot) -> &ProjectView {
    snapshot.project.as_ref().unwrap()
}

fn standing(snapshot: &Snapshot) -> CopyStanding {
    copy_standing(project(snapshot))
}

fn is(snapshot: &Snapshot, wanted: CopyStanding) -> bool {
    standing(snapshot) == wanted
}

fn is_running(snapshot: &Snapshot) -> bool {
    let phase = project(snapshot).copy.phase;
    matches!(phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping)
}

fn has_begun(project: &ProjectView) -> bool {
    !matches!(copy_standing(project), CopyStanding::NotStarted | CopyStanding::Elsewhere)
}

fn places(snapshot: &Snapshot) -> impl Iterator<Item = PasswordPlace> + '_ {
    let rows = project(snapshot).mailboxes.iter().filter(|row| row.mailbox.is_chosen);
    rows.flat_map(|row| [row.source.password, row.destination.password])
}

fn has_place(snapshot: &Snapshot, wanted: PasswordPlace) -> bool {
    places(snapshot).any(|place| place == wanted)
}

/// What is over there, counted here and not by the program.
fn arrived(sum: &LedgerSum) -> u64 {
    sum.copied + sum.already_there + sum.repaired
}

fn wanted(sum: &LedgerSum) -> u64 {
    arrived(sum) + sum.exported + sum.refused + sum.to_do + sum.deferred
}

fn row_percent(shown: &MailboxProgress) -> u64 {
    if shown.state == MailboxProgressState::Done || shown.was_done {
        return 100;
    }
    (shown.bytes_done.0 * 100).checked_div(shown.bytes_total.0).unwrap_or(0).min(99)
}

fn equation_begin(sum: &LedgerSum) -> String {
    format!("{} on your server = {} Copied", with_thousands(sum.source_count), with_thousands(sum.copied))
}

fn trial(project: &ProjectView) -> Option<String> {
    let sum = &project.copy.sum;
    let is_over = matches!(copy_standing(project), CopyStanding::Tried(_));
    is_over.then(|| {
        let [arrived, wanted, waiting] =
            [arrived(sum), wanted(sum), sum.to_do + sum.deferred].map(with_thousands);
        format!("Trial: {arrived} of {wanted} copied, {waiting} wait for the whole copy")
    })
}

fn elsewhere(project: &ProjectView) -> Option<String> {
    (copy_standing(project) == CopyStanding::Elsewhere)
        .then(|| "Nothing has been copied to mailbox.org".to_owned())
}

/// The copy in all its states.
fn copies() -> Vec<(&'static str, ProjectView)> {
    let with = |mut project: ProjectView, change: &dyn Fn(&mut ProjectView)| {
        change(&mut project);
        project
    };
    let phase = |phase| with(samples::copying(), &move |project| project.copy.phase = phase);
    vec![
        ("fresh", samples::found()),
        ("counting", samples::counting()),
        ("planned", samples::planned()),
        ("running", samples::copying()),
        ("running, time unknown", with(samples::copying(), &|project| project.copy.time_left = None)),
        ("running a trial", with(samples::copying(), &|project| project.copy.trial = Some(20))),
        (
            "verifying",
            with(samples::copying(), &|project| {
                (project.copy.is_verifying, project.copy.verified) =
                    (true, PartDone { done: 40, total: 120 });
            }),
        ),
        ("pausing", phase(CopyPhase::Pausing)),
        ("paused", samples::paused()),
        ("stopping", phase(CopyPhase::Stopping)),
        ("stopped mailboxes", samples::stopped_mailboxes()),
        ("stopped", with(samples::interrupted(), &|project| project.copy.phase = CopyPhase::Stopped)),
        ("interrupted", samples::interrupted()),
        ("after a trial", samples::after_trial()),
        ("finished", samples::finished()),
        (
            "finished, none refused",
            with(samples::finished(), &|project| {
                let sum = &mut project.copy.sum;
                (sum.copied, sum.refused) = (sum.copied + sum.refused, 0);
            }),
        ),
        (
            "done again",
            with(samples::finished(), &|project| {
                project.copy.phase = CopyPhase::Running;
                project.copy.mailboxes[0].state = MailboxProgressState::Queued;
            }),
        ),
        ("outgrown", samples::outgrown()),
        ("elsewhere", samples::elsewhere()),
        ("elsewhere, no server", with(samples::elsewhere(), &|project| project.destination.server = None)),
        ("elsewhere, planned", with(samples::elsewhere(), &|project| project.plan = samples::planned().plan)),
        (
            "all wait",
            with(samples::copying(), &|project| {
                for shown in &mut project.copy.mailboxes {
                    let at = UnixTime(samples::NOW.0 + 300);
                    shown.state = MailboxProgressState::WaitsUntil(at, samples::asked_to_wait());
                }
            }),
        ),
        ("practice", samples::practice()),
        (
            "nothing left in it",
            with(samples::copying(), &|project| {
                project.copy.sum = LedgerSum::default();
                (project.copy.bytes_done, project.copy.bytes_total) = (Bytes::ZERO, Bytes::ZERO);
            }),
        ),
    ]
}

/// The records in all their states, put into a project.
fn records(index: usize, project: &mut ProjectView) -> &'static str {
    let saved = |is_current: bool, stages: usize| {
        let saved = samples::done().records.saved.into_iter().take(stages);
        saved.map(|(stage, saved)| (stage, SavedView { is_current, ..saved })).collect()
    };
    let prepared = samples::with_records().records;
    let (name, records) = match index {
        0 => return "no records",
        1 => ("records prepared", prepared),
        2 => ("zone saved", RecordsView { saved: saved(true, 3), ..prepared }),
        3 => ("zone saved before", RecordsView { saved: saved(false, 3), ..prepared }),
        4 => ("zone saved, nothing prepared", RecordsView { saved: saved(false, 3), ..Default::default() }),
        5 => ("one stage saved", RecordsView { saved: saved(true, 1), ..prepared }),
        _ => ("preparing", RecordsView { is_preparing: true, saved: saved(false, 3), ..prepared }),
    };
    if project.destination.chosen.is_some() {
        project.records = records;
    }
    name
}

fn keyrings() -> [KeyringStatus; 5] {
    [
        KeyringStatus::System,
        KeyringStatus::Unknown,
        KeyringStatus::Found,
        KeyringStatus::WaitsForUnlock,
        KeyringStatus::ThisSessionOnly(Some("No password store is running: nobody there".to_owned())),
    ]
}

/// One snapshot for each state of the copy and of the records; the others take turns, so that each meets each.
fn walk() -> Vec<(String, Snapshot)> {
    let places = [
        PasswordPlace::Keyring,
        PasswordPlace::Session,
        PasswordPlace::Asked,
        PasswordPlace::NoAnswer,
        PasswordPlace::Missing,
        PasswordPlace::NotNeeded,
        PasswordPlace::Unknown,
    ];
    let mut walk = Vec::new();
    for (name, project) in copies() {
        for records_index in 0..7 {
            let (turn, mut project) = (walk.len(), project.clone());
            let records_name = records(records_index, &mut project);
            let keyring = keyrings()[turn % 5].clone();
            let place = places[turn % 7];
            for row in Arc::make_mut(&mut project.mailboxes) {
                for side in [&mut row.source, &mut row.destination] {
                    side.password = place;
                    let has_signed_in = place == PasswordPlace::Keyring || turn % 2 == 0;
                    side.state = if has_signed_in { SignInState::SignedIn } else { SignInState::NotTried };
                }
            }
            let audit = [AuditView::NotRun, project.audit.clone(), samples::auditing().audit];
            let failed =
                samples::error("The resolver did not answer", "Nobody is there.", "", "Try again", None);
            project.audit = audit.into_iter().chain([AuditView::Failed(failed)]).nth(turn % 4).unwrap();
            let path = PathBuf::from("/home/anna/report.html");
            project.report_saved = [None, Some(true), Some(false)][turn % 3]
                .map(|is_current| SavedView { path: path.clone(), is_current });
            let name = format!("{name}, {records_name}, {keyring:?}, {place:?}, turn {turn}");
            walk.push((name, Snapshot { keyring, ..samples::with(project) }));
        }
    }
    walk
}

/// Everything that a page says, as a screen reader finds it.
fn said(opened: &Opened) -> Vec<String> {
    let nodes = opened.harness.query_all_by(|node| node.role() != Role::Window);
    let words = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        [node.label(), node.value()].into_iter().flatten().collect::<Vec<_>>()
    };
    nodes.flat_map(words).collect()
}

#[test]
fn no_page_says_what_its_snapshot_does_not_know() {
    let mut opened = Opened::new(samples::with(samples::found()), false, USUAL);
    let mut wrong: Vec<String> = Vec::new();
    let (mut claims_met, mut duties_met) = (vec![0_u32; CLAIMS.len()], vec![0_u32; DUTIES.len()]);
    for (name, snapshot) in walk() {
        opened.engine.show(snapshot.clone());
        for step in Step::ALL {
            opened.harness.state_mut().show(Place::Step(step));
            opened.harness.run();
            let said = said(&opened);
            for (index, (words, _, may)) in
                CLAIMS.iter().enumerate().filter(|(_, (_, on, _))| on.is_none_or(|on| on == step))
            {
                for sentence in said.iter().filter(|sentence| sentence.contains(words)) {
                    claims_met[index] += 1;
                    if !may(sentence, &snapshot) {
                        wrong.push(format!("{step:?} of {name} says “{sentence}”"));
                    }
                }
            }
            for (index, (what, _, duty)) in DUTIES.iter().enumerate().filter(|(_, (_, on, _))| *on == step) {
                let Some(words) = duty(project(&snapshot), &snapshot) else { continue };
                duties_met[index] += 1;
                if !said.iter().any(|sentence| sentence.contains(&words)) {
                    wrong.push(format!("{step:?} of {name}: {what}: it does not say “{words}”"));
                }
            }
            assert_eq!(opened.sent(), [], "{name} sends something by itself");
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} untrue words:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    // A claim that nobody makes any more guards nothing.
    let unmade = ["locked with", "unlocked"];
    let idle =
        CLAIMS.iter().zip(&claims_met).filter(|((words, ..), met)| **met == 0 && !unmade.contains(words));
    assert_eq!(idle.map(|((words, ..), _)| *words).collect::<Vec<_>>(), [""; 0]);
    let idle = DUTIES.iter().zip(&duties_met).filter(|(_, met)| **met == 0);
    assert_eq!(idle.map(|((what, ..), _)| *what).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_start_page_says_where_a_project_stands() {
    for (name, snapshot) in walk() {
        let (line, project) = (project_line(project(&snapshot)), project(&snapshot));
        let standing = copy_standing(project);
        let goes_on = matches!(standing, CopyStanding::Running | CopyStanding::Interrupted);
        assert_eq!(line.contains("continues when you open it"), goes_on, "{name}: {line}");
        let is_whole =
            matches!(standing, CopyStanding::Finished | CopyStanding::Outgrown | CopyStanding::Elsewhere);
        assert_eq!(line.contains("Copied to Fastmail"), is_whole, "{name}: {line}");
        assert_eq!(
            line.contains("Nothing has been copied to"),
            standing == CopyStanding::Elsewhere,
            "{name}: {line}"
        );
        assert!(!line.contains("zone lines saved") || is_zone_saved(project), "{name}: {line}");
    }
}
