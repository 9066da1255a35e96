use crate::message::IdentityKey;
use crate::plan::{FolderPath, LedgerSum, MessageState, reason_samples};
use crate::project::samples::{add_mailbox, project};
use crate::project::{FolderId, Ledger, MessageResult, ProblemSample, ProjectError, SourceMessage};
use crate::values::{Bytes, DestinationUid, EmailAddress, Placement, SourceUid, UidValidity};

fn path(name: &str) -> FolderPath {
    FolderPath(vec![name.to_owned()])
}

fn message(uid: u32) -> SourceMessage {
    SourceMessage {
        uid: SourceUid(uid),
        size: 100,
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: vec!["\\Seen".to_owned(), "$Forwarded".to_owned()],
        identity: IdentityKey([u8::try_from(uid % 250).unwrap(); 32]),
    }
}

fn copied(uid: u32, copy: u32) -> MessageResult {
    MessageResult {
        uid: SourceUid(uid),
        state: MessageState::Copied,
        placement: Some(Placement::new(UidValidity(7), DestinationUid(copy))),
        sha256: Some([1; 32]),
        reason: None,
        flag_check: None,
    }
}

fn result(uid: u32, state: MessageState, words: &str) -> MessageResult {
    let reason = Some(reason_samples::refused(words));
    MessageResult { uid: SourceUid(uid), state, placement: None, sha256: None, reason, flag_check: None }
}

fn uids(ledger: &Ledger, folder: FolderId, states: &[MessageState]) -> Vec<u32> {
    ledger.rows(folder, states).unwrap().iter().map(|row| row.uid.0).collect()
}

#[test]
fn the_largest_message_is_looked_for_in_every_mailbox() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    assert_eq!(project.largest_message().unwrap(), None);
    for (address, size) in [("anna@example.org", 61), ("ben@example.org", 7)] {
        let ledger = add_mailbox(&project, address);
        let inbox =
            ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
        let sized = |uid: u32| SourceMessage { size: u64::from(uid) * size, ..message(uid) };
        ledger.add_messages(inbox, &(1..=3).map(sized).collect::<Vec<_>>()).unwrap();
    }
    assert_eq!(project.largest_message().unwrap(), Some(Bytes(183)));
}

#[test]
fn a_message_goes_through_its_states_and_the_sum_stays_whole() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    ledger.add_messages(inbox, &(1..=6).map(message).collect::<Vec<_>>()).unwrap();
    assert_eq!(ledger.highest_uid(inbox).unwrap(), Some(SourceUid(6)));

    ledger
        .record_intent(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3)], UidValidity(7), DestinationUid(40))
        .unwrap()
        .flush()
        .unwrap();
    let row = ledger.rows(inbox, &[MessageState::InFlight]).unwrap().remove(0);
    assert_eq!(
        (row.intent_uidnext, row.intent_uid_validity),
        (Some(DestinationUid(40)), Some(UidValidity(7)))
    );
    assert_eq!(row.flags, ["\\Seen", "$Forwarded"]);

    ledger.record_results(inbox, &[copied(1, 40), result(2, MessageState::Refused, "NO too big")]).unwrap();
    ledger.withdraw_intents(inbox, &[SourceUid(3)]).unwrap();
    assert_eq!(
        ledger
            .mark_vanished_except(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3), SourceUid(4)])
            .unwrap(),
        2
    );
    assert_eq!(uids(&ledger, inbox, &[MessageState::ToDo]), [3, 4]);
    assert_eq!(uids(&ledger, inbox, &[MessageState::Copied, MessageState::Refused]), [1, 2]);
    assert_eq!(ledger.claimed_destination_uids(inbox).unwrap(), [DestinationUid(40)]);
    let row = ledger.rows(inbox, &[MessageState::Copied]).unwrap().remove(0);
    assert_eq!((row.sha256, row.intent_uidnext), (Some([1; 32]), None));

    let totals = ledger.totals().unwrap();
    let expected =
        LedgerSum { source_count: 6, copied: 1, refused: 1, vanished: 2, to_do: 2, ..LedgerSum::default() };
    assert_eq!(totals.sum, expected);
    assert_eq!((totals.bytes_done, totals.bytes_total), (Bytes(100), Bytes(300)), "refused is not copied");

    assert_eq!(ledger.retry_refused().unwrap(), 1);
    assert_eq!(ledger.set_left_out(inbox, true).unwrap(), 3);
    assert_eq!(ledger.totals().unwrap().bytes_total, Bytes(100));
    assert_eq!(ledger.set_left_out(inbox, false).unwrap(), 3);
    assert_eq!(ledger.sum().unwrap().source_count, 6);
}

#[test]
fn an_intent_needs_a_message_that_is_to_do() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    ledger.add_messages(folder, &[message(1), message(2)]).unwrap();
    ledger.record_results(folder, &[copied(2, 9)]).unwrap();
    let refused =
        ledger.record_intent(folder, &[SourceUid(1), SourceUid(2)], UidValidity(7), DestinationUid(10));
    assert!(matches!(refused, Err(ProjectError::NotToDo { uid: SourceUid(2) })));
    assert_eq!(
        uids(&ledger, folder, &[MessageState::InFlight]),
        [0_u32; 0],
        "the batch is whole or not at all"
    );

    // A second announcement keeps the lower UIDNEXT: the first append may have arrived after all.
    ledger
        .record_intent(folder, &[SourceUid(1)], UidValidity(7), DestinationUid(10))
        .unwrap()
        .flush()
        .unwrap();
    ledger
        .record_intent(folder, &[SourceUid(1)], UidValidity(7), DestinationUid(30))
        .unwrap()
        .flush()
        .unwrap();
    assert_eq!(
        ledger.rows(folder, &[MessageState::InFlight]).unwrap()[0].intent_uidnext,
        Some(DestinationUid(10))
    );
    // Under another UIDVALIDITY the first one was never resolved.
    let outcome = ledger.record_intent(folder, &[SourceUid(1)], UidValidity(8), DestinationUid(1));
    assert!(matches!(outcome, Err(ProjectError::DestinationChanged)));
    assert!(matches!(
        ledger.record_results(folder, &[copied(1, 11), copied(77, 12)]),
        Err(ProjectError::Unknown("message"))
    ));
    assert_eq!(uids(&ledger, folder, &[MessageState::InFlight]), [1]);
}

#[test]
fn a_second_listing_changes_flags_only() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    ledger.add_messages(folder, &[message(1), message(2)]).unwrap();
    ledger.record_results(folder, &[copied(1, 9)]).unwrap();
    assert_eq!(ledger.mark_vanished_except(folder, &[SourceUid(1)]).unwrap(), 1);
    let flagged = |uid| SourceMessage { flags: vec!["\\Flagged".to_owned()], ..message(uid) };
    ledger.add_messages(folder, &[flagged(1), message(2)]).unwrap();
    let rows = ledger.rows(folder, &[MessageState::Copied, MessageState::ToDo]).unwrap();
    assert_eq!(rows[0].flags, ["\\Flagged"]);
    assert_eq!((rows[0].state, rows[1].state), (MessageState::Copied, MessageState::ToDo));
    assert_eq!(rows[1].reason, None);
    assert_eq!(ledger.sum().unwrap().source_count, 2);
    assert_eq!(ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap(), folder);
    assert_eq!(ledger.sum().unwrap().copied, 1);
}

#[test]
fn a_changed_uidvalidity_fences_the_rows() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    assert!(ledger.needs_match(folder).unwrap());
    ledger.set_matched(folder, DestinationUid(1)).unwrap();
    ledger.add_messages(folder, &[message(1), message(2), message(3)]).unwrap();
    ledger
        .record_intent(folder, &[SourceUid(1), SourceUid(2)], UidValidity(7), DestinationUid(9))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_results(folder, &[copied(1, 9)]).unwrap();

    assert_eq!(ledger.fence_destination(folder, UidValidity(7)).unwrap(), 0);
    assert!(!ledger.needs_match(folder).unwrap());
    assert_eq!(ledger.fence_destination(folder, UidValidity(8)).unwrap(), 2);
    assert!(ledger.needs_match(folder).unwrap());
    assert_eq!(uids(&ledger, folder, &[MessageState::ToDo]), [1, 2, 3]);
    assert!(ledger.claimed_destination_uids(folder).unwrap().is_empty());

    ledger.set_matched(folder, DestinationUid(1)).unwrap();
    assert_eq!(ledger.folder("A", &path("A"), &path("A"), UidValidity(6)).unwrap(), folder);
    assert!(ledger.needs_match(folder).unwrap());
    assert_eq!(ledger.sum().unwrap(), LedgerSum::default());
}

#[test]
fn another_destination_forgets_the_copies() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    ledger.add_messages(folder, &[message(1)]).unwrap();
    ledger.record_results(folder, &[copied(1, 9)]).unwrap();
    ledger.set_matched(folder, DestinationUid(1)).unwrap();
    ledger.folder("A", &path("A"), &path("B"), UidValidity(5)).unwrap();
    assert!(ledger.needs_match(folder).unwrap());
    assert_eq!(uids(&ledger, folder, &[MessageState::ToDo]), [1]);
}

#[test]
fn folders_with_one_destination_share_their_claims() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let anna = add_mailbox(&project, "anna@example.org");
    let ben = add_mailbox(&project, "ben@example.org");
    let one = anna.folder("A", &path("A"), &path("Z"), UidValidity(5)).unwrap();
    let two = anna.folder("B", &path("B"), &path("Z"), UidValidity(5)).unwrap();
    let other = ben.folder("A", &path("A"), &path("Z"), UidValidity(5)).unwrap();
    for (ledger, folder, copy) in [(&anna, one, 20), (&anna, two, 10), (&ben, other, 30)] {
        ledger.add_messages(folder, &[message(1)]).unwrap();
        ledger.fence_destination(folder, UidValidity(7)).unwrap();
        ledger.record_results(folder, &[copied(1, copy)]).unwrap();
    }
    assert_eq!(anna.claimed_destination_uids(one).unwrap(), [DestinationUid(10), DestinationUid(20)]);
    assert_eq!(ben.claimed_destination_uids(other).unwrap(), [DestinationUid(30)]);
}

#[test]
fn problems_are_grouped_and_messages_are_paged() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    ledger.add_messages(folder, &(1..=20).map(message).collect::<Vec<_>>()).unwrap();
    let mut results: Vec<_> = (1..=8).map(|uid| result(uid, MessageState::Refused, "NO too big")).collect();
    results.push(result(9, MessageState::Refused, &"long ".repeat(4_000)));
    results.push(result(10, MessageState::Repaired, "the date was mended"));
    ledger.record_results(folder, &results).unwrap();
    let problems = ledger.problems().unwrap();
    assert_eq!(problems, project.problems().unwrap());
    assert_eq!((&problems[0].reason, problems[0].count), (&reason_samples::refused("NO too big"), 8));
    assert_eq!(problems[0].samples.len(), SAMPLES_SHOWN);
    assert_eq!(problems[0].samples[0], ProblemSample { folder: path("A"), uid: SourceUid(1) });
    assert_eq!(problems[1].reason.detail().unwrap().len(), "refused\n\n".len() + 1_000, "it is bounded");
    assert_eq!(problems[2].state, MessageState::Repaired);

    let first = project.messages_after(None, 12).unwrap();
    let last = first.last().unwrap();
    let second = project.messages_after(Some(last.place()), 12).unwrap();
    assert_eq!((first.len(), second.len()), (12, 8));
    assert_eq!(second[0].row.uid, SourceUid(13));
    assert_eq!(project.retry_refused().unwrap(), 9);
}

/// How many samples a group of problems shows.
const SAMPLES_SHOWN: usize = 5;

#[test]
fn removing_a_mailbox_takes_its_rows_and_never_reuses_its_number() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let folder = ledger.folder("A", &path("A"), &path("A"), UidValidity(5)).unwrap();
    ledger.add_messages(folder, &[message(1)]).unwrap();
    project.remove_mailbox(ledger.mailbox()).unwrap();
    assert!(project.messages_after(None, 10).unwrap().is_empty());
    assert!(project.totals().unwrap().is_empty());
    assert!(add_mailbox(&project, "ben@example.org").mailbox() > ledger.mailbox());
    assert!(matches!(ledger.add_messages(folder, &[message(2)]), Err(ProjectError::Unknown("folder"))));
}

#[test]
fn hot_queries_use_an_index() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    for (query, index) in [
        (
            "SELECT uid FROM message WHERE folder_id = 1 AND state = 0 AND uid > 5 ORDER BY uid LIMIT 9",
            "message_by_state",
        ),
        (
            "SELECT 1 FROM message INDEXED BY message_with_reason WHERE folder_id = 1 AND state = 8 AND reason = 28",
            "message_with_reason",
        ),
        (
            "UPDATE message INDEXED BY message_with_reason SET state = 0 WHERE state = 8 AND is_filtered = 0 AND reason = 30 AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = 1)",
            "message_with_reason",
        ),
        (
            "SELECT uid FROM message INDEXED BY message_with_flag_check WHERE folder_id = 1 AND state = 2 AND needs_flag_check > 0 ORDER BY uid LIMIT 9",
            "message_with_flag_check",
        ),
        (
            "UPDATE message INDEXED BY message_with_flag_check SET needs_flag_check = 0 WHERE needs_flag_check > 0 AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = 1)",
            "message_with_flag_check",
        ),
        ("SELECT max(uid) FROM message WHERE folder_id = 1", "PRIMARY KEY"),
        ("UPDATE message SET state = 2 WHERE folder_id = 1 AND uid = 2", "PRIMARY KEY"),
        (
            "SELECT * FROM message WHERE (folder_id, uid) > (1, 2) ORDER BY folder_id, uid LIMIT 9",
            "PRIMARY KEY",
        ),
        (
            "UPDATE message SET state = 1 WHERE folder_id = 1 AND uid IN (SELECT value FROM json_each('[1]')) AND (state = 0 OR state = 1)",
            "PRIMARY KEY",
        ),
        (
            "SELECT sum(size) FROM message WHERE folder_id = 1 AND uid IN (SELECT value FROM json_each('[1]')) AND +state = 0",
            "PRIMARY KEY",
        ),
        (
            "SELECT * FROM problem_group ORDER BY severity, messages DESC, reason, pattern LIMIT 50",
            "problem_group_in_order",
        ),
        (
            "SELECT folder.source, problem.uid FROM problem CROSS JOIN folder ON folder.id = problem.folder_id WHERE problem.group_id = 1 ORDER BY problem.folder_id, problem.uid LIMIT 5",
            "problem_by_group",
        ),
        (
            "SELECT count.messages FROM folder JOIN folder_count AS count ON count.folder_id = folder.id WHERE folder.mailbox_id = 1",
            "SEARCH",
        ),
    ] {
        let plan: Vec<String> = project
            .read(|connection| {
                Ok(connection
                    .prepare(&format!("EXPLAIN QUERY PLAN {query}"))?
                    .query_map([], |row| row.get(3))?
                    .collect::<Result<_, _>>()?)
            })
            .unwrap();
        assert!(plan[0].contains(index), "{query}: {plan:?}");
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{query}: {plan:?}");
    }
}

#[test]
fn a_copy_taken_for_ones_own_is_given_back_when_the_server_names_its_owner() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let (anna, bert) = (add_mailbox(&project, "anna@example.org"), add_mailbox(&project, "bert@example.org"));
    let open = |ledger: &Ledger| {
        let inbox =
            ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
        ledger.add_messages(inbox, &[message(1), message(2)]).unwrap();
        ledger.fence_destination(inbox, UidValidity(7)).unwrap();
        inbox
    };
    let (of_anna, of_bert) = (open(&anna), open(&bert));
    let borrowed = MessageResult { state: MessageState::AlreadyThere, ..copied(1, 50) };
    bert.record_results(of_bert, std::slice::from_ref(&borrowed)).unwrap();
    // Two accounts have nothing to do with one another.
    anna.record_results(of_anna, &[copied(1, 50)]).unwrap();
    assert_eq!(uids(&bert, of_bert, &[MessageState::AlreadyThere]), [1]);
    assert_eq!(anna.claimed_destination_uids(of_anna).unwrap(), [DestinationUid(50)]);

    let same = crate::plan::Mailbox {
        address: EmailAddress::parse("carl@example.org").unwrap(),
        source_user: "carl".to_owned(),
        destination_user: "anna@example.org".to_owned(),
        ways: crate::plan::SignInWays::default(),
        is_chosen: true,
    };
    let carl = project.ledger(project.add_mailbox(&same).unwrap());
    let of_carl = open(&carl);
    assert_eq!(carl.claimed_destination_uids(of_carl).unwrap(), [DestinationUid(50)]);
    let borrowed = MessageResult { state: MessageState::AlreadyThere, ..copied(2, 60) };
    carl.record_results(of_carl, &[borrowed]).unwrap();
    anna.record_results(of_anna, &[copied(2, 60)]).unwrap();
    assert_eq!(uids(&carl, of_carl, &[MessageState::ToDo]), [1, 2]);
}

#[test]
fn a_copy_without_a_uid_keeps_its_intent_until_it_is_placed() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    ledger.add_messages(inbox, &[message(1)]).unwrap();
    ledger
        .record_intent(inbox, &[SourceUid(1)], UidValidity(7), DestinationUid(40))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_results(inbox, &[MessageResult { placement: None, ..copied(1, 0) }]).unwrap();
    let unplaced = ledger.unplaced_copies(inbox).unwrap();
    assert_eq!(
        unplaced.iter().map(|(_, row)| row.intent_uidnext).collect::<Vec<_>>(),
        [Some(DestinationUid(40))]
    );
    ledger.record_results(inbox, &[copied(1, 41)]).unwrap();
    assert!(ledger.unplaced_copies(inbox).unwrap().is_empty());
    assert_eq!(ledger.rows(inbox, &[MessageState::Copied]).unwrap()[0].intent_uidnext, None);
    assert_eq!(
        ledger.uids_to_list(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3)]).unwrap(),
        [SourceUid(2), SourceUid(3)]
    );
}
