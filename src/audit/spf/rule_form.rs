//! Judges the form of the SPF record: size, strings, modifiers, macros.

use super::near_miss::{corrected, looks_like_mechanism};
use super::rule::new;
use super::{CostTree, Mechanism, SpfRecord};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::{RecordData, RecordType, TxtStrings};

/// Name and texts together that fit into an answer of 512 bytes (RFC 7208 section 3.4).
const FITS_BYTES: usize = 450;
/// Bytes of the largest answer that reaches everybody in one datagram with EDNS.
const EDNS_BYTES: usize = 1_232;

pub(super) fn judge(
    context: &Context<'_>,
    text: &[u8],
    record: &SpfRecord,
    tree: &CostTree,
    findings: &mut Vec<Finding>,
) {
    let drafts =
        [ptr(record), Some(size(context, text)), strings(context), modifiers(text, record), macros(tree)];
    findings.extend(drafts.into_iter().flatten().map(|draft| draft.done(&context.lookups)));
}

fn ptr(record: &SpfRecord) -> Option<Draft> {
    record.terms.iter().any(|term| matches!(term.mechanism, Mechanism::Ptr(_))).then(|| {
        new("spf.ptr", Status::Warn, Importance::Important, "SPF uses “ptr”")
            .words("The standard asks not to use it: it is slow, and some receivers skip it or give up.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Replace “ptr” with the addresses of the servers (ip4:, ip6:).",
            )
            .rfc(7208, "5.5")
    })
}

/// D13: the record travels with every other TXT record of the name.
fn size(context: &Context<'_>, text: &[u8]) -> Draft {
    let domain = context.facts.domain.dns();
    let answer = context.lookups.ask(&domain, RecordType::Txt);
    let lengths: Vec<(usize, usize)> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Txt(strings) => Some((strings.joined().len(), strings.strings().len())),
            _ => None,
        })
        .collect();
    let texts: usize = lengths.iter().map(|(bytes, _)| bytes).sum();
    // Header, question, OPT; then per record a pointer, type, class, TTL, length, and a byte per string (RFC 1035).
    let name = domain.as_str().len() + 2;
    let whole =
        12 + name + 4 + 11 + lengths.iter().map(|(bytes, strings)| 12 + bytes + strings).sum::<usize>();
    let sizes = format!(
        "The SPF record has {} bytes; all {} TXT records of the name have {texts}, and an answer with them {whole}.",
        text.len(),
        lengths.len()
    );
    let draft = if whole > EDNS_BYTES {
        new("spf.size", Status::Warn, Importance::Important, format!("The TXT records of the domain are long ({whole} bytes in one answer)"))
            .words(format!("They do not fit into one datagram, so they are asked again over TCP, and receivers whose network blocks DNS over TCP see no SPF record. {sizes}"))
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove TXT records of services that you no longer use, such as old proofs of ownership.")
    } else if text.len() > FITS_BYTES {
        new(
            "spf.size",
            Status::Warn,
            Importance::Minor,
            format!("The SPF record is long ({} bytes)", text.len()),
        )
        .words(format!(
            "It does not fit into an answer without EDNS, which old networks still block. {sizes}"
        ))
        .remedy(Effort::Low, Changer::YouInTheZone, "Keep the record under 450 bytes.")
    } else if name + texts > FITS_BYTES {
        new("spf.size", Status::Warn, Importance::Minor, format!("The TXT records of the domain are long together ({texts} bytes)"))
            .words(format!("With them the SPF record does not fit into an answer without EDNS, which old networks still block. {sizes}"))
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove TXT records of services that you no longer use, such as old proofs of ownership.")
    } else {
        new("spf.size", Status::Pass, Importance::Minor, "The SPF record fits into every answer").words(sizes)
    };
    draft.rfc(7208, "3.4")
}

/// D14: strings are joined without a blank (section 3.3), which glues terms together.
pub(super) fn strings(context: &Context<'_>) -> Option<Draft> {
    let answer = context.lookups.ask(&context.facts.domain.dns(), RecordType::Txt);
    let strings = answer.records.iter().find_map(|record| match record {
        RecordData::Txt(strings) if super::record::is_spf(&strings.joined()) => Some(strings),
        _ => None,
    })?;
    let draft = match glued(strings) {
        Some(Glued { place, apart }) => {
            let draft = new("spf.strings", Status::Fail, Importance::VeryImportant, "Two SPF terms are glued together")
                .words(format!("The record is published in {} strings, and receivers join them without a space: “{place}” becomes one word.", strings.strings().len()))
                .remedy(Effort::Low, Changer::YouInTheZone, "End the string before it with a space.");
            if SpfRecord::parse(apart.as_bytes()).is_ok() { draft.copy("SPF record", apart) } else { draft }
        }
        None if strings.strings().len() > 1 => {
            new("spf.strings", Status::Pass, Importance::Minor, "The strings of the SPF record join well")
                .words(format!(
                    "The record is published in {} strings, which is right for a long one.",
                    strings.strings().len()
                ))
        }
        None => return None,
    };
    Some(draft.rfc(7208, "3.3"))
}

/// Two terms that meet without a blank.
#[derive(Debug, PartialEq)]
pub(super) struct Glued {
    /// Both, as one word.
    pub(super) place: String,
    /// The record with blanks put in.
    pub(super) apart: String,
}

/// Finds the first two terms that receivers glue together when they join the strings.
pub(super) fn glued(strings: &TxtStrings) -> Option<Glued> {
    let parts: Vec<String> =
        strings.strings().iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    let mut apart = parts.first()?.clone();
    let mut place = None;
    for part in parts.iter().skip(1) {
        let before = apart.rsplit(' ').next().unwrap_or_default().to_owned();
        let is_whole = before.eq_ignore_ascii_case("v=spf1")
            || SpfRecord::parse(format!("v=spf1 {before}").as_bytes())
                .is_ok_and(|record| !record.terms.is_empty());
        if !before.is_empty() && is_whole && begins_term(part) {
            let next = part.split(' ').next().unwrap_or_default();
            place.get_or_insert(format!("{before}{next}"));
            apart.push(' ');
        }
        apart.push_str(part);
    }
    place.map(|place| Glued { place, apart })
}

fn begins_term(text: &str) -> bool {
    let lower = text.trim_start_matches(['+', '-', '~', '?']).to_ascii_lowercase();
    let word = lower.split(' ').next().unwrap_or_default();
    ["include:", "ip4:", "ip6:", "a:", "mx:", "exists:", "redirect="]
        .iter()
        .any(|start| word.starts_with(start))
        || matches!(word, "mx" | "all" | "ptr")
}

/// D19
fn modifiers(text: &[u8], record: &SpfRecord) -> Option<Draft> {
    if record.unknown_modifiers.is_empty() {
        return None;
    }
    let meant: Vec<&String> =
        record.unknown_modifiers.iter().filter(|term| looks_like_mechanism(term)).collect();
    let draft = if meant.is_empty() {
        new(
            "spf.modifiers",
            Status::Info,
            Importance::Minor,
            format!("SPF has modifiers of other standards: {}", listed(&record.unknown_modifiers)),
        )
        .words("They are allowed and have no effect on delivery (“ra”, “rp” and “rr” are those of RFC 6652).")
    } else {
        let draft = new(
            "spf.modifiers",
            Status::Fail,
            Importance::Important,
            format!("SPF terms have “=” where “:” is meant: {}", listed(&meant)),
        )
        .words("Receivers treat them as unknown modifiers and skip them, so these servers may not send.")
        .remedy(Effort::Low, Changer::YouInTheZone, "Write “:” behind the name.");
        match corrected(&String::from_utf8_lossy(text)) {
            Some(record) => draft.copy("SPF record", record),
            None => draft,
        }
    };
    Some(draft.rfc(7208, "6"))
}

/// D22
fn macros(tree: &CostTree) -> Option<Draft> {
    (!tree.by_sender.is_empty()).then(|| {
        new("spf.macros", Status::Info, Importance::Minor, format!("SPF looks at who sends: {}", listed(&tree.by_sender)))
            .words("Such terms (macros) give another answer for each sender, so their price and breadth can only be measured for those that were tried. Some small receivers do not know them.")
            .rfc(7208, "7")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glued_terms_are_found_and_split_values_are_not() {
        let of = |parts: &[&str]| {
            glued(&TxtStrings::new(parts.iter().map(|part| part.as_bytes().to_vec()).collect()))
        };
        let Glued { place, apart } = of(&["v=spf1 include:a.example", "include:b.example -all"]).unwrap();
        assert_eq!(place, "include:a.exampleinclude:b.example");
        assert_eq!(apart, "v=spf1 include:a.example include:b.example -all");
        assert!(of(&["v=spf1 mx", "-all"]).is_some());
        assert_eq!(of(&["v=spf1 include:a.example ", "include:b.example -all"]), None);
        assert_eq!(of(&["v=spf1 include:long", "er.example -all"]), None);
        assert_eq!(of(&["v=spf1 -all"]), None);
    }
}
