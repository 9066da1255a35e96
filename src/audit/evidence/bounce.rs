//! Reads bounces: RFC 3464, and the formats that Exim, qmail and Exchange write instead or in addition.

use mail_parser::{HeaderValue, Message, MimeHeaders as _};

use crate::message::read_parts;
use crate::values::UnixTime;

/// Recipients of one notice.
const MAX_FAILURES: usize = 200;
/// Most of a text that is looked through.
const MAX_TEXT: usize = 256 << 10;

/// What a notice says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounce {
    /// When it was written.
    pub at: Option<UnixTime>,
    /// The server that gave up: `Reporting-MTA`.
    pub reporter: Option<String>,
    /// The recipients that were not reached.
    pub failures: Vec<FailedRecipient>,
}

/// One recipient that was not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedRecipient {
    /// The address.
    pub recipient: String,
    /// The host that refused; empty if none is named.
    pub host: String,
    /// What it said; empty if it said nothing.
    pub reply: String,
    /// Whether it is over, or will be tried again.
    pub is_permanent: bool,
}

/// Reads a message as a notice of failed delivery; `None` if it is not one.
pub fn read_bounce(raw: &[u8]) -> Option<Bounce> {
    let mail = read_parts(raw)?;
    let at = mail.head.date().map(|date| UnixTime(date.to_timestamp()));
    let status = mail.leaves.iter().flat_map(|leaf| &leaf.parts).find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|name| {
                    name.eq_ignore_ascii_case("delivery-status")
                        || name.eq_ignore_ascii_case("global-delivery-status")
                })
        })
    });
    let mut bounce = match status {
        Some(part) => delivery_status(&String::from_utf8_lossy(part.contents())),
        None => Bounce::default(),
    };
    let text: String = mail.text().chars().take(MAX_TEXT).collect();
    if bounce.failures.is_empty() {
        bounce.failures = from_text(&mail.head, &text);
    } else if let [only] = bounce.failures.as_mut_slice() {
        // Exchange and old servers put the reply into the text alone.
        if only.reply.is_empty() || only.reply.starts_with("smtp;") {
            only.reply = quoted_reply(&text).unwrap_or_default();
        }
    }
    bounce.failures.truncate(MAX_FAILURES);
    bounce.at = at;
    (!bounce.failures.is_empty()).then_some(bounce)
}

/// The fields of `message/delivery-status` (RFC 3464 section 2): one block for the message, one for each recipient.
fn delivery_status(text: &str) -> Bounce {
    let mut bounce = Bounce::default();
    let text = text.replace("\r\n", "\n");
    for block in text.split("\n\n").take(MAX_FAILURES + 1) {
        let fields = fields(block);
        let field = |name: &str| {
            fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        if let Some(reporter) = field("Reporting-MTA") {
            bounce.reporter = Some(typed(reporter).to_owned());
        }
        let Some(recipient) = field("Final-Recipient").or_else(|| field("Original-Recipient")) else {
            continue;
        };
        let action = field("Action").unwrap_or_default().to_ascii_lowercase();
        if !matches!(action.as_str(), "failed" | "delayed") {
            continue;
        }
        let status = field("Status").unwrap_or_default().split_whitespace().next().unwrap_or_default();
        let said = field("Diagnostic-Code").map(typed).unwrap_or_default();
        bounce.failures.push(FailedRecipient {
            recipient: typed(recipient).trim_matches(['<', '>']).to_owned(),
            host: field("Remote-MTA").map(host_only).unwrap_or_default(),
            reply: with_code(&without_frame(said), status),
            is_permanent: action == "failed",
        });
    }
    bounce
}

/// `name: value` with folded lines put together.
fn fields(block: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in block.lines().take(500) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    fields
}

/// The value behind its type: `dns; mx.example.org`, `smtp; 550 No`.
fn typed(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.len() <= 20 && !kind.contains(' ') => rest.trim(),
        _ => value.trim(),
    }
}

/// The host in `dns; mx.example.org (mx.example.org. [192.0.2.1])` and its like.
fn host_only(value: &str) -> String {
    let host = typed(value).split([' ', '(', '[']).next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_name =
        host.contains('.') && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if is_name { host } else { String::new() }
}

/// The reply inside what a server says about it: `host mx[192.0.2.1] said: 550 No (in reply to RCPT TO command)`.
fn without_frame(said: &str) -> String {
    let said = said.split_once(" said: ").map_or(said, |(_, reply)| reply);
    let said = said.split(" (in reply to ").next().unwrap_or(said);
    said.trim().to_owned()
}

/// A reply that lacks its code gets the one that the status means, so that it reads like others.
fn with_code(said: &str, status: &str) -> String {
    let has_code = said.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    if said.is_empty() || has_code || status.is_empty() {
        return said.to_owned();
    }
    let code = if status.starts_with('4') { "450" } else { "550" };
    format!("{code} {status} {said}")
}

/// What Exchange quotes: `Remote Server returned '550 5.7.1 No'`, with the server's own brackets around it or not.
fn quoted_reply(text: &str) -> Option<String> {
    let marks =
        ["Remote Server returned '", "remote server returned '", "Remote host said: ", "remote host said: "];
    let (mark, at) = marks.iter().find_map(|mark| text.find(mark).map(|at| (mark, at)))?;
    let rest = text.get(at + mark.len()..)?;
    let paragraph = rest.split("\n\n").next().unwrap_or(rest);
    // Nobody escapes an apostrophe inside the quotation: the last one ends it.
    let end = if mark.ends_with('\'') { paragraph.rfind('\'') } else { None };
    let said = end.and_then(|end| paragraph.get(..end)).unwrap_or(paragraph);
    // `<mx.example #5.7.1 smtp; 550 5.7.1 No>` stands there too.
    let said = said.rsplit_once("smtp;").map_or(said, |(_, reply)| reply).trim().trim_end_matches('>');
    let is_reply = said.starts_with(['4', '5']);
    is_reply.then(|| said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Notices in words only: qmail, Exim, and others that quote a reply under an address.
fn from_text(head: &Message<'_>, text: &str) -> Vec<FailedRecipient> {
    let is_notice = text.contains("This is the qmail-send program")
        || text.contains("This message was created automatically by mail delivery software")
        || head.header("X-Failed-Recipients").is_some()
        || text.contains("Remote Server returned '");
    if !is_notice {
        return Vec::new();
    }
    let mut failures: Vec<FailedRecipient> = Vec::new();
    let is_over = !text.contains("has not yet been delivered") && !text.contains("still being tried");
    for paragraph in text.replace("\r\n", "\n").split("\n\n").take(1_000) {
        // What follows is the message itself, which may say anything.
        if paragraph.contains("------ This is a copy of")
            || paragraph.contains("--- Below this line is a copy of")
        {
            break;
        }
        let Some(first) = paragraph.lines().find(|line| !line.trim().is_empty()) else { continue };
        let address = first.trim().trim_end_matches(':').trim_matches(['<', '>']);
        let is_address = address.contains('@') && !address.contains(' ') && address.len() <= 320;
        if !is_address {
            continue;
        }
        let rest = paragraph.lines().skip_while(|line| *line != first).skip(1).collect::<Vec<_>>().join(" ");
        let reply = quoted_reply(&rest).unwrap_or_else(|| reply_in(&rest));
        let host = rest.split_once("host ").map(|(_, after)| host_only(after)).unwrap_or_default();
        failures.push(FailedRecipient { recipient: address.to_owned(), host, reply, is_permanent: is_over });
    }
    if failures.is_empty() {
        let failed = match head.header("X-Failed-Recipients") {
            Some(HeaderValue::Text(text)) => text.to_string(),
            Some(HeaderValue::TextList(list)) => list.join(","),
            _ => String::new(),
        };
        let named = failed.split(',').map(str::trim).filter(|address| address.contains('@'));
        failures.extend(named.map(|address| FailedRecipient {
            recipient: address.to_owned(),
            reply: quoted_reply(text).unwrap_or_default(),
            is_permanent: is_over,
            ..FailedRecipient::default()
        }));
        if failures.is_empty()
            && let Some(reply) = quoted_reply(text)
        {
            let words = text.split(|letter: char| letter.is_whitespace() || "<>:;,()".contains(letter));
            let recipient =
                words.filter(|word| word.contains('@') && word.contains('.')).map(ToOwned::to_owned);
            failures.extend(recipient.take(1).map(|recipient| FailedRecipient {
                recipient,
                reply: reply.clone(),
                is_permanent: is_over,
                ..FailedRecipient::default()
            }));
        }
    }
    failures
}

/// The first word of a paragraph that is a code of SMTP, with everything behind it.
fn reply_in(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_code = |word: &&str| {
        let (code, rest) = word.split_at_checked(3).unwrap_or(("", ""));
        code.starts_with(['4', '5'])
            && code.bytes().all(|byte| byte.is_ascii_digit())
            && (rest.is_empty() || rest.starts_with('-'))
    };
    let at = words.iter().position(is_code);
    at.and_then(|at| words.get(at..)).map(|reply| reply.join(" ")).unwrap_or_default()
}

#[cfg(test)]
#[path = "bounce_tests.rs"]
mod tests;
