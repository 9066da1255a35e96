//! Recognises a domain that says in every way that it has no mail.

use super::context::Context;
use super::mx;
use super::spf::{Mechanism, Qualifier, SpfRecord, published};
use crate::values::RecordType;

/// Whether the domain says in every way that it has no mail: a null MX alone (RFC 7505), and SPF that lets nobody send.
pub(super) fn is_no_mail(context: &Context<'_>) -> bool {
    has_null_mx(context) && lets_nobody_send(context)
}

/// Whether “MX 0 .” stands alone.
fn has_null_mx(context: &Context<'_>) -> bool {
    let answer = context.lookups.ask(&context.facts.domain.dns(), RecordType::Mx);
    matches!(mx::hosts(answer).as_slice(), [only] if only.as_str().is_empty())
}

fn lets_nobody_send(context: &Context<'_>) -> bool {
    let answer = context.lookups.ask(&context.facts.domain.dns(), RecordType::Txt);
    match published(answer).as_slice() {
        [text] => SpfRecord::parse(text).is_ok_and(|record| {
            record
                .terms
                .first()
                .is_some_and(|term| term.mechanism == Mechanism::All && term.qualifier == Qualifier::Fail)
        }),
        _ => false,
    }
}
