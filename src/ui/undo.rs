//! What takes back something that was taken away: the other command, and the words that offer it.

use crate::engine::{Command, ProjectView, Snapshot};
use crate::plan::{FolderPath, FolderPlan};
use crate::values::MailboxId;

/// A way back.
pub struct Undo {
    /// What was done.
    pub words: String,
    /// The command that takes it back.
    pub back: Command,
}

impl Undo {
    /// The way back from a command that takes something away. `snapshot` is from before the command.
    pub fn of(command: &Command, snapshot: &Snapshot) -> Option<Self> {
        let undo = |words, back| Some(Self { words, back });
        if let Command::ForgetProject(path) = command {
            let project = snapshot.recent.iter().find(|project| project.path == *path)?;
            let words = format!("{} is no longer in the list; its file stays", project.domain.as_unicode());
            return undo(words, Command::ListProject(project.clone()));
        }
        let project = snapshot.project.as_ref()?;
        match command {
            Command::IncludeFolder { mailbox, folder, is_included: false } => {
                let back =
                    Command::IncludeFolder { mailbox: *mailbox, folder: folder.clone(), is_included: true };
                undo(format!("{folder} will not be copied"), back)
            }
            Command::RenameFolder { mailbox, folder, destination } => {
                let before = folder_plan(project, *mailbox, folder)?.destination.clone();
                let words = format!("{folder} goes to {destination}");
                let back =
                    Command::RenameFolder { mailbox: *mailbox, folder: folder.clone(), destination: before };
                undo(words, back)
            }
            Command::ChooseMailbox { mailbox, is_chosen: false } => {
                let row = project.mailboxes.iter().find(|row| row.id == *mailbox)?;
                let back = Command::ChooseMailbox { mailbox: *mailbox, is_chosen: true };
                undo(format!("{} stays behind", row.mailbox.address), back)
            }
            Command::KeepSender { term, is_kept: false } => {
                let back = Command::KeepSender { term: term.clone(), is_kept: true };
                undo(format!("{term} may no longer send as you"), back)
            }
            _ => None,
        }
    }
}

fn folder_plan<'a>(
    project: &'a ProjectView,
    mailbox: MailboxId,
    folder: &FolderPath,
) -> Option<&'a FolderPlan> {
    project.plan.mailboxes.get(&mailbox)?.folders.iter().find(|plan| plan.source == *folder)
}
