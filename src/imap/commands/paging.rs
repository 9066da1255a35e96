//! Listing a whole folder, also at servers that answer for some hundred or thousand messages per command only
//! (MESSAGELIMIT, RFC 9738; Yahoo, which cuts without saying so).

use std::collections::BTreeMap;

use crate::imap::protocol::completion::{Code, Completion};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::pending::refused_unless_whole;
use crate::values::Uid;

/// Messages asked for with one command; below the limit of 1,000 that Yahoo announces.
pub(in crate::imap) const WINDOW: usize = 500;
/// Concurrent windows.
const AHEAD: usize = 4;
/// Most restarts, because messages were expunged meanwhile or the windows were too large.
const MAX_BEGINNINGS: u32 = 12;

/// Message numbers in a row without a message, after which the others are hardly there either: some servers count messages
/// that they do not list, and one may count any number.
const MAX_EMPTY_NUMBERS: u32 = 20_000;

/// What is known of the messages of a folder, by UID.
pub(in crate::imap) type Found<T> = BTreeMap<u32, T>;

impl Session {
    /// Messages that may be asked for with one command.
    pub(in crate::imap) fn window(&self) -> usize {
        let announced = self.capabilities.names().find_map(|name| name.strip_prefix("MESSAGELIMIT="));
        let announced = announced.and_then(|digits| digits.parse().ok());
        let limit: usize = self.message_limit.into_iter().chain(announced).min().unwrap_or(WINDOW);
        limit.clamp(1, WINDOW)
    }

    /// UIDs of the opened folder from `first` on, ascending. FETCH, as SEARCH is broken on many servers: unsorted, cut
    /// short, or answered with ESEARCH.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn fetch_uids<U: Uid>(&mut self, first: U) -> Result<Vec<U>, ImapError> {
        let found = self.fetch_each(first.into(), "UID", |_| Some(())).await?;
        Ok(found.into_keys().map(U::from).collect())
    }

    /// Sum of the message sizes of a folder, in bytes, for servers whose STATUS does not report it.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn folder_bytes(&mut self, raw: &str) -> Result<u64, ImapError> {
        if self.examine(raw).await?.exists == 0 {
            return Ok(0);
        }
        let sizes = self.fetch_each(1, "UID RFC822.SIZE", |item| item.size).await?;
        Ok(sizes.into_values().fold(0, u64::saturating_add))
    }

    /// Asks about every message from UID `first` on: with one command, and window by window where the answer is cut.
    pub(in crate::imap) async fn fetch_each<T>(
        &mut self,
        first: u32,
        items: &str,
        read: impl Fn(FetchItem) -> Option<T>,
    ) -> Result<Found<T>, ImapError> {
        let mut found = Found::new();
        let mut window = self.window();
        if self.can_list_at_once() {
            let tag = self.submit(&format!("UID FETCH {first}:* ({items})"));
            let completion = self.collect(tag, &read, &mut found).await?;
            self.message_limit = self.message_limit.or_else(|| cut(&completion));
            match cut(&completion) {
                // Nothing to page through, so nothing can be trusted.
                Some(_) if self.exists == 0 => {
                    return Err(ImapError::Refused { command: "FETCH", completion });
                }
                Some(limit) => window = window.min(limit),
                None => {
                    refused_unless_whole("FETCH", completion)?;
                    // Fewer than there are: cut without a word, or numbers without messages. Paging tells.
                    if first > 1 || found.len() >= self.exists as usize {
                        found.retain(|uid, _| *uid >= first);
                        return Ok(found);
                    }
                }
            }
        }
        self.fetch_paged((first, items), window, &read, &mut found).await?;
        // `first:*` always names the last message, also when its UID is below `first`.
        found.retain(|uid, _| *uid >= first);
        Ok(found)
    }

    /// From the newest to the oldest by message numbers, which stay as they are while nothing but FETCH is under way
    /// (RFC 3501 section 7.4.1).
    async fn fetch_paged<T>(
        &mut self,
        (first, items): (u32, &str),
        mut window: usize,
        read: &impl Fn(FetchItem) -> Option<T>,
        found: &mut Found<T>,
    ) -> Result<(), ImapError> {
        for _beginning in 0..MAX_BEGINNINGS {
            let expunged = self.expunged;
            let mut last = self.exists;
            let (mut is_cut, mut empty) = (None, 0_u32);
            while last > 0 && is_cut.is_none() && self.expunged == expunged {
                let (mut tags, begin) = (Vec::with_capacity(AHEAD), last);
                while last > 0 && tags.len() < AHEAD {
                    let width = u32::try_from(window).unwrap_or(u32::MAX);
                    let from = last.saturating_sub(width - 1).max(1);
                    tags.push(self.submit(&format!("FETCH {from}:{last} ({items})")));
                    last = from - 1;
                }
                let mut page = Found::new();
                for tag in tags {
                    let completion = self.collect(tag, read, &mut page).await?;
                    match cut(&completion) {
                        Some(limit) => is_cut = Some(limit),
                        None => refused_unless_whole("FETCH", completion)?,
                    }
                }
                empty = if page.is_empty() { empty.saturating_add(begin - last) } else { 0 };
                if empty > MAX_EMPTY_NUMBERS {
                    break;
                }
                let lowest = page.first_key_value().map(|(uid, _)| *uid);
                found.append(&mut page);
                if lowest.is_some_and(|lowest| lowest < first) {
                    break;
                }
            }
            match is_cut {
                Some(limit) => window = (window / 2).min(limit).max(1),
                None if self.expunged == expunged => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    async fn collect<T>(
        &mut self,
        tag: Tag,
        read: &impl Fn(FetchItem) -> Option<T>,
        found: &mut Found<T>,
    ) -> Result<Completion, ImapError> {
        self.finish(tag, |reply| {
            if let Reply::Fetch(item) = reply
                && let Some(uid) = item.uid
                && let Some(value) = read(*item)
            {
                found.insert(uid, value);
            }
        })
        .await
    }
}

/// How many messages a server answers for, where it has cut its answer.
fn cut(completion: &Completion) -> Option<usize> {
    if !completion.has_code("MESSAGELIMIT") {
        return None;
    }
    let Some(Code::Other(code)) = &completion.code else { return Some(WINDOW) };
    Some(code.split(' ').nth(1).and_then(|digits| digits.parse().ok()).unwrap_or(WINDOW).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_read_with_their_limit() {
        for (reply, expected) in [
            ("OK [MESSAGELIMIT 1000 23221] FETCH completed", Some(1_000)),
            ("NO [MESSAGELIMIT 100] too many", Some(100)),
            ("OK [MESSAGELIMIT] x", Some(WINDOW)),
            ("OK done", None),
            ("NO [LIMIT] x", None),
        ] {
            assert_eq!(cut(&Completion::read(reply.as_bytes()).unwrap()), expected, "{reply}");
        }
    }
}
