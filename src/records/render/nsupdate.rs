//! Commands for nsupdate (RFC 2136). What the stage builds on must still be there, or the server changes
//! nothing. The way back asks for nothing: it must work at any time after the switch.

use super::sets::{ExportStage, StageSets};
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
    let name = |name: &str| format!("{}.", escaped_name(&sets.full_name(name)));
    for change in sets.changes.iter().filter(|_| !is_way_back) {
        match &change.before {
            Some(before) => {
                for value in &before.values {
                    let _infallible = writeln!(
                        text,
                        "prereq yxrrset {} IN {} {}",
                        name(&change.name),
                        change.record_type,
                        data(value)
                    );
                }
            }
            None => {
                let _infallible =
                    writeln!(text, "prereq nxrrset {} IN {}", name(&change.name), change.record_type);
            }
        }
    }
    // Everything that goes, goes first: a CNAME stands alone.
    for change in &sets.changes {
        for value in change.removed_in_any_case() {
            let _infallible = writeln!(
                text,
                "update delete {} IN {} {}",
                name(&change.name),
                change.record_type,
                data(value)
            );
        }
    }
    for change in &sets.changes {
        if let Some(set) = &change.after {
            for value in &set.values {
                let _infallible = writeln!(
                    text,
                    "update add {} {} IN {} {}",
                    name(&change.name),
                    set.ttl_secs,
                    change.record_type,
                    data(value)
                );
            }
        }
    }
    text.push_str("send\n");
    text
}
