//! What is looked for in a mailbox, and in which folders: keys that the server searches with or, where it cannot, that
//! header fields are compared with here.

use super::header::Header;
use crate::imap::{Folder, Namespace, Whose};
use crate::values::{DomainName, UnixTime};

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sought {
    /// A bounce or a complaint.
    Notice,
    /// A DMARC or TLS report.
    Report,
    /// A message from the domain that came back through other servers: shows whether its signatures survive.
    Own,
    /// A message that the owner has sent to test the switch.
    Test,
}

impl Sought {
    const EVIDENCE: [Self; 3] = [Self::Notice, Self::Report, Self::Own];

    /// Its name for people.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Notice => "bounces and complaints",
            Self::Report => "reports",
            Self::Own => "messages of your domain",
            Self::Test => "test messages",
        }
    }
}

/// Notices of failed delivery come from these (RFC 5321 section 6.1, RFC 3464), or say what they are (RFC 6522 and, from Exim,
/// a field of its own).
const NOTICES: [Key; 4] = [
    Key::In("From", "mailer-daemon"),
    Key::In("From", "postmaster"),
    Key::In("Content-Type", "multipart/report"),
    Key::There("X-Failed-Recipients"),
];

/// How reports are sent: RFC 9990 section 2.6 (`Report Domain:` in the subject), RFC 8460 section 5.3 (fields of their own),
/// and the mailboxes that they come from or are addressed to.
const REPORTS: [Key; 9] = [
    Key::In("Subject", "Report Domain"),
    Key::In("Subject", "Report-ID"),
    Key::In("Subject", "DMARC Aggregate"),
    Key::There("TLS-Report-Domain"),
    Key::In("From", "dmarc"),
    Key::In("From", "tls-report"),
    Key::In("From", "tlsrpt"),
    Key::In("To", "dmarc"),
    Key::In("To", "tlsrpt"),
];

/// What never left the server has neither a signature nor anybody's word on it, and tells nothing.
const PASSED_BY: [Key; 3] =
    [Key::In("DKIM-Signature", "d="), Key::There("Authentication-Results"), Key::There("ARC-Seal")];

/// Tells a message from its copies.
pub(super) const MESSAGE_ID: &str = "Message-ID";

/// The fields that all keys are about, and the one above.
pub(super) const FIELDS: [&str; 10] = [
    MESSAGE_ID,
    "From",
    "To",
    "Subject",
    "Content-Type",
    "X-Failed-Recipients",
    "TLS-Report-Domain",
    "DKIM-Signature",
    "Authentication-Results",
    "ARC-Seal",
];

/// One key of a search (RFC 3501 section 6.4.4), in plain ASCII.
#[derive(Clone, Copy, Debug)]
enum Key {
    /// A field of this name holds these words, in whatever case.
    In(&'static str, &'static str),
    /// There is a field of this name.
    There(&'static str),
}

impl Key {
    /// As the server takes it.
    fn sent(self) -> String {
        match self {
            Self::In(field @ ("From" | "To" | "Subject"), words) => {
                format!("{} \"{words}\"", field.to_ascii_uppercase())
            }
            Self::In(field, words) => format!("HEADER {field} \"{words}\""),
            Self::There(field) => format!("HEADER {field} \"\""),
        }
    }

    fn fits(self, header: &Header) -> bool {
        match self {
            Self::In(field, words) => header.has_words(field, words),
            Self::There(field) => header.has_words(field, ""),
        }
    }
}

/// Folders whose mail nobody has sent here, or that show the mail of other folders once more (RFC 6154).
const LEFT_OUT: [&str; 5] = ["\\Drafts", "\\Sent", "\\All", "\\Flagged", "\\Important"];

/// The searches of one reading.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Seconds since 1970.
    from: i64,
    since: String,
    domain: String,
    /// What the subject of a test message holds, where only those are looked for.
    mark: Option<String>,
}

impl Wanted {
    /// Evidence about a domain.
    pub(super) fn new(domain: &DomainName, days: u32, now: UnixTime) -> Self {
        Self { domain: domain.as_ascii().to_owned(), ..Self::since(days, now) }
    }

    /// Test messages with this mark, of which only letters, digits, blanks and hyphens count: nothing else may reach the
    /// server's search.
    pub(super) fn marked(mark: &str, days: u32, now: UnixTime) -> Self {
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-');
        Self { mark: Some(mark.chars().filter(is_plain).collect()), ..Self::since(days, now) }
    }

    fn since(days: u32, now: UnixTime) -> Self {
        let from = now.0.saturating_sub(i64::from(days) * 86_400);
        let since = jiff::Timestamp::from_second(from).map_or_else(
            |_beyond_the_calendar| "1-Jan-1970".to_owned(),
            |at| at.strftime("%-d-%b-%Y").to_string(),
        );
        Self { from, since, domain: String::new(), mark: None }
    }

    /// What is looked for, in this order.
    pub(super) const fn sought(&self) -> &'static [Sought] {
        if self.mark.is_some() { &[Sought::Test] } else { &Sought::EVIDENCE }
    }

    /// The keys of RFC 3501 section 6.4.4, one line of ASCII.
    pub(super) fn keys(&self, sought: Sought) -> String {
        let Self { since, domain, mark, .. } = self;
        match sought {
            Sought::Notice => format!("SINCE {since} {}", any_of(&NOTICES)),
            Sought::Report => format!("SINCE {since} {}", any_of(&REPORTS)),
            Sought::Own => format!("SINCE {since} FROM \"{domain}\" {}", any_of(&PASSED_BY)),
            Sought::Test => format!("SINCE {since} SUBJECT \"{}\"", mark.as_deref().unwrap_or_default()),
        }
    }

    /// The same, of a message whose header came from a server that does not search.
    pub(super) fn fits(&self, sought: Sought, header: &Header) -> bool {
        let any_of = |keys: &[Key]| keys.iter().any(|key| key.fits(header));
        match sought {
            Sought::Notice => any_of(&NOTICES),
            Sought::Report => any_of(&REPORTS),
            Sought::Own => header.has_words("From", &self.domain) && any_of(&PASSED_BY),
            Sought::Test => self.mark.as_ref().is_some_and(|mark| header.has_words("Subject", mark)),
        }
    }

    /// Whether a message that arrived then is too old; SINCE counts whole days.
    pub(super) const fn is_too_old(&self, arrived_secs: i64) -> bool {
        arrived_secs < self.from.saturating_sub(86_400)
    }
}

/// `OR a OR b c`.
fn any_of(keys: &[Key]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| key.sent()).collect();
    let Some((last, others)) = keys.split_last() else { return "ALL".to_owned() };
    let mut text = String::new();
    for key in others {
        text.push_str("OR ");
        text.push_str(key);
        text.push(' ');
    }
    text + last
}

/// The folders that are searched: the inbox first, then junk and trash, where bounces end up.
pub(super) fn chosen(folders: Vec<Folder>, namespace: &Namespace, most: usize) -> Vec<Folder> {
    let is_wanted = |folder: &Folder| {
        folder.is_selectable()
            && namespace.whose(folder) == Whose::Own
            && !LEFT_OUT.iter().any(|attribute| folder.has_attribute(attribute))
    };
    let rank = |folder: &Folder| {
        let is_likely = folder.has_attribute("\\Junk") || folder.has_attribute("\\Trash");
        if folder.raw.eq_ignore_ascii_case("INBOX") { 0 } else { 2 - u8::from(is_likely) }
    };
    let mut chosen: Vec<Folder> = folders.into_iter().filter(is_wanted).collect();
    chosen.sort_by_key(rank);
    chosen.truncate(most);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, attributes: &[&str]) -> Folder {
        Folder {
            raw: name.to_owned(),
            name: name.to_owned(),
            delimiter: Some('/'),
            attributes: attributes.iter().map(|&attribute| attribute.to_owned()).collect(),
            status: None,
        }
    }

    #[test]
    fn the_keys_are_those_of_the_standard() {
        let domain = DomainName::parse("weber-köln.example").unwrap();
        // 2026-11-29T01:00:00Z.
        let wanted = Wanted::new(&domain, 90, UnixTime(1_795_914_000));
        assert_eq!(
            wanted.keys(Sought::Notice),
            "SINCE 31-Aug-2026 OR FROM \"mailer-daemon\" OR FROM \"postmaster\" OR HEADER Content-Type \"multipart/report\" \
             HEADER X-Failed-Recipients \"\""
        );
        let own = wanted.keys(Sought::Own);
        assert!(
            own.starts_with("SINCE 31-Aug-2026 FROM \"xn--weber-kln-67a.example\" OR HEADER DKIM"),
            "{own}"
        );
        for sought in Sought::EVIDENCE {
            assert!(wanted.keys(sought).bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{sought:?}");
        }
        assert!(Wanted::new(&domain, 90, UnixTime(i64::MAX)).keys(Sought::Own).contains("1-Jan-1970"));
    }

    #[test]
    fn headers_are_compared_as_the_server_would_search() {
        let domain = DomainName::parse("weber.example").unwrap();
        let wanted = Wanted::new(&domain, 90, UnixTime(1_795_914_000));
        let found = |header: &str| -> Vec<Sought> {
            let header = Header::read(header.as_bytes());
            Sought::EVIDENCE.into_iter().filter(|sought| wanted.fits(*sought, &header)).collect()
        };
        for (header, expected) in [
            ("From: Mail Delivery System <MAILER-DAEMON@mail.weber.example>\r\n", &[Sought::Notice][..]),
            ("Content-Type: Multipart/Report;\r\n report-type=delivery-status\r\n", &[Sought::Notice]),
            ("x-failed-recipients:\r\n", &[Sought::Notice]),
            ("Subject: report\r\n domain: weber.example\r\n", &[Sought::Report]),
            ("TLS-Report-Domain: weber.example\r\n", &[Sought::Report]),
            ("To: <dmarc@weber.example>\r\n", &[Sought::Report]),
            ("From: anna@weber.example\r\nDKIM-Signature: v=1; d=weber.example\r\n", &[Sought::Own]),
            ("From: anna@weber.example\r\n", &[]),
            ("From: a@b.example\r\nARC-Seal: i=1\r\n", &[]),
            // In another field, or in the name of one.
            ("To: mailer-daemon@b.example\r\nX-From: postmaster\r\n", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(header), expected, "{header}");
        }
        assert!(wanted.is_too_old(wanted.from - 86_401) && !wanted.is_too_old(wanted.from - 86_400));
        let keys = NOTICES.iter().chain(&REPORTS).chain(&PASSED_BY);
        for Key::In(field, _) | Key::There(field) in keys {
            assert!(FIELDS.contains(field), "{field} is not fetched");
        }
    }

    #[test]
    fn the_inbox_comes_first_and_what_was_sent_stays_alone() {
        let folders = vec![
            folder("Archive", &[]),
            folder("Sent", &["\\Sent"]),
            folder("Papierkorb", &["\\Trash"]),
            folder("Lists", &["\\Noselect"]),
            folder("inbox", &[]),
            folder("All Mail", &["\\All"]),
        ];
        let namespace = Namespace::default();
        let names = |most| -> Vec<String> {
            chosen(folders.clone(), &namespace, most).into_iter().map(|folder| folder.raw).collect()
        };
        assert_eq!(names(9), ["inbox", "Papierkorb", "Archive"]);
        assert_eq!(names(2), ["inbox", "Papierkorb"]);
    }

    #[test]
    fn a_test_message_is_told_by_its_subject_and_nothing_else_reaches_the_search() {
        let wanted = Wanted::marked("Mailferry test 5f0c\"\r\nOR ALL", 7, UnixTime(1_784_000_000));
        assert_eq!(wanted.sought(), [Sought::Test]);
        assert_eq!(wanted.keys(Sought::Test), "SINCE 7-Jul-2026 SUBJECT \"Mailferry test 5f0cOR ALL\"");
    }
}
