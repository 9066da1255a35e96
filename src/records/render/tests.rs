use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::providers::{Catalogue, ProviderId};
use crate::records::{SwitchStage, ZoneData, desired, parse_zone_file};
use crate::values::DomainName;

const ZONE: &str = "@ SOA ns.example. host.d.example. 41 7200 900 1209600 300\n@ NS ns.example.\n\
    @ 86400 MX 10 mail\nmail A 203.0.113.10\n@ CAA 0 issue \"ca.example\"\n@ TXT \"v=spf1 mx -all\"\n\
    @ TXT \"verification=\\\"1;2\\\" \\195\\164\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@d.example\"\n\
    _imaps._tcp SRV 0 1 993 mail\nfm1._domainkey TXT \"v=DKIM1; p=QUJD\"\n";

fn zone() -> CurrentZone {
    parse_zone_file(ZONE, &DomainName::parse("d.example").unwrap()).unwrap()
}

fn plan(zone: &CurrentZone) -> RecordsPlan {
    let fastmail = Catalogue::embedded().get(&ProviderId("fastmail".to_owned())).unwrap().clone();
    desired(&fastmail, &BTreeMap::new(), zone, &BTreeSet::new())
}

const NOW: ExportStage = ExportStage::Stage(SwitchStage::Now);
const SWITCH: ExportStage = ExportStage::Stage(SwitchStage::AtTheSwitch);
const LATER: ExportStage = ExportStage::Stage(SwitchStage::Later);

fn shown(records: &[crate::records::ZoneRecord]) -> BTreeSet<String> {
    let shown = |record: &crate::records::ZoneRecord| {
        format!("{} {} {}", record.name, record.data.record_type(), record.data.shown())
    };
    records.iter().map(shown).collect()
}

#[test]
fn the_stages_follow_one_another_and_the_way_back_leads_to_the_old_hosts() {
    let zone = zone();
    let plan = plan(&zone);
    let mut state = zone.records.clone();
    for stage in [NOW, SWITCH, LATER] {
        let sets = stage_sets(&plan, &zone, stage);
        for change in &sets.changes {
            let old: Vec<&ZoneData> = state
                .iter()
                .filter(|one| one.name == change.name && one.data.record_type() == change.record_type)
                .map(|one| &one.data)
                .collect();
            let before: Vec<&ZoneData> = change.before.iter().flat_map(|set| &set.values).collect();
            assert_eq!(old.len(), before.len(), "{stage:?} {change:?}");
            assert!(before.iter().all(|value| old.contains(value)), "{stage:?} {change:?}");
        }
        state = sets.after;
    }
    let back = stage_sets(&plan, &zone, ExportStage::Rollback);
    let after = shown(&back.after);
    assert!(after.contains("@ MX 10 mail.d.example."), "{after:?}");
    assert!(!after.iter().any(|line| line.contains("in1-smtp")));
    assert!(after.iter().any(|line| line.contains("ip4:203.0.113.10") && line.contains("messagingengine")));
    let now = stage_sets(&plan, &zone, NOW);
    let mx = now.changes.iter().find(|change| change.record_type == "MX").unwrap();
    assert_eq!(mx.after.as_ref().unwrap().ttl_secs, 300, "only the waiting time changes");
    assert_eq!((mx.added().count(), mx.removed().count()), (0, 0));
}

#[test]
fn what_belongs_to_others_is_in_every_set_and_in_no_change() {
    let zone = zone();
    let plan = plan(&zone);
    for stage in ExportStage::ALL {
        let sets = stage_sets(&plan, &zone, stage);
        let verification = "verification=\"1;2\" ä";
        assert!(shown(&sets.after).contains(&format!("@ TXT {verification}")), "{stage:?}");
        for change in sets.changes.iter().filter(|change| change.name == "@" && change.record_type == "TXT") {
            assert!(change.after.as_ref().unwrap().values.iter().any(|value| value.shown() == verification));
            assert!(!change.added().chain(change.removed()).any(|value| value.shown() == verification));
        }
    }
}

#[test]
fn the_whole_zone_keeps_everything_else() {
    let zone = zone();
    let plan = plan(&zone);
    let text = render(&plan, &zone, SWITCH, Format::Zone).unwrap();
    assert!(
        text.contains("CAA   0 issue \"ca.example\"") && text.contains("host.d.example. 42 7200"),
        "{text}"
    );
    let read = parse_zone_file(&text, &plan.domain).unwrap();
    assert_eq!(shown(&read.records), shown(&stage_sets(&plan, &zone, SWITCH).after));
    let asked = CurrentZone { is_whole: false, ..zone.clone() };
    assert_eq!(render(&plan, &asked, SWITCH, Format::Zone), Err(NotWhole));
}

#[test]
fn the_whole_zone_keeps_what_is_only_passed_on() {
    let kept = "$ORIGIN d.example.\n$GENERATE 1-9 host$ A 203.0.113.$\n";
    let zone = parse_zone_file(
        "@ MX 10 mail\n$GENERATE 1-9 host$ A 203.0.113.$\nx TYPE65280 \\# 3 616263\n",
        &zone().domain,
    )
    .unwrap();
    let text = render(&plan(&zone), &zone, SWITCH, Format::Zone).unwrap();
    assert!(text.ends_with(kept) && text.contains("TYPE65280 \\# 3 616263\n"), "{text}");
}

#[test]
fn route_53_deletes_a_text_before_an_alias_takes_its_place() {
    let zone = zone();
    let json = render(&plan(&zone), &zone, SWITCH, Format::Route53).unwrap();
    let batch: serde_json::Value = serde_json::from_str(&json).unwrap();
    let changes = batch["Changes"].as_array().unwrap();
    let of = |action: &str, kind: &str| {
        changes.iter().position(|change| {
            change["Action"] == action
                && change["ResourceRecordSet"]["Type"] == kind
                && change["ResourceRecordSet"]["Name"] == "fm1._domainkey.d.example."
        })
    };
    assert!(of("DELETE", "TXT").unwrap() < of("UPSERT", "CNAME").unwrap(), "{json}");
    let now = render(&plan(&zone), &zone, NOW, Format::Route53).unwrap();
    assert!(now.contains(r#"\"verification=\\\"1;2\\\" \\303\\244\""#), "octal escapes: {now}");
}

#[test]
fn a_cell_that_would_be_a_formula_is_text() {
    let mut zone = zone();
    let mut plan = plan(&zone);
    for text in ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", " =1"] {
        let line = crate::records::DiffLine {
            change: crate::records::Change::Add,
            stage: SwitchStage::Now,
            name: "x".to_owned(),
            ttl_secs: 60,
            record_type: "TXT".to_owned(),
            value: text.to_owned(),
            reason: text.to_owned(),
        };
        plan.groups[0].lines.push(line);
    }
    zone.seen.clear();
    let csv = render(&plan, &zone, NOW, Format::Csv).unwrap();
    for row in csv.lines().filter(|row| row.contains("x.d.example")) {
        for start in ["=", "+", "-", "@", "\t", " ="] {
            assert!(!row.contains(&format!(",{start}")) && !row.contains(&format!(",\"{start}")), "{row}");
        }
    }
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{csv}");
}

#[test]
fn the_other_formats_say_what_goes() {
    let zone = zone();
    let plan = plan(&zone);
    let cloudflare = render(&plan, &zone, SWITCH, Format::Cloudflare).unwrap();
    assert!(cloudflare.contains(";;   d.example MX 10 mail.d.example."), "{cloudflare}");
    assert!(
        cloudflare.contains("fm1.d.example.dkim.fmhosted.com. ; cf_tags=cf-proxied:false"),
        "{cloudflare}"
    );
    let js = render(&plan, &zone, SWITCH, Format::DnsControl).unwrap();
    assert!(js.contains("//   MX(\"@\", 10, \"mail.d.example.\")"), "{js}");
    assert!(
        js.contains("D_EXTEND(\"d.example\",\n  MX(\"@\", 10, \"in1-smtp.messagingengine.com.\", TTL(300))"),
        "{js}"
    );
    let yaml = render(&plan, &zone, NOW, Format::OctoDns).unwrap();
    assert!(yaml.contains("\"v=spf1 ip4:203.0.113.10 include:spf.messagingengine.com -all\""), "{yaml}");
    assert!(yaml.contains("verification=\\\"1\\\\;2\\\" ä"), "{yaml}");
    let table = render(&plan, &zone, SWITCH, Format::Table).unwrap();
    assert!(
        table.contains("Add MX\n  Name      @   (d.example)\n  TTL       300\n  Priority  10\n"),
        "{table}"
    );
    let back = render(&plan, &zone, ExportStage::Rollback, Format::Bind).unwrap();
    assert!(
        back.lines().any(|line| line.starts_with('@') && line.ends_with("MX    10 mail.d.example.")),
        "{back}"
    );
    assert!(back.contains("; - @"), "{back}");
}
