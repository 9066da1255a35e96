//! `Authentication-Results` (RFC 8601 section 2.2): the receiver's own checks of a message.

use super::facts::{MethodResult, ReceiverResults};
use super::structured::{domain_of, split_outside_quotes, without_comments};

/// Methods of one field that are kept.
const MAX_METHODS: usize = 20;
/// Characters of one word that are kept.
const MAX_WORD: usize = 200;

/// Reads the value of one field.
pub(super) fn read(value: &str, hops_above: usize) -> ReceiverResults {
    let plain = without_comments(value).text;
    let mut parts = split_outside_quotes(&plain, ';').into_iter();
    // The version behind the name says nothing today.
    let receiver = parts.next().and_then(|part| part.split_whitespace().next()).unwrap_or_default();
    ReceiverResults { receiver: cut(receiver).to_lowercase(), hops_above, methods: methods(parts) }
}

/// Reads results: `spf=pass smtp.mailfrom=a.example`. “none” alone says that nothing was checked.
pub(super) fn methods<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<MethodResult> {
    parts.filter_map(method).take(MAX_METHODS).collect()
}

fn method(part: &str) -> Option<MethodResult> {
    let mut found = MethodResult::default();
    for (index, (name, value)) in pairs(part).into_iter().enumerate() {
        if index == 0 {
            // `dkim/1=pass`: the version of the method.
            found.method = cut(name.split('/').next().unwrap_or(&name)).to_ascii_lowercase();
            found.result = cut(&value).to_ascii_lowercase();
        } else if name.eq_ignore_ascii_case("reason") {
            found.reason = Some(cut(&value));
        } else if found.properties.len() < 8 {
            // Only the domain of an address is kept.
            let value = if value.contains('@') { domain_of(&value)? } else { cut(&value) };
            found.properties.push((cut(&name).to_ascii_lowercase(), value));
        }
    }
    (!found.result.is_empty()).then_some(found)
}

/// `name=value` pairs; blanks around “=” are allowed, and values may be quoted.
fn pairs(part: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = part.trim();
    while let Some((name, after)) = rest.split_once('=').filter(|_| pairs.len() < 12) {
        let name = name.trim().rsplit(char::is_whitespace).next().unwrap_or_default().to_owned();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        pairs.push((name, value.to_owned()));
        rest = next.trim_start();
    }
    pairs
}

fn cut(word: &str) -> String {
    word.chars().filter(|character| !character.is_control()).take(MAX_WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_their_properties() {
        let results = read(
            "mx.google.com; dkim=pass (good) header.i=@A.example header.s=s1; spf = fail reason=\"no; way\" \
             smtp.mailfrom=anna@a.example; dmarc=fail (p=REJECT) header.from=a.example; none",
            2,
        );
        assert_eq!((results.receiver.as_str(), results.hops_above), ("mx.google.com", 2));
        let shown: Vec<String> = results
            .methods
            .iter()
            .map(|method| {
                format!("{}={} {:?} {:?}", method.method, method.result, method.reason, method.properties)
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"dkim=pass None [("header.i", "a.example"), ("header.s", "s1")]"#,
                r#"spf=fail Some("no; way") [("smtp.mailfrom", "a.example")]"#,
                r#"dmarc=fail None [("header.from", "a.example")]"#,
            ]
        );
        assert!(read("mx.example 1; none", 0).methods.is_empty());
    }
}
