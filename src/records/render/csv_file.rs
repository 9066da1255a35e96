//! Comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.

use super::sets::StageSets;
use super::zone::absolute;
use crate::records::ZoneData;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = String::from("stage,action,name,type,ttl,priority,value,reason\r\n");
    for change in &sets.changes {
        let name = sets.full_name(&change.name);
        let reason = change.reasons.join(" ");
        let gone = change.removed().map(|value| ("remove", change.before.as_ref(), value, ""));
        let come = change.added().map(|value| ("add", change.after.as_ref(), value, reason.as_str()));
        for (action, set, value, reason) in gone.chain(come) {
            let ttl = set.map(|set| set.ttl_secs.to_string()).unwrap_or_default();
            let WebFields { priority, data } = fields(value);
            let cells = [
                sets.stage.name().to_owned(),
                action.to_owned(),
                name.clone(),
                change.record_type.to_owned(),
                ttl,
                priority,
                data,
                reason.to_owned(),
            ];
            text.push_str(&cells.map(|one| cell(&one)).join(","));
            text.push_str("\r\n");
        }
    }
    text
}

/// A value as web forms take it.
pub(super) struct WebFields {
    /// Where the type has one; empty otherwise.
    pub priority: String,
    /// The rest: text whole and without quotes.
    pub data: String,
}

/// A value, field by field.
pub(super) fn fields(value: &ZoneData) -> WebFields {
    let without_priority = |data| WebFields { priority: String::new(), data };
    match value {
        ZoneData::Mx(preference, host) => {
            WebFields { priority: preference.to_string(), data: absolute(host) }
        }
        ZoneData::Srv { priority, weight, port, host } => {
            WebFields { priority: priority.to_string(), data: format!("{weight} {port} {}", absolute(host)) }
        }
        ZoneData::Txt(text) => without_priority(String::from_utf8_lossy(text).into_owned()),
        ZoneData::Cname(host) | ZoneData::Ns(host) => without_priority(absolute(host)),
        other => without_priority(other.shown()),
    }
}

fn cell(text: &str) -> String {
    let is_formula =
        text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n', '\'']) || text.starts_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
