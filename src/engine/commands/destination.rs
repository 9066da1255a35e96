use crate::engine::actor::Actor;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::open_project::is_typed;
use crate::project::Destination;
use crate::providers::ProviderId;
use crate::values::Endpoint;
use crate::values::Side;

impl Actor {
    /// Makes a provider the destination; a practice project keeps its embedded server.
    pub(in crate::engine) fn choose_destination(&mut self, provider: ProviderId, server: Option<Endpoint>) {
        if self.refuse_while_copying("change the destination") {
            return;
        }
        let Some(known) = self.catalogue.get(&provider) else {
            return self.fail(explain::unknown_provider(&provider, &self.catalogue));
        };
        let name = known.name.clone();
        let from_catalogue = known.imap.as_ref().map(|fact| fact.value.clone());
        let Some(open) = self.open.as_mut() else { return };
        let server = match &open.practice {
            Some(practice) => Some(practice.destination()),
            None => server.or(from_catalogue),
        };
        let destination = Destination { provider: provider.clone(), server: server.clone() };
        let provider_changed =
            open.view.destination.chosen.as_ref().is_none_or(|(chosen, _)| *chosen != provider);
        let server_changed = open.view.destination.server != server;
        open.view.destination.chosen = Some((provider, name));
        open.view.destination.server = server;
        open.view.destination.is_server_typed =
            open.practice.is_none() && is_typed(&destination, &self.catalogue);
        if provider_changed {
            open.forget_records(&self.catalogue);
        }
        if server_changed {
            self.forget_sign_ins(Side::Destination);
        }
        if provider_changed || server_changed {
            self.jobs.cancel(JobKind::Records);
            self.forget_plans(None);
        }
        if server_changed {
            self.recall_passwords();
        }
        if self.store(|project| project.set_destination(Some(&destination))).is_some() && provider_changed {
            self.store(|project| project.set_records_plan(None));
        }
    }
}
