//! What a copy came to, for programs and for people.

use serde::Serialize;

use super::output;
use super::plan_outcome::ForecastOutcome;
use crate::engine::{CopyPhase, MailboxProgressState, ProjectView};
use crate::plan::{LedgerSum, ProofSummary, duration_words};
use crate::values::with_thousands;

/// The outcome for programs.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Whether every message of every mailbox is in a final state and none was refused.
    pub is_complete: bool,
    /// Messages of each folder that a trial was limited to; `null` for a whole copy.
    trial: Option<u32>,
    sum: LedgerSum,
    bytes_done: u64,
    proof: Option<String>,
    /// What the proof compared, in figures.
    proof_counts: Option<ProofSummary>,
    /// Pauses that servers asked for.
    pauses: Vec<PauseOutcome>,
    /// How long the rest takes, where something is left and anything was measured.
    forecast: Option<ForecastOutcome>,
    mailboxes: Vec<MailboxOutcome>,
    problems: Vec<ProblemOutcome>,
}

#[derive(Debug, Serialize)]
struct MailboxOutcome {
    address: String,
    state: String,
    #[serde(skip)]
    is_stopped: bool,
    /// What speaks against it, line by line; empty where nothing does.
    details: String,
    sum: LedgerSum,
    folders: Vec<FolderOutcome>,
}

#[derive(Debug, Serialize)]
struct PauseOutcome {
    words: String,
    times: u64,
    seconds: u64,
    mailboxes: usize,
}

#[derive(Debug, Serialize)]
struct FolderOutcome {
    name: String,
    sum: LedgerSum,
}

#[derive(Debug, Serialize)]
struct ProblemOutcome {
    state: crate::plan::MessageState,
    cause: String,
    count: u64,
    samples: Vec<String>,
}

impl Outcome {
    /// What the ledger says now.
    pub fn from(project: &ProjectView) -> Self {
        let copy = &project.copy;
        let mailboxes: Vec<_> = copy
            .mailboxes
            .iter()
            .map(|mailbox| MailboxOutcome {
                address: mailbox.address.clone(),
                state: match &mailbox.state {
                    MailboxProgressState::Done => "done".to_owned(),
                    MailboxProgressState::Stopped(error) => error.title.clone(),
                    _ if copy.trial.is_some() => "tried".to_owned(),
                    _ => "not done".to_owned(),
                },
                is_stopped: matches!(mailbox.state, MailboxProgressState::Stopped(_)),
                details: match &mailbox.state {
                    MailboxProgressState::Stopped(error) => error.details.clone(),
                    _ => String::new(),
                },
                sum: mailbox.sum,
                folders: mailbox
                    .folders
                    .iter()
                    .map(|folder| FolderOutcome { name: folder.name.clone(), sum: folder.sum })
                    .collect(),
            })
            .collect();
        let all_done = copy.mailboxes.iter().all(|mailbox| mailbox.state == MailboxProgressState::Done);
        Self {
            is_complete: copy.phase == CopyPhase::Finished
                && all_done
                && copy.sum.refused == 0
                && copy.sum.to_do == 0,
            trial: copy.trial,
            sum: copy.sum,
            bytes_done: copy.bytes_done.0,
            proof: copy.proof.clone(),
            proof_counts: copy.proof_counts,
            pauses: copy
                .pauses
                .iter()
                .map(|pause| PauseOutcome {
                    words: pause.words.clone(),
                    times: pause.times,
                    seconds: pause.seconds,
                    mailboxes: pause.mailboxes,
                })
                .collect(),
            forecast: ForecastOutcome::of(project.plan.forecasts.all.as_ref())
                .filter(|_| copy.trial.is_some()),
            mailboxes,
            problems: copy
                .problems
                .iter()
                .map(|group| ProblemOutcome {
                    state: group.state,
                    cause: group.cause.clone(),
                    count: group.count,
                    samples: group.samples.clone(),
                })
                .collect(),
        }
    }

    /// Whether something is left that was asked for: a trial is asked for less than everything.
    pub fn has_failures(&self) -> bool {
        let is_stopped = |mailbox: &MailboxOutcome| mailbox.is_stopped;
        match self.trial {
            Some(_) => self.sum.refused > 0 || self.mailboxes.iter().any(is_stopped),
            None => !self.is_complete,
        }
    }

    /// Whether a proof alone has left anything unproven: a mailbox that stopped, a copy that is not confirmed.
    pub fn is_unproven(&self) -> bool {
        self.proof_counts.is_none_or(|proof| !proof.is_clean())
            || self.mailboxes.iter().any(|mailbox| mailbox.is_stopped)
    }

    /// The same for people.
    pub fn words(&self) -> String {
        let sum = &self.sum;
        let mut text = format!(
            "{} on the source = {} copied + {} already there + {} repaired + {} exported + {} refused + {} vanished + {} left out + {} to do\n",
            with_thousands(sum.source_count),
            with_thousands(sum.copied),
            with_thousands(sum.already_there),
            with_thousands(sum.repaired),
            with_thousands(sum.exported),
            with_thousands(sum.refused),
            with_thousands(sum.vanished),
            with_thousands(sum.left_out),
            with_thousands(sum.to_do)
        );
        for mailbox in
            self.mailboxes.iter().filter(|mailbox| !["done", "tried"].contains(&mailbox.state.as_str()))
        {
            output::append(&mut text, format_args!("{}: {}\n", mailbox.address, mailbox.state));
        }
        for problem in &self.problems {
            output::append(
                &mut text,
                format_args!("{} x {}\n", with_thousands(problem.count), problem.cause),
            );
        }
        for pause in &self.pauses {
            let words = format_args!(
                "waited {} x, {} altogether: {}\n",
                with_thousands(pause.times),
                duration_words(pause.seconds),
                pause.words
            );
            output::append(&mut text, words);
        }
        if let Some(proof) = &self.proof {
            output::append(&mut text, format_args!("{proof}\n"));
        }
        if let Some(forecast) = &self.forecast {
            let words = format_args!("The whole copy takes {} ({})\n", forecast.words, forecast.basis);
            output::append(&mut text, words);
        }
        text
    }
}
