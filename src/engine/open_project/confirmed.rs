use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::system::input::{InputError, read_input};
use crate::engine::system::output_file;
use crate::engine::system::output_file::OutputError;
use crate::plan::Reach;
use crate::values::UnixTime;

/// Most projects remembered; beyond that, the least recently confirmed are forgotten.
const MOST_PROJECTS: usize = 500;
/// Largest file read.
const MOST_BYTES: u64 = 64 << 20;

/// What the owner of this computer has agreed to, project by project: a file in the user's configuration folder, and not
/// in the project, which may come from somebody else. It holds no more than digests.
///
/// Losing it only means asking again for each project, so an unreadable file counts as empty and is logged.
pub(in crate::engine) struct Confirmed {
    file: Option<PathBuf>,
    projects: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Entry {
    at: UnixTime,
    keys: BTreeSet<String>,
}

impl Confirmed {
    /// Reads what is remembered; `None` keeps it in memory only.
    pub(in crate::engine) fn load(file: Option<PathBuf>) -> Self {
        let projects = file.as_deref().map(read).unwrap_or_default();
        Self { file, projects }
    }

    /// The parts that have not been agreed to.
    pub(in crate::engine) fn missing(&mut self, project: &str, reaches: Vec<Reach>) -> Vec<Reach> {
        self.learn_from_others();
        let known = self.projects.get(project);
        reaches
            .into_iter()
            .filter(|reach| known.is_none_or(|entry| !entry.keys.contains(&reach.key())))
            .collect()
    }

    /// Remembers the agreement. On an error it lasts until the program ends.
    pub(in crate::engine) fn confirm(
        &mut self,
        project: &str,
        reaches: &[Reach],
        at: UnixTime,
    ) -> Result<(), OutputError> {
        let is_new = |keys: &BTreeSet<String>| reaches.iter().any(|reach| !keys.contains(&reach.key()));
        if !self.projects.get(project).is_none_or(|entry| is_new(&entry.keys)) {
            return Ok(());
        }
        self.learn_from_others();
        let entry = self.projects.entry(project.to_owned()).or_default();
        entry.at = at;
        entry.keys.extend(reaches.iter().map(Reach::key));
        while self.projects.len() > MOST_PROJECTS {
            let oldest = self.projects.iter().min_by_key(|(_, entry)| entry.at).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.projects.remove(&name));
        }
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec(&self.projects).map_err(io::Error::other)?;
        output_file::write_output(file, |out| out.write_all(&text))
    }

    /// Rereads the file, since another window or command may have written it.
    fn learn_from_others(&mut self) {
        for (name, entry) in self.file.as_deref().map(read).unwrap_or_default() {
            let known = self.projects.entry(name).or_default();
            known.at = known.at.max(entry.at);
            known.keys.extend(entry.keys);
        }
    }
}

fn read(file: &Path) -> BTreeMap<String, Entry> {
    match read_input(file, MOST_BYTES) {
        Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(
                "the list of confirmed projects cannot be read, so the user is asked again: {error}"
            );
            BTreeMap::new()
        }),
        Err(InputError::Io(error)) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => {
            tracing::warn!(
                "the list of confirmed projects cannot be read, so the user is asked again: {error}"
            );
            BTreeMap::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_agreed_to_is_remembered_for_this_project_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config").join("confirmed.json");
        let reach = |address: &str| Reach::Resolver(address.to_owned());
        let (one, other) = (reach("192.0.2.1:53"), reach("192.0.2.2:53"));
        let mut confirmed = Confirmed::load(Some(file.clone()));
        let mut second_window = Confirmed::load(Some(file.clone()));
        assert_eq!(confirmed.missing("a", vec![one.clone()]), std::slice::from_ref(&one));
        confirmed.confirm("a", std::slice::from_ref(&one), UnixTime(1)).unwrap();
        second_window.confirm("b", std::slice::from_ref(&other), UnixTime(2)).unwrap();
        let mut again = Confirmed::load(Some(file.clone()));
        assert_eq!(again.missing("a", vec![one.clone(), other.clone()]), std::slice::from_ref(&other));
        assert_eq!(again.missing("b", vec![one.clone(), other.clone()]), std::slice::from_ref(&one));
        assert!(!std::fs::read_to_string(&file).unwrap().contains("192.0.2"));
        std::fs::write(&file, "{").unwrap();
        assert_eq!(Confirmed::load(Some(file)).missing("a", vec![one.clone()]), [one]);
    }

    #[test]
    fn the_oldest_projects_are_forgotten() {
        let mut confirmed = Confirmed::load(None);
        let reach = [Reach::Resolver("192.0.2.1:53".to_owned())];
        for number in 0..=i64::try_from(MOST_PROJECTS).unwrap() {
            confirmed.confirm(&number.to_string(), &reach, UnixTime(number)).unwrap();
        }
        assert_eq!(confirmed.projects.len(), MOST_PROJECTS);
        assert_eq!(confirmed.missing("0", reach.to_vec()).len(), 1);
        assert_eq!(confirmed.missing("1", reach.to_vec()), []);
    }
}
