//! Commands for nsupdate (RFC 2136). What the stage builds on must still be there, or the server changes nothing.

use super::sets::StageSets;
use super::zone::data;
use crate::records::txt::escaped_name;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!(
        "; {}\n; Sign it: nsupdate -k KEYFILE FILE. Nothing is changed where the zone is not as it was read.\n",
        sets.title()
    );
    if sets.changes.is_empty() {
        text.push_str("; nothing to do\n");
        return text;
    }
    text.push_str(&format!("zone {}.\n", escaped_name(sets.domain.as_ascii())));
    let name = |name: &str| format!("{}.", escaped_name(&sets.full_name(name)));
    for change in &sets.changes {
        match &change.before {
            Some(before) => {
                for value in &before.values {
                    text.push_str(&format!(
                        "prereq yxrrset {} IN {} {}\n",
                        name(&change.name),
                        change.record_type,
                        data(value)
                    ));
                }
            }
            None => {
                text.push_str(&format!("prereq nxrrset {} IN {}\n", name(&change.name), change.record_type));
            }
        }
    }
    // Everything that goes, goes first: a CNAME stands alone.
    for change in sets.changes.iter().filter(|change| change.before.is_some()) {
        for value in change.removed() {
            text.push_str(&format!(
                "update delete {} IN {} {}\n",
                name(&change.name),
                change.record_type,
                data(value)
            ));
        }
    }
    for change in &sets.changes {
        if let Some(set) = &change.after {
            for value in &set.values {
                text.push_str(&format!(
                    "update add {} {} IN {} {}\n",
                    name(&change.name),
                    set.ttl_secs,
                    change.record_type,
                    data(value)
                ));
            }
        }
    }
    text.push_str("send\n");
    text
}
