//! Merges several SPF records into the single one that is allowed (RFC 7208 section 4.5).

use super::{Mechanism, Qualifier, SpfRecord};

/// All terms in their order, each once, and the mildest end. `None` if a record has an error, or where modifiers make
/// it unsafe to join them without the owner.
pub(super) fn merged(texts: &[Vec<u8>]) -> Option<String> {
    let records: Vec<SpfRecord> =
        texts.iter().map(|text| SpfRecord::parse(text)).collect::<Result<_, _>>().ok()?;
    let mut terms: Vec<String> = Vec::new();
    let mut end: Option<Qualifier> = None;
    for record in &records {
        if record.redirect.is_some() || record.has_explanation() || !record.unknown_modifiers.is_empty() {
            return None;
        }
        for term in record.terms.iter().take_while(|term| term.mechanism != Mechanism::All) {
            // What one record refuses another may allow; their order would decide.
            if term.qualifier != Qualifier::Pass {
                return None;
            }
            if !terms.iter().any(|known| known.eq_ignore_ascii_case(&term.text)) {
                terms.push(term.text.clone());
            }
        }
        let own = record.all().map_or(Qualifier::Neutral, |all| all.qualifier);
        end = Some(end.map_or(own, |end| if mildness(own) > mildness(end) { own } else { end }));
    }
    // Letting everybody send is nobody's wish.
    let end = end.filter(|end| *end != Qualifier::Pass).unwrap_or(Qualifier::SoftFail);
    let text = ["v=spf1".to_owned()]
        .into_iter()
        .chain(terms)
        .chain([format!("{end}all")])
        .collect::<Vec<_>>()
        .join(" ");
    SpfRecord::parse(text.as_bytes()).is_ok().then_some(text)
}

const fn mildness(qualifier: Qualifier) -> u8 {
    match qualifier {
        Qualifier::Fail => 0,
        Qualifier::SoftFail => 1,
        Qualifier::Neutral => 2,
        Qualifier::Pass => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_joined_with_the_mildest_end() {
        let join =
            |texts: &[&str]| merged(&texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(
            join(&["v=spf1 mx ip4:192.0.2.1 -all", "v=spf1 MX include:a.example ~all"]).as_deref(),
            Some("v=spf1 mx ip4:192.0.2.1 include:a.example ~all")
        );
        assert_eq!(join(&["v=spf1 +all", "v=spf1 mx -all"]).as_deref(), Some("v=spf1 mx ~all"));
        assert_eq!(join(&["v=spf1 foo -all", "v=spf1 mx -all"]), None);
        assert_eq!(join(&["v=spf1 redirect=a.example", "v=spf1 mx -all"]), None);
        assert_eq!(join(&["v=spf1 -ip4:192.0.2.1 ~all", "v=spf1 mx -all"]), None);
    }
}
