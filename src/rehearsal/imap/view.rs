//! The selected mailbox as one client sees it: sequence numbers stay the same until the client is notified of a change.

use std::ops::Range;
use std::time::Duration;

use imap_codec::imap_types::command::SelectParameter;
use imap_codec::imap_types::mailbox::Mailbox;
use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

use super::flags;
use super::folder::Folder;
use super::folder_path::FolderPath;
use super::qresync;
use super::reply::Reply;
use super::session::{Lies, Session};
use super::wire::WireEnd;

/// How often an idling client is notified of new mail.
const IDLE_TICK: Duration = Duration::from_millis(250);

/// What a client knows of the mailbox it selected.
#[derive(Debug)]
pub(super) struct View {
    pub(super) path: FolderPath,
    pub(super) is_read_only: bool,
    uid_validity: u32,
    /// The UID of each sequence number, ascending.
    uids: Vec<u32>,
    /// Every message below this UID was reported.
    known_below_uid: u32,
    known_expunged: u64,
    /// Messages from this UID on are recent to this client.
    recent_from: u32,
}

impl View {
    fn new(path: FolderPath, folder: &Folder, is_read_only: bool, visible: Option<usize>) -> Self {
        Self {
            path,
            is_read_only,
            uid_validity: folder.uid_validity,
            uids: folder.visible(visible).iter().map(|message| message.uid).collect(),
            known_below_uid: folder.uid_next,
            known_expunged: folder.expunged,
            recent_from: folder.recent_from,
        }
    }

    /// The sequence number and UID of every message that a set means, ascending and each once.
    ///
    /// Unknown UIDs are left out; an unknown sequence number makes the whole set wrong (`None`).
    pub(super) fn resolve(&self, set: &SequenceSet, is_uid: bool) -> Option<Vec<(u32, u32)>> {
        let mut ranges = Vec::new();
        for sequence in set.0.as_ref() {
            ranges.push(self.range(sequence, is_uid)?);
        }
        ranges.sort_by_key(|range| range.start);
        let mut found = Vec::new();
        let mut next = 0;
        for range in ranges {
            for index in range.start.max(next)..range.end {
                let uid = self.uids.get(index)?;
                found.push((u32::try_from(index + 1).ok()?, *uid));
            }
            next = next.max(range.end);
        }
        Some(found)
    }

    /// Messages from this UID on carry `\Recent` in this session.
    pub(super) fn recent_from(&self) -> u32 {
        self.recent_from
    }

    fn recent_count(&self) -> usize {
        self.uids.len() - self.uids.partition_point(|uid| *uid < self.recent_from)
    }

    /// Every message as sequence number and UID.
    pub(super) fn resolve_all(&self) -> Option<Vec<(u32, u32)>> {
        let numbered = self.uids.iter().enumerate();
        numbered.map(|(index, uid)| Some((u32::try_from(index + 1).ok()?, *uid))).collect()
    }

    /// Whether a set means this message; `None` for a set with an unknown sequence number.
    pub(super) fn contains(&self, set: &SequenceSet, number: u32, is_uid: bool) -> Option<bool> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        for sequence in set.0.as_ref() {
            if self.range(sequence, is_uid)?.contains(&index) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Keeps the messages with the highest UIDs where there are more than the server processes in one command; the
    /// response code that says so (RFC 9738).
    pub(super) fn cut_to_limit(wanted: &mut Vec<(u32, u32)>, limit: Option<usize>) -> Option<String> {
        let limit = limit.filter(|limit| wanted.len() > *limit)?;
        wanted.drain(..wanted.len() - limit);
        let (_, lowest_uid) = wanted.first()?;
        Some(format!("MESSAGELIMIT {limit} {lowest_uid}"))
    }

    /// UIDs that lie between those of the messages, where the server leaves such gaps, as far as a set means them.
    pub(super) fn phantoms(&self, set: Option<&SequenceSet>, folder: &Folder) -> Vec<u32> {
        let highest = self.uids.last().copied().unwrap_or(0);
        let number = |bound: &SeqOrUid| match bound {
            SeqOrUid::Asterisk => highest,
            SeqOrUid::Value(value) => value.get(),
        };
        let is_in = |sequence: &Sequence, uid: u32| {
            let (one, other) = match sequence {
                Sequence::Single(only) => (number(only), number(only)),
                Sequence::Range(start, end) => (number(start), number(end)),
            };
            (one.min(other)..=one.max(other)).contains(&uid)
        };
        let is_meant =
            |uid: u32| set.is_none_or(|set| set.0.as_ref().iter().any(|sequence| is_in(sequence, uid)));
        let gaps = self.uids.windows(2).filter_map(|pair| match pair {
            [before, after] if folder.has_gaps() => Some(before.saturating_add(1)..*after),
            _ => None,
        });
        gaps.flatten().filter(|uid| is_meant(*uid)).collect()
    }

    /// The places in `uids` that one part of a set means.
    fn range(&self, sequence: &Sequence, is_uid: bool) -> Option<Range<usize>> {
        let (start, end) = match sequence {
            Sequence::Single(only) => (*only, *only),
            Sequence::Range(start, end) => (*start, *end),
        };
        if is_uid { Some(self.uid_range(start, end)) } else { self.number_range(start, end) }
    }

    fn uid_range(&self, start: SeqOrUid, end: SeqOrUid) -> Range<usize> {
        let last = self.uids.last().copied().unwrap_or(0);
        let uid = |bound: SeqOrUid| match bound {
            // The grammar hands a lone `*` on as the largest number.
            SeqOrUid::Asterisk => last,
            SeqOrUid::Value(value) if value.get() == u32::MAX => last,
            SeqOrUid::Value(value) => value.get(),
        };
        let (start, end) = (uid(start).min(uid(end)), uid(start).max(uid(end)));
        let from = self.uids.partition_point(|uid| *uid < start);
        from..self.uids.partition_point(|uid| *uid <= end).max(from)
    }

    fn number_range(&self, start: SeqOrUid, end: SeqOrUid) -> Option<Range<usize>> {
        let count = self.uids.len();
        let number = |bound: SeqOrUid| match bound {
            SeqOrUid::Asterisk => Some(count),
            SeqOrUid::Value(value) if value.get() == u32::MAX => Some(count),
            SeqOrUid::Value(value) => usize::try_from(value.get()).ok().filter(|number| *number <= count),
        };
        let (start, end) = (number(start)?, number(end)?);
        (start.min(end) > 0).then(|| start.min(end) - 1..start.max(end))
    }

    /// Takes over what changed in the folder and returns the untagged replies that say so.
    fn catch_up(&mut self, folder: &Folder, keeps_numbers: bool, by_uid: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if folder.expunged != self.known_expunged && !keeps_numbers {
            self.known_expunged = folder.expunged;
            let (mut removed, mut gone) = (Vec::new(), Vec::new());
            for (index, uid) in self.uids.iter().enumerate() {
                if folder.message(*uid).is_none() {
                    removed.push(index + 1);
                    gone.push(*uid);
                }
            }
            self.uids.retain(|uid| folder.message(*uid).is_some());
            if by_uid && !gone.is_empty() {
                lines.push(format!("* VANISHED {}", qresync::joined(&gone)));
            } else {
                // From the last to the first, so that no number shifts before it was named.
                lines.extend(removed.iter().rev().map(|number| format!("* {number} EXPUNGE")));
            }
        }
        if folder.uid_next != self.known_below_uid {
            let from = folder.messages.partition_point(|message| message.uid < self.known_below_uid);
            self.known_below_uid = folder.uid_next;
            self.uids.extend(folder.messages.iter().skip(from).map(|message| message.uid));
            lines.push(format!("* {} EXISTS", self.uids.len()));
            lines.push(format!("* {} RECENT", self.recent_count()));
        }
        lines
    }
}

impl Session {
    pub(super) fn select(
        &mut self,
        mailbox: &Mailbox<'_>,
        parameters: &[SelectParameter],
        is_read_only: bool,
    ) -> Reply {
        if self.selected.take().is_some() {
            self.wire.push_line("* OK [CLOSED] Previous mailbox closed.");
        }
        let has_condstore = self.shared.personality.has("CONDSTORE");
        if has_condstore && parameters.iter().any(|parameter| matches!(parameter, SelectParameter::CondStore))
        {
            self.has_condstore = true;
        }
        let Some(path) = self.path(mailbox) else {
            return self.bad_name(mailbox);
        };
        let free_keywords = self.shared.personality.has_free_keywords;
        let visible = self.shared.personality.quirks.visible_messages;
        let told = self.lies;
        let described = self.with_account(|account| {
            let folder = account.folder(&path)?;
            let view = View::new(path.clone(), folder, is_read_only, visible);
            let lines = description(folder, &view, free_keywords, has_condstore, told);
            if !is_read_only {
                account.claim_recent(&path);
            }
            Some((view, lines))
        });
        let Some((view, lines)) = described.flatten() else {
            let name = self.shared.personality.wire_name(&path);
            return Reply::no(format!("Mailbox doesn't exist: {name}"));
        };
        for line in lines {
            self.wire.push_line(&line);
        }
        self.selected = Some(view);
        Reply::ok(if is_read_only {
            "[READ-ONLY] Examine completed."
        } else {
            "[READ-WRITE] Select completed."
        })
    }

    pub(super) fn close(&mut self, expunges: bool) -> Reply {
        if let Some(view) = self.selected.take()
            && expunges
            && !view.is_read_only
        {
            self.with_account(|account| flags::expunge(account, &view.path, None));
        }
        Reply::ok(if expunges { "Close completed." } else { "Unselect completed." })
    }

    /// Tells the client what changed in the selected mailbox; `false` when the mailbox is gone.
    pub(super) fn report_changes(&mut self, keeps_numbers: bool) -> bool {
        let Some(mut view) = self.selected.take() else { return true };
        let by_uid = self.has_qresync;
        let lines = self.with_account(|account| {
            // A folder that was renamed is still the same one, and UIDVALIDITY is never given twice.
            let is_same = |folder: &Folder| folder.uid_validity == view.uid_validity;
            if !account.folder(&view.path).is_some_and(is_same) {
                view.path = account.folders().iter().find(|(_, folder)| is_same(folder))?.0.clone();
            }
            let lines = view.catch_up(account.folder(&view.path)?, keeps_numbers, by_uid);
            if !view.is_read_only && !lines.is_empty() {
                account.claim_recent(&view.path);
            }
            Some(lines)
        });
        let Some(lines) = lines.flatten() else { return false };
        for line in lines {
            self.wire.push_line(&line);
        }
        self.selected = Some(view);
        true
    }

    /// IDLE (RFC 2177): until the client says DONE.
    pub(super) async fn idle(&mut self) -> Result<Reply, WireEnd> {
        if !self.shared.personality.has("IDLE") {
            return Ok(Reply::bad("Error in IMAP command IDLE: Unknown command."));
        }
        self.wire.push_line("+ idling");
        self.wire.flush().await?;
        loop {
            // The time-out cuts only the wait for a line; bytes that came stay in the wire.
            match tokio::time::timeout(IDLE_TICK, self.wire.line(64)).await {
                Ok(line) => {
                    let is_done = line?.eq_ignore_ascii_case(b"DONE");
                    return Ok(if is_done {
                        Reply::ok("Idle completed.")
                    } else {
                        Reply::bad("Expected DONE.")
                    });
                }
                Err(_elapsed) => {
                    if !self.report_changes(false) {
                        return Ok(Reply::no("[NONEXISTENT] Mailbox was deleted."));
                    }
                    self.wire.flush().await?;
                }
            }
        }
    }
}

const SYSTEM_FLAGS: &str = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

/// The untagged replies to SELECT and EXAMINE, in Dovecot's order.
fn description(
    folder: &Folder,
    view: &View,
    free_keywords: bool,
    has_condstore: bool,
    told: Lies,
) -> Vec<String> {
    let mut flags = SYSTEM_FLAGS.to_owned();
    for keyword in folder.keywords.values() {
        flags.push(' ');
        flags.push_str(keyword);
    }
    let permanent = match (view.is_read_only, free_keywords) {
        (true, _) => "* OK [PERMANENTFLAGS ()] Read-only mailbox.".to_owned(),
        (false, true) => format!("* OK [PERMANENTFLAGS ({flags} \\*)] Flags permitted."),
        (false, false) => format!("* OK [PERMANENTFLAGS ({flags})] Flags permitted."),
    };
    let mut lines = vec![
        format!("* FLAGS ({flags})"),
        permanent,
        format!("* {} EXISTS", view.uids.len().saturating_add(usize::try_from(told.more_exist).unwrap_or(0))),
        format!("* {} RECENT", view.recent_count()),
    ];
    let hidden = folder.messages.len() - view.uids.len();
    let mut visible = folder.messages.iter().skip(hidden);
    if let Some(unseen) = visible.position(|message| !message.flags.contains("\\Seen")) {
        lines.push(format!("* OK [UNSEEN {}] First unseen.", unseen + 1));
    }
    lines.push(format!("* OK [UIDVALIDITY {}] UIDs valid", folder.uid_validity));
    lines.push(format!("* OK [UIDNEXT {}] Predicted next UID", told.uid_next(folder.uid_next)));
    if has_condstore {
        lines.push(format!("* OK [HIGHESTMODSEQ {}] Highest", folder.highest_modseq));
    }
    lines
}
