//! Why a folder has another name at the destination, as data. The words are made in `engine/explain/reasons.rs`.

use serde::{Deserialize, Serialize};

use crate::plan::folders::path::FolderPath;
use crate::plan::folders::plan::FolderPlan;

/// How the name of a folder was changed, or why it goes elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenameReason {
    /// Accents are written in one sign each.
    Accents,
    /// This sign separates folders at the destination.
    Delimiter(char),
    /// Control characters are not allowed in names.
    ControlCharacters,
    /// The destination does not allow this sign in names.
    Forbidden(char),
    /// A name that begins with “#” means something else to IMAP servers (RFC 3501 section 5.1.2).
    NamespaceSign,
    /// Blanks at the beginning or end get lost at many servers.
    Blanks,
    /// The destination's limit of characters in a name.
    TooLong(usize),
    /// A folder needs a name.
    Empty,
    /// The destination keeps this name for itself.
    Reserved(String),
    /// The destination keeps all folders below this one.
    BelowPrefix(FolderPath),
    /// The destination has no folders below the inbox.
    NothingBelowInbox,
    /// The destination has no folders within folders.
    Flat,
    /// The destination's limit of folder levels.
    TooDeep(usize),
    /// This folder at the destination takes no folders below it (`\Noinferiors`).
    Childless(FolderPath),
    /// A folder at the destination holds either messages or folders.
    MailOrFolders,
    /// The destination has this folder for the same use.
    SameUse(FolderPath),
    /// Below the inbox a folder of that name would pass for the inbox itself.
    PassesForInbox,
    /// The folder above it has another name.
    ParentRenamed,
    /// Another folder goes to the place that it wanted.
    Collision {
        /// That folder, at the source.
        with: FolderPath,
        /// The place at the destination.
        place: FolderPath,
    },
    /// The destination has this folder already, in other letters that servers take for the same.
    Exists(FolderPath),
    /// Its owner has chosen the name.
    ChosenByOwner,
    /// The server has refused the planned name.
    RefusedByServer {
        /// The place that the plan had for it.
        planned: FolderPath,
        /// The server's words.
        words: String,
    },
    /// Proton keeps the user's own folders below `Folders`.
    BelowProtonFolders,
    /// It gets only what has no label; all other mail is in its folders (Gmail's All Mail).
    UnlabelledOnly,
}

impl FolderPlan {
    /// Whether its owner has chosen its name.
    pub fn is_named_by_owner(&self) -> bool {
        self.renamed.contains(&RenameReason::ChosenByOwner)
    }

    /// The folder at the source that goes to the place which this one wanted, and that place.
    pub fn collision(&self) -> Option<(&FolderPath, &FolderPath)> {
        self.renamed.iter().find_map(|reason| match reason {
            RenameReason::Collision { with, place } => Some((with, place)),
            _ => None,
        })
    }

    /// Puts the folder elsewhere, with the place that it wanted before it collided with another one.
    pub(crate) fn move_by(&mut self, moved: impl Fn(&FolderPath) -> Option<FolderPath>) {
        if let Some(destination) = moved(&self.destination) {
            self.destination = destination;
        }
        for reason in &mut self.renamed {
            if let RenameReason::Collision { place, .. } = reason
                && let Some(there) = moved(place)
            {
                *place = there;
            }
        }
    }
}

/// Reasons for tests.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// One of every reason.
    pub fn one_of_each() -> Vec<RenameReason> {
        let path = || FolderPath(vec!["A".to_owned(), "B".to_owned()]);
        let all = [
            RenameReason::Accents,
            RenameReason::Delimiter('/'),
            RenameReason::ControlCharacters,
            RenameReason::Forbidden('^'),
            RenameReason::NamespaceSign,
            RenameReason::Blanks,
            RenameReason::TooLong(9),
            RenameReason::Empty,
            RenameReason::Reserved("Files".to_owned()),
            RenameReason::BelowPrefix(path()),
            RenameReason::NothingBelowInbox,
            RenameReason::Flat,
            RenameReason::TooDeep(9),
            RenameReason::Childless(path()),
            RenameReason::MailOrFolders,
            RenameReason::SameUse(path()),
            RenameReason::PassesForInbox,
            RenameReason::ParentRenamed,
            RenameReason::Collision { with: path(), place: path() },
            RenameReason::Exists(path()),
            RenameReason::ChosenByOwner,
            RenameReason::RefusedByServer { planned: path(), words: "no".to_owned() },
            RenameReason::BelowProtonFolders,
            RenameReason::UnlabelledOnly,
        ];
        all.into_iter().filter(is_listed).collect()
    }

    /// Fails to compile where a reason is new, so that the list above gets it as well.
    const fn is_listed(reason: &RenameReason) -> bool {
        use RenameReason::{
            Accents, BelowPrefix, BelowProtonFolders, Blanks, Childless, ChosenByOwner, Collision,
            ControlCharacters, Delimiter, Empty, Exists, Flat, Forbidden, MailOrFolders, NamespaceSign,
            NothingBelowInbox, ParentRenamed, PassesForInbox, RefusedByServer, Reserved, SameUse, TooDeep,
            TooLong, UnlabelledOnly,
        };
        match reason {
            Accents
            | Delimiter(_)
            | ControlCharacters
            | Forbidden(_)
            | NamespaceSign
            | Blanks
            | TooLong(_)
            | Empty
            | Reserved(_)
            | BelowPrefix(_)
            | NothingBelowInbox
            | Flat
            | TooDeep(_)
            | Childless(_)
            | MailOrFolders
            | SameUse(_)
            | PassesForInbox
            | ParentRenamed
            | Collision { .. }
            | Exists(_)
            | ChosenByOwner
            | RefusedByServer { .. }
            | BelowProtonFolders
            | UnlabelledOnly => true,
        }
    }
}
