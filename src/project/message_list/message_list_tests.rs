use super::*;
use crate::message::IdentityKey;
use crate::plan::FolderPath;
use crate::plan::reason_samples;
use crate::project::samples::add_mailbox;
use crate::project::{Ledger, MessageResult, SourceMessage};
use crate::values::{DomainName, SourceUid, UidValidity};

fn path(name: &str) -> FolderPath {
    FolderPath(vec![name.to_owned()])
}

fn folder(ledger: &Ledger, name: &str, messages: u32) -> FolderId {
    let folder = ledger.folder(name, &path(name), &path(name), UidValidity(1)).unwrap();
    let message = |uid| SourceMessage {
        uid: SourceUid(uid),
        size: u64::from(uid),
        internal_date: "01-Jan-2024 00:00:00 +0000".to_owned(),
        flags: Vec::new(),
        identity: IdentityKey([0; 32]),
    };
    ledger.add_messages(folder, &(1..=messages).map(message).collect::<Vec<_>>()).unwrap();
    folder
}

fn names(listed: &[MessageListing]) -> Vec<(String, u32)> {
    listed.iter().map(|one| (one.source.to_string(), one.row.uid.0)).collect()
}

#[test]
fn messages_are_asked_for_by_mailbox_folder_state_and_problem_in_pages() {
    let temp = tempfile::tempdir().unwrap();
    let domain = DomainName::parse("example.org").unwrap();
    let project = Project::create(&temp.path().join("example.org.mailferry"), &domain, false).unwrap();
    let (anna, ben) = (add_mailbox(&project, "anna@example.org"), add_mailbox(&project, "ben@example.org"));
    let (a, _) = (folder(&anna, "A", 5), folder(&anna, "B", 4));
    folder(&ben, "A", 3);
    let result = |uid, state, words: Option<&str>| MessageResult {
        uid,
        state,
        placement: None,
        sha256: None,
        reason: words.map(reason_samples::refused),
        flag_check: None,
    };
    let refused = |uid| result(uid, MessageState::Refused, Some("NO not mail"));
    anna.record_results(
        a,
        &[refused(SourceUid(2)), result(SourceUid(3), MessageState::Copied, None), refused(SourceUid(5))],
    )
    .unwrap();

    let all = MessageQuery::default();
    let seen: Vec<_> = (0..4).flat_map(|page| names(&project.messages(&all, page * 4, 4).unwrap())).collect();
    assert_eq!(seen.len(), 12);
    assert_eq!(
        seen.iter().collect::<std::collections::BTreeSet<_>>().len(),
        9,
        "two mailboxes have a folder A"
    );

    let of_anna = MessageQuery { mailbox: Some(anna.mailbox()), ..MessageQuery::default() };
    assert_eq!(project.messages(&of_anna, 0, 100).unwrap().len(), 9);
    let sum = project.message_sum(&of_anna).unwrap();
    assert_eq!((sum.source_count, sum.copied, sum.refused, sum.to_do), (9, 1, 2, 6));

    let in_a = MessageQuery { folder: Some(path("A")), ..of_anna };
    let uids = |query: &MessageQuery| -> Vec<u32> {
        project.messages(query, 0, 100).unwrap().iter().map(|one| one.row.uid.0).collect()
    };
    assert_eq!(uids(&in_a), [1, 2, 3, 4, 5]);
    assert_eq!(uids(&MessageQuery { state: Some(MessageState::Refused), ..in_a.clone() }), [2, 5]);
    assert_eq!(uids(&MessageQuery { state: Some(MessageState::ToDo), ..in_a.clone() }), [1, 4]);

    let group = project.problems().unwrap()[0].id;
    let with_problem = MessageQuery { problem: Some(group), ..MessageQuery::default() };
    assert_eq!(uids(&with_problem), [2, 5]);
    assert_eq!(project.message_sum(&with_problem).unwrap().refused, 2);
    let of_ben = MessageQuery { mailbox: Some(ben.mailbox()), ..with_problem };
    assert_eq!(uids(&of_ben), [0_u32; 0]);
    assert_eq!(project.message_sum(&of_ben).unwrap(), LedgerSum::default());
}
