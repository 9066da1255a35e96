use super::Context;
use crate::assets::read_selectors;
use crate::audit::dkim::{DkimKey, Key, is_key_record};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordType, counted_as};

/// Selectors that are asked, named and well-known together.
const MAX_SELECTORS: usize = 120;
/// A label that nobody publishes: what answers here answers everywhere, and proves nothing.
const CONTROL: &str = "mailferry-control-5f1d";

const WELL_KNOWN: &str = include_str!("../../../assets/selectors.toml");

/// DKIM keys (RFC 6376) of named and well-known selectors. Finding none is unknown: selectors cannot be listed.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    // The build reads the data file first, so that it is right.
    let known = read_selectors(WELL_KNOWN).unwrap_or_default();
    let named = &context.facts.selectors;
    let is_wildcard =
        lookups.ask(&key_name(context, CONTROL), RecordType::Txt).texts().any(|text| is_key_record(&text));
    let mut found = Found::default();
    let mut questions = Vec::new();
    let guesses = known
        .iter()
        .map(|known| (known.name.as_str(), known.who.as_str()))
        .filter(|(name, _)| !named.iter().any(|own| own == name));
    for (selector, who) in named.iter().map(|name| (name.as_str(), "")).chain(guesses).take(MAX_SELECTORS) {
        let name = key_name(context, selector);
        let answer = lookups.ask(&name, RecordType::Txt);
        let texts: Vec<Vec<u8>> = answer.texts().filter(|text| is_key_record(text)).collect();
        let is_named = named.iter().any(|own| own == selector);
        if texts.is_empty() && !is_named {
            continue;
        }
        if is_wildcard && !is_named {
            continue;
        }
        questions.push(name);
        found.add(selector, who, answer, &texts);
    }
    // Only what was found is evidence; sixty empty answers would bury it.
    lookups.begin();
    for name in &questions {
        lookups.ask(name, RecordType::Txt);
    }
    report(context, &found, findings);
    if found.keys == 0 {
        findings.push(none_found(context, known.len(), &found));
    }
}

fn key_name(context: &Context<'_>, selector: &str) -> DnsName {
    context.facts.domain.below(&format!("{selector}._domainkey"))
}

/// Selectors by what their records look like.
#[derive(Default)]
struct Found<'a> {
    keys: usize,
    good: Vec<String>,
    short: Vec<String>,
    weak: Vec<String>,
    revoked: Vec<String>,
    testing: Vec<String>,
    sha1: Vec<String>,
    broken: Vec<String>,
    several: Vec<String>,
    missing: Vec<String>,
    ed25519: usize,
    unknown: Option<(String, &'a DnsAnswer)>,
}

impl<'a> Found<'a> {
    fn add(&mut self, selector: &str, who: &str, answer: &'a DnsAnswer, texts: &[Vec<u8>]) {
        let label =
            if who.is_empty() { selector.to_owned() } else { format!("{selector} (a name that {who} uses)") };
        let text = match texts {
            [] if answer.outcome.is_known() => {
                self.missing.push(label);
                return;
            }
            [] => {
                self.unknown.get_or_insert((label, answer));
                return;
            }
            [text] => text,
            [..] => {
                self.keys += 1;
                self.several.push(format!("{label}: {} records", texts.len()));
                return;
            }
        };
        self.keys += 1;
        let key = match DkimKey::parse(text) {
            Ok(key) => key,
            Err(words) => {
                self.broken.push(format!("{label}: {words}"));
                return;
            }
        };
        if key.is_test {
            self.testing.push(label.clone());
        }
        if key.is_sha1_only {
            self.sha1.push(label.clone());
        }
        match key.key {
            Key::Revoked => self.revoked.push(label),
            Key::Ed25519 => {
                self.ed25519 += 1;
                self.good.push(format!("{label}: Ed25519"));
            }
            Key::Rsa { bits: 0..1_024 } => self.weak.push(format!("{label}: RSA {}", key_bits(key.key))),
            Key::Rsa { bits: 1_024..2_048 } => self.short.push(format!("{label}: RSA {}", key_bits(key.key))),
            Key::Rsa { .. } => self.good.push(format!("{label}: RSA {}", key_bits(key.key))),
        }
    }
}

fn key_bits(key: Key) -> usize {
    match key {
        Key::Rsa { bits } => bits,
        Key::Ed25519 | Key::Revoked => 0,
    }
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Dkim, status, importance, title)
}

fn report(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    report_keys(context, found, findings);
    report_records(context, found, findings);
    if let Some((label, answer)) = &found.unknown {
        let title = format!("The DKIM key of {label} could not be measured");
        let draft = Draft::unknown("dkim.unknown", Area::Dkim, Importance::Important, &title, answer);
        findings.push(draft.done(&context.lookups));
    }
}

/// What the keys themselves are worth.
fn report_keys(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    let renew = "Make a new key with 2048 bits on the server that signs, publish it under a new selector, then remove this one.";
    if !found.weak.is_empty() {
        push(new("dkim.weak-key", Status::Fail, Importance::VeryImportant, format!("DKIM key is too short to count: {}", listed(&found.weak)))
            .words("Receivers must not accept signatures with fewer than 1024 bits, so this mail counts as not signed.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, renew)
            .rfc(8301, "3.2"));
    }
    if !found.short.is_empty() {
        push(
            new(
                "dkim.short-key",
                Status::Warn,
                Importance::Important,
                format!("DKIM key is short: {}", listed(&found.short)),
            )
            .words("1024 bits are within reach of forgers with money. Signers should use 2048.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, renew)
            .rfc(8301, "3.2"),
        );
    }
    if !found.good.is_empty() {
        push(
            new(
                "dkim.key",
                Status::Pass,
                Importance::VeryImportant,
                format!("DKIM key is in order: {}", listed(&found.good)),
            )
            .words("The record can be read and the key is long enough.")
            .rfc(6376, "3.6.1"),
        );
    }
    if !found.revoked.is_empty() {
        push(new("dkim.revoked", Status::Info, Importance::Minor, format!("DKIM key was withdrawn: {}", listed(&found.revoked)))
            .words("An empty key says that nothing signed with it counts any more. That is right for keys that are out of use.")
            .rfc(6376, "3.6.1"));
    }
    if found.ed25519 > 0 && found.ed25519 == found.keys {
        push(
            new(
                "dkim.ed25519-only",
                Status::Warn,
                Importance::Important,
                "There is an Ed25519 key, but no RSA key",
            )
            .words("Many receivers cannot verify Ed25519 yet, so the mail counts as not signed there.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Sign with an RSA key of 2048 bits as well.")
            .rfc(8463, "1"),
        );
    }
}

/// What is wrong with the records around the keys.
fn report_records(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    if !found.broken.is_empty() {
        push(
            new("dkim.broken", Status::Fail, Importance::VeryImportant, "A DKIM key cannot be used")
                .words(format!("Signatures with it do not verify: {}.", listed(&found.broken)))
                .remedy(
                    Effort::Low,
                    Changer::YouInTheZone,
                    "Copy the key into the zone again; long values are easily cut when pasted.",
                )
                .rfc(6376, "3.6.1"),
        );
    }
    if !found.several.is_empty() {
        push(
            new(
                "dkim.several",
                Status::Fail,
                Importance::Important,
                format!("More than one key under one selector: {}", listed(&found.several)),
            )
            .words("Receivers pick one of the records, so signatures verify by luck.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Leave one record per selector.")
            .rfc(6376, "3.6.2.2"),
        );
    }
    if !found.sha1.is_empty() {
        push(
            new(
                "dkim.sha1-only",
                Status::Fail,
                Importance::Important,
                format!("DKIM key allows SHA-1 only: {}", listed(&found.sha1)),
            )
            .words("Receivers no longer accept signatures with SHA-1.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the tag “h” from the record.")
            .rfc(8301, "3.1"),
        );
    }
    if !found.testing.is_empty() {
        push(
            new(
                "dkim.test-mode",
                Status::Warn,
                Importance::Minor,
                format!("DKIM key is marked as a test: {}", listed(&found.testing)),
            )
            .words("With t=y receivers are asked not to rely on the signature.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove t=y.")
            .rfc(6376, "3.6.1"),
        );
    }
    if !found.missing.is_empty() {
        push(new("dkim.selector-missing", Status::Warn, Importance::Important, format!("No DKIM key under {}", listed(&found.missing)))
            .words("You named this selector, and there is no key record. If mail is signed with it, the signature does not verify.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Check the spelling (s= in the DKIM-Signature header of a sent message), or publish the key.")
            .rfc(6376, "3.6.2"));
    }
}

fn none_found(context: &Context<'_>, tried: usize, found: &Found<'_>) -> Finding {
    let named =
        if found.missing.is_empty() { String::new() } else { " and under those that you named".to_owned() };
    new(
        "dkim.none-found",
        Status::Unknown,
        Importance::VeryImportant,
        "No DKIM key was found, which proves nothing",
    )
    .words(format!(
        "Keys lie under a name (selector) that only signed mail tells. None was found under {}{named}.",
        counted_as(tried, "common name", "common names")
    ))
    .remedy(
        Effort::Low,
        Changer::Nobody,
        "Look for s= in the DKIM-Signature header of a message that you sent, and name that selector.",
    )
    .rfc(6376, "3.1")
    .done(&context.lookups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_well_known_selectors_is_sound() {
        let selectors = read_selectors(WELL_KNOWN).unwrap();
        let mut names: Vec<&str> = selectors.iter().map(|known| known.name.as_str()).collect();
        assert!(names.len() > 30 && names.len() < MAX_SELECTORS - 20);
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
        );
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a selector stands there twice");
    }
}
