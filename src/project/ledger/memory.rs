//! What is remembered of a folder from run to run, so that a later run looks closer only where something has changed.

use std::collections::BTreeMap;

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, params};

use crate::plan::FolderPath;
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::read_path;
use crate::values::{DestinationUid, SourceUid, Uid, UidValidity};

/// MESSAGES and UIDNEXT of a folder. While both stay and UIDVALIDITY as well, no message has come or gone: a new one
/// raises UIDNEXT, and one that goes lowers the count (RFC 3501 section 2.3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderCounts<U> {
    /// Messages in it.
    pub messages: u64,
    /// The UID that the next message will get.
    pub uid_next: U,
}

/// What is remembered of a folder from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderMemory {
    /// Its number.
    pub id: FolderId,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination.
    pub destination: FolderPath,
    /// UIDVALIDITY of the destination folder that the copies are in.
    pub destination_uid_validity: Option<UidValidity>,
    /// Whether the destination has to be compared before anything is sent.
    pub needs_match: bool,
    /// The source's counts when it was last listed whole.
    pub source_counts: Option<FolderCounts<SourceUid>>,
    /// The destination's counts when every copy was last seen there.
    pub destination_counts: Option<FolderCounts<DestinationUid>>,
    /// HIGHESTMODSEQ of the source up to which flags are known.
    pub source_modseq: Option<u64>,
}

/// What [`read_memory`] reads.
const MEMORY_COLUMNS: &str = "source_raw, id, source, destination, destination_uid_validity, needs_match,
    source_messages, source_uid_next, destination_messages, destination_uid_next, source_modseq";

impl Ledger {
    /// What is remembered of one folder, at the cost of one look-up however many folders there are.
    pub fn memory_of(&self, folder: FolderId) -> Result<Option<FolderMemory>, ProjectError> {
        self.project.read(|connection| {
            let memory = connection
                .prepare_cached(&format!("SELECT {MEMORY_COLUMNS} FROM folder WHERE id = ?1"))?
                .query_row([folder.0], read_memory)
                .optional()?;
            Ok(memory)
        })
    }

    /// What is remembered of the folder that the source calls so in commands, at the cost of one look-up however many folders
    /// there are.
    pub fn memory_at(&self, source_raw: &str) -> Result<Option<FolderMemory>, ProjectError> {
        self.project.read(|connection| {
            let memory = connection
                .prepare_cached(&format!(
                    "SELECT {MEMORY_COLUMNS} FROM folder WHERE mailbox_id = ?1 AND source_raw = ?2"
                ))?
                .query_row(params![self.mailbox.0, source_raw], read_memory)
                .optional()?;
            Ok(memory)
        })
    }

    /// What is remembered of each folder of the mailbox, by the source's own spelling of its name.
    pub fn memories(&self) -> Result<BTreeMap<String, FolderMemory>, ProjectError> {
        self.project.read(|connection| {
            let memories = connection
                .prepare_cached(&format!("SELECT {MEMORY_COLUMNS} FROM folder WHERE mailbox_id = ?1"))?
                .query_map([self.mailbox.0], |row| Ok((row.get(0)?, read_memory(row)?)))?
                .collect::<Result<_, _>>()?;
            Ok(memories)
        })
    }

    /// The source folder was listed whole while it had these counts.
    pub fn set_source_counts(
        &self,
        folder: FolderId,
        counts: FolderCounts<SourceUid>,
    ) -> Result<(), ProjectError> {
        self.set_counts("source_messages = ?2, source_uid_next = ?3", folder, Some(counts))
    }

    /// Every copy was seen at the destination while its folder had these counts; `None`: that is not known.
    pub fn set_destination_counts(
        &self,
        folder: FolderId,
        counts: Option<FolderCounts<DestinationUid>>,
    ) -> Result<(), ProjectError> {
        self.set_counts("destination_messages = ?2, destination_uid_next = ?3", folder, counts)
    }

    fn set_counts<U: Uid>(
        &self,
        columns: &str,
        folder: FolderId,
        counts: Option<FolderCounts<U>>,
    ) -> Result<(), ProjectError> {
        let messages = counts.map(|counts| i64::try_from(counts.messages).unwrap_or(i64::MAX));
        let uid_next: Option<u32> = counts.map(|counts| counts.uid_next.into());
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(&format!("UPDATE folder SET {columns} WHERE id = ?1"))?
                .execute(params![folder.0, messages, uid_next])?;
            Ok(())
        })
    }

    /// Flags of the source folder are known up to this HIGHESTMODSEQ.
    pub fn set_source_modseq(&self, folder: FolderId, modseq: u64) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached("UPDATE folder SET source_modseq = ?2 WHERE id = ?1")?
                .execute(params![folder.0, i64::try_from(modseq).unwrap_or(i64::MAX)])?;
            Ok(())
        })
    }
}

fn read_memory(row: &Row<'_>) -> rusqlite::Result<FolderMemory> {
    Ok(FolderMemory {
        id: FolderId(row.get(1)?),
        source: read_path(row, 2)?,
        destination: read_path(row, 3)?,
        destination_uid_validity: row.get(4)?,
        needs_match: row.get(5)?,
        source_counts: read_counts(row, 6)?,
        destination_counts: read_counts(row, 8)?,
        source_modseq: row.get::<_, Option<i64>>(10)?.and_then(|modseq| u64::try_from(modseq).ok()),
    })
}

fn read_counts<U: FromSql>(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<FolderCounts<U>>> {
    let (messages, uid_next): (Option<i64>, Option<U>) = (row.get(first)?, row.get(first + 1)?);
    Ok(messages.and_then(|messages| {
        Some(FolderCounts { messages: u64::try_from(messages).ok()?, uid_next: uid_next? })
    }))
}
