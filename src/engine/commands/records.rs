use crate::audit::Facts;
use crate::engine::actor::Actor;
use crate::engine::api::command::AuditReach;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::Message;
use crate::engine::jobs::survey::Known;
use crate::records::check_answer;

impl Actor {
    /// Reads the zone and computes the new records.
    pub(super) fn prepare_records(&mut self) {
        let Some(answers) = self.store(crate::project::Project::answers) else { return };
        let Some(open) = self.open.as_mut() else { return };
        if open.view.destination.chosen.is_none() {
            return self.fail(explain::no_destination());
        }
        open.view.records.is_preparing = true;
        open.view.records.error = None;
        let chosen = open.view.destination.chosen.as_ref().and_then(|(id, _)| self.catalogue.get(id));
        let Some(provider) = chosen.cloned() else { return };
        let question = crate::engine::jobs::survey::Question {
            again: None,
            domain: open.project.domain().clone(),
            options: open.view.domain.audit_options.clone(),
            resolver: open.resolver_address(),
            known: Known::default(),
            reach: AuditReach::default(),
            is_practice: open.view.is_practice,
        };
        // The first picture is that of the audit; whoever reads the zone again wants to know what has changed since.
        let is_fresh = open.zone.is_some();
        let audit = open.project.audit_facts().ok().flatten().and_then(|json| Facts::from_json(&json).ok());
        self.launch(
            JobKind::Records,
            move |context| {
                crate::engine::jobs::survey::zone(question, provider, answers, audit, is_fresh, context)
            },
            |number, result| Message::ZoneRead { number, result },
        );
    }

    /// Sets a value that the provider's records need, and computes the records again.
    pub(super) fn set_answer(&mut self, name: &str, value: &str) {
        let chosen = self.open.as_ref().and_then(|open| open.view.destination.chosen.as_ref());
        let provider = chosen.and_then(|(id, _)| self.catalogue.get(id));
        let is_empty = value.trim().is_empty();
        if let Some(provider) = provider
            && !is_empty
            && let Err(error) = check_answer(provider, name, value)
        {
            return self.fail(explain::answer(&error));
        }
        if self.store(|project| project.set_answer(name, value.trim())).is_some() {
            self.compute_records();
        }
    }

    /// Keeps or drops a sender of the current SPF record, and computes the records again.
    pub(super) fn keep_sender(&mut self, term: &str, is_kept: bool) {
        if self.store(|project| project.set_sender_choice(term, is_kept)).is_some() {
            self.compute_records();
        }
    }

    /// Computes the records from the zone as last read, the provider and the answers.
    pub(in crate::engine) fn compute_records(&mut self) {
        let catalogue = std::sync::Arc::clone(&self.catalogue);
        let Some(open) = self.open.as_mut() else { return };
        match open.compute_records(&catalogue) {
            Ok(Some(plan)) => {
                self.store(|project| project.set_records_plan(Some(&plan)));
            }
            // A new value may require names that were never queried.
            Ok(None) if open.zone.is_some() && !open.view.records.is_preparing => self.prepare_records(),
            Ok(None) => {}
            Err(error) => self.fail(*error),
        }
    }
}
