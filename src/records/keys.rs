//! Records that come beside what is there: DKIM keys, proof of ownership, settings for mail programs.

use super::current_zone::{CurrentZone, ZoneData, ZoneRecord};
use super::desired::{Filled, Lines, TTL_SECS};
use super::{Change, SwitchStage};
use crate::providers::{TemplateStage, TemplateType};
use crate::values::DnsName;

/// Puts filled templates into the zone. At a name other than the domain itself, whatever cannot stand beside the
/// new record goes: a CNAME stands alone (RFC 1034 section 3.6.2), and a selector has one key (RFC 6376 3.6.2.2).
pub(super) fn place(zone: &CurrentZone, filled: &[Filled<'_>], lines: &mut Lines) {
    let mut taken: Vec<(&str, TemplateType)> = Vec::new();
    for new in filled {
        let stage = match new.template.stage {
            TemplateStage::Now => SwitchStage::Now,
            TemplateStage::AtTheSwitch => SwitchStage::AtTheSwitch,
        };
        if new.name != "@"
            && taken.iter().any(|(name, kind)| *name == new.name && *kind != new.template.record_type)
        {
            lines.note(format!(
                "“{}” cannot be a CNAME and a TXT record at once: give only the one that your provider names.",
                new.name
            ));
            continue;
        }
        taken.push((&new.name, new.template.record_type));
        let data = match new.template.record_type {
            TemplateType::Cname => ZoneData::Cname(DnsName::new(&new.value)),
            TemplateType::Txt => ZoneData::Txt(new.value.clone().into_bytes()),
            TemplateType::Mx => continue,
        };
        if let Some(record) = zone.at(&new.name).find(|record| record.data == data) {
            lines.keep(record, "Is in the zone already.");
            continue;
        }
        let in_the_way = zone.at(&new.name).filter(|_| new.name != "@").collect::<Vec<_>>();
        // Below a delegation nobody sees the record before that is gone.
        let is_hidden = new.name.ends_with("._domainkey") && zone.is_delegated("_domainkey");
        // What signs or serves today is not taken away before the switch.
        let stage = if in_the_way.is_empty() && !is_hidden { stage } else { SwitchStage::AtTheSwitch };
        for record in in_the_way {
            lines.remove(record, stage, "Makes room for the provider’s record at the same name.");
        }
        let record = ZoneRecord { name: new.name.clone(), ttl_secs: TTL_SECS, data };
        lines.push(Change::Add, stage, record, &new.template.reason);
    }
}

/// Keys of today that the new ones do not replace: mail under way still carries their signatures. Returns their names.
pub(super) fn keep_old_keys(zone: &CurrentZone, filled: &[Filled<'_>], lines: &mut Lines) -> Vec<String> {
    let mut old = Vec::new();
    for record in &zone.records {
        let is_key = matches!(record.data, ZoneData::Txt(_) | ZoneData::Cname(_))
            && record.name.ends_with("._domainkey")
            && !filled.iter().any(|new| new.name == record.name);
        if is_key {
            if !old.contains(&record.name) {
                old.push(record.name.clone());
            }
            lines.keep(record, "Signs the mail of today; receivers still need it for mail under way.");
        }
    }
    if !old.is_empty() {
        lines.note(
            "Keep the old DKIM keys for at least seven days after your old server has signed its last message."
                .to_owned(),
        );
    }
    for record in zone.at("_domainkey") {
        let ZoneData::Ns(host) = &record.data else { continue };
        if filled.is_empty() {
            lines.keep(record, "Somebody else keeps your DKIM keys; it stays until the new keys are known.");
            continue;
        }
        let reason = "Hides every DKIM record of your own zone from receivers.";
        lines.remove(record, SwitchStage::AtTheSwitch, reason);
        lines.note(format!(
            "“_domainkey” is delegated to {host}, so receivers never see DKIM records of your own zone: the delegation \
             goes at the switch, and the keys that your old server signs with go with it. Copy those that are still \
             needed for mail under way into your own zone."
        ));
    }
    old
}
