//! G22: whether outgoing mail is encrypted in transit, as the log and real messages show.

use super::facts::EvidenceFacts;
use super::rule::Pen;
use crate::audit::message::border_hops;
use crate::audit::{Area, Changer, Effort, Importance, Status};
use crate::values::with_thousands;

/// Where more than this many of a thousand deliveries are in clear text, it is more than an old server here and there.
const MANY_PERMILLE: u64 = 20;

pub(super) fn judge(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let facts = pen.context.facts;
    let tls = evidence.outbound_tls;
    let (mut encrypted, mut clear) = (tls.encrypted, tls.clear);
    for hop in border_hops(&evidence.messages, facts.domain.as_ascii()) {
        *if hop.is_encrypted { &mut encrypted } else { &mut clear } += 1;
    }
    let all = encrypted + clear;
    if all == 0 && !evidence.has_log() {
        return;
    }
    let counts = format!(
        "{} of {} deliveries went over a protected connection",
        with_thousands(encrypted),
        with_thousands(all)
    );
    let switch_on = "Let the server use TLS wherever it is offered (Postfix: smtp_tls_security_level = may, or dane). Gmail refuses mail in clear text.";
    let (status, title, words) = match (encrypted, clear) {
        (0, 0) => (
            Status::Unknown,
            "Whether your server sends over encrypted connections is not recorded".to_owned(),
            "The log tells of deliveries and says nothing about TLS. This is neither a good nor a bad result."
                .to_owned(),
        ),
        (0, _) => (
            Status::Fail,
            "Your server sends all mail in clear text".to_owned(),
            format!("{counts}. Everybody on the way can read it, and some receivers refuse it."),
        ),
        (_, clear) if clear * 1_000 > all * MANY_PERMILLE => (
            Status::Warn,
            "Your server sends a part of its mail in clear text".to_owned(),
            format!("{counts}. The hosts below took it without; an old server among them may offer nothing better."),
        ),
        _ => (
            Status::Pass,
            "Your server sends over protected connections".to_owned(),
            format!("{counts}."),
        ),
    };
    let mut draft = pen
        .draft("delivery.tls", Area::Delivery, status, Importance::Important, title)
        .words(words)
        .rfc(3207, "4");
    match status {
        Status::Unknown => {
            draft = draft.remedy(
                Effort::Low,
                Changer::YouOnTheServer,
                "Let the server write it down (Postfix: smtp_tls_loglevel = 1), and give the log of a later day.",
            );
        }
        Status::Warn | Status::Fail => {
            draft = draft.remedy(Effort::Low, Changer::YouOnTheServer, switch_on);
        }
        _ => {}
    }
    let lines = if status == Status::Unknown {
        Vec::new()
    } else {
        let receivers = evidence.receivers.iter().filter(|receiver| receiver.in_clear > 0);
        receivers.map(|receiver| format!("{}: {} in clear text", receiver.name, receiver.in_clear)).collect()
    };
    pen.push(draft, "Deliveries in clear text", lines);
}
