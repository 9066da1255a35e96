//! Verification after the copy: the ledger against what the destination shows.

pub(in crate::transfer) mod cut_short;
pub(in crate::transfer) mod found_elsewhere;
pub(in crate::transfer) mod mime_comparison;
pub(in crate::transfer) mod page;
pub(in crate::transfer) mod report;
pub(in crate::transfer) mod source_forms;
pub(in crate::transfer) mod tally;

mod left;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tokio_util::sync::CancellationToken;

use crate::imap::{ImapError, Namespace, Opened, Session};
use crate::plan::{CopyMode, FolderPath, Governor, MessageState, VerifyDepth};
use crate::project::{FolderId, FolderTotals, LedgerRow, SetAside};
use crate::transfer::context::control::{CopyControl, copy_control};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{CopyRequest, Progress, ProgressSink};
use crate::transfer::pace::retry::wait_after;
use crate::transfer::pace::verify_traffic::count_reading;
use crate::transfer::verify::cut_short::cut_short;
use crate::transfer::verify::found_elsewhere::{Lost, Search, look_elsewhere};
use crate::transfer::verify::mime_comparison::{Doubts, Parts};
use crate::transfer::verify::page::{Page, Placed};
use crate::transfer::verify::report::VerifyReport;
use crate::values::{DestinationUid, Side, SourceUid, Uid, UidValidity};
use left::{At, Closed, Ends};

/// Rows that are compared at once.
const PAGE_ROWS: usize = 1_000;
/// Message bytes that are read at once, so that little is read again after a break.
const PAGE_BYTES: u64 = 32 << 20;
/// Copies that a quick verification reads because of their size.
const CLOSER_LOOKS: usize = 100;
/// Pages that a day's share is good for at least.
const PAGES_PER_DAY: u64 = 8;
/// Folders up to this size are asked for with one command each.
const AT_ONCE_MESSAGES: u64 = 20_000;
/// Folders asked for at once.
const FOLDERS_AHEAD: usize = 8;
const COPIED: [MessageState; 3] = [MessageState::Copied, MessageState::AlreadyThere, MessageState::Repaired];

/// Compares every copy of the ledger with the destination. Writes on neither side; a full verification reads the source again
/// where the bytes of a copy alone say too little.
pub async fn verify_mailbox(
    request: &CopyRequest,
    depth: VerifyDepth,
) -> Result<VerifyReport, TransferError> {
    let (_controller, control) = copy_control(CancellationToken::new());
    Ok(verify_mailbox_controlled(request, depth, control, &|_| {})
        .await?
        .unwrap_or_else(|| VerifyReport::new(depth)))
}

/// Compares every copy of the ledger with the destination, as [`verify_mailbox`], and can be paused and stopped.
/// Reconnects after a lost connection and continues where it was. `None` if it was stopped before its end.
pub async fn verify_mailbox_controlled(
    request: &CopyRequest,
    depth: VerifyDepth,
    control: CopyControl,
    sink: ProgressSink<'_>,
) -> Result<Option<VerifyReport>, TransferError> {
    let planned: BTreeSet<&FolderPath> = request.plan.folders.iter().map(|plan| &plan.source).collect();
    let mut folders: VecDeque<FolderTotals> = request.ledger.folder_totals()?.into();
    folders.retain(|folder| folder.totals.sum.source_count > 0 && planned.contains(&folder.source));
    let mut verification = Verification {
        request,
        depth,
        control,
        sink,
        folders,
        after: SourceUid(0),
        steps: 0,
        places: BTreeMap::new(),
        opened: BTreeMap::new(),
        unsure: Vec::new(),
        looked: 0,
        lost: Vec::new(),
        closed: BTreeMap::new(),
        parts: Parts::default(),
        rewrites: false,
        ends: Ends::default(),
        raw: None,
        skipped: BTreeSet::new(),
        refused: 0,
        report: VerifyReport::new(depth),
    };
    let (mut governor, mut steps) = (Governor::new(1), 0);
    loop {
        let control = verification.control.clone();
        let attempt = tokio::select! {
            () = control.stopped() => return Ok(None),
            outcome = Box::pin(verification.attempt()) => outcome,
        };
        let error = match attempt {
            Ok(()) => return Ok(Some(verification.report)),
            Err(error) => error,
        };
        verification.heed_goodbye(&error)?;
        if verification.steps > steps {
            governor.progressed();
            verification.refused = 0;
        }
        steps = verification.steps;
        if verification.heed_refusal(&error)? {
            continue;
        }
        if !wait_after(error, &mut governor, (request.limits, &control), sink).await? {
            return Ok(None);
        }
    }
}

/// A verification on its way, which survives broken connections.
struct Verification<'a> {
    request: &'a CopyRequest,
    depth: VerifyDepth,
    control: CopyControl,
    sink: ProgressSink<'a>,
    /// What is left; the first one is under way.
    folders: VecDeque<FolderTotals>,
    /// UID at the source up to which the first folder is done.
    after: SourceUid,
    /// Pages that are done.
    steps: u64,
    /// Copies that belong to a row already, by the name of their folder.
    places: BTreeMap<String, BTreeSet<DestinationUid>>,
    /// Folders of the destination as they were opened, by their names.
    opened: BTreeMap<String, Counted>,
    /// Copies of another size than known, by folder.
    unsure: Vec<(FolderTotals, String, BTreeMap<DestinationUid, Placed>)>,
    /// Copies that were looked at because of their size.
    looked: usize,
    /// Copies that are not in their place.
    lost: Vec<Lost>,
    /// Folders that the destination does not open.
    closed: BTreeMap<FolderId, Closed>,
    /// For copies whose bytes alone say too little.
    parts: Parts,
    /// It is known to do that.
    rewrites: bool,
    /// Where connections have ended.
    ends: Ends,
    /// The name at the destination of the folder that is under way, with nothing else.
    raw: Option<String>,
    /// Folders of the destination in which nothing is looked for any more.
    skipped: BTreeSet<String>,
    /// How often a command was refused since a page was done, for no reason that passes.
    refused: u32,
    report: VerifyReport,
}

/// What there is to count in a folder of the destination.
struct Counted {
    folder: FolderTotals,
    uid_validity: UidValidity,
    exists: u64,
}

impl Verification<'_> {
    async fn attempt(&mut self) -> Result<(), TransferError> {
        (self.raw, self.ends.at) = (None, At::Nowhere);
        self.rest().await;
        let opened = self.request.destination.open().await;
        let mut session =
            opened.map_err(|source| TransferError::SignIn { side: Side::Destination, source })?;
        (self.sink)(Progress::Connected);
        let namespace = session.namespace().await.map_err(TransferError::from_imap(Side::Destination))?;
        self.rewrites = session.rewrites_messages();
        let is_at_once = self.depth == VerifyDepth::Quick && session.can_list_at_once();
        while let Some(folder) = self.folders.front().cloned() {
            if is_at_once && !self.ends.is_one_by_one && self.after == SourceUid(0) && is_small(&folder) {
                self.rest().await;
                self.verify_ahead(&mut session, &namespace).await?;
                continue;
            }
            let raw = raw_name(&folder.destination, &namespace);
            self.verify_folder(&mut session, &folder, &raw).await?;
            self.folders.pop_front();
            (self.after, self.steps) = (SourceUid(0), self.steps + 1);
        }
        self.rest().await;
        self.look_closer(&mut session).await?;
        self.report.judge_habits();
        self.raw = None;
        self.settle_lost(&mut session, &namespace).await?;
        self.count_others()?;
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
    async fn verify_ahead(
        &mut self,
        session: &mut Session,
        namespace: &Namespace,
    ) -> Result<(), TransferError> {
        (self.raw, self.ends.at) = (None, At::Several);
        let mut asked = Vec::with_capacity(FOLDERS_AHEAD);
        for folder in self.folders.iter().take_while(|folder| is_small(folder)).take(FOLDERS_AHEAD) {
            let raw = raw_name(&folder.destination, namespace);
            let listing = session
                .ask_writable_listing(&raw, DestinationUid::first(), &["MESSAGE-ID"])
                .map_err(TransferError::from_imap(Side::Destination))?;
            asked.push((folder.clone(), raw, listing));
        }
        for (folder, raw, listing) in asked {
            match session.opened(listing).await {
                Ok((opened, listing)) => {
                    let rows = self.request.ledger.rows(folder.id, &COPIED)?;
                    let aside = self.request.ledger.set_aside(folder.id)?;
                    let mut page = self.page(&folder, &raw, &aside);
                    self.doubt_short_ones(&mut page, &folder, &rows)?;
                    let rows = self.request.ledger.as_sent(folder.id, rows)?;
                    page.compare_listing(session, (listing, &opened), rows)
                        .await
                        .map_err(TransferError::from_imap(Side::Destination))?;
                    self.turn(page, (&folder, &raw), &opened);
                }
                Err(ImapError::Refused { completion, .. }) => {
                    self.look_for_all((&folder, &raw), &completion.to_string())?;
                }
                Err(error) => return Err(TransferError::from_imap(Side::Destination)(error)),
            }
            self.folders.pop_front();
            self.steps += 1;
        }
        Ok(())
    }

    /// Messages that the source has returned much shorter than it lists them.
    fn doubt_short_ones(
        &self,
        page: &mut Page<'_>,
        folder: &FolderTotals,
        rows: &[LedgerRow],
    ) -> Result<(), TransferError> {
        let read = self.request.ledger.read_lengths(folder.id)?;
        for one in cut_short(rows, &read) {
            page.report.differs(&folder.source, one.uid, one.words());
        }
        Ok(())
    }

    /// Keeps what a page has found.
    fn turn(&mut self, page: Page<'_>, (folder, raw): (&FolderTotals, &str), opened: &Opened) {
        self.report = page.report;
        self.lost.extend(page.lost);
        if !page.unsure.is_empty() {
            self.unsure.push((folder.clone(), raw.to_owned(), page.unsure));
        }
        self.places.insert(raw.to_owned(), page.taken);
        let exists = u64::from(opened.exists);
        let counted = Counted { folder: folder.clone(), uid_validity: opened.uid_validity, exists };
        self.opened.insert(raw.to_owned(), counted);
        (self.sink)(Progress::Verified { copies: self.report.counts.checked });
    }

    /// Reads copies of another size than known on both sides. Where the first of them hold what the source has, the
    /// destination changes messages in its own way, and the others are not read.
    async fn look_closer(&mut self, session: &mut Session) -> Result<(), TransferError> {
        while let Some((folder, raw, mut unsure)) = self.unsure.pop() {
            let room = CLOSER_LOOKS.saturating_sub(self.looked);
            let rest = match unsure.keys().nth(room).copied() {
                Some(first) => unsure.split_off(&first),
                None => BTreeMap::new(),
            };
            let outcome = self.look_at_some(session, (&folder, &raw), &unsure).await;
            if let Err(error) = outcome {
                unsure.extend(rest);
                self.unsure.push((folder, raw, unsure));
                return Err(error);
            }
            self.looked += unsure.len();
            self.steps += 1;
            for Placed { row, copy_bytes } in rest.into_values() {
                if self.report.counts.differences == 0 {
                    self.report.counts.resized += 1;
                } else {
                    let what = format!("{copy_bytes} bytes instead of {}", row.size);
                    self.report.differs(&folder.source, row.uid, what);
                }
            }
        }
        Ok(())
    }

    async fn look_at_some(
        &mut self,
        session: &mut Session,
        (folder, raw): (&FolderTotals, &str),
        unsure: &BTreeMap<DestinationUid, Placed>,
    ) -> Result<(), TransferError> {
        if unsure.is_empty() {
            return Ok(());
        }
        (self.raw, self.ends.at) = (Some(raw.to_owned()), At::Reading);
        session.select(raw).await.map_err(TransferError::from_imap(Side::Destination))?;
        let aside = self.request.ledger.set_aside(folder.id)?;
        let bytes = unsure.values().map(|one| one.copy_bytes).fold(0, u64::saturating_add);
        count_reading(self.request, Side::Destination, bytes)?;
        let mut page = self.page(folder, raw, &aside);
        page.compare_bytes(session, unsure.clone())
            .await
            .map_err(TransferError::from_imap(Side::Destination))?;
        self.report = self.parts.compare(self.request, &mut page.doubts, page.report).await?;
        Ok(())
    }

    /// Copies that are not in their place are looked for in the whole account before they count as missing.
    async fn settle_lost(
        &mut self,
        session: &mut Session,
        namespace: &Namespace,
    ) -> Result<(), TransferError> {
        self.ends.at = At::Reading;
        let search = Search { skipped: &self.skipped, under_way: &mut self.raw };
        let found = look_elsewhere(session, (self.request, namespace), &self.lost, search).await?;
        self.report.counts.found_elsewhere += found.count;
        self.report.counts.in_junk += found.in_junk;
        for (folder, count) in found.places {
            *self.report.counts.found_in.entry(folder).or_default() += count;
        }
        self.report.counts.checked +=
            self.lost.iter().filter(|lost| self.closed.contains_key(&lost.folder)).count() as u64;
        for lost in found.lost {
            let closed = self.closed.get(&lost.folder);
            if let Some(closed) = closed.filter(|closed| found.listed.contains(&closed.raw)) {
                // It is there and shut, so that nobody knows what is in it.
                self.report.counts.checked = self.report.counts.checked.saturating_sub(1);
                self.report.leave(&lost.source, Side::Destination, 1, &closed.words);
            } else if let Some(closed) = closed {
                let what = format!(
                    "not found in any other folder, and its own folder cannot be opened: {}",
                    closed.words
                );
                self.report.differs(&lost.source, lost.uid, what);
            } else if lost.had_place {
                self.report.differs(&lost.source, lost.uid, "no longer at the destination");
            } else {
                self.report.is_not_placed(&lost.source, lost.uid);
            }
        }
        self.lost.clear();
        Ok(())
    }

    /// Counts the messages that belong to no copy of any mailbox, folder by folder.
    fn count_others(&mut self) -> Result<(), TransferError> {
        for (raw, counted) in std::mem::take(&mut self.opened) {
            let own = self.places.get(&raw).map_or(0, |places| places.len() as u64);
            if counted.exists > own {
                let Counted { folder, uid_validity, exists } = counted;
                let claimed = self.request.ledger.claimed_in(folder.id, &folder.destination, uid_validity)?;
                self.report.counts.others += exists.saturating_sub(claimed.len() as u64);
            }
        }
        Ok(())
    }

    /// A page counts when it is done: one that breaks off is compared again.
    fn page<'p>(&self, folder: &'p FolderTotals, raw: &str, aside: &'p SetAside) -> Page<'p> {
        Page {
            folder: (folder.id, &folder.source),
            depth: self.depth,
            report: self.report.clone(),
            taken: self.places.get(raw).cloned().unwrap_or_default(),
            aside,
            compares_flags: self.request.options.mode == CopyMode::BeforeSwitch,
            rewrites: self.rewrites,
            doubts: Doubts::new((folder.id, &folder.source)),
            unsure: BTreeMap::new(),
            lost: Vec::new(),
        }
    }

    async fn verify_folder(
        &mut self,
        session: &mut Session,
        folder: &FolderTotals,
        raw: &str,
    ) -> Result<(), TransferError> {
        (self.raw, self.ends.at) = (Some(raw.to_owned()), At::Opening);
        let opened = match session.select(raw).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { completion, .. }) => {
                return self.look_for_all((folder, raw), &completion.to_string());
            }
            Err(error) => return Err(TransferError::from_imap(Side::Destination)(error)),
        };
        self.ends.at = At::Reading;
        let aside = self.request.ledger.set_aside(folder.id)?;
        loop {
            self.rest().await;
            let mut rows = self.request.ledger.rows_after(folder.id, &COPIED, self.after, PAGE_ROWS)?;
            if self.depth == VerifyDepth::Full {
                // A page that a day does not allow would never come to its end.
                let limits = self.request.limits;
                let days = [limits.verify_bytes_per_day, limits.download_bytes_per_day];
                let day = days.into_iter().flatten().min().unwrap_or(u64::MAX);
                rows.truncate(page_end(&rows, PAGE_BYTES.min(day / PAGES_PER_DAY)));
            }
            let Some(last) = rows.last().map(|row| row.uid) else { return Ok(()) };
            let mut page = self.page(folder, raw, &aside);
            self.doubt_short_ones(&mut page, folder, &rows)?;
            let rows = self.request.ledger.as_sent(folder.id, rows)?;
            let (placed, bytes) = page
                .compare_facts(session, &opened, rows)
                .await
                .map_err(TransferError::from_imap(Side::Destination))?;
            if self.depth == VerifyDepth::Full {
                count_reading(self.request, Side::Destination, bytes)?;
                page.compare_bytes(session, placed)
                    .await
                    .map_err(TransferError::from_imap(Side::Destination))?;
                page.report = self.parts.compare(self.request, &mut page.doubts, page.report).await?;
            }
            self.turn(page, (folder, raw), &opened);
            (self.after, self.steps) = (last, self.steps + 1);
        }
    }
}

/// How many of these rows a page has whose messages are read.
fn page_end(rows: &[LedgerRow], most_bytes: u64) -> usize {
    let mut bytes = 0_u64;
    let within = rows.iter().take_while(|row| {
        bytes = bytes.saturating_add(row.size);
        bytes <= most_bytes
    });
    within.count().max(1)
}

fn is_small(folder: &FolderTotals) -> bool {
    folder.totals.sum.source_count <= AT_ONCE_MESSAGES
}
