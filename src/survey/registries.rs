//! Asks registries (RDAP) about the domain and the networks of its sending addresses.

use crate::audit::{
    Facts, RdapError, RdapLookup, RdapPlan, RdapSaid, RdapSilence, rdap_plan, read_domain, read_network,
};
use crate::values::UnixTime;
use crate::web::{Web, WebError};

/// Where registries are asked; tests replace the servers of IANA's table.
pub type RdapTable = fn(&Facts) -> RdapPlan;

/// Asks registries about the domain and the networks of its sending addresses, and records their answers.
pub async fn ask_registries(facts: &mut Facts, web: &Web) {
    ask_registries_at(facts, web, rdap_plan).await;
}

/// The same with another table of servers.
pub async fn ask_registries_at(facts: &mut Facts, web: &Web, table: RdapTable) {
    let plan = table(facts);
    let networks = plan.networks.iter().map(async |(address, url)| {
        let urls: Vec<String> = url.iter().cloned().collect();
        (*address, look_up(&urls, web, read_network).await)
    });
    let (networks, registration) =
        tokio::join!(futures::future::join_all(networks), look_up(&plan.domain, web, read_domain));
    facts.networks = networks.into_iter().collect();
    // Names reserved for examples and tests have no registry.
    facts.registration = (!plan.domain.is_empty() || !is_reserved(facts)).then_some(registration);
}

/// Top-level names without a registry (RFC 6761).
fn is_reserved(facts: &Facts) -> bool {
    let last = facts.domain.as_ascii().rsplit('.').next();
    matches!(last, Some("test" | "example" | "invalid" | "localhost"))
}

/// Tries each URL for one object, until a server knows it.
async fn look_up<T>(urls: &[String], web: &Web, read: fn(&[u8]) -> Result<T, RdapError>) -> RdapLookup<T> {
    let at = UnixTime::now();
    let mut last = RdapLookup { url: String::new(), at, said: RdapSaid::Silent(RdapSilence::NoServer) };
    for url in urls {
        let said = match web.get_registration(url).await {
            Ok(bytes) => match read(&bytes) {
                Ok(found) => RdapSaid::Found(found),
                Err(error) => RdapSaid::Silent(RdapSilence::Unreadable(error.to_string())),
            },
            Err(WebError::Status(404)) => RdapSaid::Silent(RdapSilence::NotFound),
            Err(error) => RdapSaid::Silent(RdapSilence::Unreached(words(&error))),
        };
        let is_unknown = matches!(said, RdapSaid::Silent(RdapSilence::NotFound));
        last = RdapLookup { url: url.clone(), at, said };
        if !is_unknown {
            break;
        }
    }
    last
}

/// The error with its causes: “the file was not fetched” alone says nothing.
fn words(error: &WebError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
