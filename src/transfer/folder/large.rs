//! Large messages: read by two methods, whole and in pieces, because one alone is no proof.

use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};

use crate::imap::{Completion, Ending, ImapError, MOST_WHOLE_BYTES, Session, Spool};
use crate::transfer::context::room::Slot;
use crate::transfer::context::under_way::Named;
use crate::transfer::pace::refusal::refusal;

/// Bytes of a message in which its header is looked for.
const HEAD_BYTES: usize = 64 << 10;
/// Bytes that a message may be longer than listed, beside a quarter of its size: some servers only estimate sizes, or
/// state a wrong one until they have read the message. What goes beyond is not that message, and would fill the disk.
const SIZE_MARGIN_BYTES: u64 = 16 << 20;
/// The most that is read of a message without a size.
const MOST_WITHOUT_SIZE_BYTES: u64 = 1 << 30;

/// A way in which a server hands a message out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum FetchMethod {
    Whole,
    Pieces,
}

impl FetchMethod {
    const fn other(self) -> Self {
        match self {
            Self::Whole => Self::Pieces,
            Self::Pieces => Self::Whole,
        }
    }
}

/// A message that was read.
#[derive(Debug)]
pub(in crate::transfer) struct Large {
    /// Its bytes, where they are kept.
    pub(in crate::transfer) spool: Option<Spool>,
    pub(in crate::transfer) bytes: u64,
    pub(in crate::transfer) sha256: [u8; 32],
    pub(in crate::transfer) head: Vec<u8>,
}

/// The outcome of reading a large message.
#[derive(Debug)]
pub(in crate::transfer) enum Reading {
    Message(Large),
    /// No bytes came.
    Nothing,
    /// Bytes came, and nobody can say that they are the message: why.
    Doubtful(String),
}

/// Messages in a row that do not come in pieces, after which a server counts as one that has no pieces.
const CLOSED_AFTER: u32 = 4;
/// Looks over another connection in a row that have shown no more, after which only some are made.
const ANEW_IN_VAIN: u32 = 3;
/// One in this many is made all the same.
const ANEW_ONE_IN: u32 = 32;

/// What the methods of a source have shown in this run. A server that returns no pieces (RFC 3501 section 6.4.5 has them)
/// would refuse them for each message anew.
#[derive(Debug, Default)]
pub(in crate::transfer) struct FetchMethods {
    /// Messages in a row that did not come in pieces.
    without_pieces: AtomicU32,
    /// Looks over another connection in a row that have shown no more.
    anew_in_vain: AtomicU32,
}

impl FetchMethods {
    /// Whether messages may come in pieces.
    pub(in crate::transfer) fn has_pieces(&self) -> bool {
        self.without_pieces.load(Ordering::Relaxed) < CLOSED_AFTER
    }

    fn walked_pieces(&self, walked: &Result<Walk, Completion>) {
        match walked {
            Ok(Walk { ending: Ending::End | Ending::Beyond | Ending::Contrary, .. }) => {
                self.without_pieces.store(0, Ordering::Relaxed);
            }
            Ok(Walk { ending: Ending::Nothing | Ending::Unclear, .. }) | Err(_) => {
                self.without_pieces.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether a message that is in doubt is read over another connection.
    pub(in crate::transfer) fn may_read_anew(&self) -> bool {
        let in_vain = self.anew_in_vain.load(Ordering::Relaxed);
        if in_vain < ANEW_IN_VAIN || in_vain.is_multiple_of(ANEW_ONE_IN) {
            return true;
        }
        self.anew_in_vain.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// A message was read over another connection, which has shown more or not.
    pub(in crate::transfer) fn read_anew(&self, has_helped: bool) {
        if has_helped {
            self.anew_in_vain.store(0, Ordering::Relaxed);
        } else {
            self.anew_in_vain.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What follows the reading of a message, where somebody does.
#[derive(Default)]
pub(in crate::transfer) struct Beside<'a> {
    /// What the source's methods have shown so far; updated here.
    pub(in crate::transfer) methods: Option<&'a FetchMethods>,
    /// Where it is told how far it is.
    pub(in crate::transfer) named: Option<&'a Named>,
    /// Room in memory for its bytes; else they go to a file.
    pub(in crate::transfer) slot: Option<Slot>,
}

/// The message that is read.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Wanted {
    pub(in crate::transfer) uid: u32,
    /// Its size as the server lists it; 0 where it says nothing.
    pub(in crate::transfer) listed: u64,
    /// Whether its bytes are kept, and not only hashed.
    pub(in crate::transfer) is_kept: bool,
}

/// What one method has shown.
struct Walk {
    large: Large,
    ending: Ending,
}

/// Reads a message, by this method first. Its result counts alone if the server announced that many bytes; otherwise
/// the other method, if there is one, has to agree.
pub(in crate::transfer) async fn read_large(
    session: &mut Session,
    (wanted, mut beside): (Wanted, Beside<'_>),
    first: FetchMethod,
) -> Result<Reading, ImapError> {
    let has_pieces = beside.methods.is_none_or(FetchMethods::has_pieces) || wanted.listed > MOST_WHOLE_BYTES;
    let first = if has_pieces { first } else { FetchMethod::Whole };
    let one = walk(session, (wanted, &mut beside), first).await?;
    if let Ok(Walk { large, ending: Ending::End }) = &one
        && (wanted.listed == large.bytes
            || (has_pieces && is_confirmed(session, wanted, first, large.bytes).await?))
    {
        return Ok(one.map_or(Reading::Nothing, |walk| Reading::Message(walk.large)));
    }
    // Both are held at once.
    beside.slot = None;
    let other = if has_pieces {
        walk(session, (wanted, &mut beside), first.other()).await?
    } else {
        Ok(Walk::nothing())
    };
    match judge(wanted.listed, &one, &other) {
        Verdict::One => Ok(one.map_or(Reading::Nothing, |walk| Reading::Message(walk.large))),
        Verdict::Other => Ok(other.map_or(Reading::Nothing, |walk| Reading::Message(walk.large))),
        Verdict::Doubtful(words) => Ok(Reading::Doubtful(words)),
        Verdict::Nothing => match one.err().or_else(|| other.err()) {
            Some(completion) => Err(ImapError::Refused { command: "FETCH", completion }),
            None => Ok(Reading::Nothing),
        },
    }
}

/// What one method alone shows of a message; `None` if it does not come to an end, or is refused.
pub(in crate::transfer) async fn read_by(
    session: &mut Session,
    wanted: Wanted,
    method: FetchMethod,
) -> Result<Option<Large>, ImapError> {
    let mut beside = Beside::default();
    Ok(match walk(session, (wanted, &mut beside), method).await? {
        Ok(Walk { large, ending: Ending::End }) => Some(large),
        _ => None,
    })
}

/// Whether a whole message of another length than announced ends where it ends: pieces go as far, and nothing is behind it.
async fn is_confirmed(
    session: &mut Session,
    wanted: Wanted,
    method: FetchMethod,
    bytes: u64,
) -> Result<bool, ImapError> {
    match method {
        FetchMethod::Whole if bytes == 0 || session.has_more(wanted.uid, bytes).await? => Ok(false),
        FetchMethod::Whole => session.has_more(wanted.uid, bytes - 1).await,
        FetchMethod::Pieces => Ok(false),
    }
}

/// The verdict on both methods.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    One,
    Other,
    Nothing,
    Doubtful(String),
}

/// Judges what two methods have shown of a message with this listed size.
fn judge(listed: u64, one: &Result<Walk, Completion>, other: &Result<Walk, Completion>) -> Verdict {
    let ended = |walk: &Result<Walk, Completion>| match walk {
        Ok(Walk { large, ending: Ending::End }) => Some((large.bytes, large.sha256)),
        _ => None,
    };
    let is = |walk: &Result<Walk, Completion>, ending| matches!(walk, Ok(walk) if walk.ending == ending);
    let either = |ending| is(one, ending) || is(other, ending);
    // If the other method contradicts, a result counts only with the listed length.
    let contradicts = either(Ending::Contrary) || either(Ending::Beyond) || either(Ending::Unclear);
    match (ended(one), ended(other)) {
        (Some(one), Some(other)) if one == other => Verdict::One,
        // Two witnesses against one: the length that is listed, and the method that comes to it.
        (Some((bytes, _)), Some((other, _))) if bytes == listed && other != listed => Verdict::One,
        (Some((one, _)), Some((bytes, _))) if bytes == listed && one != listed => Verdict::Other,
        (Some((one, _)), Some((other, _))) => Verdict::Doubtful(format!(
            "the server returns two different versions, of {one} and {other} bytes, but lists {listed} \
             bytes"
        )),
        (Some((bytes, _)), None) => alone((listed, contradicts), bytes, Verdict::One),
        (None, Some((bytes, _))) => alone((listed, contradicts), bytes, Verdict::Other),
        (None, None) if either(Ending::Contrary) => {
            Verdict::Doubtful("the server sends several answers for this message".to_owned())
        }
        (None, None) if either(Ending::Beyond) => {
            Verdict::Doubtful(format!("the server lists {listed} bytes but returns many more"))
        }
        (None, None) if is(one, Ending::Unclear) => Verdict::Doubtful(
            "the server’s answer does not say which part of the message it contains".to_owned(),
        ),
        (None, None) => Verdict::Nothing,
    }
}

/// One method alone: a message that ends early, far from what is listed, may be cut.
fn alone((listed, contradicts): (u64, bool), bytes: u64, verdict: Verdict) -> Verdict {
    // Servers that estimate sizes are off by a part of them.
    let least = listed - listed / 8;
    let most = if contradicts { listed + listed / 8 } else { most_bytes(listed) };
    if listed == 0 || bytes >= least && bytes <= most && bytes > 0 {
        return verdict;
    }
    Verdict::Doubtful(if bytes < least {
        format!("the server lists {listed} bytes but returns only the first {bytes}")
    } else {
        format!("the server lists {listed} bytes but returns {bytes}, and its answers contradict each other")
    })
}

/// The most that is read of a message with this listed size.
const fn most_bytes(listed: u64) -> u64 {
    match listed {
        0 => MOST_WITHOUT_SIZE_BYTES,
        _ => listed.saturating_add(listed / 4).saturating_add(SIZE_MARGIN_BYTES),
    }
}

/// Reads by one method. A refusal because of the message is a result; one because of load is an error.
async fn walk(
    session: &mut Session,
    (wanted, beside): (Wanted, &mut Beside<'_>),
    method: FetchMethod,
) -> Result<Result<Walk, Completion>, ImapError> {
    let methods = beside.methods;
    let walked = match method {
        FetchMethod::Whole if wanted.listed > MOST_WHOLE_BYTES => return Ok(Ok(Walk::nothing())),
        FetchMethod::Whole => whole(session, (wanted, beside)).await,
        FetchMethod::Pieces => pieces(session, (wanted, beside)).await,
    };
    let walked = match walked {
        Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => Err(completion),
        walked => Ok(walked?),
    };
    if let Some(methods) = methods.filter(|_| method == FetchMethod::Pieces) {
        methods.walked_pieces(&walked);
    }
    Ok(walked)
}

async fn whole(
    session: &mut Session,
    (wanted, beside): (Wanted, &mut Beside<'_>),
) -> Result<Walk, ImapError> {
    let mut intake = Intake::new(wanted.is_kept, beside);
    let mut reading = session.ask_whole(wanted.uid, most_bytes(wanted.listed));
    while let Some(bytes) = session.next_of_whole(&mut reading).await? {
        intake.take(bytes).await?;
    }
    Ok(Walk { large: intake.finish(), ending: reading.ending() })
}

async fn pieces(
    session: &mut Session,
    (wanted, beside): (Wanted, &mut Beside<'_>),
) -> Result<Walk, ImapError> {
    let mut intake = Intake::new(wanted.is_kept, beside);
    let mut reading = Session::ask_pieces(wanted.uid, wanted.listed, most_bytes(wanted.listed));
    while let Some(bytes) = session.next_piece(&mut reading).await? {
        intake.take(bytes).await?;
    }
    Ok(Walk { large: intake.finish(), ending: reading.ending() })
}

impl Walk {
    const fn nothing() -> Self {
        let large = Large { spool: None, bytes: 0, sha256: [0; 32], head: Vec::new() };
        Self { large, ending: Ending::Nothing }
    }
}

/// Takes the bytes of a message as they come.
struct Intake<'a> {
    named: Option<&'a Named>,
    slot: Option<&'a mut Slot>,
    spool: Option<Spool>,
    bytes: u64,
    hash: Sha256,
    head: Vec<u8>,
}

impl<'a> Intake<'a> {
    fn new(is_kept: bool, beside: &'a mut Beside<'_>) -> Self {
        let Beside { named, slot, .. } = beside;
        if let Some(named) = named {
            named.read_anew();
        }
        Self {
            named: *named,
            slot: slot.as_mut(),
            spool: is_kept.then(Spool::default),
            bytes: 0,
            hash: Sha256::new(),
            head: Vec::new(),
        }
    }

    async fn take(&mut self, piece: Vec<u8>) -> Result<(), ImapError> {
        // Here and not on another thread: handing a piece over costs more than its hash.
        self.hash.update(&piece);
        if let Some(named) = self.named {
            named.read(&piece);
        }
        self.bytes += piece.len() as u64;
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(room));
        let Some(spool) = &mut self.spool else { return Ok(()) };
        let room = match &mut self.slot {
            Some(slot) => slot.take(piece.len() as u64).await,
            None => None,
        };
        if room.is_none() {
            self.slot = None;
        }
        spool.add(piece, room).await
    }

    fn finish(self) -> Large {
        let Self { spool, bytes, hash, head, .. } = self;
        Large { spool, bytes, sha256: hash.finalize().into(), head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;

    #[expect(clippy::unnecessary_wraps, reason = "as a walk ends")]
    fn ended(bytes: u64, with: u8) -> Result<Walk, Completion> {
        let large = Large { spool: None, bytes, sha256: [with; 32], head: Vec::new() };
        Ok(Walk { large, ending: Ending::End })
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a walk ends")]
    fn stopped(ending: Ending) -> Result<Walk, Completion> {
        Ok(Walk { ending, ..Walk::nothing() })
    }

    fn refused() -> Result<Walk, Completion> {
        Err(Completion { status: Status::No, code: None, words: "no".to_owned() })
    }

    #[test]
    fn a_method_that_is_closed_for_some_messages_in_a_row_is_not_taken_until_it_opens() {
        let methods = FetchMethods::default();
        for walked in [refused(), stopped(Ending::Nothing), stopped(Ending::Unclear)] {
            methods.walked_pieces(&walked);
            assert!(methods.has_pieces());
        }
        methods.walked_pieces(&ended(5, 1));
        (0..CLOSED_AFTER).for_each(|_| methods.walked_pieces(&refused()));
        assert!(!methods.has_pieces());
        // Another connection is tried a few times, and then for one message in so many.
        let tries =
            (0..200).filter(|_| methods.may_read_anew()).inspect(|_| methods.read_anew(false)).count();
        assert!((6..12).contains(&tries), "{tries}");
        methods.read_anew(true);
        assert!(methods.may_read_anew());
    }

    #[test]
    fn two_methods_are_judged_by_what_is_listed() {
        let doubtful = |one, other| matches!(judge(5_000, &one, &other), Verdict::Doubtful(_));
        for (one, other, verdict) in [
            (ended(4_900, 1), ended(4_900, 1), Verdict::One),
            (ended(5_200, 1), ended(5_000, 2), Verdict::Other),
            (stopped(Ending::Unclear), ended(5_000, 2), Verdict::Other),
            (stopped(Ending::Beyond), ended(5_100, 2), Verdict::Other),
            (stopped(Ending::Contrary), ended(5_000, 2), Verdict::Other),
            (ended(5_000, 1), ended(4_900, 1), Verdict::One),
            (ended(9_000, 1), refused(), Verdict::One),
            (refused(), ended(5_000, 2), Verdict::Other),
            (ended(5_000, 1), refused(), Verdict::One),
            (ended(4_800, 1), stopped(Ending::Nothing), Verdict::One),
            (refused(), refused(), Verdict::Nothing),
            (stopped(Ending::Nothing), refused(), Verdict::Nothing),
        ] {
            assert_eq!(judge(5_000, &one, &other), verdict);
        }
        assert!(doubtful(ended(4_900, 1), ended(4_000, 1)), "neither is as long as listed");
        assert!(doubtful(ended(2_000, 1), refused()), "cut");
        assert!(doubtful(refused(), ended(2_000, 1)), "cut");
        assert!(doubtful(stopped(Ending::Beyond), stopped(Ending::Nothing)));
        assert!(doubtful(stopped(Ending::Unclear), refused()));
        assert!(doubtful(ended(5_000, 1), ended(5_000, 2)), "as long, and not the same");
        assert!(doubtful(stopped(Ending::Contrary), stopped(Ending::Contrary)));
        assert!(doubtful(stopped(Ending::Contrary), ended(4_000, 1)));
        assert!(doubtful(ended(500_000, 1), stopped(Ending::Beyond)), "and pieces are longer than asked for");
        assert_eq!(judge(0, &stopped(Ending::Nothing), &ended(70, 1)), Verdict::Other, "nothing is listed");
    }
}
