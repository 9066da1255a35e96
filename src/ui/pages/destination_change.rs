//! The question before the destination or source changes: what would be lost and what stays.

use crate::engine::{Command, ProjectView};
use crate::providers::ProviderId;
use crate::ui::format;
use crate::ui::widgets::confirm::Question;
use crate::values::{Endpoint, with_thousands};

/// The question before another provider or server is chosen; `None` if nothing would be lost.
pub fn change_question(
    project: &ProjectView,
    provider: &ProviderId,
    server: Option<&Endpoint>,
) -> Option<Question> {
    let (chosen, name) = project.destination.chosen.as_ref()?;
    let is_same_provider = chosen == provider;
    // A practice project keeps its own server.
    let is_same_server =
        project.is_practice || (server.is_some() && server == project.destination.server.as_ref());
    if is_same_provider && is_same_server {
        return None;
    }
    let lost = losses(project, is_same_provider);
    let is_copied = project.copy.route.is_some();
    if lost.is_empty() && !is_copied {
        return None;
    }
    let new = match (is_same_provider, server) {
        (true, Some(server)) => format!("the server {}", server.host),
        _ => name_of(project, provider),
    };
    let lost = match lost.as_slice() {
        [] => String::new(),
        lost => format!("You would have to redo: {}.", lost.join("; ")),
    };
    Some(Question {
        title: format!("Change the destination from {name} to {new}?"),
        what: [lost, kept_words(project, is_same_server), answers_words(project, name, is_same_provider)]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        alternative: "To move some mailboxes to another provider, create a separate project for them."
            .to_owned(),
        safe: format!("Keep {name}"),
        danger: "Change the destination".to_owned(),
    })
}

fn name_of(project: &ProjectView, provider: &ProviderId) -> String {
    let known = project.destination.comparisons.iter().find(|column| column.provider == *provider);
    known.map_or_else(|| provider.0.clone(), |column| column.name.clone())
}

/// What would have to be redone.
fn losses(project: &ProjectView, is_same_provider: bool) -> Vec<String> {
    let mut lost = Vec::new();
    let plans = project.plan.mailboxes.len();
    if plans > 0 {
        let mailboxes = format::counted(plans, "mailbox", "mailboxes");
        lost.push(format!("the count of the folders of {mailboxes}"));
    }
    if !is_same_provider {
        if project.records.plan.is_some() {
            lost.push("the prepared records".to_owned());
        }
        if let Some(server) = &project.destination.server
            && project.destination.is_server_typed
        {
            lost.push(format!("the server you entered, {}", server.host));
        }
    }
    lost
}

/// What stays as it was.
fn kept_words(project: &ProjectView, is_same_server: bool) -> String {
    let Some(route) = project.copy.route.as_ref() else {
        return "Nothing has been copied yet, so nothing else changes.".to_owned();
    };
    let copied = with_thousands(project.copy.sum.arrived());
    let there = format!(
        "The {copied} messages copied to {} stay there and remain in the report.",
        route.provider_name
    );
    if is_same_server {
        there
    } else {
        format!("{there} The copy to the new destination starts from scratch.")
    }
}

/// Answers are kept under their names in the project file.
fn answers_words(project: &ProjectView, name: &str, is_same_provider: bool) -> String {
    let answers = project.records.answers.iter().filter(|answer| !answer.value.is_empty()).count();
    if is_same_provider || answers == 0 {
        return String::new();
    }
    let answers = format::counted(answers, "answer", "answers");
    format!("Your {answers} for the records of {name} will be kept in case you return to {name}.")
}

/// The question before another server becomes the source; `None` if nothing would be lost.
pub fn source_question(project: &ProjectView, server: &Endpoint) -> Option<(Question, Command)> {
    let known = project.domain.source_server.as_ref().filter(|known| *known != server)?;
    let plans = project.plan.mailboxes.len();
    if plans == 0 && project.copy.route.is_none() {
        return None;
    }
    let lost = if plans > 0 {
        let mailboxes = format::counted(plans, "mailbox", "mailboxes");
        format!("The folders of {mailboxes} have to be counted again.")
    } else {
        String::new()
    };
    let kept = if project.copy.route.is_some() {
        format!("What was copied from {} stays at the destination and remains in the report.", known.host)
    } else {
        String::new()
    };
    let question = Question {
        title: format!("Copy from {} instead of {}?", server.host, known.host),
        what: [lost, kept].join(" ").trim().to_owned(),
        alternative: "To move mail from two servers, create a project for each.".to_owned(),
        safe: format!("Keep {}", known.host),
        danger: "Change the server".to_owned(),
    };
    Some((question, Command::SetSourceServer(server.clone())))
}
