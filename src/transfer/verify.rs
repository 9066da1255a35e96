//! Proof after the copy: the ledger against what the destination shows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::control::{CopyControl, copy_control};
use super::destination_name::raw_name;
use super::error::TransferError;
use super::flags::flags_for;
use super::gmail_destination::shares_copy;
use super::governor::{Refusal, refusal};
use super::parts::{Doubts, OTHER_BYTES, Parts};
use super::recovery::wait_after;
use super::request::{CopyRequest, Progress, ProgressSink};
use super::verify_report::{Depth, VerifyReport};
use crate::imap::{
    BodyReply, BodyRequest, Completion, ImapError, ListingRequest, MessageFacts, Namespace, Opened, Session,
};
use crate::plan::{CopyMode, FolderPath, Governor, MessageState, Side, internal_date_secs, mime_content};
use crate::project::{FolderTotals, LedgerRow, SetAside};

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
        parts: Parts::default(),
        rewrites: false,
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
    /// For copies that the destination has written anew.
    parts: Parts,
    /// It is known to do that.
    rewrites: bool,
    report: VerifyReport,
}

impl Proof<'_> {
    async fn attempt(&mut self) -> Result<(), TransferError> {
        self.rest().await;
        let opened = self.request.destination.open().await;
        let mut session =
            opened.map_err(|source| TransferError::SignIn { side: Side::Destination, source })?;
        let namespace = session.namespace().await.map_err(at_destination)?;
        self.rewrites = session.rewrites_messages();
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
        self.parts.close().await;
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
            let listing = session.ask_writable_listing(&raw, 1, &["MESSAGE-ID"]).map_err(at_destination)?;
            asked.push((folder.clone(), raw, listing));
        }
        for (folder, raw, listing) in asked {
            match session.listing_opened(&listing).await {
                Ok(opened) => {
                    let rows = self.request.ledger.rows(folder.id, &COPIED)?;
                    let rows = self.request.ledger.as_sent(folder.id, rows)?;
                    let aside = self.request.ledger.set_aside(folder.id)?;
                    let mut page = self.page(&folder, &raw, &aside);
                    page.compare_listing(session, (&listing, &opened), rows).await.map_err(at_destination)?;
                    let Page { report, taken, .. } = page;
                    self.report = report;
                    self.places.insert(raw, taken);
                }
                Err(ImapError::Refused { completion, .. }) => self.note_closed(&folder, &completion)?,
                Err(error) => return Err(at_destination(error)),
            }
            self.folders.pop_front();
            self.steps += 1;
        }
        Ok(())
    }

    /// A folder that is gone is a difference, but where people have moved or removed every copy in it.
    fn note_closed(&mut self, folder: &FolderTotals, completion: &Completion) -> Result<(), TransferError> {
        let (ledger, sum) = (&self.request.ledger, folder.totals.sum);
        let copies = sum.copied + sum.already_there + sum.repaired;
        if ledger.set_aside(folder.id)?.elsewhere.len() as u64 == copies {
            self.report.checked += copies;
            self.report.moved_or_removed += copies;
        } else {
            self.report.differs(&folder.source, 0, format!("the folder cannot be opened: {completion}"));
        }
        Ok(())
    }

    /// A page counts when it is done: one that breaks off is compared again.
    fn page<'p>(&self, folder: &'p FolderTotals, raw: &str, aside: &'p SetAside) -> Page<'p> {
        Page {
            source: &folder.source,
            depth: self.depth,
            report: self.report.clone(),
            taken: self.places.get(raw).cloned().unwrap_or_default(),
            aside,
            compares_flags: self.request.options.mode == CopyMode::BeforeSwitch,
            rewrites: self.rewrites,
            doubts: Doubts::new(&folder.source),
        }
    }

    async fn prove_folder(
        &mut self,
        session: &mut Session,
        folder: &FolderTotals,
        raw: &str,
    ) -> Result<(), TransferError> {
        let opened = match session.select(raw).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { completion, .. }) => {
                return self.note_closed(folder, &completion);
            }
            Err(error) => return Err(at_destination(error)),
        };
        let aside = self.request.ledger.set_aside(folder.id)?;
        loop {
            self.rest().await;
            let rows = self.request.ledger.rows_after(folder.id, &COPIED, self.after, PAGE_ROWS)?;
            let Some(last) = rows.last().map(|row| row.uid) else { return Ok(()) };
            let rows = self.request.ledger.as_sent(folder.id, rows)?;
            let mut page = self.page(folder, raw, &aside);
            let placed = page.compare_facts(session, &opened, rows).await.map_err(at_destination)?;
            if self.depth == Depth::Full {
                page.compare_bytes(session, placed).await.map_err(at_destination)?;
                page.report = self.parts.compare(self.request, &mut page.doubts, page.report).await?;
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
    /// What people did with copies.
    aside: &'a SetAside,
    /// After the switch, flags are people's own.
    compares_flags: bool,
    /// The destination writes messages anew, so that sizes say little.
    rewrites: bool,
    /// Copies with other bytes than their messages.
    doubts: Doubts,
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
            if shares_copy(&row) {
                // The equal message that the copy belongs to answers for it.
                self.report.shared += 1;
                continue;
            }
            if self.aside.elsewhere.contains(&row.uid) {
                self.report.moved_or_removed += 1;
                continue;
            }
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
            let compares_flags = self.compares_flags && !self.aside.touched.contains(&row.uid);
            let is_resized = self.rewrites && self.depth == Depth::Quick && facts.size != row.size;
            self.report.resized += u64::from(is_resized);
            let says_bytes = self.depth == Depth::Full && row.sha256.is_some();
            let compares = (!self.rewrites && !says_bytes, compares_flags);
            if let Some(what) = difference(row, facts, opened, compares) {
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
            placed.into_iter().partition(|(_, row)| row.sha256.is_some() || self.rewrites);
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
                Ok(Some(_)) => self.compare_hash(row, hash.finalize().into(), None),
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
                        self.compare_hash(row, Sha256::digest(&bytes).into(), Some(&bytes));
                    }
                }
                Ok(BodyReply::End) => return Ok(()),
                Err(error) => return refused_for_good(error).map(drop),
            }
        }
    }

    /// Other bytes may still say the same; large messages are held to their bytes.
    fn compare_hash(&mut self, row: LedgerRow, hash: [u8; 32], bytes: Option<&[u8]>) {
        match bytes {
            _ if row.sha256 == Some(hash) => self.report.bytes_equal += 1,
            Some(bytes) => self.doubts.add(row, mime_content(bytes)),
            None => self.report.differs(self.source, row.uid, OTHER_BYTES),
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
fn difference(
    row: &LedgerRow,
    facts: &MessageFacts,
    opened: &Opened,
    (compares_sizes, compares_flags): (bool, bool),
) -> Option<String> {
    if facts.size != row.size && row.size != 0 && compares_sizes {
        return Some(format!("{} bytes instead of {}", facts.size, row.size));
    }
    if row.state != MessageState::Copied {
        return None;
    }
    if !is_same_moment(&row.internal_date, &facts.internal_date) {
        return Some(format!("dated {} instead of {}", facts.internal_date, row.internal_date));
    }
    if !compares_flags {
        return None;
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
