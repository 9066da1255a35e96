//! Whether a message that has the headers of one of ours is the same message, where sizes do not say so: other programs
//! add a header line, servers a line end, and some announce sizes that are only nearly right. What the messages say
//! decides, so that drafts which were saved several times and list mail with and without a footer stay apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{BodyReply, ImapError, Session};
use crate::message::{IdentityKey, MessageKey, MimeContent, mime_content, received_fields};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::pace::verify_traffic::count_reading;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::values::{DestinationUid, Side, SourceUid, Uid};

/// Pairs that are read before the others with the same difference in size are believed.
const SAMPLES: u32 = 8;
/// A larger difference in size is never believed unread, in bytes.
const SMALL_DIFFERENCE: u64 = 512;
/// Larger messages are not read for this, in bytes.
const LARGE_BYTES: u64 = 8 << 20;
/// More messages with the same headers are hardly mail.
const MOST_ALIKE: usize = 200;
/// Groups that are read at once, and their bytes.
const GROUPS_AT_ONCE: usize = 20;
const BYTES_AT_ONCE: u64 = 8 << 20;

/// A message at the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// Its place among the rows.
    index: usize,
    key: MessageKey<SourceUid>,
    /// The copy that it was given as far as sizes tell.
    placed: Option<DestinationUid>,
}

/// Messages with the same headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Alike {
    /// At the source.
    rows: Vec<Row>,
    /// At the destination.
    copies: Vec<MessageKey<DestinationUid>>,
}

impl Alike {
    /// How much larger the only copy is than the only row.
    fn difference(&self) -> Option<(bool, u64)> {
        match (self.rows.as_slice(), self.copies.as_slice()) {
            ([Row { key, .. }], [copy]) => Some((copy.size >= key.size, copy.size.abs_diff(key.size))),
            _ => None,
        }
    }

    fn bytes(&self, side: Side) -> u64 {
        match side {
            Side::Source => self.rows.iter().map(|row| row.key.size).sum(),
            Side::Destination => self.copies.iter().map(|key| key.size).sum(),
        }
    }

    fn is_too_much(&self) -> bool {
        self.is_large() || self.rows.len() + self.copies.len() > MOST_ALIKE
    }

    fn is_large(&self) -> bool {
        let mut sizes =
            self.rows.iter().map(|row| row.key.size).chain(self.copies.iter().map(|key| key.size));
        sizes.any(|size| size > LARGE_BYTES)
    }
}

/// What is known of differences in size: how many pairs were read, and whether each of them was one message.
#[derive(Debug, Default)]
struct Habits(BTreeMap<(bool, u64), (u32, bool)>);

impl Habits {
    /// Whether a pair that was not read is one message.
    fn is_believed(&self, alike: &Alike) -> bool {
        let Some(difference) = alike.difference().filter(|(_, bytes)| *bytes <= SMALL_DIFFERENCE) else {
            return false;
        };
        alike.is_large()
            || self.0.get(&difference).is_some_and(|(read, are_same)| *are_same && *read >= SAMPLES)
    }

    fn learn(&mut self, alike: &Alike, is_same: bool) {
        if let Some(difference) = alike.difference() {
            let known = self.0.entry(difference).or_insert((0, true));
            *known = (known.0 + 1, known.1 && is_same);
        }
    }
}

/// Where the messages are that rows are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Lies {
    /// In the folder that the rows go to.
    Here,
    /// In another one. A letter to oneself is in two folders and was delivered to one of them, so the
    /// way that a message has come is compared too.
    Elsewhere,
}

/// A row that looks for its copy, with the copy that it was given as far as sizes tell.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Sought {
    /// Identity and size, with the UID at the source.
    pub(in crate::transfer) key: MessageKey<SourceUid>,
    /// UID of the copy, and whether it is a repaired form.
    pub(in crate::transfer) place: Option<(DestinationUid, bool)>,
    /// The copy is not below this UID.
    pub(in crate::transfer) lowest_uid: DestinationUid,
    /// Whether the message can be read in the source folder at hand.
    pub(in crate::transfer) is_readable: bool,
}

/// What a message says, and how it has come where that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    content: MimeContent,
    received: Option<[u8; 32]>,
}

impl Message {
    fn new(bytes: &[u8], lies: Lies) -> Self {
        let received = (lies == Lies::Elsewhere).then(|| received_fields(bytes));
        Self { content: mime_content(bytes), received }
    }
}

/// Messages by their UIDs.
type Said<U> = BTreeMap<U, Message>;

/// Each row with the copy that says the same; each copy once. One that was given its copy rightly keeps it: equal
/// messages may differ in flags and date.
fn pairs(
    alike: &Alike,
    source: &Said<SourceUid>,
    destination: &Said<DestinationUid>,
) -> Vec<(usize, DestinationUid)> {
    let mut free: Vec<DestinationUid> = alike.copies.iter().map(|copy| copy.uid).collect();
    let mut pairs = Vec::new();
    let is_same = |row: &Row, uid: &DestinationUid| {
        let said = source.get(&row.key.uid);
        said.is_some() && destination.get(uid) == said
    };
    let (right, others): (Vec<&Row>, Vec<&Row>) =
        alike.rows.iter().partition(|row| row.placed.is_some_and(|uid| is_same(row, &uid)));
    for row in right.into_iter().chain(others) {
        let own = free.iter().position(|uid| row.placed == Some(*uid) && is_same(row, uid));
        if let Some(at) = own.or_else(|| free.iter().position(|uid| is_same(row, uid))) {
            pairs.push((row.index, free.remove(at)));
        }
    }
    pairs
}

impl DestinationFolder<'_> {
    /// Gives rows that have no copy those of the free messages with their headers which say the same. The folder that
    /// these lie in is the opened one.
    pub(in crate::transfer) async fn told_by_content(
        &mut self,
        rows: &[Sought],
        free: &[MessageKey<DestinationUid>],
        lies: Lies,
    ) -> Result<Vec<Option<(DestinationUid, bool)>>, TransferError> {
        let mut places: Vec<Option<(DestinationUid, bool)>> = rows.iter().map(|row| row.place).collect();
        // Repaired forms say something else than the source.
        let (read, others): (Vec<_>, Vec<_>) = rows
            .iter()
            .enumerate()
            .partition(|(_, row)| row.is_readable && row.place.is_none_or(|(_, is_repaired)| !is_repaired));
        let others: BTreeSet<DestinationUid> =
            others.iter().filter_map(|(_, row)| Some(row.place?.0)).collect();
        let keys: Vec<MessageKey<SourceUid>> = read.iter().map(|(_, row)| row.key).collect();
        let given: Vec<Option<DestinationUid>> =
            read.iter().map(|(_, row)| row.place.map(|(uid, _)| uid)).collect();
        let mut lowest: BTreeMap<IdentityKey, DestinationUid> = BTreeMap::new();
        for row in rows {
            let lowest = lowest.entry(row.key.identity).or_insert(DestinationUid::last());
            *lowest = row.lowest_uid.min(*lowest);
        }
        let free: Vec<MessageKey<DestinationUid>> = free
            .iter()
            .filter(|key| lowest.get(&key.identity).is_some_and(|lowest| key.uid >= *lowest))
            .filter(|key| !others.contains(&key.uid))
            .copied()
            .collect();
        let groups = to_read(&keys, &given, &free);
        for (alike, found) in self.pair_by_content(groups, lies).await? {
            let Some(found) = found else { continue };
            for row in &alike.rows {
                let place = read.get(row.index).and_then(|(index, _)| places.get_mut(*index));
                if let Some(place) = place {
                    let paired = found.iter().find(|(paired, _)| *paired == row.index);
                    *place = paired.map(|(_, uid)| (*uid, false));
                }
            }
        }
        Ok(places)
    }

    /// Pairs messages that have the same headers and cannot be told apart or together by their sizes. Each of the groups
    /// with its pairs; `None` where it could not be read.
    async fn pair_by_content(
        &mut self,
        groups: Vec<Alike>,
        lies: Lies,
    ) -> Result<Vec<(Alike, Option<Vec<(usize, DestinationUid)>>)>, TransferError> {
        let mut habits = Habits::default();
        let mut settled = Vec::with_capacity(groups.len());
        let mut source = None;
        let mut waiting = groups.into_iter().peekable();
        while waiting.peek().is_some() {
            let (mut some, mut bytes) = (Vec::new(), 0_u64);
            while some.len() < GROUPS_AT_ONCE
                && let Some(alike) = waiting
                    .next_if(|next| some.is_empty() || bytes + next.bytes(Side::Source) < BYTES_AT_ONCE)
            {
                if habits.is_believed(&alike) {
                    let found = alike.rows.iter().zip(&alike.copies);
                    let found = found.map(|(row, copy)| (row.index, copy.uid)).collect();
                    settled.push((alike, Some(found)));
                } else if alike.is_too_much() {
                    settled.push((alike, None));
                } else {
                    bytes += alike.bytes(Side::Source);
                    some.push(alike);
                }
            }
            let read = self.read_alike(&some, &mut source, lies).await?;
            for alike in some {
                let found = read.as_ref().map(|(source, destination)| pairs(&alike, source, destination));
                if let Some(found) = &found {
                    habits.learn(&alike, !found.is_empty());
                }
                settled.push((alike, found));
            }
        }
        if let Some(session) = source {
            Session::logout(session).await;
        }
        Ok(settled)
    }

    /// Reads both sides of these groups; `None` where the source does not let another connection in.
    async fn read_alike(
        &mut self,
        groups: &[Alike],
        source: &mut Option<Session>,
        lies: Lies,
    ) -> Result<Option<(Said<SourceUid>, Said<DestinationUid>)>, TransferError> {
        let Some((request, raw)) = self.source.filter(|_| !groups.is_empty()) else { return Ok(None) };
        for side in [Side::Source, Side::Destination] {
            count_reading(request, side, groups.iter().map(|alike| alike.bytes(side)).sum())?;
        }
        let session = match source {
            Some(session) => session,
            none => match open_source(request, raw).await {
                Ok(session) => none.insert(session),
                Err(error) => {
                    tracing::warn!(%error, "cannot compare messages with equal headers");
                    return Ok(None);
                }
            },
        };
        let rows: Vec<SourceUid> =
            groups.iter().flat_map(|alike| &alike.rows).map(|row| row.key.uid).collect();
        let copies: Vec<DestinationUid> =
            groups.iter().flat_map(|alike| &alike.copies).map(|key| key.uid).collect();
        let (at_source, here) = tokio::try_join!(
            async { said(session, rows, lies).await.map_err(TransferError::at(Side::Source)) },
            async { said(self.session, copies, lies).await.map_err(TransferError::at(Side::Destination)) },
        )?;
        Ok(Some((at_source, here)))
    }
}

async fn open_source(request: &CopyRequest, raw: &str) -> Result<Session, TransferError> {
    let opened = request.source.open_briefly().await;
    let mut session = opened.map_err(|source| TransferError::SignIn { side: Side::Source, source })?;
    session.examine(raw).await.map_err(TransferError::at(Side::Source))?;
    Ok(session)
}

/// What these messages of the opened folder say. Those that are refused say nothing.
async fn said<U: Uid>(session: &mut Session, mut uids: Vec<U>, lies: Lies) -> Result<Said<U>, ImapError> {
    uids.sort_unstable();
    uids.dedup();
    let mut said = Said::new();
    for mut request in session.ask_bodies(&uids) {
        loop {
            match session.next_body(&mut request).await {
                Ok(BodyReply::Message { uid, bytes }) => {
                    said.insert(uid, Message::new(&bytes, lies));
                }
                // Nobody knows which of them it is.
                Ok(BodyReply::Again { uid, bytes }) => {
                    if said.get(&uid) != Some(&Message::new(&bytes, lies)) {
                        said.remove(&uid);
                    }
                }
                Ok(BodyReply::End) | Err(ImapError::Refused { .. }) => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(said)
}

/// Groups that have to be read: rows without a copy where there are messages with their headers, together with rows that
/// were given one of these, as it may be the other one's. `placed` holds each row with the copy that it was given.
fn to_read(
    rows: &[MessageKey<SourceUid>],
    placed: &[Option<DestinationUid>],
    present: &[MessageKey<DestinationUid>],
) -> Vec<Alike> {
    let mut groups: BTreeMap<IdentityKey, Alike> = BTreeMap::new();
    for (row, _) in rows.iter().zip(placed).filter(|(_, place)| place.is_none()) {
        groups.entry(row.identity).or_default();
    }
    for (index, (key, placed)) in rows.iter().zip(placed).enumerate() {
        if let Some(alike) = groups.get_mut(&key.identity) {
            alike.rows.push(Row { index, key: *key, placed: *placed });
        }
    }
    for copy in present {
        if let Some(alike) = groups.get_mut(&copy.identity) {
            alike.copies.push(*copy);
        }
    }
    groups.retain(|_, alike| !alike.copies.is_empty());
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<U: Uid>(uid: u32, identity: u8, size: u64) -> MessageKey<U> {
        MessageKey { uid: uid.into(), identity: IdentityKey([identity; 32]), size }
    }

    fn message(body: &str) -> Message {
        let text = format!("Message-ID: <a@b>\r\nX-TUID: {}\r\n\r\n{body}", body.len());
        Message::new(text.as_bytes(), Lies::Here)
    }

    #[test]
    fn elsewhere_the_way_that_a_message_has_come_counts_too() {
        let sent = "Message-ID: <a@b>\r\n\r\nWe meet at eight\r\n";
        let delivered = format!("Received: by mx.b;\r\n Mon, 1 Jan 2024 10:00:00 +0000\r\n{sent}");
        let folded = delivered.replace("\r\n Mon", " Mon");
        let is_same = |one: &str, other: &str, lies| {
            Message::new(one.as_bytes(), lies) == Message::new(other.as_bytes(), lies)
        };
        assert!(is_same(sent, &delivered, Lies::Here));
        assert!(!is_same(sent, &delivered, Lies::Elsewhere));
        assert!(is_same(&folded, &delivered, Lies::Elsewhere));
    }

    #[test]
    fn only_rows_that_lack_a_copy_where_their_like_is_are_read() {
        let rows = [key(1, 1, 10), key(2, 1, 10), key(3, 2, 10), key(4, 3, 10)];
        let present = [key(11, 1, 10), key(12, 2, 10)];
        let groups =
            to_read(&rows, &[Some(DestinationUid(11)), None, Some(DestinationUid(12)), None], &present);
        let row = |index: usize, placed| Row { index, key: rows[index], placed };
        let expected =
            Alike { rows: vec![row(0, Some(DestinationUid(11))), row(1, None)], copies: vec![present[0]] };
        assert_eq!(groups, [expected]);
    }

    #[test]
    fn what_messages_say_decides_and_each_copy_is_given_once() {
        let row = |(index, placed): (usize, Option<u32>)| Row {
            index,
            key: key(u32::try_from(index).unwrap() + 1, 1, 10),
            placed: placed.map(DestinationUid),
        };
        let alike = Alike {
            rows: [None, Some(12), Some(11)].into_iter().enumerate().map(row).collect(),
            copies: vec![key(11, 1, 12), key(12, 1, 12)],
        };
        let source = Said::from([
            (SourceUid(1), message("first")),
            (SourceUid(2), message("second")),
            (SourceUid(3), message("second")),
        ]);
        let destination =
            Said::from([(DestinationUid(11), message("second\n")), (DestinationUid(12), message("third"))]);
        // The third keeps what it was given rightly, and the second loses what is somebody else's.
        assert_eq!(pairs(&alike, &source, &destination), [(2, DestinationUid(11))]);
    }

    #[test]
    fn a_difference_is_believed_after_enough_of_its_kind_and_never_again_after_one_that_was_not_the_same() {
        let pair = |more: u64| Alike {
            rows: vec![Row { index: 0, key: key(1, 1, 100), placed: None }],
            copies: vec![key(9, 1, 100 + more)],
        };
        let mut habits = Habits::default();
        for _ in 0..SAMPLES {
            assert!(!habits.is_believed(&pair(22)));
            habits.learn(&pair(22), true);
        }
        assert!(habits.is_believed(&pair(22)) && !habits.is_believed(&pair(23)));
        let two = Alike { copies: vec![key(9, 1, 122), key(10, 1, 122)], ..pair(22) };
        assert!(!habits.is_believed(&two));
        habits.learn(&pair(22), false);
        assert!(!habits.is_believed(&pair(22)));
    }
}
