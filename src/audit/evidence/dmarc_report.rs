//! DMARC aggregate reports (RFC 9990, and RFC 7489 appendix C before it).

use std::net::IpAddr;

use roxmltree::{Document, Node, ParsingOptions};

use super::ReportError;
use super::collector::{MAX_REPORTED, count};
use super::facts::{DmarcFacts, DmarcSource};
use super::report_id::{Identity, ReportId};
use crate::values::UnixTime;

/// Rows of one report.
const MAX_ROWS: usize = 50_000;
/// Nodes of one report; the largest receivers stay far below.
const MAX_NODES: u32 = 2_000_000;
/// Longest name that is kept.
const MAX_NAME: usize = 253;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DmarcReport {
    /// Which report it is, however it came.
    pub id: ReportId,
    /// The receiver that reports.
    pub reporter: String,
    /// Begin of its time.
    pub begin: UnixTime,
    /// End of its time.
    pub end: UnixTime,
    /// The domain that it is about.
    pub domain: String,
    rows: Vec<Row>,
}

/// Messages of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    source: IpAddr,
    messages: u64,
    spf: bool,
    dkim: bool,
    stopped: bool,
    overrides: Vec<String>,
    selectors: Vec<String>,
}

/// Reads a report.
///
/// # Errors
/// Where it is damaged, brings a DTD (entities that grow), or is not a report.
pub fn read_dmarc_report(xml: &[u8]) -> Result<DmarcReport, ReportError> {
    let text = String::from_utf8_lossy(xml);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => ReportError::Definitions,
        other => ReportError::Damaged(other.to_string()),
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "feedback" {
        return Err(ReportError::NoReport("<feedback>"));
    }
    let metadata = child(root, "report_metadata").ok_or(ReportError::NoReport("<report_metadata>"))?;
    let range = child(metadata, "date_range").ok_or(ReportError::NoReport("<date_range>"))?;
    let moment = |name| text_of(range, name).and_then(|text| text.parse().ok()).map(UnixTime);
    let begin = moment("begin").ok_or(ReportError::NoReport("<begin>"))?;
    let end = moment("end").unwrap_or(begin);
    let policy = child(root, "policy_published");
    let reporter = name_of(text_of(metadata, "org_name").unwrap_or("unnamed"));
    let domain = name_of(policy.and_then(|policy| text_of(policy, "domain")).unwrap_or_default());
    let id = text_of(metadata, "report_id").unwrap_or_default();
    let id = ReportId::of(&Identity { reporter: &reporter, id, domain: &domain, begin, end, text });
    Ok(DmarcReport {
        id,
        reporter,
        begin,
        end,
        domain,
        rows: children(root, "record").take(MAX_ROWS).filter_map(row).collect(),
    })
}

fn row(record: Node<'_, '_>) -> Option<Row> {
    let row = child(record, "row")?;
    let policy = child(row, "policy_evaluated");
    let passed = |name| policy.and_then(|policy| text_of(policy, name)).is_some_and(|text| text == "pass");
    let disposition = policy.and_then(|policy| text_of(policy, "disposition")).unwrap_or_default();
    let reasons = policy.into_iter().flat_map(|policy| children(policy, "reason"));
    let results = child(record, "auth_results");
    let signatures = results.into_iter().flat_map(|results| children(results, "dkim")).take(20);
    Some(Row {
        source: text_of(row, "source_ip")?.parse::<IpAddr>().ok()?.to_canonical(),
        messages: text_of(row, "count").and_then(|text| text.parse().ok()).unwrap_or(0).min(1_000_000_000),
        spf: passed("spf"),
        dkim: passed("dkim"),
        stopped: matches!(disposition, "quarantine" | "reject"),
        overrides: reasons.take(10).filter_map(|reason| text_of(reason, "type")).map(name_of).collect(),
        selectors: signatures
            .filter(|signature| text_of(*signature, "result") == Some("pass"))
            .filter_map(|signature| {
                let (selector, domain) = (text_of(signature, "selector")?, text_of(signature, "domain")?);
                Some(name_of(&format!("{selector}._domainkey.{domain}")))
            })
            .collect(),
    })
}

/// Names differ between versions of the format by their namespace only.
fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

fn text_of<'a>(node: Node<'a, '_>, name: &'static str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

fn name_of(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

impl DmarcReport {
    /// Messages in it.
    pub fn messages(&self) -> u64 {
        self.rows.iter().map(|row| row.messages).sum()
    }

    pub(super) fn add_to(&self, facts: &mut DmarcFacts) {
        facts.reports += 1;
        facts.first = Some(facts.first.map_or(self.begin, |first| first.min(self.begin)));
        facts.last = facts.last.max(Some(self.end));
        count(&mut facts.reporters, self.reporter.clone(), self.messages(), MAX_REPORTED);
        for row in &self.rows {
            if !facts.sources.contains_key(&row.source) && facts.sources.len() >= MAX_REPORTED {
                facts.more_messages += row.messages;
                continue;
            }
            let source: &mut DmarcSource = facts.sources.entry(row.source).or_default();
            let add = |place: &mut u64, holds: bool| *place += if holds { row.messages } else { 0 };
            let is_forwarded = row
                .overrides
                .iter()
                .any(|reason| matches!(reason.as_str(), "forwarded" | "trusted_forwarder" | "mailing_list"));
            add(&mut source.messages, true);
            add(&mut source.spf, row.spf);
            add(&mut source.dkim, row.dkim);
            add(&mut source.aligned, row.spf || row.dkim);
            add(&mut source.stopped, row.stopped);
            add(&mut source.forwarded, is_forwarded);
            for reason in &row.overrides {
                count(&mut facts.overrides, reason.clone(), row.messages, 50);
            }
            for selector in &row.selectors {
                count(&mut facts.selectors, selector.clone(), row.messages, 200);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>1.0</version>
 <report_metadata><org_name>google.com</org_name><email>noreply@google.com</email><report_id>7</report_id>
  <date_range><begin>1795000000</begin><end>1795086399</end></date_range></report_metadata>
 <policy_published><domain>weber.example</domain><p>none</p><testing>n</testing></policy_published>
 <record><row><source_ip>198.51.100.25</source_ip><count>40</count>
   <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row>
  <identifiers><header_from>weber.example</header_from></identifiers>
  <auth_results><dkim><domain>weber.example</domain><selector>mail</selector><result>pass</result></dkim>
   <spf><domain>weber.example</domain><result>pass</result></spf></auth_results></record>
 <record><row><source_ip>::ffff:203.0.113.9</source_ip><count>2</count>
   <policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf>
    <reason><type>mailing_list</type></reason></policy_evaluated></row></record>
 <record><row><source_ip>nonsense</source_ip><count>9</count></row></record>
</feedback>"#;

    #[test]
    fn both_versions_of_the_format_are_read() {
        for xml in [REPORT.to_owned(), REPORT.replace(" xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"", "")] {
            let report = read_dmarc_report(xml.as_bytes()).unwrap();
            assert_eq!((report.reporter.as_str(), report.domain.as_str()), ("google.com", "weber.example"));
            assert_eq!(report.messages(), 42);
            let mut facts = DmarcFacts::default();
            report.add_to(&mut facts);
            report.add_to(&mut facts);
            let own = facts.sources[&"198.51.100.25".parse().unwrap()];
            assert_eq!((own.messages, own.spf, own.dkim, own.aligned, own.stopped), (80, 80, 80, 80, 0));
            let other = facts.sources[&"203.0.113.9".parse().unwrap()];
            assert_eq!((other.messages, other.aligned, other.stopped, other.forwarded), (4, 0, 4, 4));
            assert_eq!(facts.selectors["mail._domainkey.weber.example"], 80);
            assert_eq!((facts.reports, facts.overrides["mailing_list"]), (2, 4));
        }
    }

    #[test]
    fn half_reports_and_bombs_are_refused_in_words() {
        let half = &REPORT.as_bytes()[..REPORT.len() / 2];
        assert!(matches!(read_dmarc_report(half), Err(ReportError::Damaged(_))));
        let bomb = format!(
            "<!DOCTYPE f [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><feedback{}",
            REPORT.split_once("<feedback").unwrap().1
        );
        assert_eq!(read_dmarc_report(bomb.as_bytes()), Err(ReportError::Definitions));
        assert_eq!(read_dmarc_report(b"<html></html>"), Err(ReportError::NoReport("<feedback>")));
        assert_eq!(read_dmarc_report(b"<feedback/>"), Err(ReportError::NoReport("<report_metadata>")));
        let broken = REPORT.replace("google.com", "goo\u{7}gle");
        assert!(matches!(read_dmarc_report(broken.as_bytes()), Err(ReportError::Damaged(_))));
    }
}
