use std::sync::Arc;

use crate::message::{IdentityKey, RepairStep, RepairTrigger, ServerWords};
use crate::plan::{FlagsAfter, FolderPath, MessageState, Reason};
use crate::project::samples::add_mailbox;
use crate::project::{
    ExportedFile, FolderId, Ledger, MessageResult, Project, ProjectError, SentForm, SourceMessage, samples,
};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

fn ledger(folder: &tempfile::TempDir) -> (Arc<Project>, Ledger, FolderId) {
    let project = samples::project(folder);
    let ledger = add_mailbox(&project, "anna@example.org");
    let inbox = ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(5)).unwrap();
    let message = |uid| SourceMessage {
        uid,
        size: 100,
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: Vec::new(),
        identity: IdentityKey([1; 32]),
    };
    ledger.add_messages(inbox, &[message(SourceUid(1)), message(SourceUid(2))]).unwrap();
    (project, ledger, inbox)
}

const SENT: SentForm = SentForm { size: 120, identity: IdentityKey([2; 32]), sha256: [3; 32] };

fn refused_with(text: &str) -> RepairTrigger {
    RepairTrigger::Refused(ServerWords { code: None, text: text.to_owned() })
}

fn repaired(uid: u32) -> MessageResult {
    MessageResult {
        uid: SourceUid(uid),
        state: MessageState::Repaired,
        placement: Some(Placement::new(UidValidity(7), DestinationUid(40))),
        sha256: Some([9; 32]),
        reason: None,
        flag_check: None,
    }
}

#[test]
fn a_repair_is_written_down_before_it_is_sent_and_compared_as_sent() {
    let temp = tempfile::tempdir().unwrap();
    let (_project, ledger, inbox) = ledger(&temp);
    let steps = [RepairStep::LineEnds, RepairStep::Nul];
    let trigger = refused_with("NO nul");
    let refused = ledger.record_repair(inbox, SourceUid(1), &refused_with("NUL"), &steps, &SENT);
    assert!(
        matches!(refused, Err(ProjectError::NotToDo { uid: SourceUid(1) })),
        "nothing is sent without an intent"
    );
    ledger
        .record_intent(inbox, &[SourceUid(1)], UidValidity(7), DestinationUid(40))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_repair(inbox, SourceUid(1), &trigger, &steps[..1], &SENT).unwrap();
    ledger.record_repair(inbox, SourceUid(1), &trigger, &steps, &SENT).unwrap();
    let known = ledger.repair(inbox, SourceUid(1)).unwrap().unwrap();
    assert_eq!((known.sent, known.steps.as_slice()), (Some(SENT), &steps[..]));
    let steps = steps.to_vec();
    assert_eq!(known.reason(), Reason::Repaired { trigger, steps, flags: FlagsAfter::AsSent });

    ledger.record_results(inbox, &[repaired(1)]).unwrap();
    let rows = ledger.rows(inbox, &[MessageState::Repaired]).unwrap();
    assert_eq!(rows[0].sha256, Some([9; 32]), "the row keeps the hash of the source");
    let rows = ledger.as_sent(inbox, rows).unwrap();
    assert_eq!((rows[0].size, rows[0].identity, rows[0].sha256), (120, SENT.identity, Some([3; 32])));
}

#[test]
fn a_file_is_remembered_and_goes_with_its_message() {
    let temp = tempfile::tempdir().unwrap();
    let (_project, ledger, inbox) = ledger(&temp);
    let file = ExportedFile { path: "x-exported/anna/INBOX/2.eml".to_owned(), sha256: [4; 32] };
    let code = Some("CANNOT".to_owned());
    let trigger = RepairTrigger::Refused(ServerWords { code, text: "[CANNOT] virus".to_owned() });
    ledger.record_export(inbox, SourceUid(2), &trigger, &[], &file).unwrap();
    let known = ledger.repairs(inbox).unwrap().remove(&(inbox, SourceUid(2))).unwrap();
    assert_eq!((known.file.as_ref(), known.sent), (Some(&file), None));
    assert_eq!(known.reason(), Reason::Exported { trigger, file: file.path });
    ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(6)).unwrap();
    assert!(ledger.repairs(inbox).unwrap().is_empty(), "the source is another one");
}

#[test]
fn the_time_of_an_intent_counts_while_its_result_is_open() {
    let temp = tempfile::tempdir().unwrap();
    let (_project, ledger, inbox) = ledger(&temp);
    assert_eq!(ledger.newest_intent(inbox).unwrap(), None);
    ledger
        .record_intent(inbox, &[SourceUid(1)], UidValidity(7), DestinationUid(40))
        .unwrap()
        .flush()
        .unwrap();
    let at = ledger.newest_intent(inbox).unwrap().unwrap();
    assert!((at - crate::values::UnixTime::now().0).abs() < 5, "{at}");
    ledger.record_results(inbox, &[repaired(1)]).unwrap();
    assert_eq!(ledger.newest_intent(inbox).unwrap(), None);
}

#[test]
fn a_message_that_gets_another_number_takes_its_repair_along() {
    let temp = tempfile::tempdir().unwrap();
    let (_project, ledger, inbox) = ledger(&temp);
    ledger
        .record_intent(inbox, &[SourceUid(1)], UidValidity(7), DestinationUid(40))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_repair(inbox, SourceUid(1), &refused_with("NO nul"), &[RepairStep::Nul], &SENT).unwrap();
    ledger.record_results(inbox, &[repaired(1)]).unwrap();
    // The same message under another UID, as the source lists it now.
    assert_eq!(ledger.renumber(inbox, &[SourceUid(2)]).unwrap(), 1);
    assert_eq!(ledger.repair(inbox, SourceUid(1)).unwrap(), None);
    assert_eq!(ledger.repair(inbox, SourceUid(2)).unwrap().unwrap().sent, Some(SENT));
    assert_eq!(ledger.rows(inbox, &[MessageState::Repaired]).unwrap()[0].uid, SourceUid(2));
}
