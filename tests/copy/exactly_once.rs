//! Exactly once on bad days: servers that lie, refuse, cut and forget; nothing lost, nothing doubled, nothing hidden.

use std::time::Duration;

use mailferry::engine::why;
use mailferry::message::identity_key;
use mailferry::plan::{LedgerSum, MessageState};
use mailferry::project::{LedgerRow, MessageResult, SourceMessage};
use mailferry::transfer::{
    CopyOutcome, Progress, TransferError, VerifyDepth, copy_control, copy_mailbox, verify_mailbox,
    verify_mailbox_controlled,
};
use mailferry::values::{DestinationUid, Placement, SourceUid, UidValidity};
use mailferry_test_support::fakes::odd_imap::{OddImap, Stored, echoing, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;
use sha2::Digest as _;
use tokio_util::sync::CancellationToken;

/// A lost APPEND may still arrive so long after its connection has gone.
const LATE_APPEND: Duration = Duration::from_millis(500);

/// Two odd servers, and the copy between them.
struct Pair {
    source: OddImap,
    destination: OddImap,
    bench: Bench,
}

impl Pair {
    async fn new(messages: impl IntoIterator<Item = Stored>) -> Self {
        Self::between(OddImap::start(messages), OddImap::start([])).await
    }

    async fn between(source: OddImap, destination: OddImap) -> Self {
        let mut bench = Bench::new(source.access(), destination.access()).await;
        bench.request.limits.late_append = LATE_APPEND;
        Self { source, destination, bench }
    }

    async fn copy(&self) -> Result<CopyOutcome, TransferError> {
        self.bench.copy(&|_| {}).await
    }

    /// Copies until it waits for a busy server; true where it did.
    async fn copy_until_it_waits(&self) -> bool {
        let token = CancellationToken::new();
        let (_controller, control) = copy_control(token.clone());
        let sink = |progress| {
            if matches!(progress, Progress::Waiting { .. }) {
                token.cancel();
            }
        };
        copy_mailbox(&self.bench.request, control, &sink).await.unwrap();
        token.is_cancelled()
    }

    fn sum(&self) -> LedgerSum {
        self.bench.sum()
    }

    fn rows(&self, state: MessageState) -> Vec<LedgerRow> {
        let folders = self.bench.request.ledger.folder_totals().unwrap();
        folders
            .iter()
            .flat_map(|folder| self.bench.request.ledger.rows(folder.id, &[state]).unwrap())
            .collect()
    }

    fn assert_equal(&self) {
        assert_eq!(self.source.bodies().len(), self.destination.bodies().len());
        assert!(self.source.bodies() == self.destination.bodies(), "other bytes");
    }
}

fn some(count: u32) -> Vec<Stored> {
    (1..=count).map(|number| numbered(number, "hello")).collect()
}

/// A ledger with one folder whose rows are as a broken run has left them.
fn listed(pair: &Pair, stored: &[Stored]) -> mailferry::project::FolderId {
    let plan = &pair.bench.request.plan.folders[0];
    let ledger = &pair.bench.request.ledger;
    let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, UidValidity(7)).unwrap();
    let rows: Vec<SourceMessage> = (1..)
        .zip(stored)
        .map(|(uid, stored)| SourceMessage {
            uid: SourceUid(uid),
            size: stored.bytes.len() as u64,
            internal_date: stored.date.clone(),
            flags: Vec::new(),
            identity: identity_key(&stored.bytes),
        })
        .collect();
    ledger.add_messages(folder, &rows).unwrap();
    ledger.fence_destination(folder, UidValidity(7)).unwrap();
    ledger.set_matched(folder, DestinationUid(1)).unwrap();
    folder
}

fn copied_without_uid(uid: u32) -> MessageResult {
    MessageResult {
        uid: SourceUid(uid),
        state: MessageState::Copied,
        placement: None,
        sha256: Some([1; 32]),
        reason: None,
        flag_check: None,
    }
}

// 1: copies without a UID.

#[tokio::test]
async fn a_twin_in_flight_does_not_take_the_copy_of_its_twin() {
    let twin = numbered(1, "twin");
    let mails = [twin.clone(), numbered(2, "other"), twin.clone()];
    let pair = Pair::new(mails.clone()).await;
    let folder = listed(&pair, &mails);
    let ledger = &pair.bench.request.ledger;
    // The first arrived and the server told no UID; the last was under way when the line broke, and did not arrive.
    ledger
        .record_intent(folder, &[SourceUid(1), SourceUid(3)], UidValidity(7), DestinationUid(1))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_results(folder, &[copied_without_uid(1)]).unwrap();
    pair.destination.set(|state| drop(state.messages.insert(1, twin)));
    pair.copy().await.unwrap();
    pair.assert_equal();
    let mut places: Vec<_> = pair.rows(MessageState::Copied).iter().map(|row| row.destination_uid).collect();
    places.sort_unstable();
    assert_eq!(places, [Some(DestinationUid(1)), Some(DestinationUid(2)), Some(DestinationUid(3))]);
}

#[tokio::test]
async fn two_messages_with_one_message_id_stay_two() {
    let mails = [numbered(1, "short"), numbered(1, "quite a bit longer")];
    let pair = Pair::new(mails.clone()).await;
    let folder = listed(&pair, &mails);
    let ledger = &pair.bench.request.ledger;
    ledger
        .record_intent(folder, &[SourceUid(1), SourceUid(2)], UidValidity(7), DestinationUid(1))
        .unwrap()
        .flush()
        .unwrap();
    ledger.record_results(folder, &[copied_without_uid(1)]).unwrap();
    pair.destination.set(|state| drop(state.messages.insert(1, mails[0].clone())));
    pair.copy().await.unwrap();
    pair.assert_equal();
}

// 3: a proof that can fail.

#[tokio::test]
async fn a_copy_whose_bytes_do_not_come_is_a_difference() {
    let pair = Pair::new(some(4)).await;
    pair.copy().await.unwrap();
    pair.destination.set(|state| state.without_body.extend([2, 3]));
    let report = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!(
        (report.counts.checked, report.counts.bytes_equal, report.counts.differences),
        (4, 2, 2),
        "{report:?}"
    );
    let quick = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
    assert_eq!((quick.counts.differences, quick.counts.bytes_equal), (0, 0));
}

#[tokio::test]
async fn two_rows_with_one_copy_are_a_difference() {
    let pair = Pair::new(some(3)).await;
    pair.copy().await.unwrap();
    let folder = pair.bench.request.ledger.folder_totals().unwrap()[0].id;
    let doubled = MessageResult {
        placement: Some(Placement::new(UidValidity(7), DestinationUid(1))),
        ..copied_without_uid(2)
    };
    pair.bench.request.ledger.record_results(folder, &[doubled]).unwrap();
    let report = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
    assert!(report.counts.differences > 0, "{report:?}");
    assert!(
        report.differences.iter().any(|one| one.what.contains("shares its copy with another")),
        "{report:?}"
    );
}

// 12: a message that the server drops while other mail arrives.

#[tokio::test]
async fn a_message_that_was_taken_and_is_not_there_is_reported_although_other_mail_has_come() {
    let pair = Pair::new(some(4)).await;
    pair.destination.set(|state| {
        state.hides_uids = true;
        state.swallow = Some(("number 3", numbered(70, "a visitor")));
    });
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.copied, sum.refused), (3, 1), "{sum:?}");
    let cause = why(&pair.rows(MessageState::Refused)[0]).unwrap_or_default();
    assert!(cause.contains("accepted but absent"), "{cause}");
}

#[tokio::test]
async fn a_copy_that_was_not_found_is_verified_at_no_depth() {
    let mails = some(3);
    let pair = Pair::new(mails.clone()).await;
    let folder = listed(&pair, &mails);
    let ledger = &pair.bench.request.ledger;
    ledger.record_results(folder, &[1, 2, 3].map(copied_without_uid)).unwrap();
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let report = verify_mailbox(&pair.bench.request, depth).await.unwrap();
        assert_eq!(
            (report.counts.checked, report.counts.not_placed, report.unplaced.len()),
            (3, 3, 3),
            "{report:?}"
        );
        assert!(!report.is_verified(), "{report:?}");
    }
}

// 5: vanished only where it is gone.

#[tokio::test]
async fn a_message_without_bytes_that_is_still_listed_is_refused_not_vanished() {
    let pair = Pair::new(some(4)).await;
    pair.source.set(|state| state.without_body.extend([2]));
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.copied, sum.refused, sum.vanished), (3, 1, 0), "{sum:?}");
    // It comes when the server has mended it.
    pair.source.set(|state| state.without_body.clear());
    assert_eq!(pair.bench.request.ledger.retry_refused().unwrap(), 1);
    pair.copy().await.unwrap();
    pair.assert_equal();
}

#[tokio::test]
async fn a_message_without_facts_has_a_row_and_is_copied() {
    let pair = Pair::new(some(5)).await;
    pair.source.set(|state| state.without_facts.extend([3, 5]));
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.source_count, sum.copied), (5, 5), "{sum:?}");
    pair.assert_equal();
    let state = pair.destination.state.lock().unwrap();
    assert!(state.messages.values().all(|stored| stored.date == "01-Jan-2024 10:00:00 +0000"));
}

#[tokio::test]
async fn a_short_listing_is_asked_for_again_and_what_was_missed_is_found_later() {
    let pair = Pair::new(some(6)).await;
    pair.source.set(|state| state.short_listings = 1);
    let outcome = pair.copy().await.unwrap();
    assert_eq!(outcome.folder_problems, []);
    pair.assert_equal();
    // A row that was taken for vanished and is listed again is copied.
    let folder = pair.bench.request.ledger.folder_totals().unwrap()[0].id;
    let lost = MessageResult { state: MessageState::Vanished, ..copied_without_uid(2) };
    pair.bench.request.ledger.record_results(folder, &[lost]).unwrap();
    pair.destination.set(|state| drop(state.messages.remove(&2)));
    pair.copy().await.unwrap();
    pair.assert_equal();
}

// 8: systematic refusals.

#[tokio::test]
async fn a_server_in_trouble_writes_no_message_off() {
    for words in ["NO [SERVERBUG] Internal error", "NO [UNAVAILABLE] not now", "NO [LIMIT] not now"] {
        let pair = Pair::new(some(20)).await;
        pair.destination.set(|state| state.refuse_append = Some(Box::new(move |_| Some(words))));
        assert!(pair.copy_until_it_waits().await, "{words}");
        assert_eq!((pair.sum().refused, pair.sum().to_do), (0, 20), "{words}");
        pair.destination.set(|state| state.refuse_append = None);
        pair.copy().await.unwrap();
        pair.assert_equal();
    }
}

#[tokio::test]
async fn the_same_refusal_again_and_again_stops_the_mailbox() {
    for words in ["NO [NOPERM] not allowed", "BAD what is this", "NO computer says no"] {
        let pair = Pair::new(some(20)).await;
        pair.destination.set(|state| state.refuse_append = Some(Box::new(move |_| Some(words))));
        let error = pair.copy().await.unwrap_err().to_string();
        assert!(
            error.contains(
                words.rsplit(']').next().unwrap().trim_start_matches("BAD").trim_start_matches("NO").trim()
            ),
            "{error}"
        );
        assert_eq!((pair.sum().refused, pair.sum().to_do), (0, 20), "{words}");
        pair.destination.set(|state| state.refuse_append = None);
        pair.copy().await.unwrap();
        pair.assert_equal();
    }
}

#[tokio::test]
async fn a_few_unwanted_messages_are_refused_and_the_others_arrive() {
    let mut mails = some(20);
    for mail in &mut mails[5..9] {
        mail.bytes.extend_from_slice(&[b'x'; 5_000]);
    }
    for words in ["NO computer says no", "NO message size over limit"] {
        let pair = Pair::new(mails.clone()).await;
        let refuse = move |bytes: usize| (bytes > 5_000).then_some(words);
        pair.destination.set(|state| state.refuse_append = Some(Box::new(refuse)));
        pair.copy().await.unwrap();
        assert_eq!((pair.sum().refused, pair.sum().copied), (4, 16), "{words}");
    }
}

#[tokio::test]
async fn a_folder_that_is_deleted_meanwhile_is_made_again() {
    let pair = Pair::new(some(20)).await;
    let shared = pair.destination.clone();
    let armed = std::sync::atomic::AtomicBool::new(true);
    let sink = move |progress| {
        if matches!(progress, Progress::Folder { .. })
            && armed.swap(false, std::sync::atomic::Ordering::SeqCst)
        {
            let shared = shared.clone();
            // Between SELECT and the first APPEND.
            shared.clone().set(|state| {
                state.refuse_append = Some(Box::new(move |_| {
                    let again = shared.clone();
                    std::thread::spawn(move || again.set(|state| state.refuse_append = None));
                    Some("NO [TRYCREATE] no such folder")
                }));
            });
        }
    };
    let (_controller, control) = copy_control(CancellationToken::new());
    copy_mailbox(&pair.bench.request, control, &sink).await.unwrap();
    assert_eq!((pair.sum().refused, pair.sum().copied), (0, 20));
    pair.assert_equal();
}

// 15: secrets that a server sends back.

#[tokio::test]
async fn a_password_that_the_server_echoes_is_not_shown() {
    for (secret, capabilities) in [
        ("hunter2secret", "IMAP4rev1"),
        ("hunter2\"se\\cret", "IMAP4rev1"),
        ("hunter2secret", "IMAP4rev1 AUTH=PLAIN SASL-IR"),
    ] {
        let error = echoing(secret, capabilities).open().await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("Cannot parse"), "{shown}");
        let base64 = data_encoding::BASE64.encode(format!("\0anna\0{secret}").as_bytes());
        for hidden in [secret.to_owned(), "hunter2".to_owned(), base64] {
            assert!(!shown.to_lowercase().contains(&hidden.to_lowercase()), "{shown}");
        }
    }
}

// 10: one poisoned message.

#[tokio::test]
async fn a_refused_window_of_facts_costs_one_message_its_headers_only() {
    let pair = Pair::new(some(40)).await;
    pair.source.set(|state| state.refused_facts.extend([17]));
    pair.copy().await.unwrap();
    pair.assert_equal();
    assert_eq!(pair.sum().copied, 40);
}

#[tokio::test]
async fn a_message_that_ends_the_connection_is_refused_and_the_others_arrive() {
    let pair = Pair::new(some(40)).await;
    pair.source.set(|state| state.cut_bodies.extend([17]));
    pair.copy().await.unwrap();
    let refused = pair.rows(MessageState::Refused);
    assert_eq!(refused.iter().map(|row| row.uid).collect::<Vec<_>>(), [SourceUid(17)]);
    assert!(why(&refused[0]).unwrap().contains("closes the connection"), "{refused:?}");
    assert_eq!(pair.sum().copied, 39);
}

#[tokio::test]
async fn a_message_whose_facts_end_the_connection_is_refused_and_the_others_arrive() {
    let pair = Pair::new(some(40)).await;
    pair.source.set(|state| state.cut_facts.extend([17]));
    pair.source.set(|state| state.cut_bodies.extend([17]));
    pair.copy().await.unwrap();
    assert_eq!((pair.sum().copied, pair.sum().refused), (39, 1), "{:?}", pair.sum());
}

#[tokio::test]
async fn a_message_that_ends_the_connection_to_the_destination_is_refused_as_well() {
    let pair = Pair::new(some(20)).await;
    pair.destination.set(|state| state.cut_append = Some("number 7\r\n"));
    pair.copy().await.unwrap();
    assert_eq!((pair.sum().copied, pair.sum().refused), (19, 1), "{:?}", pair.sum());
    assert_eq!(pair.destination.bodies().len(), 19);
}

// 20: sizes that lie.

#[tokio::test]
async fn a_message_far_beyond_its_size_is_read_bit_by_bit() {
    let mut mails = some(6);
    mails[2].bytes.extend(std::iter::repeat_n(b'x', 3 << 20));
    let pair = Pair::new(mails).await;
    pair.source.set(|state| state.sizes.extend([(3, 90)]));
    pair.copy().await.unwrap();
    pair.assert_equal();
    let state = pair.source.state.lock().unwrap();
    assert!(
        state.commands.iter().any(|command| command.contains("BODY.PEEK[]<3145")),
        "nothing may be behind it"
    );
}

// 21: flags of waiting rows.

#[tokio::test]
async fn waiting_messages_arrive_with_the_flags_of_today() {
    let mails = some(5);
    let pair = Pair::new(mails.clone()).await;
    listed(&pair, &mails);
    pair.source.set(|state| state.messages.get_mut(&2).unwrap().flags = "\\Seen $Later".to_owned());
    pair.copy().await.unwrap();
    pair.assert_equal();
    let state = pair.destination.state.lock().unwrap();
    let flags: Vec<&str> = state.messages.values().map(|stored| stored.flags.as_str()).collect();
    assert_eq!(flags, ["", "\\Seen $Later", "", "", ""]);
}

// 33: an end that says NIL.

#[tokio::test]
async fn a_message_of_whole_pieces_survives_a_server_that_says_nil_at_its_end() {
    let mut large = numbered(1, "large");
    large.bytes.resize(3 << 20, b'x');
    let pair = Pair::new([large, numbered(2, "small")]).await;
    pair.source.set(|state| state.is_nil_at_end = true);
    pair.copy().await.unwrap();
    assert_eq!((pair.sum().copied, pair.sum().vanished), (2, 0), "{:?}", pair.sum());
    pair.assert_equal();
}

// 6: pieces that are answered for without data.

#[tokio::test]
async fn a_large_message_whose_last_pieces_do_not_come_is_not_called_copied() {
    let mut large = numbered(1, "large");
    large.bytes.resize(5 << 20, b'x');
    let pair = Pair::new([large.clone(), numbered(2, "small")]).await;
    pair.source.set(|state| {
        (state.no_pieces_from, state.no_whole_from) = (Some(2 << 20), Some(1 << 20));
    });
    pair.copy().await.unwrap();
    let refused = pair.rows(MessageState::Refused);
    assert_eq!((pair.sum().copied, refused.len()), (1, 1), "{:?}", pair.sum());
    assert!(why(&refused[0]).is_some_and(|cause| cause.contains("returns only the first 2")));
    let connections = pair.source.state.lock().unwrap().commands.clone();
    assert_eq!(
        connections.iter().filter(|command| command.contains("PEEK[]<0.")).count(),
        2,
        "asked for again on another connection"
    );
    // It comes when the server has mended it.
    pair.source.set(|state| state.no_whole_from = None);
    pair.bench.request.ledger.retry_refused().unwrap();
    pair.copy().await.unwrap();
    pair.assert_equal();
}

#[tokio::test]
async fn the_proof_notices_a_copy_that_is_shorter_than_its_message() {
    let mut large = numbered(1, "large");
    large.bytes.resize(5 << 20, b'x');
    let mut cut = large.clone();
    cut.bytes.truncate(2 << 20);
    // An earlier version has copied what came, and wrote its hash down.
    let pair = Pair::between(OddImap::start([large.clone()]), OddImap::start([cut.clone()])).await;
    let folder = listed(&pair, &[large]);
    let hash: [u8; 32] = sha2::Sha256::digest(&cut.bytes).into();
    let result = MessageResult {
        placement: Some(Placement::new(UidValidity(7), DestinationUid(1))),
        sha256: Some(hash),
        ..copied_without_uid(1)
    };
    pair.bench.request.ledger.record_results(folder, &[result]).unwrap();
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let report = verify_mailbox(&pair.bench.request, depth).await.unwrap();
        assert!(!report.is_verified(), "{report:?}");
        assert!(report.differences[0].what.contains("2097152 bytes instead of 5242880"), "{report:?}");
    }
}

/// As Dovecot's sdbox does when it was killed in the middle of an APPEND.
#[tokio::test]
async fn a_copy_that_comes_back_with_a_later_refusal_is_not_sent_a_second_time() {
    let mails = some(6);
    let pair = Pair::new(mails.clone()).await;
    pair.destination.set(|state| state.bury = Some("number 3"));
    let outcome = pair.copy().await.unwrap();
    assert_eq!(outcome.folder_problems, []);
    pair.destination.set(|state| assert!(state.bury.is_none() && state.buried.is_none()));
    assert_eq!(pair.destination.bodies(), pair.source.bodies());
    let sum = pair.sum();
    assert_eq!((sum.copied, sum.to_do), (6, 0), "{sum:?}");
}

// What the proof says, and what it reads for it.

#[tokio::test]
async fn mail_that_was_there_before_is_read_on_both_sides_by_a_full_proof() {
    let mails = some(5);
    let mut there = mails.clone();
    // Equal headers and size, other words: taken for the same message, as far as lists tell.
    there[3].bytes =
        String::from_utf8(there[3].bytes.clone()).unwrap().replace("hello", "HELLO").into_bytes();
    there.push(numbered(80, "mail of its own"));
    let pair = Pair::between(OddImap::start(mails), OddImap::start(there)).await;
    pair.copy().await.unwrap();
    assert_eq!(pair.sum().already_there, 5);
    let quick = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
    assert_eq!(
        (quick.counts.size_only, quick.counts.others, quick.counts.differences),
        (5, 1, 0),
        "{quick:?}"
    );
    let words = quick.counts.words();
    assert!(
        words.contains("5 copies were compared only by size") && !words.contains("date and flags"),
        "{words}"
    );
    let full = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!(
        (full.counts.bytes_equal, full.counts.not_compared, full.counts.differences),
        (4, 0, 1),
        "{full:?}"
    );
    assert!(!full.is_verified());
    // What the source has no more cannot be held against the copy.
    pair.source.set(|state| state.messages.clear());
    let full = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!(
        (full.counts.bytes_equal, full.counts.not_compared, full.counts.differences),
        (0, 5, 0),
        "{full:?}"
    );
}

#[tokio::test]
async fn after_the_switch_the_proof_does_not_claim_flags() {
    let mut pair = Pair::new(some(4)).await;
    pair.copy().await.unwrap();
    pair.destination.set(|state| state.messages.get_mut(&2).unwrap().flags = "\\Seen".to_owned());
    pair.bench.request.options.mode = mailferry::plan::CopyMode::AfterSwitch;
    let report = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
    assert_eq!((report.counts.without_flags, report.counts.differences), (4, 0), "{report:?}");
    let words = report.counts.words();
    assert!(words.starts_with("4 copies were compared by size and date"), "{words}");
}

// 27: two mailboxes into one account.

#[tokio::test]
async fn equal_mail_of_two_mailboxes_stays_two_in_one_account() {
    let mails = some(5);
    let pair = Pair::new(mails.clone()).await;
    pair.copy().await.unwrap();
    let second = OddImap::start(mails);
    let mut other =
        pair.bench.another("bert@weber.example", second.access(), pair.destination.access()).await;
    other.limits.late_append = LATE_APPEND;
    let (_controller, control) = copy_control(CancellationToken::new());
    copy_mailbox(&other, control, &|_| {}).await.unwrap();
    assert_eq!(pair.destination.bodies().len(), 10);
    assert_eq!(other.ledger.sum().unwrap().copied, 5);
}

// 18: a proof that can be stopped, and that survives a broken connection.

#[tokio::test]
async fn a_verification_continues_after_a_break_and_ends_on_stop() {
    let pair = Pair::new(some(6)).await;
    pair.copy().await.unwrap();
    pair.destination.set(|state| state.cut_facts.extend([3]));
    let destination = pair.destination.clone();
    let sink = move |progress| {
        if matches!(progress, Progress::Reconnecting { .. }) {
            destination.set(|state| state.cut_facts.clear());
        }
    };
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let (_controller, control) = copy_control(CancellationToken::new());
        let report =
            verify_mailbox_controlled(&pair.bench.request, depth, control, &sink).await.unwrap().unwrap();
        assert_eq!((report.counts.checked, report.counts.differences), (6, 0), "{report:?}");
        assert!(report.is_verified());
    }
    let (controller, control) = copy_control(CancellationToken::new());
    controller.stop();
    assert_eq!(
        verify_mailbox_controlled(&pair.bench.request, VerifyDepth::Full, control, &|_| {}).await.unwrap(),
        None
    );
}

// 19: an append that arrives after it was sent again.

#[tokio::test]
async fn a_copy_that_arrives_late_is_reported() {
    let mails = some(3);
    let pair = Pair::new(mails.clone()).await;
    let folder = listed(&pair, &mails);
    pair.bench
        .request
        .ledger
        .record_intent(folder, &[SourceUid(2)], UidValidity(7), DestinationUid(1))
        .unwrap()
        .flush()
        .unwrap();
    let destination = pair.destination.clone();
    let late = mails[1].clone();
    let sink = move |progress| {
        if matches!(progress, Progress::Advanced { .. }) {
            destination.set(|state| drop(state.messages.insert(90, late.clone())));
        }
    };
    let (_controller, control) = copy_control(CancellationToken::new());
    let outcome = copy_mailbox(&pair.bench.request, control, &sink).await.unwrap();
    assert_eq!(pair.destination.bodies().len(), 4);
    let words = &outcome.folder_problems[0].words;
    assert!(words.contains("in this folder twice") && words.contains("90"), "{words}");
}
