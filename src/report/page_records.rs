//! The report's section on the new records.

use super::RecordsReport;
use crate::records::{Change, SwitchStage};

pub(super) struct RecordsPage {
    pub groups: Vec<RecordGroupPage>,
    pub senders: Vec<SenderPage>,
    pub notes: Vec<String>,
    pub zone_text: String,
}

pub(super) struct RecordGroupPage {
    pub heading: String,
    pub purpose: String,
    pub lines: Vec<LinePage>,
}

pub(super) struct LinePage {
    pub class: &'static str,
    pub sign: &'static str,
    pub word: &'static str,
    pub stage: &'static str,
    pub name: String,
    pub ttl_secs: u32,
    pub record_type: String,
    pub value: String,
    pub reason: String,
}

pub(super) struct SenderPage {
    pub term: String,
    pub who: String,
    pub word: &'static str,
}

pub(super) fn records_page(records: &RecordsReport) -> RecordsPage {
    let groups = records.plan.groups.iter().filter(|group| !group.lines.is_empty());
    RecordsPage {
        groups: groups
            .map(|group| RecordGroupPage {
                heading: group.heading().to_owned(),
                purpose: group.purpose.clone(),
                lines: group
                    .lines
                    .iter()
                    .map(|line| {
                        let (class, sign, word) = match line.change {
                            Change::Add => ("add", "+", "New"),
                            Change::Remove => ("del", "−", "Removed"),
                            Change::Keep => ("keep", "=", "Unchanged"),
                        };
                        let stage = match (line.change, line.stage) {
                            (Change::Keep, _) => "",
                            (_, SwitchStage::Now) => "now",
                            (_, SwitchStage::AtTheSwitch) => "at the switch",
                            (_, SwitchStage::Later) => "three days later",
                        };
                        LinePage {
                            class,
                            sign,
                            word,
                            stage,
                            name: line.name.clone(),
                            ttl_secs: line.ttl_secs,
                            record_type: line.record_type.clone(),
                            value: line.value.clone(),
                            reason: line.reason.clone(),
                        }
                    })
                    .collect(),
            })
            .collect(),
        senders: records
            .plan
            .senders
            .iter()
            .map(|sender| SenderPage {
                term: sender.term.clone(),
                who: sender.who.clone(),
                word: if sender.is_kept { "kept" } else { "dropped" },
            })
            .collect(),
        notes: records.plan.notes.clone(),
        zone_text: records.zone_text.clone(),
    }
}
