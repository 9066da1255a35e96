//! Answers of panels in JSON. Fields that are not asked for are not kept, whatever stands in them.

use serde::Deserialize;
use serde_json::Value;

use crate::accounts::{AccountsError, Format};

/// Reads an answer: a list, or one entry alone.
pub(super) fn list<'t, T: Deserialize<'t>>(text: &'t str, format: Format) -> Result<Vec<T>, AccountsError> {
    let malformed = |error: serde_json::Error| AccountsError::Malformed {
        format,
        line: u64::try_from(error.line()).unwrap_or(1).max(1),
    };
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map(|one| vec![one]).map_err(malformed)
    } else {
        serde_json::from_str(text).map_err(malformed)
    }
}

/// Whether a switch is on; panels write it as 1, "1" or true, and leave it away where it always is.
pub(super) fn is_on(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Bool(is_on)) => *is_on,
        Some(Value::Number(number)) => number.as_u64() != Some(0),
        Some(Value::String(text)) => !matches!(text.as_str(), "" | "0" | "false"),
        Some(Value::Array(_) | Value::Object(_)) => false,
    }
}
