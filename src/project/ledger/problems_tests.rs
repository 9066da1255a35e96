use super::ProblemSample;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use crate::message::{IdentityKey, RepairTrigger};
use crate::plan::{FolderPath, MessageState, Reason, reason_samples};
use crate::project::ledger::problems::PROBLEM_LIMIT;
use crate::project::samples::{add_mailbox, project};
use crate::project::{FolderId, Ledger, MessageResult, Problem, Project, SourceMessage};
use crate::values::{SourceUid, UidValidity};

fn folder(ledger: &Ledger, name: &str, messages: u32) -> FolderId {
    let path = FolderPath(vec![name.to_owned()]);
    let folder = ledger.folder(name, &path, &path, UidValidity(1)).unwrap();
    let message = |uid| SourceMessage {
        uid: SourceUid(uid),
        size: 1,
        internal_date: String::new(),
        flags: Vec::new(),
        identity: IdentityKey([0; 32]),
    };
    ledger.add_messages(folder, &(1..=messages).map(message).collect::<Vec<_>>()).unwrap();
    folder
}

fn result(uid: u32, state: MessageState, words: Option<String>) -> MessageResult {
    let reason = words.map(|words| reason_samples::refused(&words));
    MessageResult { uid: SourceUid(uid), state, placement: None, sha256: None, reason, flag_check: None }
}

/// The server's words.
fn words(reason: &Reason) -> String {
    match reason {
        Reason::NotTaken(RepairTrigger::Refused(answer)) => answer.text.clone(),
        other => format!("{other:?}"),
    }
}

fn shown(problems: &[Problem]) -> Vec<(String, u64)> {
    problems.iter().map(|problem| (words(&problem.reason), problem.count)).collect()
}

#[test]
fn causes_that_differ_in_numbers_only_are_one_problem() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let (anna, ben) = (add_mailbox(&project, "anna@example.org"), add_mailbox(&project, "ben@example.org"));
    let (a, b) = (folder(&anna, "A", 300), folder(&ben, "B", 3));
    let refused = |uid, words: String| result(uid, MessageState::Refused, Some(words));
    let session = |uid| refused(uid, format!("NO Internal error [2026-11-23 session <x{uid}>]"));
    anna.record_results(a, &(1..=200).map(session).collect::<Vec<_>>()).unwrap();
    let limit = |uid| refused(uid, "NO larger than 25000000 bytes".to_owned());
    anna.record_results(a, &(201..=210).map(limit).collect::<Vec<_>>()).unwrap();
    ben.record_results(b, &[session(1), limit(2), refused(3, "NO larger than 10 bytes".to_owned())]).unwrap();

    let problems = project.problems().unwrap();
    assert_eq!(shown(&problems).len(), 2);
    assert_eq!(problems[0].count, 201);
    assert_eq!(words(&problems[0].reason), "NO Internal error [… session <…>]");
    assert_eq!(problems[0].samples.len(), 5);
    assert_eq!(shown(&problems)[1], ("NO larger than … bytes".to_owned(), 12));

    let bens = ben.problems().unwrap();
    assert_eq!(bens.iter().map(|problem| problem.count).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(
        bens[0].samples,
        [2, 3].map(|uid| ProblemSample { folder: FolderPath(vec!["B".to_owned()]), uid: SourceUid(uid) })
    );
    project.remove_mailbox(ben.mailbox()).unwrap();
    assert_eq!(project.problems().unwrap()[0].count, 200);
    project.remove_mailbox(anna.mailbox()).unwrap();
    assert!(project.problems().unwrap().is_empty());

    // Where all of them have the same words, those are shown with their numbers.
    let carla = add_mailbox(&project, "carla@example.org");
    let c = folder(&carla, "C", 9);
    carla.record_results(c, &(1..=9).map(limit).collect::<Vec<_>>()).unwrap();
    assert_eq!(shown(&project.problems().unwrap()), [("NO larger than 25000000 bytes".to_owned(), 9)]);
}

/// The groups as the messages themselves tell them.
fn counted(project: &Project) -> Vec<(i64, i64, String, i64)> {
    read_groups(
        project,
        "SELECT state, reason, cause_pattern(detail) AS pattern, count(*) FROM message
         WHERE reason IS NOT NULL AND state IN (4, 5, 6, 7)
         GROUP BY state, reason, pattern ORDER BY state, reason, pattern",
    )
}

fn kept(project: &Project) -> Vec<(i64, i64, String, i64)> {
    read_groups(
        project,
        "SELECT state, reason, pattern, messages FROM problem_group ORDER BY state, reason, pattern",
    )
}

fn read_groups(project: &Project, query: &str) -> Vec<(i64, i64, String, i64)> {
    let read = |connection: &Connection| {
        let groups = connection
            .prepare(query)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<Result<_, _>>()?;
        Ok(groups)
    };
    project.read(read).unwrap()
}

#[test]
fn groups_agree_with_the_messages_after_any_change() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let folders = [folder(&ledger, "A", 40), folder(&ledger, "B", 40)];
    let states = [
        MessageState::ToDo,
        MessageState::Copied,
        MessageState::Repaired,
        MessageState::Exported,
        MessageState::Refused,
        MessageState::Vanished,
    ];
    let mut seed: usize = 7;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for step in 0..600 {
        let folder = folders[next(2)];
        match next(40) {
            0 => drop(project.retry_refused().unwrap()),
            1 => drop(
                ledger.mark_vanished_except(folder, &[SourceUid(1), SourceUid(5), SourceUid(9)]).unwrap(),
            ),
            2 => drop(
                ledger.fence_destination(folder, UidValidity(u32::try_from(next(3)).unwrap() + 1)).unwrap(),
            ),
            3 => {
                project.bind_sides(ledger.mailbox(), "a", &format!("b{}", next(2))).unwrap();
            }
            _ => {
                let words = [None, Some("NO x"), Some("NO 1 x"), Some("NO 2 x"), Some("5.7.1 no")][next(5)];
                let uid = u32::try_from(next(40)).unwrap() + 1;
                let row = result(uid, states[next(6)], words.map(ToOwned::to_owned));
                ledger.record_results(folder, &[row]).unwrap();
            }
        }
        assert_eq!(kept(&project), counted(&project), "step {step}");
    }
    assert!(kept(&project).len() > 4);
    project.bind_sides(ledger.mailbox(), "another", "b").unwrap();
    assert!(kept(&project).is_empty() && project.problems().unwrap().is_empty());
}

/// What work in the project file costs, in hundreds of steps of its database: the same on a busy computer.
fn steps<T>(project: &Project, work: impl FnOnce() -> T) -> (u64, T) {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    project.read(|connection| Ok(connection.progress_handler(100, Some(count))?)).unwrap();
    let done = work();
    (steps.load(Ordering::Relaxed), done)
}

/// Steps that so many refusals take, each in words of its own: to write them, to list them, and to take them back.
fn steps_of_refusals(count: u32) -> [u64; 3] {
    // Letters only: nothing in these words can be folded.
    let words = |uid: u32| {
        let name: String = uid.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
        format!("NO message {name} is not wanted here")
    };
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let a = folder(&ledger, "A", count);
    let uids: Vec<u32> = (1..=count).collect();
    let write = || {
        for chunk in uids.chunks(1_000) {
            let results = chunk.iter().map(|uid| result(*uid, MessageState::Refused, Some(words(*uid))));
            ledger.record_results(a, &results.collect::<Vec<_>>()).unwrap();
        }
    };
    let (written, ()) = steps(&project, write);
    let (listed, problems) = steps(&project, || project.problems().unwrap());
    assert_eq!(problems.len(), PROBLEM_LIMIT);
    let (taken_back, retried) = steps(&project, || project.retry_refused().unwrap());
    assert_eq!(retried, u64::from(count));
    assert!(project.problems().unwrap().is_empty());
    [written, listed, taken_back]
}

#[test]
fn every_refusal_in_other_words_is_still_quick_to_list() {
    let count = std::env::var("MAILFERRY_REFUSALS").map_or(5_000, |text| text.parse().unwrap());
    let (few, many) = (steps_of_refusals(count / 5), steps_of_refusals(count));
    eprintln!(
        "hundreds of steps to write, list and take back: {few:?} for a fifth of {count}, {many:?} for all"
    );
    for (few, many) in few.into_iter().zip(many) {
        assert!(few > 0 && many <= few * 6, "the work grows with the messages, and not with their square");
    }
}
