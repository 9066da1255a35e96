use crate::engine::actor::Actor;
use crate::engine::api::snapshot::AuditView;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::Message;

impl Actor {
    /// Asks the DNS and judges; an earlier report stays on show meanwhile.
    pub(super) fn run_audit(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let question = crate::engine::jobs::survey::Question {
            domain: open.project.domain().clone(),
            options: open.view.domain.audit_options.clone(),
            resolver: open.resolver_address(),
        };
        open.view.audit = AuditView::Running {
            done: 0,
            total: 0,
            what: String::new(),
            previous: open.view.audit.report().cloned(),
        };
        self.launch(
            JobKind::Audit,
            |context| crate::engine::jobs::survey::audit(question, context),
            |number, result| Message::AuditDone { number, result },
        );
    }

    /// Drops the running audit; an earlier report comes back.
    pub(super) fn cancel_audit(&mut self) {
        self.jobs.cancel(JobKind::Audit);
        if let Some(open) = self.open.as_mut() {
            open.end_audit_without_result();
        }
    }
}
