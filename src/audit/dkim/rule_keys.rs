//! Judges the keys (length, algorithm, flags) and the records that hold them.

use super::selectors::{Candidate, ToldBy};
use super::test_keys::printed_in;
use super::{DkimKey, Key};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::DnsAnswer;

/// Selectors by what their records look like.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// Key records of any kind.
    pub keys: usize,
    /// Selectors that mail or the owner names, without a record.
    pub missing: Vec<String>,
    /// Common names that are aliases of nothing.
    dangling: Vec<String>,
    good: Vec<String>,
    short: Vec<String>,
    weak: Vec<String>,
    revoked: Vec<String>,
    revoked_in_use: Vec<String>,
    testing: Vec<String>,
    sha1: Vec<String>,
    sha1_too: Vec<String>,
    not_for_mail: Vec<String>,
    broken: Vec<String>,
    several: Vec<String>,
    extra: Vec<String>,
    printed: Vec<String>,
    aliases: Vec<String>,
    rsa: usize,
    ed25519: usize,
    unknown: Option<(String, &'a DnsAnswer)>,
}

impl<'a> Found<'a> {
    pub(super) fn add(&mut self, candidate: &Candidate, answer: &'a DnsAnswer, texts: &[Vec<u8>]) {
        let label = candidate.label();
        if let Some(target) = answer.aliases.last().filter(|_| !texts.is_empty()) {
            self.aliases.push(format!("{label} at {target}"));
        }
        let text = match texts {
            [] if answer.outcome.is_known() => {
                let list =
                    if candidate.told == ToldBy::List { &mut self.dangling } else { &mut self.missing };
                list.push(match answer.aliases.last() {
                    Some(target) => format!("{label} (an alias of {target}, where nothing is)"),
                    None => label,
                });
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
        match DkimKey::parse(text) {
            Ok(key) => self.add_key(candidate, label, &key),
            Err(words) => self.broken.push(format!("{label}: {words}")),
        }
    }

    fn add_key(&mut self, candidate: &Candidate, label: String, key: &DkimKey) {
        if key.is_test {
            self.testing.push(label.clone());
        }
        if key.is_sha1_only {
            self.sha1.push(label.clone());
        } else if key.allows_sha1 {
            self.sha1_too.push(label.clone());
        }
        if key.is_not_for_mail {
            self.not_for_mail.push(label.clone());
        }
        if !key.extra.is_empty() {
            self.extra.push(format!("{label}: {}", listed(&key.extra)));
        }
        if let Some(document) = printed_in(key) {
            self.printed.push(format!("{label} ({document})"));
        }
        match key.key {
            Key::Revoked if candidate.told == ToldBy::Mail => self.revoked_in_use.push(label),
            Key::Revoked => self.revoked.push(label),
            Key::Ed25519 => {
                self.ed25519 += 1;
                self.good.push(format!("{label}: Ed25519"));
            }
            Key::Rsa { bits } => {
                self.rsa += 1;
                let list = match bits {
                    0..1_024 => &mut self.weak,
                    1_024..2_048 => &mut self.short,
                    _ => &mut self.good,
                };
                list.push(format!("{label}: RSA {bits}"));
            }
        }
    }

    fn usable(&self) -> usize {
        self.good.len() + self.short.len()
    }
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Dkim, status, importance, title)
}

const RENEW: &str = "Make a new key with 2048 bits on the server that signs, publish it under a new selector, then remove this one.";

pub(super) fn report(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let drafts =
        [lengths(found), kinds(found), withdrawn(found), records(found), limits(found), names(found)];
    findings.extend(drafts.into_iter().flatten().map(|draft| draft.done(&context.lookups)));
    if let Some((label, answer)) = &found.unknown {
        let title = format!("The DKIM key of {label} could not be measured");
        let draft = Draft::unknown("dkim.unknown", Area::Dkim, Importance::Important, &title, answer);
        findings.push(draft.done(&context.lookups));
    }
}

/// How long the keys are.
fn lengths(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if !found.weak.is_empty() {
        drafts.push(new("dkim.weak-key", Status::Fail, Importance::VeryImportant, format!("DKIM key is too short to count: {}", listed(&found.weak)))
            .words("Receivers must not accept signatures with fewer than 1024 bits, so this mail counts as not signed.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, RENEW)
            .rfc(8301, "3.2"));
    }
    if !found.short.is_empty() {
        drafts.push(
            new(
                "dkim.short-key",
                Status::Warn,
                Importance::Important,
                format!("DKIM key is short: {}", listed(&found.short)),
            )
            .words("1024 bits are within reach of forgers with money. Signers should use 2048.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, RENEW)
            .rfc(8301, "3.2"),
        );
    }
    if !found.good.is_empty() {
        drafts.push(
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
    if !found.printed.is_empty() {
        drafts.push(
            new(
                "dkim.printed-key",
                Status::Fail,
                Importance::VeryImportant,
                format!("DKIM key is printed in a standard: {}", listed(&found.printed)),
            )
            .words("Its private half is published too, so anyone can sign mail in your name.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, RENEW)
            .rfc(6376, "8.3"),
        );
    }
    drafts
}

/// Which kinds of keys there are.
fn kinds(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if found.ed25519 > 0 && found.rsa == 0 {
        drafts.push(
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
    } else if found.ed25519 > 0 {
        drafts.push(
            new("dkim.kinds", Status::Pass, Importance::Minor, "There are an RSA key and an Ed25519 key")
                .words("Receivers that know only one of the two find a signature that they can verify.")
                .rfc(8463, "1"),
        );
    } else if found.rsa > 0 {
        drafts.push(
            new("dkim.kinds", Status::Info, Importance::Minor, "There are RSA keys only")
                .words("Every receiver can verify them. A second signature with Ed25519 is possible and not needed.")
                .rfc(8463, "1"),
        );
    }
    drafts
}

/// Keys that were taken back (RFC 6376 section 3.6.1).
fn withdrawn(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if !found.revoked_in_use.is_empty() {
        drafts.push(new("dkim.revoked-in-use", Status::Fail, Importance::VeryImportant, format!("Mail is signed with a withdrawn key: {}", listed(&found.revoked_in_use)))
            .words("The key record is empty, which says that nothing signed with it counts any more; yet your own mail is.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Let the server sign with a key that is published, or publish this one again.")
            .rfc(6376, "3.6.1"));
    }
    if found.revoked.is_empty() {
        return drafts;
    }
    let title = format!("DKIM key was withdrawn: {}", listed(&found.revoked));
    let draft = if found.usable() == 0 && found.revoked_in_use.is_empty() {
        new("dkim.revoked", Status::Warn, Importance::VeryImportant, title)
            .words("No other key was found that could be used. If mail is signed with this one, or not at all, it counts as not signed.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Publish the key that the server signs with; give a sent message (--evidence FILE.eml) to see which one that is.")
    } else {
        new("dkim.revoked", Status::Info, Importance::Minor, title).words(
            "An empty key says that nothing signed with it counts any more. That is right for keys that are out of use.",
        )
    };
    drafts.push(draft.rfc(6376, "3.6.1"));
    drafts
}

/// What is wrong with the records around the keys.
fn records(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if !found.broken.is_empty() {
        drafts.push(
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
        drafts.push(
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
    if !found.extra.is_empty() {
        drafts.push(
            new(
                "dkim.extra",
                Status::Warn,
                Importance::Minor,
                format!("A DKIM key record has parts that mean nothing: {}", listed(&found.extra)),
            )
            .words("Receivers skip them. They are often the rest of a value that was pasted wrongly.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove them.")
            .rfc(6376, "3.6.1"),
        );
    }
    drafts
}

/// What the records themselves forbid.
fn limits(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if !found.sha1.is_empty() {
        drafts.push(
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
    if !found.sha1_too.is_empty() {
        drafts.push(
            new(
                "dkim.sha1-too",
                Status::Warn,
                Importance::Minor,
                format!("DKIM key still names SHA-1: {}", listed(&found.sha1_too)),
            )
            .words("SHA-256 is allowed as well, so signatures verify; SHA-1 is of no use any more.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the tag “h” from the record.")
            .rfc(8301, "3.1"),
        );
    }
    if !found.not_for_mail.is_empty() {
        drafts.push(
            new(
                "dkim.not-for-mail",
                Status::Fail,
                Importance::Important,
                format!("DKIM key is not meant for mail: {}", listed(&found.not_for_mail)),
            )
            .words("The tag “s” names other services, so receivers must not use the key for messages.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the tag “s” from the record.")
            .rfc(6376, "3.6.1"),
        );
    }
    if !found.testing.is_empty() {
        drafts.push(
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
    drafts
}

/// What is to be said about the names of the keys.
fn names(found: &Found<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if !found.aliases.is_empty() {
        drafts.push(
            new("dkim.alias", Status::Info, Importance::Minor, format!("Somebody else keeps a DKIM key for you: {}", listed(&found.aliases)))
                .words("The name is an alias, so the service behind it can change the key whenever it likes. That is usual, and right as long as you use the service.")
                .rfc(6376, "3.6.2.2"),
        );
    }
    if !found.dangling.is_empty() {
        drafts.push(new("dkim.dangling", Status::Warn, Importance::Important, format!("The name of a DKIM key leads to nothing: {}", listed(&found.dangling)))
            .words("The alias (CNAME) was made for a service, and the service has no key there, or no longer has one. Mail signed with it counts as unsigned.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Have the service switch DKIM on for your domain again, or take the alias out if it no longer sends for you.")
            .rfc(6376, "3.6.2"));
    }
    if !found.missing.is_empty() {
        drafts.push(new("dkim.selector-missing", Status::Warn, Importance::Important, format!("No DKIM key under {}", listed(&found.missing)))
            .words("This selector comes from a message or from you, but it has no key record. Mail signed with it counts as unsigned.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Check the spelling (s= in the DKIM-Signature header of a sent message), or publish the key.")
            .rfc(6376, "3.6.2"));
    }
    drafts
}
