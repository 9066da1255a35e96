//! What messages at the source are made of, for a verification: read in pieces and, where that is not what the copy holds, whole as
//! well. Where the two are not the same, it is decided by evidence, and else said.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::imap::{Bodies, BodyReply, ImapError, Pending, Session};
use crate::message::mime_content;
use crate::transfer::folder::large::{Beside, FetchMethod, Large, Reading, Wanted, read_by, read_large};
use crate::transfer::pace::refusal::refusal;
use crate::transfer::verify::mime_comparison::CopyForm;
use crate::values::SourceUid;

/// The longest piece that is asked for at once, in bytes.
const PIECE_BYTES: u32 = 4 << 20;
const TWO_ANSWERS: &str = "the source answers twice for it, with different bytes";

/// What the source shows of a message.
pub(in crate::transfer) enum Found {
    Form(CopyForm),
    /// Nobody can say what the message is: why.
    Doubtful(String),
    /// The source has it and refuses to return it: its words.
    Refused(String),
}

/// What one method shows of messages, by UID.
type Forms = BTreeMap<SourceUid, Found>;

/// What a method has shown of a message that is shown on another one as well.
struct Piece {
    form: CopyForm,
    /// It is as long as a piece that is padded would be.
    may_be_padded: bool,
    /// Whether the whole message begins with it.
    is_beginning: bool,
}

/// A message at the source.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Sought {
    pub(in crate::transfer) uid: SourceUid,
    /// Its size as the source lists it.
    pub(in crate::transfer) listed: u64,
    /// Hash of its copy.
    pub(in crate::transfer) copy: [u8; 32],
}

/// Reads what these requests bring; `each` hears of every message.
async fn collect(
    session: &mut Session,
    requests: Vec<Pending<Bodies<SourceUid>>>,
    mut each: impl FnMut(SourceUid, &[u8]),
) -> Result<Forms, ImapError> {
    let mut found = Forms::new();
    for mut request in requests {
        loop {
            match session.next_body(&mut request).await {
                Ok(BodyReply::Message { uid, bytes }) => {
                    each(uid, &bytes);
                    found.insert(uid, Found::Form(CopyForm::of(&bytes)));
                }
                Ok(BodyReply::Again { uid, bytes }) => {
                    let is_same = matches!(found.get(&uid), Some(Found::Form(form)) if form.is(&bytes));
                    if !is_same {
                        found.insert(uid, Found::Doubtful(TWO_ANSWERS.to_owned()));
                    }
                }
                Ok(BodyReply::End) => break,
                // One message spoils no others.
                Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

impl CopyForm {
    pub(in crate::transfer) fn of(bytes: &[u8]) -> Self {
        let content = Some(mime_content(bytes));
        Self { sha256: Sha256::digest(bytes).into(), bytes: bytes.len() as u64, content }
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes.len() as u64 && self.sha256 == <[u8; 32]>::from(Sha256::digest(bytes))
    }
}

/// What small messages of the opened folder are made of.
pub(in crate::transfer) async fn source_forms(
    session: &mut Session,
    sought: &[Sought],
) -> Result<Forms, ImapError> {
    let all: Vec<SourceUid> = sought.iter().map(|one| one.uid).collect();
    let asked = session.ask_beginnings(&all, PIECE_BYTES);
    let mut found = collect(session, asked, |_, _| {}).await?;
    // The copy was read whole: where a piece that has room for all of it shows the same, two methods agree.
    let is_settled =
        |one: &&Sought| matches!(found.get(&one.uid), Some(Found::Form(form)) if form.sha256 == one.copy);
    let others: Vec<Sought> = sought.iter().filter(|one| !is_settled(one)).copied().collect();
    if others.is_empty() {
        return Ok(found);
    }
    let mut pieces: BTreeMap<SourceUid, Piece> = BTreeMap::new();
    for one in &others {
        if let Some(Found::Form(form)) = found.remove(&one.uid) {
            let may_be_padded = form.bytes == u64::from(PIECE_BYTES);
            pieces.insert(one.uid, Piece { form, may_be_padded, is_beginning: false });
        }
    }
    let uids: Vec<SourceUid> = others.iter().map(|one| one.uid).collect();
    let asked = session.ask_bodies(&uids);
    let whole = collect(session, asked, |uid, bytes| {
        if let Some(piece) = pieces.get_mut(&uid) {
            let length = usize::try_from(piece.form.bytes).unwrap_or(usize::MAX);
            piece.is_beginning = bytes.get(..length).is_some_and(|bytes| piece.form.is(bytes));
        }
    })
    .await?;
    for (uid, form) in settle(session, &others, (pieces, whole)).await? {
        found.insert(uid, form);
    }
    Ok(found)
}

/// Decides between a piece and the whole message.
async fn settle(
    session: &mut Session,
    others: &[Sought],
    (mut pieces, mut whole): (BTreeMap<SourceUid, Piece>, Forms),
) -> Result<Forms, ImapError> {
    let end = |one: &Sought| match (pieces.get(&one.uid), whole.get(&one.uid)) {
        (Some(piece), Some(Found::Form(form))) if piece.form.sha256 != form.sha256 => {
            Some((one.uid, form.bytes))
        }
        _ => None,
    };
    let ends: Vec<(SourceUid, u64)> = others.iter().filter_map(end).collect();
    let have_more = if ends.is_empty() { <_>::default() } else { session.have_more(&ends).await? };
    let mut found = Forms::new();
    for one in others {
        let form = match (pieces.remove(&one.uid), whole.remove(&one.uid)) {
            // It came twice, or in a form that nobody can read: the two methods of large messages may tell.
            (_, Some(Found::Doubtful(_) | Found::Refused(_))) | (None, None) => {
                walk_both(session, one).await?
            }
            (Some(piece), None) => Some(Found::Form(piece.form)),
            (Some(_), Some(Found::Form(form))) if have_more.contains(&one.uid) => {
                let pieces = read_by(session, one.wanted(), FetchMethod::Pieces).await?;
                Some(between(one.listed, form, pieces))
            }
            (Some(piece), Some(Found::Form(form))) => Some(at_same_end(form, &piece, one)),
            (None, Some(form)) => Some(form),
        };
        if let Some(form) = form {
            found.insert(one.uid, form);
        }
    }
    Ok(found)
}

/// What a large message of the opened folder is made of; `None` where it is not returned.
pub(in crate::transfer) async fn large_source_form(
    session: &mut Session,
    one: &Sought,
) -> Result<Option<Found>, ImapError> {
    let pieces = read_by(session, one.wanted(), FetchMethod::Pieces).await?;
    // The copy was read whole.
    if let Some(pieces) = pieces.as_ref().filter(|pieces| pieces.sha256 == one.copy) {
        return Ok(Some(Found::Form(pieces.into())));
    }
    let whole = match &pieces {
        Some(_) => read_by(session, one.wanted(), FetchMethod::Whole).await?,
        None => None,
    };
    let (Some(pieces), Some(whole)) = (pieces, whole) else { return walk_both(session, one).await };
    let form = CopyForm::from(&whole);
    if pieces.bytes > whole.bytes && session.has_more(one.uid, whole.bytes).await? {
        return Ok(Some(between(one.listed, form, Some(pieces))));
    }
    let piece = Piece {
        form: (&pieces).into(),
        may_be_padded: pieces.bytes == one.listed,
        is_beginning: pieces.bytes < whole.bytes,
    };
    Ok(Some(at_same_end(form, &piece, one)))
}

impl Sought {
    const fn wanted(&self) -> Wanted {
        Wanted { uid: self.uid.0, listed: self.listed, is_kept: false }
    }
}

impl From<&Large> for CopyForm {
    fn from(large: &Large) -> Self {
        Self { sha256: large.sha256, bytes: large.bytes, content: None }
    }
}

/// The whole message, behind whose end there is nothing. What the piece shows may be less of it, or as much and padded. A
/// server that writes the message anew each time has something else than the copy by either method.
fn at_same_end(form: CopyForm, piece: &Piece, one: &Sought) -> Found {
    let is_written_anew = form.sha256 != one.copy && form.content.is_some();
    let is_alike = piece.form.sha256 == form.sha256
        || piece.is_beginning
        || piece.may_be_padded && piece.form.bytes > form.bytes
        || is_written_anew && piece.form.content == form.content;
    if is_alike { Found::Form(form) } else { two_forms(form.bytes, piece.form.bytes) }
}

/// Pieces go on behind the end of the whole message. Those without an end say nothing about a message; of two that end, the
/// longer is it where it alone is as long as listed, and else nobody knows.
fn between(listed: u64, form: CopyForm, pieces: Option<Large>) -> Found {
    match pieces {
        None => Found::Form(form),
        Some(pieces) if pieces.sha256 == form.sha256 => Found::Form(form),
        Some(pieces) if pieces.bytes == listed && form.bytes != listed => Found::Form((&pieces).into()),
        Some(pieces) => two_forms(form.bytes, pieces.bytes),
    }
}

fn two_forms(whole: u64, pieces: u64) -> Found {
    Found::Doubtful(format!(
        "the source returns two different versions: {whole} bytes when read at once, {pieces} bytes when read in pieces"
    ))
}

/// Reads a message by both methods as large ones are read.
async fn walk_both(session: &mut Session, one: &Sought) -> Result<Option<Found>, ImapError> {
    Ok(match read_large(session, (one.wanted(), Beside::default()), FetchMethod::Whole).await {
        Ok(Reading::Message(large)) => Some(Found::Form((&large).into())),
        Ok(Reading::Doubtful(words)) => Some(Found::Doubtful(words)),
        Ok(Reading::Nothing) => None,
        Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => {
            is_listed(session, one.uid).await?.then(|| Found::Refused(completion.to_string()))
        }
        Err(error) => return Err(error),
    })
}

/// Whether the opened folder still has a message that it refuses to return. A folder that answers nothing has it.
async fn is_listed(session: &mut Session, uid: SourceUid) -> Result<bool, ImapError> {
    let mut is_there = false;
    let asked = session
        .fetch_facts(&[uid], &["MESSAGE-ID"], |facts| {
            is_there |= facts.iter().any(|one| one.uid == uid);
            Ok::<(), ImapError>(())
        })
        .await;
    match asked {
        Ok(()) => Ok(is_there),
        Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => Ok(true),
        Err(error) => Err(error),
    }
}
