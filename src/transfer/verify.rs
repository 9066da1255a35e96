//! Proof after the copy: the ledger against what the destination shows.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::destination_name::raw_name;
use super::error::TransferError;
use super::flags::flags_for;
use super::request::{CopyRequest, FolderProblem};
use crate::imap::{BodyReply, ImapError, ListingRequest, MessageFacts, Opened, Session};
use crate::plan::{FolderPath, FolderPlan, MessageState, Side};
use crate::project::{FolderId, LedgerRow};

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
    /// Copies that were looked at.
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
        let Self { checked, bytes_equal, difference_count, .. } = self;
        let bytes = if *bytes_equal > 0 { format!(", {bytes_equal} byte for byte") } else { String::new() };
        match difference_count {
            0 => format!("{checked} copies checked{bytes}, no difference found"),
            _ => format!("{checked} copies checked{bytes}, {difference_count} differences found"),
        }
    }
}

/// Compares every copy of the ledger with the destination. Reads the destination only.
pub async fn verify_mailbox(request: &CopyRequest, depth: Depth) -> Result<VerifyReport, TransferError> {
    let opened = request.destination.open().await;
    let mut session = opened.map_err(|source| TransferError::SignIn { side: Side::Destination, source })?;
    let at = TransferError::at(Side::Destination);
    let namespace = session.namespace().await.map_err(&at)?;
    let mut report = VerifyReport::default();
    let plans: BTreeMap<&FolderPath, &FolderPlan> =
        request.plan.folders.iter().map(|plan| (&plan.source, plan)).collect();
    let mut folders = request.ledger.folder_totals()?;
    folders.retain(|folder| folder.totals.sum.source_count > 0 && plans.contains_key(&folder.source));
    let is_at_once = depth == Depth::Quick && session.can_list_at_once();
    let (small, large): (Vec<_>, Vec<_>) = folders
        .into_iter()
        .partition(|folder| is_at_once && folder.totals.sum.source_count <= AT_ONCE_MESSAGES);
    for window in small.chunks(FOLDERS_AHEAD) {
        let mut asked = Vec::with_capacity(window.len());
        for folder in window {
            let raw = raw_name(&folder.destination, &namespace);
            asked.push((folder, session.ask_listing(&raw, 1, &["MESSAGE-ID"]).map_err(&at)?));
        }
        for (folder, listing) in asked {
            let check = Check { request, report: &mut report, source: &folder.source, folder: folder.id };
            let problem = check.run_at_once(&mut session, &listing).await?;
            note_closed(&mut report, &folder.source, problem);
        }
    }
    for folder in large {
        let raw = raw_name(&folder.destination, &namespace);
        let check = Check { request, report: &mut report, source: &folder.source, folder: folder.id };
        let problem = check.run(&mut session, &raw, depth).await?;
        note_closed(&mut report, &folder.source, problem);
    }
    session.logout().await;
    Ok(report)
}

fn note_closed(report: &mut VerifyReport, folder: &FolderPath, outcome: Result<(), FolderProblem>) {
    if let Err(problem) = outcome {
        report.differs(folder, 0, format!("the folder cannot be opened: {}", problem.words));
    }
}

struct Check<'a> {
    request: &'a CopyRequest,
    report: &'a mut VerifyReport,
    source: &'a FolderPath,
    folder: FolderId,
}

impl Check<'_> {
    /// Compares sizes, dates and flags of a folder whose listing is under way.
    async fn run_at_once(
        mut self,
        session: &mut Session,
        listing: &ListingRequest,
    ) -> Result<Result<(), FolderProblem>, TransferError> {
        let at = TransferError::at(Side::Destination);
        let opened = match session.listing_opened(listing).await {
            Ok(opened) => opened,
            Err(error) => return self.closed(error),
        };
        let rows = self.request.ledger.rows(self.folder, &COPIED)?;
        let mut placed = self.placed(rows, &opened);
        let mut found: BTreeMap<u32, MessageFacts> = BTreeMap::new();
        session
            .listing_facts(listing, |facts| {
                let known = facts.into_iter().filter(|facts| placed.contains_key(&facts.uid));
                found.extend(known.map(|facts| (facts.uid, MessageFacts { header: Vec::new(), ..facts })));
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(&at)?;
        self.compare_found(&mut placed, &found, &opened);
        Ok(Ok(()))
    }

    /// A folder that is refused is a problem of its own; any other error ends the proof.
    fn closed(&self, error: ImapError) -> Result<Result<(), FolderProblem>, TransferError> {
        match error {
            ImapError::Refused { completion, .. } => {
                let words = completion.to_string();
                Ok(Err(FolderProblem { folder: self.source.clone(), side: Side::Destination, words }))
            }
            error => Err(TransferError::at(Side::Destination)(error)),
        }
    }

    async fn run(
        mut self,
        session: &mut Session,
        raw: &str,
        depth: Depth,
    ) -> Result<Result<(), FolderProblem>, TransferError> {
        let at = TransferError::at(Side::Destination);
        let opened = match session.examine(raw).await {
            Ok(opened) => opened,
            Err(error) => return self.closed(error),
        };
        let mut after = 0;
        loop {
            let rows = self.request.ledger.rows_after(self.folder, &COPIED, after, PAGE_ROWS)?;
            let Some(last) = rows.last() else { return Ok(Ok(())) };
            after = last.uid;
            let placed = self.compare_facts(session, &opened, rows).await.map_err(&at)?;
            if depth == Depth::Full {
                self.compare_bytes(session, placed).await.map_err(&at)?;
            }
        }
    }

    /// The rows whose place at the destination is known, by the UID of their copy.
    fn placed(&mut self, rows: Vec<LedgerRow>, opened: &Opened) -> BTreeMap<u32, LedgerRow> {
        let mut placed = BTreeMap::new();
        for row in rows {
            self.report.checked += 1;
            match row.destination_uid {
                Some(uid) if row.destination_uid_validity == Some(opened.uid_validity) => {
                    placed.insert(uid, row);
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
            if let Some(what) = difference(row, facts, opened) {
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
        let (large, small): (BTreeMap<_, _>, BTreeMap<_, _>) =
            known.into_iter().partition(|(_, row)| row.size > LARGE_BYTES);
        let uids: Vec<u32> = small.keys().copied().collect();
        for window in uids.chunks(READ_AGAIN) {
            for body in session.ask_bodies(window) {
                while let BodyReply::Message { uid, bytes } = session.next_body(&body).await? {
                    if let Some(row) = small.get(&uid) {
                        self.compare_hash(row, Sha256::digest(&bytes).into());
                    }
                }
            }
        }
        for (uid, row) in large {
            let mut hash = Sha256::new();
            session.fetch_large(uid, |piece| hash.update(piece)).await?;
            self.compare_hash(&row, hash.finalize().into());
        }
        Ok(())
    }

    fn compare_hash(&mut self, row: &LedgerRow, hash: [u8; 32]) {
        if row.sha256 == Some(hash) {
            self.report.bytes_equal += 1;
        } else {
            self.report.differs(self.source, row.uid, "its bytes are not those of the source");
        }
    }
}

/// What differs between a row and its copy. Copies that were there before keep the flags their owner gave them.
fn difference(row: &LedgerRow, facts: &MessageFacts, opened: &Opened) -> Option<String> {
    if facts.size != row.size && row.size != 0 {
        return Some(format!("{} bytes instead of {}", facts.size, row.size));
    }
    if row.state != MessageState::Copied {
        return None;
    }
    if !row.internal_date.is_empty() && facts.internal_date.trim() != row.internal_date.trim() {
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
