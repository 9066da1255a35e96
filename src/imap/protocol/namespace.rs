//! Where a mailbox keeps its own folders, and which folders are somebody else's (RFC 2342).

use crate::imap::protocol::folder::Folder;
use crate::imap::protocol::reply::{NamespacePart, Namespaces};
use crate::imap::protocol::utf7;

/// Namespaces of others that are kept; a server that means harm may name any number.
const MAX_OTHERS: usize = 100;

/// The namespaces of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// What every folder of the first personal namespace but the inbox begins with, such as `INBOX.`; often empty.
    pub prefix: String,
    /// The character between levels.
    pub delimiter: Option<char>,
    /// Further personal namespaces, those of other people and those that are shared.
    pub others: Vec<OtherNamespace>,
}

/// A namespace other than the first personal one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherNamespace {
    /// What its folders begin with, such as `Shared/`.
    pub prefix: String,
    /// The character between its levels.
    pub delimiter: Option<char>,
    /// Whose folders these are.
    pub whose: Whose,
}

/// Whose a folder is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The mailbox's own.
    #[default]
    Own,
    /// Another person's, who has given access to it.
    OtherUser,
    /// Several people's.
    Shared,
}

impl Namespace {
    /// The server's answer; `None` if it has no personal namespace, which must then be derived from its folders.
    pub(in crate::imap) fn read(told: &Namespaces) -> Option<Self> {
        let (first, more) = told.personal.split_first()?;
        let decoded = |part: &NamespacePart| {
            let prefix = utf7::decode_utf7(&part.prefix).unwrap_or_else(|| part.prefix.clone());
            (prefix, part.delimiter.as_deref().and_then(|text| text.chars().next()))
        };
        let kinds =
            [(more, Whose::Own), (&told.other_users, Whose::OtherUser), (&told.shared, Whose::Shared)];
        let others = kinds.into_iter().flat_map(|(parts, whose)| {
            parts.iter().map(decoded).map(move |(prefix, delimiter)| OtherNamespace {
                prefix,
                delimiter,
                whose,
            })
        });
        let (prefix, delimiter) = decoded(first);
        Some(Self { prefix, delimiter, others: others.take(MAX_OTHERS).collect() })
    }

    /// Whose folder this is: the longest prefix that fits decides, and between equal ones the mailbox's own.
    pub fn whose(&self, folder: &Folder) -> Whose {
        let delimiter = folder.delimiter.or(self.delimiter);
        if is_below(&folder.name, "INBOX", delimiter) {
            return Whose::Own;
        }
        let own = is_below(&folder.name, &self.prefix, delimiter).then_some(self.prefix.len());
        let fitting = self
            .others
            .iter()
            .filter(|other| is_below(&folder.name, &other.prefix, other.delimiter.or(delimiter)));
        let best = fitting.max_by_key(|other| (other.prefix.len(), other.whose == Whose::Own));
        match best {
            Some(other) if own.is_none_or(|own| other.prefix.len() > own) => other.whose,
            _ => Whose::Own,
        }
    }
}

/// Whether a name is the root of a namespace or below it.
fn is_below(name: &str, prefix: &str, delimiter: Option<char>) -> bool {
    let top = delimiter.map_or(prefix, |delimiter| prefix.strip_suffix(delimiter).unwrap_or(prefix));
    if top.is_empty() {
        return true;
    }
    let Some((start, rest)) = name.split_at_checked(top.len()) else { return false };
    let is_equal = start == top || (top.eq_ignore_ascii_case("INBOX") && start.eq_ignore_ascii_case(top));
    is_equal && (rest.is_empty() || delimiter.is_none_or(|delimiter| rest.starts_with(delimiter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::protocol::reply::Reply;
    use crate::imap::protocol::reply::from_held;

    fn read(line: &str) -> Namespace {
        let Reply::Namespace(told) = from_held(line.as_bytes().to_vec()) else { panic!("no namespace") };
        Namespace::read(&told).unwrap()
    }

    fn whose(namespace: &Namespace, name: &str) -> Whose {
        namespace.whose(&Folder {
            raw: name.to_owned(),
            name: name.to_owned(),
            delimiter: namespace.delimiter,
            attributes: Vec::new(),
            status: None,
        })
    }

    #[test]
    fn the_longest_prefix_says_whose_a_folder_is() {
        let dovecot = read(
            "* NAMESPACE ((\"\" \"/\")) ((\"Other/\" \"/\")) ((\"Public/\" \"/\")(\"#news\" \"/\"))\r\n",
        );
        for (name, expected) in [
            ("INBOX", Whose::Own),
            ("Work", Whose::Own),
            ("Publicity", Whose::Own),
            ("Public", Whose::Shared),
            ("Public/Sales", Whose::Shared),
            ("#news/comp", Whose::Shared),
            ("Other/anna/INBOX", Whose::OtherUser),
        ] {
            assert_eq!(whose(&dovecot, name), expected, "{name}");
        }
        let cyrus = read("* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))\r\n");
        for (name, expected) in [
            ("inbox", Whose::Own),
            ("INBOX.Work", Whose::Own),
            ("user.ben.Work", Whose::OtherUser),
            ("sales", Whose::Shared),
        ] {
            assert_eq!(whose(&cyrus, name), expected, "{name}");
        }
        let twice = read("* NAMESPACE ((\"\" \"/\")(\"Archive/\" \"/\")) NIL ((\"\" \"/\"))\r\n");
        assert_eq!([whose(&twice, "Archive/2020"), whose(&twice, "Work")], [Whose::Own, Whose::Own]);
    }
}
