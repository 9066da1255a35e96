//! Postfix: `postfix/smtp[7]: 4Xk: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, …, status=sent (250 OK)`.

use memchr::{memchr, memmem, memrchr};

use super::super::collector::{Attempt, AttemptOutcome, Collector, Protection};
use super::super::dates::line_date;
use super::{find, is_local, seconds, value};
use crate::values::UnixTime;

/// What stands before the host to which a connection is protected now.
pub(super) const TLS_SESSION: &str = " TLS connection established to ";
/// What stands before the account of somebody who has signed in.
pub(super) const ACCOUNT: &str = "sasl_username=";

/// Whether the program delivers to other hosts. The others (local, virtual, lmtp, pipe) put mail into mailboxes of this
/// computer.
pub(super) fn is_deliverer(program: &[u8]) -> bool {
    program.ends_with(b"/smtp") || program.ends_with(b"/error")
}

/// The line of a delivery to another host: what follows the date, and the message in it.
pub(super) fn delivery(at: UnixTime, rest: &[u8], message: &[u8], book: &mut Collector) {
    let (Some(queue_end), Some(recipient), Some(status)) =
        (memchr(b':', message), value(message, b" to=<", b'>'), find(message, b", status="))
    else {
        return;
    };
    let Some(said) = message.get(status + 9..) else { return };
    let words_at = memchr(b' ', said).unwrap_or(said.len());
    let words = said.get(words_at + 1..).unwrap_or_default();
    let words = words.strip_prefix(b"(").unwrap_or(words);
    let words = words.strip_suffix(b")").unwrap_or(words);
    let outcome = match said.get(..words_at).unwrap_or_default() {
        b"sent" => AttemptOutcome::Delivered,
        b"deferred" => AttemptOutcome::Deferred,
        b"bounced" | b"expired" => AttemptOutcome::Refused,
        _ => return,
    };
    let relay = value(message, b", relay=", b',').unwrap_or_default();
    let (host, address) = host_of(relay);
    if is_local(host, address) {
        return;
    }
    let (host, reply) = if outcome == AttemptOutcome::Delivered {
        (host, &b""[..])
    } else {
        let (named, reply) = reply_of(words);
        (if host.is_empty() { named } else { host }, reply)
    };
    book.attempt(&Attempt {
        at,
        queue_id: message.get(..queue_end).unwrap_or_default(),
        recipient,
        host,
        outcome,
        reply,
        delay: value(message, b", delay=", b',').map_or(0, seconds),
        protection: protection(rest, message, relay, book),
    });
}

/// `postfix/smtp[7]: Trusted TLS connection established to mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher …`.
pub(super) fn tls_session(line: &[u8], at: usize, book: &mut Collector) {
    let (Some(before), Some(host)) = (line.get(..at), line.get(at + TLS_SESSION.len()..)) else { return };
    let Some(process) = process_of(before) else { return };
    let host = host.get(..find(host, b": ").unwrap_or(host.len())).unwrap_or_default();
    book.tls_session(process, host);
}

/// The number of the process that writes: `postfix/smtp[7]`.
fn process_of(rest: &[u8]) -> Option<&[u8]> {
    value(rest, b"/smtp[", b']')
}

/// Whether the process has a protected connection to the relay. One that took over another's connection tells nothing.
fn protection(rest: &[u8], message: &[u8], relay: &[u8], book: &Collector) -> Protection {
    match process_of(rest) {
        _ if find(message, b", conn_use=").is_some() => Protection::Untold,
        Some(process) if book.has_tls_session(process, relay) => Protection::Encrypted,
        _ => Protection::Unmentioned,
    }
}

/// `mx.b.example[192.0.2.1]:25` as name and address; `none` is nobody.
fn host_of(relay: &[u8]) -> (&[u8], &[u8]) {
    let Some(bracket) = memchr(b'[', relay) else { return (&[], &[]) };
    let address = relay.get(bracket + 1..).unwrap_or_default();
    let address = address.get(..memchr(b']', address).unwrap_or(address.len())).unwrap_or_default();
    let host = relay.get(..bracket).unwrap_or_default();
    // A relay that is named by its address has it in both places.
    (if host.is_empty() { address } else { host }, address)
}

/// Who said what, in the words of Postfix: `host MX[IP] said: REPLY (in reply to RCPT TO command)`.
fn reply_of(words: &[u8]) -> (&[u8], &[u8]) {
    let host = value(words, b"host ", b' ').map(host_of).unwrap_or_default().0;
    let found = [&b" said: "[..], b" refused to talk to me: "]
        .iter()
        .find_map(|mark| find(words, mark).and_then(|at| words.get(at + mark.len()..)));
    let Some(reply) = found else { return (host, &[]) };
    let end = memmem::rfind(reply, b" (in reply to ").unwrap_or(reply.len());
    (host, reply.get(..end).unwrap_or_default())
}

/// A message that somebody submitted after signing in.
pub(super) fn account(line: &[u8], at: usize, written: UnixTime, book: &mut Collector) {
    let Some(account) = line.get(at + ACCOUNT.len()..) else { return };
    let account = account.get(..memchr(b',', account).unwrap_or(account.len())).unwrap_or_default();
    let Some((at, rest)) = line_date(line, written) else { return };
    let client = value(rest, b"client=", b',').map(host_of).unwrap_or_default().1;
    // A /24, or the first half of an IPv6 address: one person in a train has many addresses of one network.
    let network = memrchr(b'.', client).and_then(|dot| client.get(..dot));
    let network = network.unwrap_or(client.get(..client.len().min(14)).unwrap_or(client));
    book.handed_in(at, account, network);
}

/// A message without a sender, on its way into the queue.
pub(super) fn notice(line: &[u8], book: &mut Collector) {
    let Some(mark) = find(line, b": from=<>, size=") else { return };
    let Some(before) = line.get(..mark) else { return };
    let queue_id = before.get(memrchr(b' ', before).map_or(0, |space| space + 1)..).unwrap_or_default();
    book.notice(queue_id);
}
