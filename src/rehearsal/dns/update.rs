//! Changes of a practice zone, as the owner of a real one would feed them to nsupdate: the text that the program exports.

use std::collections::BTreeMap;

use hickory_proto::rr::{LowerName, Name, Record, RecordType, RrKey};
use hickory_proto::serialize::txt::Parser;

use super::zones::Zones;
use crate::rehearsal::RehearsalError;

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// `prereq yxrrset NAME IN TYPE DATA`: the set consists of such records (RFC 2136 section 2.4.2).
    Exists(Record),
    /// `prereq nxrrset NAME IN TYPE` (section 2.4.3).
    Missing(RrKey),
    /// `update delete NAME IN TYPE DATA` (section 2.5.4).
    Delete(Record),
    /// `update add NAME TTL IN TYPE DATA` (section 2.5.1).
    Add(Record),
}

/// Applies a script to the zones, in whole or not at all.
///
/// # Errors
/// [`RehearsalError::Script`] for a line that is not understood; [`RehearsalError::ZoneChanged`] where the zone is not what
/// the script builds on.
pub(super) fn apply(zones: &Zones, script: &str) -> Result<Zones, RehearsalError> {
    let lines: Vec<Line> = script.lines().filter_map(read_line).collect::<Result<_, _>>()?;
    check(zones, &lines)?;
    let mut changed: BTreeMap<RrKey, Vec<Record>> = BTreeMap::new();
    for line in &lines {
        let (Line::Delete(record) | Line::Add(record)) = line else { continue };
        let key = key_of(record);
        let set = changed.entry(key.clone()).or_insert_with(|| zones.records(&key));
        set.retain(|known| known.data != record.data);
        if matches!(line, Line::Add(_)) {
            // The waiting time is that of the set (RFC 2181 section 5.2): the newest word counts.
            for known in set.iter_mut() {
                known.ttl = record.ttl;
            }
            set.push(record.clone());
        }
    }
    let mut after = zones.clone();
    for (key, set) in &changed {
        after.replace(key, set);
    }
    if let Some(key) = changed.keys().next() {
        after.raise_serial(key.name());
    }
    Ok(after)
}

fn check(zones: &Zones, lines: &[Line]) -> Result<(), RehearsalError> {
    let mut wanted: BTreeMap<RrKey, Vec<&Record>> = BTreeMap::new();
    for line in lines {
        match line {
            Line::Exists(record) => wanted.entry(key_of(record)).or_default().push(record),
            Line::Missing(key) => {
                wanted.entry(key.clone()).or_default();
            }
            Line::Delete(_) | Line::Add(_) => {}
        }
    }
    for (key, records) in wanted {
        let known = zones.records(&key);
        let is_there = |record: &&Record| known.iter().any(|one| one.data == record.data);
        if known.len() != records.len() || !records.iter().all(is_there) {
            return Err(RehearsalError::ZoneChanged(format!(
                "{} {}",
                Name::from(key.name()),
                key.record_type
            )));
        }
    }
    Ok(())
}

fn key_of(record: &Record) -> RrKey {
    RrKey::new(LowerName::new(&record.name), record.record_type())
}

/// `None` for a line that changes nothing.
fn read_line(line: &str) -> Option<Result<Line, RehearsalError>> {
    let line = line.trim();
    if line.is_empty() || line == "send" || line.starts_with(';') || line.starts_with("zone ") {
        return None;
    }
    let not_read = || RehearsalError::Script(line.to_owned());
    let read = if let Some(rest) = line.strip_prefix("prereq yxrrset ") {
        record(&with_ttl(rest)).map(Line::Exists)
    } else if let Some(rest) = line.strip_prefix("update delete ") {
        record(&with_ttl(rest)).map(Line::Delete)
    } else if let Some(rest) = line.strip_prefix("update add ") {
        record(rest).map(Line::Add)
    } else {
        line.strip_prefix("prereq nxrrset ").and_then(missing)
    };
    Some(read.ok_or_else(not_read))
}

/// A record without a waiting time as a zone file has it.
fn with_ttl(record: &str) -> String {
    record.replacen(" IN ", " 0 IN ", 1)
}

fn missing(words: &str) -> Option<Line> {
    let mut words = words.split(' ');
    let (name, _class, record_type) = (words.next()?, words.next()?, words.next()?);
    let record_type: RecordType = record_type.parse().ok()?;
    Some(Line::Missing(RrKey::new(LowerName::new(&Name::from_ascii(name).ok()?), record_type)))
}

/// One line of a zone file.
fn record(line: &str) -> Option<Record> {
    let (_, sets) = Parser::new(format!("{line}\n"), None, Some(Name::root())).parse().ok()?;
    sets.into_values().next()?.records_without_rrsigs().next().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "weber-familie.example.";

    fn data(zones: &Zones, name: &str, record_type: RecordType) -> Vec<String> {
        let key = RrKey::new(LowerName::new(&Name::from_ascii(name).unwrap()), record_type);
        zones.records(&key).iter().map(|record| format!("{} {}", record.ttl, record.data)).collect()
    }

    #[test]
    fn a_script_changes_the_zone_in_whole_or_not_at_all() {
        let zones = Zones::practice().unwrap();
        let script = "; the switch\nzone weber-familie.example.\n\
            prereq yxrrset weber-familie.example. IN MX 10 mail.weber-familie.example.\n\
            prereq nxrrset fm1._domainkey.weber-familie.example. IN CNAME\n\
            update delete weber-familie.example. IN MX 10 mail.weber-familie.example.\n\
            update add weber-familie.example. 300 IN MX 10 in1-smtp.provider.example.\n\
            update add weber-familie.example. 300 IN MX 20 in2-smtp.provider.example.\n\
            update add fm1._domainkey.weber-familie.example. 3600 IN CNAME fm1.provider.example.\nsend\n";
        let after = apply(&zones, script).unwrap();
        assert_eq!(
            data(&after, DOMAIN, RecordType::MX),
            ["300 10 in1-smtp.provider.example.", "300 20 in2-smtp.provider.example."]
        );
        let fm1 = "fm1._domainkey.weber-familie.example.";
        assert_eq!(data(&after, fm1, RecordType::CNAME), ["3600 fm1.provider.example."]);
        let serial =
            |zones: &Zones| data(zones, DOMAIN, RecordType::SOA)[0].split(' ').nth(3).unwrap().to_owned();
        assert_eq!((serial(&zones).as_str(), serial(&after).as_str()), ("2025121801", "2025121802"));
        assert_eq!(data(&zones, DOMAIN, RecordType::MX), ["3600 10 mail.weber-familie.example."]);
        // What it builds on is no longer there.
        assert!(
            matches!(apply(&after, script), Err(RehearsalError::ZoneChanged(what)) if what.contains("MX"))
        );
    }

    #[test]
    fn a_set_that_goes_in_whole_takes_its_name_along_and_nonsense_is_named() {
        let zones = Zones::practice().unwrap();
        let after =
            apply(&zones, "update delete www.weber-familie.example. IN A 198.51.100.77\nsend\n").unwrap();
        assert_eq!(data(&after, "www.weber-familie.example.", RecordType::A), [""; 0]);
        for line in
            ["update add x", "server 127.0.0.1", "prereq nxrrset x IN", "update add x. 5 IN A nonsense"]
        {
            assert!(
                matches!(apply(&zones, line), Err(RehearsalError::Script(said)) if said == line),
                "{line}"
            );
        }
    }
}
