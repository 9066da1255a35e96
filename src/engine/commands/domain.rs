use crate::engine::actor::Actor;
use crate::engine::api::command::AuditOptions;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::find_server;
use crate::engine::jobs::results::Message;
use crate::project::AuditSettings;
use crate::values::Endpoint;

impl Actor {
    /// Looks for the IMAP server of the domain.
    pub(super) fn find_server(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        open.view.domain.is_searching = true;
        open.view.domain.search_error = None;
        let question = find_server::Question {
            domain: open.project.domain().clone(),
            resolver: open.resolver_address(),
            is_practice: open.project.is_practice(),
        };
        self.launch(
            JobKind::FindServer,
            |context| find_server::search(question, context.token),
            |number, result| Message::ServersFound { number, result },
        );
    }

    /// Makes this IMAP server the source.
    pub(in crate::engine) fn set_source_server(&mut self, server: Endpoint) {
        let known = self.open.as_ref().and_then(|open| open.view.domain.source_server.as_ref());
        if known == Some(&server) || self.refuse_while_copying("change the server") {
            return;
        }
        if self.store(|project| project.set_source_server(Some(&server))).is_none() {
            return;
        }
        let Some(open) = self.open.as_mut() else { return };
        let before = open.view.domain.source_server.replace(server);
        // The practice server is the same one, at another port.
        let is_same = before.is_some() && open.practice.is_some();
        open.view.domain.search_error = None;
        self.forget_sign_ins(crate::values::Side::Source);
        if !is_same {
            self.forget_plans(None);
        }
        self.recall_passwords();
    }

    /// Saves the audit's options. Whether the resolver answers shows only when the audit runs.
    pub(super) fn set_audit_options(&mut self, options: AuditOptions) {
        let settings = AuditSettings {
            resolver: options.resolver.clone(),
            selectors: options.selectors.clone(),
            sending_addresses: options.sending_addresses.clone(),
            helo: options.helo.clone(),
            second_resolver: options.second_resolver.clone(),
        };
        if self.store(|project| project.set_audit_settings(&settings)).is_some()
            && let Some(open) = self.open.as_mut()
        {
            open.view.domain.audit_options = options;
        }
    }
}
