//! Writing one practice message, clean by RFC 5322 but for the one kind that is meant to be damaged.

use data_encoding::BASE64;

use crate::rehearsal::imap::internal_date::date_of_day;
use crate::values::UnixTime;

use super::random::Random;
use super::words::{DAYS, FILES, MONTHS, PEOPLE, SENTENCES, SUBJECTS};

/// What is special about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One text.
    Plain,
    /// Text and HTML.
    Alternative,
    /// Text and an attachment of about this many bytes.
    Attachment(usize),
    /// A draft: no Message-ID, no Received, perhaps no recipient.
    Draft,
    /// A subject with raw Latin-1 bytes, as old programs sent it.
    RawHeader,
}

/// Writes a message with CRLF line ends that was sent at `date`. `number` makes its Message-ID unique.
pub(super) fn compose(random: &mut Random, kind: Kind, date: UnixTime, number: usize) -> Vec<u8> {
    let mut message = header(random, kind, date, number);
    match kind {
        Kind::Plain | Kind::Draft | Kind::RawHeader => {
            message.extend_from_slice(
                b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
            );
            let lines = random.between(2, 60);
            push_text(&mut message, random, lines);
        }
        Kind::Alternative => push_alternative(&mut message, random),
        Kind::Attachment(bytes) => push_attachment(&mut message, random, bytes),
    }
    message
}

fn header(random: &mut Random, kind: Kind, date: UnixTime, number: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(1024);
    let mut push = |line: String| {
        header.extend_from_slice(line.as_bytes());
        header.extend_from_slice(b"\r\n");
    };
    let (from, to) = (random.pick(PEOPLE).unwrap_or_default(), random.pick(PEOPLE).unwrap_or_default());
    let written = date_time(date);
    if kind != Kind::Draft {
        push(format!("Return-Path: <{}>", from.1));
        push(format!(
            "Received: from mail.{0} (mail.{0} [192.0.2.{1}])\r\n\tby mail.weber-familie.example with ESMTPS id {2:08x}\r\n\tfor <{3}>; {written}",
            from.1.split('@').nth(1).unwrap_or("example.org"),
            random.between(1, 255),
            random.next() & 0xffff_ffff,
            to.1,
        ));
    }
    push(format!("Date: {written}"));
    push(format!("From: {}", mailbox(from)));
    if kind != Kind::Draft || random.chance(60) {
        push(format!("To: {}", mailbox(to)));
    }
    if random.chance(15) {
        push(format!("Cc: {}", mailbox(random.pick(PEOPLE).unwrap_or_default())));
    }
    if kind != Kind::Draft {
        push(format!("Message-ID: <{:016x}.{number}@mail.weber-familie.example>", random.next()));
    }
    if random.chance(25) {
        push(format!("In-Reply-To: <{:016x}@example.net>", random.next()));
    }
    if kind != Kind::RawHeader {
        push(format!("Subject: {}", encoded(random.word(SUBJECTS))));
    }
    push("MIME-Version: 1.0".to_owned());
    if kind == Kind::RawHeader {
        header.extend_from_slice(b"Subject: Gr\xfc\xdfe aus M\xfcnchen\r\n");
    }
    header
}

fn push_alternative(message: &mut Vec<u8>, random: &mut Random) {
    let boundary = format!("alt_{:016x}", random.next());
    let lines = random.between(3, 30);
    push_str(message, &format!("Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n"));
    push_str(
        message,
        &format!(
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        ),
    );
    push_text(message, random, lines);
    push_str(
        message,
        &format!(
            "\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body>\r\n"
        ),
    );
    for _ in 0..lines {
        push_str(message, &format!("<p>{}</p>\r\n", random.word(SENTENCES)));
    }
    push_str(message, &format!("</body></html>\r\n\r\n--{boundary}--\r\n"));
}

fn push_attachment(message: &mut Vec<u8>, random: &mut Random, bytes: usize) {
    let boundary = format!("mix_{:016x}", random.next());
    let (name, media_type) = random.pick(FILES).unwrap_or_default();
    let lines = random.between(2, 8);
    push_str(message, &format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n"));
    push_str(
        message,
        &format!(
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        ),
    );
    push_text(message, random, lines);
    push_str(
        message,
        &format!(
            "\r\n--{boundary}\r\nContent-Type: {media_type}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        ),
    );
    let mut line = String::with_capacity(80);
    let mut left = bytes;
    while left > 0 {
        // 57 bytes become the 76 characters that RFC 2045 allows in a line.
        let now = left.min(57);
        line.clear();
        BASE64.encode_append(&random.bytes(now), &mut line);
        line.push_str("\r\n");
        push_str(message, &line);
        left -= now;
    }
    push_str(message, &format!("\r\n--{boundary}--\r\n"));
}

fn push_text(message: &mut Vec<u8>, random: &mut Random, lines: usize) {
    for _ in 0..lines {
        push_str(message, random.word(SENTENCES));
        push_str(message, if random.chance(20) { "\r\n\r\n" } else { "\r\n" });
    }
}

fn push_str(message: &mut Vec<u8>, text: &str) {
    message.extend_from_slice(text.as_bytes());
}

fn mailbox((name, address): (&str, &str)) -> String {
    let shown = if name.is_ascii() { format!("\"{name}\"") } else { encoded(name) };
    format!("{shown} <{address}>")
}

/// An encoded word (RFC 2047) where the text is not ASCII. The texts are short enough for one word.
fn encoded(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("=?utf-8?B?{}?=", BASE64.encode(text.as_bytes())) }
}

/// `date-time` of RFC 5322 section 3.3, in UTC.
fn date_time(moment: UnixTime) -> String {
    let (days, second) = (moment.0.div_euclid(86_400), moment.0.rem_euclid(86_400));
    let (year, month, day) = date_of_day(days);
    let month = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"Jan");
    let weekday =
        usize::try_from(days.rem_euclid(7)).ok().and_then(|index| DAYS.get(index)).unwrap_or(&"Thu");
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day} {month} {year} {hour:02}:{minute:02}:{second:02} +0000")
}
