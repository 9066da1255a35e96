//! The number of a mailbox in its project.

use serde::{Deserialize, Serialize};

/// Number of a mailbox in its project; never used again after a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailboxId(pub i64);
