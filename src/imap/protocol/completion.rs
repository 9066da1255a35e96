//! The end of a command: OK, NO or BAD, with its response code and words (RFC 3501 section 7.1), and capabilities.

use std::collections::BTreeSet;
use std::fmt;

use crate::imap::protocol::tokens::{Token, tokens};
use crate::values::UidValidity;

/// Status of a reply (RFC 3501 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood.
    Bad,
    /// The server ends the connection.
    Bye,
    /// Signed in from the start.
    PreAuth,
}

/// A status with its response code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What came of it.
    pub status: Status,
    /// The response code in brackets.
    pub code: Option<Code>,
    /// The server's words for people.
    pub words: String,
}

/// Response codes (RFC 3501 section 7.1, RFC 4315, RFC 5530).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// UIDs that the appended messages got (RFC 4315).
    AppendUid {
        /// UIDVALIDITY of the folder.
        uid_validity: UidValidity,
        /// In the order of the appended messages.
        uids: Vec<u32>,
    },
    /// UIDVALIDITY of the selected folder.
    UidValidity(UidValidity),
    /// The next UID of the selected folder.
    UidNext(u32),
    /// Flags that can be stored; `\*` for any keyword.
    PermanentFlags(Vec<String>),
    /// What the server can do.
    Capability(Capabilities),
    /// The folder does not exist and can be created.
    TryCreate,
    /// The folder can only be read.
    ReadOnly,
    /// Any other, in upper case with its arguments: `OVERQUOTA`.
    Other(String),
}

impl Completion {
    /// Reads `OK [CODE arguments] words`; `None` where it begins with no status.
    pub(in crate::imap) fn read(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        let text = text.trim_end_matches(['\r', '\n']);
        let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
        let status = match status.to_ascii_uppercase().as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            "BAD" => Status::Bad,
            "BYE" => Status::Bye,
            "PREAUTH" => Status::PreAuth,
            _ => return None,
        };
        let coded = rest.strip_prefix('[').and_then(|inner| split_code(inner));
        let (code, words) = match coded {
            Some((code, words)) => (Code::read(code), words),
            None => (None, rest),
        };
        Some(Self { status, code, words: clean_words(words) })
    }

    /// Whether the command was carried out.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// Whether the response code has this name.
    pub fn has_code(&self, name: &str) -> bool {
        match &self.code {
            Some(Code::Other(code)) => {
                code.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(name))
            }
            Some(Code::TryCreate) => name.eq_ignore_ascii_case("TRYCREATE"),
            Some(Code::ReadOnly) => name.eq_ignore_ascii_case("READ-ONLY"),
            _ => false,
        }
    }
}

impl fmt::Display for Completion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(Code::Other(code)) => write!(formatter, "[{code}] ")?,
            Some(Code::ReadOnly) => formatter.write_str("[READ-ONLY] ")?,
            _ => {}
        }
        if self.words.is_empty() {
            formatter.write_str(match self.status {
                Status::Bad => "not understood",
                _ => "no reason given",
            })
        } else {
            formatter.write_str(&self.words)
        }
    }
}

/// Splits behind the bracket that ends the code; brackets within quotes or flags such as `[Gmail]` do not.
fn split_code(inner: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let mut is_quoted = false;
    for (index, byte) in inner.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'[' if !is_quoted => depth += 1,
            b']' if !is_quoted && depth > 0 => depth -= 1,
            b']' if !is_quoted => {
                let words = inner.get(index + 1..).unwrap_or_default();
                return Some((inner.get(..index)?, words.trim_start()));
            }
            _ => {}
        }
    }
    None
}

/// Words for people: no control characters, and no more of them than a page can show.
pub(in crate::imap) fn clean_words(words: &str) -> String {
    words.chars().filter(|character| !character.is_control()).take(500).collect()
}

impl Code {
    fn read(code: &str) -> Option<Self> {
        let (name, arguments) = code.split_once(' ').unwrap_or((code, ""));
        let name = name.to_ascii_uppercase();
        let number = || arguments.trim().parse::<u32>().ok();
        let read = match name.as_str() {
            "UIDVALIDITY" => number().map(UidValidity).map(Self::UidValidity),
            "UIDNEXT" => number().map(Self::UidNext),
            "TRYCREATE" => Some(Self::TryCreate),
            "READ-ONLY" => Some(Self::ReadOnly),
            "CAPABILITY" => Some(Self::Capability(Capabilities::read(arguments))),
            "PERMANENTFLAGS" => Some(Self::PermanentFlags(flag_list(&tokens(arguments.as_bytes())))),
            "APPENDUID" => append_uid(arguments),
            "" => return None,
            _ => None,
        };
        Some(read.unwrap_or_else(|| {
            Self::Other(clean_words(&format!("{name} {arguments}")).trim_end().to_owned())
        }))
    }
}

/// The flags of the first list.
pub(in crate::imap) fn flag_list(found: &[Token]) -> Vec<String> {
    found.iter().find_map(Token::list).unwrap_or_default().iter().filter_map(Token::text).collect()
}

/// Most UIDs in an answer to one APPEND; more cannot be true.
const MAX_APPENDED: usize = 10_000;

fn append_uid(arguments: &str) -> Option<Code> {
    let (uid_validity, set) = arguments.trim().split_once(' ')?;
    let mut uids = Vec::new();
    for member in set.split(',') {
        let (first, last) = member.split_once(':').unwrap_or((member, member));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        if last.abs_diff(first) as usize + uids.len() >= MAX_APPENDED {
            return None;
        }
        uids.extend(first.min(last)..=first.max(last));
    }
    Some(Code::AppendUid { uid_validity: UidValidity(uid_validity.parse().ok()?), uids })
}

/// What a server can do, in upper case (RFC 3501 section 7.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(BTreeSet<String>);

/// How literals can be sent (RFC 7888).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiteralMode {
    /// The server asks for each one.
    Synchronising,
    /// Up to 4,096 bytes without asking.
    Minus,
    /// Any size without asking.
    Plus,
}

impl Capabilities {
    pub(in crate::imap) fn read(words: &str) -> Self {
        Self(words.split_ascii_whitespace().take(500).map(str::to_ascii_uppercase).collect())
    }

    /// Whether this capability is named, in upper case.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// A capability that is announced and not there.
    pub(in crate::imap) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How literals can be sent.
    pub fn literal_mode(&self) -> LiteralMode {
        if self.has("LITERAL+") {
            LiteralMode::Plus
        } else if self.has("LITERAL-") || self.has("IMAP4REV2") {
            LiteralMode::Minus
        } else {
            LiteralMode::Synchronising
        }
    }

    /// Largest message that the server takes (RFC 7889), in bytes.
    pub fn append_limit(&self) -> Option<u64> {
        self.0.iter().find_map(|capability| capability.strip_prefix("APPENDLIMIT=")?.parse().ok())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_fall_into_status_code_and_words() {
        let read = |text: &str| Completion::read(text.as_bytes()).unwrap();
        let done = read("OK [APPENDUID 38505 3955:3957,3960] APPEND completed\r\n");
        assert_eq!(
            done.code,
            Some(Code::AppendUid { uid_validity: UidValidity(38_505), uids: vec![3955, 3956, 3957, 3960] })
        );
        assert_eq!(done.words, "APPEND completed");
        let full = read("NO [OVERQUOTA] mailbox\tis full");
        assert!(full.has_code("overquota"));
        assert_eq!(full.to_string(), "[OVERQUOTA] mailboxis full");
        let flags = read("OK [PERMANENTFLAGS (\\Seen [Gmail]/All \\*)] ok");
        assert_eq!(
            flags.code,
            Some(Code::PermanentFlags(vec!["\\Seen".into(), "[Gmail]/All".into(), "\\*".into()]))
        );
        assert_eq!(read("OK [ALERT]é").words, "é");
        assert_eq!(read("OK").words, "");
        assert_eq!(read("BAD [unclosed").words, "[unclosed");
        assert_eq!(read("OK [] x").code, None);
        assert!(Completion::read(b"HELLO").is_none());
    }

    #[test]
    fn broken_append_uids_are_not_believed() {
        for text in [
            "OK [APPENDUID NIL NIL] x",
            "OK [APPENDUID 1 1:4000000000] x",
            "OK [APPENDUID 5] x",
            "OK [APPENDUID 1 2,] x",
        ] {
            let done = Completion::read(text.as_bytes()).unwrap();
            assert!(matches!(done.code, Some(Code::Other(_))), "{text}");
        }
    }
}
