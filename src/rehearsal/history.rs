//! What has happened in a practice world: stages that were published, and letters that came. It is kept beside the project,
//! so that a rehearsal goes on where it was left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RehearsalError;
use super::certificate::OwnCertificate;
use crate::values::UnixTime;

/// What was published in the practice zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PracticeStage {
    /// Stage 1.
    Now,
    /// Stage 2: mail goes to the new server.
    Switch,
    /// Stage 3.
    Later,
    /// The old records, in place of stages 2 and 3.
    WayBack,
}

/// A stage in the practice zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Publication {
    pub(super) at: UnixTime,
    pub(super) stage: PracticeStage,
    /// The text for nsupdate.
    pub(super) script: String,
}

/// Letters that came since the first stage was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// To the old server.
    pub to_old: u64,
    /// To the new one.
    pub to_new: u64,
}

/// Everything that has happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History {
    pub(super) published: Vec<Publication>,
    pub(super) letters: Letters,
    /// Users who have signed in at the practice provider.
    #[serde(default)]
    pub(super) signed_in: BTreeSet<String>,
    /// The certificate that the old server shows.
    #[serde(default)]
    pub(super) certificate: Option<OwnCertificate>,
    #[serde(skip)]
    file: Option<PathBuf>,
}

impl History {
    /// What a file keeps; nothing where there is none yet.
    pub(super) fn load(file: Option<&Path>) -> Result<Self, RehearsalError> {
        let Some(path) = file else { return Ok(Self::default()) };
        let failed = |source| RehearsalError::Keep { path: path.to_owned(), source };
        let mut history: Self = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(failed(error)),
        };
        history.file = Some(path.to_owned());
        Ok(history)
    }

    /// Writes it down. A practice world goes on without, and begins anew the next time.
    pub(super) fn keep(&self) {
        let Some(path) = &self.file else { return };
        let written =
            serde_json::to_vec(self).map_err(std::io::Error::from).and_then(|text| fs::write(path, text));
        if let Err(error) = written {
            tracing::warn!(%error, "the history of the practice world cannot be saved");
        }
    }

    /// Which stages are in the zone.
    pub(super) fn stages(&self) -> Vec<(PracticeStage, UnixTime)> {
        let mut stages: Vec<(PracticeStage, UnixTime)> = Vec::new();
        for one in &self.published {
            match one.stage {
                PracticeStage::WayBack => stages.retain(|(stage, _)| *stage == PracticeStage::Now),
                stage => {
                    stages.retain(|(known, _)| *known != stage);
                    stages.push((stage, one.at));
                }
            }
        }
        stages
    }

    pub(super) fn let_pass(&mut self, seconds: i64) {
        for one in &mut self.published {
            one.at = UnixTime(one.at.0.saturating_sub(seconds));
        }
        self.keep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_takes_two_stages_out_and_all_of_it_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history");
        let mut history = History::load(Some(&file)).unwrap();
        for (at, stage) in [(1, PracticeStage::Now), (2, PracticeStage::Switch), (3, PracticeStage::WayBack)]
        {
            history.published.push(Publication { at: UnixTime(at), stage, script: String::new() });
        }
        assert_eq!(history.stages(), [(PracticeStage::Now, UnixTime(1))]);
        history.letters.to_old = 4;
        history.let_pass(10);
        let again = History::load(Some(&file)).unwrap();
        assert_eq!((again.published, again.letters), (history.published, history.letters));
        fs::write(&file, "{").unwrap();
        assert!(matches!(History::load(Some(&file)), Err(RehearsalError::Keep { .. })));
    }
}
