use super::{ago, domain};
use crate::audit::evidence::{Collector, LogKind, LogReader, SourceKind};
use crate::audit::{
    AddressRange, Area, AuditReport, CellState, Changer, CopyValue, EarlierAudit, Effort, Evidence,
    EvidenceOutcome, Facts, Finding, Group, Importance, ListRow, Outcome, Picture, RangeCell, Reference,
    SpfTreeNode, Status, compare, judge,
};

fn finding(
    id: &str,
    area: Area,
    status: Status,
    group: Group,
    importance: Importance,
    title: &str,
) -> Finding {
    let changer = match group {
        Group::SpeaksForMoving => Changer::YourHoster,
        Group::Passed | Group::NotApplicable => Changer::Nobody,
        _ => Changer::YouInTheZone,
    };
    Finding {
        id: id.to_owned(),
        area,
        status,
        group,
        importance,
        effort: (changer == Changer::YouInTheZone).then_some(Effort::Low),
        changer,
        title: title.to_owned(),
        words:
            "What it is, and what it does to your mail, in plain words that fill a line or two of the page."
                .to_owned(),
        remedy: None,
        copy: None,
        reference: Some(Reference {
            name: "RFC 9989, section 4".to_owned(),
            url: "https://www.rfc-editor.org/rfc/rfc9989".to_owned(),
        }),
        evidence: vec![Evidence {
            query: "_dmarc.weber-familie.example. IN TXT".to_owned(),
            server: "192.0.2.53".to_owned(),
            outcome: EvidenceOutcome::Dns(Outcome::Answer),
            data: vec!["\"v=DMARC1; p=none; pct=100\"".to_owned()],
            at: ago(5_000),
            duration_millis: 14,
        }],
        picture: None,
    }
}

fn spf_nodes() -> Vec<SpfTreeNode> {
    let rows = [
        (0, "mx", 1, 1, 1, "your server"),
        (0, "a:mail.weber-familie.example", 1, 1, 2, "same address again"),
        (0, "include:_spf.nordhafen.example", 1, 4, 3, "hosting provider"),
        (1, "include:_spf4.nordhafen.example", 1, 1, 4, ""),
        (1, "include:_spf6.nordhafen.example", 1, 1, 5, ""),
        (1, "a:relay.nordhafen.example", 1, 1, 6, ""),
        (0, "include:spf.rechnungsdienst.example", 1, 3, 7, "invoice service"),
        (1, "include:eu.rechnungsdienst.example", 1, 1, 8, ""),
        (1, "include:spf.cloudrelay.example", 1, 1, 9, ""),
        (0, "include:_spf.vereinsmailer.example", 1, 3, 10, "not seen in 30 days of reports"),
        (1, "mx", 1, 1, 11, ""),
        (1, "exists:%{i}._spf.vereinsmailer.example", 1, 1, 12, "no such name"),
    ];
    rows.into_iter()
        .map(|(depth, term, lookups, lookups_with_children, running_total, note)| SpfTreeNode {
            depth,
            term: term.to_owned(),
            lookups,
            lookups_with_children,
            running_total,
            is_void: running_total == 12,
            voids_with_children: u32::from(running_total == 12),
            is_read: running_total <= 10,
            note: note.to_owned(),
        })
        .collect()
}

/// What a month of a mail log says: two receivers refuse the range.
pub fn judged() -> AuditReport {
    let now = ago(5_000);
    let mut log = String::new();
    for (host, domain, people, sent, refused, reply) in [
        ("gmail-smtp-in.l.google.com", "gmail.com", 68, 412, 0, ""),
        (
            "a.olc.protection.outlook.com",
            "hotmail.com",
            62,
            9,
            159,
            "550 5.7.1 Unfortunately, messages from [203.0.113.47] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
        ),
        ("mx00.emig.gmx.net", "gmx.de", 28, 96, 0, ""),
        (
            "mx00.t-online.de",
            "t-online.de",
            16,
            0,
            37,
            "554 IP=203.0.113.47 - Dialup/transient IP not allowed. Use a mailgateway or contact toda@rx.t-online.de if obsolete. (DIAL)",
        ),
        ("mx.posteo.example", "posteo.example", 2, 3, 0, ""),
    ] {
        for number in 0..sent + refused {
            let at = now.0 - i64::from(number % 28) * 86_400 - 60;
            let said = if number < refused {
                format!(
                    "status=bounced (host {host}[192.0.2.9] said: {reply} (in reply to MAIL FROM command))"
                )
            } else {
                "status=sent (250 Ok)".to_owned()
            };
            let person = number % people;
            log.extend([
                format!("@{at} mail postfix/smtp[7]: Q{number}{domain}: to=<p{person}@{domain}>, "),
                format!("relay={host}[192.0.2.9]:25, delay=2, {said}\n"),
            ]);
        }
    }
    let mut book = Collector::new();
    LogReader::new(LogKind::Syslog, now).read(log.as_bytes(), &mut book);
    book.end_source("mail.log", SourceKind::MailLog, "");
    let mut facts = Facts::new(domain("weber-familie.example"), now, "system (192.0.2.53)".to_owned());
    facts.evidence = Some(book.finish());
    let told = judge(&facts);
    let read = told.findings.into_iter().filter(|finding| finding.area == Area::Delivery);
    let mut report = report();
    report.findings.extend(read);
    AuditReport { receivers: told.receivers, verdict: told.verdict, ..report }
}

/// A later audit: what an earlier one found has been mended.
pub fn again() -> AuditReport {
    let mut earlier = report();
    earlier.at = ago(700_000);
    earlier.findings.push(finding(
        "tls.expiry",
        Area::Transport,
        Status::Fail,
        Group::TravelsWithYou,
        Importance::Important,
        "The certificate has expired",
    ));
    let mut later = report();
    later.since = Some(compare(&EarlierAudit::of(&earlier, None), &later));
    later
}

/// An audit with findings in every group.
#[expect(clippy::too_many_lines, reason = "a table of samples")]
pub fn report() -> AuditReport {
    use Area::{BlockLists, Dkim, Dmarc, IncomingMail, SendingAddress, Spf, Zone};
    let mut findings = vec![
        finding(
            "lists.outlook",
            BlockLists,
            Status::Fail,
            Group::SpeaksForMoving,
            Importance::VeryImportant,
            "Outlook.com and Hotmail refuse your address range",
        ),
        finding(
            "lists.dial-up",
            BlockLists,
            Status::Fail,
            Group::SpeaksForMoving,
            Importance::Important,
            "T-Online treats your address range as dial-up",
        ),
        finding(
            "spf.too-many-lookups",
            Spf,
            Status::Fail,
            Group::TravelsWithYou,
            Importance::VeryImportant,
            "SPF needs 12 DNS lookups, receivers stop at 10",
        ),
        finding(
            "dmarc.policy-none",
            Dmarc,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Important,
            "DMARC asks receivers to do nothing (p=none)",
        ),
        finding(
            "dkim.short-key",
            Dkim,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Important,
            "The signing key s2019 has only 1024 bits",
        ),
        finding(
            "dmarc.old-tags",
            Dmarc,
            Status::Warn,
            Group::TravelsWithYou,
            Importance::Minor,
            "DMARC tags pct and ri no longer count (RFC 9989)",
        ),
        finding(
            "mx.long-ttl",
            IncomingMail,
            Status::Warn,
            Group::MattersForTheSwitch,
            Importance::Important,
            "MX record is cached for a day (TTL 86400)",
        ),
        finding(
            "lists.not-answered",
            BlockLists,
            Status::Unknown,
            Group::CouldNotBeMeasured,
            Importance::Important,
            "Spamhaus does not answer this resolver",
        ),
        finding(
            "zone.serial",
            Zone,
            Status::Info,
            Group::GoodToKnow,
            Importance::Minor,
            "Two name servers answer with the same serial",
        ),
        finding(
            "ptr.confirmed",
            SendingAddress,
            Status::Pass,
            Group::Passed,
            Importance::Important,
            "The sending address has a confirmed name",
        ),
        finding(
            "mx.present",
            IncomingMail,
            Status::Pass,
            Group::Passed,
            Importance::VeryImportant,
            "MX record found",
        ),
        finding(
            "dkim.ed25519",
            Dkim,
            Status::NotApplicable,
            Group::NotApplicable,
            Importance::Minor,
            "No Ed25519 key is published",
        ),
    ];
    if let Some(spf) = findings.iter_mut().find(|finding| finding.area == Spf) {
        "Receivers may ask DNS ten more questions while reading your SPF record. Yours needs twelve, so strict \
                     receivers stop and treat SPF as broken, for every message you send.".clone_into(&mut spf.words);
        spf.remedy = Some(
            "Publish this record. It costs 4 lookups and passes for all 3 addresses that send for you."
                .to_owned(),
        );
        spf.copy = Some(CopyValue {
            name: "SPF record".to_owned(),
            value: "v=spf1 ip4:203.0.113.47 include:spf.messagingengine.com include:spf.rechnungsdienst.example ~all".to_owned(),
        });
        spf.reference = Some(Reference {
            name: "RFC 7208, section 4.6.4".to_owned(),
            url: "https://www.rfc-editor.org/rfc/rfc7208".to_owned(),
        });
        spf.picture = Some(Picture::SpfTree(spf_nodes()));
    }
    AuditReport {
        since: None,
        domain: domain("weber-familie.example"),
        at: ago(5_000),
        resolver: "system (192.0.2.53)".to_owned(),
        summary: "Most of it is sound. Three checks fail; two of them are about your provider’s address range, not about you.".to_owned(),
        findings,
        receivers: Vec::new(),
        // Without evidence: nothing can be said yet.
        verdict: judge(&Facts::new(domain("weber-familie.example"), ago(5_000), String::new())).verdict,
        ranges: vec![street()],
        dkim_keys: std::collections::BTreeMap::new(),
    }
}

/// The street of the specification's picture: clean oneself, with bad company.
fn street() -> AddressRange {
    const HIGH: [u8; 10] = [12, 13, 44, 45, 58, 76, 77, 141, 203, 204];
    const LOWER: [u8; 13] = [9, 31, 46, 61, 62, 90, 91, 118, 119, 120, 160, 187, 221];
    const SILENT: [u8; 2] = [66, 67];
    let cell = |index: u8| {
        let (state, lists): (CellState, &[&str]) = match index {
            _ if HIGH.contains(&index) => (CellState::HighImpact, &["Spamhaus ZEN"]),
            _ if LOWER.contains(&index) => (CellState::LowerImpact, &["UCEPROTECT level 1"]),
            _ if SILENT.contains(&index) => (CellState::Unknown, &[]),
            _ => (CellState::Clean, &[]),
        };
        RangeCell {
            index,
            place: format!("203.0.113.{index}"),
            state,
            lists: lists.iter().map(|name| (*name).to_owned()).collect(),
            name: (!lists.is_empty()).then(|| format!("v{index}.nordhafen.example")),
            has_generic_name: false,
        }
    };
    let is_asked = |index: &u8| {
        (32..96).contains(index) || index.is_multiple_of(3) || HIGH.contains(index) || LOWER.contains(index)
    };
    let row = |name: &str, zone: &str, judges: &str, impact: &str, status: Status, words: &str| ListRow {
        name: name.to_owned(),
        zone: zone.to_owned(),
        judges: judges.to_owned(),
        impact: impact.to_owned(),
        status,
        words: words.to_owned(),
    };
    AddressRange {
        range: "203.0.113.0/24".to_owned(),
        own: "203.0.113.47".to_owned(),
        own_index: 47,
        cells: (0..=u8::MAX).filter(is_asked).map(cell).collect(),
        lists_asked: vec!["Spamhaus ZEN".to_owned(), "UCEPROTECT level 1".to_owned()],
        prefix: Some("203.0.113.0/24".to_owned()),
        system: Some(64500),
        system_name: Some("NORDHAFEN, DE".to_owned()),
        holder: Some("Nordhafen Hosting GmbH".to_owned()),
        abuse: vec!["abuse@nordhafen.example".to_owned()],
        rows: vec![
            row(
                "Spamhaus ZEN",
                "zen.spamhaus.org",
                "address",
                "High",
                Status::Unknown,
                "No answer: refused because you ask through a public resolver",
            ),
            row("SpamCop", "bl.spamcop.net", "address", "Medium", Status::Pass, "Not listed"),
            row("Mailspike", "bl.mailspike.net", "address", "Medium", Status::Pass, "Not listed"),
            row("PSBL", "psbl.surriel.com", "address", "Low", Status::Pass, "Not listed"),
            row("UCEPROTECT level 1", "dnsbl-1.uceprotect.net", "address", "Low", Status::Pass, "Not listed"),
            row(
                "UCEPROTECT level 2",
                "dnsbl-2.uceprotect.net",
                "range",
                "Low",
                Status::Info,
                "Listed, by range",
            ),
            row(
                "UCEPROTECT level 3",
                "dnsbl-3.uceprotect.net",
                "provider",
                "Low",
                Status::Info,
                "Listed, by provider",
            ),
        ],
        never_asked: vec!["sorbs.net (closed by its owner, 2024-06-05)".to_owned()],
    }
}
