use std::sync::Arc;

use super::*;
use crate::message::IdentityKey;
use crate::plan::reason_samples;
use crate::plan::{FolderPath, LedgerSum, Mailbox, MessageState};
use crate::project::{FolderId, Ledger, MessageResult, SourceMessage};
use crate::values::{DestinationUid, DomainName, EmailAddress, Placement, SourceUid, UidValidity};

const SOURCE: &str = "mail.example.org:993 anna";
const DESTINATION: &str = "imap.provider.example:993 anna@example.org";

fn add_mailbox(project: &Arc<Project>, address: &str) -> Ledger {
    let mailbox = Mailbox {
        address: EmailAddress::parse(address).unwrap(),
        source_user: "anna".to_owned(),
        destination_user: address.to_owned(),
        ways: crate::plan::SignInWays::default(),
        is_chosen: true,
    };
    project.ledger(project.add_mailbox(&mailbox).unwrap())
}

fn project(folder: &tempfile::TempDir) -> Arc<Project> {
    let domain = DomainName::parse("example.org").unwrap();
    Project::create(&folder.path().join("example.org.mailferry"), &domain, false).unwrap()
}

/// A folder with one row in each state but “left out”.
fn fill(ledger: &Ledger, name: &str) -> FolderId {
    let path = FolderPath(vec![name.to_owned()]);
    let folder = ledger.folder(name, &path, &path, UidValidity(5)).unwrap();
    let message = |uid| SourceMessage {
        uid: SourceUid(uid),
        size: 100,
        internal_date: String::new(),
        flags: Vec::new(),
        identity: IdentityKey([0; 32]),
    };
    ledger.add_messages(folder, &(1..=8).map(message).collect::<Vec<_>>()).unwrap();
    ledger.fence_destination(folder, UidValidity(7)).unwrap();
    ledger.set_matched(folder, DestinationUid(1)).unwrap();
    ledger
        .record_intent(folder, &[SourceUid(2)], UidValidity(7), DestinationUid(9))
        .unwrap()
        .flush()
        .unwrap();
    let result = |uid: u32, state| MessageResult {
        uid: SourceUid(uid),
        state,
        placement: Some(Placement::new(UidValidity(7), DestinationUid(uid + 10))),
        sha256: Some([1; 32]),
        reason: Some(reason_samples::refused("words")),
        flag_check: None,
    };
    let results = [
        result(3, MessageState::Copied),
        result(4, MessageState::AlreadyThere),
        result(5, MessageState::Repaired),
        result(6, MessageState::Exported),
        result(7, MessageState::Refused),
        result(8, MessageState::Vanished),
    ];
    ledger.record_results(folder, &results).unwrap();
    folder
}

#[test]
fn the_same_accounts_change_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    assert_eq!(project.bound_sides(ledger.mailbox()).unwrap(), None);
    let folder = fill(&ledger, "A");
    let sum = ledger.sum().unwrap();
    let first = project.bind_sides(ledger.mailbox(), SOURCE, DESTINATION).unwrap();
    assert_eq!((first.is_change(), first.before.clone()), (false, None));
    let second = project.bind_sides(ledger.mailbox(), SOURCE, DESTINATION).unwrap();
    assert!(!second.is_change() && second.before.is_some());
    assert_eq!(ledger.sum().unwrap(), sum);
    assert!(!ledger.needs_match(folder).unwrap());
    let nobody = project.bind_sides(MailboxId(99), SOURCE, DESTINATION);
    assert!(matches!(nobody, Err(ProjectError::Unknown("mailbox"))));
}

#[test]
fn another_destination_forgets_every_copy_and_every_refusal() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let ben = add_mailbox(&project, "ben@example.org");
    for ledger in [&ledger, &ben] {
        project.bind_sides(ledger.mailbox(), SOURCE, DESTINATION).unwrap();
    }
    let (one, two, other) = (fill(&ledger, "A"), fill(&ledger, "B"), fill(&ben, "A"));
    let bens = ben.sum().unwrap();
    let elsewhere = "imap.other.example:993 anna@example.org";
    let change = project.bind_sides(ledger.mailbox(), SOURCE, elsewhere).unwrap();
    assert!(change.is_destination_changed && !change.is_source_changed);
    assert_eq!(change.before.map(|before| before.destination).as_deref(), Some(DESTINATION));
    assert_eq!((change.copies_forgotten, change.rows_dropped), (12, 0));
    let expected = LedgerSum { source_count: 16, to_do: 14, vanished: 2, ..LedgerSum::default() };
    assert_eq!(ledger.sum().unwrap(), expected);
    for folder in [one, two] {
        assert!(ledger.needs_match(folder).unwrap());
        assert!(ledger.claimed_destination_uids(folder).unwrap().is_empty());
        let row = ledger.rows(folder, &[MessageState::ToDo]).unwrap().swap_remove(1);
        assert_eq!((row.intent_uidnext, row.destination_uid, row.reason), (None, None, None));
        // A UIDVALIDITY that happens to be the same one is no reason to trust anything.
        assert_eq!(ledger.fence_destination(folder, UidValidity(7)).unwrap(), 0);
        assert!(ledger.needs_match(folder).unwrap());
    }
    assert_eq!(ben.sum().unwrap(), bens, "another mailbox is not touched");
    assert!(!ben.needs_match(other).unwrap());
    assert!(!project.bind_sides(ledger.mailbox(), SOURCE, elsewhere).unwrap().is_change());
}

#[test]
fn another_source_drops_its_folders() {
    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    let ben = add_mailbox(&project, "ben@example.org");
    fill(&ben, "A");
    project.bind_sides(ledger.mailbox(), SOURCE, DESTINATION).unwrap();
    fill(&ledger, "A");
    let other_user = "mail.example.org:993 anna.weber";
    let change = project.bind_sides(ledger.mailbox(), other_user, "elsewhere:993 x").unwrap();
    assert!(change.is_source_changed && change.is_destination_changed);
    assert_eq!((change.rows_dropped, change.copies_forgotten), (8, 0));
    assert_eq!(ledger.sum().unwrap(), LedgerSum::default());
    assert!(ledger.folder_totals().unwrap().is_empty());
    assert_eq!(ben.sum().unwrap().source_count, 8);
    project.remove_mailbox(ledger.mailbox()).unwrap();
    assert_eq!(project.bound_sides(ledger.mailbox()).unwrap(), None);
}

#[test]
fn the_other_port_of_a_server_is_no_other_account() {
    let compare = Spelling::compare;
    assert_eq!(compare(SOURCE, SOURCE), Spelling::Same);
    assert_eq!(compare(SOURCE, "Mail.example.org:143 anna"), Spelling::Same);
    assert_eq!(compare("[::1]:993 anna", "[::1]:143 anna"), Spelling::Same);
    assert_eq!(compare(SOURCE, "mail.example.org:993 Anna"), Spelling::Likely);
    assert_eq!(compare(SOURCE, "mail.example.org:993 anna@example.org"), Spelling::Likely);
    for other in ["mail.example.org:1143 anna", "192.0.2.7:993 anna", "mail.example.org:993 ben", ""] {
        assert_eq!(compare(SOURCE, other), Spelling::Other, "{other}");
    }

    let temp = tempfile::tempdir().unwrap();
    let project = project(&temp);
    let ledger = add_mailbox(&project, "anna@example.org");
    project.bind_sides(ledger.mailbox(), SOURCE, DESTINATION).unwrap();
    fill(&ledger, "A");
    let before = ledger.sum().unwrap();
    let other_port = "mail.example.org:143 anna";
    assert!(!project.bind_sides(ledger.mailbox(), other_port, DESTINATION).unwrap().is_change());
    project.rename_sides(ledger.mailbox(), "192.0.2.7:143 anna", DESTINATION).unwrap();
    assert_eq!(ledger.sum().unwrap(), before);
    assert_eq!(project.bound_sides(ledger.mailbox()).unwrap().unwrap().source, "192.0.2.7:143 anna");
}
