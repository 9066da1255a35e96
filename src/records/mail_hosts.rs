//! Plans the MX records: the old hosts go and the new ones come at the moment of the switch, not before.

use std::collections::BTreeSet;

use super::current_zone::{CurrentZone, ZoneData, ZoneRecord};
use super::desired::{Filled, Lines};
use super::{Change, SwitchStage};
use crate::providers::Provider;
use crate::values::{DnsName, counted};

/// Waiting time of new MX records, short so that the way back is short as well.
const TTL_SECS_AT_THE_SWITCH: u32 = 300;

/// A host that will receive mail.
pub(super) struct NewHost {
    pub preference: u16,
    pub host: DnsName,
    pub reason: String,
}

/// Hosts of today's MX records that are none of the new ones.
pub(super) fn old_hosts(zone: &CurrentZone, new: &[NewHost]) -> Vec<DnsName> {
    let mut hosts = Vec::new();
    for record in zone.at("@") {
        if let ZoneData::Mx(_, host) = &record.data
            && !host.as_str().is_empty()
            && !new.iter().any(|new| new.host == *host)
            && !hosts.contains(host)
        {
            hosts.push(host.clone());
        }
    }
    hosts
}

/// The new hosts out of the filled templates.
pub(super) fn new_hosts(filled: &[Filled<'_>]) -> Vec<NewHost> {
    filled
        .iter()
        .map(|filled| NewHost {
            preference: filled.template.priority,
            host: DnsName::new(&filled.value),
            reason: filled.template.reason.clone(),
        })
        .collect()
}

/// Today's hosts, where they are another complete set that the provider accepts: they are as good as the new ones.
pub(super) fn hosts_in_place(provider: &Provider, zone: &CurrentZone) -> Option<Vec<NewHost>> {
    let mut today = Vec::new();
    for record in zone.at("@") {
        if let ZoneData::Mx(preference, host) = &record.data {
            let reason = "Another form of the provider’s hosts.".to_owned();
            today.push(NewHost { preference: *preference, host: host.clone(), reason });
        }
    }
    let is_today = |set: &[String]| {
        let set: BTreeSet<DnsName> = set.iter().map(|host| DnsName::new(host)).collect();
        set == today.iter().map(|new| new.host.clone()).collect()
    };
    provider.other_mx.iter().any(|set| is_today(&set.value)).then_some(today)
}

/// Lines of the MX group. While a required answer is missing, nothing is taken out.
pub(super) fn mx_lines(zone: &CurrentZone, new: &[NewHost], is_complete: bool, lines: &mut Lines) {
    let old = zone.at("@").filter(|record| matches!(record.data, ZoneData::Mx(..))).collect::<Vec<_>>();
    if !is_complete || new.is_empty() {
        for record in old {
            lines.keep(record, "Stays until the new host is known.");
        }
        return;
    }
    let is_new = |record: &ZoneRecord| {
        matches!(&record.data, ZoneData::Mx(preference, host)
            if new.iter().any(|new| new.host == *host && new.preference == *preference))
    };
    for record in old.iter().filter(|record| record.ttl_secs > TTL_SECS_AT_THE_SWITCH && !is_new(record)) {
        lines.remove(
            record,
            SwitchStage::Now,
            "Only the waiting time changes; mail still goes to your server.",
        );
        let short = ZoneRecord { ttl_secs: TTL_SECS_AT_THE_SWITCH, ..(*record).clone() };
        lines.push(
            Change::Add,
            SwitchStage::Now,
            short,
            "A short waiting time makes the switch, and the way back, quick.",
        );
    }
    for record in &old {
        if is_new(record) {
            lines.keep(record, "Points at the provider already.");
            continue;
        }
        let reason = match &record.data {
            ZoneData::Mx(_, host) if host.as_str().is_empty() => {
                "Says that the domain takes no mail (RFC 7505), which ends with the switch."
            }
            ZoneData::Mx(_, host) if new.iter().any(|new| new.host == *host) => {
                "Comes back with another preference."
            }
            _ => "Your old server receives no new mail after the switch; keep it running for late mail.",
        };
        let short = ZoneRecord { ttl_secs: record.ttl_secs.min(TTL_SECS_AT_THE_SWITCH), ..(*record).clone() };
        lines.remove(&short, SwitchStage::AtTheSwitch, reason);
    }
    for host in new {
        let data = ZoneData::Mx(host.preference, host.host.clone());
        if !old.iter().any(|record| record.data == data) {
            let record = ZoneRecord { name: "@".to_owned(), ttl_secs: TTL_SECS_AT_THE_SWITCH, data };
            lines.push(Change::Add, SwitchStage::AtTheSwitch, record, &host.reason);
        }
    }
    advise_ttl(&old, lines);
}

/// Senders keep the old answer for its waiting time, so that decides how fast the switch is.
fn advise_ttl(old: &[&ZoneRecord], lines: &mut Lines) {
    let longest = old.iter().map(|record| record.ttl_secs).max().unwrap_or(0);
    if longest > TTL_SECS_AT_THE_SWITCH {
        lines.note(format!(
            "Senders remember your MX records for {longest} seconds: publish the first stage, which lowers their waiting \
             time (TTL) to {TTL_SECS_AT_THE_SWITCH}, at least {} before the switch, and raise it to 3600 three days after.",
            rounded_up(longest)
        ));
    }
}

/// A time that is not shorter than this one, in one unit: `2 hours`.
fn rounded_up(secs: u32) -> String {
    let (number, unit) = match secs {
        0..7200 => (secs.div_ceil(60), "minute"),
        7200..172_800 => (secs.div_ceil(3600), "hour"),
        _ => (secs.div_ceil(86_400), "day"),
    };
    counted(u64::from(number), unit)
}
