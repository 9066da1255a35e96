//! Large messages from servers that hand out pieces, or whole messages, in their own way: never cut, never padded, and
//! where nobody can tell, said so in words.

use mailferry::engine::why;
use mailferry::plan::MessageState;
use mailferry::transfer::{VerifyDepth, verify_mailbox};
use mailferry_test_support::fakes::odd_imap::{OddImap, Pieces, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

const EVERY_FORM: [Pieces; 12] = [
    Pieces::AsAsked,
    Pieces::AtMost(5_000),
    Pieces::AtMost(100_000),
    Pieces::AtMost(1_000_000),
    Pieces::Refused("BAD Error in IMAP command FETCH: invalid partial"),
    Pieces::Refused("NO no such part"),
    Pieces::Nil,
    Pieces::Padded,
    Pieces::PaddedForEver,
    Pieces::WithLength,
    Pieces::WithoutPlace,
    Pieces::Whole,
];

/// A message of this size whose every place has bytes of its own.
fn sized(number: u32, bytes: usize) -> Stored {
    let mut message = numbered(number, "");
    let mut line = 0;
    while message.bytes.len() < bytes {
        message.bytes.extend(format!("line {line} of {number}\r\n").into_bytes());
        line += 1;
    }
    message.bytes.truncate(bytes - 2);
    message.bytes.extend(b"\r\n");
    message
}

/// Some that end within a piece, and one that ends with it.
fn mails() -> Vec<Stored> {
    [1_200_000, 900, 6 * (192 << 10)]
        .into_iter()
        .zip(1..)
        .map(|(bytes, number)| sized(number, bytes))
        .collect()
}

struct Pair {
    source: OddImap,
    destination: OddImap,
    bench: Bench,
}

impl Pair {
    async fn new(mails: Vec<Stored>) -> Self {
        let (source, destination) = (OddImap::start(mails), OddImap::start([]));
        let bench = Bench::new(source.access(), destination.access()).await;
        Self { source, destination, bench }
    }

    fn causes(&self) -> Vec<String> {
        let ledger = self.bench.ledger();
        let folder = ledger.folder_totals().unwrap()[0].id;
        let rows = ledger.rows(folder, &[MessageState::Refused]).unwrap();
        rows.into_iter().map(|row| why(&row).unwrap_or_default()).collect()
    }

    /// Nothing at the destination is anything but a message of the source.
    fn assert_nothing_is_cut(&self, words: &str) {
        let whole = self.source.bodies();
        for body in self.destination.bodies() {
            assert!(whole.contains(&body), "{words}: a copy of {} bytes is no message", body.len());
        }
    }
}

#[tokio::test]
async fn whole_messages_arrive_in_whatever_form_a_server_hands_out_pieces() {
    for form in EVERY_FORM {
        for sizes_are_off in [false, true] {
            let pair = Pair::new(mails()).await;
            pair.source.set(|state| state.pieces = form);
            if sizes_are_off {
                pair.source.set(|state| {
                    let listed = |bytes: usize| (bytes + bytes / 20) as u64;
                    state.sizes = state
                        .messages
                        .iter()
                        .map(|(uid, stored)| (*uid, listed(stored.bytes.len())))
                        .collect();
                });
            }
            pair.bench.copy_all().await;
            assert_eq!(pair.destination.bodies(), pair.source.bodies(), "{form:?} {sizes_are_off}");
            let report = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
            assert!(report.is_verified(), "{form:?} {sizes_are_off}: {report:?}");
        }
    }
}

#[tokio::test]
async fn without_the_whole_message_pieces_that_say_what_they_are_do_as_well() {
    for form in EVERY_FORM {
        let pair = Pair::new(mails()).await;
        pair.source.set(|state| (state.pieces, state.no_whole_from) = (form, Some(1_000)));
        pair.bench.copy(&|_| {}).await.unwrap();
        pair.assert_nothing_is_cut(&format!("{form:?}"));
        let sum = pair.bench.sum();
        match form {
            // The last piece is asked for as long as it is, so that nothing is padded.
            Pieces::AsAsked | Pieces::AtMost(_) | Pieces::WithLength | Pieces::Padded => {
                assert_eq!((sum.copied, sum.refused), (3, 0), "{form:?} {:?}", pair.causes());
            }
            _ => assert_eq!((sum.copied, sum.refused), (1, 2), "{form:?} {:?}", pair.causes()),
        }
        for cause in pair.causes() {
            assert!(cause.contains("the source ") && !cause.contains("connection"), "{form:?}: {cause}");
        }
        // Whatever has come is what the source has.
        pair.source.set(|state| (state.pieces, state.no_whole_from) = (Pieces::AsAsked, None));
        pair.bench.ledger().retry_refused().unwrap();
        pair.bench.copy_all().await;
        assert_eq!(pair.destination.bodies(), pair.source.bodies(), "{form:?}");
    }
}

#[tokio::test]
async fn the_proof_says_so_where_the_two_ways_to_read_a_message_disagree() {
    let pair = Pair::new(vec![sized(1, 3_000_000)]).await;
    pair.bench.copy_all().await;
    pair.source.set(|state| state.pieces = Pieces::Wrong);
    let report = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
    assert!(!report.is_verified(), "{report:?}");
}

#[tokio::test]
async fn a_message_without_end_is_read_as_far_as_its_size_goes_and_no_further() {
    let pair = Pair::new(vec![sized(1, 3_000_000), numbered(2, "small")]).await;
    pair.source.set(|state| {
        state.sizes.extend([(1, 2_000_000)]);
        (state.pieces, state.no_whole_from) = (Pieces::PaddedForEver, Some(1_000));
    });
    pair.bench.copy(&|_| {}).await.unwrap();
    assert_eq!((pair.bench.sum().copied, pair.bench.sum().refused), (1, 1));
    assert!(pair.causes()[0].contains("lists 2000000 bytes but returns many more"), "{:?}", pair.causes());
    let asked: Vec<u64> = pair
        .source
        .state
        .lock()
        .unwrap()
        .commands
        .iter()
        .filter_map(|command| command.split_once("PEEK[]<")?.1.split('.').next()?.parse().ok())
        .collect();
    assert!(asked.iter().all(|place| *place < 32 << 20), "{:?}", asked.iter().max());
}
