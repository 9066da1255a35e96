use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::message::IdentityKey;
use crate::plan::{FolderPath, LedgerSum, MessageState, Reason};
use crate::project::samples::{add_mailbox, project};
use crate::project::{FolderId, FoundCopy, Ledger, MessageResult, SourceMessage};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

fn message(uid: u32, flags: &[&str]) -> SourceMessage {
    SourceMessage {
        uid: SourceUid(uid),
        size: 100,
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        identity: IdentityKey([u8::try_from(uid % 250).unwrap(); 32]),
    }
}

/// An inbox with three copies at the UIDs 11, 12 and 13 of UIDVALIDITY 7.
fn copied_inbox(ledger: &Ledger) -> FolderId {
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    ledger.add_messages(inbox, &[message(1, &[]), message(2, &[]), message(3, &[])]).unwrap();
    ledger.fence_destination(inbox, UidValidity(7)).unwrap();
    ledger
        .record_intent(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3)], UidValidity(7), DestinationUid(11))
        .unwrap()
        .flush()
        .unwrap();
    let results: Vec<MessageResult> = (1..=3)
        .map(|uid| MessageResult {
            uid: SourceUid(uid),
            state: MessageState::Copied,
            placement: Some(Placement::new(UidValidity(7), DestinationUid(uid + 10))),
            sha256: None,
            reason: None,
            flag_check: None,
        })
        .collect();
    ledger.record_results(inbox, &results).unwrap();
    inbox
}

fn path(name: &str) -> FolderPath {
    FolderPath(vec![name.to_owned()])
}

#[test]
fn moved_copies_are_claimed_where_they_are_and_lost_ones_are_to_do() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = copied_inbox(&ledger);
    let copies = [(11, 1), (12, 2), (13, 3)].map(|(copy, uid)| (DestinationUid(copy), SourceUid(uid)));
    assert_eq!(ledger.copies_in_place(inbox).unwrap(), BTreeMap::from(copies));
    assert_eq!(ledger.copies_from(inbox, DestinationUid(12)).unwrap(), (2, Some(DestinationUid(13))));
    ledger
        .record_moved(
            inbox,
            Some(&path("Archive")),
            &[FoundCopy { uid: SourceUid(2), place: Placement::new(UidValidity(9), DestinationUid(40)) }],
        )
        .unwrap();
    ledger.forget_lost(inbox, &[SourceUid(3)]).unwrap();
    ledger.release(inbox, &[SourceUid(1)]).unwrap();
    assert!(ledger.copies_in_place(inbox).unwrap().is_empty());
    assert_eq!(
        ledger.claimed_in(inbox, &path("Archive"), UidValidity(9)).unwrap(),
        BTreeSet::from([DestinationUid(40)])
    );
    assert!(ledger.claimed_in(inbox, &path("Archive"), UidValidity(8)).unwrap().is_empty());
    let archive = ledger.folder("Archive", &path("Archive"), &path("Archive"), UidValidity(6)).unwrap();
    ledger.fence_destination(archive, UidValidity(9)).unwrap();
    assert_eq!(ledger.claimed_destination_uids(archive).unwrap(), [DestinationUid(40)]);
    let expected = LedgerSum { source_count: 3, copied: 2, to_do: 1, ..LedgerSum::default() };
    assert_eq!(ledger.sum().unwrap(), expected);
    assert_eq!(ledger.set_aside(inbox).unwrap().elsewhere, BTreeSet::from([SourceUid(1), SourceUid(2)]));
    // A folder that is recreated says nothing about copies that are not in it.
    assert_eq!(ledger.fence_destination(inbox, UidValidity(8)).unwrap(), 0);
}

#[test]
fn changed_flags_wait_until_the_copy_has_them() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = copied_inbox(&ledger);
    let seen = vec!["\\Seen".to_owned()];
    ledger
        .note_flags(
            inbox,
            &[(SourceUid(1), seen.clone()), (SourceUid(2), seen.clone()), (SourceUid(9), seen.clone())],
        )
        .unwrap();
    // Listed once more: the same as a note.
    ledger.add_messages(inbox, &[message(3, &["\\Flagged"])]).unwrap();
    let uids = |ledger: &Ledger| -> Vec<(u32, Vec<String>)> {
        let changed = ledger.changed_flags(inbox, 9).unwrap();
        changed.into_iter().map(|copy| (copy.destination_uid.0, copy.mirrored)).collect()
    };
    assert_eq!(uids(&ledger), [(11, vec![]), (12, vec![]), (13, vec![])]);
    // Back to what the copy has: nothing to do.
    ledger.note_flags(inbox, &[(SourceUid(3), vec![])]).unwrap();
    ledger.set_mirrored(inbox, &[SourceUid(1)]).unwrap();
    ledger.set_touched(inbox, &[SourceUid(2)]).unwrap();
    assert!(uids(&ledger).is_empty());
    assert_eq!(ledger.set_aside(inbox).unwrap().touched, BTreeSet::from([SourceUid(2)]));
    ledger.note_flags(inbox, &[(SourceUid(1), vec![])]).unwrap();
    assert_eq!(uids(&ledger), [(11, seen)]);
}

#[test]
fn a_filter_that_changes_takes_messages_in_again() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = copied_inbox(&ledger);
    ledger.add_messages(inbox, &[message(4, &[]), message(5, &[])]).unwrap();
    let because = Arc::new(Reason::TooOld(1_577_836_800));
    let judged = ledger
        .filter(inbox, |candidates| {
            let waiting = candidates.iter().filter(|candidate| !candidate.is_settled);
            assert_eq!(candidates.len(), 5);
            waiting.map(|candidate| (candidate.uid, (MessageState::LeftOut, Arc::clone(&because)))).collect()
        })
        .unwrap();
    assert_eq!((judged, ledger.sum().unwrap().left_out), (2, 2));
    let rows = ledger.rows(inbox, &[MessageState::LeftOut]).unwrap();
    assert!(rows.iter().all(|row| row.reason.as_ref() == Some(&*because)), "{rows:?}");
    // Taking the folder in again says nothing about them.
    assert_eq!(ledger.set_left_out(inbox, false).unwrap(), 0);
    assert!(ledger.has_filtered(inbox).unwrap());
    ledger
        .filter(inbox, |_| BTreeMap::from([(SourceUid(5), (MessageState::LeftOut, Arc::clone(&because)))]))
        .unwrap();
    assert_eq!((ledger.sum().unwrap().left_out, ledger.sum().unwrap().to_do), (1, 1));
    ledger.filter(inbox, |_| BTreeMap::new()).unwrap();
    assert!(!ledger.has_filtered(inbox).unwrap());
}

#[test]
fn a_phantom_is_not_believed_for_ever() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = copied_inbox(&ledger);
    ledger.add_messages(inbox, &[message(4, &[])]).unwrap();
    let mut tries = 0;
    loop {
        ledger.mark_vanished_except(inbox, &[]).unwrap();
        if ledger
            .uids_to_list(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3), SourceUid(4)])
            .unwrap()
            .is_empty()
        {
            break;
        }
        ledger.add_messages(inbox, &[message(4, &[])]).unwrap();
        tries += 1;
        assert!(tries < 10, "listed for ever");
    }
    assert_eq!((tries, ledger.sum().unwrap().vanished), (3, 1));
}

#[test]
fn claims_go_by_the_account_that_a_mailbox_is_bound_to() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let (anna, bert) = (add_mailbox(&project, "anna@example.org"), add_mailbox(&project, "bert@example.org"));
    let (of_anna, of_bert) = (copied_inbox(&anna), copied_inbox(&bert));
    anna.forget_lost(of_anna, &[SourceUid(1), SourceUid(2), SourceUid(3)]).unwrap();
    assert!(anna.claimed_destination_uids(of_anna).unwrap().is_empty(), "other users, other accounts");
    project.bind_sides(anna.mailbox(), "old.example anna", "new.example office").unwrap();
    project.bind_sides(bert.mailbox(), "old.example bert", "new.example office").unwrap();
    assert_eq!(
        anna.claimed_destination_uids(of_anna).unwrap(),
        [DestinationUid(11), DestinationUid(12), DestinationUid(13)]
    );
    assert_eq!(
        anna.claimed_in(of_anna, &FolderPath::inbox(), UidValidity(7)).unwrap(),
        BTreeSet::from([DestinationUid(11), DestinationUid(12), DestinationUid(13)])
    );
    project.bind_sides(bert.mailbox(), "old.example bert", "other.example office").unwrap();
    assert!(anna.claimed_destination_uids(of_anna).unwrap().is_empty(), "another server, another account");
    assert!(bert.copies_in_place(of_bert).unwrap().is_empty());
}

#[test]
fn what_a_trial_puts_off_is_not_left_out_and_counts_as_still_to_copy() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = copied_inbox(&ledger);
    let before = ledger.totals().unwrap();
    ledger.add_messages(inbox, &[message(4, &[]), message(5, &[])]).unwrap();
    let listed = ledger.totals().unwrap();
    let trial = Arc::new(Reason::OutsideTrial(5));
    let put_off = |uids: &[SourceUid]| -> BTreeMap<SourceUid, (MessageState, Arc<Reason>)> {
        uids.iter().map(|uid| (*uid, (MessageState::Deferred, Arc::clone(&trial)))).collect()
    };
    ledger.filter(inbox, |_| put_off(&[SourceUid(4), SourceUid(5)])).unwrap();
    let tried = ledger.totals().unwrap();
    assert_eq!((tried.sum.deferred, tried.sum.left_out, tried.sum.to_do), (2, 0, 0));
    assert_eq!((tried.bytes_done, tried.bytes_total), (before.bytes_done, listed.bytes_total));
    // The owner's filter takes over from the trial, and the whole copy takes in what nothing speaks against.
    let old = Arc::new(Reason::TooOld(1_577_836_800));
    ledger.filter(inbox, |_| BTreeMap::from([(SourceUid(4), (MessageState::LeftOut, old))])).unwrap();
    let sum = ledger.sum().unwrap();
    assert_eq!((sum.deferred, sum.left_out, sum.to_do), (0, 1, 1));
    // A folder that is left out by choice keeps nothing waiting.
    ledger.filter(inbox, |_| put_off(&[SourceUid(4), SourceUid(5)])).unwrap();
    assert_eq!(ledger.set_left_out(inbox, true).unwrap(), 2);
    let sum = ledger.sum().unwrap();
    assert_eq!((sum.deferred, sum.left_out, sum.to_do), (0, 2, 0));
    assert_eq!(ledger.set_left_out(inbox, false).unwrap(), 2);
    assert_eq!(ledger.sum().unwrap().to_do, 2);
}
