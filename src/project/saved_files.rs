//! Files that the owner had written, and what they held: a file is saved only as long as it holds what is on show.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Project, ProjectError};
use crate::providers::ProviderId;

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
    /// The zone lines as they were last saved.
    pub fn zone_saved(&self) -> Result<Option<SavedFile>, ProjectError> {
        self.document("zone-saved")
    }

    /// Remembers that the zone lines were saved.
    pub fn set_zone_saved(&self, file: Option<&SavedFile>) -> Result<(), ProjectError> {
        self.set_document("zone-saved", file)
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
