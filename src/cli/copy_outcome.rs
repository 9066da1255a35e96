//! The outcome of a copy, for programs and for people.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output;
use super::plan_outcome::ForecastOutcome;
use crate::engine::{
    Advice, CopyPhase, FolderRemark, MailboxProgress, MailboxProgressState, ProjectView, UserError, WayOut,
    is_all_copied, result_words,
};
use crate::plan::{LedgerSum, VerifySummary, duration_words};
use crate::values::{counted, with_thousands};

/// Most detail lines shown for one mailbox.
const DETAIL_LINES: usize = 20;

/// The outcome for programs.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Whether every message of every mailbox is at the destination, or was left out or deleted by its owner.
    pub is_complete: bool,
    /// What ended the run before every mailbox had its turn.
    error: Option<ErrorOutcome>,
    /// The trial's limit of messages per folder; `null` for a whole copy.
    trial: Option<u32>,
    sum: LedgerSum,
    bytes_done: u64,
    verification: Option<String>,
    /// What the verification compared, in figures.
    verification_counts: Option<VerifySummary>,
    /// Pauses that servers asked for.
    pauses: Vec<PauseOutcome>,
    /// How long the rest takes, if something is left and a speed was measured.
    forecast: Option<ForecastOutcome>,
    mailboxes: Vec<MailboxOutcome>,
    problems: Vec<ProblemOutcome>,
    /// Where the messages are that the destination accepted in no form.
    export_folder: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct MailboxOutcome {
    address: String,
    state: String,
    /// The code of what stopped it.
    code: Option<&'static str>,
    /// Problems with individual folders.
    folder_problems: Vec<FolderProblemOutcome>,
    /// Why it stopped, in a sentence or two.
    reason: Option<String>,
    /// The server's own words.
    server_words: Option<String>,
    /// The ways out, each with its effect.
    ways_out: Vec<WayOutcome>,
    #[serde(skip)]
    is_stopped: bool,
    /// Whether everything requested is done.
    #[serde(skip)]
    is_settled: bool,
    /// All of it for people.
    #[serde(skip)]
    text: Option<String>,
    /// What was found, line by line; empty if nothing was.
    details: String,
    sum: LedgerSum,
    folders: Vec<FolderOutcome>,
    /// Folders that got another name because the destination refused the planned one.
    renamed: Vec<RenamedOutcome>,
}

/// A problem with one folder.
#[derive(Debug, Serialize)]
struct FolderProblemOutcome {
    folder: String,
    /// Its stable code for programs.
    code: &'static str,
    title: String,
    reason: String,
    server_words: Option<String>,
    way_out: WayOutcome,
}

/// An error with its ways out.
#[derive(Debug, Serialize)]
struct ErrorOutcome {
    what: String,
    reason: String,
    server_words: Option<String>,
    ways_out: Vec<WayOutcome>,
}

#[derive(Debug, Serialize)]
struct WayOutcome {
    what: String,
    consequence: String,
}

/// A folder with a different name than planned.
#[derive(Debug, Serialize)]
struct RenamedOutcome {
    planned: String,
    made: String,
    /// The server's words.
    because: String,
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
    code: &'static str,
    cause: String,
    way_out: String,
    count: u64,
    samples: Vec<String>,
}

impl FolderProblemOutcome {
    fn of(remark: &FolderRemark) -> Self {
        Self {
            folder: remark.folder.clone(),
            code: remark.code,
            title: remark.title.clone(),
            reason: remark.cause.clone(),
            server_words: remark.server_words.clone(),
            way_out: WayOutcome::of(remark.way_out),
        }
    }
}

impl WayOutcome {
    fn of(Advice { what, consequence }: Advice) -> Self {
        Self { what: what.to_owned(), consequence: consequence.to_owned() }
    }

    fn all(error: &UserError) -> Vec<Self> {
        let way = |way: &WayOut| Self { what: way.label.clone(), consequence: way.consequence.clone() };
        error.ways_out.iter().map(way).collect()
    }
}

impl MailboxOutcome {
    /// `before` is what went wrong before the copy.
    fn of(mailbox: &MailboxProgress, before: Option<&UserError>, is_trial: bool) -> Self {
        let error = match &mailbox.state {
            MailboxProgressState::Stopped(error) => Some(error),
            MailboxProgressState::Done => None,
            _ => before,
        };
        let (state, is_settled) = match (&mailbox.state, error) {
            (_, Some(error)) => (error.title.clone(), false),
            (MailboxProgressState::Done, _) if !is_all_copied(&mailbox.sum, is_trial) => {
                (format!("incomplete: {}", result_words(&mailbox.sum)), false)
            }
            (MailboxProgressState::Done, _) => ("done".to_owned(), true),
            _ if is_trial => ("tried".to_owned(), true),
            _ => ("not done".to_owned(), false),
        };
        Self {
            address: mailbox.address.clone(),
            state,
            is_settled,
            code: error.and_then(|error| error.code),
            folder_problems: error
                .map(|error| error.folders.iter().map(FolderProblemOutcome::of).collect())
                .unwrap_or_default(),
            reason: error.map(|error| error.cause.clone()),
            server_words: error.and_then(|error| error.server_words.clone()),
            ways_out: error.map(WayOutcome::all).unwrap_or_default(),
            is_stopped: error.is_some(),
            details: error.map(|error| error.details.clone()).unwrap_or_default(),
            text: error.map(UserError::to_text),
            sum: mailbox.sum,
            folders: mailbox
                .folders
                .iter()
                .map(|folder| FolderOutcome { name: folder.name.clone(), sum: folder.sum })
                .collect(),
            renamed: mailbox
                .renamed
                .iter()
                .map(|name| RenamedOutcome {
                    planned: name.planned.to_string(),
                    made: name.made.to_string(),
                    because: name.words.clone(),
                })
                .collect(),
        }
    }
}

impl Outcome {
    /// The outcome as recorded in the ledger.
    pub fn from(project: &ProjectView, exports: Option<&Path>) -> Self {
        let copy = &project.copy;
        let before = |mailbox: &MailboxProgress| {
            let row = project.mailboxes.iter().find(|row| row.id == mailbox.id)?;
            let signing_in = row.source.error.as_ref().or(row.destination.error.as_ref());
            signing_in.or_else(|| project.plan.errors.get(&mailbox.id))
        };
        let mailboxes: Vec<_> = copy
            .mailboxes
            .iter()
            .map(|mailbox| MailboxOutcome::of(mailbox, before(mailbox), copy.trial.is_some()))
            .collect();
        let all_done = copy.mailboxes.iter().all(|mailbox| mailbox.state == MailboxProgressState::Done);
        Self {
            is_complete: copy.phase == CopyPhase::Finished
                && all_done
                && copy.sum.refused == 0
                && copy.sum.exported == 0
                && copy.sum.waiting() == 0,
            error: None,
            trial: copy.trial,
            sum: copy.sum,
            bytes_done: copy.bytes_done.0,
            verification: copy.verification.clone(),
            verification_counts: copy.verification_counts.clone(),
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
                    code: group.code,
                    cause: group.cause.clone(),
                    way_out: group.way_out.clone(),
                    count: group.count,
                    samples: group.samples.clone(),
                })
                .collect(),
            export_folder: (copy.sum.exported > 0)
                .then(|| exports.map_or_else(|| project.export_folder(), Path::to_path_buf)),
        }
    }

    /// The same for a run that ended early.
    pub fn ended_early(self, error: &UserError) -> Self {
        let told = ErrorOutcome {
            what: error.title.clone(),
            reason: error.cause.clone(),
            server_words: error.server_words.clone(),
            ways_out: WayOutcome::all(error),
        };
        Self { is_complete: false, error: Some(told), ..self }
    }

    /// Whether something requested is left. A trial is requested for less than everything.
    pub fn has_failures(&self) -> bool {
        let is_stopped = |mailbox: &MailboxOutcome| mailbox.is_stopped;
        match self.trial {
            Some(_) => self.sum.refused + self.sum.exported > 0 || self.mailboxes.iter().any(is_stopped),
            None => !self.is_complete,
        }
    }

    /// Whether a separate verification left anything unverified: a mailbox that stopped, a copy that does not match.
    pub fn is_unverified(&self) -> bool {
        self.verification_counts.as_ref().is_none_or(|verification| !verification.is_clean())
            || self.mailboxes.iter().any(|mailbox| mailbox.is_stopped)
    }

    /// The same for people.
    pub fn words(&self) -> String {
        let sum = &self.sum;
        // Printed only if a trial put something off.
        let put_off = match sum.deferred {
            0 => String::new(),
            count => format!(" + {} put off by a trial", with_thousands(count)),
        };
        let mut text = format!(
            "{} on the source = {} copied + {} already there + {} repaired + {} exported + {} refused + {} vanished + {} left out{put_off} + {} to do\n",
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
        for mailbox in self.mailboxes.iter().filter(|mailbox| !mailbox.is_settled) {
            let state = mailbox.text.as_ref().unwrap_or(&mailbox.state);
            output::append(&mut text, format_args!("{}: {state}\n", mailbox.address));
            let mut details = mailbox.details.lines();
            for line in details.by_ref().take(DETAIL_LINES) {
                output::append(&mut text, format_args!("    {line}\n"));
            }
            let more = details.count() as u64;
            if more > 0 {
                let more = counted(more, "line");
                output::append(
                    &mut text,
                    format_args!("    and {more} more; the JSON output has all of them\n"),
                );
            }
        }
        for mailbox in &self.mailboxes {
            for RenamedOutcome { planned, made, because } in &mailbox.renamed {
                let words = format_args!(
                    "{}: {planned} became {made} because the server refused it: {because}\n",
                    mailbox.address
                );
                output::append(&mut text, words);
            }
        }
        for problem in &self.problems {
            let count = with_thousands(problem.count);
            output::append(&mut text, format_args!("{count} x {}\n", output::line(&problem.cause)));
            if !problem.way_out.is_empty() {
                output::append(&mut text, format_args!("  {}\n", output::line(&problem.way_out)));
            }
        }
        if let Some(folder) = &self.export_folder {
            let count = counted(self.sum.exported, "message");
            output::append(&mut text, format_args!("Saved as files: {count} in {}\n", folder.display()));
        }
        for pause in &self.pauses {
            let words = format_args!(
                "waited {} x, {} in total: {}\n",
                with_thousands(pause.times),
                duration_words(pause.seconds),
                output::line(&pause.words)
            );
            output::append(&mut text, words);
        }
        if let Some(verification) = &self.verification {
            output::append(&mut text, format_args!("{verification}\n"));
        }
        if let Some(forecast) = &self.forecast {
            let words = format_args!("The whole copy takes {} ({})\n", forecast.words, forecast.basis);
            output::append(&mut text, words);
        }
        text
    }
}
