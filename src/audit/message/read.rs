//! Reads the facts of a message, within fixed limits whatever its bytes are.

use super::facts::{ArcSet, HeaderForm, ListFields, MessageFacts, ReturnPath};
use super::fields::{Split, next_line, split, with_wire_ends};
use super::structured::{domain_of, domains};
use super::{placement, received, results, signature};
use crate::audit::tag_list::TagList;
use crate::message::internal_date_secs;

/// Largest message that is read; receivers take less.
pub const MAX_MESSAGE_BYTES: u64 = 150_000_000;
/// Hops that are kept; a loop has more.
const MAX_HOPS: usize = 50;
/// Signatures that are checked.
const MAX_SIGNATURES: usize = 8;
/// `Authentication-Results` and ARC sets that are kept (RFC 8617 section 4.2.1 allows 50 sets).
const MAX_RESULTS: usize = 20;
/// Fields that may stand in a header once at most (RFC 5322 section 3.6).
const SINGLE: [&str; 9] =
    ["From", "Sender", "Reply-To", "To", "Cc", "Date", "Message-ID", "Subject", "References"];

/// Whether a file looks like a message: its first lines are header fields, among them one that every message has.
pub fn looks_like_message(start: &[u8]) -> bool {
    let wire = with_wire_ends(start.get(..64 << 10).unwrap_or(start));
    let parts = split(&wire);
    let is_known = |name: &str| parts.all(name).next().is_some();
    parts.stray_lines == 0
        && (is_known("received") || is_known("from") || is_known("return-path"))
        && (is_known("date") || is_known("message-id") || is_known("subject") || is_known("dkim-signature"))
}

/// Takes out of a message what an audit needs. `name` is what the owner knows it by.
pub fn read_message(name: &str, message: &[u8]) -> MessageFacts {
    let wire = with_wire_ends(message);
    let parts = split(&wire);
    let message_id = parts.first("message-id").map(|text| cut(&text));
    MessageFacts {
        name: cut(name),
        from_domains: parts.all("from").take(3).flat_map(|field| domains(&field.value())).take(10).collect(),
        date_secs: parts.first("date").and_then(|text| internal_date_secs(&text)),
        form: form(&wire, &parts, message_id.as_deref()),
        message_id,
        return_path: parts.first("return-path").map(|text| return_path(&text)),
        received: parts.all("received").take(MAX_HOPS).map(|field| received::read(&field.value())).collect(),
        results: receiver_results(&parts),
        signatures: parts
            .all("dkim-signature")
            .take(MAX_SIGNATURES)
            .map(|field| signature::read(field, &parts))
            .collect(),
        arc: arc(&parts),
        has_dkim2: parts.all("dkim2-signature").next().is_some(),
        list: list(&parts),
        placements: placement::placements(&parts),
    }
}

fn receiver_results(parts: &Split<'_>) -> Vec<super::ReceiverResults> {
    let mut hops_above = 0;
    let mut found = Vec::new();
    for field in &parts.fields {
        if field.is("received") {
            hops_above += 1;
        } else if field.is("authentication-results") && found.len() < MAX_RESULTS {
            found.push(results::read(&field.value(), hops_above));
        }
    }
    found
}

fn return_path(text: &str) -> ReturnPath {
    let address = text.trim().trim_start_matches('<').trim_end_matches('>');
    let start = address.get(..4).unwrap_or_default().to_ascii_uppercase();
    ReturnPath {
        domain: domain_of(address).unwrap_or_default(),
        is_rewritten: matches!(start.as_str(), "SRS0" | "SRS1"),
    }
}

fn arc(parts: &Split<'_>) -> Vec<ArcSet> {
    let mut sets: Vec<ArcSet> = Vec::new();
    for field in parts.all("arc-seal").take(MAX_RESULTS) {
        let text = field.value();
        let tags = TagList::parse(&text);
        let Some(instance) = tags.get("i").and_then(|number| number.parse().ok()) else { continue };
        sets.push(ArcSet {
            instance,
            sealer: cut(tags.get("d").unwrap_or_default()).to_lowercase(),
            chain: cut(tags.get("cv").unwrap_or_default()).to_ascii_lowercase(),
            methods: Vec::new(),
        });
    }
    for field in parts.all("arc-authentication-results").take(MAX_RESULTS) {
        let text = field.value();
        let Some((instance, rest)) = text.split_once(';') else { continue };
        let instance =
            instance.trim().strip_prefix("i=").and_then(|number| number.trim().parse::<u32>().ok());
        if let Some(set) = sets.iter_mut().find(|set| Some(set.instance) == instance) {
            set.methods = results::read(rest, 0).methods;
        }
    }
    sets.sort_by_key(|set| set.instance);
    sets
}

fn list(parts: &Split<'_>) -> ListFields {
    let unsubscribe = parts.first("list-unsubscribe").unwrap_or_default().to_ascii_lowercase();
    let precedence = parts.first("precedence").unwrap_or_default().to_ascii_lowercase();
    let is_one_click = parts
        .first("list-unsubscribe-post")
        .is_some_and(|value| value.to_ascii_lowercase().contains("list-unsubscribe=one-click"));
    ListFields {
        is_bulk: parts.all("list-id").next().is_some()
            || !unsubscribe.is_empty()
            || matches!(precedence.trim(), "bulk" | "list"),
        has_web_unsubscribe: unsubscribe.contains("<https:") || unsubscribe.contains("<http:"),
        has_mail_unsubscribe: unsubscribe.contains("<mailto:"),
        is_one_click,
    }
}

fn form(message: &[u8], parts: &Split<'_>, message_id: Option<&str>) -> HeaderForm {
    let count = |name: &str| parts.all(name).count();
    let mut longest_line = 0;
    let mut rest = message;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        longest_line = longest_line.max(line.len().saturating_sub(2));
        rest = after;
    }
    HeaderForm {
        from: count("from"),
        date: count("date"),
        is_date_readable: parts.first("date").is_some_and(|text| internal_date_secs(&text).is_some()),
        message_id: count("message-id"),
        is_message_id_whole: message_id.is_some_and(|text| {
            let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or_default();
            inner.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
                && !inner.contains(char::is_whitespace)
        }),
        doubled: SINGLE.into_iter().filter(|name| count(name) > 1).map(str::to_owned).collect(),
        longest_line,
        nuls: memchr::memchr_iter(0, message).count(),
        broken_texts: parts.fields.iter().filter(|field| std::str::from_utf8(field.raw).is_err()).count(),
        stray_lines: parts.stray_lines,
        is_cut: parts.is_cut,
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(255).collect()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod read_tests;
