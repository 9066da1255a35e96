use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::message::IdentityKey;
use crate::mutate::seeds::properties;
use crate::plan::{FlagCheck, FolderPath, MessageState, reason_samples};
use crate::project::samples::{add_mailbox, project};
use crate::project::{FolderId, Ledger, MessageResult, Project, ProjectError, SourceMessage};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

/// A step of a copy, or of what people do around one; with UIDs from 1 to 12.
#[derive(Clone, Debug)]
enum Step {
    List(Vec<SourceUid>),
    Intend(Vec<SourceUid>),
    Record(Vec<(u32, MessageState, Option<u32>, bool)>),
    Withdraw(Vec<SourceUid>),
    Vanish(Vec<SourceUid>),
    LeaveOut(bool),
    Retry,
    Fence(u32),
    Lose(Vec<SourceUid>),
    Learn(u32),
}

fn uids() -> impl Strategy<Value = Vec<SourceUid>> {
    prop::collection::vec((1..=12_u32).prop_map(SourceUid), 1..8)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let state = prop::sample::select(vec![
        MessageState::ToDo,
        MessageState::InFlight,
        MessageState::Copied,
        MessageState::AlreadyThere,
        MessageState::Repaired,
        MessageState::Exported,
        MessageState::Refused,
        MessageState::Vanished,
        MessageState::LeftOut,
        MessageState::Deferred,
    ]);
    let result = (1..=12_u32, state, prop::option::of(1..=40_u32), any::<bool>());
    let copied = (1..=12_u32, Just(MessageState::Copied), prop::option::of(1..=40_u32), Just(false));
    prop::collection::vec(
        prop_oneof![
            4 => uids().prop_map(Step::List),
            6 => uids().prop_map(Step::Intend),
            4 => prop::collection::vec(copied, 1..8).prop_map(Step::Record),
            2 => prop::collection::vec(result, 1..8).prop_map(Step::Record),
            1 => uids().prop_map(Step::Withdraw),
            1 => uids().prop_map(Step::Vanish),
            1 => any::<bool>().prop_map(Step::LeaveOut),
            1 => Just(Step::Retry),
            1 => (7..9_u32).prop_map(Step::Fence),
            1 => uids().prop_map(Step::Lose),
            1 => (1..=12_u32).prop_map(Step::Learn),
        ],
        1..40,
    )
}

fn message(uid: u32, flag: &str) -> SourceMessage {
    SourceMessage {
        uid: SourceUid(uid),
        size: 100 + u64::from(uid),
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: vec![flag.to_owned()],
        identity: IdentityKey([u8::try_from(uid).unwrap(); 32]),
    }
}

/// Does the step as far as the ledger lets it: what it refuses must leave no trace, in the counters as well.
fn take(ledger: &Ledger, folder: FolderId, number: usize, step: &Step) {
    let refused = match step {
        Step::List(uids) => {
            let flag = if number.is_multiple_of(2) { "\\Seen" } else { "\\Flagged" };
            let listed: Vec<_> = uids.iter().map(|uid| message(uid.0, flag)).collect();
            ledger.add_messages(folder, &listed).err()
        }
        Step::Intend(uids) => ledger.record_intent(folder, uids, UidValidity(7), DestinationUid(5)).err(),
        Step::Record(results) => {
            let results: Vec<_> = results
                .iter()
                .map(|(uid, state, copy, has_reason)| MessageResult {
                    uid: SourceUid(*uid),
                    state: *state,
                    placement: copy.map(|copy| Placement::new(UidValidity(7), DestinationUid(copy))),
                    sha256: None,
                    reason: has_reason.then(|| reason_samples::refused(&format!("cause {}", uid % 3))),
                    flag_check: uid.is_multiple_of(2).then_some(FlagCheck::Unseen),
                })
                .collect();
            ledger.record_results(folder, &results).err()
        }
        Step::Withdraw(uids) => ledger.withdraw_intents(folder, uids).err(),
        Step::Vanish(present) => ledger.mark_vanished_except(folder, present).err(),
        Step::LeaveOut(is_left_out) => ledger.set_left_out(folder, *is_left_out).err(),
        Step::Retry => ledger.retry_refused().err(),
        Step::Fence(uid_validity) => ledger.fence_destination(folder, UidValidity(*uid_validity)).err(),
        Step::Lose(uids) => ledger.forget_lost(folder, uids).err(),
        Step::Learn(uid) => ledger.learn(folder, SourceUid(*uid), 5_000, IdentityKey([9; 32])).err(),
    };
    if let Some(error) = refused {
        assert!(
            matches!(
                error,
                ProjectError::NotToDo { .. }
                    | ProjectError::DestinationChanged
                    | ProjectError::Unknown(_)
                    | ProjectError::Database(_)
            ),
            "{step:?}: {error}"
        );
    }
}

/// Messages and bytes by state: counters, and what the rows add up to.
fn both_counts(project: &Project) -> [BTreeMap<i64, (i64, i64)>; 2] {
    let read = |sql: &str| {
        project
            .read(|connection| {
                Ok(connection
                    .prepare(sql)?
                    .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
                    .collect::<Result<_, _>>()?)
            })
            .unwrap()
    };
    [
        read("SELECT state, messages, bytes FROM folder_count WHERE messages <> 0 OR bytes <> 0"),
        read("SELECT state, count(*), sum(size) FROM message GROUP BY state"),
    ]
}

/// Messages by problem: the groups, and what the rows add up to.
fn both_problems(project: &Project) -> [BTreeMap<(i64, i64, String), i64>; 2] {
    let read = |sql: &str| {
        project
            .read(|connection| {
                Ok(connection
                    .prepare(sql)?
                    .query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?)))?
                    .collect::<Result<_, _>>()?)
            })
            .unwrap()
    };
    [
        read("SELECT state, reason, pattern, messages FROM problem_group"),
        read(
            "SELECT state, reason, cause_pattern(detail), count(*) FROM message
             WHERE reason IS NOT NULL AND state IN (4, 5, 6, 7) GROUP BY state, reason, cause_pattern(detail)",
        ),
    ]
}

/// Takes the steps, and compares counters and rows after each; hands back what they say in the end.
fn counters_hold(steps: &[Step]) -> BTreeMap<i64, (i64, i64)> {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    for (number, step) in steps.iter().enumerate() {
        take(&ledger, inbox, number, step);
        let [counters, rows] = both_counts(&project);
        assert_eq!(counters, rows, "after {step:?}");
        let [groups, rows] = both_problems(&project);
        assert_eq!(groups, rows, "after {step:?}");
    }
    let [counters, _rows] = both_counts(&project);
    counters
}

/// A step that records these, without a reason.
fn record(results: &[(u32, MessageState, Option<u32>)]) -> Step {
    Step::Record(results.iter().map(|(uid, state, copy)| (*uid, *state, *copy, false)).collect())
}

#[test]
fn a_message_with_two_results_in_one_batch_is_counted_where_its_last_one_puts_it() {
    use MessageState::{Copied, Refused, ToDo};
    for results in [
        vec![(8, Copied, None), (8, ToDo, None)],
        vec![(8, Copied, Some(3)), (8, Copied, Some(4))],
        vec![(8, Copied, Some(3)), (2, Copied, Some(4)), (8, Refused, None), (2, ToDo, None)],
        vec![(8, ToDo, None), (8, Copied, Some(3))],
    ] {
        counters_hold(&[
            Step::List(vec![SourceUid(8), SourceUid(2)]),
            Step::Intend(vec![SourceUid(8), SourceUid(2)]),
            record(&results),
        ]);
    }
}

/// Found by the random steps below: the counters said `{0: (2, 210), 1: (1, 108), 2: (-1, -108)}`.
#[test]
fn a_message_copied_and_to_do_in_one_batch_is_to_do_and_counted_once() {
    use MessageState::{Copied, ToDo};
    let steps = [
        Step::List(vec![SourceUid(8), SourceUid(2)]),
        Step::Intend(vec![SourceUid(8)]),
        record(&[(8, Copied, None), (8, ToDo, None)]),
    ];
    let counted = counters_hold(&steps);
    assert_eq!(counted, BTreeMap::from([(0, (2, 210))]));
}

proptest! {
    #![proptest_config(properties(200))]

    #[test]
    fn counters_always_say_what_the_rows_add_up_to(steps in steps()) {
        counters_hold(&steps);
    }
}
