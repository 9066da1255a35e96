//! Terms of SPF records (RFC 7208 section 4.6.1), as far as merging needs to tell them apart.

use std::net::IpAddr;

use ipnet::IpNet;

/// One term as written, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As written, without outer blanks.
    pub text: String,
    pub kind: TermKind,
    /// `+`, `-`, `~` or `?`; `+` where none is written.
    pub qualifier: char,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TermKind {
    All,
    Include(String),
    /// Host where one is named, and the prefix lengths as written: `/24//64`.
    A(Option<String>, String),
    Mx(Option<String>, String),
    Ip(IpNet),
    Exists,
    Ptr,
    Redirect(String),
    /// `exp=` and modifiers that RFC 7208 does not define; receivers ignore what they do not know.
    Modifier,
    /// Nothing that RFC 7208 knows: receivers answer permerror to the whole record.
    Broken,
}

impl Term {
    pub fn parse(text: &str) -> Self {
        let mut characters = text.chars();
        let (qualifier, body) = match characters.next() {
            Some(sign @ ('+' | '-' | '~' | '?')) => (sign, characters.as_str()),
            _ => ('+', text),
        };
        Self { text: text.to_owned(), kind: kind(body, body.len() != text.len()), qualifier }
    }

    /// Lookups that the term itself costs (RFC 7208 section 4.6.4).
    pub const fn own_lookups(&self) -> u32 {
        match self.kind {
            TermKind::Include(_)
            | TermKind::A(..)
            | TermKind::Mx(..)
            | TermKind::Exists
            | TermKind::Ptr
            | TermKind::Redirect(_) => 1,
            TermKind::All | TermKind::Ip(_) | TermKind::Modifier | TermKind::Broken => 0,
        }
    }

    /// Whether two terms say the same: mechanisms and domain names know no case.
    pub fn is_same(&self, other: &Self) -> bool {
        self.qualifier == other.qualifier && self.bare() == other.bare()
    }

    /// The term in lower case and without a `+`, for comparisons.
    pub fn bare(&self) -> String {
        self.text.strip_prefix('+').unwrap_or(&self.text).to_ascii_lowercase()
    }
}

fn kind(body: &str, has_qualifier: bool) -> TermKind {
    if let Some((name, value)) = body.split_once('=').filter(|(name, _)| is_name(name)) {
        return match name.to_ascii_lowercase().as_str() {
            _ if has_qualifier => TermKind::Broken,
            "redirect" if !value.is_empty() => TermKind::Redirect(value.to_owned()),
            "redirect" => TermKind::Broken,
            _ => TermKind::Modifier,
        };
    }
    let end = body.find([':', '/']).unwrap_or(body.len());
    let (name, rest) = body.split_at_checked(end).unwrap_or((body, ""));
    let (argument, prefix) = match rest.strip_prefix(':') {
        Some(argument) => {
            let slash = argument.find('/').unwrap_or(argument.len());
            let (host, prefix) = argument.split_at_checked(slash).unwrap_or((argument, ""));
            (Some(host.to_owned()), prefix.to_owned())
        }
        None => (None, rest.to_owned()),
    };
    match (name.to_ascii_lowercase().as_str(), argument) {
        ("all", None) if rest.is_empty() => TermKind::All,
        ("include", Some(host)) if !host.is_empty() && prefix.is_empty() => TermKind::Include(host),
        ("exists", Some(host)) if !host.is_empty() => TermKind::Exists,
        ("ptr", None) if rest.is_empty() => TermKind::Ptr,
        ("ptr", Some(host)) if !host.is_empty() => TermKind::Ptr,
        ("a", host) if host.as_deref() != Some("") => TermKind::A(host, prefix),
        ("mx", host) if host.as_deref() != Some("") => TermKind::Mx(host, prefix),
        (version @ ("ip4" | "ip6"), Some(_)) => ip(version, rest),
        _ => TermKind::Broken,
    }
}

fn ip(version: &str, rest: &str) -> TermKind {
    let text = rest.strip_prefix(':').unwrap_or(rest);
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match net.filter(|net| net.addr().is_ipv4() == (version == "ip4")) {
        Some(net) => TermKind::Ip(net),
        None => TermKind::Broken,
    }
}

/// Names of modifiers (RFC 7208 section 12).
fn is_name(name: &str) -> bool {
    name.starts_with(|character: char| character.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
}

/// Whether this text is an SPF record (RFC 7208 section 4.5).
pub(super) fn is_spf(text: &str) -> bool {
    let (version, rest) = text.split_at_checked(6).unwrap_or((text, ""));
    version.eq_ignore_ascii_case("v=spf1") && (rest.is_empty() || rest.starts_with(' '))
}

/// Terms of an SPF record behind its version.
pub(super) fn terms(record: &str) -> Vec<Term> {
    record.split_ascii_whitespace().skip(1).map(Term::parse).collect()
}

/// Whether two records let the same servers send. Where every mechanism but `all` lets its servers pass, their order
/// says nothing; otherwise it counts.
pub(super) fn says_the_same(one: &str, other: &str) -> bool {
    let bare = |record: &str| {
        let terms = terms(record);
        let is_plain = terms.iter().all(|term| term.qualifier == '+' || term.kind == TermKind::All);
        let all_is_last =
            terms.iter().rposition(|term| !matches!(term.kind, TermKind::Modifier)).is_none_or(|last| {
                terms.iter().position(|term| term.kind == TermKind::All).is_none_or(|all| all == last)
            });
        let mut bare = terms.iter().map(Term::bare).collect::<Vec<_>>();
        if is_plain && all_is_last {
            bare.sort_unstable();
        }
        bare
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_counts_only_where_it_changes_the_answer() {
        for (one, other, expected) in [
            ("v=spf1 a  include:B.example ~all", "v=spf1 +include:b.example a ~all", true),
            ("v=spf1 a ~all", "v=spf1 a -all", false),
            ("v=spf1 -a mx ~all", "v=spf1 mx -a ~all", false),
            ("v=spf1 a ~all mx", "v=spf1 a mx ~all", false),
            ("v=spf1 a ~all exp=x.example", "v=spf1 exp=x.example a ~all", true),
        ] {
            assert_eq!(says_the_same(one, other), expected, "{one} / {other}");
        }
    }
}
