//! The name by which files, projects and flags know a provider.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stable name of a provider: the stem of its file in `assets/providers`, such as `fastmail`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderId(pub String);

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
