//! Recognises texts that were meant to be an SPF record, and records with an obvious error: what is wrong, and what the
//! record should be.

use super::SpfRecord;
use super::record::is_spf;

/// A text that receivers do not recognise as a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NearMiss {
    /// What is wrong, as a clause.
    pub odd: String,
    /// The record that was meant, if our own reader finds no error in it.
    pub cleaned: Option<String>,
}

/// Examines a text that is not an SPF record; `None` if it has nothing to do with SPF.
pub(super) fn near_miss(text: &str) -> Option<NearMiss> {
    let plain: String = text.chars().map(|one| if is_odd_blank(one) { ' ' } else { one }).collect();
    let start = plain.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    let (version, rest) = split_version(start)?;
    let odd = odd(text, version, rest);
    let joined = joined(rest);
    let cleaned = checked(&joined).or_else(|| corrected(&joined));
    Some(NearMiss { odd, cleaned })
}

/// The terms behind a version, whatever stands between them.
fn joined(rest: &str) -> String {
    let terms: Vec<&str> = rest
        .split([' ', ',', ';'])
        .map(|term| term.trim_matches(|character: char| "\"'\\".contains(character)))
        .filter(|term| !term.is_empty())
        .collect();
    format!("v=spf1 {}", terms.join(" ")).trim_end().to_owned()
}

/// The SPF records of a name: those that receivers take for one, or else the text that was meant to be one, with its
/// terms as they stand. `None` for every other text.
pub fn meant(texts: &[String]) -> Vec<Option<String>> {
    let real: Vec<Option<String>> =
        texts.iter().map(|text| is_spf(text.as_bytes()).then(|| text.clone())).collect();
    if real.iter().any(Option::is_some) {
        return real;
    }
    texts
        .iter()
        .map(|text| {
            near_miss(text)?;
            let plain: String = text.chars().map(|one| if is_odd_blank(one) { ' ' } else { one }).collect();
            let start = plain.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
            split_version(start).map(|(_, rest)| joined(rest))
        })
        .collect()
}

/// The term that was probably meant by one that is none; `None` if that cannot be told.
pub fn meant_term(term: &str) -> Option<String> {
    let meant = corrected_term(term);
    (meant != term && checked(&format!("v=spf1 {meant}")).is_some()).then_some(meant)
}

/// The record with obvious errors corrected: `ipv4:` for `ip4:`, an address where a host must be, a comma
/// behind a term. `None` if that does not make a record without errors.
pub(super) fn corrected(text: &str) -> Option<String> {
    let mut terms: Vec<String> =
        rejoined(text).iter().map(|term| corrected_term(term)).filter(|term| !term.is_empty()).collect();
    // What stood behind “all” was meant to be read; only a term that was no “all” before can have got there.
    if let Some(at) = terms.iter().position(|term| is_all(term))
        && text.split_whitespace().skip(1).filter(|term| is_all(term)).count() == 0
    {
        let all = terms.remove(at);
        terms.push(all);
    }
    checked(&format!("v=spf1 {}", terms.join(" ")))
}

/// The terms of a record, those put together again that a blank has torn apart: “- all”, “include: a.example”.
fn rejoined(text: &str) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for word in text.split_whitespace().skip(1) {
        let is_open = |term: &String| {
            let term = plain_characters(term);
            matches!(term.as_str(), "+" | "-" | "~" | "?") || term.ends_with(':')
        };
        let continues = word.starts_with([':', '/']);
        match terms.last_mut() {
            Some(last) if is_open(last) || continues => last.push_str(word),
            _ => terms.push(word.to_owned()),
        }
    }
    terms
}

fn is_all(term: &str) -> bool {
    term.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case("all")
}

fn checked(text: &str) -> Option<String> {
    let text = text.trim_end();
    SpfRecord::parse(text.as_bytes()).is_ok().then(|| text.to_owned())
}

fn corrected_term(term: &str) -> String {
    let plain = plain_characters(term);
    let term = plain.trim_matches(|character: char| ",;\"'\\".contains(character));
    if SpfRecord::parse(format!("v=spf1 {term}").as_bytes()).is_ok() && !looks_like_mechanism(term) {
        return term.to_owned();
    }
    let (qualifier, bare) = match term.split_at_checked(1) {
        Some((sign @ ("+" | "-" | "~" | "?"), rest)) => (sign, rest),
        _ => ("", term),
    };
    let (name, value) = bare.split_once([':', '=']).unwrap_or(("", bare));
    let address = value.split('/').next().unwrap_or(value);
    let kind = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => "ip4",
        Ok(std::net::IpAddr::V6(_)) => "ip6",
        Err(_) => match name.to_ascii_lowercase().as_str() {
            "includes" | "inlcude" | "inculde" | "include" => "include",
            "ipv4" | "ip" => "ip4",
            "ipv6" => "ip6",
            "exist" | "exists" => "exists",
            "a" => "a",
            "mx" => "mx",
            _ => return term.to_owned(),
        },
    };
    // An IPv6 address without its kind has colons of its own.
    match bare.split('/').next().unwrap_or(bare).parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("{qualifier}ip6:{bare}"),
        Err(_) => format!("{qualifier}{kind}:{value}"),
    }
}

/// The term with ASCII instead of what word processors and web pages make of it, and without invisible characters.
fn plain_characters(term: &str) -> String {
    let plain = |character: char| match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        '\u{2dc}' | '\u{223c}' | '\u{ff5e}' => Some('~'),
        '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' => Some('"'),
        '\u{ff1a}' => Some(':'),
        _ if is_odd_blank(character) || character.is_control() => None,
        _ => Some(character),
    };
    term.chars().filter_map(plain).collect()
}

/// Whether a modifier that nobody knows has the name of a mechanism: `ip4=192.0.2.1`.
pub(super) fn looks_like_mechanism(term: &str) -> bool {
    term.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim_start_matches(['+', '-', '~', '?']).to_ascii_lowercase();
        matches!(
            name.as_str(),
            "ip4" | "ip6" | "ipv4" | "ipv6" | "ip" | "include" | "a" | "mx" | "exists" | "all"
        )
    })
}

fn is_odd_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Takes `v=spf1`, or what looks like it, off the beginning.
fn split_version(text: &str) -> Option<(&str, &str)> {
    let lower = text.to_ascii_lowercase();
    let after_v = lower.strip_prefix('v').map(|rest| rest.trim_start_matches([' ', '=', ':', '-']));
    let name = after_v.filter(|rest| rest.starts_with("spf")).unwrap_or(&lower);
    let behind = name.strip_prefix("spf")?;
    let behind = behind.trim_start_matches([' ', '-']);
    // `spf10` is another version; `spf1include:` lost a blank; `spf2.0/pra` is Sender ID.
    let digits = behind.len() - behind.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let behind = behind.get(digits..).unwrap_or_default();
    let behind = if behind.starts_with(".0") || behind.starts_with('/') {
        behind.split_once(' ').map_or("", |(_, rest)| rest)
    } else {
        behind
    };
    if digits == 0 && after_v.is_none() {
        return None;
    }
    let at = text.len() - behind.len();
    let (version, rest) = text.split_at_checked(at)?;
    Some((version, rest.trim_start_matches([':', ';', ',', '.', ' '])))
}

/// What is wrong, reading from the left.
fn odd(text: &str, version: &str, rest: &str) -> String {
    let first = text.chars().next().unwrap_or_default();
    if is_odd_blank(first) {
        return match first {
            ' ' => "it begins with a blank".to_owned(),
            other => format!("it begins with {}", named_character(other)),
        };
    }
    if matches!(first, '"' | '\'') {
        return "it begins with a quotation mark, which belongs around the text and not into it".to_owned();
    }
    if version.to_ascii_lowercase().starts_with("spf2") {
        return "it is a record of Sender ID (RFC 4406), which nobody reads any more".to_owned();
    }
    if !first.eq_ignore_ascii_case(&'v') {
        let start: String = text.chars().take_while(|one| !is_odd_blank(*one)).take(20).collect();
        return format!("it begins with “{start}” instead of “v=spf1”");
    }
    if !version.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("v=spf1"))
        || version.trim_end().len() > 6
    {
        return format!("it begins with “{}” instead of “v=spf1”", version.trim_end());
    }
    match text.get(6..).and_then(|behind| behind.chars().next()) {
        Some(next) if is_odd_blank(next) => {
            format!("{} follows “v=spf1” where a plain space must be", named_character(next))
        }
        Some(next) if rest.starts_with(next) => "a blank is missing behind “v=spf1”".to_owned(),
        Some(next) => format!("“{next}” follows “v=spf1” where a space must be"),
        None => "it does not begin with “v=spf1” and a blank".to_owned(),
    }
}

/// A character that cannot be seen, by its name or number.
fn named_character(character: char) -> String {
    match character {
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
        '\u{200b}' => "a zero-width space (U+200B)".to_owned(),
        '\u{feff}' => "a byte order mark (U+FEFF)".to_owned(),
        other => format!("the invisible character U+{:04X}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_character_is_named_and_the_record_that_was_meant_is_shown() {
        for (text, odd, cleaned) in [
            (" v=spf1 mx -all", "begins with a blank", Some("v=spf1 mx -all")),
            ("\u{feff}v=spf1 mx -all", "byte order mark", Some("v=spf1 mx -all")),
            ("v=spf1\u{a0}mx -all", "a no-break space (U+00A0) follows", Some("v=spf1 mx -all")),
            ("v=spf1:-all", "“:” follows", Some("v=spf1 -all")),
            ("v=spf1; mx; -all", "“;” follows", Some("v=spf1 mx -all")),
            ("v=spf1include:a.example -all", "blank is missing", Some("v=spf1 include:a.example -all")),
            ("v=spf10 mx -all", "“v=spf10”", Some("v=spf1 mx -all")),
            ("v = spf1 mx -all", "“v = spf1”", Some("v=spf1 mx -all")),
            ("v=spf 1 mx -all", "“v=spf 1”", Some("v=spf1 mx -all")),
            ("spf1 mx -all", "begins with “spf1” instead", Some("v=spf1 mx -all")),
            ("\"v=spf1 mx -all\"", "begins with a quotation mark", Some("v=spf1 mx -all")),
            ("spf2.0/pra mx -all", "Sender ID", Some("v=spf1 mx -all")),
            ("v=spf1, ipv4:192.0.2.1 -all", "“,” follows", Some("v=spf1 ip4:192.0.2.1 -all")),
            ("v=spf1: foo -all", "“:” follows", None),
        ] {
            let found = near_miss(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.odd.contains(odd), "{text}: {}", found.odd);
            assert_eq!(found.cleaned.as_deref(), cleaned, "{text}");
        }
        for text in ["google-site-verification=x", "v=DMARC1; p=none", "spf", ""] {
            assert_eq!(near_miss(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_meant_keeps_its_terms_as_they_stand() {
        let one = |text: &str| meant(&[text.to_owned()]).remove(0);
        for (text, expected) in [
            ("v=spf1 mx -all", Some("v=spf1 mx -all")),
            (" v=spf1 mx ipv4:192.0.2.1 -all", Some("v=spf1 mx ipv4:192.0.2.1 -all")),
            ("\"v=spf1 mx -all\"", Some("v=spf1 mx -all")),
            ("\u{feff}v=spf1\u{a0}mx -all", Some("v=spf1 mx -all")),
            ("v=spf1; mx; -all", Some("v=spf1 mx -all")),
            ("v=spf1\tmx\t-all", Some("v=spf1 mx -all")),
            ("V=SPF1", Some("V=SPF1")),
            ("google-site-verification=v=spf1", None),
            ("", None),
        ] {
            assert_eq!(one(text).as_deref(), expected, "{text:?}");
        }
        let both = [" v=spf1 mx -all".to_owned(), "v=spf1 a -all".to_owned()];
        assert_eq!(meant(&both), [None, Some("v=spf1 a -all".to_owned())], "receivers read the second");
        assert_eq!(meant_term("include:a.example,").as_deref(), Some("include:a.example"));
        assert_eq!(meant_term("include:a.example"), None);
        assert_eq!(meant_term("a/33"), None);
    }

    #[test]
    fn plain_errors_are_put_right() {
        for (text, right) in [
            ("v=spf1 ipv4:192.0.2.1 -all", Some("v=spf1 ip4:192.0.2.1 -all")),
            ("v=spf1 ip4:2001:db8::1 -all", Some("v=spf1 ip6:2001:db8::1 -all")),
            ("v=spf1 a:192.0.2.1/24 -all", Some("v=spf1 ip4:192.0.2.1/24 -all")),
            ("v=spf1 ip4=192.0.2.1 -all", Some("v=spf1 ip4:192.0.2.1 -all")),
            ("v=spf1 192.0.2.1 2001:db8::1 -all", Some("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all")),
            ("v=spf1 mx, include=a.example; -all", Some("v=spf1 mx include:a.example -all")),
            ("v=spf1 mx -all; include:a.example", Some("v=spf1 mx include:a.example -all")),
            ("v=spf1 mx \u{2013}all", Some("v=spf1 mx -all")),
            ("v=spf1 mx \u{2dc}all", Some("v=spf1 mx ~all")),
            ("v=spf1 mx\u{200b} \u{201c}-all\u{201d}", Some("v=spf1 mx -all")),
            ("v=spf1 foo -all", None),
        ] {
            assert_eq!(corrected(text).as_deref(), right, "{text}");
        }
    }
}
