//! Sendmail: `sm-mta[9]: 4AC: to=<a@b.example>, delay=00:00:02, mailer=esmtp, relay=mx.b.example. [192.0.2.1], dsn=5.7.1, stat=…`.

use memchr::memchr;

use super::super::collector::{Attempt, AttemptOutcome, Collector, Protection};
use super::{find, is_local, seconds, value};
use crate::values::UnixTime;

pub(super) fn is_program(program: &[u8]) -> bool {
    matches!(program, b"sendmail" | b"sm-mta" | b"sm-msp-queue" | b"mta")
}

pub(super) fn read(at: UnixTime, message: &[u8], book: &mut Collector) {
    let (Some(queue_end), Some(stat)) = (memchr(b':', message), find(message, b", stat=")) else {
        return;
    };
    let Some(to) = value(message, b" to=", b' ') else { return };
    let Some(relay) = find(message, b", relay=").and_then(|at| message.get(at + 8..)) else { return };
    let relay = relay.get(..find(relay, b", dsn=").unwrap_or(relay.len())).unwrap_or_default();
    let host = relay.get(..memchr(b' ', relay).unwrap_or(relay.len())).unwrap_or_default();
    let host = host.strip_suffix(b".").unwrap_or(host);
    let address = value(relay, b"[", b']').unwrap_or_default();
    if is_local(host, address) {
        return;
    }
    let words = message.get(stat + 7..).unwrap_or_default();
    let dsn = value(message, b", dsn=", b',').unwrap_or_default();
    let outcome = match dsn.first() {
        Some(b'2') => AttemptOutcome::Delivered,
        Some(b'4') => AttemptOutcome::Deferred,
        Some(b'5') => AttemptOutcome::Refused,
        _ => return,
    };
    let mut reply = Vec::new();
    if outcome != AttemptOutcome::Delivered && !host.is_empty() {
        // New versions log the reply itself; old ones only what they make of it.
        if let Some(said) = value(message, b", reply=", b',') {
            reply.extend_from_slice(said);
        } else if let Some(said) = words.strip_prefix(b"Deferred: ") {
            let is_reply = said.first().is_some_and(u8::is_ascii_digit);
            reply.extend_from_slice(if is_reply { said } else { b"" });
        } else if outcome == AttemptOutcome::Refused {
            reply.extend_from_slice(b"550 ");
            reply.extend_from_slice(dsn);
            reply.push(b' ');
            reply.extend_from_slice(words);
        }
    }
    let delay = value(message, b", delay=", b',').map_or(0, seconds);
    // Several recipients share a line: `to=<a@b.example>,<c@b.example>,`.
    for recipient in to.split(|byte| *byte == b',').take(100) {
        let recipient = recipient.strip_prefix(b"<").unwrap_or(recipient);
        let recipient = recipient.strip_suffix(b">").unwrap_or(recipient);
        if recipient.contains(&b'@') {
            let queue_id = message.get(..queue_end).unwrap_or_default();
            let protection = Protection::Untold;
            book.attempt(&Attempt {
                at,
                queue_id,
                recipient,
                host,
                outcome,
                reply: &reply,
                delay,
                protection,
            });
        }
    }
}
