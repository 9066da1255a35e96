//! The flags that rename and merge folders.

use super::CliError;
use super::driver::Driver;
use super::plan_outcome::address_of;
use crate::engine::{Command, ProjectView, UserError};
use crate::plan::{FolderChoice, FolderPath, FolderPlan};
use crate::values::MailboxId;

/// One `SOURCE=DESTINATION`, checked before anything runs.
#[derive(Debug, PartialEq, Eq)]
pub struct FolderChange {
    source: FolderPath,
    destination: FolderPath,
    is_merge: bool,
}

impl FolderChange {
    /// Parses the flags; a value without two names is wrong usage.
    pub fn read(flag: &str, texts: &[String], is_merge: bool) -> Result<Vec<Self>, CliError> {
        let one = |text: &String| {
            let names = text.split_once('=').map(|(source, destination)| (path(source), path(destination)));
            match names {
                Some((source, destination)) if !source.0.is_empty() && !destination.0.is_empty() => {
                    Ok(Self { source, destination, is_merge })
                }
                _ => Err(CliError::Usage(format!(
                    "{flag} {text}: write SOURCE=DESTINATION, with / between levels"
                ))),
            }
        };
        texts.iter().map(one).collect()
    }

    fn is_about(&self, folder: &FolderPlan) -> bool {
        folder.choice != FolderChoice::ContainerOnly
            && (folder.source == self.source || (folder.source.is_inbox() && self.source.is_inbox()))
    }
}

/// `/` separates levels, as in patterns.
fn path(text: &str) -> FolderPath {
    let parts = text.split('/').map(str::trim).filter(|part| !part.is_empty());
    FolderPath(parts.map(str::to_owned).collect())
}

/// Carries them out for every mailbox that has such a folder. A name that no mailbox has is a mistake. What is as asked
/// already stays untouched, so that a second run with the same flags changes nothing.
pub fn apply(driver: &mut Driver, changes: &[FolderChange]) -> Result<(), CliError> {
    for change in changes {
        let project = driver.project()?;
        let meant: Vec<(MailboxId, FolderPath)> = project
            .plan
            .mailboxes
            .iter()
            .flat_map(|(id, plan)| plan.folders.iter().map(|folder| (*id, folder)))
            .filter(|(_, folder)| change.is_about(folder))
            .map(|(id, folder)| (id, folder.source.clone()))
            .collect();
        if meant.is_empty() {
            return Err(no_such_folder(&project, change).into());
        }
        for (mailbox, folder) in meant {
            let destination = change.destination.clone();
            driver.require(if change.is_merge {
                Command::MergeFolder { mailbox, folder, destination }
            } else {
                Command::RenameFolder { mailbox, folder, destination }
            })?;
        }
    }
    Ok(())
}

fn no_such_folder(project: &ProjectView, change: &FolderChange) -> UserError {
    let known: Vec<String> = project
        .plan
        .mailboxes
        .iter()
        .flat_map(|(id, plan)| plan.folders.iter().map(move |folder| (id, folder)))
        .take(20)
        .map(|(id, folder)| format!("{} of {}", folder.source.0.join("/"), address_of(project, *id)))
        .collect();
    UserError::new(
        format!("No folder is called “{}”", change.source.0.join("/")),
        format!("The folders are: {}.", known.join(", ")),
    )
    .or_else("Use one of these names", "Nothing was copied")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_are_needed() {
        let read = |text: &str| FolderChange::read("--rename-folder", &[text.to_owned()], false);
        let change = read("Projekte/2024 = Archive/Old=new").unwrap().remove(0);
        assert_eq!(change.source.0, ["Projekte", "2024"]);
        assert_eq!(change.destination.0, ["Archive", "Old=new"]);
        for wrong in ["A", "=B", "A=", "/=B"] {
            assert!(matches!(read(wrong), Err(CliError::Usage(_))), "{wrong}");
        }
    }
}
