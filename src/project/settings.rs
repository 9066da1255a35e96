//! Stores the settings of a project: servers, destination, approved certificates, options of the audit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Project, ProjectError};
use crate::plan::CopyOptions;
use crate::providers::ProviderId;
use crate::values::{Endpoint, Fingerprint, UnixTime};

/// The provider that the mail goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// From the catalogue.
    pub provider: ProviderId,
    /// Its IMAP server, where the owner named one or the catalogue was asked.
    pub server: Option<Endpoint>,
}

/// A certificate that the owner approved for one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// SHA-256 of it.
    pub fingerprint: Fingerprint,
    /// When it was approved.
    pub approved_at: UnixTime,
    /// Who signed it, where it was shown before it was approved.
    pub issuer: Option<String>,
    /// Last moment of its validity, likewise.
    pub valid_until: Option<UnixTime>,
}

/// What the audit is asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSettings {
    /// `HOST:PORT` of a resolver; empty for the system's.
    pub resolver: String,
    /// DKIM selectors to try first.
    pub selectors: Vec<String>,
    /// Addresses that send the domain's mail.
    pub sending_addresses: Vec<IpAddr>,
    /// The name with which the sending server greets; empty where it is not known.
    #[serde(default)]
    pub helo: String,
    /// `HOST:PORT` of another resolver, whose word on signatures (DNSSEC) is heard as well; may be empty.
    #[serde(default)]
    pub second_resolver: String,
}

/// A provider file of the owner, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProviderFile {
    /// Name of the file; its stem names the provider.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Project {
    /// The provider files of the owner, in the order in which they were added.
    pub fn own_providers(&self) -> Result<Vec<OwnProviderFile>, ProjectError> {
        Ok(self.document("own-providers")?.unwrap_or_default())
    }

    /// Keeps these provider files of the owner.
    pub fn set_own_providers(&self, files: &[OwnProviderFile]) -> Result<(), ProjectError> {
        self.set_document("own-providers", Some(files))
    }

    /// The IMAP server that mail is copied from.
    pub fn source_server(&self) -> Result<Option<Endpoint>, ProjectError> {
        self.document("source-server")
    }

    /// Takes this server as the source.
    pub fn set_source_server(&self, server: Option<&Endpoint>) -> Result<(), ProjectError> {
        self.set_document("source-server", server)
    }

    /// The chosen provider.
    pub fn destination(&self) -> Result<Option<Destination>, ProjectError> {
        self.document("destination")
    }

    /// Takes this provider as the destination.
    pub fn set_destination(&self, destination: Option<&Destination>) -> Result<(), ProjectError> {
        self.set_document("destination", destination)
    }

    /// What the audit is asked with; the default where nothing was set.
    pub fn audit_settings(&self) -> Result<AuditSettings, ProjectError> {
        Ok(self.document("audit-settings")?.unwrap_or_default())
    }

    /// Remembers what the audit is asked with.
    pub fn set_audit_settings(&self, settings: &AuditSettings) -> Result<(), ProjectError> {
        self.set_document("audit-settings", Some(settings))
    }

    /// What the owner asked of the copy; the default where nothing was set.
    pub fn copy_options(&self) -> Result<CopyOptions, ProjectError> {
        Ok(self.document("copy-options")?.unwrap_or_default())
    }

    /// Remembers what the owner asked of the copy.
    pub fn set_copy_options(&self, options: &CopyOptions) -> Result<(), ProjectError> {
        self.set_document("copy-options", Some(options))
    }

    /// Answers that the provider's records need, by name.
    pub fn answers(&self) -> Result<BTreeMap<String, String>, ProjectError> {
        self.read(|connection| {
            let answers = connection
                .prepare_cached("SELECT name, value FROM answer")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(answers)
        })
    }

    /// Sets one answer; an empty value takes it back. Committed now, flushed soon afterwards.
    pub fn set_answer(&self, name: &str, value: &str) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| {
            if value.is_empty() {
                transaction.execute("DELETE FROM answer WHERE name = ?1", [name])?;
            } else {
                transaction.execute(
                    "INSERT INTO answer (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, value],
                )?;
            }
            Ok(())
        })
    }

    /// SPF terms that the owner decided about, and whether they are kept.
    pub fn sender_choices(&self) -> Result<BTreeMap<String, bool>, ProjectError> {
        self.read(|connection| {
            let choices = connection
                .prepare_cached("SELECT term, is_kept FROM sender")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(choices)
        })
    }

    /// Keeps or drops a sender of today's SPF record. Committed now, flushed soon afterwards.
    pub fn set_sender_choice(&self, term: &str, is_kept: bool) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| {
            transaction.execute(
                "INSERT INTO sender (term, is_kept) VALUES (?1, ?2)
                 ON CONFLICT (term) DO UPDATE SET is_kept = excluded.is_kept",
                params![term, is_kept],
            )?;
            Ok(())
        })
    }

    /// The approved certificate of every server that has one, by host and port.
    pub fn pins(&self) -> Result<BTreeMap<(String, u16), Pin>, ProjectError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT host, port, fingerprint, approved_at, issuer, valid_until FROM pinned_certificate",
            )?;
            let mut rows = statement.query([])?;
            let mut pins = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let fingerprint: String = row.get(2)?;
                let pin = Pin {
                    fingerprint: fingerprint
                        .parse()
                        .map_err(|error| ProjectError::unreadable("a fingerprint", error))?,
                    approved_at: UnixTime(row.get(3)?),
                    issuer: row.get(4)?,
                    valid_until: row.get::<_, Option<i64>>(5)?.map(UnixTime),
                };
                pins.insert((row.get(0)?, row.get(1)?), pin);
            }
            Ok(pins)
        })
    }

    /// Approves this certificate for this server only, in place of the one before. Approving the same one again changes
    /// nothing. Committed now, flushed soon afterwards.
    pub fn pin_certificate(&self, server: &Endpoint, pin: &Pin) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| {
            transaction.execute(
                "INSERT INTO pinned_certificate (host, port, fingerprint, approved_at, issuer, valid_until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (host, port) DO UPDATE
                 SET fingerprint = excluded.fingerprint, approved_at = excluded.approved_at,
                     issuer = excluded.issuer, valid_until = excluded.valid_until
                 WHERE fingerprint <> excluded.fingerprint",
                params![
                    server.host,
                    server.port,
                    pin.fingerprint.to_string(),
                    pin.approved_at.0,
                    pin.issuer,
                    pin.valid_until.map(|time| time.0)
                ],
            )?;
            Ok(())
        })
    }
}
