//! SEARCH and UID SEARCH.

use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::datetime::NaiveDate;
use imap_codec::imap_types::search::SearchKey;

use super::folder::Folder;
use super::folder::StoredMessage;
use super::internal_date;
use super::message_part::{field_values, text};
use super::reply::Reply;
use super::session::Session;
use super::view::View;

/// Matches at this depth of NOT, OR and parentheses are not followed.
const DEPTH: u32 = 16;

/// A search key that the practice server does not know.
struct Unknown;

impl Session {
    pub(super) fn search(&mut self, criteria: &[SearchKey<'_>], is_uid: bool) -> Reply {
        let Some(view) = &self.selected else { return Reply::bad("No mailbox selected.") };
        let Some(mut all) = view.resolve_all() else { return Reply::no("[SERVERBUG] Internal error.") };
        let quirks = &self.shared.personality.quirks;
        if let Some(reply) = quirks.search_reply {
            return Reply::from_line(reply);
        }
        let cut_at = View::cut_to_limit(&mut all, quirks.message_limit);
        let found = self.with_account(|account| {
            let Some(folder) = account.folder(&view.path) else { return Ok(Vec::new()) };
            let mut found = Vec::new();
            let matcher = Matcher::new(view);
            for (number, uid) in all {
                let Some(message) = folder.message(uid) else { continue };
                let mut is_match = true;
                for key in criteria {
                    is_match = is_match && matcher.matches(key, number, message, DEPTH)?;
                }
                if is_match {
                    found.push(if is_uid { uid } else { number });
                }
            }
            if is_uid && let [key] = criteria {
                found.extend(phantoms(key, view, folder));
                found.sort_unstable();
            }
            quirks.arrange(&mut found);
            Ok(found)
        });
        match found.unwrap_or(Ok(Vec::new())) {
            Err(Unknown) => Reply::no("[CANNOT] The practice server has no such search key."),
            Ok(found) => {
                let mut line = "* SEARCH".to_owned();
                for number in found {
                    line.push(' ');
                    line.push_str(&number.to_string());
                }
                self.wire.push_line(&line);
                match cut_at {
                    None => Reply::ok("Search completed."),
                    Some(code) => Reply::ok(format!("[{code}] Search completed with partial results.")),
                }
            }
        }
    }
}

/// UIDs that the server lists although there is no message behind them: for plain questions only.
fn phantoms(key: &SearchKey<'_>, view: &View, folder: &Folder) -> Vec<u32> {
    match key {
        SearchKey::All => view.phantoms(None, folder),
        SearchKey::Uid(set) => view.phantoms(Some(set), folder),
        _ => Vec::new(),
    }
}

/// Judges messages of one mailbox.
struct Matcher<'v> {
    view: &'v View,
}

impl<'v> Matcher<'v> {
    fn new(view: &'v View) -> Self {
        Self { view }
    }

    fn matches(
        &self,
        key: &SearchKey<'_>,
        number: u32,
        message: &StoredMessage,
        depth: u32,
    ) -> Result<bool, Unknown> {
        let depth = depth.checked_sub(1).ok_or(Unknown)?;
        let has = |flag: &str| message.flags.iter().any(|own| own.eq_ignore_ascii_case(flag));
        let day = internal_date::day(message.internal_date);
        let size = u64::try_from(message.bytes.len()).unwrap_or(u64::MAX);
        Ok(match key {
            SearchKey::And(keys) => {
                for key in keys.as_ref() {
                    if !self.matches(key, number, message, depth)? {
                        return Ok(false);
                    }
                }
                true
            }
            SearchKey::Not(key) => !self.matches(key, number, message, depth)?,
            SearchKey::Or(one, other) => {
                self.matches(one, number, message, depth)? || self.matches(other, number, message, depth)?
            }
            SearchKey::All | SearchKey::Old => true,
            SearchKey::New | SearchKey::Recent => false,
            SearchKey::SequenceSet(set) => self.view.contains(set, number, false).ok_or(Unknown)?,
            SearchKey::Uid(set) => self.view.contains(set, number, true).ok_or(Unknown)?,
            SearchKey::Answered => has("\\Answered"),
            SearchKey::Deleted => has("\\Deleted"),
            SearchKey::Draft => has("\\Draft"),
            SearchKey::Flagged => has("\\Flagged"),
            SearchKey::Seen => has("\\Seen"),
            SearchKey::Unanswered => !has("\\Answered"),
            SearchKey::Undeleted => !has("\\Deleted"),
            SearchKey::Undraft => !has("\\Draft"),
            SearchKey::Unflagged => !has("\\Flagged"),
            SearchKey::Unseen => !has("\\Seen"),
            SearchKey::Keyword(keyword) => has(keyword.inner()),
            SearchKey::Unkeyword(keyword) => !has(keyword.inner()),
            SearchKey::Larger(bytes) => size > u64::from(*bytes),
            SearchKey::Smaller(bytes) => size < u64::from(*bytes),
            SearchKey::Before(date) => day < day_number(date)?,
            SearchKey::On(date) => day == day_number(date)?,
            SearchKey::Since(date) => day >= day_number(date)?,
            other => matches_words(other, &message.bytes)?,
        })
    }
}

fn matches_words(key: &SearchKey<'_>, message: &[u8]) -> Result<bool, Unknown> {
    let in_field = |name: &[u8], words: &AString<'_>| {
        field_values(message, name).any(|value| contains(value, words.as_ref()))
    };
    Ok(match key {
        SearchKey::Bcc(words) => in_field(b"Bcc", words),
        SearchKey::Cc(words) => in_field(b"Cc", words),
        SearchKey::From(words) => in_field(b"From", words),
        SearchKey::Subject(words) => in_field(b"Subject", words),
        SearchKey::To(words) => in_field(b"To", words),
        SearchKey::Header(name, words) => in_field(name.as_ref(), words),
        SearchKey::Body(words) => contains(text(message), words.as_ref()),
        SearchKey::Text(words) => contains(message, words.as_ref()),
        _ => return Err(Unknown),
    })
}

/// Whether the text contains the words; case-insensitive for ASCII only.
fn contains(text: &[u8], words: &[u8]) -> bool {
    words.is_empty()
        || memchr::memmem::find(&text.to_ascii_lowercase(), &words.to_ascii_lowercase()).is_some()
}

fn day_number(date: &NaiveDate) -> Result<i64, Unknown> {
    internal_date::parse_iso_day(&date.as_ref().to_string()).ok_or(Unknown)
}
