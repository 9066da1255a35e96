//! Refusals that say nothing of the message: they pass, or the message is there all the same. The original is sent once more
//! before it goes in another form, and never stands there twice.

use std::time::Duration;

use mailferry::message::RepairStep;
use mailferry::plan::MessageState;
use mailferry::transfer::{VerifyDepth, verify_mailbox};
use mailferry::values::SourceUid;
use mailferry_test_support::fakes::odd_imap::{Denial, OddImap, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

/// Refusals without a code, and without words that say what is wrong.
const EMPTY_WORDS: [&str; 4] =
    ["NO could not", "BAD what", "BAD Command Argument Error. 11", "NO [ALERT] look here"];

/// Five messages, of which two are equal.
fn mail() -> Vec<Stored> {
    [1, 2, 3, 3, 4].map(|number| numbered(number, "hello")).to_vec()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Two servers and the copy between them.
struct Pair {
    source: OddImap,
    destination: OddImap,
    bench: Bench,
}

impl Pair {
    async fn new(mail: Vec<Stored>, hides_uids: bool) -> Self {
        let (source, destination) = (OddImap::start(mail), OddImap::start([]));
        destination.set(|state| state.hides_uids = hides_uids);
        let mut bench = Bench::new(source.access(), destination.access()).await;
        bench.request.limits.late_append = Duration::from_millis(20);
        Self { source, destination, bench }
    }

    /// Asked about each message with the number of its APPENDs before, whatever its form.
    fn deny(
        &self,
        text: &'static str,
        mut judge: impl FnMut(&[u8], usize) -> Option<Denial> + Send + 'static,
    ) {
        let mut before = 0;
        self.destination.set(|state| {
            state.deny_append = Some(Box::new(move |bytes| {
                let denial = if holds(bytes, text) { judge(bytes, before) } else { None };
                before += usize::from(holds(bytes, text));
                denial
            }));
        });
    }

    fn appends(&self) -> usize {
        let state = self.destination.state.lock().unwrap();
        state.commands.iter().filter(|command| command.starts_with("APPEND")).count()
    }

    /// Both sides hold the same, the proof finds nothing, and a further run sends nothing.
    async fn assert_same(&self, what: &str) {
        assert_eq!(self.source.bodies(), self.destination.bodies(), "{what}");
        let report = verify_mailbox(&self.bench.request, VerifyDepth::Full).await.unwrap();
        assert_eq!(report.differences, [], "{what}");
        self.destination.set(|state| state.deny_append = None);
        let before = self.appends();
        self.bench.copy_all().await;
        assert_eq!((self.appends(), self.destination.bodies().len()), (before, self.source.bodies().len()));
    }
}

#[tokio::test]
async fn a_refusal_that_passes_alters_nothing() {
    for words in EMPTY_WORDS {
        for (text, hides_uids) in [("number 1", false), ("number 3", false), ("number 4", true)] {
            let pair = Pair::new(mail(), hides_uids).await;
            pair.deny(text, move |_, before| (before == 0).then_some(Denial { words, is_stored: false }));
            pair.bench.copy_all().await;
            let sum = pair.bench.sum();
            assert_eq!((sum.copied, sum.repaired, sum.to_do), (5, 0, 0), "{words} {text}: {sum:?}");
            assert_eq!(pair.appends(), 6, "{words} {text}");
            pair.assert_same(words).await;
        }
    }
}

#[tokio::test]
async fn what_is_stored_though_it_is_refused_is_there_once() {
    for words in EMPTY_WORDS {
        for text in ["number 1", "number 3", "number"] {
            for hides_uids in [false, true] {
                let pair = Pair::new(mail(), hides_uids).await;
                pair.deny(text, move |_, _| Some(Denial { words, is_stored: true }));
                pair.bench.copy_all().await;
                let sum = pair.bench.sum();
                assert_eq!((sum.copied, sum.repaired, sum.to_do), (5, 0, 0), "{words} {text}: {sum:?}");
                assert_eq!(pair.appends(), 5, "{words} {text}");
                pair.assert_same(words).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_stored_by_the_second_try_is_there_once() {
    let pair = Pair::new(mail(), false).await;
    pair.deny("number 2", |_, before| Some(Denial { words: "NO could not", is_stored: before == 1 }));
    pair.bench.copy_all().await;
    assert_eq!((pair.bench.sum().copied, pair.appends()), (5, 6));
    pair.assert_same("second").await;
}

#[tokio::test]
async fn a_second_refusal_begins_the_repairs_and_a_stored_repair_is_there_once() {
    for is_stored in [false, true] {
        let pair = Pair::new(mail(), false).await;
        pair.deny("number 2", move |bytes, _| {
            let is_carrier = holds(bytes, "message/rfc822");
            (!is_carrier || is_stored).then_some(Denial { words: "BAD what", is_stored: is_carrier })
        });
        pair.bench.copy_all().await;
        let sum = pair.bench.sum();
        assert_eq!((sum.copied, sum.repaired, sum.to_do), (4, 1, 0), "{is_stored}: {sum:?}");
        assert_eq!(pair.appends(), 4 + 3, "the original twice, then the carrier");
        let folder = pair.bench.ledger().folder_totals().unwrap()[0].id;
        let repaired = pair.bench.ledger().rows(folder, &[MessageState::Repaired]).unwrap();
        let steps = pair.bench.ledger().repair(folder, repaired[0].uid).unwrap().unwrap().steps;
        assert_eq!((repaired[0].uid, steps), (SourceUid(2), vec![RepairStep::Wrap]));
        assert_eq!(pair.destination.bodies().len(), 5, "{is_stored}");
        pair.destination.set(|state| state.deny_append = None);
        pair.bench.copy_all().await;
        assert_eq!(pair.appends(), 7, "a further run sends nothing");
    }
}

#[tokio::test]
async fn a_refusal_that_says_what_is_wrong_is_not_tried_again() {
    for (words, appends) in
        [("NO Message contains NUL characters", 4 + 2), ("NO [TOOBIG] no", 4 + 1), ("NO Virus found", 4 + 1)]
    {
        let mut mail: Vec<Stored> = (1..=5).map(|number| numbered(number, "hello")).collect();
        mail[2] = numbered(3, "nul \0 here");
        let pair = Pair::new(mail, false).await;
        pair.deny("number 3", move |bytes, _| {
            bytes.contains(&0).then_some(Denial { words, is_stored: false })
        });
        pair.bench.copy_all().await;
        assert_eq!(pair.appends(), appends, "{words}: {:?}", pair.bench.sum());
    }
}

/// What came into the folder behind the ledger's back counts before a refused message is sent again.
#[tokio::test]
async fn another_try_looks_into_the_folder_first() {
    for hides_uids in [false, true] {
        let pair = Pair::new(mail(), hides_uids).await;
        pair.deny("number 2", |_, _| Some(Denial { words: "NO could not", is_stored: false }));
        pair.bench.copy_all().await;
        assert_eq!((pair.bench.sum().copied, pair.bench.sum().refused), (4, 1));
        assert_eq!(pair.bench.ledger().retry_refused().unwrap(), 1);
        let before = pair.appends();
        pair.destination.set(|state| {
            state.deny_append = None;
            let uid = state.messages.keys().last().unwrap() + 1;
            state.messages.insert(uid, numbered(2, "hello"));
        });
        pair.bench.copy_all().await;
        let sum = pair.bench.sum();
        assert_eq!((sum.copied + sum.already_there, sum.to_do, pair.appends()), (5, 0, before), "{sum:?}");
        pair.assert_same("another try").await;
    }
}
