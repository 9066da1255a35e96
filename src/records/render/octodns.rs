//! octoDNS: the names that change, as its YAML has them, with all their records.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::sets::StageSets;
use super::zone::absolute;
use crate::records::{ZoneData, ZoneRecord};

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!(
        "---\n# {}\n# octoDNS deletes what its file does not have: put these names in the place of the same ones in\n\
         # your file {}.yaml, and leave its other names as they are.\n",
        sets.title(),
        sets.domain.as_ascii()
    );
    for change in sets.changes.iter().filter(|change| change.after.is_none()) {
        let _infallible =
            writeln!(text, "# goes: {} at {}", change.record_type, sets.full_name(&change.name));
    }
    let mut names: BTreeMap<&str, BTreeMap<&'static str, Vec<&ZoneRecord>>> = BTreeMap::new();
    for record in &sets.after {
        if sets.changes.iter().any(|change| change.name == record.name) {
            let name = if record.name == "@" { "" } else { record.name.as_str() };
            names.entry(name).or_default().entry(record.data.record_type()).or_default().push(record);
        }
    }
    if names.is_empty() {
        text.push_str("{}\n");
    }
    for (name, types) in names {
        let _infallible = writeln!(text, "{}:", quoted(name));
        for (record_type, records) in types {
            let ttl_secs = records.iter().map(|record| record.ttl_secs).min().unwrap_or(0);
            let _infallible = writeln!(text, "- type: {record_type}\n  ttl: {ttl_secs}");
            if let [ZoneRecord { data: ZoneData::Cname(host), .. }] = records.as_slice() {
                let _infallible = writeln!(text, "  value: {}", quoted(&absolute(host)));
                continue;
            }
            // octoDNS refuses texts with other letters than those of ASCII, unless it is told.
            let is_plain =
                |record: &&ZoneRecord| !matches!(&record.data, ZoneData::Txt(text) if !text.is_ascii());
            if !records.iter().all(is_plain) {
                text.push_str("  octodns:\n    lenient: true\n");
            }
            text.push_str("  values:\n");
            for record in records {
                text.push_str(&value(&record.data));
            }
        }
    }
    text
}

fn value(data: &ZoneData) -> String {
    match data {
        ZoneData::Mx(preference, host) => {
            format!("  - exchange: {}\n    preference: {preference}\n", quoted(&absolute(host)))
        }
        ZoneData::Txt(text) => format!("  - {}\n", quoted(&escaped(&String::from_utf8_lossy(text)))),
        ZoneData::Cname(host) | ZoneData::Ns(host) => format!("  - {}\n", quoted(&absolute(host))),
        ZoneData::Address(address) => format!("  - {}\n", quoted(&address.to_string())),
        ZoneData::Srv { priority, weight, port, host } => format!(
            "  - port: {port}\n    priority: {priority}\n    target: {}\n    weight: {weight}\n",
            quoted(&absolute(host))
        ),
        ZoneData::Tlsa(data) => {
            let mut words = data.splitn(4, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (usage, selector, matching, digest) = (word(), word(), word(), word());
            format!(
                "  - certificate_association_data: {}\n    certificate_usage: {usage}\n    matching_type: {matching}\n    \
                 selector: {selector}\n",
                quoted(digest)
            )
        }
    }
}

/// octoDNS takes a semicolon in a text only behind a backslash.
fn escaped(text: &str) -> String {
    text.replace(';', "\\;")
}

/// A scalar in double quotes, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
