use std::net::IpAddr;

use super::{SurveyError, ask_all};
use crate::audit::spf::{self, SpfQuery, SpfResult, SpfStep, SpfVerdict};
use crate::dns::Resolver;
use crate::values::{AnswerBook, DnsQuestion, DomainName, UnixTime};

/// Rounds of asking: each lookup may need the answer of the one before.
const MAX_ROUNDS: usize = 200;

/// Checks as a receiver does whether `ip` may send for `domain` (RFC 7208 section 4).
///
/// `sender` is MAIL FROM, empty for a bounce; `helo` may be empty.
///
/// # Errors
/// [`SurveyError::Dns`] where the resolver is dead. That DNS knows nothing is a result: `temperror`.
pub async fn spf_check(
    domain: &str,
    ip: IpAddr,
    sender: &str,
    helo: &str,
    resolver: &Resolver,
) -> Result<SpfVerdict, SurveyError> {
    resolver.probe().await?;
    // SPF works on A-labels; a name that is no domain is the check's own business (result `none`).
    let domain =
        DomainName::parse(domain).map_or_else(|_error| domain.to_owned(), |name| name.as_ascii().to_owned());
    let query =
        SpfQuery { ip, domain, sender: ascii_sender(sender), helo: helo.to_owned(), at: UnixTime::now() };
    let mut book = AnswerBook::default();
    for _ in 0..MAX_ROUNDS {
        match spf::check(&book, &query) {
            SpfStep::Done(verdict) => return Ok(verdict),
            SpfStep::Needs(questions) => {
                let questions: Vec<DnsQuestion> = questions.into_iter().collect();
                for answer in ask_all(resolver, &questions).await {
                    book.insert(answer);
                }
            }
        }
    }
    Ok(SpfVerdict {
        result: SpfResult::TempError,
        explanation: "the check asked too much and was ended".to_owned(),
        published_explanation: None,
        lookups: 0,
        void_lookups: 0,
        trace: Vec::new(),
    })
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
