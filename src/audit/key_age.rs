//! E17: how old the DKIM keys are, and whether there is a second one to switch to. Nobody publishes that, so it is known
//! from messages that a key has signed, and from earlier audits that saw it.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};

use super::context::Context;
use super::dkim::{DkimKey, Key, is_key_record, key_name, published_selectors};
use super::draft::{Draft, listed};
use super::message::passes;
use super::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{RecordType, UnixTime, counted_as};

/// From here on a key is old: a year, in seconds.
const OLD_SECS: i64 = 365 * 86_400;
const DAY_SECS: i64 = 86_400;

/// A usable key.
struct Published {
    selector: String,
    /// Tells it from another key under the same selector.
    id: String,
    /// The first moment at which it was seen in use or published.
    seen: UnixTime,
}

/// When each usable key was seen first, for the audit after this one.
pub(super) fn keys_seen(context: &Context<'_>) -> BTreeMap<String, UnixTime> {
    published(context).into_iter().map(|key| (key.id, key.seen)).collect()
}

fn published(context: &Context<'_>) -> Vec<Published> {
    let facts = context.facts;
    let mut keys = Vec::new();
    for selector in published_selectors(context) {
        let answer = context.lookups.ask(&key_name(&selector, facts.domain.as_ascii()), RecordType::Txt);
        let texts: Vec<Vec<u8>> = answer.texts().filter(|text| is_key_record(text)).collect();
        let [text] = texts.as_slice() else { continue };
        let Ok(key) = DkimKey::parse(text) else { continue };
        if key.key == Key::Revoked {
            continue;
        }
        let id = id_of(&selector, &key);
        let earlier = facts.earlier.as_ref().and_then(|earlier| earlier.dkim_keys.get(&id)).copied();
        let signed = signed_first(context, &selector).filter(|at| *at <= facts.at);
        let seen = earlier.into_iter().chain(signed).min().unwrap_or(facts.at);
        keys.push(Published { selector, id, seen });
    }
    keys
}

fn id_of(selector: &str, key: &DkimKey) -> String {
    let hash = digest(&SHA256, &key.public_key);
    let begin = hash.as_ref().get(..8).unwrap_or_default();
    format!("{selector}/{}", data_encoding::HEXLOWER.encode(begin))
}

/// The oldest message with a signature under this selector that the present key still verifies.
fn signed_first(context: &Context<'_>, selector: &str) -> Option<UnixTime> {
    let facts = context.facts;
    let mut first = None;
    for message in facts.messages().iter().chain(facts.came_home()) {
        for signature in &message.signatures {
            let is_of_key = signature.selector == selector && signature.domain == facts.domain.as_ascii();
            let at = signature.signed_at_secs.or(message.date_secs).map(UnixTime);
            if is_of_key && at.is_some() && passes(&context.lookups, signature) {
                first = first.into_iter().chain(at).min();
            }
        }
    }
    first
}

/// Judges the age of keys; silent if there are none.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let keys = published(context);
    context.lookups.begin();
    for key in &keys {
        context.lookups.ask(&key_name(&key.selector, context.facts.domain.as_ascii()), RecordType::Txt);
    }
    let Some(newest) = keys.iter().map(|key| key.seen).max() else { return };
    let now = context.facts.at;
    let age = |key: &Published| now.0.saturating_sub(key.seen.0);
    let ages: Vec<String> = keys
        .iter()
        .filter(|key| age(key) >= DAY_SECS)
        .map(|key| format!("{} for {} at least", key.selector, days(age(key))))
        .collect();
    let words = if ages.is_empty() { String::new() } else { format!("In use: {}.", listed(&ages)) };
    let is_new = is_new_since(context, &keys);
    let change = "Make a new key of 2048 bits under a new selector, publish it, let the server sign with it, and take the old one away some weeks later.";
    let draft = if is_new {
        new(Status::Pass, "A DKIM key was changed since the audit before".to_owned())
            .words("A key that is changed now and then is worth little to anyone who copied it.")
    } else if now.0.saturating_sub(newest.0) >= OLD_SECS {
        let title = match keys.as_slice() {
            [one] => format!("The DKIM key {} is more than a year old", one.selector),
            _ => "All DKIM keys are more than a year old".to_owned(),
        };
        new(Status::Warn, title)
            .words("Anyone who ever got hold of it, through a backup or an old disk, can sign in your name as long as it is published.")
            .more_words(&words)
            .remedy(Effort::Medium, Changer::YouOnTheServer, change)
    } else if keys.len() > 1 {
        new(Status::Pass, format!("There are {} DKIM keys to change between", keys.len()))
            .words("One can be changed while the other signs.")
            .more_words(&words)
    } else {
        new(Status::Unknown, "How old the DKIM key is, is not known".to_owned())
            .words("A key record has no date. It is known from messages that were signed with it, and from earlier audits.")
            .more_words(&words)
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Give an old message that you sent (--evidence FILE.eml), or look when the key was made.",
            )
    };
    findings.push(draft.rfc(6376, "3.1").done(&context.lookups));
}

/// Whether the audit before knew keys, and not one of these.
fn is_new_since(context: &Context<'_>, keys: &[Published]) -> bool {
    let before = context.facts.earlier.as_ref().map(|earlier| &earlier.dkim_keys);
    before.is_some_and(|before| !before.is_empty() && keys.iter().any(|key| !before.contains_key(&key.id)))
}

fn new(status: Status, title: String) -> Draft {
    Draft::new("dkim.age", Area::Dkim, status, Importance::Minor, title)
}

fn days(secs: i64) -> String {
    counted_as(usize::try_from(secs / DAY_SECS).unwrap_or(0), "day", "days")
}
