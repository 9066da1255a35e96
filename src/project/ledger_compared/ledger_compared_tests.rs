use super::*;
use crate::plan::{FolderPath, IdentityKey, MessageState};
use crate::project::samples::{add_mailbox, project};
use crate::project::{MessageResult, Project, SourceMessage};

fn message(uid: u32) -> SourceMessage {
    SourceMessage {
        uid,
        size: 100,
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: Vec::new(),
        identity: IdentityKey([u8::try_from(uid).unwrap(); 32]),
    }
}

/// An inbox of five messages, the first three copied to the UIDs from 11 on, where it was compared at 11.
fn inbox(ledger: &Ledger) -> FolderId {
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), 5).unwrap();
    ledger.add_messages(inbox, &(1..=5).map(message).collect::<Vec<_>>()).unwrap();
    ledger.fence_destination(inbox, 7).unwrap();
    ledger.set_matched(inbox, 11).unwrap();
    ledger.record_intent(inbox, &[1, 2, 3], 7, 11).unwrap().flush().unwrap();
    let copied = |uid| MessageResult {
        uid,
        state: MessageState::Copied,
        destination_uid: Some((7, uid + 10)),
        sha256: None,
        cause: None,
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
    assert_eq!(ledger.unknown_from(inbox, 11).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, 14).unwrap(), None);
    // One more, whoever sent it.
    assert_eq!(ledger.unknown_from(inbox, 15).unwrap(), Some(11));
    ledger.set_compared(inbox, 15).unwrap();
    assert_eq!(ledger.unknown_from(inbox, 15).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, 16).unwrap(), Some(15));
    // The server was set back: its numbers may be given a second time.
    assert_eq!(ledger.unknown_from(inbox, 14).unwrap(), Some(1));
}

#[test]
fn another_folder_is_compared_from_the_beginning() {
    let temp = tempfile::tempdir().unwrap();
    let ledger = add_mailbox(&project(&temp), "anna@example.org");
    let inbox = inbox(&ledger);
    ledger.fence_destination(inbox, 8).unwrap();
    assert_eq!(ledger.compared_up_to(inbox).unwrap(), None);
    assert_eq!(ledger.unknown_from(inbox, 2).unwrap(), Some(1));
}

#[test]
fn a_file_that_has_lost_its_log_is_compared_everywhere() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.org.mailferry");
    let first = project(&temp);
    let ledger = add_mailbox(&first, "anna@example.org");
    let folder = inbox(&ledger);
    let mailbox = ledger.mailbox();
    drop((ledger, first));
    let doubts = |path: &std::path::Path| {
        let ledger = Project::open(path).unwrap().ledger(mailbox);
        (ledger.needs_match(folder).unwrap(), ledger.compared_up_to(folder).unwrap())
    };
    // Closed in order, then opened again.
    assert_eq!(doubts(&path), (false, Some(11)));
    // Carried away while it was open, without its log.
    let carried = temp.path().join("carried.mailferry");
    let open = Project::open(&path).unwrap();
    std::fs::copy(&path, &carried).unwrap();
    drop(open);
    assert_eq!(doubts(&carried), (true, None));
}
