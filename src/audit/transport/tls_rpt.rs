//! TLS-RPT: where senders report failures of TLS.

use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsName, RecordType};

/// Texts at the name, and addresses, that are kept for a proposal.
const MAX_TEXTS: usize = 8;
const MAX_TARGETS: usize = 8;

/// Where senders report what fails in TLS (RFC 8460 section 3).
pub(super) fn judge(context: &Context<'_>, has_promise: bool, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let domain = &context.facts.domain;
    let name = DnsName::new(&format!("_smtp._tls.{}", domain.as_ascii()));
    let answer = lookups.ask(&name, RecordType::Txt);
    if !answer.outcome.is_known() {
        let title = "Whether reports about TLS are asked for could not be measured";
        findings.push(
            Draft::unknown("tls-rpt.record", Area::Transport, Importance::Minor, title, answer).done(lookups),
        );
        return;
    }
    // Senders look for “v=TLSRPTv1” in this case alone; what is written otherwise was meant to be one.
    let records: Vec<String> = answer
        .texts()
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .filter(|text| text.to_ascii_lowercase().contains("tlsrpt"))
        .collect();
    let draft = |status, title: &str| {
        Draft::new("tls-rpt.record", Area::Transport, status, Importance::Minor, title).rfc(8460, "3")
    };
    let own = own_targets(&records);
    let (proposal, publish) = if own.is_empty() {
        (
            format!("v=TLSRPTv1; rua=mailto:tls-reports@{}", domain.as_ascii()),
            format!("Publish this text at {name}, with an address that somebody reads."),
        )
    } else {
        (
            format!("v=TLSRPTv1; rua={}", own.join(",")),
            format!("Publish this one text at {name} in its place. It has your own addresses."),
        )
    };
    let finding = match records.as_slice() {
        [] if has_promise => draft(Status::Warn, "Nobody learns when senders fail with TLS")
            .words("Mail must be encrypted on its way, and if that fails senders hold it back. Reports would tell you (TLS-RPT).")
            .remedy(Effort::Low, Changer::YouInTheZone, publish)
            .copy("TLS-RPT record", proposal),
        [] => draft(Status::Info, "Reports about TLS are not asked for")
            .words("Senders could report once a day how TLS with your mail hosts went (TLS-RPT). That is worth having before DANE or MTA-STS are used."),
        [only] => match targets(only) {
            Ok(targets) => draft(Status::Pass, "Senders report how TLS went")
                .words(format!("Reports go to {}.", crate::audit::draft::listed(&targets))),
            Err(why) => draft(Status::Fail, "The record for reports about TLS is broken")
                .words(format!("In the record, {why}. No reports come."))
                .remedy(Effort::Low, Changer::YouInTheZone, publish)
                .copy("TLS-RPT record", proposal),
        },
        _ => draft(Status::Fail, "There are several records for reports about TLS")
            .words("Senders take none of them.")
            .remedy(Effort::Low, Changer::YouInTheZone, publish)
            .copy("TLS-RPT record", proposal),
    };
    findings.push(finding.done(lookups));
}

/// Where reports go; in words, why they go nowhere.
fn targets(record: &str) -> Result<Vec<String>, &'static str> {
    let (version, fields) = record.split_once(';').unwrap_or((record, ""));
    if !version.starts_with("v=TLSRPTv1") {
        return Err("it does not begin with “v=TLSRPTv1;”, in this case");
    }
    if version.trim_end() != "v=TLSRPTv1" {
        return Err("a semicolon is missing behind “v=TLSRPTv1”");
    }
    let fields = fields.split(';').map(str::trim);
    let mut rua = fields.filter_map(|field| field.split_once('=')).filter(|(key, _)| key.trim() == "rua");
    let (_, first) = rua.next().ok_or("“rua” is missing")?;
    if rua.next().is_some() {
        return Err("“rua” occurs twice, and senders take one of them or none");
    }
    let targets: Vec<String> = first.split(',').map(|uri| uri.trim().to_owned()).collect();
    targets
        .iter()
        .all(|uri| is_target(uri))
        .then_some(targets)
        .ok_or("“rua” contains something other than “mailto:” or “https://” addresses")
}

/// Whether senders can report to this address (RFC 8460 section 3).
fn is_target(uri: &str) -> bool {
    let lower = uri.to_ascii_lowercase();
    let mail = lower.strip_prefix("mailto:").is_some_and(|address| {
        address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
    });
    let is_address = mail || lower.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    is_address && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The addresses of records that are broken, each once, with the scheme that was forgotten.
fn own_targets(records: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let separators = [',', ';', ' ', '\t', '"', '\\'];
    for word in records.iter().take(MAX_TEXTS).flat_map(|record| record.split(separators)) {
        let word = word.strip_prefix("rua").map_or(word, |value| value.trim_start_matches([' ', '=', ':']));
        let mail = format!("mailto:{word}");
        let uri = if is_target(word) {
            word
        } else if !word.contains(':') && is_target(&mail) {
            mail.as_str()
        } else {
            continue;
        };
        if found.len() < MAX_TARGETS && !found.iter().any(|known| known == uri) {
            found.push(uri.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let read = |text: &str| targets(text);
        assert_eq!(read("v=TLSRPTv1; rua=mailto:a@b.example,https://r.example/x").unwrap().len(), 2);
        for bad in [
            "v=TLSRPTv1",
            "v=TLSRPTv1 rua=mailto:a@b.example",
            "v=TLSRPTv1; rua=",
            "v=TLSRPTv1; rua=a@b.example",
            "v=TLSRPTv1; rua=http://r.example/",
            "v=tlsrptv1; rua=mailto:a@b.example",
            "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@d.example",
            "v=TLSRPTv1; rua=mailto:a b@d.example",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_own_addresses_survive() {
        for (records, expected) in [
            (vec!["v=TLSRPTv1 rua=mailto:a@b.example"], vec!["mailto:a@b.example"]),
            (vec!["v=TLSRPTv1; rua=a@b.example"], vec!["mailto:a@b.example"]),
            (vec!["v=TLSRPTv1;rua=mailto:a@b.example,ftp://x"], vec!["mailto:a@b.example"]),
            (
                vec!["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=https://r.example/x"],
                vec!["mailto:a@b.example", "https://r.example/x"],
            ),
            (vec!["v=TLSRPTv1; rua=mailto:"], vec![]),
            (vec!["v=TLSRPTv1; rua=mailto:\u{1b}@b.example"], vec![]),
        ] {
            let records: Vec<String> = records.into_iter().map(str::to_owned).collect();
            assert_eq!(own_targets(&records), expected, "{records:?}");
        }
    }
}
