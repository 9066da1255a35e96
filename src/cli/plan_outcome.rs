//! The plan with its forecast, for programs and for people.

use crate::plan::{Collisions, FolderChoice, FolderPlan, Forecast, MailVolume, MailboxPlan, Oversize};
use serde::Serialize;

use super::output;
use crate::engine::{ProjectView, rename_words};
use crate::values::{MailboxId, counted_as, with_thousands};

/// How long a copy takes.
#[derive(Debug, Serialize)]
pub struct ForecastOutcome {
    least_seconds: u64,
    most_seconds: Option<u64>,
    /// `5 to 7 hours`.
    pub words: String,
    /// What the figures are based on.
    pub basis: String,
}

impl ForecastOutcome {
    /// For programs; `None` if nothing is known.
    pub fn of(forecast: Option<&Forecast>) -> Option<Self> {
        let forecast = forecast?;
        Some(Self {
            least_seconds: forecast.least_secs,
            most_seconds: forecast.most_secs,
            words: forecast.words(),
            basis: forecast.basis(),
        })
    }
}

/// The plan for programs.
#[derive(Debug, Serialize)]
pub struct PlanOutcome {
    /// All mailboxes together; `null` if nothing was measured.
    forecast: Option<ForecastOutcome>,
    /// What the filter selects, in words; empty for everything.
    filter: Vec<String>,
    mailboxes: Vec<MailboxOutcome>,
}

#[derive(Debug, Serialize)]
struct MailboxOutcome {
    address: String,
    messages: u64,
    bytes: u64,
    forecast: Option<ForecastOutcome>,
    oversize: Option<Oversize>,
    /// Warnings before the start, as sentences.
    warnings: Vec<String>,
    folders: Vec<FolderOutcome>,
}

#[derive(Debug, Serialize)]
struct FolderOutcome {
    source: String,
    destination: String,
    messages: u64,
    bytes: u64,
    choice: FolderChoice,
    renamed_because: Option<String>,
    /// Whether it collides with another folder and its owner has not decided yet.
    needs_decision: bool,
}

impl PlanOutcome {
    /// The plans of all mailboxes.
    pub fn from(project: &ProjectView) -> Self {
        let plan = &project.plan;
        Self {
            forecast: ForecastOutcome::of(plan.forecasts.all.as_ref()),
            filter: plan.options.filter.words(),
            mailboxes: plan.mailboxes.iter().map(|(id, one)| mailbox(project, *id, one)).collect(),
        }
    }
}

fn mailbox(project: &ProjectView, id: MailboxId, plan: &MailboxPlan) -> MailboxOutcome {
    let MailVolume { messages, bytes } = plan.chosen();
    let collisions = Collisions::of(plan);
    let folder = |folder: &FolderPlan| FolderOutcome {
        source: folder.source.to_string(),
        destination: folder.destination.to_string(),
        messages: folder.messages,
        bytes: folder.bytes.0,
        choice: folder.choice,
        renamed_because: rename_words(&folder.renamed),
        needs_decision: collisions.needs_decision(folder),
    };
    MailboxOutcome {
        address: address_of(project, id),
        messages,
        bytes: bytes.0,
        forecast: ForecastOutcome::of(project.plan.forecasts.mailboxes.get(&id)),
        oversize: project.plan.oversize.get(&id).filter(|found| found.limit.is_some()).cloned(),
        warnings: project.plan.warnings.get(&id).cloned().unwrap_or_default(),
        folders: plan.folders.iter().map(folder).collect(),
    }
}

/// The address of a mailbox.
pub fn address_of(project: &ProjectView, mailbox: MailboxId) -> String {
    project
        .mailboxes
        .iter()
        .find(|row| row.id == mailbox)
        .map_or_else(|| format!("mailbox {}", mailbox.0), |row| row.mailbox.address.to_string())
}

/// The plan for people.
pub fn plan_words(project: &ProjectView) -> String {
    let mut text = String::new();
    for (id, plan) in project.plan.mailboxes.iter() {
        output::append(&mut text, format_args!("{}\n", address_of(project, *id)));
        let collisions = Collisions::of(plan);
        for folder in &plan.folders {
            output::append(&mut text, format_args!("  {}\n", folder_words(&collisions, folder)));
        }
        if let Some(oversize) = project.plan.oversize.get(id) {
            text.push_str(&oversize_words(oversize));
        }
        for warning in project.plan.warnings.get(id).into_iter().flatten() {
            output::append(&mut text, format_args!("  note: {}\n", output::line(warning)));
        }
        if let Some(forecast) = project.plan.forecasts.mailboxes.get(id) {
            output::append(&mut text, format_args!("  takes {} ({})\n", forecast.words(), forecast.basis()));
        }
    }
    match &project.plan.forecasts.all {
        Some(forecast) => {
            output::append(&mut text, format_args!("The whole copy takes {}\n", forecast.words()));
        }
        None => text.push_str("How long the copy takes is not known yet; --trial 20 measures it\n"),
    }
    text
}

fn folder_words(collisions: &Collisions<'_>, folder: &FolderPlan) -> String {
    let what = match folder.choice {
        FolderChoice::Copy => format!("-> {}", folder.destination),
        FolderChoice::LeaveOut(because) => because.words().to_owned(),
        FolderChoice::ContainerOnly => "contains only folders".to_owned(),
    };
    let why = match rename_words(&folder.renamed) {
        Some(reason) if folder.choice == FolderChoice::Copy => format!(", because {reason}"),
        _ => String::new(),
    };
    let decide = if collisions.needs_decision(folder) { ", decide whether to merge them" } else { "" };
    let messages = with_thousands(folder.messages);
    output::line(&format!("{} {what} ({messages} messages, {}{why}{decide})", folder.source, folder.bytes))
}

fn oversize_words(oversize: &Oversize) -> String {
    let Some(limit) = oversize.limit else { return String::new() };
    let mut text = String::new();
    for folder in &oversize.close {
        let counted = counted_as(folder.messages, "message is", "messages are");
        let words =
            format_args!("  {}: {counted} close to the destination’s limit ({limit})\n", folder.folder);
        output::append(&mut text, words);
    }
    for folder in &oversize.folders {
        output::append(
            &mut text,
            format_args!(
                "  {}: {} above the destination’s limit ({limit}); saved as .eml next to the project\n",
                folder.folder,
                counted_as(folder.messages, "message is", "messages are")
            ),
        );
    }
    text
}
