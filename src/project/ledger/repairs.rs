//! The part of the ledger about refused messages: what was tried, what was sent instead, and where the saved file is.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use crate::message::{IdentityKey, RepairStep, RepairTrigger};
use crate::plan::{FlagsAfter, MessageState, Reason};
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::claims::SAME_PLACE;
use crate::project::ledger::rows::{FolderId, LedgerRow};
use crate::project::ledger::stored::{to_json, unreadable};
use crate::values::SourceUid;

/// Longest stored words of a refusal, in characters.
const WORDS_LIMIT: usize = 500;

/// The bytes that were sent in place of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentForm {
    /// Their size.
    pub size: u64,
    /// Digest of their headers.
    pub identity: IdentityKey,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

/// A file that a message was exported into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where it is.
    pub path: String,
    /// SHA-256 of its bytes, which are those of the source.
    pub sha256: [u8; 32],
}

/// What was done to a message that the destination refused as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Why it did not go as it was.
    pub trigger: RepairTrigger,
    /// The steps that were tried, in their order.
    pub steps: Vec<RepairStep>,
    /// What was sent last.
    pub sent: Option<SentForm>,
    /// Where it is saved as a file.
    pub file: Option<ExportedFile>,
}

impl Repair {
    /// What was done, for the row of the message.
    pub fn reason(&self) -> Reason {
        let (trigger, steps) = (self.trigger.clone(), self.steps.clone());
        match &self.file {
            Some(file) => Reason::Exported { trigger, file: file.path.clone() },
            None => Reason::Repaired { trigger, steps, flags: FlagsAfter::AsSent },
        }
    }
}

/// Columns of a [`Repair`].
const COLUMNS: &str =
    "trigger_name, refusal_code, refusal, steps, sent_size, sent_identity, sent_sha256, file, file_sha256";

fn read_repair(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Repair> {
    let [name, code, text]: [String; 3] = [row.get(first)?, row.get(first + 1)?, row.get(first + 2)?];
    let steps: String = row.get(first + 3)?;
    let sent = match (row.get(first + 4)?, row.get(first + 5)?, row.get(first + 6)?) {
        (Some(size), Some(identity), Some(sha256)) => {
            let size: i64 = size;
            Some(SentForm { size: u64::try_from(size).unwrap_or(0), identity: IdentityKey(identity), sha256 })
        }
        _ => None,
    };
    let file = match (row.get(first + 7)?, row.get(first + 8)?) {
        (Some(path), Some(sha256)) => Some(ExportedFile { path, sha256 }),
        _ => None,
    };
    Ok(Repair {
        trigger: RepairTrigger::read(&name, &code, &text)
            .ok_or_else(|| unreadable(first, rusqlite::types::Type::Text, format!("trigger {name}")))?,
        steps: serde_json::from_str(&steps)
            .map_err(|error| unreadable(first + 3, rusqlite::types::Type::Text, error))?,
        sent,
        file,
    })
}

impl Ledger {
    /// Records, durably, that a message that is in flight is about to be sent in another form: from then on both
    /// forms are looked for after a break. `sent` is what goes out.
    pub fn record_repair(
        &self,
        folder: FolderId,
        uid: SourceUid,
        trigger: &RepairTrigger,
        steps: &[RepairStep],
        sent: &SentForm,
    ) -> Result<(), ProjectError> {
        let [name, code, text] = trigger.stored();
        self.project.commit_durable(|transaction| {
            let in_flight: Option<i64> = transaction
                .prepare_cached("SELECT state FROM message WHERE folder_id = ?1 AND uid = ?2")?
                .query_row(params![folder.0, uid], |row| row.get(0))
                .optional()?;
            if in_flight != Some(1) {
                return Err(ProjectError::NotToDo { uid });
            }
            transaction
                .prepare_cached(
                    "INSERT INTO repair (folder_id, uid, trigger_name, refusal_code, refusal, steps, sent_size,
                         sent_identity, sent_sha256)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                     ON CONFLICT (folder_id, uid) DO UPDATE SET
                         trigger_name = excluded.trigger_name, refusal_code = excluded.refusal_code,
                         refusal = excluded.refusal, steps = excluded.steps, sent_size = excluded.sent_size,
                         sent_identity = excluded.sent_identity, sent_sha256 = excluded.sent_sha256,
                         file = NULL, file_sha256 = NULL",
                )?
                .execute(params![
                    folder.0,
                    uid,
                    name,
                    code,
                    bounded(text),
                    to_json(&steps)?,
                    i64::try_from(sent.size).unwrap_or(i64::MAX),
                    sent.identity.0,
                    sent.sha256,
                ])?;
            Ok(())
        })
    }

    /// Records where a refused message is saved as a file. Durable with the next durable call, as its result is.
    pub fn record_export(
        &self,
        folder: FolderId,
        uid: SourceUid,
        trigger: &RepairTrigger,
        steps: &[RepairStep],
        file: &ExportedFile,
    ) -> Result<(), ProjectError> {
        let [name, code, text] = trigger.stored();
        self.project.commit_deferred(|transaction| {
            transaction.execute(
                "INSERT INTO repair (folder_id, uid, trigger_name, refusal_code, refusal, steps, file, file_sha256)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (folder_id, uid) DO UPDATE SET
                     trigger_name = excluded.trigger_name, refusal_code = excluded.refusal_code,
                     refusal = excluded.refusal, steps = excluded.steps,
                     file = excluded.file, file_sha256 = excluded.file_sha256",
                params![folder.0, uid, name, code, bounded(text), to_json(&steps)?, file.path, file.sha256],
            )?;
            Ok(())
        })
    }

    /// What was done to a refused message; `None` where it never was refused.
    pub fn repair(&self, folder: FolderId, uid: SourceUid) -> Result<Option<Repair>, ProjectError> {
        self.project.read(|connection| {
            let repair = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM repair WHERE folder_id = ?1 AND uid = ?2"))?
                .query_row(params![folder.0, uid], |row| read_repair(row, 0))
                .optional()?;
            Ok(repair)
        })
    }

    /// What was done to the refused messages of a folder, and of others that go to the same place, by folder and UID.
    pub fn repairs(&self, folder: FolderId) -> Result<BTreeMap<(FolderId, SourceUid), Repair>, ProjectError> {
        self.project.read(|connection| {
            let repairs = connection
                .prepare_cached(&format!(
                    "SELECT folder_id, uid, {COLUMNS} FROM repair WHERE folder_id IN ({SAME_PLACE})"
                ))?
                .query_map([folder.0], |row| {
                    Ok(((FolderId(row.get(0)?), row.get(1)?), read_repair(row, 2)?))
                })?
                .collect::<Result<_, _>>()?;
            Ok(repairs)
        })
    }

    /// Gives rows the length that was read, and repaired ones size, identity and hash of what was sent, for comparing them
    /// with the destination.
    pub fn as_sent(
        &self,
        folder: FolderId,
        mut rows: Vec<LedgerRow>,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        let lengths = self.read_lengths(folder)?;
        for row in &mut rows {
            row.size = lengths.get(&row.uid).copied().unwrap_or(row.size);
            if row.state != MessageState::Repaired {
                continue;
            }
            if let Some(SentForm { size, identity, sha256 }) =
                self.repair(folder, row.uid)?.and_then(|repair| repair.sent)
            {
                (row.size, row.identity, row.sha256) = (size, identity, Some(sha256));
            }
        }
        Ok(rows)
    }
}

fn bounded(words: &str) -> String {
    words.chars().take(WORDS_LIMIT).collect()
}
