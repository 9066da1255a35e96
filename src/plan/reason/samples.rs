//! Reasons for tests.

use super::{FlagsAfter, Reason};
use crate::message::{RepairStep, RepairTrigger, ServerWords};
use crate::plan::ReasonCode;
use crate::values::SourceUid;

/// One of every reason, with something in each of its parts.
pub fn one_of_each() -> Vec<Reason> {
    let words = || ServerWords { code: Some("LIMIT".to_owned()), text: "[LIMIT] no, not 3".to_owned() };
    let refused = || RepairTrigger::Refused(words());
    let text = || "A / B".to_owned();
    ReasonCode::ALL
        .into_iter()
        .flat_map(|code| match code {
            ReasonCode::NotListed => vec![Reason::NotListed],
            ReasonCode::Gone => vec![Reason::Gone],
            ReasonCode::NotHandedOut => vec![Reason::NotHandedOut],
            ReasonCode::Doubtful => vec![Reason::Doubtful(text())],
            ReasonCode::RefusedBySource => vec![Reason::RefusedBySource(words())],
            ReasonCode::SourceEndsConnection => vec![Reason::SourceEndsConnection],
            ReasonCode::NotTaken => vec![
                Reason::NotTaken(refused()),
                Reason::NotTaken(RepairTrigger::EndsConnection),
                Reason::NotTaken(RepairTrigger::UnsendableDate("31-Feb-2020".to_owned())),
                Reason::NotTaken(RepairTrigger::DisarmReceipt),
            ],
            ReasonCode::NotSaved => vec![Reason::NotSaved { trigger: refused(), error: text() }],
            ReasonCode::Exported => vec![
                Reason::Exported { trigger: refused(), file: text() },
                Reason::Exported { trigger: RepairTrigger::NoRoom, file: text() },
            ],
            ReasonCode::Repaired => vec![
                repaired(refused(), FlagsAfter::AsSent),
                repaired(RepairTrigger::EndsConnection, FlagsAfter::Set),
                repaired(RepairTrigger::UnsendableDate(text()), FlagsAfter::NotKept(vec!["x".to_owned()])),
                repaired(RepairTrigger::DisarmReceipt, FlagsAfter::AsSent),
            ],
            ReasonCode::FolderNotMade => vec![Reason::FolderNotMade { answer: words(), is_label: false }],
            ReasonCode::FolderNotOpened => {
                vec![Reason::FolderNotOpened { answer: words(), is_label: true }]
            }
            ReasonCode::Absent => vec![Reason::Absent],
            ReasonCode::FlagsNotKept => {
                vec![Reason::FlagsNotKept(vec!["\\Flagged".to_owned(), "$x".to_owned()])]
            }
            ReasonCode::SharesCopy => vec![Reason::SharesCopy],
            ReasonCode::FoldedUnread => vec![Reason::FoldedUnread],
            ReasonCode::Labelled => vec![Reason::Labelled],
            ReasonCode::TakenForAnother => vec![Reason::TakenForAnother],
            ReasonCode::LabelRefused => vec![Reason::LabelRefused(words())],
            ReasonCode::LabelNotShown => vec![Reason::LabelNotShown],
            ReasonCode::ShownElsewhere => vec![Reason::ShownElsewhere(text())],
            ReasonCode::CopiedBeforeMove => vec![Reason::CopiedBeforeMove(text())],
            ReasonCode::ArrivedDuringCopy => vec![Reason::ArrivedDuringCopy],
            ReasonCode::DuplicateOf => vec![Reason::DuplicateOf(SourceUid(7))],
            ReasonCode::ShownByView => vec![Reason::ShownByView(text())],
            ReasonCode::FolderLeftOut => vec![Reason::FolderLeftOut],
            ReasonCode::TooOld => vec![Reason::TooOld(-5)],
            ReasonCode::TooNew => vec![Reason::TooNew(1_577_836_800)],
            ReasonCode::TooSmall => vec![Reason::TooSmall(2_000)],
            ReasonCode::TooLarge => vec![Reason::TooLarge(2_000)],
            ReasonCode::NotFound => vec![Reason::NotFound("UNSEEN".to_owned())],
            ReasonCode::OutsideTrial => vec![Reason::OutsideTrial(13)],
            ReasonCode::RestLeftOut => vec![Reason::RestLeftOut],
        })
        .collect()
}

fn repaired(trigger: RepairTrigger, flags: FlagsAfter) -> Reason {
    Reason::Repaired { trigger, steps: vec![RepairStep::LineEnds, RepairStep::Wrap], flags }
}

/// A refusal in these words.
pub fn refused(text: &str) -> Reason {
    Reason::NotTaken(RepairTrigger::Refused(ServerWords { code: None, text: text.to_owned() }))
}
