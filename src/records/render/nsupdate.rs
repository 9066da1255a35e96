//! Writes commands for nsupdate (RFC 2136). The server changes nothing unless the zone is still as it was read. Only the way back
//! expects nothing, as it must work at any time after the switch.

use super::sets::{ExportStage, StageSets};
use super::stage_update::{SetAt, ValueAt};
use super::zone::data;
use crate::records::txt::escaped_name;
use std::fmt::Write as _;

pub(super) fn render(sets: &StageSets) -> String {
    let is_way_back = sets.stage == ExportStage::Rollback;
    let promise = if is_way_back {
        "It works after the switch and after the last stage."
    } else {
        "Nothing is changed where the zone is not as it was read."
    };
    let mut text = format!("; {}\n; Sign it: nsupdate -k KEYFILE FILE. {promise}\n", sets.title());
    if sets.changes.is_empty() {
        text.push_str("; nothing to do\n");
        return text;
    }
    let _infallible = writeln!(text, "zone {}.", escaped_name(sets.domain.as_ascii()));
    let name = |name: &str| format!("{}.", escaped_name(name));
    let update = sets.update();
    for SetAt { name: owner, record_type, set } in &update.expected {
        let Some(set) = set else {
            let _infallible = writeln!(text, "prereq nxrrset {} IN {record_type}", name(owner));
            continue;
        };
        for value in &set.values {
            let _infallible =
                writeln!(text, "prereq yxrrset {} IN {record_type} {}", name(owner), data(value));
        }
    }
    for ValueAt { name: owner, record_type, value } in &update.removed {
        let _infallible = writeln!(text, "update delete {} IN {record_type} {}", name(owner), data(value));
    }
    for SetAt { name: owner, record_type, set } in &update.after {
        for set in set.iter().copied() {
            for value in &set.values {
                let ttl_secs = set.ttl_secs;
                let _infallible =
                    writeln!(text, "update add {} {ttl_secs} IN {record_type} {}", name(owner), data(value));
            }
        }
    }
    text.push_str("send\n");
    text
}
