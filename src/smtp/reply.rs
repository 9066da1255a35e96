//! Replies of several lines (RFC 5321 section 4.2.1). Pure.

use super::error::SmtpError;
use super::limits::{MAX_LINE, MAX_REPLY, MAX_REPLY_LINES};
use crate::values::Hello;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The words of each line, without code and line end; what is not UTF-8 is replaced.
    pub lines: Vec<String>,
}

/// The beginning of what a server sent, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A reply, and how many bytes it takes.
    Whole(Reply, usize),
    /// It goes on.
    Part,
}

impl Reply {
    /// Reads the reply at the beginning of these bytes.
    ///
    /// # Errors
    ///
    /// Where it is none, or longer than any honest one.
    pub(super) fn read(bytes: &[u8]) -> Result<Read, SmtpError> {
        let mut lines: Vec<String> = Vec::new();
        let mut first = None;
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.len() > MAX_LINE {
                return Err(SmtpError::Endless("a line"));
            }
            let Some(whole) = line.strip_suffix(b"\n") else {
                return if may_be_reply(line) { Ok(Read::Part) } else { Err(not_smtp(line)) };
            };
            at += line.len();
            let whole = whole.strip_suffix(b"\r").unwrap_or(whole);
            let (code, is_last, words) = read_line(whole).ok_or_else(|| not_smtp(whole))?;
            let first = *first.get_or_insert(code);
            if first != code {
                return Err(SmtpError::CodesDiffer { first, other: code });
            }
            lines.push(String::from_utf8_lossy(words).into_owned());
            if is_last {
                return Ok(Read::Whole(Self { code, lines }, at));
            }
            if lines.len() >= MAX_REPLY_LINES || at > MAX_REPLY {
                return Err(SmtpError::Endless("a reply"));
            }
        }
        Ok(Read::Part)
    }

    /// All words in one line.
    pub fn words(&self) -> String {
        self.lines.join(" ")
    }

    /// The reply as an answer to EHLO: a name first, extensions below (RFC 5321 section 4.1.1.1).
    pub(super) fn hello(&self) -> Hello {
        let mut lines = self.lines.iter();
        let name = lines.next().and_then(|line| line.split_whitespace().next()).unwrap_or_default();
        Hello {
            code: self.code,
            name: name.to_owned(),
            extensions: lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
        }
    }
}

/// Code, whether the line is the last, and the words.
pub(super) fn read_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let [first, second, third] = digits else { return None };
    let is_code = (b'2'..=b'5').contains(first) && second.is_ascii_digit() && third.is_ascii_digit();
    if !is_code {
        return None;
    }
    let digit = |byte: &u8| u16::from(byte - b'0');
    let code = digit(first) * 100 + digit(second) * 10 + digit(third);
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', words)) => Some((code, true, words)),
        Some((b'-', words)) => Some((code, false, words)),
        Some(_) => None,
    }
}

/// Whether a line without its end may become one of a reply, so that other protocols are noticed at once.
fn may_be_reply(line: &[u8]) -> bool {
    let begin = line.iter().take(3);
    let has_digits = begin.enumerate().all(|(position, byte)| match position {
        0 => (b'2'..=b'5').contains(byte),
        _ => byte.is_ascii_digit(),
    });
    has_digits && line.get(3).is_none_or(|byte| matches!(byte, b' ' | b'-' | b'\r'))
}

/// What was said instead, cut to a length that can be shown.
fn not_smtp(line: &[u8]) -> SmtpError {
    let begin: String = String::from_utf8_lossy(line).chars().take(80).collect();
    SmtpError::NotSmtp(crate::values::printable_line(begin.trim_end()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> (Reply, usize) {
        match Reply::read(bytes) {
            Ok(Read::Whole(reply, length)) => (reply, length),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn replies_of_one_and_of_several_lines() {
        let (reply, length) = whole(b"220 mail.example ESMTP\r\n250 next\r\n");
        assert_eq!((reply.code, reply.words().as_str(), length), (220, "mail.example ESMTP", 24));
        let (reply, _) =
            whole(b"250-mail.example Hello [192.0.2.1]\r\n250-SIZE 1000\r\n250-\r\n250 STARTTLS\n");
        let hello = reply.hello();
        assert_eq!((hello.code, hello.name.as_str()), (250, "mail.example"));
        assert_eq!(hello.extensions, ["SIZE 1000", "STARTTLS"]);
        assert_eq!(whole(b"250\r\n").0.lines, [""]);
        assert_eq!(whole(b"220 \xff\r\n").0.lines, ["\u{fffd}"]);
    }

    #[test]
    fn what_is_no_reply_is_reported_at_once() {
        for part in ["", "2", "22", "220", "220 mail", "220-a\r\n", "220-a\r\n220", "220\r"] {
            assert_eq!(Reply::read(part.as_bytes()).unwrap(), Read::Part, "{part}");
        }
        for bad in ["* OK Dovecot", "SSH-2.0-OpenSSH", "120 wait\r\n", "22x", "999 x\r\n", "2200 x\r\n", "-"]
        {
            assert!(matches!(Reply::read(bad.as_bytes()), Err(SmtpError::NotSmtp(_))), "{bad}");
        }
        let differ = Reply::read(b"250-a\r\n550 b\r\n");
        assert!(matches!(differ, Err(SmtpError::CodesDiffer { first: 250, other: 550 })));
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        let line = [b"220 ".as_slice(), &[b'x'; MAX_LINE]].concat();
        assert!(matches!(Reply::read(&line), Err(SmtpError::Endless("a line"))));
        let reply = b"250-x\r\n".repeat(MAX_REPLY_LINES);
        assert!(matches!(Reply::read(&reply), Err(SmtpError::Endless("a reply"))));
    }
}
