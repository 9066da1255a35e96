//! Chooses the web files to fetch, from what the DNS says. The hosts are named by a zone that anybody may
//! have written, so only public addresses are connected to, and each file is small.

use std::net::IpAddr;

use super::context::Context;
use super::lookups::is_askable;
use super::transport::probe_targets::{StandIns, addresses};
use super::{Evidence, EvidenceOutcome, Facts, Lookups, bimi, sender};
use crate::values::{DnsName, WebFile};

/// Longest address of a file that is fetched.
const MAX_URL: usize = 500;

/// What a file is for, which says what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebPurpose {
    /// The page of a mail host: only lines about whom to turn to are kept.
    OperatorPage,
    /// A picture or its certificate, kept as it is.
    Brand,
}

/// A file to fetch over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebTarget {
    /// Its address.
    pub url: String,
    /// The host in it.
    pub host: DnsName,
    /// Addresses of the host that may be connected to.
    pub addresses: Vec<IpAddr>,
    /// The port: 443 but for stand-ins.
    pub port: u16,
    /// What it is for.
    pub purpose: WebPurpose,
}

/// Files to fetch, given what the DNS has said so far.
pub fn web_targets(facts: &Facts, stand_ins: StandIns) -> Vec<WebTarget> {
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let page = sender::operator_url(&context).map(|url| (url, WebPurpose::OperatorPage));
    let brand = bimi::urls(&context).into_iter().map(|url| (url, WebPurpose::Brand));
    let wanted = page.into_iter().chain(brand);
    let targets = wanted.filter_map(|(url, purpose)| {
        let host = https_host(&url)?;
        let addresses: Vec<IpAddr> =
            addresses(facts, &host).filter(|address| stand_ins.takes(*address)).take(4).collect();
        let port = stand_ins.https_port;
        (!addresses.is_empty()).then_some(WebTarget { url, host, addresses, port, purpose })
    });
    targets.collect()
}

/// The host of an address that begins with `https://` and a host name, without a user or a port.
pub(super) fn https_host(url: &str) -> Option<DnsName> {
    let is_plain = url.len() <= MAX_URL && url.bytes().all(|byte| byte.is_ascii_graphic());
    let rest = url
        .get(8..)
        .filter(|_| is_plain && url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let name = DnsName::new(host);
    let is_host =
        is_name && is_askable(&name) && name.labels().count() > 1 && host.parse::<IpAddr>().is_err();
    is_host.then_some(name)
}

/// The result of fetching, as evidence.
pub(super) fn web_evidence(file: &WebFile) -> Evidence {
    Evidence {
        query: format!("GET {}", file.url),
        server: "the web server".to_owned(),
        outcome: EvidenceOutcome::Said { said: file.outcome.to_string() },
        data: Vec::new(),
        at: file.at,
        duration_millis: file.duration_millis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_have_a_host() {
        assert_eq!(https_host("HTTPS://Mail.weber.example/x?y"), Some(DnsName::new("mail.weber.example")));
        for bad in [
            "http://a.example/",
            "https://a@b.example/",
            "https://a.example:8443/",
            "https://192.0.2.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://",
            "https://a .example/",
        ] {
            assert_eq!(https_host(bad), None, "{bad}");
        }
    }
}
