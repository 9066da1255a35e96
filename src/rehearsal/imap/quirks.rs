use super::dislike::Dislike;
use crate::rehearsal::mailbox::SampleMessage;

/// Where a server leaves the standards, as data. All of it was seen at real providers; [`Quirks::NONE`] has none of it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a quirk of its own, and they come in any combination"
)]
pub struct Quirks {
    /// Folders are labels on one set of messages: a message that the account has already (same Message-ID and size) is
    /// not stored again but gets one label more, and everything is in the folder that is marked `\All`.
    pub folders_are_labels: bool,
    /// Every account has the folders of [`Personality::special_names`](super::Personality::special_names) from the
    /// beginning.
    pub has_folders_of_its_own: bool,
    /// A plain LIST shows the attributes of RFC 6154 although SPECIAL-USE is not advertised.
    pub volunteers_special_use: bool,
    /// LIST with RETURN is answered BAD although LIST-EXTENDED and LIST-STATUS are advertised.
    pub refuses_list_return: bool,
    /// SEARCH gives its numbers in no order.
    pub searches_unsorted: bool,
    /// The tagged reply to every SEARCH; `None`: it searches.
    pub search_reply: Option<&'static str>,
    /// A header field, line end included, that the server puts in front of what it stores.
    pub added_header: Option<&'static str>,
    /// Raw 8-bit header bytes are shown as question marks if single fields are requested.
    pub shows_fields_in_ascii: bool,
    /// How the inbox is spelled in lists; any case means it all the same (RFC 3501 section 5.1).
    pub inbox_name: &'static str,
    /// Folders are made below these only, which are there from the beginning; empty: anywhere.
    pub folders_below: &'static [&'static str],
    /// APPEND reports no UIDs although UIDPLUS is advertised.
    pub omits_append_uid: bool,
    /// The tagged reply to a message that does not end with a line end; `None`: it is taken.
    pub last_line_reply: Option<&'static str>,
    /// The tagged reply to an APPEND with a dot in a keyword; `None`: it is taken.
    pub dotted_keyword_reply: Option<&'static str>,
    /// Flags that APPEND ignores without a word.
    pub append_drops_flags: &'static [&'static str],
    /// APPEND refuses a message with a longer line, in bytes without the line end.
    pub longest_message_line: Option<usize>,
    /// RFC822.SIZE and STATUS (SIZE) are estimates, too large by one part in this many; `None`: they are exact.
    pub size_excess_divisor: Option<u64>,
    /// Distance between the UIDs that the server gives. Between them lie UIDs that UID SEARCH lists and FETCH never
    /// finds; 1: there are none.
    pub uid_step: u32,
    /// Only this many of the newest messages in a folder are visible.
    pub visible_messages: Option<usize>,
    /// FETCH and SEARCH process only this many messages, those with the highest UIDs, and say so (MESSAGELIMIT, RFC 9738).
    pub message_limit: Option<usize>,
    /// BAD replies in a row after which the server ends the connection.
    pub errors_before_bye: u32,
    /// The tagged reply of a server that wants to be left alone: `{command}` and `{milliseconds}` are filled in.
    pub throttle_reply: &'static str,
    /// The tagged reply to an APPEND with a line above [`Quirks::longest_message_line`].
    pub long_line_reply: &'static str,
    /// What APPEND refuses beside, and with which tagged reply.
    pub dislikes: &'static [(Dislike, &'static str)],
    /// APPEND answers OK to messages with these bytes and drops them.
    pub swallows: Option<&'static [u8]>,
    /// FETCH of the bytes of a message that holds these is answered NO with this text, after the others.
    pub withholds: Option<(&'static [u8], &'static str)>,
    /// A folder takes messages from one connection at a time; others are told that they have waited for its lock in vain.
    pub locks_folders: bool,
    /// A connection that has opened a folder for reading only cannot append to it.
    pub refuses_append_to_examined: bool,
    /// A folder whose opening ends the connection, as a share that is gone does at Zimbra.
    pub hangs_up_at: Option<&'static str>,
}

impl Quirks {
    /// A server that does what the standards say.
    pub const NONE: Self = Self {
        folders_are_labels: false,
        has_folders_of_its_own: false,
        volunteers_special_use: false,
        refuses_list_return: false,
        searches_unsorted: false,
        search_reply: None,
        added_header: None,
        shows_fields_in_ascii: false,
        inbox_name: "INBOX",
        folders_below: &[],
        omits_append_uid: false,
        last_line_reply: None,
        dotted_keyword_reply: None,
        append_drops_flags: &[],
        longest_message_line: None,
        size_excess_divisor: None,
        uid_step: 1,
        visible_messages: None,
        message_limit: None,
        errors_before_bye: 20,
        throttle_reply: "NO [UNAVAILABLE] Server is busy, try again later.",
        long_line_reply: "NO Line is too long.",
        dislikes: &[],
        swallows: None,
        withholds: None,
        locks_folders: false,
        refuses_append_to_examined: false,
        hangs_up_at: None,
    };

    /// The size that the server states for this many bytes.
    pub(super) fn stated_size(&self, bytes: u64) -> u64 {
        bytes + self.size_excess_divisor.map_or(0, |divisor| bytes / divisor.max(1))
    }

    /// Whether a message has a line that the server does not take.
    pub(super) fn has_too_long_line(&self, message: &[u8]) -> bool {
        let Some(limit) = self.longest_message_line else { return false };
        message
            .split(|byte| *byte == b'\n')
            .any(|line| line.strip_suffix(b"\r").unwrap_or(line).len() > limit)
    }

    /// The refusal of a message for its form.
    pub(super) fn refusal_of(&self, message: &SampleMessage) -> Option<&'static str> {
        let has_dot = message.flags.iter().any(|flag| !flag.starts_with('\\') && flag.contains('.'));
        if self.has_too_long_line(&message.bytes) {
            return Some(self.long_line_reply);
        }
        let is_open = !message.bytes.ends_with(b"\n");
        self.last_line_reply.filter(|_| is_open).or(self.dotted_keyword_reply.filter(|_| has_dot))
    }

    /// Whether a folder may be made here.
    pub(super) fn takes_folder(&self, levels: &[String]) -> bool {
        self.folders_below.is_empty()
            || levels
                .first()
                .is_some_and(|top| levels.len() > 1 && self.folders_below.contains(&top.as_str()))
    }

    /// The reply to a command while the server wants to be left alone.
    pub(super) fn throttled(&self, command: &str, milliseconds: u128) -> String {
        self.throttle_reply.replace("{command}", command).replace("{milliseconds}", &milliseconds.to_string())
    }

    /// Brings search results into the order that the server gives them in.
    pub(super) fn arrange(&self, found: &mut [u32]) {
        if self.searches_unsorted {
            let middle = found.len() / 2;
            found.rotate_left(middle);
            found.reverse();
        }
    }
}
