use serde::{Deserialize, Serialize};

/// Which messages of a folder take part. Those that do not are left out by choice, and counted as such.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageFilter {
    /// Received at this time or later, in seconds since 1970 (UTC).
    pub since_secs: Option<i64>,
    /// Received before this time, in seconds since 1970 (UTC).
    pub before_secs: Option<i64>,
    /// At least so many bytes.
    pub min_bytes: Option<u64>,
    /// At most so many bytes.
    pub max_bytes: Option<u64>,
    /// The source server's own search, as RFC 3501 section 6.4.4 writes it (`FROM "bank" UNSEEN`).
    pub search: Option<String>,
}
