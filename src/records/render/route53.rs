//! Route 53: a change batch for `aws route53 change-resource-record-sets`, which works on whole sets.

use serde::Serialize;
use std::fmt::Write as _;

use super::sets::{RecordSet, StageSets};
use super::zone::data;
use crate::records::ZoneData;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    comment: String,
    changes: Vec<Action>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    action: &'static str,
    resource_record_set: Set,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    name: String,
    #[serde(rename = "Type")]
    record_type: &'static str,
    #[serde(rename = "TTL")]
    ttl_secs: u32,
    resource_records: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Value {
    value: String,
}

pub(super) fn render(sets: &StageSets) -> String {
    let action = |action, name: &str, record_type, set: &RecordSet| Action {
        action,
        resource_record_set: Set {
            name: format!("{}.", sets.full_name(name)),
            record_type,
            ttl_secs: set.ttl_secs,
            resource_records: set.values.iter().map(|one| Value { value: value(one) }).collect(),
        },
    };
    // A CNAME can only come where everything else has gone.
    let gone = sets.changes.iter().filter(|change| change.after.is_none());
    let gone = gone.filter_map(|change| {
        change.before.as_ref().map(|set| action("DELETE", &change.name, change.record_type, set))
    });
    let come = sets.changes.iter().filter_map(|change| {
        change.after.as_ref().map(|set| action("UPSERT", &change.name, change.record_type, set))
    });
    let batch = Batch { comment: sets.title(), changes: gone.chain(come).collect() };
    // Strings and numbers always become JSON.
    serde_json::to_string_pretty(&batch).map_or_else(|_| String::new(), |json| json + "\n")
}

/// Route 53 writes bytes outside printable ASCII in octal.
fn value(one: &ZoneData) -> String {
    let ZoneData::Txt(text) = one else { return data(one) };
    let string = |bytes: &[u8]| {
        let mut string = String::from("\"");
        for byte in bytes {
            match byte {
                b'"' | b'\\' => string.extend(['\\', char::from(*byte)]),
                b' '..=b'~' => string.push(char::from(*byte)),
                _ => {
                    let _infallible = write!(string, "\\{byte:03o}");
                }
            }
        }
        string + "\""
    };
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    text.chunks(255).map(string).collect::<Vec<_>>().join(" ")
}
