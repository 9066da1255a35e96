use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::api::user_error::UserError;
use crate::engine::commands::practice;
use crate::engine::explain;
use crate::engine::facts_file::read_facts;
use crate::engine::open_project::OpenProject;
use crate::project::{Project, ProjectError};
use crate::providers::Catalogue;
use crate::values::DomainName;

impl Actor {
    /// Creates a project for a domain as typed. An existing project of that name is opened, never overwritten.
    pub(super) async fn new_project(&mut self, domain: &str, path: Option<PathBuf>) {
        let domain = match DomainName::parse(domain) {
            Ok(domain) => domain,
            Err(error) => return self.could_not_open(explain::domain_name(&error)),
        };
        let is_chosen_path = path.is_some();
        let path = path
            .unwrap_or_else(|| self.config.projects_folder.join(format!("{}.mailferry", domain.as_ascii())));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
            && let Err(error) = std::fs::create_dir_all(folder)
        {
            return self.could_not_open(explain::folder_not_made(folder, &error));
        }
        self.close_project().await;
        let (made, is_new) = match Project::create(&path, &domain, false) {
            Err(ProjectError::AlreadyExists(_)) if !is_chosen_path => (Project::open(&path), false),
            made => (made, true),
        };
        let made = made.and_then(|project| self.load(project));
        self.show(&path, made, is_new);
        self.begin_with_project();
    }

    /// Opens saved facts in a new project for their domain, where they are judged. Nobody is asked anything.
    pub(super) async fn open_facts(&mut self, path: &Path) {
        let facts = match read_facts(path) {
            Ok(facts) => facts,
            Err(error) => return self.could_not_open(*error),
        };
        let folder = self.config.projects_folder.clone();
        if let Err(error) = std::fs::create_dir_all(&folder) {
            return self.could_not_open(explain::folder_not_made(&folder, &error));
        }
        self.close_project().await;
        let place = free_place(&folder, &facts.domain);
        let made = Project::create(&place, &facts.domain, false).and_then(|project| self.load(project));
        self.show(&place, made, true);
        if self.open.is_some() {
            self.keep_facts(&facts);
        }
    }

    /// Loads a project, with the catalogue that the provider files in it make.
    fn load(&mut self, project: Arc<Project>) -> Result<OpenProject, ProjectError> {
        let mut catalogue = Catalogue::embedded();
        for file in project.own_providers()? {
            match catalogue.with_own(&file.name, &file.text) {
                Ok(more) => catalogue = more,
                // Another version of the program may read less; the rest of the project is as good as before.
                Err(error) => tracing::warn!("a provider file of the project is left out: {error}"),
            }
        }
        self.catalogue = Arc::new(catalogue);
        OpenProject::load(project, &self.catalogue)
    }

    /// Opens an existing project file.
    pub(super) async fn open_project(&mut self, path: &Path) {
        self.close_project().await;
        let opened = Project::open(path).and_then(|project| self.load(project));
        let is_practice = opened.as_ref().is_ok_and(|open| open.project.is_practice());
        self.show(path, opened, false);
        self.begin_with_project();
        if is_practice {
            self.start_practice().await;
        }
    }

    /// Creates a practice project in a temporary folder and starts its servers.
    pub(super) async fn rehearse(&mut self) {
        self.close_project().await;
        self.catalogue = Arc::new(Catalogue::embedded());
        match practice::make_project(&self.catalogue, self.config.rehearsals_folder.as_deref()) {
            Ok(open) => {
                let path = open.project.path().to_path_buf();
                self.show(&path, Ok(open), true);
                self.begin_with_project();
                self.start_practice().await;
            }
            Err(error) => self.could_not_open(*error),
        }
    }

    /// What the user enters into their own project needs no confirmation; a project from elsewhere does.
    fn show(&mut self, path: &Path, opened: Result<OpenProject, ProjectError>, is_new: bool) {
        let opened = opened.map(|open| (open.reaches(), open));
        match opened {
            Ok((reaches, mut open)) => {
                if !is_new {
                    let missing = self.confirmed.missing(open.project.uuid(), reaches);
                    open.view.unconfirmed = Arc::new(missing);
                }
                open.has_new_reach = is_new;
                open.compression = self.config.compression;
                open.timeouts = self.config.timeouts;
                open.tokens = self.tokens.clone();
                open.parallel = self.config.parallel_mailboxes;
                open.max_connections = self.config.max_connections;
                open.refresh_forecasts();
                tracing::info!("opened {}", open.project.domain());
                self.open = Some(open);
                self.open_error = None;
                self.remember_recent();
            }
            Err(error) => {
                let explained = explain::project_at(path, &error);
                self.could_not_open(explained);
            }
        }
    }

    /// Automatic keyring and DNS lookups, once the project may do them.
    pub(super) fn begin_with_project(&mut self) {
        let Some(open) = self.open.as_ref().filter(|open| open.view.unconfirmed.is_empty()) else { return };
        let must_search = self.config.acts_by_itself
            && !open.project.is_practice()
            && open.view.domain.source_server.is_none();
        self.recall_passwords();
        if must_search {
            self.find_server();
        }
    }

    pub(in crate::engine) fn could_not_open(&mut self, error: UserError) {
        self.open_error = Some(error.clone());
        self.fail(error);
    }
}

/// Projects for the facts of one domain in one folder, more than anybody keeps.
const MOST_FACTS_PROJECTS: usize = 1_000;

/// A file name for a project that holds facts from elsewhere: the owner's own project of the domain stays as it is.
fn free_place(folder: &Path, domain: &DomainName) -> PathBuf {
    let name = domain.as_ascii();
    let first = folder.join(format!("{name} audit.mailferry"));
    let numbered =
        (2..MOST_FACTS_PROJECTS).map(|number| folder.join(format!("{name} audit {number}.mailferry")));
    // Where all are taken, creating the first one says so.
    std::iter::once(first.clone()).chain(numbered).find(|place| !place.exists()).unwrap_or(first)
}
