use rusqlite::params;

use super::{FolderId, Ledger, ProjectError};

impl Ledger {
    /// Whether a message of the folder was left out for this cause.
    pub fn has_cause(&self, folder: FolderId, cause: &str) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let has_cause = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM message WHERE folder_id = ?1 AND state = 8 AND cause = ?2)",
                )?
                .query_row(params![folder.0, cause], |row| row.get(0))?;
            Ok(has_cause)
        })
    }
}
