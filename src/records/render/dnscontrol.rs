//! `DNSControl`: an extension of the domain for `dnsconfig.js`; what goes stands in comments.

use super::sets::StageSets;
use super::zone::absolute;
use crate::records::ZoneData;
use std::fmt::Write as _;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!("// {}\n// Take these out of your dnsconfig.js:\n", sets.title());
    let mut is_any = false;
    for change in &sets.changes {
        for value in change.removed() {
            is_any = true;
            let _infallible = writeln!(text, "//   {}", record(&change.name, None, value));
        }
    }
    if !is_any {
        text.push_str("//   nothing\n");
    }
    let _infallible = write!(text, "D_EXTEND({}", quoted(sets.domain.as_ascii()));
    for change in &sets.changes {
        let ttl_secs = change.after.as_ref().map(|set| set.ttl_secs);
        for value in change.added() {
            let _infallible = write!(text, ",\n  {}", record(&change.name, ttl_secs, value));
        }
    }
    text.push_str("\n);\n");
    text
}

fn record(name: &str, ttl_secs: Option<u32>, value: &ZoneData) -> String {
    let name = quoted(name);
    let ttl = ttl_secs.map(|secs| format!(", TTL({secs})")).unwrap_or_default();
    match value {
        ZoneData::Mx(preference, host) => {
            format!("MX({name}, {preference}, {}{ttl})", quoted(&absolute(host)))
        }
        ZoneData::Txt(text) => format!("TXT({name}, {}{ttl})", quoted(&String::from_utf8_lossy(text))),
        ZoneData::Cname(host) | ZoneData::Ns(host) => {
            format!("{}({name}, {}{ttl})", value.record_type(), quoted(&absolute(host)))
        }
        ZoneData::Address(address) => {
            format!("{}({name}, {}{ttl})", value.record_type(), quoted(&address.to_string()))
        }
        ZoneData::Srv { priority, weight, port, host } => {
            format!("SRV({name}, {priority}, {weight}, {port}, {}{ttl})", quoted(&absolute(host)))
        }
        ZoneData::Tlsa(data) => {
            let mut words = data.splitn(4, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (usage, selector, matching, digest) = (word(), word(), word(), word());
            format!("TLSA({name}, {usage}, {selector}, {matching}, {}{ttl})", quoted(digest))
        }
    }
}

/// A JavaScript string: JSON's, and nothing in it ends a comment line.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
