use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::api::snapshot::{ProjectMark, RecentProject};
use crate::engine::system::input::{InputError, read_input};
use crate::engine::system::output_file;
use crate::values::{DomainName, UnixTime};

/// Most projects the start page remembers.
const MOST: usize = 12;
/// Largest list read.
const MOST_BYTES: u64 = 1 << 20;
/// A project that is still first and in the same state is not written again within this many seconds: the page shows no
/// difference, and each write waits for the disk.
const SAME_SECONDS: i64 = 60;

/// The list of projects that were opened before: a small JSON file in the user's configuration folder.
///
/// Losing it costs only a click, so an unreadable list counts as empty and is logged.
pub struct RecentProjects {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
    /// Entries whose files existed at the last change; a lost network drive must not be checked with every frame.
    shown: Vec<RecentProject>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    domain: DomainName,
    state: String,
    at: UnixTime,
    #[serde(default)]
    is_practice: bool,
    #[serde(default)]
    mark: ProjectMark,
}

impl Entry {
    fn is_as_good_as(&self, project: &RecentProject) -> bool {
        let Self { path, domain, state, at, is_practice, mark } = self;
        *path == project.path
            && *domain == project.domain
            && *state == project.state
            && *is_practice == project.is_practice
            && *mark == project.mark
            && (0..SAME_SECONDS).contains(&project.at.0.saturating_sub(at.0))
    }
}

impl RecentProjects {
    /// Reads the list; `None` keeps it in memory only.
    pub fn load(file: Option<PathBuf>) -> Self {
        let entries = file.as_deref().map(read).unwrap_or_default();
        let mut projects = Self { file, entries, shown: Vec::new() };
        projects.look();
        projects
    }

    /// Projects whose files existed at the last change, newest first.
    pub fn list(&self) -> Vec<RecentProject> {
        self.shown.clone()
    }

    fn look(&mut self) {
        self.shown = self
            .entries
            .iter()
            .filter(|entry| entry.path.exists())
            .map(|entry| RecentProject {
                path: entry.path.clone(),
                domain: entry.domain.clone(),
                state: entry.state.clone(),
                at: entry.at,
                is_practice: entry.is_practice,
                mark: entry.mark,
            })
            .collect();
    }

    /// Puts a project first and writes the list.
    pub fn remember(&mut self, project: RecentProject) {
        if self.entries.first().is_some_and(|first| first.is_as_good_as(&project)) {
            return;
        }
        self.entries.retain(|entry| entry.path != project.path);
        let RecentProject { path, domain, state, at, is_practice, mark } = project;
        // A project that is put back keeps its place.
        let place = self.entries.iter().position(|entry| entry.at <= at).unwrap_or(self.entries.len());
        self.entries.insert(place, Entry { path, domain, state, at, is_practice, mark });
        self.entries.truncate(MOST);
        self.save();
    }

    /// Takes a project from the list; its file stays.
    pub fn forget(&mut self, path: &Path) {
        self.entries.retain(|entry| entry.path != path);
        self.save();
    }

    fn save(&mut self) {
        self.look();
        if let Some(file) = &self.file
            && let Err(error) = write(file, &self.entries)
        {
            tracing::warn!("the list of recent projects was not saved: {error}");
        }
    }
}

fn read(file: &Path) -> Vec<Entry> {
    match read_input(file, MOST_BYTES) {
        Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!("the list of recent projects cannot be read and starts empty: {error}");
            Vec::new()
        }),
        Err(InputError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tracing::warn!("the list of recent projects cannot be read: {error}");
            Vec::new()
        }
    }
}

fn write(file: &Path, entries: &[Entry]) -> Result<(), output_file::OutputError> {
    output_file::write_output(file, |out| {
        let json = serde_json::to_string_pretty(entries).map_err(std::io::Error::other)?;
        out.write_all(crate::values::printable_json(&json).as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_that_is_first_and_unchanged_is_not_written_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recent.json");
        let path = folder.path().join("a");
        std::fs::write(&path, "x").unwrap();
        let project = |state: &str, at| {
            let domain = DomainName::parse("example.org").unwrap();
            let (path, state) = (path.clone(), state.to_owned());
            RecentProject {
                path,
                domain,
                state,
                at: UnixTime(at),
                is_practice: false,
                mark: ProjectMark::None,
            }
        };
        let stored_at = || RecentProjects::load(Some(file.clone())).list().first().map(|entry| entry.at.0);
        let mut recent = RecentProjects::load(Some(file.clone()));
        recent.remember(project("Audit", 1_000));
        recent.remember(project("Audit", 1_059));
        assert_eq!(stored_at(), Some(1_000));
        recent.remember(project("Copy", 1_059));
        assert_eq!(stored_at(), Some(1_059), "another state");
        recent.remember(project("Copy", 1_119));
        assert_eq!(stored_at(), Some(1_119), "a minute later");
        recent.remember(project("Copy", 1_100));
        assert_eq!(stored_at(), Some(1_100), "the clock was set back");
    }

    #[test]
    fn the_newest_project_comes_first_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config").join("recent.json");
        let project = |name: &str, at| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            let domain = DomainName::parse("example.org").unwrap();
            RecentProject {
                path,
                domain,
                state: "Audit".to_owned(),
                at: UnixTime(at),
                is_practice: false,
                mark: ProjectMark::Copying(61),
            }
        };
        let mut recent = RecentProjects::load(Some(file.clone()));
        recent.remember(project("a", 1));
        recent.remember(project("b", 2));
        recent.remember(project("a", 3));
        let again = RecentProjects::load(Some(file.clone())).list();
        assert_eq!(again.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [3, 2]);

        let forgotten = recent.list().pop().unwrap();
        recent.forget(&forgotten.path);
        assert_eq!(RecentProjects::load(Some(file.clone())).list().len(), 1);
        recent.remember(forgotten);
        let again = RecentProjects::load(Some(file.clone())).list();
        assert_eq!(again.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [3, 2], "in its place");

        std::fs::remove_file(folder.path().join("a")).unwrap();
        assert_eq!(RecentProjects::load(Some(file.clone())).list().len(), 1);
        std::fs::write(&file, "{").unwrap();
        assert!(RecentProjects::load(Some(file)).list().is_empty());
    }
}
