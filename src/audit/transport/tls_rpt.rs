use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsName, RecordType};

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
    let records: Vec<String> = answer
        .texts()
        .filter(|text| text.starts_with(b"v=TLSRPTv1"))
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect();
    let draft = |status, title: &str| {
        Draft::new("tls-rpt.record", Area::Transport, status, Importance::Minor, title).rfc(8460, "3")
    };
    let proposal = format!("v=TLSRPTv1; rua=mailto:tls-reports@{}", domain.as_ascii());
    let publish = format!("Publish this text at {name}, with an address that somebody reads.");
    let finding = match records.as_slice() {
        [] if has_promise => draft(Status::Warn, "Nobody is told when senders fail with TLS")
            .words("Mail is to be protected on its way, and where that fails senders hold it back. Reports would tell you (TLS-RPT).")
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
    let mut fields = record.split(';').map(str::trim);
    if fields.next() != Some("v=TLSRPTv1") {
        return Err("a semicolon is missing behind “v=TLSRPTv1”");
    }
    let rua = fields.find_map(|field| field.split_once('=').filter(|(key, _)| key.trim() == "rua"));
    let (_, rua) = rua.ok_or("“rua” is missing")?;
    let targets: Vec<String> = rua.split(',').map(|uri| uri.trim().to_owned()).collect();
    let is_good = |uri: &String| {
        let lower = uri.to_ascii_lowercase();
        let mail = lower.strip_prefix("mailto:").is_some_and(|address| {
            address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        });
        mail || lower.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
    };
    targets
        .iter()
        .all(is_good)
        .then_some(targets)
        .ok_or("“rua” holds something else than “mailto:” or “https://” addresses")
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
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
