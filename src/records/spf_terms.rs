//! Sorts the terms of SPF records (RFC 7208 section 4.6.1) as far as merging needs it. The audit's parser decides what a term is.

use ipnet::IpNet;

use crate::audit::spf::{Mechanism, Qualifier, SpfRecord};

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
    /// Receivers answer permerror to the whole record (RFC 7208 section 4.6); why, in words.
    Broken(String),
}

impl Term {
    pub fn parse(text: &str) -> Self {
        let (qualifier, kind) = match SpfRecord::parse(format!("v=spf1 {text}").as_bytes()) {
            Ok(record) => sort(&record, text),
            Err(error) => ('+', TermKind::Broken(error.words)),
        };
        Self { text: text.to_owned(), kind, qualifier }
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
            TermKind::All | TermKind::Ip(_) | TermKind::Modifier | TermKind::Broken(_) => 0,
        }
    }

    /// Whether a record or a name elsewhere decides whom the term lets send.
    pub const fn is_decided_elsewhere(&self) -> bool {
        matches!(self.kind, TermKind::Include(_) | TermKind::Redirect(_) | TermKind::Exists)
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

fn sort(record: &SpfRecord, text: &str) -> (char, TermKind) {
    let Some(term) = record.terms.first() else {
        let target = record.redirect.as_ref().and_then(|_| text.split_once('='));
        return ('+', target.map_or(TermKind::Modifier, |(_, host)| TermKind::Redirect(host.to_owned())));
    };
    let qualifier = match term.qualifier {
        Qualifier::Pass => '+',
        Qualifier::Fail => '-',
        Qualifier::SoftFail => '~',
        Qualifier::Neutral => '?',
    };
    let (host, prefix) = argument(text);
    let kind = match &term.mechanism {
        Mechanism::All => TermKind::All,
        Mechanism::Include(_) => TermKind::Include(host.unwrap_or_default()),
        Mechanism::A(..) => TermKind::A(host, prefix),
        Mechanism::Mx(..) => TermKind::Mx(host, prefix),
        Mechanism::Ip4(network) => TermKind::Ip(IpNet::V4(*network)),
        Mechanism::Ip6(network) => TermKind::Ip(IpNet::V6(*network)),
        Mechanism::Exists(_) => TermKind::Exists,
        Mechanism::Ptr(_) => TermKind::Ptr,
    };
    (qualifier, kind)
}

/// The host that a mechanism names, and the prefix lengths behind it: `mail.example.org` and `/28//64`.
fn argument(term: &str) -> (Option<String>, String) {
    let is_prefix = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/');
    let at = term
        .match_indices('/')
        .map(|(at, _)| at)
        .find(|at| term.get(*at..).is_some_and(is_prefix))
        .unwrap_or(term.len());
    let (body, prefix) = term.split_at_checked(at).unwrap_or((term, ""));
    (body.split_once(':').map(|(_, host)| host.to_owned()), prefix.to_owned())
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
    fn the_parser_of_the_audit_decides_what_is_a_term() {
        for broken in [
            "a:203.0.113.10",
            "include:host,",
            "a/33",
            "include:localhost",
            "foo=%zz",
            "ipv4:192.0.2.1",
            "ip4:192.0.2.1/33",
            "ip6:192.0.2.1",
            "mx:",
            "all:x",
            "-redirect=a.example",
            "include:",
        ] {
            assert!(matches!(Term::parse(broken).kind, TermKind::Broken(_)), "{broken}");
        }
        assert_eq!(
            Term::parse("-a:m.example/28//64").kind,
            TermKind::A(Some("m.example".into()), "/28//64".into())
        );
        assert_eq!(Term::parse("mx/24").kind, TermKind::Mx(None, "/24".into()));
        assert_eq!(Term::parse("include:%{d1r/}.example").kind, TermKind::Include("%{d1r/}.example".into()));
        assert_eq!(Term::parse("redirect=a.example").kind, TermKind::Redirect("a.example".into()));
        assert_eq!(Term::parse("exp=a.example").kind, TermKind::Modifier);
        assert_eq!(Term::parse("~ip4:192.0.2.0/24").qualifier, '~');
    }

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
