use super::*;
use crate::providers::ProviderId;
use crate::records::{GroupKind, RecordGroup, ZoneData, parse_zone_file};
use crate::values::DomainName;

fn plan(lines: Vec<DiffLine>) -> RecordsPlan {
    RecordsPlan {
        groups: vec![RecordGroup { kind: GroupKind::Spf, purpose: "Who may send".to_owned(), lines }],
        notes: vec!["first\n@ IN MX 0 evil.example.".to_owned()],
        ..RecordsPlan::empty(
            DomainName::parse("weber-köln.example").unwrap(),
            ProviderId("fastmail".to_owned()),
        )
    }
}

fn line(change: Change, stage: SwitchStage, record_type: &str, name: &str, value: &str) -> DiffLine {
    DiffLine {
        change,
        stage,
        name: name.to_owned(),
        ttl_secs: 3600,
        record_type: record_type.to_owned(),
        value: value.to_owned(),
        reason: "because".to_owned(),
    }
}

fn records(plan: &RecordsPlan, through: SwitchStage) -> Vec<String> {
    let text = render_bind(plan, &BindOptions { through, made_at: None });
    let zone = parse_zone_file(&text, &plan.domain).unwrap();
    zone.records
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.data.record_type(), record.data.shown()))
        .collect()
}

#[test]
fn only_stages_that_are_asked_for_are_written_out() {
    let plan = plan(vec![
        line(Change::Remove, SwitchStage::Now, "TXT", "@", "v=spf1 a -all"),
        line(Change::Add, SwitchStage::Now, "TXT", "@", "v=spf1 a include:p.example -all"),
        line(Change::Remove, SwitchStage::AtTheSwitch, "MX", "@", "10 old.example."),
        line(Change::Add, SwitchStage::AtTheSwitch, "MX", "@", "10 new.example."),
        line(Change::Remove, SwitchStage::Later, "TXT", "@", "v=spf1 a include:p.example -all"),
        line(Change::Add, SwitchStage::Later, "TXT", "@", "v=spf1 include:p.example -all"),
        line(Change::Keep, SwitchStage::Now, "TXT", "_dmarc", "v=DMARC1; p=none"),
    ]);
    let kept = "_dmarc TXT v=DMARC1; p=none";
    let overlap = "@ TXT v=spf1 a include:p.example -all";
    assert_eq!(records(&plan, SwitchStage::Now), [overlap, "@ MX 10 old.example.", kept]);
    assert_eq!(records(&plan, SwitchStage::AtTheSwitch), [overlap, "@ MX 10 new.example.", kept]);
    let last = "@ TXT v=spf1 include:p.example -all";
    assert_eq!(records(&plan, SwitchStage::Later), ["@ MX 10 new.example.", last, kept]);
}

#[test]
fn the_text_stands_on_its_own() {
    let text = render_bind(
        &plan(vec![line(Change::Add, SwitchStage::Now, "TXT", "@", "hello")]),
        &BindOptions { made_at: Some("2026-11-15 09:12 UTC".to_owned()), ..BindOptions::default() },
    );
    assert!(text.contains("\n$ORIGIN xn--weber-kln-67a.example.\n$TTL 3600\n"), "{text}");
    assert!(text.contains("; made 2026-11-15 09:12 UTC\n"));
    assert!(text.contains("weber-köln.example"));
}

#[test]
fn nothing_breaks_out_of_its_line() {
    let hostile = "x\" ) ; \\ \n$INCLUDE /etc/passwd\n@ IN MX 0 evil.example.";
    let plan = plan(vec![
        line(Change::Add, SwitchStage::Now, "TXT", "@", hostile),
        line(
            Change::Add,
            SwitchStage::Now,
            "CNAME",
            "a b\n$INCLUDE x",
            "evil.example.\n@ MX 0 evil.example.",
        ),
        line(Change::Remove, SwitchStage::Now, "TXT", "@", hostile),
        line(Change::Add, SwitchStage::Now, "NS", "@", "x\n@ IN MX 0 evil.example."),
        line(Change::Add, SwitchStage::Now, "MX", "@", "ten evil.example."),
    ]);
    let text = render_bind(&plan, &BindOptions::default());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(';')) {
        assert!(line.is_ascii(), "{line}");
        assert!(!line.starts_with("$INCLUDE"), "{line}");
        assert_ne!(line.split_ascii_whitespace().nth(3), Some("MX"), "{line}");
    }
    let zone = parse_zone_file(&text, &plan.domain).unwrap();
    assert_eq!(zone.records.len(), 3);
    assert!(zone.records.iter().all(|record| !matches!(record.data, ZoneData::Mx(..))), "{text}");
    assert_eq!(zone.records[0].data, ZoneData::Txt(hostile.as_bytes().to_vec()));
}
