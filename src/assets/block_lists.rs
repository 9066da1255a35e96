use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// What an entry of a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judges {
    /// The address itself.
    Address,
    /// The range around it: the neighbours.
    Range,
}

/// How much harm an entry does, by who is known to use the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Large receivers refuse by it.
    High,
    /// Some receivers refuse by it.
    Medium,
    /// Few use it.
    Low,
}

/// A block list (RFC 5782).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockList {
    /// Its name in findings.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The zone to query.
    pub zone: String,
    /// What an entry is about.
    pub judges: Judges,
    /// How much harm an entry does.
    pub impact: Impact,
    /// Whether it keeps IPv6 addresses.
    pub has_ipv6: bool,
    /// Page where an owner looks an address up and has it removed.
    pub lookup: String,
    /// Conditions of use, for the maintainer of the entry.
    pub use_terms: String,
    source: Spanned<String>,
    date: Spanned<String>,
    /// Answers that are a listing.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// Answers that are none.
    #[serde(default)]
    pub refusals: Vec<Code>,
}

/// A return code and what it means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The address in the answer.
    #[serde(rename = "code")]
    pub address: Ipv4Addr,
    /// What it means.
    pub words: String,
    /// Says what kind of line it is, not that anybody misbehaved.
    #[serde(default)]
    pub is_policy: bool,
}

/// `blocklists.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<Spanned<BlockList>>,
}

/// Reads `blocklists.toml`.
pub fn read_block_lists(text: &str) -> Result<Vec<BlockList>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    let mut ids = BTreeSet::new();
    for list in &file.list {
        let entry = list.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(list.span(), problem, way_out));
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if entry.id.is_empty() || !entry.id.bytes().all(is_id) {
            return wrong(
                format!("“{}” cannot be used in finding ids", entry.id),
                "use lower-case letters, digits and hyphens",
            );
        }
        if !ids.insert(entry.id.clone()) {
            return wrong(format!("“{}” is listed twice", entry.id), "keep one of the two");
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !entry.zone.contains('.') || !entry.zone.split('.').all(is_label) {
            return wrong(
                format!("“{}” is not a zone", entry.zone),
                "write it like bl.example.org, without a trailing dot",
            );
        }
        if !entry.lookup.starts_with("https://") {
            return wrong(
                format!("“{}” is not a page", entry.lookup),
                "give the https URL of the page for looking up an address",
            );
        }
        let mut answers = BTreeSet::new();
        for code in entry.codes.iter().chain(&entry.refusals) {
            if code.address.octets()[0] != 127 {
                return wrong(
                    format!("{} is not a return code", code.address),
                    "return codes are in 127.0.0.0/8 (RFC 5782)",
                );
            }
            if !answers.insert(code.address) {
                return wrong(format!("{} is listed with two meanings", code.address), "keep one of the two");
            }
        }
    }
    Ok(file.list.into_iter().map(Spanned::into_inner).collect())
}
