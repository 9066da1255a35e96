//! Stores the plan and the counts of each mailbox.

use std::collections::BTreeMap;

use rusqlite::params;

use super::ledger::stored::to_json;
use super::mailboxes::missing_mailbox;
use super::{Project, ProjectError};
use crate::plan::{FolderOverride, FolderPath, MailboxPlan, Measured, Oversize};
use crate::values::MailboxId;
use crate::values::{Bytes, UnixTime};

/// The plan of a mailbox, and when its folders were counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlan {
    /// The plan as the mapping made it; the owner's changes are applied to it after reading.
    pub plan: MailboxPlan,
    /// When the folders were counted.
    pub counted_at: UnixTime,
    /// Messages that are larger than the destination takes.
    pub oversize: Oversize,
}

impl Project {
    /// The plans of all mailboxes that have one.
    pub fn plans(&self) -> Result<BTreeMap<MailboxId, StoredPlan>, ProjectError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT mailbox_id, body, counted_at, oversize FROM mailbox_plan")?;
            let mut rows = statement.query([])?;
            let mut plans = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let body: String = row.get(1)?;
                let plan = serde_json::from_str(&body)
                    .map_err(|error| ProjectError::unreadable("a folder plan", error))?;
                let oversize: Option<String> = row.get(3)?;
                let oversize = oversize.map(|text| serde_json::from_str(&text)).transpose();
                let oversize =
                    oversize.map_err(|error| ProjectError::unreadable("a list of large messages", error))?;
                let stored = StoredPlan {
                    plan,
                    counted_at: UnixTime(row.get(2)?),
                    oversize: oversize.unwrap_or_default(),
                };
                plans.insert(MailboxId(row.get(0)?), stored);
            }
            Ok(plans)
        })
    }

    /// Keeps the plan of a mailbox. Committed now, flushed soon afterwards.
    pub fn set_plan(&self, mailbox: MailboxId, stored: &StoredPlan) -> Result<(), ProjectError> {
        let body = to_json(&stored.plan)?;
        let oversize = to_json(&stored.oversize)?;
        self.commit_settling(|transaction| {
            transaction
                .execute(
                    "INSERT INTO mailbox_plan (mailbox_id, body, counted_at, oversize) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (mailbox_id) DO UPDATE SET
                         body = excluded.body, counted_at = excluded.counted_at, oversize = excluded.oversize",
                    params![mailbox.0, body, stored.counted_at.0, oversize],
                )
                .map_err(missing_mailbox)?;
            Ok(())
        })
    }

    /// Forgets plans that no longer fit; what the owner changed in them stays. Committed now, flushed soon afterwards.
    pub fn forget_plans(&self, mailboxes: &[MailboxId]) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| {
            for mailbox in mailboxes {
                transaction.execute("DELETE FROM mailbox_plan WHERE mailbox_id = ?1", [mailbox.0])?;
                // Another server or user has another speed.
                transaction.execute("DELETE FROM measured WHERE mailbox_id = ?1", [mailbox.0])?;
            }
            Ok(())
        })
    }

    /// How fast each mailbox was copied, where it was measured.
    pub fn measured(&self) -> Result<BTreeMap<MailboxId, Measured>, ProjectError> {
        self.read(|connection| {
            let number = |number: i64| u64::try_from(number).unwrap_or(0);
            let measured = connection
                .prepare_cached("SELECT mailbox_id, messages, bytes, millis, pairs FROM measured")?
                .query_map([], |row| {
                    let measured = Measured {
                        messages: number(row.get(1)?),
                        bytes: Bytes(number(row.get(2)?)),
                        millis: number(row.get(3)?),
                        pairs: number(row.get(4)?),
                    };
                    Ok((MailboxId(row.get(0)?), measured))
                })?
                .collect::<Result<_, _>>()?;
            Ok(measured)
        })
    }

    /// Keeps how fast a mailbox was copied. Committed now, flushed soon afterwards.
    pub fn set_measured(&self, mailbox: MailboxId, measured: &Measured) -> Result<(), ProjectError> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.commit_settling(|transaction| {
            transaction
                .execute(
                    "INSERT INTO measured (mailbox_id, messages, bytes, millis, pairs) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (mailbox_id) DO UPDATE SET messages = excluded.messages,
                         bytes = excluded.bytes, millis = excluded.millis, pairs = excluded.pairs",
                    params![
                        mailbox.0,
                        number(measured.messages),
                        number(measured.bytes.0),
                        number(measured.millis),
                        number(measured.pairs)
                    ],
                )
                .map_err(missing_mailbox)?;
            Ok(())
        })
    }

    /// What the owner changed in the plan of a mailbox, by folder at the source.
    pub fn folder_overrides(
        &self,
        mailbox: MailboxId,
    ) -> Result<BTreeMap<FolderPath, FolderOverride>, ProjectError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT source, is_included, destination, may_share FROM folder_override WHERE mailbox_id = ?1",
            )?;
            let mut rows = statement.query([mailbox.0])?;
            let mut overrides = BTreeMap::new();
            let broken = |error| ProjectError::unreadable("a changed folder", error);
            while let Some(row) = rows.next()? {
                let source: String = row.get(0)?;
                let destination: Option<String> = row.get(2)?;
                let destination =
                    destination.map(|text| serde_json::from_str(&text)).transpose().map_err(broken)?;
                let change =
                    FolderOverride { is_included: row.get(1)?, destination, may_share: row.get(3)? };
                overrides.insert(serde_json::from_str(&source).map_err(broken)?, change);
            }
            Ok(overrides)
        })
    }

    /// Keeps what the owner changed about one folder; an empty change takes it back. Committed now, flushed soon afterwards.
    pub fn set_folder_override(
        &self,
        mailbox: MailboxId,
        source: &FolderPath,
        change: &FolderOverride,
    ) -> Result<(), ProjectError> {
        let source = to_json(source)?;
        let destination = change.destination.as_ref().map(to_json).transpose()?;
        self.commit_settling(|transaction| {
            if change.is_empty() {
                transaction.execute(
                    "DELETE FROM folder_override WHERE mailbox_id = ?1 AND source = ?2",
                    params![mailbox.0, source],
                )
            } else {
                transaction.execute(
                    "INSERT INTO folder_override (mailbox_id, source, is_included, destination, may_share)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (mailbox_id, source) DO UPDATE SET
                         is_included = excluded.is_included, destination = excluded.destination,
                         may_share = excluded.may_share",
                    params![mailbox.0, source, change.is_included, destination, change.may_share],
                )
            }
            .map_err(missing_mailbox)?;
            Ok(())
        })
    }
}
