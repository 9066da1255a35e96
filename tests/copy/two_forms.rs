//! Sources that show a message in two forms: whole and in pieces, or twice in one answer. What is copied is the one that
//! evidence speaks for, and where nothing decides, the message is named and not copied.

use std::collections::BTreeMap;

use mailferry::engine::why;
use mailferry::plan::MessageState;
use mailferry::transfer::{VerifyDepth, VerifyReport, verify_mailbox};
use mailferry::values::SourceUid;
use mailferry_test_support::fakes::odd_imap::{OddImap, Pieces, State, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

/// A message whose every line is its own.
fn letter(number: u32, lines: u32) -> Stored {
    let body: Vec<String> = (0..lines).map(|line| format!("line {line} of {number}\r\n")).collect();
    numbered(number, &body.concat())
}

fn letters() -> Vec<Stored> {
    (1..=20).map(|number| letter(number, number * 7)).collect()
}

struct Pair {
    source: OddImap,
    destination: OddImap,
    bench: Bench,
}

impl Pair {
    /// The source does this from the beginning.
    async fn new(mails: Vec<Stored>, change: impl FnOnce(&mut State)) -> Self {
        let (source, destination) = (OddImap::start(mails), OddImap::start([]));
        source.set(change);
        let bench = Bench::new(source.access(), destination.access()).await;
        Self { source, destination, bench }
    }

    async fn verify(&self, depth: VerifyDepth) -> VerifyReport {
        verify_mailbox(&self.bench.request, depth).await.unwrap()
    }

    /// What was refused, and why.
    fn refused(&self) -> BTreeMap<u32, String> {
        let ledger = self.bench.ledger();
        let folder = ledger.folder_totals().unwrap()[0].id;
        let rows = ledger.rows(folder, &[MessageState::Refused]).unwrap();
        rows.into_iter().map(|row| (row.uid.0, why(&row).unwrap_or_default())).collect()
    }

    /// How often the source was asked for pieces.
    fn pieces(&self) -> usize {
        let state = self.source.state.lock().unwrap();
        state.commands.iter().filter(|command| command.contains("PEEK[]<")).count()
    }

    /// Everything but these messages is at the destination, byte by byte, and nothing else.
    fn assert_copied_but(&self, left: &[u32], words: &str) {
        let mut expected: Vec<Vec<u8>> = {
            let state = self.source.state.lock().unwrap();
            let whole = state.messages.iter().filter(|(uid, _)| !left.contains(uid));
            whole.map(|(_, message)| message.bytes.clone()).collect()
        };
        expected.sort();
        let shown = |bodies: &[Vec<u8>]| bodies.iter().map(Vec::len).collect::<Vec<_>>();
        let bodies = self.destination.bodies();
        assert!(bodies == expected, "{words}: {:?} for {:?}", shown(&bodies), shown(&expected));
    }
}

fn lengths(state: &State) -> Vec<(u32, usize)> {
    state.messages.iter().map(|(uid, message)| (*uid, message.bytes.len())).collect()
}

#[tokio::test]
async fn a_whole_message_that_is_shorter_than_its_pieces_is_not_what_is_copied() {
    for cut in [1_usize, 2, 30, 400, usize::MAX] {
        for uids in [&[7_u32][..], &[1, 2, 19, 20]] {
            let pair = Pair::new(letters(), |state| {
                let all = lengths(state).into_iter().filter(|(uid, _)| uids.contains(uid));
                state.cut_whole = all.map(|(uid, length)| (uid, length.saturating_sub(cut))).collect();
            })
            .await;
            pair.bench.copy_all().await;
            pair.assert_copied_but(&[], &format!("{cut} {uids:?}"));
            for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
                let report = pair.verify(depth).await;
                assert!(report.is_verified(), "{cut} {uids:?}: {report:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_whole_message_that_is_longer_than_its_pieces_is_not_what_is_copied() {
    for more in [1, 40, 5_000] {
        let pair = Pair::new(letters(), |state| state.padded_whole = [(7, more), (20, more)].into()).await;
        pair.bench.copy_all().await;
        pair.assert_copied_but(&[], &format!("{more}"));
        assert!(pair.verify(VerifyDepth::Full).await.is_verified(), "{more}");
    }
}

/// Asked about its end alone, the server shows nothing; only whoever reads it in pieces sees the rest.
#[tokio::test]
async fn a_full_proof_names_a_message_whose_rest_is_hidden() {
    let pair = Pair::new(letters(), |state| {
        state.cut_whole = [(7, state.messages[&7].bytes.len() - 9)].into();
        state.hidden_rest = [7].into();
    })
    .await;
    pair.bench.copy_all().await;
    let report = pair.verify(VerifyDepth::Full).await;
    let named: Vec<u32> = report.differences.iter().map(|one| one.uid.0).collect();
    assert_eq!(named, [7], "{report:?}");
}

/// The listed size comes of the same mistake, so that the copy has no reason to look twice.
#[tokio::test]
async fn a_full_proof_names_a_cut_message_that_is_listed_as_short_as_it_comes() {
    for cut in [1, 30] {
        let pair = Pair::new(letters(), |state| {
            let length = state.messages[&7].bytes.len() - cut;
            state.cut_whole = [(7, length)].into();
            state.sizes = [(7, length as u64)].into();
        })
        .await;
        pair.bench.copy_all().await;
        assert_eq!(pair.pieces(), 0, "no method more where sizes agree");
        let report = pair.verify(VerifyDepth::Full).await;
        assert!(!report.is_verified(), "{report:?}");
        let named: Vec<u32> = report.differences.iter().map(|one| one.uid.0).collect();
        assert_eq!(named, [7], "{report:?}");
        assert!(report.differences[0].what.contains("two different versions"), "{report:?}");
    }
}

#[tokio::test]
async fn where_no_size_decides_between_two_forms_the_message_is_named_and_not_copied() {
    let pair = Pair::new(letters(), |state| {
        let length = state.messages[&7].bytes.len();
        state.cut_whole = [(7, length - 5)].into();
        state.sizes = [(7, length as u64 + 3)].into();
    })
    .await;
    pair.bench.copy(&|_| {}).await.unwrap();
    pair.assert_copied_but(&[7], "two different versions");
    let refused = pair.refused();
    assert!(refused[&7].contains("two different versions"), "{refused:?}");
    // It comes once the source says one thing.
    pair.source.set(|state| state.cut_whole.clear());
    pair.bench.ledger().retry_refused().unwrap();
    pair.bench.copy_all().await;
    pair.assert_copied_but(&[], "by now");
}

#[tokio::test]
async fn inexact_sizes_are_sampled_and_exact_ones_are_not() {
    for (by, least, most) in [(0, 0, 0), (9, 8, 40), (-2, 8, 40)] {
        let mails = (1..=300).map(|number| letter(number, 3)).collect();
        let pair = Pair::new(mails, |state| {
            let listed = |length: usize| (length as u64).saturating_add_signed(by);
            state.sizes = lengths(state).into_iter().map(|(uid, length)| (uid, listed(length))).collect();
        })
        .await;
        pair.bench.copy_all().await;
        pair.assert_copied_but(&[], &format!("{by}"));
        let asked = pair.pieces();
        assert!((least..=most).contains(&asked), "{by}: {asked}");
    }
}

/// Who has once handed out a cut message is looked at each time from then on.
#[tokio::test]
async fn a_habit_of_sizes_does_not_cover_a_cut_message_among_the_samples() {
    let mails = (1..=120).map(|number| letter(number, 3)).collect();
    let pair = Pair::new(mails, |state| {
        let all = lengths(state);
        state.sizes = all.iter().map(|(uid, length)| (*uid, *length as u64)).collect();
        // As much shorter as a server may be off that counts line ends.
        state.cut_whole = all.iter().map(|(uid, length)| (*uid, length - 4)).collect();
    })
    .await;
    pair.bench.copy_all().await;
    pair.assert_copied_but(&[], "each of them is cut");
}

#[tokio::test]
async fn what_is_slipped_in_before_the_true_answer_is_not_copied() {
    let true_length = letter(7, 49).bytes.len();
    for other in [Vec::new(), b"hello".to_vec(), vec![b'x'; true_length], vec![b'x'; true_length + 900]] {
        let words = format!("{} bytes", other.len());
        let pair = Pair::new(letters(), |state| state.slipped_in = [(7, other.clone())].into()).await;
        pair.bench.copy_all().await;
        pair.assert_copied_but(&[], &words);
        let report = pair.verify(VerifyDepth::Full).await;
        assert!(report.is_verified(), "{words}: {report:?}");
        // Without pieces nothing tells which of the answers it is.
        let pair = Pair::new(letters(), |state| {
            state.slipped_in = [(7, other)].into();
            state.pieces = Pieces::Refused("NO no such part");
        })
        .await;
        pair.bench.copy(&|_| {}).await.unwrap();
        pair.assert_copied_but(&[7], &words);
        assert!(pair.refused().contains_key(&7), "{words}: {:?}", pair.refused());
    }
}

#[tokio::test]
async fn a_verification_believes_no_destination_that_gives_two_answers() {
    let pair = Pair::new(letters(), |_| {}).await;
    pair.bench.copy_all().await;
    let length = letter(7, 49).bytes.len();
    pair.destination.set(|state| state.slipped_in = [(7, vec![b'x'; length])].into());
    let report = pair.verify(VerifyDepth::Full).await;
    assert!(!report.is_verified(), "{report:?}");
    assert!(report.differences.iter().all(|one| one.uid == SourceUid(7)), "{report:?}");
}

#[tokio::test]
async fn a_full_proof_says_so_where_pieces_are_other_bytes_of_the_same_length() {
    for pieces in [Pieces::Wrong, Pieces::WrongInside] {
        let pair = Pair::new(letters(), |_| {}).await;
        pair.bench.copy_all().await;
        pair.source.set(|state| state.pieces = pieces);
        let report = pair.verify(VerifyDepth::Full).await;
        assert_eq!(report.counts.differences, 20, "{pieces:?}: {report:?}");
        assert!(report.differences[0].what.contains("two different versions"), "{report:?}");
    }
}

#[tokio::test]
async fn a_piece_that_is_longer_than_asked_for_is_refused_in_words() {
    for more in [1, 3 << 20] {
        let pair = Pair::new(vec![letter(1, 9), letter(2, 12_000)], |state| {
            state.pieces = Pieces::Longer(more);
            state.no_whole_from = Some(1);
        })
        .await;
        pair.bench.copy(&|_| {}).await.unwrap();
        pair.assert_copied_but(&[1, 2], &format!("{more}"));
        let refused = pair.refused();
        assert!(refused.values().all(|cause| cause.contains("returns many more")), "{more}: {refused:?}");
        // The whole message is as long as listed.
        pair.source.set(|state| state.no_whole_from = None);
        pair.bench.ledger().retry_refused().unwrap();
        pair.bench.copy_all().await;
        pair.assert_copied_but(&[], &format!("{more}"));
    }
}

#[tokio::test]
async fn a_message_without_bytes_that_is_listed_with_some_is_no_copy() {
    let pair = Pair::new(letters(), |state| {
        state.cut_whole = [(7, 0), (8, 0)].into();
        state.messages.get_mut(&8).unwrap().bytes = b"\r\n\r\n".to_vec();
        state.sizes = [(8, 400)].into();
    })
    .await;
    pair.bench.copy(&|_| {}).await.unwrap();
    pair.assert_copied_but(&[8], "what pieces show is taken where it is as long as listed");
    let refused = pair.refused();
    assert!(refused.keys().eq([&8]), "{refused:?}");
}

/// A source that has no pieces, and misstates every size, is not asked for pieces of each message anew.
#[tokio::test]
async fn a_source_without_pieces_is_asked_no_more_often_than_that_takes() {
    const COUNT: u32 = 40;
    for pieces in [Pieces::Refused("BAD no partial fetch"), Pieces::Refused("NO not in pieces"), Pieces::Nil]
    {
        // A size for each, close to the true one or far from it.
        for (is_far, is_copied) in [(false, true), (true, false)] {
            let mail: Vec<Stored> =
                (1..=COUNT).map(|number| numbered(number, &"x".repeat(800 + number as usize))).collect();
            let sizes = (1..).zip(&mail).map(|(uid, mail)| {
                let length = mail.bytes.len() as u64;
                (uid, if is_far { length * 2 } else { length + 11 + u64::from(uid) % 40 })
            });
            let sizes: BTreeMap<u32, u64> = sizes.collect();
            let (source, destination) = (OddImap::start(mail), OddImap::start([]));
            source.set(|state| (state.sizes, state.pieces) = (sizes, pieces));
            let bench = Bench::new(source.access(), destination.access()).await;
            bench.copy(&|_| {}).await.unwrap();
            let sum = bench.sum();
            let case = format!("{pieces:?}, far: {is_far}: {sum:?}");
            // What is half as long as listed may be cut, and nothing can prove that it is not.
            assert_eq!((sum.copied, sum.refused), if is_copied { (40, 0) } else { (0, 40) }, "{case}");
            let commands = source.state.lock().unwrap().commands.clone();
            let mut asked: BTreeMap<u32, u32> = BTreeMap::new();
            for command in commands.iter().filter(|command| command.contains("BODY.PEEK[]")) {
                let set = command.split(' ').nth(2).unwrap();
                for part in set.split(',') {
                    let (from, to) = part.split_once(':').unwrap_or((part, part));
                    (from.parse::<u32>().unwrap()..=to.parse().unwrap())
                        .for_each(|uid| *asked.entry(uid).or_default() += 1);
                }
            }
            // A few show what the source cannot do. The others come in their group and once more alone, with two questions
            // for what is behind them, which are asked of many at once.
            let often: Vec<(u32, u32)> = asked.into_iter().filter(|(_, times)| *times > 4).collect();
            assert!(often.len() <= 10, "{case}: {often:?}");
        }
    }
}
