//! Files that the owner had written, and what they held: a file is saved only as long as it holds what is on show.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Project, ProjectError};
use crate::providers::ProviderId;
use crate::records::SwitchStage;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Where.
    pub path: PathBuf,
    /// SHA-256 of what it was made from, in hexadecimal.
    pub sha256: String,
    /// The provider that it is about.
    pub provider: Option<ProviderId>,
}

impl Project {
    /// The zone lines of each stage as they were last saved.
    pub fn zone_saved(&self) -> Result<BTreeMap<SwitchStage, SavedFile>, ProjectError> {
        Ok(self.document("zone-saved")?.unwrap_or_default())
    }

    /// Remembers that the zone lines of a stage were saved. What the same file held before is not there any more.
    pub fn set_zone_saved(&self, stage: SwitchStage, file: &SavedFile) -> Result<(), ProjectError> {
        let mut saved = self.zone_saved()?;
        saved.retain(|_, other| other.path != file.path);
        saved.insert(stage, file.clone());
        self.set_document("zone-saved", Some(&saved))
    }

    /// The final report as it was last saved.
    pub fn report_saved(&self) -> Result<Option<SavedFile>, ProjectError> {
        self.document("report-saved")
    }

    /// Remembers that the final report was saved.
    pub fn set_report_saved(&self, file: Option<&SavedFile>) -> Result<(), ProjectError> {
        self.set_document("report-saved", file)
    }
}
