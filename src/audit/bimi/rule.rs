//! K3: judges the BIMI record, the DMARC policy it needs, the logo, and its certificate.

use super::record::{BimiRecord, is_bimi};
use super::{certificate, picture};
use crate::audit::context::Context;
use crate::audit::dmarc::{EffectivePolicy, Policy, effective_policy, registered_domain};
use crate::audit::draft::{Draft, listed};
use crate::audit::web_targets::{https_host, web_evidence};
use crate::audit::{Area, Changer, Effort, Facts, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordType, UnixTime, WebFile, WebOutcome, counted_as};

/// A certificate that ends sooner needs attention now, in seconds: 21 days.
const SOON_SECS: i64 = 21 * 86_400;

fn new(id: &str, status: Status, title: impl Into<String>) -> Draft {
    let draft = Draft::new(id, Area::Dmarc, status, Importance::Minor, title);
    draft.reference(
        "BIMI",
        "https://datatracker.ietf.org/doc/draft-brand-indicators-for-message-identification/",
    )
}

/// Judges what the domain publishes about a picture beside its mail.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    context.lookups.begin();
    let answer = look_up(context);
    let records: Vec<Vec<u8>> = answer.texts().filter(|text| is_bimi(text)).collect();
    let done = |draft: Draft| draft.done(&context.lookups);
    if !answer.outcome.is_known() {
        let title = "Whether a picture is published for your mail could not be measured";
        findings.push(done(Draft::unknown("bimi.record", Area::Dmarc, Importance::Minor, title, answer)));
        return;
    }
    let record = match records.as_slice() {
        [] => {
            findings.push(done(new("bimi.record", Status::NotApplicable, "No picture is published for your mail (BIMI)")
                .words("A few receivers show a logo next to mail from senders that publish one. Mail arrives just as well without it.")));
            return;
        }
        [text] => BimiRecord::parse(text),
        several => Err(format!("there are {} of them", several.len())),
    };
    let record = match record {
        Ok(record) => record,
        Err(why) => {
            findings.push(done(new("bimi.record", Status::Fail, "The BIMI record cannot be used")
                .words(format!("Receivers show no picture: {why}."))
                .remedy(Effort::Low, Changer::YouInTheZone, "Publish one TXT record at default._bimi with “v=BIMI1; l=” and the address of the picture, or take it away.")));
            return;
        }
    };
    if record.picture.is_none() && record.certificate.is_none() {
        findings.push(done(
            new("bimi.record", Status::NotApplicable, "The domain wants no picture shown (BIMI)")
                .words("The record has no address in it, which says so."),
        ));
        return;
    }
    for host in record.urls().iter().filter_map(|url| https_host(url)) {
        // Needed before the files can be fetched.
        context.lookups.addresses(&host);
    }
    findings.push(done(with_policy(context, &record)));
    let urls = [("bimi.picture", &record.picture), ("bimi.certificate", &record.certificate)];
    for (id, url) in urls {
        let Some(url) = url else { continue };
        context.lookups.begin();
        findings.extend(file(context, id, url));
    }
}

/// The record of the domain, or of the one that is registered above it.
fn look_up<'a>(context: &Context<'a>) -> &'a DnsAnswer {
    let domain = context.facts.domain.dns();
    let ask = |domain: &DnsName| {
        context.lookups.ask(&DnsName::new(&format!("default._bimi.{domain}")), RecordType::Txt)
    };
    let own = ask(&domain);
    let above = registered_domain(&domain);
    let has_none = own.outcome.is_known() && !own.texts().any(|text| is_bimi(&text));
    match above.filter(|above| has_none && *above != domain) {
        Some(above) => ask(&above),
        None => own,
    }
}

/// A record counts only where DMARC asks receivers to do something about forged mail.
fn with_policy(context: &Context<'_>, record: &BimiRecord) -> Draft {
    match effective_policy(&context.facts.answers, &context.facts.domain.dns()) {
        Ok(EffectivePolicy::Known(Some(Policy::Quarantine | Policy::Reject))) => {}
        Ok(EffectivePolicy::Known(_)) => {
            return new(
                "bimi.record",
                Status::Fail,
                "A picture is published, and DMARC does not allow it to be shown",
            )
            .words("Receivers show it only where DMARC has p=quarantine or p=reject.")
            .remedy(
                Effort::Medium,
                Changer::YouInTheZone,
                "Bring DMARC to p=quarantine or p=reject first.",
            );
        }
        Ok(EffectivePolicy::Unknown) | Err(_) => {
            return new(
                "bimi.record",
                Status::Unknown,
                "Whether DMARC allows the picture to be shown could not be measured",
            )
            .words("The DNS did not answer for the DMARC record. This is neither a good nor a bad result.")
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            );
        }
    }
    if record.certificate.is_none() {
        return new("bimi.record", Status::Warn, "A picture is published without a certificate")
            .words("Gmail and Apple show pictures with a mark certificate (VMC or CMC) only; Yahoo and a few others do without.")
            .remedy(Effort::High, Changer::YouInTheZone, "Leave it so, or buy a certificate; it costs as much as a trademark and is worth it to large senders only.");
    }
    new("bimi.record", Status::Pass, "A picture with a certificate is published for your mail")
        .words("The record can be read, and DMARC allows receivers to show the picture.")
}

/// The result of one of the files.
fn file(context: &Context<'_>, id: &str, url: &str) -> Option<Finding> {
    let file = context.facts.web_file(url)?;
    let is_picture = id == "bimi.picture";
    let what = if is_picture { "picture" } else { "mark certificate" };
    let bad = |title: String, words: String| {
        new(id, Status::Fail, title).words(words).remedy(
            Effort::Low,
            Changer::YouOnTheServer,
            format!("Let {url} give the {what} over HTTPS, with a valid certificate of the server and without a redirect."),
        )
    };
    let draft = match &file.outcome {
        WebOutcome::Fetched { text, .. } if is_picture => about_picture(text),
        WebOutcome::Fetched { text, .. } => about_certificate(context.facts, text),
        WebOutcome::Timeout | WebOutcome::NotReached { .. } => {
            new(id, Status::Unknown, format!("The {what} could not be fetched"))
                .words("The web server was not reached from where the audit ran. This is neither a good nor a bad result.")
                .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while.")
        }
        other => bad(format!("The {what} cannot be had: {other}"), "Receivers show no picture.".to_owned()),
    };
    Some(with_file(draft.done(&context.lookups), file))
}

fn with_file(mut finding: Finding, file: &WebFile) -> Finding {
    finding.evidence.push(web_evidence(file));
    finding
}

fn about_picture(text: &str) -> Draft {
    let faults = picture::faults(text);
    if faults.is_empty() {
        return new("bimi.picture", Status::Pass, "The logo has the form that receivers accept")
            .words("It is SVG Tiny Portable/Secure, with nothing in it that moves, runs or fetches.");
    }
    new("bimi.picture", Status::Fail, "The logo does not have the form that receivers accept")
        .words(format!("They require SVG Tiny Portable/Secure, and in this one {}.", listed(&faults)))
        .remedy(Effort::Medium, Changer::YouOnTheServer, "Export the logo again as SVG Tiny 1.2 with the profile “tiny-ps”, and check the file in a text editor.")
}

fn about_certificate(facts: &Facts, pem: &str) -> Draft {
    let renew = "Have the issuer make a new mark certificate for the domain, and put it there.";
    let bad = |title: &str, words: String| {
        new("bimi.certificate", Status::Fail, title).words(words).remedy(
            Effort::High,
            Changer::YouInTheZone,
            renew,
        )
    };
    let Some(mark) = certificate::read(pem) else {
        return bad(
            "The mark certificate cannot be read",
            "The file has no certificate in PEM form.".to_owned(),
        );
    };
    let UnixTime(now) = facts.at;
    if !mark.is_for_marks || !mark.has_logo {
        return bad(
            "The certificate is no mark certificate",
            "It is not made for pictures beside mail, or has none inside.".to_owned(),
        );
    }
    if !mark.covers(facts.domain.as_ascii()) {
        return bad(
            "The mark certificate is for another domain",
            format!("It names {}.", listed(&mark.names)),
        );
    }
    if now > mark.not_after.0 {
        return bad("The mark certificate has run out", "Receivers show no picture any more.".to_owned());
    }
    if now < mark.not_before.0 {
        return bad(
            "The mark certificate is not valid yet",
            "Receivers show no picture until then.".to_owned(),
        );
    }
    let left = usize::try_from((mark.not_after.0 - now) / 86_400).unwrap_or(0);
    let left = counted_as(left, "day", "days");
    if mark.not_after.0 - now < SOON_SECS {
        return new("bimi.certificate", Status::Warn, format!("The mark certificate expires in {left}"))
            .words("Receivers then show no picture any more.")
            .remedy(Effort::Medium, Changer::YouInTheZone, renew);
    }
    new("bimi.certificate", Status::Pass, format!("The mark certificate is valid for {left} more"))
        .words(format!("It is for this domain and has a picture inside. Issued by {}; whether receivers trust the issuer was not tested.", mark.issuer))
}

/// The files that the record names, where they are worth fetching.
pub(in crate::audit) fn urls(context: &Context<'_>) -> Vec<String> {
    let answer = look_up(context);
    let records: Vec<Vec<u8>> = answer.texts().filter(|text| is_bimi(text)).collect();
    let [text] = records.as_slice() else { return Vec::new() };
    let Ok(record) = BimiRecord::parse(text) else { return Vec::new() };
    record.urls()
}
