//! Names what stands in the way of the new records and what the plan cannot take out: an alias at the domain itself, a branch of the
//! zone that is answered elsewhere, and MX records that name no host. Each comes with the way out.

use std::net::Ipv4Addr;

use super::current_zone::{CurrentZone, ZoneData};
use super::{Change, RecordGroup};
use crate::audit::without_doubled_domain;

/// Sentences for the owner.
pub(super) fn obstacles(zone: &CurrentZone, groups: &[RecordGroup]) -> Vec<String> {
    let mut notes: Vec<String> = alias_at_the_domain(zone).into_iter().collect();
    notes.extend(branches_elsewhere(zone, groups));
    notes.extend(mail_hosts(zone));
    notes
}

/// Beside an alias nothing else may stand (RFC 1034 section 3.6.2), and receivers follow it for MX and TXT as well.
fn alias_at_the_domain(zone: &CurrentZone) -> Option<String> {
    let target = zone.at("@").find_map(|record| match &record.data {
        ZoneData::Cname(target) => Some(target),
        _ => None,
    })?;
    Some(format!(
        "{} itself is an alias (CNAME) of {target}, and beside an alias receivers see no other record: not the ones of today, and not \
         the new ones. Replace it by the addresses of {target} (A, AAAA), or by ALIAS or ANAME where your DNS host has them, before the \
         first stage.",
        zone.domain
    ))
}

/// Names below a DNAME are answered by the place that it points to (RFC 6672 section 2.3).
fn branches_elsewhere(zone: &CurrentZone, groups: &[RecordGroup]) -> Vec<String> {
    let branches = zone.others.iter().filter(|record| record.record_type == "DNAME");
    let hidden = |branch: &str| {
        let added = groups.iter().flat_map(|group| &group.lines).filter(|line| line.change == Change::Add);
        let mut names: Vec<&str> = added.map(|line| line.name.as_str()).collect();
        names.retain(|name| *name != "@" && (branch == "@" || name.ends_with(&format!(".{branch}"))));
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    let words = |branch: &super::OtherRecord| {
        let names = hidden(&branch.name);
        (!names.is_empty()).then(|| {
            format!(
                "Everything below “{}” is answered by {} (DNAME), so receivers never see what the plan adds there ({names}): take the DNAME \
                 out at the switch, or have these records published there.",
                branch.name,
                branch.data.trim_end_matches('.')
            )
        })
    };
    branches.filter_map(words).collect()
}

fn mail_hosts(zone: &CurrentZone) -> Vec<String> {
    let hosts = zone.at("@").filter_map(|record| match &record.data {
        ZoneData::Mx(_, host) => Some(host),
        _ => None,
    });
    let mut notes = Vec::new();
    for host in hosts {
        let before_domain = zone.relative(host);
        let first = before_domain.as_deref().unwrap_or(host.as_str());
        if first.parse::<Ipv4Addr>().is_ok() {
            notes.push(format!(
                "An MX record names the address {first} where a host must stand, so senders cannot deliver there today (RFC 5321, section \
                 5.1)."
            ));
        } else if let Some(meant) = without_doubled_domain(host, &zone.domain.dns()) {
            notes.push(format!(
                "An MX record names {host}, where a dot is missing at the end: {meant} was meant, and senders cannot deliver there today."
            ));
        }
    }
    notes.dedup();
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{GroupKind, parse_zone_file};
    use crate::values::DomainName;

    fn found(zone: &str, added: &[&str]) -> Vec<String> {
        let zone = parse_zone_file(zone, &DomainName::parse("d.example").unwrap()).unwrap();
        let line = |name: &&str| crate::records::DiffLine {
            change: Change::Add,
            stage: crate::records::SwitchStage::Now,
            name: (*name).to_owned(),
            ttl_secs: 300,
            record_type: "CNAME".to_owned(),
            value: "k.provider.example.".to_owned(),
            reason: String::new(),
        };
        let lines = added.iter().map(line).collect();
        obstacles(&zone, &[RecordGroup { kind: GroupKind::Dkim, purpose: String::new(), lines }])
    }

    #[test]
    fn an_alias_at_the_domain_hides_everything() {
        let notes = found("@ 300 CNAME host.example.net.\n", &[]);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with("d.example itself is an alias (CNAME) of host.example.net"),
            "{notes:?}"
        );
        assert!(found("www 300 CNAME host.example.net.\n", &[]).is_empty());
    }

    #[test]
    fn what_the_plan_adds_below_a_dname_is_named() {
        let keys = ["fm1._domainkey", "fm2._domainkey", "_dmarc"];
        let notes = found("_domainkey 300 DNAME keys.other.example.\n@ 300 MX 10 mail\n", &keys);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].contains("keys.other.example (DNAME)")
                && notes[0].contains("(fm1._domainkey, fm2._domainkey)")
        );
        let notes = found("@ 300 DNAME other.example.\n@ 300 MX 10 mail\n", &["_dmarc", "@"]);
        assert!(notes[0].contains("(_dmarc)"), "{notes:?}");
        assert!(found("elsewhere 300 DNAME other.example.\n@ 300 MX 10 mail\n", &keys).is_empty());
    }

    #[test]
    fn mail_hosts_that_are_none_are_named_with_what_was_meant() {
        let notes = found("@ 300 MX 10 mail.d.example\n", &[]);
        assert!(
            notes[0].contains("mail.d.example.d.example") && notes[0].contains("mail.d.example was meant"),
            "{notes:?}"
        );
        let notes = found("@ 300 MX 10 203.0.113.10\n", &[]);
        assert!(notes[0].contains("the address 203.0.113.10"), "{notes:?}");
        let notes = found("@ 300 MX 10 203.0.113.10.\n", &[]);
        assert!(notes[0].contains("the address 203.0.113.10"), "{notes:?}");
        for good in ["@ 300 MX 10 mail\n", "@ 300 MX 0 .\n", "@ 300 MX 10 d.example.\n"] {
            assert!(found(good, &[]).is_empty(), "{good}");
        }
    }
}
