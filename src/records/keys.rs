//! Places records that stand beside what is there: DKIM keys, proof of ownership, settings for mail programs.

use super::current_zone::{CurrentZone, ZoneData, ZoneRecord};
use super::desired::{Filled, Lines, TTL_SECS};
use super::{Change, SwitchStage};
use crate::audit::dkim::{DkimKey, Key};
use crate::providers::{TemplateStage, TemplateType};
use crate::values::DnsName;

/// Puts filled templates into the zone. At a name other than the domain itself, whatever cannot stand beside the
/// new record goes: a CNAME stands alone (RFC 1034 section 3.6.2), a selector has one key (RFC 6376 3.6.2.2), and below a
/// delegation others answer.
pub(super) fn place(zone: &CurrentZone, filled: &[Filled<'_>], lines: &mut Lines) {
    let mut taken: Vec<(&str, TemplateType)> = Vec::new();
    let mut cleared: Vec<&str> = Vec::new();
    for new in filled {
        let stage = match new.template.stage {
            TemplateStage::Now => SwitchStage::Now,
            TemplateStage::AtTheSwitch => SwitchStage::AtTheSwitch,
        };
        let other = taken.iter().find(|(name, kind)| *name == new.name && *kind != new.template.record_type);
        if let Some((_, other)) = other.filter(|_| new.name != "@") {
            lines.note(format!(
                "“{}” cannot hold {} and {} records at once: give only the one that your provider names.",
                new.name,
                type_name(new.template.record_type),
                type_name(*other)
            ));
            continue;
        }
        taken.push((&new.name, new.template.record_type));
        let Some(data) = data_of(new) else { continue };
        if let Some(record) = zone.at(&new.name).find(|record| record.data == data) {
            lines.keep(record, "Is in the zone already.");
            continue;
        }
        let is_wanted = |record: &ZoneRecord| {
            filled
                .iter()
                .any(|other| other.name == record.name && data_of(other).as_ref() == Some(&record.data))
        };
        let in_the_way: Vec<&ZoneRecord> =
            zone.at(&new.name).filter(|record| new.name != "@" && !is_wanted(record)).collect();
        // Below a delegation nobody sees the record before that is gone.
        let is_hidden = new.name.ends_with("._domainkey") && zone.is_delegated("_domainkey");
        // What signs or serves today is not taken away before the switch.
        let stage = if in_the_way.is_empty() && !is_hidden { stage } else { SwitchStage::AtTheSwitch };
        if !cleared.contains(&new.name.as_str()) {
            cleared.push(&new.name);
            for record in in_the_way {
                lines.remove(record, stage, "Makes room for the provider’s record at the same name.");
            }
        }
        let record = ZoneRecord { name: new.name.clone(), ttl_secs: TTL_SECS, data };
        lines.push(Change::Add, stage, record, &new.template.reason);
    }
}

/// What a filled template says; `None` for a mail host, which has its own stage.
fn data_of(new: &Filled<'_>) -> Option<ZoneData> {
    match new.template.record_type {
        TemplateType::Cname => Some(ZoneData::Cname(DnsName::new(&new.value))),
        TemplateType::Ns => Some(ZoneData::Ns(DnsName::new(&new.value))),
        TemplateType::Txt => Some(ZoneData::Txt(new.value.clone().into_bytes())),
        TemplateType::Mx => None,
    }
}

const fn type_name(record_type: TemplateType) -> &'static str {
    match record_type {
        TemplateType::Mx => "MX",
        TemplateType::Txt => "TXT",
        TemplateType::Cname => "CNAME",
        TemplateType::Ns => "NS",
    }
}

/// Whether a key record has an empty key (RFC 6376 section 3.6.1).
fn is_withdrawn(data: &ZoneData) -> bool {
    let ZoneData::Txt(text) = data else { return false };
    DkimKey::parse(text).is_ok_and(|key| key.key == Key::Revoked)
}

/// Keys of today that the new ones do not replace: mail under way still carries their signatures. Returns their names.
pub(super) fn keep_old_keys(zone: &CurrentZone, filled: &[Filled<'_>], lines: &mut Lines) -> Vec<String> {
    let mut old = Vec::new();
    for record in &zone.records {
        let is_key = matches!(record.data, ZoneData::Txt(_) | ZoneData::Cname(_) | ZoneData::Ns(_))
            && record.name.ends_with("._domainkey")
            && !filled.iter().any(|new| new.name == record.name);
        if is_key && is_withdrawn(&record.data) {
            lines.keep(record, "Says that the key was withdrawn; nobody signs with it any more.");
        } else if is_key {
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
