//! Zone text of sets of records (RFC 1035 section 5), and the whole zone.

use std::fmt::Write as _;
use thiserror::Error;

use super::sets::StageSets;
use crate::records::txt::{escaped_name, quoted_strings};
use crate::records::{CurrentZone, ZoneData};
use crate::values::DnsName;

/// Why the whole zone cannot be written.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the whole zone can only be written where it was read from a zone file, as DNS does not list a zone: give its file, or \
     choose another format"
)]
pub struct NotWhole;

/// Data of a record as zone files write it, TXT in strings of at most 255 bytes.
pub(super) fn data(data: &ZoneData) -> String {
    match data {
        ZoneData::Mx(preference, host) => format!("{preference} {}", absolute(host)),
        ZoneData::Txt(text) => quoted_strings(text).join(" "),
        ZoneData::Cname(host) | ZoneData::Ns(host) => absolute(host),
        ZoneData::Address(address) => address.to_string(),
        ZoneData::Srv { priority, weight, port, host } => {
            format!("{priority} {weight} {port} {}", absolute(host))
        }
        ZoneData::Tlsa(data) => data.clone(),
    }
}

/// A host with a dot at its end.
pub(super) fn absolute(host: &DnsName) -> String {
    let escaped = escaped_name(host.as_str());
    if escaped == "." { escaped } else { format!("{escaped}.") }
}

/// A record as one line.
pub(super) fn line(name: &str, ttl_secs: u32, value: &ZoneData) -> String {
    let name = if name == "@" { "@".to_owned() } else { escaped_name(name) };
    format!("{name:<24} {ttl_secs:>6} IN {:<5} {}", value.record_type(), data(value))
}

/// The sets that change, as they are afterwards; what goes stands in comments.
pub(super) fn snippet(sets: &StageSets) -> String {
    let mut text = format!(
        "; {}\n; Lines that begin with \"; -\" are to be taken out of the zone.\n$ORIGIN {}.\n$TTL 3600\n",
        sets.title(),
        escaped_name(sets.domain.as_ascii())
    );
    for change in &sets.changes {
        for value in change.removed() {
            let ttl_secs = change.before.as_ref().map_or(0, |set| set.ttl_secs);
            let _infallible = writeln!(text, "; - {}", line(&change.name, ttl_secs, value));
        }
        if let Some(set) = &change.after {
            for value in &set.values {
                text.push_str(&line(&change.name, set.ttl_secs, value));
                text.push('\n');
            }
        }
    }
    text
}

/// The whole zone, everything else as it stands in the file, with a serial that is one higher.
pub(super) fn whole(sets: &StageSets, zone: &CurrentZone) -> Result<String, NotWhole> {
    if !zone.is_whole {
        return Err(NotWhole);
    }
    let mut text =
        format!("; {}\n$ORIGIN {}.\n$TTL 3600\n", sets.title(), escaped_name(sets.domain.as_ascii()));
    let (start, others): (Vec<_>, Vec<_>) =
        zone.others.iter().partition(|record| record.record_type == "SOA");
    for record in start.into_iter().take(1).chain(others) {
        let name = if record.name == "@" { "@".to_owned() } else { escaped_name(&record.name) };
        let data =
            if record.record_type == "SOA" { with_next_serial(&record.data) } else { record.data.clone() };
        let _infallible =
            writeln!(text, "{name:<24} {:>6} IN {:<5} {data}", record.ttl_secs, record.record_type);
    }
    for record in &sets.after {
        text.push_str(&line(&record.name, record.ttl_secs, &record.data));
        text.push('\n');
    }
    for generated in &zone.generated {
        text.extend([generated, "\n"]);
    }
    Ok(text)
}

/// The third word of a SOA record, one higher (RFC 1982).
fn with_next_serial(data: &str) -> String {
    let words = data.split(' ').enumerate().map(|(index, word)| match (index, word.parse::<u32>()) {
        (2, Ok(serial)) => serial.wrapping_add(1).max(1).to_string(),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
