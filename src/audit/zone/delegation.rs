//! Judges the name servers: number, delegation, authority, networks, names, IPv6, TCP, and the same version everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::servers::{Servers, is_in_charge, server_names};
use crate::audit::addresses::is_public;
use crate::audit::draft::{Draft, listed, why_unknown};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Lookups, Status};
use crate::values::{Asked, DnsAnswer, DnsName, Outcome, RecordType, counted_as};

/// Servers that are asked over TCP as well.
const MAX_OVER_TCP: usize = 4;
/// Servers that are asked for their version a second time.
const MAX_AGAIN: usize = 4;

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Zone, status, importance, title)
}

/// Whether there are enough name servers (RFC 2182 section 5).
pub(super) fn judge_count(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    lookups.begin();
    lookups.ask(&servers.apex, RecordType::Ns);
    let names = servers.own.map(server_names);
    let draft = match names.as_ref().map(BTreeSet::len) {
        None | Some(0) => new("zone.servers", Status::Unknown, Importance::Important, "How many name servers there are could not be measured")
            .words("Neither the resolver nor the zone's own servers name any. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver."),
        Some(1) => new("zone.servers", Status::Warn, Importance::Important, "The zone has one name server")
            .words("While it is away, nobody finds the domain, and mail to it waits or comes back.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have a second name server, best in another network, and name it at the registry as well."),
        Some(count) => new("zone.servers", Status::Pass, Importance::Important, format!("The zone has {count} name servers"))
            .words("When one is away, the others answer."),
    };
    findings.push(draft.rfc(2182, "5").done(lookups));
}

/// Whether the zone above names the same servers as the zone itself (RFC 1034 section 4.2.2).
pub(super) fn judge_delegation(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    let (Some(parent), Some(own)) = (servers.parent, servers.own) else {
        findings.push(delegation_unknown(lookups, servers.parent));
        return;
    };
    lookups.begin();
    lookups.see(parent);
    lookups.see(own);
    let above = server_names(parent);
    if !matches!(parent.outcome, Outcome::Answer | Outcome::Referral) || above.is_empty() {
        findings.push(delegation_unknown(lookups, Some(parent)));
        return;
    }
    let below = server_names(own);
    let only_above: Vec<&DnsName> = above.difference(&below).collect();
    let only_below: Vec<&DnsName> = below.difference(&above).collect();
    let draft = if below.is_empty() {
        new("zone.delegation", Status::Fail, Importance::Important, "The zone itself names no name servers")
            .words("The zone above refers everybody here, and the zone has no NS records of its own. Some resolvers treat that as a broken zone.")
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Publish NS records for {} at the top of the zone.", listed(&above.iter().collect::<Vec<_>>())))
    } else if !only_above.is_empty() || !only_below.is_empty() {
        let mut parts = Vec::new();
        if !only_above.is_empty() {
            parts.push(format!("the zone above also names {}", listed(&only_above)));
        }
        if !only_below.is_empty() {
            parts.push(format!("the zone itself also names {}", listed(&only_below)));
        }
        new(
            "zone.delegation",
            Status::Warn,
            Importance::Important,
            "The zone above names other name servers than the zone itself",
        )
        .words(format!(
            "Some resolvers ask the former, some the latter: {}. A change at the switch must be on all of them.",
            parts.join(", and ")
        ))
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            "Name the same servers in the zone and at the registry, where the domain is registered.",
        )
    } else if let Some(words) = different_glue(parent, servers) {
        new(
            "zone.delegation",
            Status::Warn,
            Importance::Important,
            "The zone above has old addresses of the name servers",
        )
        .words(format!(
            "{words}. Resolvers that follow the zone above may end up at a server that is no longer there."
        ))
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            "Give the registry the present addresses of the name servers (glue records).",
        )
    } else {
        new(
            "zone.delegation",
            Status::Pass,
            Importance::Important,
            "The zone and the zone above name the same name servers",
        )
        .words("Everybody ends up at the same servers.")
    };
    findings.push(draft.rfc(1034, "4.2.2").done(lookups));
}

fn delegation_unknown(lookups: &Lookups<'_>, parent: Option<&DnsAnswer>) -> Finding {
    let words = parent.map_or_else(
        || "No server of the zone above is known. This is neither a good nor a bad result.".to_owned(),
        |answer| match why_unknown(&answer.outcome) {
            words if words.is_empty() => {
                "The zone above named no servers. This is neither a good nor a bad result.".to_owned()
            }
            words => words,
        },
    );
    new(
        "zone.delegation",
        Status::Unknown,
        Importance::Important,
        "Whether the zone above names the same servers could not be measured",
    )
    .words(words)
    .remedy(
        Effort::Low,
        Changer::Nobody,
        "Run the audit again from a network that lets DNS questions through.",
    )
    .done(lookups)
}

/// Addresses that came along with the referral and are not those of the host.
fn different_glue(parent: &DnsAnswer, servers: &Servers<'_>) -> Option<String> {
    parent.delegation.iter().find_map(|glue| {
        let server = servers.named.iter().find(|server| server.name == glue.name)?;
        if !server.worst.outcome.is_known() || server.addresses.is_empty() {
            return None;
        }
        let old: Vec<&IpAddr> =
            glue.addresses.iter().filter(|address| !server.addresses.contains(address)).collect();
        (!old.is_empty()).then(|| {
            format!(
                "It gives {} for {}, whose own addresses are {}",
                listed(&old),
                glue.name,
                listed(&server.addresses)
            )
        })
    })
}

/// Whether every server answers as an authoritative one (RFC 1912 section 2.8).
pub(super) fn judge_authority(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    lookups.begin();
    for (_, answer) in &servers.tried {
        lookups.see(answer);
    }
    let name_of = |address: &IpAddr| {
        let server = servers.named.iter().find(|server| server.addresses.contains(address));
        server.map_or_else(|| address.to_string(), |server| format!("{} ({address})", server.name))
    };
    let mut good = Vec::new();
    let mut silent = Vec::new();
    let mut lame = Vec::new();
    let mut unreached = Vec::new();
    for (address, answer) in &servers.tried {
        match &answer.outcome {
            _ if is_in_charge(answer) => good.push(name_of(address)),
            Outcome::OutOfReach => unreached.push(name_of(address)),
            Outcome::Timeout | Outcome::Broken(_) => silent.push(name_of(address)),
            other => lame.push(format!("{}: {}", name_of(address), lame_words(other))),
        }
    }
    let bad = silent.len() + lame.len();
    let mut words = Vec::new();
    if !silent.is_empty() {
        words.push(format!("No answer from {}", listed(&silent)));
    }
    if !lame.is_empty() {
        words.push(format!("Not in charge: {}", listed(&lame)));
    }
    let remedy = "Have the server fixed, or take it out of the NS records and out of the registry.";
    let draft = if good.is_empty() && (bad == 0 || !servers.is_heard()) {
        let reason = if servers.tried.is_empty() {
            "No address of a name server is known"
        } else if bad == 0 {
            "No way leads to their addresses from this computer"
        } else {
            "None answered; this network may not let DNS questions through"
        };
        new(
            "zone.authority",
            Status::Unknown,
            Importance::Important,
            "The zone's own name servers could not be asked",
        )
        .words(format!("{reason}. This is neither a good nor a bad result."))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again from a network that lets DNS questions through.",
        )
    } else if good.is_empty() {
        new("zone.authority", Status::Fail, Importance::VeryImportant, "No name server answers for the zone")
            .words(format!(
                "{}. Nobody can find the domain, so mail to it and from it fails.",
                words.join(". ")
            ))
            .remedy(
                Effort::Medium,
                Changer::YouInTheZone,
                "Ask whoever runs the name servers, or name working ones at the registry.",
            )
    } else if bad > 0 {
        new(
            "zone.authority",
            Status::Warn,
            Importance::Important,
            format!("{} answer for the zone", not_all(bad, bad + good.len())),
        )
        .words(format!("{}. Questions that end up there wait, and some resolvers give up.", words.join(". ")))
        .remedy(Effort::Medium, Changer::YouInTheZone, remedy)
    } else {
        all_answer(&good, &unreached, servers.left_out)
    };
    findings.push(draft.rfc(1912, "2.8").done(lookups));
}

fn all_answer(good: &[String], unreached: &[String], left_out: usize) -> Draft {
    let mut words = "Each of them answers with authority.".to_owned();
    if !unreached.is_empty() {
        words = format!("{words} From here no way leads to {}.", listed(unreached));
    }
    if left_out > 0 {
        words = format!("{words} {left_out} more were not asked.");
    }
    let title = format!("{} for the zone", counted_as(good.len(), "address answers", "addresses answer"));
    new("zone.authority", Status::Pass, Importance::Important, title).words(words)
}

fn lame_words(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Answer | Outcome::NoData => "it answers without being in charge",
        Outcome::Referral => "it points to other servers",
        Outcome::NxDomain => "it says that the zone does not exist",
        Outcome::Refused => "it refuses",
        Outcome::ServFail => "it has failed (SERVFAIL)",
        other => other.words(),
    }
}

fn not_all(bad: usize, all: usize) -> String {
    match bad {
        1 => format!("1 of {all} name server addresses does not"),
        _ => format!("{bad} of {all} name server addresses do not"),
    }
}

/// Whether the servers are in different networks (RFC 2182 section 3.1).
pub(super) fn judge_networks(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    let addresses: Vec<IpAddr> = servers.named.iter().flat_map(|server| &server.addresses).copied().collect();
    lookups.begin();
    see_addresses(servers, lookups);
    let networks: BTreeSet<String> = addresses.iter().map(|address| network_of(*address)).collect();
    let is_half_known = servers.named.iter().any(|server| !server.worst.outcome.is_known());
    let draft = match networks.len() {
        _ if servers.named.len() < 2 => return,
        0 | 1 if is_half_known => new("zone.networks", Status::Unknown, Importance::Minor, "Whether the name servers are in different networks could not be measured")
            .words("Not every name server's addresses are known. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver."),
        0 => return,
        1 => new("zone.networks", Status::Warn, Importance::Minor, format!("All name servers are in one network: {}", listed(&networks.iter().collect::<Vec<_>>())))
            .words("When that network is away, nobody finds the domain.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have one of the name servers in another network."),
        count => new("zone.networks", Status::Pass, Importance::Minor, format!("The name servers are in {count} networks"))
            .words("When one network is away, another one answers. Networks are distinguished by their first 24 bits (IPv4) or 48 bits (IPv6)."),
    };
    findings.push(draft.rfc(2182, "3.1").done(lookups));
}

fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

fn see_addresses(servers: &Servers<'_>, lookups: &Lookups<'_>) {
    for server in &servers.named {
        lookups.see(server.worst);
    }
}

/// Whether the names of the servers are hosts with addresses that can be reached (RFC 2181 section 10.3).
pub(super) fn judge_names(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    lookups.begin();
    see_addresses(servers, lookups);
    let mut faults = Vec::new();
    let mut unknown: Option<(&DnsName, &DnsAnswer)> = None;
    let mut good = 0_usize;
    for server in &servers.named {
        // A private address that answers all the same belongs to a network of its own.
        let answers = |address: &IpAddr| {
            servers.tried.iter().any(|(tried, answer)| tried == address && is_in_charge(answer))
        };
        let private = server.addresses.iter().find(|address| !is_public(**address) && !answers(address));
        if server.is_alias {
            faults.push(format!("{} is an alias", server.name));
        } else if let Some(address) = private {
            faults.push(format!("{} has the private address {address}", server.name));
        } else if server.addresses.is_empty() && server.worst.outcome.is_known() {
            let hint = super::names::without_doubled_domain(&server.name, &servers.apex)
                .map_or_else(String::new, |meant| format!(" (a dot is missing at the end of “{meant}”)"));
            faults.push(format!("{} has no address{hint}", server.name));
        } else if server.addresses.is_empty() {
            unknown = Some((&server.name, server.worst));
        } else {
            good += 1;
        }
    }
    let draft = if !faults.is_empty() {
        new(
            "zone.server-names",
            Status::Fail,
            Importance::Important,
            format!("{} cannot be used", counted_as(faults.len(), "name server", "name servers")),
        )
        .words(format!(
            "{}. An NS record must name a host that has public addresses of its own.",
            listed(&faults)
        ))
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Correct the NS records in the zone and at the registry.",
        )
    } else if let Some((name, answer)) = unknown {
        Draft::unknown(
            "zone.server-names",
            Area::Zone,
            Importance::Important,
            &format!("The addresses of the name server {name} could not be measured"),
            answer,
        )
    } else if good > 0 {
        new(
            "zone.server-names",
            Status::Pass,
            Importance::Minor,
            "The name servers are hosts with public addresses",
        )
        .words("None of them is an alias.")
    } else {
        return;
    };
    findings.push(draft.rfc(2181, "10.3").done(lookups));
}

/// Whether the zone can be asked over IPv6.
pub(super) fn judge_ipv6(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    lookups.begin();
    let tried: Vec<(IpAddr, &DnsAnswer)> =
        servers.tried.iter().filter(|(address, _)| address.is_ipv6()).map(|(a, b)| (*a, *b)).collect();
    let is_half_known = servers.named.iter().any(|server| !server.worst.outcome.is_known());
    for server in &servers.named {
        lookups.ask(&server.name, RecordType::Aaaa);
    }
    for (_, answer) in &tried {
        lookups.see(answer);
    }
    let good: Vec<IpAddr> =
        tried.iter().filter(|(_, answer)| is_in_charge(answer)).map(|(address, _)| *address).collect();
    let draft = if !good.is_empty() {
        new("zone.ipv6", Status::Pass, Importance::Minor, "The zone answers over IPv6")
            .words(format!("Answered: {}.", listed(&good)))
    } else if tried.is_empty() && servers.named.is_empty() {
        return;
    } else if tried.is_empty() && !is_half_known {
        new("zone.ipv6", Status::Warn, Importance::Minor, "No name server has an IPv6 address")
            .words("Networks that only speak IPv6 find the domain by detours, or not at all.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Ask your DNS host for name servers with IPv6.")
    } else if tried.iter().all(|(_, answer)| answer.outcome == Outcome::OutOfReach) {
        new("zone.ipv6", Status::Unknown, Importance::Minor, "Whether the zone answers over IPv6 could not be measured")
            .words("No way leads there from this computer; it may have no IPv6. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from a network with IPv6.")
    } else {
        new("zone.ipv6", Status::Unknown, Importance::Minor, "Whether the zone answers over IPv6 could not be measured")
            .words("The name servers have IPv6 addresses, and none of them answered. Whether the servers or the route to them are at fault cannot be told from here.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from another network with IPv6.")
    };
    findings.push(draft.done(lookups));
}

/// Whether long answers can be had over TCP (RFC 7766 section 5).
pub(super) fn judge_tcp(servers: &Servers<'_>, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    lookups.begin();
    let asked: Vec<(IpAddr, &DnsAnswer)> = servers
        .in_charge()
        .take(MAX_OVER_TCP)
        .map(|address| {
            let over_tcp = Asked::ServerOverTcp(address);
            (address, lookups.ask_of(&servers.apex, RecordType::Soa, over_tcp))
        })
        .collect();
    if asked.is_empty() {
        return;
    }
    let is_cut_off = asked.iter().any(|(address, _)| {
        let text = lookups.ask_of(&servers.apex, RecordType::Txt, Asked::Server(*address));
        text.is_too_long_for_udp
    });
    let silent: Vec<IpAddr> =
        asked.iter().filter(|(_, answer)| !is_in_charge(answer)).map(|(address, _)| *address).collect();
    let draft = if silent.is_empty() {
        new("zone.tcp", Status::Pass, Importance::Minor, "The name servers answer over TCP")
            .words("Answers that are too long for UDP can be fetched.")
    } else if silent.len() == asked.len() && !is_cut_off {
        new("zone.tcp", Status::Unknown, Importance::Minor, "Whether the name servers answer over TCP could not be measured")
            .words("None of them does from here; this network may block such connections. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from another network.")
    } else {
        let (status, words) = if is_cut_off {
            (
                Status::Fail,
                "The TXT records of the domain are too long for UDP, so SPF cannot be read from there.",
            )
        } else {
            (Status::Warn, "An answer that is too long for UDP cannot be fetched from there.")
        };
        new("zone.tcp", status, Importance::Important, format!("No answer over TCP from {}", listed(&silent)))
            .words(words)
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have TCP port 53 opened at the name server.")
    };
    findings.push(draft.rfc(7766, "5").done(lookups));
}

/// Whether all servers have the same version of the zone (RFC 1996).
pub(super) fn judge_serials(
    servers: &Servers<'_>,
    lookups: &Lookups<'_>,
    at: crate::values::UnixTime,
    findings: &mut Vec<Finding>,
) {
    lookups.begin();
    let mut by_serial: BTreeMap<u32, Vec<IpAddr>> = BTreeMap::new();
    for (address, answer) in servers.tried.iter().filter(|(_, answer)| is_in_charge(answer)) {
        lookups.see(answer);
        if let Some(serial) = super::soa::serial(answer) {
            by_serial.entry(serial).or_default().push(*address);
        }
    }
    let answered: usize = by_serial.values().map(Vec::len).sum();
    if servers.tried.len() < 2 || answered == 0 {
        return;
    }
    let (Some((oldest, behind)), Some((newest, _))) =
        (by_serial.first_key_value(), by_serial.last_key_value())
    else {
        return;
    };
    let draft = if by_serial.len() > 1 && caught_up(servers, lookups, &by_serial) {
        new(
            "zone.serial",
            Status::Pass,
            Importance::Important,
            format!("All name servers have version {newest} of the zone"),
        )
        .words("They differed at first, because a change was under way; asked again some seconds later, they had caught up.")
    } else if by_serial.len() > 1 {
        let lag = super::soa::lag_secs(*oldest, *newest, at);
        let (status, how_long) = match lag {
            Some(secs) if secs > 3_600 => {
                (Status::Fail, format!(" It is {} behind.", counted_as(secs / 3_600, "hour", "hours")))
            }
            _ => (Status::Warn, String::new()),
        };
        let versions: Vec<String> = by_serial
            .iter()
            .map(|(serial, addresses)| format!("{serial} at {}", listed(addresses)))
            .collect();
        new(
            "zone.serial",
            status,
            Importance::Important,
            "The name servers have different versions of the zone",
        )
        .words(format!(
            "{}. Asked again some seconds later, they did not agree.{how_long} A record that you change is seen by some and not by others.",
            versions.join(", ")
        ))
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            format!("Have the transfer to {} fixed, or wait until it has caught up.", listed(behind)),
        )
    } else if answered < servers.tried.len() {
        new(
            "zone.serial",
            Status::Unknown,
            Importance::Important,
            "Whether all name servers have the same version could not be measured",
        )
        .words(format!("{} of {} addresses answered, with version {newest}.", answered, servers.tried.len()))
        .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while.")
    } else {
        new(
            "zone.serial",
            Status::Pass,
            Importance::Important,
            format!("All name servers have version {newest} of the zone"),
        )
        .words("A record that you change is seen by everybody.")
    };
    findings.push(draft.rfc(1996, "3.7").done(lookups));
}

/// Whether every server that was behind has the newest version when it is asked once more.
fn caught_up(servers: &Servers<'_>, lookups: &Lookups<'_>, by_serial: &BTreeMap<u32, Vec<IpAddr>>) -> bool {
    let Some((newest, _)) = by_serial.last_key_value() else { return false };
    let behind =
        by_serial.iter().filter(|(serial, _)| *serial != newest).flat_map(|(_, addresses)| addresses);
    let behind: Vec<IpAddr> = behind.copied().collect();
    let caught_up = behind.iter().take(MAX_AGAIN).filter(|address| {
        let answer = lookups.ask_of(&servers.apex, RecordType::Soa, Asked::ServerAgain(**address));
        is_in_charge(answer) && super::soa::serial(answer).is_some_and(|serial| serial >= *newest)
    });
    caught_up.count() == behind.len()
}
