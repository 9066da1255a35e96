//! What is looked for in a mailbox, as keys of the server's search, and in which folders.

use crate::imap::{Folder, Namespace, Whose};
use crate::values::{DomainName, UnixTime};

/// What a message is looked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sought {
    /// A bounce or a complaint.
    Notice,
    /// A DMARC or TLS report.
    Report,
    /// A message of the domain that was on its way through others: what its signatures are worth.
    Own,
}

impl Sought {
    pub(super) const ALL: [Self; 3] = [Self::Notice, Self::Report, Self::Own];

    /// For people.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Notice => "bounces and complaints",
            Self::Report => "reports",
            Self::Own => "messages of your domain",
        }
    }
}

/// Notices of failed delivery come from these (RFC 5321 section 6.1, RFC 3464), or say what they are (RFC 6522 and, from Exim,
/// a field of its own).
const NOTICES: [&str; 4] = [
    "FROM \"mailer-daemon\"",
    "FROM \"postmaster\"",
    "HEADER Content-Type \"multipart/report\"",
    "HEADER X-Failed-Recipients \"\"",
];

/// How reports are sent: RFC 9990 section 2.6 (`Report Domain:` in the subject), RFC 8460 section 5.3 (fields of their own),
/// and the mailboxes that they come from or are addressed to.
const REPORTS: [&str; 9] = [
    "SUBJECT \"Report Domain\"",
    "SUBJECT \"Report-ID\"",
    "SUBJECT \"DMARC Aggregate\"",
    "HEADER TLS-Report-Domain \"\"",
    "FROM \"dmarc\"",
    "FROM \"tls-report\"",
    "FROM \"tlsrpt\"",
    "TO \"dmarc\"",
    "TO \"tlsrpt\"",
];

/// Folders whose mail nobody has sent here, or that show the mail of other folders once more (RFC 6154).
const LEFT_OUT: [&str; 5] = ["\\Drafts", "\\Sent", "\\All", "\\Flagged", "\\Important"];

/// The searches of one reading.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    since: String,
    domain: String,
}

impl Wanted {
    pub(super) fn new(domain: &DomainName, days: u32, now: UnixTime) -> Self {
        let from = now.0.saturating_sub(i64::from(days) * 86_400);
        let since = jiff::Timestamp::from_second(from).map_or_else(
            |_beyond_the_calendar| "1-Jan-1970".to_owned(),
            |at| at.strftime("%-d-%b-%Y").to_string(),
        );
        Self { since, domain: domain.as_ascii().to_owned() }
    }

    /// The keys of RFC 3501 section 6.4.4, one line of ASCII.
    pub(super) fn keys(&self, sought: Sought) -> String {
        let Self { since, domain } = self;
        match sought {
            Sought::Notice => format!("SINCE {since} {}", any_of(&NOTICES)),
            Sought::Report => format!("SINCE {since} {}", any_of(&REPORTS)),
            // What never left the server has neither a signature nor anybody's word on it, and tells nothing.
            Sought::Own => {
                let passed_by = [
                    "HEADER DKIM-Signature \"d=\"",
                    "HEADER Authentication-Results \"\"",
                    "HEADER ARC-Seal \"\"",
                ];
                format!("SINCE {since} FROM \"{domain}\" {}", any_of(&passed_by))
            }
        }
    }
}

/// `OR a OR b c`.
fn any_of(keys: &[&str]) -> String {
    let (last, others) = keys.split_last().map_or(("ALL", keys), |(last, others)| (*last, others));
    let mut text = String::new();
    for key in others {
        text.push_str("OR ");
        text.push_str(key);
        text.push(' ');
    }
    text.push_str(last);
    text
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
        for sought in Sought::ALL {
            assert!(wanted.keys(sought).bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{sought:?}");
        }
        assert!(Wanted::new(&domain, 90, UnixTime(i64::MAX)).keys(Sought::Own).contains("1-Jan-1970"));
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
}
