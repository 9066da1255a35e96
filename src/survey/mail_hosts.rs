//! Probes the mail hosts and fetches web files such as the MTA-STS policy: all at once, each within its own time limit.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::gather::Progress;
use crate::audit::{self, Facts, StandIns, WebPurpose, WebTarget};
use crate::dns::Resolver;
use crate::smtp::{self, ProbeSettings};
use crate::values::{
    ControlProbe, DnsName, MailHosts, MailService, PortProbe, RecordData, RecordType, WebFile, WebOutcome,
};
use crate::web::Web;

/// A mail exchanger that always answers. If not even this one can be reached, outgoing port 25 is blocked here.
const CONTROL_HOST: &str = "gmail-smtp-in.l.google.com";

/// Whether and how mail hosts are probed.
#[derive(Clone, Debug, Default)]
pub enum Looking {
    /// Connects to nobody.
    #[default]
    Off,
    /// Connects to the hosts.
    Live(Box<LiveLook>),
    /// Uses these results and connects to nobody: the hosts of the practice world do not exist.
    Seen(MailHosts),
}

/// How to connect to hosts.
#[derive(Clone, Debug)]
pub struct LiveLook {
    /// Time for each probe, and which authorities certificates are judged by.
    pub settings: ProbeSettings,
    /// Ports and addresses of a network that replaces the Internet in tests.
    pub stand_ins: StandIns,
    /// The host that always answers.
    pub control: ControlHost,
    /// Fetches web files; `None` if TLS cannot be set up on this computer.
    pub web: Option<Web>,
}

/// A host that always answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlHost {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A control host was not named as `HOST` or `HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a host to try port 25 at: name one as HOST or HOST:PORT")]
pub struct ControlHostError(String);

impl Default for ControlHost {
    fn default() -> Self {
        Self { host: CONTROL_HOST.to_owned(), port: MailService::Smtp.port() }
    }
}

impl ControlHost {
    /// Reads `HOST`, `HOST:PORT`, an address, or `[ADDRESS]:PORT`; an empty text means the default host.
    ///
    /// # Errors
    /// Where it is none of these.
    pub fn parse(text: &str) -> Result<Self, ControlHostError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let smtp = MailService::Smtp.port();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { host: address.ip().to_string(), port: address.port() });
        }
        if text.parse::<IpAddr>().is_ok() {
            return Ok(Self { host: text.to_owned(), port: smtp });
        }
        let (host, port) = match text.split_once(':') {
            None => (text, Some(smtp)),
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)),
        };
        let is_name = !host.is_empty()
            && host.len() <= 253
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        match port.filter(|_| is_name) {
            Some(port) => Ok(Self { host: host.to_owned(), port }),
            None => Err(ControlHostError(text.to_owned())),
        }
    }
}

impl LiveLook {
    /// Probes hosts on the Internet, with this control host.
    pub fn public(control: ControlHost) -> Self {
        let web = Web::new().inspect_err(|error| tracing::warn!(%error, "no policy can be fetched")).ok();
        Self { settings: ProbeSettings::default(), stand_ins: StandIns::default(), control, web }
    }
}

enum Found {
    Probe(Box<PortProbe>),
    Control(Vec<ControlProbe>),
    Policy(WebFile),
    File(WebFile),
}

type Work<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;

/// Fills in what the probes find before this moment.
pub(super) async fn look(
    facts: &mut Facts,
    live: &LiveLook,
    resolver: &Resolver,
    progress: &mut (dyn FnMut(Progress) + Send),
    deadline: Instant,
) {
    let targets = audit::probe_targets(facts, live.stand_ins);
    let files = audit::web_targets(facts, live.stand_ins);
    let domain = facts.domain.clone();
    let policy_addresses = audit::policy_addresses(facts, live.stand_ins);
    let mut work: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
    if targets.iter().any(|target| target.service == MailService::Smtp) {
        work.push(Box::pin(async { Found::Control(control(live, resolver).await) }));
    }
    for target in &targets {
        work.push(Box::pin(async { Found::Probe(Box::new(smtp::probe(target, &live.settings).await)) }));
    }
    if let Some(web) = live.web.as_ref().filter(|_| !policy_addresses.is_empty()) {
        work.push(Box::pin(async {
            let port = live.stand_ins.https_port;
            Found::Policy(web.policy(&domain, &policy_addresses, port).await)
        }));
    }
    if let Some(web) = &live.web {
        for target in &files {
            work.push(Box::pin(async move { Found::File(fetched(web, target).await) }));
        }
    }
    facts.web_files.clear();
    let known = facts.answers.len();
    let total = known + work.len();
    let mut seen = MailHosts::default();
    let mut done = known;
    while let Ok(Some(found)) = tokio::time::timeout_at(deadline, work.next()).await {
        done += 1;
        let what = match &found {
            Found::Probe(probe) => format!("mail hosts: {}", probe.target),
            Found::Control(_) => "mail hosts: whether port 25 is open from here".to_owned(),
            Found::Policy(file) => format!("MTA-STS: {}", file.url),
            Found::File(file) => format!("web pages: {}", file.url),
        };
        match found {
            Found::Probe(probe) => seen.probes.push(*probe),
            Found::Control(control) => seen.control = control,
            Found::Policy(file) => facts.mta_sts = Some(file),
            Found::File(file) => facts.web_files.push(file),
        }
        progress(Progress { done, total, what });
    }
    facts.web_files.sort_by(|one, other| one.url.cmp(&other.url));
    seen.probes.sort_by(|one, other| one.target.cmp(&other.target));
    facts.mail_hosts = Some(seen);
}

/// Fetches a file; of a page it keeps only the lines with contact details.
async fn fetched(web: &Web, target: &WebTarget) -> WebFile {
    let mut file = web.file(&target.url, target.host.as_str(), &target.addresses, target.port).await;
    if let (WebPurpose::OperatorPage, WebOutcome::Fetched { text, .. }) = (target.purpose, &mut file.outcome)
    {
        *text = audit::contact_lines(text).join("\n");
    }
    file
}

/// Tries the host that always answers, once for each address family.
async fn control(live: &LiveLook, resolver: &Resolver) -> Vec<ControlProbe> {
    let ControlHost { host, port } = &live.control;
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_is_name) => {
            let name = DnsName::new(host);
            let (v4, v6) =
                tokio::join!(resolver.query(&name, RecordType::A), resolver.query(&name, RecordType::Aaaa));
            [v4, v6].iter().filter_map(|answer| answer.records.iter().find_map(RecordData::address)).collect()
        }
    };
    let tries = addresses
        .into_iter()
        .map(|address| smtp::control(host, SocketAddr::new(address, *port), &live.settings));
    futures::future::join_all(tries).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_host_is_a_name_or_an_address() {
        for (text, host, port) in [
            ("", CONTROL_HOST, 25),
            (" mx.example.org ", "mx.example.org", 25),
            ("mx.example.org:2525", "mx.example.org", 2_525),
            ("127.0.0.1:2525", "127.0.0.1", 2_525),
            ("[2001:db8::1]:25", "2001:db8::1", 25),
            ("2001:db8::1", "2001:db8::1", 25),
        ] {
            assert_eq!(ControlHost::parse(text), Ok(ControlHost { host: host.to_owned(), port }), "{text}");
        }
        for bad in [":25", "mx:0", "mx:smtp", "m x", "mx:25:25", "-;reboot"] {
            assert!(ControlHost::parse(bad).is_err(), "{bad}");
        }
    }
}
