//! A live SPF check: runs the audit's evaluator and asks what it misses.

use std::net::IpAddr;

use super::{SurveyError, until_answered};
use crate::audit::spf::{self, SpfQuery, SpfResult, SpfStep, SpfVerdict};
use crate::dns::Resolver;
use crate::values::{DomainName, UnixTime};

/// Checks as a receiver does whether `ip` may send for `domain` (RFC 7208 section 4).
///
/// `sender` is MAIL FROM, empty for a bounce; `helo` may be empty.
///
/// # Errors
/// [`SurveyError::Dns`] if the resolver is dead. A failed lookup is a result: `temperror`.
pub async fn spf_check(
    domain: &str,
    ip: IpAddr,
    sender: &str,
    helo: &str,
    resolver: &Resolver,
) -> Result<SpfVerdict, SurveyError> {
    resolver.probe().await?;
    // SPF works on A-labels; for a name that is not a domain the check itself returns `none`.
    let domain =
        DomainName::parse(domain).map_or_else(|_error| domain.to_owned(), |name| name.as_ascii().to_owned());
    let query =
        SpfQuery { ip, domain, sender: ascii_sender(sender), helo: helo.to_owned(), at: UnixTime::now() };
    let checked = until_answered(resolver, |book| match spf::check(book, &query) {
        SpfStep::Done(verdict) => Ok(verdict),
        SpfStep::Needs(questions) => Err(questions),
    });
    Ok(checked.await.unwrap_or_else(|| SpfVerdict {
        result: SpfResult::TempError,
        explanation: "the check asked too much and was ended".to_owned(),
        published_explanation: None,
        lookups: 0,
        void_lookups: 0,
        trace: Vec::new(),
    }))
}

fn ascii_sender(sender: &str) -> String {
    let sender = sender.trim().trim_start_matches('<').trim_end_matches('>');
    match sender.rsplit_once('@') {
        Some((local, domain)) => match DomainName::parse(domain) {
            Ok(domain) => format!("{local}@{}", domain.as_ascii()),
            Err(_not_a_domain) => sender.to_owned(),
        },
        None => sender.to_owned(),
    }
}
