//! Stores whole documents as JSON: the audit report, its facts, the plan of records and the facts of the zone.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ledger::stored::to_json;
use super::{Project, ProjectError};
use crate::accounts::Directory;
use crate::audit::AuditReport;
use crate::records::RecordsPlan;
use crate::values::UnixTime;

impl Project {
    /// The newest audit report.
    pub fn audit_report(&self) -> Result<Option<AuditReport>, ProjectError> {
        self.document("audit-report")
    }

    /// The facts behind the newest audit report, as the JSON text that was given.
    pub fn audit_facts(&self) -> Result<Option<String>, ProjectError> {
        self.document_text("audit-facts")
    }

    /// Keeps an audit report together with the facts behind it.
    pub fn set_audit(&self, report: &AuditReport, facts_json: &str) -> Result<(), ProjectError> {
        let report = to_json(report)?;
        self.commit_durable(|transaction| {
            put(transaction, "audit-report", &report)?;
            put(transaction, "audit-facts", facts_json)
        })
    }

    /// The newest plan of the records.
    pub fn records_plan(&self) -> Result<Option<RecordsPlan>, ProjectError> {
        self.document("records-plan")
    }

    /// Keeps a plan of the records, or drops the stored one.
    pub fn set_records_plan(&self, plan: Option<&RecordsPlan>) -> Result<(), ProjectError> {
        self.set_document("records-plan", plan)
    }

    /// The zone as it was read for the records, as the JSON text that was given.
    pub fn zone_facts(&self) -> Result<Option<String>, ProjectError> {
        self.document_text("zone-facts")
    }

    /// Keeps the zone as it was read for the records.
    pub fn set_zone_facts(&self, facts_json: &str) -> Result<(), ProjectError> {
        self.commit_durable(|transaction| put(transaction, "zone-facts", facts_json))
    }

    /// What was seen of the switch, as the JSON text that was given.
    pub fn switch_watch(&self) -> Result<Option<String>, ProjectError> {
        self.document_text("switch-watch")
    }

    /// Keeps what was seen of the switch.
    pub fn set_switch_watch(&self, watch_json: &str) -> Result<(), ProjectError> {
        self.commit_durable(|transaction| put(transaction, "switch-watch", watch_json))
    }

    /// Reminders that the owner has ticked, by their names, each with the moment.
    pub fn ticked_reminders(&self) -> Result<BTreeMap<String, UnixTime>, ProjectError> {
        Ok(self.document("reminders")?.unwrap_or_default())
    }

    /// Keeps what the owner has ticked. Committed now, flushed soon afterwards.
    pub fn set_ticked_reminders(&self, ticked: &BTreeMap<String, UnixTime>) -> Result<(), ProjectError> {
        self.set_document("reminders", (!ticked.is_empty()).then_some(ticked))
    }

    /// What the owner's files say of mailboxes and aliases; empty where none were read.
    pub fn directory(&self) -> Result<Directory, ProjectError> {
        Ok(self.document("accounts")?.unwrap_or_default())
    }

    /// Keeps what the owner's files say of mailboxes and aliases. Committed now, flushed soon afterwards.
    pub fn set_directory(&self, directory: &Directory) -> Result<(), ProjectError> {
        self.set_document("accounts", (!directory.is_empty()).then_some(directory))
    }

    /// Reads a stored value; `None` where there is none.
    pub(super) fn document<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ProjectError> {
        self.document_text(name)?
            .map(|body| serde_json::from_str(&body).map_err(|error| ProjectError::unreadable(name, error)))
            .transpose()
    }

    /// Stores a value, or drops it. Committed now, flushed soon afterwards.
    pub(super) fn set_document<T: Serialize + ?Sized>(
        &self,
        name: &str,
        value: Option<&T>,
    ) -> Result<(), ProjectError> {
        let body = value.map(|value| to_json(&value)).transpose()?;
        self.commit_settling(|transaction| {
            if let Some(body) = body {
                put(transaction, name, &body)
            } else {
                transaction.execute("DELETE FROM document WHERE name = ?1", [name])?;
                Ok(())
            }
        })
    }

    fn document_text(&self, name: &str) -> Result<Option<String>, ProjectError> {
        self.read(|connection| {
            let body = connection
                .prepare_cached("SELECT body FROM document WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            Ok(body)
        })
    }
}

fn put(transaction: &rusqlite::Transaction<'_>, name: &str, body: &str) -> Result<(), ProjectError> {
    transaction.execute(
        "INSERT INTO document (name, body, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET body = excluded.body, at = excluded.at",
        params![name, body, UnixTime::now().0],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FolderChoice, FolderPath, FolderPlan, LeftOutBecause, MailboxPlan, SpecialUse};
    use crate::providers::ProviderId;
    use crate::records::{Change, DiffLine, GroupKind, RecordGroup, Sender, SwitchStage};
    use crate::values::{Bytes, DomainName, UnixTime};

    fn project(folder: &tempfile::TempDir) -> std::sync::Arc<Project> {
        let domain = DomainName::parse("example.org").unwrap();
        Project::create(&folder.path().join("x.mailferry"), &domain, false).unwrap()
    }

    #[test]
    fn reports_and_plans_read_back() {
        let temp = tempfile::tempdir().unwrap();
        let project = project(&temp);
        assert_eq!(project.audit_report().unwrap(), None);
        let report = AuditReport {
            since: None,
            domain: DomainName::parse("weber-köln.example").unwrap(),
            at: UnixTime(7),
            resolver: "system".to_owned(),
            summary: "fine".to_owned(),
            findings: Vec::new(),
            receivers: Vec::new(),
            verdict: None,
            ranges: Vec::new(),
            dkim_keys: BTreeMap::new(),
        };
        project.set_audit(&report, "{\"facts\":1}").unwrap();
        assert_eq!(project.audit_report().unwrap(), Some(report));
        assert_eq!(project.audit_facts().unwrap().as_deref(), Some("{\"facts\":1}"));

        let line = DiffLine {
            change: Change::Add,
            stage: SwitchStage::AtTheSwitch,
            name: "@".to_owned(),
            ttl_secs: 300,
            record_type: "MX".to_owned(),
            value: "10 in1.example.".to_owned(),
            reason: "mail goes there".to_owned(),
        };
        let plan = RecordsPlan {
            groups: vec![RecordGroup { kind: GroupKind::Mx, purpose: String::new(), lines: vec![line] }],
            senders: vec![Sender { term: "a".to_owned(), who: String::new(), is_kept: true }],
            ..RecordsPlan::empty(DomainName::parse("example.org").unwrap(), ProviderId("fastmail".to_owned()))
        };
        project.set_records_plan(Some(&plan)).unwrap();
        assert_eq!(project.records_plan().unwrap(), Some(plan));
        project.set_records_plan(None).unwrap();
        assert_eq!(project.records_plan().unwrap(), None);
        assert!(project.directory().unwrap().is_empty());
        let domain = DomainName::parse("example.org").unwrap();
        let users = crate::accounts::read("users", b"anna@example.org\n", &domain, None).unwrap();
        project.set_directory(&users).unwrap();
        assert_eq!(project.directory().unwrap(), users);
        assert!(project.ticked_reminders().unwrap().is_empty());
        let ticked = BTreeMap::from([("raise-ttls".to_owned(), UnixTime(9))]);
        project.set_ticked_reminders(&ticked).unwrap();
        assert_eq!(project.ticked_reminders().unwrap(), ticked);
        project.set_zone_facts("[]").unwrap();
        assert_eq!(project.zone_facts().unwrap().as_deref(), Some("[]"));
    }

    #[test]
    fn a_value_that_does_not_read_back_is_damage() {
        let temp = tempfile::tempdir().unwrap();
        let project = project(&temp);
        project.commit_durable(|transaction| put(transaction, "copy-job", "{}")).unwrap();
        assert!(
            matches!(project.copy_job(), Err(ProjectError::Corrupt(words)) if words.contains("copy-job"))
        );
    }

    #[test]
    fn every_choice_about_a_folder_has_a_form_in_the_file() {
        for choice in [
            FolderChoice::Copy,
            FolderChoice::ContainerOnly,
            FolderChoice::LeaveOut(LeftOutBecause::ItIsAView),
            FolderChoice::LeaveOut(LeftOutBecause::YouChose),
            FolderChoice::LeaveOut(LeftOutBecause::ItIsShared),
            FolderChoice::LeaveOut(LeftOutBecause::ItIsSomebodyElses),
            FolderChoice::LeaveOut(LeftOutBecause::ItHoldsNoMail),
        ] {
            let plan = MailboxPlan {
                folders: vec![FolderPlan {
                    source_raw: "A".to_owned(),
                    source: FolderPath::inbox(),
                    destination: FolderPath::inbox(),
                    special_use: Some(SpecialUse::Inbox),
                    messages: 0,
                    bytes: Bytes::ZERO,
                    choice,
                    renamed: crate::plan::rename_samples::one_of_each(),
                    is_unsubscribed: false,
                }],
                ..MailboxPlan::default()
            };
            let text = to_json(&plan).unwrap();
            assert_eq!(serde_json::from_str::<MailboxPlan>(&text).unwrap(), plan);
        }
    }
}
