//! What the page says of the copy.

use super::CopyReport;
use super::format::{adds_up, counted, equation, grouped, states, utc};
use crate::plan::{LedgerSum, MessageState};

pub(super) struct CopyPage {
    pub times: String,
    pub equation: String,
    pub adds_up: bool,
    pub states: Vec<(String, String)>,
    /// States in which a message is not at the destination.
    pub left: Vec<(String, String)>,
    pub source_count: String,
    pub mailboxes: Vec<MailboxPage>,
    pub problems: Vec<ProblemPage>,
    pub proof: Option<String>,
    pub selection: Option<String>,
}

pub(super) struct MailboxPage {
    pub address: String,
    pub equation: String,
    pub adds_up: bool,
    pub folders: Vec<FolderPage>,
}

pub(super) struct FolderPage {
    pub name: String,
    pub remark: String,
    pub equation: String,
}

pub(super) struct ProblemPage {
    pub class: &'static str,
    pub word: &'static str,
    pub count: String,
    pub cause: String,
    pub way_out: String,
    pub samples: Vec<String>,
}

pub(super) fn copy_page(copy: &CopyReport) -> CopyPage {
    let sum = copy.sum();
    let times = match (copy.started_at, copy.finished_at) {
        (Some(from), Some(to)) => format!("Copied between {} and {}.", utc(from), utc(to)),
        (Some(from), None) => format!("Begun {}, not finished yet.", utc(from)),
        (None, _) => "Not begun yet.".to_owned(),
    };
    CopyPage {
        times,
        equation: equation(&sum),
        adds_up: adds_up(&sum),
        states: states(&sum)
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| (grouped(*count), (*word).to_owned()))
            .collect(),
        left: [
            (sum.refused, "refused by the destination"),
            (sum.exported, "saved as .eml beside the project"),
            (sum.vanished, "gone from the source before they were copied"),
            (sum.left_out, "left out by choice"),
            (sum.to_do, "still to copy"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| (counted(count, "message"), words.to_owned()))
        .collect(),
        source_count: grouped(sum.source_count),
        mailboxes: copy
            .mailboxes
            .iter()
            .map(|mailbox| MailboxPage {
                address: mailbox.address.clone(),
                equation: equation(&mailbox.sum),
                adds_up: adds_up(&mailbox.sum),
                folders: mailbox
                    .folders
                    .iter()
                    .map(|folder| FolderPage {
                        name: folder.name.clone(),
                        remark: folder.remark.clone(),
                        equation: equation(&folder.sum),
                    })
                    .collect(),
            })
            .collect(),
        problems: copy
            .problems
            .iter()
            .map(|problem| {
                let (class, word) = state_words(problem.state);
                ProblemPage {
                    class,
                    word,
                    count: counted(problem.count, "message"),
                    cause: problem.cause.clone(),
                    way_out: problem.way_out.clone(),
                    samples: problem.samples.clone(),
                }
            })
            .collect(),
        proof: copy.proof.clone(),
        selection: copy.selection.clone(),
    }
}

/// The headline: what the ledger proves, and nothing more.
pub(super) fn headline(copy: Option<&CopyReport>) -> String {
    let Some(copy) = copy else { return "Nothing was copied yet".to_owned() };
    let sum: LedgerSum = copy.sum();
    if !adds_up(&sum) {
        "The ledger does not add up".to_owned()
    } else if sum.source_count == 0 {
        "Nothing was copied yet".to_owned()
    } else if sum.to_do > 0 {
        format!("{} still to copy", counted(sum.to_do, "message"))
    } else if sum.refused > 0 {
        format!("Every message is accounted for, {} refused", grouped(sum.refused))
    } else {
        "Every message is accounted for".to_owned()
    }
}

const fn state_words(state: MessageState) -> (&'static str, &'static str) {
    match state {
        MessageState::ToDo => ("unknown", "To do"),
        MessageState::InFlight => ("unknown", "Under way"),
        MessageState::Copied => ("pass", "Copied"),
        MessageState::AlreadyThere => ("info", "Already there"),
        MessageState::Repaired => ("info", "Repaired"),
        MessageState::Exported => ("warn", "Saved as .eml"),
        MessageState::Refused => ("fail", "Refused"),
        MessageState::Vanished => ("info", "Vanished"),
        MessageState::LeftOut => ("na", "Left out"),
    }
}
