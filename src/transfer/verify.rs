//! Proof after the copy: the ledger against what the destination shows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::control::{CopyControl, copy_control};
use super::destination_name::raw_name;
use super::error::TransferError;
use super::flags::flags_for;
use super::governor::{Refusal, refusal};
use super::recovery::wait_after;
use super::request::{CopyRequest, Progress, ProgressSink};
use crate::imap::{
    BodyReply, BodyRequest, Completion, ImapError, ListingRequest, MessageFacts, Namespace, Opened, Session,
};
use crate::plan::{FolderPath, Governor, MessageState, Side, internal_date_secs};
use crate::project::{FolderTotals, LedgerRow};

/// How closely the destination is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Presence, sizes, dates and flags.
    Quick,
    /// Also every byte, by SHA-256.
    Full,
}

/// What the proof found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Copies in the ledger, all of them: also those of `not_compared` and `not_placed`.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared: found at the destination, never read from the source.
    pub not_compared: u64,
    /// Copies whose place at the destination is not known.
    pub not_placed: u64,
    /// How many differences there are in all.
    pub difference_count: u64,
    /// The first differences.
    pub differences: Vec<Difference>,
}

/// A copy that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The folder at the source.
    pub folder: FolderPath,
    /// UID at the source.
    pub uid: u32,
    /// What differs, in words.
    pub what: String,
}

/// Differences that are listed one by one.
const MAX_DIFFERENCES: usize = 200;
/// Rows that are compared at once.
const PAGE_ROWS: usize = 1_000;
/// Folders up to this size are asked for with one command each.
const AT_ONCE_MESSAGES: u64 = 20_000;
/// Folders asked for at once.
const FOLDERS_AHEAD: usize = 8;
/// Messages read again with one command.
const READ_AGAIN: usize = 20;
/// Messages above this size are read again in pieces, in bytes.
const LARGE_BYTES: u64 = 2 << 20;

const NOT_HANDED_OUT: &str = "the destination does not hand out its bytes";

const COPIED: [MessageState; 3] = [MessageState::Copied, MessageState::AlreadyThere, MessageState::Repaired];

impl VerifyReport {
    fn differs(&mut self, folder: &FolderPath, uid: u32, what: impl Into<String>) {
        self.difference_count += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { folder: folder.clone(), uid, what: what.into() });
        }
    }

    /// One sentence for the report.
    pub fn words(&self) -> String {
        let Self { checked, bytes_equal, not_compared, not_placed, difference_count, .. } = self;
        let mut words = vec![format!("{checked} copies checked")];
        for (count, what) in [
            (bytes_equal, "byte for byte"),
            (not_compared, "without bytes to compare with"),
            (not_placed, "whose place at the destination is not known"),
        ] {
            if *count > 0 {
                words.push(format!("{count} {what}"));
            }
        }
        words.push(match difference_count {
            0 => "no difference found".to_owned(),
            _ => format!("{difference_count} differences found"),
        });
        words.join(", ")
    }

    /// Adds the report of another mailbox to this one.
    pub fn add(&mut self, other: &Self) {
        self.checked += other.checked;
        self.bytes_equal += other.bytes_equal;
        self.not_compared += other.not_compared;
        self.not_placed += other.not_placed;
        self.difference_count += other.difference_count;
        let room = MAX_DIFFERENCES.saturating_sub(self.differences.len());
        self.differences.extend(other.differences.iter().take(room).cloned());
    }

    /// Whether everything that was to be proven at this depth is: no difference, and with [`Depth::Full`] no copy whose
    /// place is not known.
    pub const fn is_proof(&self, depth: Depth) -> bool {
        self.difference_count == 0 && (matches!(depth, Depth::Quick) || self.not_placed == 0)
    }
}

/// Compares every copy of the ledger with the destination. Reads the destination only.
pub async fn verify_mailbox(request: &CopyRequest, depth: Depth) -> Result<VerifyReport, TransferError> {
    let (_controller, control) = copy_control(CancellationToken::new());
    Ok(prove_mailbox(request, depth, control, &|_| {}).await?.unwrap_or_default())
}

/// Compares every copy of the ledger with the destination, as [`verify_mailbox`], and can be paused and stopped.
/// Connects anew where a connection breaks and goes on where it was. `None` where it was stopped before its end.
pub async fn prove_mailbox(
    request: &CopyRequest,
    depth: Depth,
    control: CopyControl,
    sink: ProgressSink<'_>,
) -> Result<Option<VerifyReport>, TransferError> {
    let planned: BTreeSet<&FolderPath> = request.plan.folders.iter().map(|plan| &plan.source).collect();
    let mut folders: VecDeque<FolderTotals> = request.ledger.folder_totals()?.into();
    folders.retain(|folder| folder.totals.sum.source_count > 0 && planned.contains(&folder.source));
    let mut proof = Proof {
        request,
        depth,
        control,
        sink,
        folders,
        after: 0,
        steps: 0,
        places: BTreeMap::new(),
        report: VerifyReport::default(),
    };
    let (mut governor, mut steps) = (Governor::new(1), 0);
    loop {
        let control = proof.control.clone();
        let attempt = tokio::select! {
            () = control.stopped() => return Ok(None),
            outcome = Box::pin(proof.attempt()) => outcome,
        };
        let error = match attempt {
            Ok(()) => return Ok(Some(proof.report)),
            Err(error) => error,
        };
        if proof.steps > steps {
            governor.progressed();
        }
        steps = proof.steps;
        if !wait_after(error, &mut governor, (request.limits, &control), sink).await? {
            return Ok(None);
        }
    }
}

/// A proof on its way, which survives broken connections.
struct Proof<'a> {
    request: &'a CopyRequest,
    depth: Depth,
    control: CopyControl,
    sink: ProgressSink<'a>,
    /// What is left; the first one is under way.
    folders: VecDeque<FolderTotals>,
    /// UID at the source up to which the first folder is done.
    after: u32,
    /// Pages that are done.
    steps: u64,
    /// Copies that belong to a row already, by the name of their folder.
    places: BTreeMap<String, BTreeSet<u32>>,
    report: VerifyReport,
}

impl Proof<'_> {
    async fn attempt(&mut self) -> Result<(), TransferError> {
        self.rest().await;
        let opened = self.request.destination.open().await;
        let mut session =
            opened.map_err(|source| TransferError::SignIn { side: Side::Destination, source })?;
        let namespace = session.namespace().await.map_err(at_destination)?;
        let is_at_once = self.depth == Depth::Quick && session.can_list_at_once();
        while let Some(folder) = self.folders.front().cloned() {
            if is_at_once && self.after == 0 && is_small(&folder) {
                self.rest().await;
                self.prove_ahead(&mut session, &namespace).await?;
                continue;
            }
            let raw = raw_name(&folder.destination, &namespace);
            self.prove_folder(&mut session, &folder, &raw).await?;
            self.folders.pop_front();
            (self.after, self.steps) = (0, self.steps + 1);
        }
        session.logout().await;
        Ok(())
    }

    async fn rest(&mut self) {
        if self.control.is_paused() {
            (self.sink)(Progress::Paused);
            self.control.wait_while_paused().await;
            (self.sink)(Progress::Resumed);
        }
    }

    /// Compares small folders, each asked for with one command, several under way at once.
    async fn prove_ahead(
        &mut self,
        session: &mut Session,
        namespace: &Namespace,
    ) -> Result<(), TransferError> {
        let mut asked = Vec::with_capacity(FOLDERS_AHEAD);
        for folder in self.folders.iter().take_while(|folder| is_small(folder)).take(FOLDERS_AHEAD) {
            let raw = raw_name(&folder.destination, namespace);
            let listing = session.ask_listing(&raw, 1, &["MESSAGE-ID"]).map_err(at_destination)?;
            asked.push((folder.clone(), raw, listing));
        }
        for (folder, raw, listing) in asked {
            match session.listing_opened(&listing).await {
                Ok(opened) => {
                    let rows = self.request.ledger.rows(folder.id, &COPIED)?;
                    let rows = self.request.ledger.as_sent(folder.id, rows)?;
                    let mut page = self.page(&folder, &raw);
                    page.compare_listing(session, (&listing, &opened), rows).await.map_err(at_destination)?;
                    let Page { report, taken, .. } = page;
                    self.report = report;
                    self.places.insert(raw, taken);
                }
                Err(ImapError::Refused { completion, .. }) => self.note_closed(&folder, &completion),
                Err(error) => return Err(at_destination(error)),
            }
            self.folders.pop_front();
            self.steps += 1;
        }
        Ok(())
    }

    fn note_closed(&mut self, folder: &FolderTotals, completion: &Completion) {
        self.report.differs(&folder.source, 0, format!("the folder cannot be opened: {completion}"));
    }

    /// A page counts when it is done: one that breaks off is compared again.
    fn page<'p>(&self, folder: &'p FolderTotals, raw: &str) -> Page<'p> {
        let taken = self.places.get(raw).cloned().unwrap_or_default();
        Page { source: &folder.source, depth: self.depth, report: self.report.clone(), taken }
    }

    async fn prove_folder(
        &mut self,
        session: &mut Session,
        folder: &FolderTotals,
        raw: &str,
    ) -> Result<(), TransferError> {
        let opened = match session.examine(raw).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { completion, .. }) => {
                self.note_closed(folder, &completion);
                return Ok(());
            }
            Err(error) => return Err(at_destination(error)),
        };
        loop {
            self.rest().await;
            let rows = self.request.ledger.rows_after(folder.id, &COPIED, self.after, PAGE_ROWS)?;
            let Some(last) = rows.last().map(|row| row.uid) else { return Ok(()) };
            let rows = self.request.ledger.as_sent(folder.id, rows)?;
            let mut page = self.page(folder, raw);
            let placed = page.compare_facts(session, &opened, rows).await.map_err(at_destination)?;
            if self.depth == Depth::Full {
                page.compare_bytes(session, placed).await.map_err(at_destination)?;
            }
            self.report = page.report;
            self.places.insert(raw.to_owned(), page.taken);
            (self.after, self.steps) = (last, self.steps + 1);
        }
    }
}

fn is_small(folder: &FolderTotals) -> bool {
    folder.totals.sum.source_count <= AT_ONCE_MESSAGES
}

/// A refusal that speaks of load is a wish to wait.
fn at_destination(source: ImapError) -> TransferError {
    let side = Side::Destination;
    match source.refusal().map(refusal) {
        Some(Refusal::Wait(seconds)) => TransferError::Throttled { side, seconds, words: source.to_string() },
        _ => TransferError::Server { side, source },
    }
}

/// Some rows of one folder.
struct Page<'a> {
    source: &'a FolderPath,
    depth: Depth,
    report: VerifyReport,
    /// Copies that belong to a row already.
    taken: BTreeSet<u32>,
}

impl Page<'_> {
    /// Compares sizes, dates and flags with a listing that is under way.
    async fn compare_listing(
        &mut self,
        session: &mut Session,
        (listing, opened): (&ListingRequest, &Opened),
        rows: Vec<LedgerRow>,
    ) -> Result<(), ImapError> {
        let mut placed = self.placed(rows, opened);
        let mut found: BTreeMap<u32, MessageFacts> = BTreeMap::new();
        session
            .listing_facts(listing, |facts| {
                let known = facts.into_iter().filter(|facts| placed.contains_key(&facts.uid));
                found.extend(known.map(|facts| (facts.uid, MessageFacts { header: Vec::new(), ..facts })));
                Ok::<(), ImapError>(())
            })
            .await?;
        self.compare_found(&mut placed, &found, opened);
        Ok(())
    }

    /// The rows whose place at the destination is known, by the UID of their copy.
    fn placed(&mut self, rows: Vec<LedgerRow>, opened: &Opened) -> BTreeMap<u32, LedgerRow> {
        let mut placed = BTreeMap::new();
        for row in rows {
            self.report.checked += 1;
            match row.destination_uid {
                Some(uid) if row.destination_uid_validity == Some(opened.uid_validity) => {
                    if self.taken.insert(uid) {
                        placed.insert(uid, row);
                    } else {
                        self.report.differs(self.source, row.uid, "another message has the same copy");
                    }
                }
                _ => self.report.not_placed += 1,
            }
        }
        placed
    }

    /// Notes what differs, and leaves the rows whose copy is there.
    fn compare_found(
        &mut self,
        placed: &mut BTreeMap<u32, LedgerRow>,
        found: &BTreeMap<u32, MessageFacts>,
        opened: &Opened,
    ) {
        placed.retain(|uid, row| {
            let Some(facts) = found.get(uid) else {
                self.report.differs(self.source, row.uid, "no longer at the destination");
                return false;
            };
            if let Some(what) = difference(row, facts, opened, self.depth) {
                self.report.differs(self.source, row.uid, what);
            }
            true
        });
    }

    /// Compares sizes, dates and flags. Returns the rows whose copy is there, by its UID.
    async fn compare_facts(
        &mut self,
        session: &mut Session,
        opened: &Opened,
        rows: Vec<LedgerRow>,
    ) -> Result<BTreeMap<u32, LedgerRow>, ImapError> {
        let mut placed = self.placed(rows, opened);
        let uids: Vec<u32> = placed.keys().copied().collect();
        let mut found: BTreeMap<u32, MessageFacts> = BTreeMap::new();
        session
            .fetch_facts(&uids, &["MESSAGE-ID"], |facts| {
                found.extend(facts.into_iter().map(|facts| (facts.uid, facts)));
                Ok::<(), ImapError>(())
            })
            .await?;
        self.compare_found(&mut placed, &found, opened);
        Ok(placed)
    }

    async fn compare_bytes(
        &mut self,
        session: &mut Session,
        placed: BTreeMap<u32, LedgerRow>,
    ) -> Result<(), ImapError> {
        let (known, unknown): (BTreeMap<_, _>, BTreeMap<_, _>) =
            placed.into_iter().partition(|(_, row)| row.sha256.is_some());
        self.report.not_compared += unknown.len() as u64;
        let (large, mut small): (BTreeMap<_, _>, BTreeMap<_, _>) =
            known.into_iter().partition(|(_, row)| row.size > LARGE_BYTES);
        let uids: Vec<u32> = small.keys().copied().collect();
        for window in uids.chunks(READ_AGAIN) {
            for body in session.ask_bodies(window) {
                self.compare_window(session, &body, &mut small).await?;
            }
        }
        // Every body has to come: one that does not is no proof.
        for row in small.into_values() {
            self.report.differs(self.source, row.uid, NOT_HANDED_OUT);
        }
        for (uid, row) in large {
            let mut hash = Sha256::new();
            match session.fetch_large(uid, |piece| hash.update(piece)).await {
                Ok(Some(_)) => self.compare_hash(&row, hash.finalize().into()),
                Ok(None) => self.report.differs(self.source, row.uid, NOT_HANDED_OUT),
                Err(error) => {
                    let completion = refused_for_good(error)?;
                    self.report.differs(self.source, row.uid, format!("{NOT_HANDED_OUT}: {completion}"));
                }
            }
        }
        Ok(())
    }

    /// Compares the bodies of one request; those that came leave `waiting`.
    async fn compare_window(
        &mut self,
        session: &mut Session,
        body: &BodyRequest,
        waiting: &mut BTreeMap<u32, LedgerRow>,
    ) -> Result<(), ImapError> {
        loop {
            match session.next_body(body).await {
                Ok(BodyReply::Message { uid, bytes }) => {
                    if let Some(row) = waiting.remove(&uid) {
                        self.compare_hash(&row, Sha256::digest(&bytes).into());
                    }
                }
                Ok(BodyReply::End) => return Ok(()),
                Err(error) => return refused_for_good(error).map(drop),
            }
        }
    }

    fn compare_hash(&mut self, row: &LedgerRow, hash: [u8; 32]) {
        if row.sha256 == Some(hash) {
            self.report.bytes_equal += 1;
        } else {
            self.report.differs(self.source, row.uid, "its bytes are not those of the source");
        }
    }
}

/// The words of a refusal that is about messages; any other error goes on.
fn refused_for_good(error: ImapError) -> Result<Completion, ImapError> {
    match error {
        ImapError::Refused { command, completion } if matches!(refusal(&completion), Refusal::Wait(_)) => {
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

/// What differs between a row and its copy. Copies that were there before keep the flags their owner gave them.
///
/// Some sources only estimate sizes; where the bytes are compared, they say more than the size does.
fn difference(row: &LedgerRow, facts: &MessageFacts, opened: &Opened, depth: Depth) -> Option<String> {
    let says_bytes = depth == Depth::Full && row.sha256.is_some();
    if facts.size != row.size && row.size != 0 && !says_bytes {
        return Some(format!("{} bytes instead of {}", facts.size, row.size));
    }
    if row.state != MessageState::Copied {
        return None;
    }
    if !is_same_moment(&row.internal_date, &facts.internal_date) {
        return Some(format!("dated {} instead of {}", facts.internal_date, row.internal_date));
    }
    let expected =
        sorted(flags_for(&row.flags, opened.permanent_flags.as_deref().filter(|flags| !flags.is_empty())));
    let shown = sorted(flags_for(&facts.flags, None));
    (expected != shown).then(|| format!("flags [{}] instead of [{}]", shown.join(" "), expected.join(" ")))
}

fn sorted(flags: Vec<String>) -> Vec<String> {
    let mut flags: Vec<String> = flags.into_iter().map(|flag| flag.to_ascii_lowercase()).collect();
    flags.sort_unstable();
    flags
}
