use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::verdict::{Overrule, OwnerAnswers};
use crate::audit::{Facts, judge};
use crate::engine::actor::Actor;
use crate::engine::api::command::{AuditOptions, AuditReach, NeighbourScope};
use crate::engine::api::snapshot::AuditView;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::evidence::{MailboxesToRead, NamedAttempt};
use crate::engine::jobs::results::Message;
use crate::engine::jobs::survey::{Known, OneFinding, seen_elsewhere};
use crate::values::{MailboxId, Side};

impl Actor {
    /// Runs the audit; an earlier report stays visible meanwhile.
    pub(super) fn run_audit(&mut self, neighbours: NeighbourScope) {
        self.audit(neighbours, None, None);
    }

    /// Asks again what stands behind one finding alone.
    pub(super) fn check_again(&mut self, id: String) {
        if let Some(facts) = self.saved_facts() {
            self.audit(NeighbourScope::None, Some(OneFinding { id, facts }), None);
        }
    }

    /// Starts the job, for everything or for one finding.
    fn audit(
        &mut self,
        neighbours: NeighbourScope,
        again: Option<OneFinding>,
        mailboxes: Option<MailboxesToRead>,
    ) {
        let Some(open) = self.open.as_mut() else { return };
        open.checks_again = again.as_ref().map(|again| again.id.clone());
        let reach = if open.view.is_practice {
            // Nothing leaves the computer, so nobody has to agree to anything.
            AuditReach { neighbours: NeighbourScope::Whole, ..AuditReach::default() }
        } else {
            AuditReach { neighbours, asks_registries: true, ..AuditReach::default() }
        };
        let question = crate::engine::jobs::survey::Question {
            domain: open.project.domain().clone(),
            options: AuditOptions {
                // Read once: what was found in the files stays with the facts.
                evidence: std::mem::take(&mut open.evidence_to_read),
                ..open.view.domain.audit_options.clone()
            },
            resolver: open.resolver_address(),
            known: Known::of(open.project.audit_facts().ok().flatten().as_deref()),
            reach,
            is_practice: open.view.is_practice,
            again,
        };
        open.view.audit = AuditView::Running {
            done: 0,
            total: 0,
            what: String::new(),
            previous: open.view.audit.report().cloned(),
        };
        // Nothing of a rehearsal leaves this computer, a key least of all.
        let list_keys = (!open.view.is_practice).then(|| self.list_keys.clone());
        self.launch(
            JobKind::Audit,
            |context| crate::engine::jobs::survey::audit(question, mailboxes, list_keys, context),
            |number, result| Message::AuditDone { number, result },
        );
    }

    /// Reads the owner's files as evidence, and judges with them.
    pub(super) fn read_evidence(&mut self, paths: Vec<PathBuf>) {
        let Some(open) = self.open.as_mut() else { return };
        open.evidence_to_read = paths;
        self.run_audit(NeighbourScope::None);
    }

    /// Reads the mailboxes at the old server as evidence, those that have a password, and judges with it.
    pub(super) fn read_mailboxes(&mut self) {
        let passwords = self.passwords();
        let Some(open) = self.open.as_ref() else { return };
        let readable: Vec<MailboxId> = open.readable_mailboxes().map(|row| row.id).collect();
        if readable.is_empty() {
            return self.fail(explain::no_mailbox_to_read());
        }
        let address = |id| open.mailbox(id).map_or_else(String::new, |row| row.mailbox.address.to_string());
        let attempts = open.sign_in_attempts(&readable).into_iter();
        let mailboxes = MailboxesToRead {
            project: open.project.uuid().to_owned(),
            mailboxes: attempts
                .filter(|attempt| attempt.side == Side::Source)
                .map(|attempt| NamedAttempt { address: address(attempt.mailbox), attempt })
                .collect(),
            passwords,
        };
        self.audit(NeighbourScope::None, None, Some(mailboxes));
    }

    /// Takes what the owner says of the operation, and judges again what was measured.
    pub(super) fn answer_owner(&mut self, owner: OwnerAnswers) {
        self.judge_again(|facts| facts.owner = owner);
    }

    /// Takes or drops a decision against the verdict.
    pub(super) fn overrule(&mut self, overrule: Option<Overrule>) {
        self.judge_again(|facts| facts.overrule = overrule);
    }

    /// Takes what the line for the server printed, and judges again with it.
    pub(super) fn take_probe_output(&mut self, output: &str) {
        match seen_elsewhere(output) {
            Ok(seen) => {
                self.judge_again(|facts| facts.mail_hosts.get_or_insert_default().adopt(seen));
                self.notice("The output of your server was read".to_owned(), None);
            }
            Err(error) => self.fail(*error),
        }
    }

    /// The facts of the newest audit; if there are none, the user sees an error.
    pub(super) fn saved_facts(&mut self) -> Option<Facts> {
        let saved = self.open.as_ref()?.project.audit_facts().ok().flatten();
        let facts = saved.and_then(|json| Facts::from_json(&json).ok());
        if facts.is_none() {
            self.fail(explain::nothing_to_save("There is no audit yet", "Run the audit first"));
        }
        facts
    }

    /// Changes the facts and judges them; nothing is asked.
    fn judge_again(&mut self, change: impl FnOnce(&mut Facts)) {
        let Some(mut facts) = self.saved_facts() else { return };
        change(&mut facts);
        self.keep_facts(&facts);
    }

    /// Judges these facts, and keeps both in the open project.
    pub(super) fn keep_facts(&mut self, facts: &Facts) {
        let Some(open) = self.open.as_mut() else { return };
        let report = judge(facts);
        let json = match facts.to_json() {
            Ok(json) => json,
            Err(error) => {
                return self.fail(explain::defect("The facts of the audit could not be kept", &error));
            }
        };
        open.view.audit = AuditView::Done(Arc::new(report.clone()));
        let _told = self.store(|project| project.set_audit(&report, &json));
    }

    /// Cancels the running audit and restores an earlier report.
    pub(super) fn cancel_audit(&mut self) {
        self.jobs.cancel(JobKind::Audit);
        if let Some(open) = self.open.as_mut() {
            open.end_audit_without_result();
        }
    }
}
