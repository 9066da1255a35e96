use std::path::Path;
use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::open_project::is_typed;
use crate::engine::system::input::read_text_input;
use crate::project::{Destination, OwnProviderFile, Project};
use crate::providers::{FILE_BYTES_MAX, ProviderId};
use crate::values::Endpoint;
use crate::values::Side;

impl Actor {
    /// Adds a provider file of the owner to the catalogue of this project, or says what is wrong with it and where.
    pub(in crate::engine) fn add_provider_file(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let text = match read_text_input(path, FILE_BYTES_MAX as u64) {
            Ok(text) => text,
            Err(error) => return self.fail(explain::own_provider_not_opened(path, &error)),
        };
        let catalogue = match self.catalogue.with_own(&name, &text) {
            Ok(catalogue) => Arc::new(catalogue),
            Err(error) => return self.fail(explain::own_provider(&name, &error)),
        };
        let added = ProviderId(name.trim_end_matches(".toml").to_owned());
        let Some(mut files) = self.store(Project::own_providers) else { return };
        files.retain(|file| file.name != name);
        files.push(OwnProviderFile { name, text });
        if self.store(|project| project.set_own_providers(&files)).is_none() {
            return;
        }
        self.catalogue = Arc::clone(&catalogue);
        if let Some(open) = self.open.as_mut() {
            open.compare_providers(&catalogue);
            // What was prepared for the same provider as it was in an earlier file is out of date.
            if open.view.destination.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == added) {
                open.forget_records(&catalogue);
            }
        }
    }

    /// Makes a provider the destination; a practice project keeps its embedded server.
    pub(in crate::engine) fn choose_destination(&mut self, provider: ProviderId, server: Option<Endpoint>) {
        if self.refuse_while_copying("change the destination") {
            return;
        }
        let Some(known) = self.catalogue.get(&provider) else {
            return self.fail(explain::unknown_provider(&provider, &self.catalogue));
        };
        if let Some(reason) = &known.no_copy {
            return self.fail(explain::no_destination_there(known, &reason.value));
        }
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
        // The practice server is the same one, at another port.
        let is_same = open.practice.is_some() && open.view.destination.server.is_some();
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
        if provider_changed || (server_changed && !is_same) {
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
