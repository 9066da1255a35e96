//! Plans how the DMARC policy is tightened after the switch: step by step, each with its earliest day and what must be seen first.

use serde::{Deserialize, Serialize};

use crate::audit::dmarc::{DmarcRecord, Policy, tightened};

/// Days of reports that show every sender; weekly and monthly mail is among them.
const DAYS_PER_STEP: u32 = 28;
/// Days after the switch until the old server sends nothing any more.
const DAYS_UNTIL_LATER: u32 = 3;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmarcStep {
    /// The policy of this step.
    pub policy: Policy,
    /// The earliest day, counted from the switch.
    pub days_after_switch: u32,
    /// The record at `_dmarc`.
    pub record: String,
    /// What the owner must have seen before.
    pub see_first: String,
}

/// The steps from the record that is published with the first stage to `p=reject`. Nothing where it is strict already.
pub(super) fn ramp(record: &str) -> Vec<DmarcStep> {
    let read = DmarcRecord::parse(record.as_bytes());
    let from = read.policy.unwrap_or(Policy::None);
    let has_reports = !read.report_domains.is_empty();
    let mut day = DAYS_UNTIL_LATER;
    let steps = [Policy::Quarantine, Policy::Reject].into_iter().filter(|policy| *policy > from);
    steps
        .filter_map(|policy| {
            day += DAYS_PER_STEP;
            let reports = if has_reports {
                "DMARC reports of four weeks in which all mail of your own passes"
            } else {
                "DMARC reports of four weeks (add rua=mailto:… first) in which all mail of your own passes"
            };
            let see_first = match policy {
                Policy::Reject => {
                    format!("{reports}, and nobody who misses a message since quarantine began.")
                }
                _ => format!("{reports}, with the signature (DKIM) of the new provider."),
            };
            Some(DmarcStep { policy, days_after_switch: day, record: tightened(record, policy)?, see_first })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_keeps_the_rest_of_the_record() {
        let steps = ramp("v=DMARC1; p=none; rua=mailto:a@b.example; adkim=s");
        let records: Vec<(u32, &str)> =
            steps.iter().map(|step| (step.days_after_switch, step.record.as_str())).collect();
        assert_eq!(
            records,
            [
                (31, "v=DMARC1; p=quarantine; rua=mailto:a@b.example; adkim=s"),
                (59, "v=DMARC1; p=reject; rua=mailto:a@b.example; adkim=s"),
            ]
        );
        assert_eq!(ramp("v=DMARC1; p=quarantine").len(), 1);
        assert!(ramp("v=DMARC1; p=quarantine")[0].see_first.contains("rua=mailto"));
        assert_eq!(ramp("v=DMARC1; p=reject"), []);
    }
}
