//! Mail that has come to the destination since the last run that ended well, and that no row claims. Copies that nobody
//! has written down may be among it, in whatever folder people have filed them meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::Mutex;

use super::both_lists::FoldersByName;
use super::copy::Job;
use super::error::TransferError;
use super::lost_copies::at_destination;
use super::moved_copies::{contested, is_view, known_places};
use super::request::Progress;
use super::seats::{Seeker, SeekerOfForms, assign, assign_forms};
use crate::imap::{Folder, ImapError, Namespace, Session};
use crate::plan::{FolderPath, IDENTITY_HEADERS, MessageKey, MessageState, identity_key};
use crate::project::{FolderId, FoundCopy, Ledger, LedgerRow, SeenFolder, SentForm};

/// Time without anything new after which nothing more is expected to arrive.
const QUIET: Duration = Duration::from_secs(4);

/// Folders that mail has come to. They are looked into once, and only where copies are lacking.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// Each with the lowest UID that such mail can have.
    folders: Vec<(Folder, u32)>,
    namespace: Namespace,
    found: Mutex<Option<Vec<Den>>>,
}

/// What has come to one folder.
#[derive(Debug)]
struct Den {
    raw: String,
    path: FolderPath,
    /// Folders of the ledger whose copies go there.
    folders: Vec<FolderId>,
    uid_validity: u32,
    uid_next: Option<u32>,
    keys: Vec<MessageKey>,
}

impl Strays {
    /// Compares the destination's list with what was remembered of it. A ledger that remembers nothing begins to,
    /// before anything is sent.
    pub(super) fn of(
        ledger: &Ledger,
        destination: &FoldersByName,
        (namespace, is_gmail): (&Namespace, bool),
    ) -> Result<Self, TransferError> {
        // Gmail's folders are labels: a message shows in several, and sending it again makes no second one.
        if is_gmail {
            return Ok(Self::default());
        }
        let seen = ledger.seen_folders()?;
        if seen.is_empty() && !ledger.is_doubted()? {
            remember(ledger, destination)?;
            return Ok(Self::default());
        }
        let grown = |folder: &Folder| {
            let status = folder.status.unwrap_or_default();
            let known = seen.get(&folder.raw).filter(|seen| status.uid_validity == Some(seen.uid_validity));
            let first = known.map_or(1, |seen| seen.uid_next);
            let is_grown = status.uid_next.is_none_or(|uid_next| uid_next > first);
            (is_grown && status.messages != Some(0)).then_some(first)
        };
        let folders = destination
            .values()
            .filter(|folder| folder.is_selectable() && !is_view(folder, false))
            .filter_map(|folder| Some((folder.clone(), grown(folder)?)))
            .collect();
        Ok(Self { folders, namespace: namespace.clone(), found: Mutex::default() })
    }

    /// Whether there is anything to be found outside this folder.
    pub(super) fn is_empty_beside(&self, raw: &str) -> bool {
        self.folders.iter().all(|(folder, _)| folder.raw == raw)
    }

    /// Gives waiting rows of a folder the copies of theirs that lie in other folders.
    pub(super) async fn take(
        &self,
        session: &mut Session,
        (ledger, folder, raw): (&Ledger, FolderId, &str),
        mut rows: Vec<LedgerRow>,
    ) -> Result<(), TransferError> {
        let mut found = self.found.lock().await;
        let dens = match &mut *found {
            Some(dens) => dens,
            none => none.insert(self.look(session, (ledger, folder)).await?),
        };
        let rewrites = session.rewrites_messages();
        let forms = ledger.repairs(folder)?;
        for den in dens.iter_mut().filter(|den| den.raw != raw && !den.keys.is_empty()) {
            // Rows that go to that folder come first: the copy may be theirs.
            let contested = contested(ledger, &den.folders, den.uid_next)?;
            // Rows of that folder may have found their copies since it was looked into.
            let claimed = ledger.claimed_in(folder, &den.path, den.uid_validity)?;
            den.keys.retain(|key| !claimed.contains(&key.uid));
            let keys: Vec<MessageKey> =
                den.keys.iter().filter(|key| !contested.contains(&key.identity)).copied().collect();
            let seekers: Vec<SeekerOfForms> = rows
                .iter()
                .map(|row| {
                    let sent = forms.get(&(folder, row.uid)).and_then(|repair| repair.sent.as_ref());
                    seeker(row, sent, rewrites)
                })
                .collect();
            let places =
                assign_forms(&seekers, Vec::new(), |seekers, _, claimed| assign(&seekers, &keys, &claimed));
            let copies: Vec<FoundCopy> = rows
                .iter()
                .zip(&places)
                .filter_map(|(row, place)| {
                    Some(FoundCopy { uid: row.uid, place: (den.uid_validity, (*place)?.0) })
                })
                .collect();
            if copies.is_empty() {
                continue;
            }
            tracing::info!(count = copies.len(), folder = %den.path, "copies that nobody had written down");
            ledger.record_strays(folder, &den.path, &copies)?;
            let taken: BTreeSet<u32> = copies.iter().map(|copy| copy.place.1).collect();
            den.keys.retain(|key| !taken.contains(&key.uid));
            let settled: BTreeSet<u32> = copies.iter().map(|copy| copy.uid).collect();
            rows.retain(|row| !settled.contains(&row.uid));
        }
        Ok(())
    }

    /// What no row claims in the folders that have grown. One that cannot be opened now is looked into next time: that its
    /// mail is ours is not likely enough to hold everything else up.
    async fn look(
        &self,
        session: &mut Session,
        (ledger, account): (&Ledger, FolderId),
    ) -> Result<Vec<Den>, TransferError> {
        let mut dens = Vec::with_capacity(self.folders.len());
        let places = known_places(ledger, &self.namespace)?;
        let mut by_destination: BTreeMap<FolderPath, Vec<FolderId>> = BTreeMap::new();
        for known in ledger.memories()?.into_values() {
            by_destination.entry(known.destination).or_default().push(known.id);
        }
        for (folder, first) in &self.folders {
            let opened = match session.examine(&folder.raw).await {
                Ok(opened) if opened.exists == 0 => continue,
                Ok(opened) => opened,
                Err(ImapError::Refused { completion, .. }) => {
                    tracing::warn!(%completion, folder = %folder.name, "copies cannot be looked for here");
                    continue;
                }
                Err(error) => return Err(at_destination(error)),
            };
            let path = places.get(&folder.raw).cloned().unwrap_or_else(|| FolderPath(folder.parts()));
            let listed = folder.status.and_then(|status| status.uid_validity);
            let first = if listed == Some(opened.uid_validity) { *first } else { 1 };
            let claimed = ledger.claimed_in(account, &path, opened.uid_validity)?;
            let mut uids = session.fetch_uids(first).await.map_err(at_destination)?;
            uids.retain(|uid| !claimed.contains(uid));
            let mut keys = Vec::with_capacity(uids.len());
            session
                .fetch_facts(&uids, &IDENTITY_HEADERS, |facts| {
                    keys.extend(facts.iter().map(|facts| MessageKey {
                        uid: facts.uid,
                        identity: identity_key(&facts.header),
                        size: facts.size,
                    }));
                    Ok::<(), ImapError>(())
                })
                .await
                .map_err(at_destination)?;
            let (raw, uid_validity, uid_next) = (folder.raw.clone(), opened.uid_validity, opened.uid_next);
            let folders = by_destination.get(&path).cloned().unwrap_or_default();
            dens.push(Den { raw, path, folders, uid_validity, uid_next, keys });
        }
        Ok(dens)
    }
}

fn seeker(row: &LedgerRow, sent: Option<&SentForm>, is_ours: bool) -> SeekerOfForms {
    let seeker = |identity, size| Seeker { identity, size, lowest_uid: 1, is_ours };
    SeekerOfForms {
        original: seeker(row.identity, row.size),
        repaired: sent.map(|form| seeker(form.identity, form.size)),
    }
}

impl Job<'_> {
    /// A program that was killed may have left messages under way, and where its log is gone, nobody knows which. Waits
    /// until nothing comes to the destination any more.
    pub(super) async fn until_quiet(&self, destination: &mut Session) -> Result<(), TransferError> {
        let limit = self.request.limits.late_append;
        if !self.request.ledger.is_doubted()? || self.caution.has_failed() {
            return Ok(());
        }
        let words = "messages of a run that was broken off may still arrive".to_owned();
        (self.sink)(Progress::Waiting { seconds: limit.as_secs(), words });
        let mut before = None;
        let mut waited = Duration::ZERO;
        while waited < limit {
            let now = destination.list_folders_unsized().await.map_err(at_destination)?;
            if before.as_ref() == Some(&now) {
                break;
            }
            before = Some(now);
            if !self.control.wait(QUIET.min(limit)).await {
                break;
            }
            waited += QUIET;
        }
        Ok(())
    }
}

/// Remembers the destination's folders as they were listed, once everything that was sent before is written down.
pub(super) fn remember(ledger: &Ledger, destination: &FoldersByName) -> Result<(), TransferError> {
    let seen: BTreeMap<String, SeenFolder> = destination
        .iter()
        .filter_map(|(raw, folder)| {
            let status = folder.status?;
            let (uid_validity, uid_next) = status.uid_validity.zip(status.uid_next)?;
            Some((raw.clone(), SeenFolder { uid_validity, uid_next }))
        })
        .collect();
    Ok(ledger.set_seen_folders(&seen)?)
}

/// States that wait for a copy to be found or made.
pub(super) const WAITING: [MessageState; 2] = [MessageState::ToDo, MessageState::InFlight];
