//! What a destination's refusals have taught about folder names, kept from run to run.

use rusqlite::{OptionalExtension, params};

use super::ledger::stored::to_json;
use super::{FolderId, Ledger, Project, ProjectError};
use crate::plan::{FolderPath, NameLessons};
use crate::values::MailboxId;

impl Project {
    /// What is known of the destination of a mailbox.
    pub fn name_lessons(&self, mailbox: MailboxId) -> Result<NameLessons, ProjectError> {
        self.read(|connection| {
            let stored: Option<String> = connection
                .prepare_cached("SELECT lessons FROM name_lessons WHERE mailbox_id = ?1")?
                .query_row([mailbox.0], |row| row.get(0))
                .optional()?;
            let lessons = stored.map(|text| serde_json::from_str(&text)).transpose();
            let lessons =
                lessons.map_err(|error| ProjectError::unreadable("what is known of names", error))?;
            Ok(lessons.unwrap_or_default())
        })
    }
}

impl Ledger {
    /// What is known by now.
    pub fn name_lessons(&self) -> Result<NameLessons, ProjectError> {
        self.project.name_lessons(self.mailbox)
    }

    /// Keeps what is known.
    pub fn set_name_lessons(&self, lessons: &NameLessons) -> Result<(), ProjectError> {
        let lessons = to_json(lessons)?;
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO name_lessons (mailbox_id, lessons) VALUES (?1, ?2)
                     ON CONFLICT (mailbox_id) DO UPDATE SET lessons = excluded.lessons",
                )?
                .execute(params![self.mailbox.0, lessons])?;
            Ok(())
        })
    }

    /// The folder goes to another place than was planned, as the destination has refused that one: nothing of it can be
    /// there.
    pub fn move_destination(&self, folder: FolderId, destination: &FolderPath) -> Result<(), ProjectError> {
        let destination = to_json(destination)?;
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET destination = ?2, needs_match = 1, is_fenced = 0,
                         destination_uid_validity = NULL, destination_messages = NULL, destination_uid_next = NULL
                     WHERE id = ?1 AND destination <> ?2",
                )?
                .execute(params![folder.0, destination])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{LearntName, Lesson};
    use crate::project::samples::{add_mailbox, project};

    #[test]
    fn lessons_are_kept_until_the_destination_is_another_account() {
        let temp = tempfile::tempdir().unwrap();
        let project = project(&temp);
        let ledger = add_mailbox(&project, "anna@example.org");
        let mailbox = ledger.mailbox();
        project.bind_sides(mailbox, "a@old:993", "a@new:993").unwrap();
        assert!(ledger.name_lessons().unwrap().is_empty());
        let path = |text: &str| FolderPath(vec![text.to_owned()]);
        let mut lessons = NameLessons::default();
        let name = LearntName { planned: path("v1.2"), made: path("v1_2"), words: "NO".to_owned() };
        lessons.learn(name, &Lesson::Sign('.'));
        ledger.set_name_lessons(&lessons).unwrap();
        ledger.set_name_lessons(&lessons).unwrap();
        assert_eq!(ledger.name_lessons().unwrap(), lessons);
        project.bind_sides(mailbox, "a@old:993", "a@other:993").unwrap();
        assert!(ledger.name_lessons().unwrap().is_empty());
    }
}
