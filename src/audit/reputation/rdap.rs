//! Registration data (RDAP): chooses the server (RFC 9224) and reads its JSON (RFC 9083). Pure.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::assets::{AssetError, RdapServers, read_rdap_servers};
use crate::audit::context::Context;
use crate::audit::lookups::Lookups;
use crate::audit::{Facts, senders};
use crate::values::UnixTime;

/// Networks that one audit asks about.
const MAX_NETWORKS: usize = 4;
/// Names that are tried for one domain: itself and those above it.
const MAX_NAMES: usize = 3;
/// Entities within entities; registries nest two or three.
const MAX_DEPTH: usize = 5;
/// Entities, addresses and states that are kept.
const MAX_KEPT: usize = 8;
/// Characters of one name that are kept.
const MAX_TEXT: usize = 200;

struct Servers {
    domains: RdapServers,
    ipv4: RdapServers,
    ipv6: RdapServers,
}

static SERVERS: LazyLock<Result<Servers, AssetError>> = LazyLock::new(|| {
    Ok(Servers {
        domains: read_rdap_servers(include_str!("../../../assets/rdap/dns.json"))?,
        ipv4: read_rdap_servers(include_str!("../../../assets/rdap/ipv4.json"))?,
        ipv6: read_rdap_servers(include_str!("../../../assets/rdap/ipv6.json"))?,
    })
});

/// What a registry said, and where it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdapLookup<T> {
    /// The address that was fetched; empty if no server is known.
    pub url: String,
    /// When.
    pub at: UnixTime,
    /// What came back.
    pub said: RdapSaid<T>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RdapSaid<T> {
    /// The registration.
    Found(T),
    /// Nothing can be said.
    Silent(RdapSilence),
}

/// Why a registry says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RdapSilence {
    /// IANA names no server for it.
    NoServer,
    /// The registry knows no such thing.
    NotFound,
    /// The server was not reached, or refused; the words are its own or the network's.
    Unreached(String),
    /// What came is no registration data.
    Unreadable(String),
}

/// A network as registered (RFC 9083 section 5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRegistration {
    /// The registry's name for the entry.
    pub handle: String,
    /// The network's name.
    pub name: String,
    /// First and last address, as written.
    pub first: String,
    /// Last address.
    pub last: String,
    /// Who holds it.
    pub holder: Option<String>,
    /// Where abuse is reported.
    pub abuse: Vec<String>,
    /// The registry's country code; no geography.
    pub country: Option<String>,
}

/// A domain as registered (RFC 9083 section 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainRegistration {
    /// The name, as A-labels.
    pub name: String,
    /// When it was registered.
    pub registered: Option<UnixTime>,
    /// When it ends unless it is renewed.
    pub expires: Option<UnixTime>,
    /// States such as `active`, `client transfer prohibited` (RFC 8056).
    pub states: Vec<String>,
    /// The registrar's name.
    pub registrar: Option<String>,
}

/// Why an answer cannot be read.
#[derive(Debug, Error)]
pub enum RdapError {
    /// No JSON.
    #[error("the registry’s answer is no JSON")]
    Json(#[from] serde_json::Error),
    /// Another kind of object.
    #[error("the registry’s answer is about “{0}” and not about what was asked")]
    OtherClass(String),
}

/// What is to be asked of registries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RdapPlan {
    /// Sending addresses, and where their networks are asked for; empty if no server is known.
    pub networks: Vec<(IpAddr, Option<String>)>,
    /// Where the domain is asked for: itself first, then the names above it. Empty if no server is known.
    pub domain: Vec<String>,
}

/// Plans what registries are asked. Names and addresses that are kept for examples are registered nowhere.
pub fn rdap_plan(facts: &Facts) -> RdapPlan {
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let addresses = senders::find(&context).addresses;
    let Ok(servers) = SERVERS.as_ref() else { return RdapPlan::default() };
    let networks = addresses
        .into_iter()
        .filter(|address| !is_example(*address))
        .take(MAX_NETWORKS)
        .map(|address| {
            (address, server_of_address(servers, address).map(|base| format!("{base}ip/{address}")))
        })
        .collect();
    RdapPlan { networks, domain: domain_addresses(servers, facts.domain.as_ascii()) }
}

/// Since when the built-in table of servers is as it is, for people: `2025-11-06`.
pub(super) fn table_date() -> &'static str {
    SERVERS
        .as_ref()
        .ok()
        .and_then(|servers| servers.domains.publication.get(..10))
        .unwrap_or("an unknown day")
}

/// Addresses for documentation (RFC 5737, RFC 3849).
fn is_example(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0x0db8, ..]),
    }
}

fn server_of_address(servers: &Servers, address: IpAddr) -> Option<&str> {
    let table = if address.is_ipv4() { &servers.ipv4 } else { &servers.ipv6 };
    let covering = table.services.iter().flat_map(|service| {
        let networks = service.0.iter().filter_map(|key| key.parse::<ipnet::IpNet>().ok());
        networks
            .filter(|network| network.contains(&address))
            .map(move |network| (network.prefix_len(), service))
    });
    covering.max_by_key(|(length, _)| *length).and_then(|(_, service)| service.https())
}

/// The entry with the most labels that the domain ends in (RFC 9224 section 4).
fn domain_addresses(servers: &Servers, domain: &str) -> Vec<String> {
    let endings = domain.match_indices('.').filter_map(|(at, _)| domain.get(at + 1..));
    for (place, ending) in endings.enumerate() {
        let service =
            servers.domains.services.iter().find(|service| service.0.iter().any(|key| key == ending));
        let Some(base) = service.and_then(|service| service.https()) else { continue };
        let names = domain.split('.').collect::<Vec<_>>();
        return (place.saturating_sub(MAX_NAMES - 1)..=place)
            .filter_map(|from| names.get(from..))
            .map(|labels| format!("{base}domain/{}", labels.join(".")))
            .collect();
    }
    Vec::new()
}

/// Reads the answer about an address.
///
/// # Errors
/// [`RdapError`] where it is no `ip network` object.
pub fn read_network(bytes: &[u8]) -> Result<NetworkRegistration, RdapError> {
    let value = object(bytes, "ip network")?;
    let people = entities(&value);
    let holder = ["registrant", "administrative"].iter().find_map(|role| person(&people, role)?.name.clone());
    let mut abuse: Vec<String> = Vec::new();
    for address in people.iter().filter(|one| one.has("abuse")).flat_map(|one| &one.mail) {
        if !abuse.contains(address) && abuse.len() < MAX_KEPT {
            abuse.push(address.clone());
        }
    }
    Ok(NetworkRegistration {
        handle: text(&value, "handle").unwrap_or_default(),
        name: text(&value, "name").unwrap_or_default(),
        first: text(&value, "startAddress").unwrap_or_default(),
        last: text(&value, "endAddress").unwrap_or_default(),
        holder: holder.or_else(|| remark(&value)),
        abuse,
        country: text(&value, "country"),
    })
}

/// Reads the answer about a domain.
///
/// # Errors
/// [`RdapError`] where it is no `domain` object.
pub fn read_domain(bytes: &[u8]) -> Result<DomainRegistration, RdapError> {
    let value = object(bytes, "domain")?;
    let event = |action: &str| {
        let events = value.get("events").and_then(Value::as_array).into_iter().flatten();
        let mut dates = events.filter(|event| text(event, "eventAction").as_deref() == Some(action));
        dates.find_map(|event| text(event, "eventDate")?.parse::<jiff::Timestamp>().ok())
    };
    let states = value.get("status").and_then(Value::as_array).into_iter().flatten();
    let seconds = |time: jiff::Timestamp| UnixTime(time.as_second());
    Ok(DomainRegistration {
        name: text(&value, "ldhName").unwrap_or_default().to_ascii_lowercase(),
        registered: event("registration").map(seconds),
        expires: event("expiration").map(seconds),
        states: states.filter_map(Value::as_str).map(short).take(MAX_KEPT).collect(),
        registrar: person(&entities(&value), "registrar").and_then(|one| one.name.clone()),
    })
}

fn object(bytes: &[u8], class: &str) -> Result<Value, RdapError> {
    let value: Value = serde_json::from_slice(bytes)?;
    match text(&value, "objectClassName") {
        Some(found) if found == class => Ok(value),
        found => Err(RdapError::OtherClass(found.unwrap_or_default())),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(short).filter(|text| !text.is_empty())
}

fn short(text: &str) -> String {
    text.trim().chars().take(MAX_TEXT).collect()
}

/// RIPE gives many networks no registrant, but a remark that names them.
fn remark(value: &Value) -> Option<String> {
    let remarks = value.get("remarks").and_then(Value::as_array)?;
    let description =
        remarks.iter().find_map(|remark| remark.get("description")?.as_array()?.first()?.as_str())?;
    Some(short(description)).filter(|text| !text.is_empty())
}

/// A person or an organisation with roles.
struct Entity {
    roles: Vec<String>,
    name: Option<String>,
    mail: Vec<String>,
}

impl Entity {
    fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one == role)
    }
}

fn person<'a>(entities: &'a [Entity], role: &str) -> Option<&'a Entity> {
    entities.iter().find(|entity| entity.has(role) && entity.name.is_some())
}

/// All entities, those within others included, as far as they are checked.
fn entities(value: &Value) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut level: Vec<&Value> = vec![value];
    for _ in 0..MAX_DEPTH {
        let inner =
            level.iter().filter_map(|value| value.get("entities").and_then(Value::as_array)).flatten();
        level = inner.take(MAX_KEPT * MAX_DEPTH).collect();
        found.extend(level.iter().map(|value| entity(value)));
    }
    found
}

/// A jCard (RFC 7095): properties as `[name, parameters, type, value]`.
fn entity(value: &Value) -> Entity {
    let roles = value.get("roles").and_then(Value::as_array).into_iter().flatten();
    let properties = value
        .get("vcardArray")
        .and_then(|card| card.get(1))
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let values = |wanted: &str| -> Vec<String> {
        let of_kind = properties.iter().filter(|one| one.get(0).and_then(Value::as_str) == Some(wanted));
        let texts = of_kind.filter_map(|one| one.get(3).and_then(Value::as_str)).map(short);
        texts.filter(|text| !text.is_empty()).take(MAX_KEPT).collect()
    };
    Entity {
        roles: roles.filter_map(Value::as_str).map(str::to_owned).take(MAX_KEPT).collect(),
        name: values("fn").into_iter().chain(values("org")).next(),
        mail: values("email"),
    }
}

#[cfg(test)]
#[path = "rdap_tests.rs"]
mod tests;
