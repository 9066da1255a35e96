//! Some copies of one folder, compared with what the destination shows and returns.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::imap::{Bodies, BodyReply, Completion, ImapError, MessageFacts, Opened, Pending, Rows, Session};
use crate::message::{IdentityKey, identity_key, internal_date_secs, mime_content};
use crate::plan::{FolderPath, MessageState, VerifyDepth};
use crate::project::{FolderId, LedgerRow, SetAside};
use crate::transfer::context::flag_words::flags_for;
use crate::transfer::folder::large::{Beside, FetchMethod, Large, Reading, Wanted, read_large};
use crate::transfer::gmail::destination::shares_copy;
use crate::transfer::pace::refusal::refusal;
use crate::transfer::verify::found_elsewhere::Lost;
use crate::transfer::verify::mime_comparison::{CopyForm, Doubts, LARGE_BYTES};
use crate::transfer::verify::report::{Difference, VerifyReport};
use crate::values::{DestinationUid, SourceUid};

/// Messages read again with one command.
const READ_AGAIN: usize = 20;

/// Pieces in which earlier versions have read messages, in bytes.
const PIECE_BYTES: u64 = 1 << 20;

const TWO_FORMS: &str = "the destination answers twice for it, with different bytes";
const NOT_HANDED_OUT: &str = "the destination does not return its bytes";

/// Some rows of one folder.
pub(in crate::transfer) struct Page<'a> {
    pub(in crate::transfer) folder: (FolderId, &'a FolderPath),
    pub(in crate::transfer) depth: VerifyDepth,
    pub(in crate::transfer) report: VerifyReport,
    /// Copies that belong to a row already.
    pub(in crate::transfer) taken: BTreeSet<DestinationUid>,
    /// What people did with copies.
    pub(in crate::transfer) aside: &'a SetAside,
    /// After the switch, flags are people's own.
    pub(in crate::transfer) compares_flags: bool,
    /// The destination writes messages anew, so that sizes say little.
    pub(in crate::transfer) rewrites: bool,
    /// Copies whose bytes alone say too little.
    pub(in crate::transfer) doubts: Doubts,
    /// Copies of another size than known, by their UIDs.
    pub(in crate::transfer) unsure: BTreeMap<DestinationUid, Placed>,
    /// Copies that are not in their place.
    pub(in crate::transfer) lost: Vec<Lost>,
}

/// A row whose copy is there.
#[derive(Clone)]
pub(in crate::transfer) struct Placed {
    pub(in crate::transfer) row: LedgerRow,
    /// Size of the copy, as the destination lists it.
    pub(in crate::transfer) copy_bytes: u64,
}

impl Page<'_> {
    /// Compares sizes, dates and flags with a listing that is under way.
    pub(in crate::transfer) async fn compare_listing(
        &mut self,
        session: &mut Session,
        (mut listing, opened): (Pending<Rows<MessageFacts<DestinationUid>>>, &Opened),
        rows: Vec<LedgerRow>,
    ) -> Result<(), ImapError> {
        let placed = self.rows_to_compare(rows, opened);
        let mut found: BTreeMap<DestinationUid, MessageFacts<DestinationUid>> = BTreeMap::new();
        while let Some(facts) = session.next_rows(&mut listing).await? {
            let known = facts.into_iter().filter(|facts| placed.contains_key(&facts.uid));
            found.extend(known.map(|facts| (facts.uid, MessageFacts { header: Vec::new(), ..facts })));
        }
        self.compare_found(placed, &found, opened);
        Ok(())
    }

    /// Compares sizes, dates and flags. Returns the rows whose copy is there, by its UID, and the bytes of all copies.
    pub(in crate::transfer) async fn compare_facts(
        &mut self,
        session: &mut Session,
        opened: &Opened,
        rows: Vec<LedgerRow>,
    ) -> Result<(BTreeMap<DestinationUid, Placed>, u64), ImapError> {
        let placed = self.rows_to_compare(rows, opened);
        let uids: Vec<DestinationUid> = placed.keys().copied().collect();
        let mut found: BTreeMap<DestinationUid, MessageFacts<DestinationUid>> = BTreeMap::new();
        session
            .fetch_facts(&uids, &["MESSAGE-ID"], |facts| {
                found.extend(facts.into_iter().map(|facts| (facts.uid, facts)));
                Ok::<(), ImapError>(())
            })
            .await?;
        let placed = self.compare_found(placed, &found, opened);
        let bytes = placed.values().map(|one| one.copy_bytes).fold(0, u64::saturating_add);
        Ok((placed, bytes))
    }

    /// Counts the rows, and returns those whose copy can be compared in this folder, by its UID.
    fn rows_to_compare(
        &mut self,
        rows: Vec<LedgerRow>,
        opened: &Opened,
    ) -> BTreeMap<DestinationUid, LedgerRow> {
        let mut placed = BTreeMap::new();
        for row in rows {
            self.report.counts.checked += 1;
            if shares_copy(&row) {
                // The equal message that the copy belongs to answers for it.
                self.report.counts.shared += 1;
                continue;
            }
            if self.aside.elsewhere.contains(&row.uid) {
                self.report.counts.moved_or_removed += 1;
                continue;
            }
            match row.destination_uid {
                Some(uid) if row.destination_uid_validity == Some(opened.uid_validity) => {
                    if self.taken.insert(uid) {
                        placed.insert(uid, row);
                    } else {
                        self.report.differs(
                            self.folder.1,
                            row.uid,
                            "it shares its copy with another \
                                                                     message",
                        );
                    }
                }
                _ => self.lose(&row, false),
            }
        }
        placed
    }

    fn lose(&mut self, row: &LedgerRow, had_place: bool) {
        let (folder, source) = (self.folder.0, self.folder.1.clone());
        let LedgerRow { uid, identity, size, .. } = *row;
        self.lost.push(Lost { folder, source, uid, identity, size, had_place });
    }

    /// Notes what differs, and leaves the rows whose copy is there.
    fn compare_found(
        &mut self,
        placed: BTreeMap<DestinationUid, LedgerRow>,
        found: &BTreeMap<DestinationUid, MessageFacts<DestinationUid>>,
        opened: &Opened,
    ) -> BTreeMap<DestinationUid, Placed> {
        let mut there = BTreeMap::new();
        for (uid, row) in placed {
            let Some(facts) = found.get(&uid) else {
                self.lose(&row, true);
                continue;
            };
            let compares_flags = self.compares_flags && !self.aside.touched.contains(&row.uid);
            self.compare_marks(&row, facts, (opened, compares_flags));
            let placed = Placed { row, copy_bytes: facts.size };
            if self.depth == VerifyDepth::Quick {
                self.compare_size(uid, placed, compares_flags);
            } else {
                there.insert(uid, placed);
            }
        }
        there
    }

    /// Compares a copy by its size. Some sources only estimate sizes, so another one is a reason to look closer.
    fn compare_size(&mut self, uid: DestinationUid, placed: Placed, compares_flags: bool) {
        let (row, size) = (&placed.row, placed.copy_bytes);
        let is_other = size != row.size && row.size != 0;
        if is_other && self.rewrites {
            self.report.counts.resized += 1;
        } else if is_other {
            self.unsure.insert(uid, placed);
        } else if row.state != MessageState::Copied {
            self.report.counts.size_only += 1;
        } else if !compares_flags {
            self.report.counts.without_flags += 1;
        }
    }

    /// Compares date and flags. Copies that were there before keep those that their owner gave them, and a repair may
    /// have been about the date.
    fn compare_marks(
        &mut self,
        row: &LedgerRow,
        facts: &MessageFacts<DestinationUid>,
        (opened, compares_flags): (&Opened, bool),
    ) {
        if row.state != MessageState::Copied {
            return;
        }
        let folder = self.folder.1;
        let differs = |what: String| Some(Difference { folder: folder.clone(), uid: row.uid, what });
        let is_same = is_same_moment(&row.internal_date, &facts.internal_date);
        let other = format!("dated {} instead of {}", facts.internal_date, row.internal_date);
        self.report.compared_date(if is_same { None } else { differs(other) });
        if !compares_flags {
            return;
        }
        let permanent = opened.permanent_flags.as_deref().filter(|flags| !flags.is_empty());
        let wanted = sorted(flags_for(&row.flags, permanent));
        let shown = sorted(flags_for(&facts.flags, None));
        for flag in sorted(flags_for(&row.flags, None)) {
            if !wanted.contains(&flag) && !shown.contains(&flag) {
                self.report.cannot_keep(flag);
            }
        }
        let lacking: Vec<String> = wanted.iter().filter(|flag| !shown.contains(flag)).cloned().collect();
        let is_more = shown.iter().any(|flag| !wanted.contains(flag));
        let words = format!("flags [{}] instead of [{}]", shown.join(" "), wanted.join(" "));
        let other = if wanted == shown { None } else { differs(words) };
        self.report.compared_flags(&wanted, if is_more { Vec::new() } else { lacking }, other);
    }

    /// Reads copies again. What their bytes alone do not verify is left to a comparison with the source.
    pub(in crate::transfer) async fn compare_bytes(
        &mut self,
        session: &mut Session,
        placed: BTreeMap<DestinationUid, Placed>,
    ) -> Result<(), ImapError> {
        let in_doubt = self.in_doubt(&placed);
        let listed = listed_as(&placed);
        let (large, mut small): (BTreeMap<_, _>, BTreeMap<_, _>) = placed
            .into_iter()
            .partition(|(_, one)| one.row.size > LARGE_BYTES || one.copy_bytes > LARGE_BYTES);
        let uids: Vec<DestinationUid> = small.keys().copied().collect();
        for window in uids.chunks(READ_AGAIN) {
            for mut body in session.ask_bodies(window) {
                let known = Known { in_doubt: &in_doubt, listed: &listed };
                self.compare_window(session, &mut body, (&mut small, known)).await?;
            }
        }
        // Every body has to come: without it nothing is verified.
        for one in small.into_values() {
            self.report.differs(self.folder.1, one.row.uid, NOT_HANDED_OUT);
        }
        for (uid, Placed { row, copy_bytes }) in large {
            let wanted = Wanted { uid: uid.0, listed: copy_bytes, is_kept: false };
            match read_large(session, (wanted, Beside::default()), FetchMethod::Whole).await {
                Ok(Reading::Message(Large { bytes, sha256, head, .. })) => {
                    let form = CopyForm { sha256, bytes, content: None };
                    if !self.is_another(&row, &head, &listed) {
                        self.compare_form(row, form, in_doubt.contains(&uid));
                    }
                }
                Ok(Reading::Nothing) => self.report.differs(self.folder.1, row.uid, NOT_HANDED_OUT),
                Ok(Reading::Doubtful(words)) => {
                    self.report.differs(self.folder.1, row.uid, format!("{NOT_HANDED_OUT}: {words}"));
                }
                Err(error) => {
                    let completion = refused_for_good(error)?;
                    self.report.differs(self.folder.1, row.uid, format!("{NOT_HANDED_OUT}: {completion}"));
                }
            }
        }
        Ok(())
    }

    /// Copies of fewer bytes than the source has listed: that much may have been read of them and no more. Where a source
    /// only estimates sizes, most copies differ, and those that end on a whole piece alone are in doubt.
    fn in_doubt(&self, placed: &BTreeMap<DestinationUid, Placed>) -> BTreeSet<DestinationUid> {
        if self.rewrites {
            return BTreeSet::new();
        }
        let is_kept = |one: &&Placed| one.copy_bytes == one.row.size;
        let keeps_sizes = placed.values().filter(is_kept).count() * 2 >= placed.len();
        let is_short = |one: &Placed| {
            let is_cut = one.copy_bytes > 0 && one.copy_bytes.is_multiple_of(PIECE_BYTES);
            one.copy_bytes < one.row.size && (keeps_sizes || is_cut)
        };
        placed.iter().filter(|(_, one)| is_short(one)).map(|(uid, _)| *uid).collect()
    }

    /// Compares the bodies of one request; those that came leave `waiting`.
    async fn compare_window(
        &mut self,
        session: &mut Session,
        body: &mut Pending<Bodies<DestinationUid>>,
        (waiting, known): (&mut BTreeMap<DestinationUid, Placed>, Known<'_>),
    ) -> Result<(), ImapError> {
        let mut came: BTreeMap<DestinationUid, (SourceUid, [u8; 32])> = BTreeMap::new();
        loop {
            match session.next_body(body).await {
                Ok(BodyReply::Again { uid, bytes }) => {
                    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
                    if let Some((row, _)) = came.get(&uid).filter(|(_, first)| *first != sha256) {
                        self.report.differs(self.folder.1, *row, TWO_FORMS);
                    }
                }
                Ok(BodyReply::Message { uid, bytes }) => {
                    let Some(Placed { row, .. }) = waiting.remove(&uid) else { continue };
                    let sha256 = Sha256::digest(&bytes).into();
                    came.insert(uid, (row.uid, sha256));
                    if self.is_another(&row, &bytes, known.listed) {
                        continue;
                    }
                    // The content matters only where the bytes are not known to be those that were sent.
                    let content = (row.sha256 != Some(sha256)).then(|| mime_content(&bytes));
                    let form = CopyForm { sha256, bytes: bytes.len() as u64, content };
                    self.compare_form(row, form, known.in_doubt.contains(&uid));
                }
                Ok(BodyReply::End) => return Ok(()),
                Err(error) => return refused_for_good(error).map(drop),
            }
        }
    }

    /// Whether a copy is another message than the source listed for it, which is reported: if a source
    /// swaps messages, their bytes agree on both sides, and only their headers show it.
    fn is_another(
        &mut self,
        row: &LedgerRow,
        bytes: &[u8],
        listed: &BTreeMap<IdentityKey, SourceUid>,
    ) -> bool {
        let identity = identity_key(bytes);
        let is_as_listed = row.state != MessageState::Copied || identity == row.identity;
        let Some(other) = listed.get(&identity).filter(|_| !is_as_listed) else { return false };
        self.report.differs(
            self.folder.1,
            row.uid,
            format!("it holds the message that the source lists under UID {other}"),
        );
        true
    }

    /// What the copy is made of is held against the source, which is read anew.
    fn compare_form(&mut self, row: LedgerRow, copy: CopyForm, is_in_doubt: bool) {
        self.doubts.add(row, copy, is_in_doubt);
    }
}

/// What is known of copies before they are read.
#[derive(Clone, Copy)]
struct Known<'a> {
    /// Copies that may be cut.
    in_doubt: &'a BTreeSet<DestinationUid>,
    /// What the source lists.
    listed: &'a BTreeMap<IdentityKey, SourceUid>,
}

/// The messages that the source has listed, by what identifies them.
fn listed_as(placed: &BTreeMap<DestinationUid, Placed>) -> BTreeMap<IdentityKey, SourceUid> {
    let copied = placed.values().filter(|one| one.row.state == MessageState::Copied);
    copied.map(|one| (one.row.identity, one.row.uid)).collect()
}

/// The words of a refusal that is about messages; any other error is passed on.
fn refused_for_good(error: ImapError) -> Result<Completion, ImapError> {
    match error {
        ImapError::Refused { command, completion } if refusal(&completion).is_passing() => {
            Err(ImapError::Refused { command, completion })
        }
        ImapError::Refused { completion, .. } => Ok(completion),
        other => Err(other),
    }
}

/// Whether two servers mean the same moment; a row without a date says nothing against any.
fn is_same_moment(wanted: &str, found: &str) -> bool {
    wanted.is_empty()
        || wanted.trim() == found.trim()
        || internal_date_secs(wanted).is_some_and(|wanted| internal_date_secs(found) == Some(wanted))
}

fn sorted(flags: Vec<String>) -> Vec<String> {
    let mut flags: Vec<String> = flags.into_iter().map(|flag| flag.to_ascii_lowercase()).collect();
    flags.sort_unstable();
    flags
}
