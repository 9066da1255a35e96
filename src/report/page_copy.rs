//! The report's section on the copy.

use super::format::{adds_up, equation, states, utc};
use super::{CopyReport, EarlierReport, PauseReport};
use crate::plan::{LedgerSum, MessageState, duration_words};
use crate::values::{counted, counted_as, with_thousands};

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
    pub verification: Option<String>,
    /// Whether the verification, if there was one, confirmed every copy.
    pub is_confirmed: bool,
    /// How often and how long servers asked for pauses, in total.
    pub pauses_sum: String,
    pub pauses: Vec<(String, String)>,
    pub selection: Option<String>,
    /// What has changed since.
    pub remark: Option<String>,
    /// Earlier copies between other servers, one sentence each.
    pub earlier: Vec<String>,
}

pub(super) struct MailboxPage {
    pub address: String,
    pub equation: String,
    pub adds_up: bool,
    pub trouble: Option<String>,
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
        (Some(from), None) if copy.trial.is_some() => format!("A trial, started {}.", utc(from)),
        (Some(from), Some(to)) => format!("Copied between {} and {}.", utc(from), utc(to)),
        (Some(from), None) => format!("Started {}, not finished yet.", utc(from)),
        (None, _) => "Not started yet.".to_owned(),
    };
    CopyPage {
        times,
        equation: equation(&sum),
        adds_up: adds_up(&sum),
        states: states(&sum)
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| (with_thousands(*count), (*word).to_owned()))
            .collect(),
        left: [
            (sum.refused, "refused by the destination"),
            (sum.exported, "saved as .eml next to the project"),
            (sum.vanished, "deleted at the source before they were copied"),
            (sum.left_out, "left out by choice"),
            (sum.to_do, "still to copy"),
            (sum.deferred, "put off by a trial; they wait for the whole copy"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| (counted(count, "message"), words.to_owned()))
        .collect(),
        source_count: with_thousands(sum.source_count),
        mailboxes: copy
            .mailboxes
            .iter()
            .map(|mailbox| MailboxPage {
                address: mailbox.address.clone(),
                equation: equation(&mailbox.sum),
                adds_up: adds_up(&mailbox.sum),
                trouble: mailbox.trouble.clone(),
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
        verification: copy.verification.clone(),
        is_confirmed: copy.unconfirmed() == 0,
        pauses_sum: pauses_sum(&copy.pauses),
        pauses: copy.pauses.iter().map(|pause| (pause_words(pause), pause.words.clone())).collect(),
        selection: copy.selection.clone(),
        remark: copy.remark.clone(),
        earlier: copy.earlier.iter().map(earlier_words).collect(),
    }
}

/// `2 mailboxes, 952 of 952 messages, from a.example:993 to Fastmail (b.example:993) between … and ….`
fn earlier_words(copy: &EarlierReport) -> String {
    let when = match (copy.started_at, copy.finished_at) {
        (Some(from), Some(to)) => format!(" between {} and {}", utc(from), utc(to)),
        (Some(from), None) => format!(", started {} and not finished", utc(from)),
        (None, _) => String::new(),
    };
    let (mailboxes, arrived, wanted) = (
        counted_as(copy.mailboxes, "mailbox", "mailboxes"),
        with_thousands(copy.sum.arrived()),
        with_thousands(copy.sum.wanted()),
    );
    let (source, destination) = (&copy.source, &copy.destination);
    let verification =
        copy.verification.as_ref().map_or_else(String::new, |verification| format!(" {verification}"));
    format!(
        "{mailboxes}, {arrived} of {wanted} messages, from {source} to {destination}{when}.{verification}"
    )
}

fn pauses_sum(pauses: &[PauseReport]) -> String {
    let times = pauses.iter().map(|pause| pause.times).sum();
    let seconds = pauses.iter().map(|pause| pause.seconds).sum();
    format!(
        "Servers asked for a pause {}, {} added up over all mailboxes.",
        times_words(times),
        duration_words(seconds)
    )
}

fn pause_words(pause: &PauseReport) -> String {
    let mailboxes = counted_as(pause.mailboxes, "mailbox", "mailboxes");
    format!("{}, {} in {mailboxes}", times_words(pause.times), duration_words(pause.seconds))
}

fn times_words(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{} times", with_thousands(times)) }
}

/// The headline: what the ledger and the verification show, and nothing more.
pub(super) fn headline(copy: Option<&CopyReport>) -> String {
    let Some(copy) = copy else { return "Nothing has been copied yet".to_owned() };
    let sum: LedgerSum = copy.sum();
    if !adds_up(&sum) {
        "The ledger does not add up".to_owned()
    } else if sum.source_count == 0 {
        "Nothing has been copied yet".to_owned()
    } else if sum.deferred > 0 && copy.trial.is_some() {
        let (copied, wanted) = (with_thousands(sum.arrived()), with_thousands(sum.wanted()));
        format!(
            "Trial: {copied} of {wanted} copied, {} wait for the whole copy",
            with_thousands(sum.waiting())
        )
    } else if sum.waiting() > 0 {
        format!("{} still to copy", counted(sum.waiting(), "message"))
    } else if copy.unconfirmed() > 0 {
        format!("{} could not be verified at the destination", counted(copy.unconfirmed(), "message"))
    } else if copy.troubled() > 0 {
        let (troubled, all) = (copy.troubled(), counted_as(copy.mailboxes.len(), "mailbox", "mailboxes"));
        format!("{troubled} of {all} did not finish")
    } else if copy.finished_at.is_none() {
        "Every message has an outcome, but the copy did not finish".to_owned()
    } else if sum.refused > 0 {
        format!("Copied: every message is accounted for, {} refused", with_thousands(sum.refused))
    } else {
        "Copied: every message is accounted for".to_owned()
    }
}

const fn state_words(state: MessageState) -> (&'static str, &'static str) {
    match state {
        MessageState::ToDo => ("unknown", "To do"),
        MessageState::InFlight => ("unknown", "In progress"),
        MessageState::Copied => ("pass", "Copied"),
        MessageState::AlreadyThere => ("info", "Already there"),
        MessageState::Repaired => ("info", "Repaired"),
        MessageState::Exported => ("warn", "Saved as .eml"),
        MessageState::Refused => ("fail", "Refused"),
        MessageState::Vanished => ("info", "Vanished"),
        MessageState::LeftOut => ("na", "Left out"),
        MessageState::Deferred => ("unknown", "Put off"),
    }
}
