//! Keeps a password out of what a server says back: some repeat the command that they could not read.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use zeroize::Zeroizing;

use crate::imap::protocol::completion::{Code, Completion};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::values::Secret;

/// Server's words are kept up to this many characters, so a password may be cut off at their end.
const CUT_AT_CHARACTERS: usize = 150;
/// Shortest prefix of a password searched for at the end of truncated words, in bytes.
const MIN_FRAGMENT: usize = 3;

/// Needles shorter than this are matched only as whole words: “a” occurs in every sentence.
const MIN_ANYWHERE: usize = 4;
/// Shortest base64 fragment treated as part of the password.
const MIN_ALIGNED: usize = 6;

/// Response codes of IMAP (IANA's registry of them, and some that are in use). A code decides what happens, so these are
/// never taken for a password.
const CODES: &[&str] = &[
    "ALERT",
    "ALREADYEXISTS",
    "APPENDLIMIT",
    "APPENDUID",
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "BADCHARSET",
    "BADCOMPARATOR",
    "BADEVENT",
    "BADURL",
    "CANNOT",
    "CAPABILITY",
    "CLIENTBUG",
    "CLOSED",
    "COMPRESSIONACTIVE",
    "CONTACTADMIN",
    "COPYUID",
    "CORRUPTION",
    "DOWNGRADED",
    "EXPIRED",
    "EXPUNGEISSUED",
    "HASCHILDREN",
    "HIGHESTMODSEQ",
    "INPROGRESS",
    "INUSE",
    "LIMIT",
    "MAILBOXID",
    "MAXCONVERTMESSAGES",
    "MAXCONVERTPARTS",
    "MESSAGELIMIT",
    "METADATA",
    "MODIFIED",
    "NEWNAME",
    "NOMODSEQ",
    "NONEXISTENT",
    "NOPERM",
    "NOTSAVED",
    "NOUPDATE",
    "OVERQUOTA",
    "PARSE",
    "PERMANENTFLAGS",
    "PRIVACYREQUIRED",
    "READ-ONLY",
    "READ-WRITE",
    "REFERRAL",
    "SERVERBUG",
    "TEMPFAIL",
    "THROTTLED",
    "TOOBIG",
    "TOOMANY",
    "TRYCREATE",
    "UIDNEXT",
    "UIDNOTSTICKY",
    "UIDREQUIRED",
    "UIDVALIDITY",
    "UNAVAILABLE",
    "UNKNOWN-CTE",
    "UNSEEN",
    "UNDEFINED-FILTER",
    "URLMECH",
    "USEATTR",
    "WEBALERT",
];

/// Every form in which a password may come back, in lower case, longest first.
#[derive(Clone, Default)]
pub(in crate::imap) struct Redactor {
    needles: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor(…)")
    }
}

impl Redactor {
    /// `messages` are whole messages that hold the secret, as they go over the line in base64.
    pub(in crate::imap) fn new(secret: &Secret, messages: &[Zeroizing<String>]) -> Self {
        let secret = secret.expose();
        let forms = [
            secret.to_owned(),
            secret.replace('\\', "\\\\").replace('"', "\\\""),
            percent_encoded(secret),
            HEXLOWER.encode(secret.as_bytes()),
            BASE64.encode(secret.as_bytes()),
        ]
        .map(Zeroizing::new);
        let encoded = messages.iter().map(|message| Zeroizing::new(BASE64.encode(message.as_bytes())));
        let mut needles: Vec<Zeroizing<String>> = forms
            .into_iter()
            .chain((0..3).filter_map(|offset| aligned(secret, offset)))
            .chain(encoded)
            // Control characters do not survive into words; padding may be cut off.
            .map(|form| form.chars().filter(|character| !character.is_control()).collect::<String>())
            .map(|form| Zeroizing::new(form.trim_end_matches('=').to_ascii_lowercase()))
            .filter(|form| !form.is_empty())
            .collect();
        needles.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        needles.dedup();
        Self { needles }
    }

    /// The words without the password.
    pub(in crate::imap) fn words(&self, words: &str) -> String {
        let mut kept = words.to_owned();
        for needle in &self.needles {
            kept = without(&kept, needle);
        }
        if words.chars().count() >= CUT_AT_CHARACTERS {
            for needle in &self.needles {
                cut_fragment(&mut kept, needle);
            }
        }
        kept
    }

    /// The reply without the password, in so far as people are to read it. What it means stays.
    pub(in crate::imap) fn reply(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Tagged(tag, completion) => Reply::Tagged(tag, self.completion(completion)),
            Reply::Untagged(completion) => Reply::Untagged(self.completion(completion)),
            Reply::Id(fields) => {
                Reply::Id(fields.into_iter().map(|(name, value)| (name, self.words(&value))).collect())
            }
            other => other,
        }
    }

    fn completion(&self, completion: Completion) -> Completion {
        let code = match completion.code {
            Some(Code::Other(code)) => Some(Code::Other(self.code(&code))),
            other => other,
        };
        Completion { code, words: self.words(&completion.words), ..completion }
    }

    fn code(&self, code: &str) -> String {
        let (name, arguments) = code.split_once(' ').map_or((code, None), |(name, rest)| (name, Some(rest)));
        let is_known = CODES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let name = if is_known { name.to_owned() } else { self.words(name) };
        arguments.map_or_else(|| name.clone(), |arguments| format!("{name} {}", self.words(arguments)))
    }

    pub(in crate::imap) fn imap_error(&self, error: ImapError) -> ImapError {
        match error {
            ImapError::Refused { command, completion } => {
                ImapError::Refused { command, completion: self.completion(completion) }
            }
            ImapError::Closed(words) => ImapError::Closed(words.map(|words| self.words(&words))),
            ImapError::TurnedAway(words) => ImapError::TurnedAway(self.words(&words)),
            ImapError::NotUnderstood(words) => ImapError::NotUnderstood(self.words(&words)),
            ImapError::StartTlsRefused(words) => ImapError::StartTlsRefused(self.words(&words)),
            ImapError::Unexpected { command, problem } => {
                ImapError::Unexpected { command, problem: self.words(&problem) }
            }
            other => other,
        }
    }
}

/// The text without the needle, which is in lower case; the server may have changed the case.
fn without(text: &str, needle: &str) -> String {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let is_free = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower.get(from..).and_then(|rest| rest.find(needle)) {
        let (start, end) = (from + found, from + found + needle.len());
        let is_word = is_free(lower.get(..start).and_then(|before| before.chars().next_back()))
            && is_free(lower.get(end..).and_then(|behind| behind.chars().next()));
        kept.push_str(text.get(from..start).unwrap_or_default());
        if is_word || needle.len() >= MIN_ANYWHERE {
            kept.push('…');
        } else {
            kept.push_str(text.get(start..end).unwrap_or_default());
        }
        from = end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// What of the secret shows in the base64 text of anything that holds it `offset` bytes behind a multiple of three.
fn aligned(secret: &str, offset: usize) -> Option<Zeroizing<String>> {
    let padded = Zeroizing::new([vec![0_u8; offset].as_slice(), secret.as_bytes()].concat());
    let encoded = Zeroizing::new(BASE64.encode(&padded));
    // The first and last characters hold bits of what stands beside it.
    let first = (offset * 8).div_ceil(6);
    let piece = encoded.get(first..padded.len() * 8 / 6)?;
    (piece.len() >= MIN_ALIGNED).then(|| Zeroizing::new(piece.to_owned()))
}

/// As in a URL (RFC 3986 section 2.1).
fn percent_encoded(secret: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    secret.bytes().map(encoded).collect()
}

/// Takes a beginning of the needle off the end of a text that was cut.
fn cut_fragment(text: &mut String, needle: &str) {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let lengths = (MIN_FRAGMENT..needle.len()).rev().filter_map(|length| needle.get(..length));
    for fragment in lengths {
        if lower.ends_with(fragment) {
            text.truncate(text.len() - fragment.len());
            text.push('…');
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_password_is_taken_out() {
        let scrub = Redactor::new(&Secret::new("se\"cret"), &[Zeroizing::new("\0anna\0se\"cret".to_owned())]);
        for (words, kept) in [
            ("bad: LOGIN anna \"se\\\"cret\"", "bad: LOGIN anna \"…\""),
            ("SE\"CRET and se\"cret", "… and …"),
            ("c2UiY3JldA==", "…=="),
            ("said AGFubmEAc2UiY3JldA==", "said …=="),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(scrub.words(words), kept);
        }
        let long = format!("{}se\"cr", "x".repeat(600));
        assert!(scrub.words(&long).ends_with("x…"));
        assert_eq!(format!("{scrub:?}"), "Redactor(…)");
        assert_eq!(Redactor::new(&Secret::new(""), &[]).words("left alone"), "left alone");
    }

    #[test]
    fn whatever_encoding_a_server_repeats_it_in_is_known() {
        let scrub = Redactor::new(&Secret::new("gar ten/Zaun8"), &[]);
        for said in [
            "user=anna gar ten/Zaun8",
            "imap://anna:gar%20ten%2fZaun8@host",
            "67617220 6761722074656e2f5a61756e38",
        ] {
            let kept = scrub.words(said);
            assert!(kept.contains('…') && !kept.to_lowercase().contains("zaun"), "{kept}");
        }
        for before in ["", "a", "ab", "abc", "anna:"] {
            let said = BASE64.encode(format!("{before}gar ten/Zaun8, wrong").as_bytes());
            let kept = scrub.words(&said);
            let left = BASE64.encode(b"gar ten/Zaun8");
            assert!(kept.contains('…') && !kept.contains(left.get(4..10).unwrap()), "{said} {kept}");
        }
    }

    #[test]
    fn short_passwords_eat_no_words_and_codes_keep_their_meaning() {
        let scrub = Redactor::new(&Secret::new("a"), &[]);
        assert_eq!(scrub.words("what a mail, \"a\""), "what … mail, \"…\"");
        let of = |secret: &str, reply: &str| {
            let completion = Completion::read(reply.as_bytes()).unwrap();
            match Redactor::new(&Secret::new(secret), &[]).reply(Reply::Untagged(completion)) {
                Reply::Untagged(completion) => completion,
                other => panic!("{other:?}"),
            }
        };
        let full = of("quota", "NO [OVERQUOTA] for quota");
        assert!(full.has_code("OVERQUOTA"));
        assert_eq!(full.words, "for …");
        assert_eq!(of("sesame", "NO [SESAME x] sesame").to_string(), "[… x] …");
        assert_eq!(of("sesame", "NO [ALERT sesame] no").to_string(), "[ALERT …] no");
    }
}
