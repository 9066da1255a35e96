use std::collections::BTreeMap;

use crate::message::IdentityKey;
use crate::plan::{FolderPath, MessageState};
use crate::project::samples::{add_mailbox, project};
use crate::project::{FolderId, FoundCopy, Ledger, MessageResult, Project, SeenFolder, SourceMessage};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

fn message(uid: u32) -> SourceMessage {
    SourceMessage {
        uid: SourceUid(uid),
        size: 100,
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: Vec::new(),
        identity: IdentityKey([u8::try_from(uid).unwrap(); 32]),
    }
}

/// An inbox of five messages, the first three copied to the UIDs from 11 on, where it was compared at 11.
fn inbox(ledger: &Ledger) -> FolderId {
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    ledger.add_messages(inbox, &(1..=5).map(message).collect::<Vec<_>>()).unwrap();
    ledger.fence_destination(inbox, UidValidity(7)).unwrap();
    ledger.set_matched(inbox, DestinationUid(11)).unwrap();
    ledger
        .record_intent(inbox, &[SourceUid(1), SourceUid(2), SourceUid(3)], UidValidity(7), DestinationUid(11))
        .unwrap()
        .flush()
        .unwrap();
    let copied = |uid: u32| MessageResult {
        uid: SourceUid(uid),
        state: MessageState::Copied,
        placement: Some(Placement::new(UidValidity(7), DestinationUid(uid + 10))),
        sha256: None,
        reason: None,
        flag_check: None,
    };
    ledger.record_results(inbox, &[1, 2, 3].map(copied)).unwrap();
    inbox
}

#[test]
fn only_what_no_row_claims_is_unknown() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = inbox(&ledger);
    // All that came since are the three copies.
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(11)).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(14)).unwrap(), None);
    // One more, whoever sent it.
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(15)).unwrap(), Some(DestinationUid(11)));
    ledger.set_compared(inbox, DestinationUid(15)).unwrap();
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(15)).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(16)).unwrap(), Some(DestinationUid(15)));
    // The server was set back: its numbers may be given a second time.
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(14)).unwrap(), Some(DestinationUid(1)));
}

#[test]
fn a_folder_that_was_set_back_makes_its_copies_unknown() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = inbox(&ledger);
    // The copies have the UIDs up to 13.
    for (uid_next, is_back) in [(Some(14), false), (Some(15), false), (None, false), (Some(13), true)] {
        assert_eq!(
            ledger.is_set_back(inbox, uid_next.map(DestinationUid), None).unwrap(),
            is_back,
            "{uid_next:?}"
        );
    }
    assert!(!ledger.is_set_back(inbox, Some(DestinationUid(40)), Some(5)).unwrap());
    ledger.set_destination_modseq(inbox, 7).unwrap();
    assert!(!ledger.is_set_back(inbox, Some(DestinationUid(40)), Some(7)).unwrap());
    assert!(ledger.is_set_back(inbox, Some(DestinationUid(40)), Some(6)).unwrap());
    assert_eq!(ledger.set_back(inbox).unwrap(), 3);
    let sum = ledger.sum().unwrap();
    assert_eq!((sum.to_do, sum.copied), (5, 0), "{sum:?}");
    assert!(ledger.needs_match(inbox).unwrap() && !ledger.is_fenced(inbox).unwrap());
    // Nothing is known any more, so that this is no earlier state.
    assert!(!ledger.is_set_back(inbox, Some(DestinationUid(2)), Some(1)).unwrap());
}

#[test]
fn another_folder_is_compared_from_the_beginning() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = inbox(&ledger);
    ledger.fence_destination(inbox, UidValidity(8)).unwrap();
    assert_eq!(ledger.compared_up_to(inbox).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, DestinationUid(2)).unwrap(), Some(DestinationUid(1)));
}

#[test]
fn a_file_that_has_lost_its_log_is_compared_everywhere() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let first = project(&temp);
    let ledger = add_mailbox(&first, "anna@example.org");
    let folder = inbox(&ledger);
    let archive = SeenFolder { uid_validity: UidValidity(3), uid_next: DestinationUid(40) };
    ledger.set_seen_folders(&BTreeMap::from([("Archive".to_owned(), archive)])).unwrap();
    let mailbox = ledger.mailbox();
    drop((ledger, first));
    let doubts = |path: &std::path::Path| {
        let ledger = Project::open(path).unwrap().ledger(mailbox);
        let is_doubted = ledger.is_doubted().unwrap();
        assert_eq!(ledger.seen_folders().unwrap().is_empty(), is_doubted);
        (ledger.needs_match(folder).unwrap(), ledger.compared_up_to(folder).unwrap(), is_doubted)
    };
    // Closed in order, then opened again.
    assert_eq!(doubts(&path), (false, Some(DestinationUid(11)), false));
    // Carried away while it was open, without its log.
    let carried = temp.path().join("carried.mailferry");
    let open = Project::open(&path).unwrap();
    std::fs::copy(&path, &carried).unwrap();
    drop(open);
    assert_eq!(doubts(&carried), (true, None, true));
}

#[test]
fn a_mailbox_that_was_lost_with_the_log_is_doubted_when_it_comes_back() {
    let temp = tempfile::tempdir().unwrap();
    let first = project(&temp);
    add_mailbox(&first, "anna@example.org");
    let carried = temp.path().join("carried.mailferry");
    std::fs::copy(temp.path().join("example.org.mailferry"), &carried).unwrap();
    drop(first);
    let without_log = Project::open(&carried).unwrap();
    assert!(without_log.mailboxes().unwrap().is_empty(), "the log alone knew of it");
    assert!(add_mailbox(&without_log, "anna@example.org").is_doubted().unwrap());
    drop(without_log);
    let later = Project::open(&carried).unwrap();
    assert!(!add_mailbox(&later, "ben@example.org").is_doubted().unwrap(), "closed in order meanwhile");
}

#[test]
fn a_waiting_row_whose_copy_is_elsewhere_is_settled_and_claims_it_there() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = inbox(&ledger);
    let archive = FolderPath(vec!["Archive".to_owned()]);
    // The second was copied, and stays where it is.
    let found = [4, 2].map(|uid| FoundCopy {
        uid: SourceUid(uid),
        place: Placement::new(UidValidity(9), DestinationUid(uid + 60)),
    });
    ledger.record_strays(inbox, &archive, &found).unwrap();
    assert_eq!(
        ledger.claimed_in(inbox, &archive, UidValidity(9)).unwrap().into_iter().collect::<Vec<_>>(),
        [DestinationUid(64)]
    );
    let sum = ledger.sum().unwrap();
    assert_eq!((sum.copied, sum.already_there, sum.to_do), (3, 1, 1), "{sum:?}");
}
