//! Parses DMARC records (RFC 9989 section 4.7) as receivers on the new and on the old rules do.

use serde::{Deserialize, Serialize};

use crate::audit::tag_list::TagList;
use crate::values::DnsName;

/// Tags of RFC 9989 and RFC 7489.
pub(super) const KNOWN_TAGS: [&str; 14] =
    ["v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo", "pct", "rf", "ri"];

/// What a receiver is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing; reports only.
    None,
    /// Suspicious.
    Quarantine,
    /// Not accepted.
    Reject,
}

impl Policy {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "quarantine" => Some(Self::Quarantine),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// One step milder, as `t=y` asks (RFC 9989 section 4.7) and `pct` did (RFC 7489 section 6.6.4).
    pub(super) const fn milder(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

/// A parsed record.
#[expect(clippy::struct_excessive_bools, reason = "independent tags of one record")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DmarcRecord {
    /// What receivers on the new rules apply: `p`; or [`Policy::None`] where `p`, `sp` or `np` is wrong and reports are
    /// asked for; or nothing (RFC 9989 section 4.10.1).
    pub policy: Option<Policy>,
    /// `p` as it stands there, where it is right.
    pub stated_policy: Option<Policy>,
    /// Whether [`Self::policy`] is not what stands there.
    pub is_policy_implied: bool,
    /// `sp`: for subdomains that exist.
    pub subdomain_policy: Option<Policy>,
    /// `np`: for subdomains that do not.
    pub missing_subdomain_policy: Option<Policy>,
    /// `sp` or `np` with a value that is none.
    pub wrong_policies: Vec<String>,
    /// `psd`: `y`, `n` or `u`.
    pub psd: Option<char>,
    /// `t=y`: the policy is applied one step milder.
    pub is_test: bool,
    /// `adkim=s`
    pub is_dkim_strict: bool,
    /// `aspf=s`
    pub is_spf_strict: bool,
    /// `pct`, which receivers on the old rules follow (RFC 7489 section 6.3).
    pub percent: Option<u8>,
    /// Domains of the addresses in `rua`.
    pub report_domains: Vec<DnsName>,
    /// Domains of the addresses in `ruf`.
    pub failure_domains: Vec<DnsName>,
    /// Whether `fo` is there.
    pub has_failure_options: bool,
    /// Addresses in `rua` and `ruf` that cannot be used.
    pub bad_addresses: Vec<String>,
    /// Tags that RFC 9989 took away: `pct`, `rf`, `ri`.
    pub old_tags: Vec<String>,
    /// Tags that nobody knows.
    pub unknown_tags: Vec<String>,
    /// Known tags with values that are not allowed; they are taken as missing.
    pub bad_values: Vec<String>,
    /// A tag that stands there twice, which makes the record invalid (RFC 6376 section 3.2).
    pub twice: Option<String>,
}

/// Whether a TXT record is a DMARC record: `v=DMARC1` first, in exactly this case (section 4.7).
pub fn is_dmarc(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (first, _) = text.split_once(';').unwrap_or((text, ""));
    first.split_once('=').is_some_and(|(name, value)| name.trim_end() == "v" && value.trim() == "DMARC1")
}

/// The domain of an address that reports go to; `None` if it is not one that can be used (RFC 3986, RFC 6068).
pub(super) fn report_domain(uri: &str) -> Option<DnsName> {
    let address = uri
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
        .and_then(|_| uri.get(7..))
        .filter(|address| address.bytes().all(|byte| byte.is_ascii_graphic()))?;
    // RFC 7489 allowed a size behind “!”; it is ignored today.
    let (local, domain) = address.split(['!', '?']).next()?.rsplit_once('@')?;
    let is_host = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (!local.is_empty() && domain.contains('.') && is_host).then(|| DnsName::new(domain))
}

impl DmarcRecord {
    /// Parses a record for which [`is_dmarc`] holds. Wrong tags are ignored, as the standard asks, and named.
    pub fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let tags = TagList::parse(&text);
        let mut record = Self {
            unknown_tags: tags.malformed.iter().copied().map(shown).collect(),
            twice: tags.twice().map(shown),
            ..Self::default()
        };
        for tag in tags.tags.iter().filter(|tag| tag.name != "v") {
            if tag.name == "p" {
                record.stated_policy = Policy::parse(tag.value);
            } else if !record.take(&tag.name, tag.value) {
                record.bad_values.push(shown(tag.text));
            }
        }
        record.policy = record.applied(!record.wrong_policies.is_empty());
        record.is_policy_implied = record.policy.is_none() || record.policy != record.stated_policy;
        record
    }

    /// The policy, given whether a tag for subdomains is wrong.
    fn applied(&self, is_wrong_below: bool) -> Option<Policy> {
        match self.stated_policy {
            _ if self.twice.is_some() => None,
            Some(policy) if !is_wrong_below => Some(policy),
            _ if self.report_domains.is_empty() => None,
            _ => Some(Policy::None),
        }
    }

    /// What receivers on the old rules apply, which do not know `np` (RFC 7489 section 6.6.3).
    pub(super) fn old_policy(&self) -> Option<Policy> {
        self.applied(self.wrong_policies.iter().any(|tag| tag.starts_with("sp")))
    }

    /// Takes a tag other than `v` and `p`; false where the value is not allowed.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let lower = value.to_ascii_lowercase();
        match name {
            "sp" | "np" => {
                let policy = Policy::parse(value);
                if policy.is_none() {
                    self.wrong_policies.push(shown(&format!("{name}={value}")));
                }
                let place = if name == "sp" {
                    &mut self.subdomain_policy
                } else {
                    &mut self.missing_subdomain_policy
                };
                *place = policy;
                policy.is_some()
            }
            "psd" => {
                self.psd = lower.chars().next().filter(|_| matches!(lower.as_str(), "y" | "n" | "u"));
                self.psd.is_some()
            }
            "t" => {
                self.is_test = lower == "y";
                matches!(lower.as_str(), "y" | "n")
            }
            "adkim" | "aspf" => {
                let place = if name == "adkim" { &mut self.is_dkim_strict } else { &mut self.is_spf_strict };
                *place = lower == "s";
                matches!(lower.as_str(), "r" | "s")
            }
            "rua" | "ruf" => self.take_addresses(name, value),
            "fo" => {
                self.has_failure_options = true;
                lower.split(':').all(|option| matches!(option.trim(), "0" | "1" | "d" | "s"))
            }
            "pct" | "rf" | "ri" => {
                self.old_tags.push(name.to_owned());
                if name == "pct" {
                    self.percent = value.parse().ok().filter(|percent| *percent <= 100);
                }
                true
            }
            _ => {
                self.unknown_tags.push(shown(name));
                true
            }
        }
    }

    /// False where there is no address at all.
    fn take_addresses(&mut self, name: &str, value: &str) -> bool {
        let targets = if name == "rua" { &mut self.report_domains } else { &mut self.failure_domains };
        let mut is_any = false;
        for uri in value.split(',').map(str::trim).filter(|uri| !uri.is_empty()).take(32) {
            is_any = true;
            match report_domain(uri) {
                Some(domain) if targets.contains(&domain) => {}
                Some(domain) => targets.push(domain),
                None => self.bad_addresses.push(shown(uri)),
            }
        }
        is_any
    }

    /// The policy for a domain below the one that has the record.
    pub fn policy_below(&self) -> Option<Policy> {
        self.subdomain_policy.or(self.policy)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod record_tests;
