//! Exim: `2026-11-12 06:25:03 1kX-1A ** a@b.example R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1]: … 550 No`.

use memchr::{memchr, memmem};

use super::super::collector::{Attempt, AttemptOutcome, Collector, Protection};
use super::super::dates::line_date;
use super::{find, is_local, seconds, value};
use crate::values::UnixTime;

/// Whether what follows the date begins with a message of Exim and one of its marks.
pub(super) fn is_line(rest: &[u8]) -> bool {
    let mut words = rest.split(|byte| *byte == b' ');
    let (Some(id), Some(mark)) = (words.next(), words.next()) else { return false };
    is_id(id) && matches!(mark, b"<=" | b"=>" | b"->" | b"**" | b"==" | b"Completed")
}

/// `1kXyZ0-0001Ab-2C`, or longer since Exim 4.97.
fn is_id(word: &[u8]) -> bool {
    matches!(word.len(), 16 | 23)
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && word.split(|byte| *byte == b'-').count() == 3
}

pub(super) fn read(line: &[u8], written: UnixTime, book: &mut Collector) {
    let Some((at, rest)) = line_date(line, written) else { return };
    // `[123] ` stands there where Exim logs its process.
    let rest = match rest.strip_prefix(b"[") {
        Some(after) => after.get(memchr(b' ', after).map_or(0, |space| space + 1)..).unwrap_or_default(),
        None => rest,
    };
    if !is_line(rest) {
        return;
    }
    let Some(id_end) = memchr(b' ', rest) else { return };
    let (queue_id, after) =
        (rest.get(..id_end).unwrap_or_default(), rest.get(id_end + 1..).unwrap_or_default());
    let outcome = match after.get(..2).unwrap_or_default() {
        b"=>" | b"->" => AttemptOutcome::Delivered,
        b"**" => AttemptOutcome::Refused,
        b"==" => AttemptOutcome::Deferred,
        b"<=" => {
            if after.starts_with(b"<= <> ") {
                book.notice(queue_id);
            } else if let Some(account) = value(after, b" A=", b' ') {
                let client = value(after, b" [", b']').unwrap_or_default();
                book.handed_in(at, account, client.get(..client.len().min(10)).unwrap_or(client));
            }
            return;
        }
        _ => return,
    };
    let after = after.get(3..).unwrap_or_default();
    let first = after.get(..memchr(b' ', after).unwrap_or(after.len())).unwrap_or_default();
    let first = first.strip_suffix(b":").unwrap_or(first);
    // `anna <anna@example.org>` names the address behind a redirection.
    let recipient = if first.contains(&b'@') { first } else { value(after, b"<", b'>').unwrap_or(first) };
    let Some(host_at) = find(after, b" H=") else {
        return;
    };
    let host_and_more = after.get(host_at + 3..).unwrap_or_default();
    let host =
        host_and_more.get(..memchr(b' ', host_and_more).unwrap_or(host_and_more.len())).unwrap_or_default();
    let address = value(host_and_more, b"[", b']').unwrap_or_default();
    if is_local(host, address) || !recipient.contains(&b'@') {
        return;
    }
    let reply = if outcome == AttemptOutcome::Delivered { &b""[..] } else { reply_of(host_and_more) };
    book.attempt(&Attempt {
        at,
        queue_id,
        recipient,
        host,
        outcome,
        reply,
        delay: value(after, b" QT=", b' ').map_or(0, seconds),
        // Exim writes the cipher down, unless it was told not to.
        protection: if find(host_and_more, b" X=").is_some() {
            Protection::Encrypted
        } else {
            Protection::Clear
        },
    });
}

/// What stands behind `SMTP error from remote mail server after RCPT TO:<a@b.example>: `.
fn reply_of(line: &[u8]) -> &[u8] {
    let Some(at) = find(line, b"SMTP error from remote mail server ") else { return &[] };
    let rest = line.get(at..).unwrap_or_default();
    let begins = |at: &usize| {
        let digits = rest.get(at + 2..at + 5).unwrap_or_default();
        matches!(digits, [b'4' | b'5', second, third] if second.is_ascii_digit() && third.is_ascii_digit())
    };
    let found = memmem::find_iter(rest, b": ").find(begins);
    found.and_then(|at| rest.get(at + 2..)).unwrap_or_default()
}
