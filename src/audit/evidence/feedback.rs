//! Complaints and failure reports: `message/feedback-report` (RFC 5965), also of RFC 6591 and RFC 9991.

use std::net::IpAddr;

use mail_parser::MimeHeaders as _;

use crate::message::read_parts;
use crate::values::UnixTime;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// When it was written.
    pub at: Option<UnixTime>,
    /// `Feedback-Type`: `abuse`, `fraud`, `auth-failure` …
    pub kind: String,
    /// `Source-IP`: the address that the message came from.
    pub source: Option<IpAddr>,
}

/// Reads a message as a feedback report; `None` if it is not one.
pub fn read_feedback(raw: &[u8]) -> Option<Feedback> {
    let mail = read_parts(raw)?;
    let part = mail.leaves.iter().flat_map(|leaf| &leaf.parts).find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|name| name.eq_ignore_ascii_case("feedback-report"))
        })
    })?;
    let text = String::from_utf8_lossy(part.contents());
    let field = |name: &str| {
        text.lines().take(500).filter_map(|line| line.split_once(':')).find_map(|(known, value)| {
            known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let is_word = |kind: &String| {
        (1..=40).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let kind = field("Feedback-Type").filter(is_word)?.to_ascii_lowercase();
    let source = field("Source-IP").and_then(|text| text.trim_matches(['[', ']']).parse().ok());
    Some(Feedback { at: mail.head.date().map(|date| UnixTime(date.to_timestamp())), kind, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_read_and_other_mail_is_none() {
        let report = "From: fbl@example.com\r\nDate: Thu, 8 Mar 2026 17:40:36 +0000\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
            A complaint\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n\
            Source-IP: 192.0.2.1\r\n\r\n--b--\r\n";
        let found = read_feedback(report.as_bytes()).unwrap();
        assert_eq!((found.kind.as_str(), found.source), ("abuse", Some([192, 0, 2, 1].into())));
        assert!(found.at.is_some());
        assert_eq!(read_feedback(b"From: a@b.example\r\n\r\nFeedback-Type: abuse\r\n"), None);
        assert_eq!(read_feedback(report.replace("abuse", "a b\u{7}").as_bytes()), None);
    }
}
