use crate::engine::{PracticeLogins, ProjectView, ProviderAnswer, RecordsView, SavedView};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{choose, copying, domain, empty_project, endpoint, finished, mailbox};
use crate::audit::dmarc::Policy;
use crate::audit::spf::SpfResult;
use crate::providers::ProviderId;
use crate::records::{
    Change, DiffLine, DmarcChange, ExportStage, Format, GroupKind, JudgedSender, RecordGroup, RecordsPlan,
    SeenSender, Sender, SenderRole, StageJudgement, SwitchStage,
};
use crate::values::DnsName;

fn line(change: Change, stage: SwitchStage, record: (&str, u32, &str, &str), reason: &str) -> DiffLine {
    let (name, ttl_secs, record_type, value) = record;
    DiffLine {
        change,
        stage,
        name: name.to_owned(),
        ttl_secs,
        record_type: record_type.to_owned(),
        value: value.to_owned(),
        reason: reason.to_owned(),
    }
}

#[expect(clippy::too_many_lines, reason = "a table of samples")]
fn records_plan() -> RecordsPlan {
    use Change::{Add, Keep, Remove};
    use SwitchStage::{AtTheSwitch, Now};
    let group = |kind: GroupKind, purpose: &str, lines: Vec<DiffLine>| RecordGroup {
        kind,
        purpose: purpose.to_owned(),
        lines,
    };
    RecordsPlan {
        groups: vec![
            group(
                GroupKind::Spf,
                "allow Fastmail beside your server; 12 lookups become 4",
                vec![
                    line(
                        Remove,
                        Now,
                        (
                            "@",
                            86_400,
                            "TXT",
                            "v=spf1 mx a:mail.weber-familie.example include:_spf.nordhafen.example include:spf.rechnungsdienst.example ~all",
                        ),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        (
                            "@",
                            3_600,
                            "TXT",
                            "v=spf1 ip4:203.0.113.47 include:spf.messagingengine.com include:spf.rechnungsdienst.example ~all",
                        ),
                        "Fastmail may send as well; your server still may.",
                    ),
                ],
            ),
            group(
                GroupKind::Dkim,
                "Fastmail’s signing keys; yours stays",
                vec![
                    line(
                        Add,
                        Now,
                        ("fm1._domainkey", 3_600, "CNAME", "fm1.weber-familie.example.dkim.fmhosted.com."),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        ("fm2._domainkey", 3_600, "CNAME", "fm2.weber-familie.example.dkim.fmhosted.com."),
                        "",
                    ),
                    line(
                        Add,
                        Now,
                        ("fm3._domainkey", 3_600, "CNAME", "fm3.weber-familie.example.dkim.fmhosted.com."),
                        "Fastmail signs with these.",
                    ),
                    line(
                        Keep,
                        Now,
                        ("s2024._domainkey", 3_600, "TXT", "v=DKIM1; k=rsa; p=MIIBIjANBgkq"),
                        "Your server still signs with it.",
                    ),
                ],
            ),
            group(
                GroupKind::Mx,
                "only the waiting time; mail still goes to your server",
                vec![
                    line(Remove, Now, ("@", 86_400, "MX", "10 mail.weber-familie.example."), ""),
                    line(
                        Add,
                        Now,
                        ("@", 300, "MX", "10 mail.weber-familie.example."),
                        "So that the switch is seen within five minutes.",
                    ),
                    line(Remove, AtTheSwitch, ("@", 300, "MX", "10 mail.weber-familie.example."), ""),
                    line(
                        Add,
                        AtTheSwitch,
                        ("@", 300, "MX", "10 in1-smtp.messagingengine.com."),
                        "New mail arrives at Fastmail.",
                    ),
                ],
            ),
        ],
        senders: vec![
            Sender {
                term: "include:spf.rechnungsdienst.example".to_owned(),
                who: "invoice service".to_owned(),
                is_kept: true,
            },
            Sender {
                term: "include:_spf.vereinsmailer.example".to_owned(),
                who: String::new(),
                is_kept: false,
            },
        ],
        old_keys: vec!["s2024._domainkey".to_owned()],
        judgements: SwitchStage::ALL.into_iter().map(judgement).collect(),
        notes: vec![
            "Fastmail shows the three DKIM names in its settings; compare them before you publish."
                .to_owned(),
        ],
        ..RecordsPlan::empty(domain("weber-familie.example"), ProviderId("fastmail".to_owned()))
    }
}

/// Both servers of the sample pass, as long as they are meant to.
fn judgement(stage: SwitchStage) -> StageJudgement {
    let sender = |role, address: [u8; 4], is_given_up| JudgedSender {
        role,
        address: address.into(),
        before: SpfResult::Pass,
        after: if is_given_up { SpfResult::SoftFail } else { SpfResult::Pass },
        why: String::new(),
        is_given_up,
    };
    StageJudgement {
        stage,
        senders: vec![
            sender(
                SenderRole::OldServer(DnsName::new("mail.weber-familie.example")),
                [203, 0, 113, 47],
                stage == SwitchStage::Later,
            ),
            sender(
                SenderRole::Term("include:spf.rechnungsdienst.example".to_owned()),
                [198, 51, 100, 7],
                false,
            ),
            sender(SenderRole::Seen(SeenSender { messages: 4120, dkim: 4108 }), [203, 0, 113, 48], false),
            sender(SenderRole::Provider, [103, 168, 172, 1], false),
        ],
        dmarc: Some(DmarcChange { before: Some(Policy::None), after: Some(Policy::None) }),
        broken_spf: String::new(),
        refused_hosts: Vec::new(),
        has_gaps: false,
    }
}

fn exports(text: &str) -> Arc<BTreeMap<(ExportStage, Format), String>> {
    let keys = ExportStage::ALL.into_iter().flat_map(|stage| Format::ALL.map(|format| (stage, format)));
    // The zone was read over DNS, so that the whole of it is not known.
    Arc::new(keys.filter(|key| key.1 != Format::Zone).map(|key| (key, text.to_owned())).collect())
}

fn zone_texts(text: &str) -> BTreeMap<SwitchStage, String> {
    SwitchStage::ALL.into_iter().map(|stage| (stage, text.to_owned())).collect()
}

/// The records are prepared.
pub fn with_records() -> ProjectView {
    let mut project = finished();
    let text = "; publish now, stage 1 of 3\n$ORIGIN weber-familie.example.\n@       300 IN MX  10 mail\n@      3600 IN TXT ( \"v=spf1 ip4:203.0.113.47 \"\n    \"include:spf.messagingengine.com ~all\" )\n";
    project.records = RecordsView {
        is_preparing: false,
        plan: Some(Arc::new(records_plan())),
        zone_texts: zone_texts(text),
        exports: exports(text),
        answers: vec![ProviderAnswer {
            name: "verification".to_owned(),
            question: "The verification text that Fastmail shows".to_owned(),
            value: String::new(),
        }],
        error: None,
        saved: BTreeMap::new(),
    };
    project
}

/// Everything is done.
pub fn done() -> ProjectView {
    let mut project = with_records();
    let files = [
        (SwitchStage::Now, "1-now"),
        (SwitchStage::AtTheSwitch, "2-switch"),
        (SwitchStage::Later, "3-later"),
    ];
    let saved = files.map(|(stage, suffix)| {
        let path = PathBuf::from(format!("/home/anna/Documents/weber-familie.example-{suffix}.zone"));
        (stage, SavedView { path, is_current: true })
    });
    project.records.saved = saved.into();
    project
}

/// A practice project in the middle of its copy.
pub fn practice() -> ProjectView {
    let mut project = copying();
    project.is_practice = true;
    project.practice_logins = Some(PracticeLogins {
        words: "Every password of the practice servers is “practice”.".to_owned(),
    });
    project.domain.name = domain("hafen-probe.example");
    project.copy.mailboxes.truncate(3);
    project
}

/// A project whose names are long and not ASCII.
pub fn foreign_names() -> ProjectView {
    let name = format!("{}.weber-köln.example", "sehr-langer-abteilungsname".repeat(2));
    let mut project = empty_project(&name);
    project.domain.source_server = Some(endpoint("mail.weber-familie.example"));
    choose(&mut project);
    project.mailboxes = Arc::new(vec![mailbox(1, "geschäftsführung-und-verwaltung", &name, 12, 4_000)]);
    project
}
