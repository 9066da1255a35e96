//! OpenSMTPD: `smtpd[3]: f2a mta delivery … to=<a@b.example> source="198.51.100.5" relay="192.0.2.1 (mx.b.example)" … stat="250 OK"`.

use memchr::memchr;

use super::super::collector::{Attempt, AttemptOutcome, Collector, Protection};
use super::{find, is_local, seconds, value};
use crate::values::UnixTime;

pub(super) fn read(at: UnixTime, message: &[u8], book: &mut Collector) {
    if find(message, b" mta ").is_none() {
        return;
    }
    let (Some(recipient), Some(result), Some(stat)) = (
        value(message, b" to=<", b'>'),
        value(message, b" result=\"", b'"').or_else(|| value(message, b" result=", b' ')),
        value(message, b" stat=\"", b'"'),
    ) else {
        return;
    };
    let outcome = match result {
        b"Ok" => AttemptOutcome::Delivered,
        b"TempFail" => AttemptOutcome::Deferred,
        b"PermFail" => AttemptOutcome::Refused,
        _ => return,
    };
    let relay = value(message, b" relay=\"", b'"').unwrap_or_default();
    // `192.0.2.1 (mx.b.example)`, and in old versions the other way round.
    let words = relay.split(|byte| matches!(byte, b' ' | b'(' | b')' | b'[' | b']'));
    let is_address =
        |word: &&[u8]| word.iter().all(|byte| !byte.is_ascii_alphabetic() || word.contains(&b':'));
    let (mut host, mut address) = (&b""[..], &b""[..]);
    for word in words.filter(|word| !word.is_empty()) {
        if is_address(&word) { address = word } else { host = word }
    }
    if is_local(host, address) {
        return;
    }
    let source = value(message, b" source=\"", b'"').and_then(|text| std::str::from_utf8(text).ok());
    if let Some(source) = source.and_then(|text| text.parse().ok()) {
        book.sending_address(source);
    }
    // The message is the first half of the envelope's number.
    let envelope = value(message, b"evpid=", b' ').unwrap_or_default();
    let session = message.get(..memchr(b' ', message).unwrap_or(0)).unwrap_or_default();
    let queue_id = if envelope.is_empty() { session } else { envelope };
    let host = if host.is_empty() { address } else { host };
    let reply = match outcome {
        AttemptOutcome::Delivered => &b""[..],
        _ if stat.first().is_some_and(u8::is_ascii_digit) => stat,
        _ => &b""[..],
    };
    let delay = value(message, b" delay=", b' ').map_or(0, seconds);
    let protection = Protection::Untold;
    book.attempt(&Attempt { at, queue_id, recipient, host, outcome, reply, delay, protection });
}
