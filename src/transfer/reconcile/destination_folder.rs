//! Looking before sending: copies that are at the destination already are recognised and never made again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::imap::Session;
use crate::message::{IdentityKey, MessageKey, internal_date_secs};
use crate::plan::{CopyMode, FlagCheck, MessageState};
use crate::project::{FolderId, ForgottenCopy, Ledger, LedgerRow, MessageResult, Repair, SentForm};
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::flags_for;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::flags::after_append::doubt_after;
use crate::transfer::reconcile::account_search::CopySearch;
use crate::transfer::reconcile::matching::{WantedCopy, WantedForms, assign, assign_forms, message_key};
use crate::transfer::reconcile::same_content::{Lies, Sought};
use crate::values::{DestinationUid, Placement, Side, SourceUid, Uid, UidValidity};

/// Copies that are found again after which a folder that was recreated counts as the one that it was, however many are
/// not there (mbsync takes the same bounds).
const ENOUGH_FOUND: usize = 20;
/// The first of the waits for an APPEND whose connection has broken.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The selected destination folder and the ledger's view of it.
pub(in crate::transfer) struct DestinationFolder<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) ledger: &'a Ledger,
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) uid_validity: UidValidity,
    /// Where the messages come from, and the folder there as that server spells it: for messages that only their
    /// content tells apart.
    pub(in crate::transfer) source: Option<(&'a CopyRequest, &'a str)>,
}

/// A copy at the destination, with what tells twins apart.
struct Present {
    key: MessageKey<DestinationUid>,
    looks: CopyAttributes,
}

/// Flags and moment of arrival: equal mail may differ in them, and each row gets the copy that looks like it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CopyAttributes(Vec<String>, Option<i64>);

impl CopyAttributes {
    fn new(flags: &[String], internal_date: &str) -> Self {
        let mut flags: Vec<String> =
            flags_for(flags, None).iter().map(|flag| flag.to_ascii_lowercase()).collect();
        flags.sort_unstable();
        Self(flags, internal_date_secs(internal_date))
    }

    /// Where a copy has some of these flags, and none besides: those that it has. A copy with others was touched by people
    /// or by the server, and is left as it is.
    fn lack_some_of(&self, flags: &[String]) -> Option<Vec<String>> {
        let is_in = |flag: &String, list: &[String]| list.iter().any(|one| one.eq_ignore_ascii_case(flag));
        let wanted = flags_for(flags, None);
        if self.0.len() >= wanted.len() || !self.0.iter().all(|flag| is_in(flag, &wanted)) {
            return None;
        }
        Some(flags.iter().filter(|flag| is_in(flag, &self.0)).cloned().collect())
    }
}

/// What came of comparing a folder with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Compared {
    /// What is there is recorded.
    Whole,
    /// The folder was recreated, holds other messages, and hardly any of our copies can be recognised in it: sending
    /// them again might double them all.
    HardlyAny {
        /// Copies that were recognised.
        found: usize,
        /// Copies that were known.
        of: usize,
    },
}

/// What came of looking for copies.
#[derive(Debug, Default)]
pub(in crate::transfer) struct LookedFor {
    /// Rows that have none.
    pub(in crate::transfer) missing: Vec<LedgerRow>,
    /// Rows that have got one.
    pub(in crate::transfer) adopted: usize,
    /// Messages that no row had claimed before.
    pub(in crate::transfer) present: usize,
    /// Those of them that no row has claimed now either.
    pub(in crate::transfer) strangers: Vec<MessageKey<DestinationUid>>,
}

/// A row that looks for its copy: of this folder, or of another that goes to the same place.
struct Wanted {
    folder: FolderId,
    row: LedgerRow,
    is_ours: bool,
}

impl Wanted {
    fn seeker(&self, repaired: Option<&SentForm>, from: DestinationUid) -> WantedForms {
        let Self { row, is_ours, .. } = self;
        let lowest_uid = row.intent_uidnext.filter(|_| *is_ours).unwrap_or(from);
        let seeker = |identity, size| WantedCopy { identity, size, lowest_uid, is_ours: *is_ours };
        WantedForms {
            original: seeker(row.identity, row.size),
            repaired: repaired.map(|form| seeker(form.identity, form.size)),
        }
    }

    /// The same with its place, for a look at what messages say: those of `folder` can be read there.
    fn sought(&self, folder: FolderId, place: Option<(DestinationUid, bool)>) -> Sought {
        Sought {
            key: self.row.key(),
            place,
            lowest_uid: self.row.intent_uidnext.unwrap_or(DestinationUid::first()),
            is_readable: self.folder == folder,
        }
    }
}

impl DestinationFolder<'_> {
    /// Whether what the source says still goes for the copies too.
    fn is_mirror(&self) -> bool {
        self.source.is_some_and(|(request, _)| request.options.mode == CopyMode::BeforeSwitch)
    }

    /// Settles rows whose append may or may not have arrived, by looking above the UIDNEXT of their intents.
    /// Looks again, for as long as `late_append`, while some are missing: the server may still be at it.
    /// Returns the rows that did not arrive and are to do again.
    pub(in crate::transfer) async fn resolve_in_flight(
        &mut self,
        control: &CopyControl,
        late_append: Duration,
    ) -> Result<Vec<LedgerRow>, TransferError> {
        let rows = self.ledger.rows(self.folder, &[MessageState::InFlight])?;
        let mut missing = self.look(rows, true, DestinationUid::first()).await?.missing;
        for wait in growing_waits(late_append) {
            if missing.is_empty() {
                break;
            }
            if !control.wait(wait).await {
                return Ok(Vec::new());
            }
            self.session.noop().await.map_err(TransferError::at(Side::Destination))?;
            missing = self.look(missing, true, DestinationUid::first()).await?.missing;
        }
        let uids: Vec<SourceUid> = missing.iter().map(|row| row.uid).collect();
        self.ledger.withdraw_intents(self.folder, &uids)?;
        Ok(missing)
    }

    /// Looks once more for what was not found after its append broke off, was sent again, and refused: it may have come
    /// meanwhile. Dovecot's sdbox brings back what it had let go of when it died, together with the first refusal.
    pub(in crate::transfer) async fn look_again(
        &mut self,
        mut sent_again: Vec<LedgerRow>,
    ) -> Result<(), TransferError> {
        if sent_again.is_empty() {
            return Ok(());
        }
        let rows = self.ledger.rows(self.folder, &[MessageState::ToDo])?;
        let waiting: BTreeSet<SourceUid> = rows.into_iter().map(|row| row.uid).collect();
        sent_again.retain(|row| waiting.contains(&row.uid));
        self.look(sent_again, true, DestinationUid::first()).await.map(drop)
    }

    /// Finds messages that were at the destination before the first copy, or before a UIDVALIDITY changed.
    pub(in crate::transfer) async fn adopt_present(
        &mut self,
        exists: u32,
    ) -> Result<Compared, TransferError> {
        if exists > 0 {
            let rows = self.ledger.rows(self.folder, &[MessageState::ToDo])?;
            let known = |rows: &[LedgerRow]| rows.iter().filter(|row| row.forgotten.is_some()).count();
            let of = known(&rows);
            // A server that writes messages anew gives each a size of its own.
            let is_ours = self.session.rewrites_messages();
            let lacking = known(&self.look(rows, is_ours, DestinationUid::first()).await?.missing);
            let claimed = self.ledger.claimed_destination_uids(self.folder)?.len();
            let strangers = usize::try_from(exists).unwrap_or(usize::MAX).saturating_sub(claimed);
            if self.ledger.is_fenced(self.folder)? && is_doubtful(of, lacking, strangers) {
                return Ok(Compared::HardlyAny { found: of - lacking, of });
            }
        }
        Ok(Compared::Whole)
    }

    /// Finds the UIDs of copies where the server did not tell them (no UIDPLUS, or an answer that does not fit).
    pub(in crate::transfer) async fn place_copies(&mut self) -> Result<(), TransferError> {
        self.look(Vec::new(), true, DestinationUid::first()).await?;
        let count = self.ledger.unplaced_copies(self.folder)?.len();
        if count > 0 {
            tracing::info!(count, "copies without a known UID at the destination");
        }
        Ok(())
    }

    /// Copies that belong to no row and equal one of these, which were sent a second time: the first sending arrived
    /// after all. Their UIDs.
    pub(in crate::transfer) async fn late_arrivals(
        &mut self,
        sent_again: &[LedgerRow],
    ) -> Result<Vec<DestinationUid>, TransferError> {
        let first =
            sent_again.iter().filter_map(|row| row.intent_uidnext).min().unwrap_or(DestinationUid::first());
        let claimed = self.ledger.claimed_destination_uids(self.folder)?;
        let present = self.present_from(first, &claimed).await?;
        let present: Vec<MessageKey<DestinationUid>> = present.into_iter().map(|copy| copy.key).collect();
        let seekers: Vec<WantedCopy> = sent_again
            .iter()
            .map(|row| WantedCopy {
                identity: row.identity,
                size: row.size,
                lowest_uid: row.intent_uidnext.unwrap_or(DestinationUid::first()),
                is_ours: self.session.rewrites_messages(),
            })
            .collect();
        Ok(assign(&seekers, &present, &claimed).into_iter().flatten().collect())
    }

    /// Matches rows with what is at the destination, and records the matches. Copies that arrived without a UID come
    /// first, as they are certainly there: else an equal message that is not there would take their place.
    /// Rows that were not in flight have no copy below `from`.
    pub(in crate::transfer) async fn look(
        &mut self,
        rows: Vec<LedgerRow>,
        is_ours: bool,
        from: DestinationUid,
    ) -> Result<LookedFor, TransferError> {
        let unplaced = self.ledger.unplaced_copies(self.folder)?;
        if rows.is_empty() && unplaced.is_empty() {
            return Ok(LookedFor::default());
        }
        self.look_at_all((rows, unplaced), is_ours, from).await
    }

    /// The same, also where nothing is looked for.
    pub(in crate::transfer) async fn look_at_all(
        &mut self,
        (rows, unplaced): (Vec<LedgerRow>, Vec<(FolderId, LedgerRow)>),
        is_ours: bool,
        from: DestinationUid,
    ) -> Result<LookedFor, TransferError> {
        let count = rows.len();
        let mut wanted: Vec<Wanted> =
            unplaced.into_iter().map(|(folder, row)| Wanted { folder, row, is_ours: true }).collect();
        wanted.extend(rows.into_iter().map(|row| {
            let is_ours = is_ours || row.forgotten == Some(ForgottenCopy::Sent);
            Wanted { folder: self.folder, row, is_ours }
        }));
        let repairs = self.ledger.repairs(self.folder)?;
        let repair = |one: &Wanted| repairs.get(&(one.folder, one.row.uid));
        let seekers: Vec<WantedForms> = wanted
            .iter()
            .map(|one| one.seeker(repair(one).and_then(|repair| repair.sent.as_ref()), from))
            .collect();
        let first = seekers.iter().map(|seeker| seeker.original.lowest_uid).min().unwrap_or(from);
        let claimed = self.ledger.claimed_destination_uids(self.folder)?;
        let present = self.present_from(first, &claimed).await?;
        let looks: Vec<CopyAttributes> = wanted
            .iter()
            .map(|wanted| CopyAttributes::new(&wanted.row.flags, &wanted.row.internal_date))
            .collect();
        let places = assign_forms(&seekers, claimed, |seekers, rows, claimed| {
            let looks: Vec<&CopyAttributes> = rows.iter().filter_map(|row| looks.get(*row)).collect();
            assign_by_looks(seekers, &looks, &present, claimed)
        });
        let sought: Vec<Sought> =
            wanted.iter().zip(places).map(|(one, place)| one.sought(self.folder, place)).collect();
        let free: Vec<MessageKey<DestinationUid>> = present.iter().map(|copy| copy.key).collect();
        let places = Box::pin(self.told_by_content(&sought, &free, Lies::Here)).await?;
        let flags: BTreeMap<DestinationUid, &CopyAttributes> =
            present.iter().map(|copy| (copy.key.uid, &copy.looks)).collect();
        let mut results: BTreeMap<FolderId, Vec<MessageResult>> = BTreeMap::new();
        let (mut missing, mut lacking) = (Vec::new(), Vec::new());
        for (Wanted { folder, row, .. }, place) in wanted.into_iter().zip(places) {
            let is_copied = matches!(row.state, MessageState::Copied | MessageState::Repaired);
            match place {
                Some((uid, is_repaired)) => {
                    if adopted_state(row.state) == MessageState::AlreadyThere
                        && let Some(kept) = flags.get(&uid).and_then(|looks| looks.lack_some_of(&row.flags))
                    {
                        lacking.push((row.uid, kept));
                    }
                    let repair = repairs.get(&(folder, row.uid)).filter(|_| is_repaired && !is_copied);
                    results.entry(folder).or_default().push(MessageResult {
                        uid: row.uid,
                        state: if repair.is_some() {
                            MessageState::Repaired
                        } else {
                            adopted_state(row.state)
                        },
                        placement: Some(Placement::new(self.uid_validity, uid)),
                        sha256: None,
                        flag_check: match repair {
                            Some(_) => Some(FlagCheck::Unseen),
                            None => row.flag_check.or_else(|| doubt_after(row.state)),
                        },
                        reason: repair.map(Repair::reason).or(row.reason.filter(|_| !is_given_up(row.state))),
                    });
                }
                None if is_copied => {}
                None => missing.push(row),
            }
        }
        for (folder, results) in &results {
            self.ledger.record_results(*folder, results)?;
        }
        if self.is_mirror() {
            self.ledger.note_copy_flags(self.folder, &lacking)?;
        }
        let taken: BTreeSet<DestinationUid> =
            results.values().flatten().filter_map(|result| Some(result.placement?.uid)).collect();
        let mut strangers: Vec<MessageKey<DestinationUid>> =
            present.into_iter().map(|copy| copy.key).filter(|key| key.uid >= from).collect();
        let present = strangers.len();
        strangers.retain(|key| !taken.contains(&key.uid));
        Ok(LookedFor { adopted: count - missing.len(), missing, present, strangers })
    }

    /// Messages from this UID on that no row claims; `claimed` is in ascending order.
    async fn present_from(
        &mut self,
        first: DestinationUid,
        claimed: &[DestinationUid],
    ) -> Result<Vec<Present>, TransferError> {
        let uids = self.session.fetch_uids(first).await;
        let mut uids = uids.map_err(TransferError::from_imap(Side::Destination))?;
        uids.retain(|uid| claimed.binary_search(uid).is_err());
        let mut search = CopySearch { session: &mut *self.session, ledger: self.ledger };
        search
            .read(&uids, |facts| {
                let looks = CopyAttributes::new(&facts.flags, &facts.internal_date);
                Some(Present { key: message_key(facts), looks })
            })
            .await
    }
}

/// Gives each seeker its place as [`assign`] does, but first to those whose flags and date a copy has: of two equal
/// messages, of which only the second has arrived, the first is the one that is missing.
fn assign_by_looks(
    mut seekers: Vec<WantedCopy>,
    looks: &[&CopyAttributes],
    present: &[Present],
    mut claimed: Vec<DestinationUid>,
) -> Vec<Option<DestinationUid>> {
    let mut identities: BTreeMap<IdentityKey, BTreeSet<&CopyAttributes>> = BTreeMap::new();
    for (seeker, looks) in seekers.iter().zip(looks) {
        identities.entry(seeker.identity).or_default().insert(*looks);
    }
    // Only twins that differ need the closer look.
    identities.retain(|_, looks| looks.len() > 1);
    let taken: BTreeSet<DestinationUid> = claimed.iter().copied().collect();
    let mut free: BTreeMap<(IdentityKey, u64, &CopyAttributes), BTreeSet<DestinationUid>> = BTreeMap::new();
    for Present { key, looks } in present {
        if identities.contains_key(&key.identity) && !taken.contains(&key.uid) {
            free.entry((key.identity, key.size, looks)).or_default().insert(key.uid);
        }
    }
    let mut places: Vec<Option<DestinationUid>> = Vec::with_capacity(seekers.len());
    for (seeker, looks) in seekers.iter().zip(looks) {
        let alike = free.get_mut(&(seeker.identity, seeker.size, *looks));
        let place = alike.and_then(|uids| {
            let uid = uids.range(seeker.lowest_uid..).next().copied()?;
            uids.take(&uid)
        });
        claimed.extend(place);
        places.push(place);
    }
    // Where the server keeps the size of one such message, another size is another message, also for its twins.
    let exact: BTreeSet<IdentityKey> = seekers
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_some())
        .map(|(seeker, _)| seeker.identity)
        .collect();
    for seeker in &mut seekers {
        seeker.is_ours &= !exact.contains(&seeker.identity);
    }
    let open: Vec<usize> =
        places.iter().enumerate().filter(|(_, place)| place.is_none()).map(|(index, _)| index).collect();
    let left: Vec<WantedCopy> = open.iter().filter_map(|index| seekers.get(*index).copied()).collect();
    let keys: Vec<MessageKey<DestinationUid>> = present.iter().map(|copy| copy.key).collect();
    for (index, place) in open.into_iter().zip(assign(&left, &keys, &claimed)) {
        if let Some(slot) = places.get_mut(index) {
            *slot = place;
        }
    }
    places
}

/// Whether too few of the copies that were known are recognised to send the others again, as many of them may be there
/// in a form that is not recognised.
fn is_doubtful(of: usize, lacking: usize, strangers: usize) -> bool {
    let found = of.saturating_sub(lacking);
    found < ENOUGH_FOUND && found * 5 < of * 4 && strangers * 5 >= lacking
}

/// What a row becomes when its copy is found.
const fn adopted_state(state: MessageState) -> MessageState {
    match state {
        MessageState::InFlight => MessageState::Copied,
        MessageState::ToDo | MessageState::Refused | MessageState::Exported => MessageState::AlreadyThere,
        settled => settled,
    }
}

/// Whether the destination would not have the message, as far as the ledger knows.
const fn is_given_up(state: MessageState) -> bool {
    matches!(state, MessageState::Refused | MessageState::Exported)
}

/// Growing waits that make up `total`: most late answers come soon, and looking is cheap.
fn growing_waits(total: Duration) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut next = FIRST_WAIT;
    let mut left = total;
    while left > Duration::ZERO {
        let wait = next.min(left);
        waits.push(wait);
        left -= wait;
        next *= 2;
    }
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_differing_twins_the_one_that_arrived_is_found() {
        let seeker = WantedCopy {
            identity: IdentityKey([1; 32]),
            size: 10,
            lowest_uid: DestinationUid(1),
            is_ours: true,
        };
        let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
        let looks = |seen: bool| CopyAttributes::new(&flags(if seen { &["\\Seen"] } else { &[] }), "");
        let copy = |uid, seen| Present {
            key: MessageKey { uid, identity: IdentityKey([1; 32]), size: 10 },
            looks: looks(seen),
        };
        let wanted = [&looks(false), &looks(true)];
        let place = |present: &[Present]| assign_by_looks(vec![seeker, seeker], &wanted, present, Vec::new());
        assert_eq!(place(&[copy(DestinationUid(5), true)]), [None, Some(DestinationUid(5))]);
        assert_eq!(
            place(&[copy(DestinationUid(5), true), copy(DestinationUid(6), false)]),
            [Some(DestinationUid(6)), Some(DestinationUid(5))]
        );
        // A server that gives them flags of its own: any copy is a copy.
        let flagged =
            Present { looks: CopyAttributes::new(&flags(&["Work"]), ""), ..copy(DestinationUid(5), true) };
        assert_eq!(place(&[flagged]), [Some(DestinationUid(5)), None]);
        assert_eq!(
            assign_by_looks(
                vec![seeker],
                &wanted[..1],
                &[copy(DestinationUid(5), true)],
                vec![DestinationUid(5)]
            ),
            [None]
        );
    }

    #[test]
    fn a_copy_waits_for_flags_only_where_nobody_has_given_it_any() {
        let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
        let kept = |there: &[&str]| {
            CopyAttributes::new(&flags(there), "").lack_some_of(&flags(&["\\Flagged", "\\Seen", "Work"]))
        };
        assert_eq!(kept(&["\\seen"]), Some(flags(&["\\Seen"])));
        assert_eq!(kept(&["\\Recent", "WORK"]), Some(flags(&["Work"])));
        assert_eq!(kept(&[]), Some(Vec::new()));
        assert_eq!(kept(&["\\Seen", "work", "\\flagged"]), None, "it has them all");
        assert_eq!(kept(&["\\Seen", "$Private"]), None, "people have been at it");
    }

    #[test]
    fn copies_are_in_doubt_where_few_are_found_among_many_others() {
        assert!(is_doubtful(100, 100, 100) && is_doubtful(100, 81, 17) && is_doubtful(1, 1, 1));
        assert!(!is_doubtful(100, 80, 80), "twenty are enough");
        assert!(!is_doubtful(10, 2, 5), "four of five are enough");
        assert!(
            !is_doubtful(100, 100, 0) && !is_doubtful(100, 100, 19),
            "hardly anything to take for a copy"
        );
        assert!(!is_doubtful(0, 0, 50), "nothing was known");
    }

    #[test]
    fn waits_grow_and_make_up_the_whole() {
        let waits = growing_waits(Duration::from_secs(30));
        assert!(waits.len() < 8 && waits[0] == FIRST_WAIT);
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_secs(30));
        assert!(growing_waits(Duration::ZERO).is_empty());
    }
}
