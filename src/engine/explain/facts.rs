use std::path::Path;

use super::sentence;
use crate::audit::FactsError;
use crate::engine::api::user_error::UserError;
use crate::engine::system::input::InputError;

/// A file that was named as the facts of an audit cannot be opened.
pub(in crate::engine) fn facts_not_opened(path: &Path, error: &InputError) -> UserError {
    UserError::new(format!("{} cannot be read", path.display()), sentence(error))
        .or_else("Check the file’s name, permissions and contents", "Nothing was changed")
        .caused_by(error)
}

/// A file that was named as the facts of an audit holds something else.
pub(in crate::engine) fn not_facts(path: &Path, error: &FactsError) -> UserError {
    UserError::new(format!("{} does not contain the facts of an audit", path.display()), sentence(error))
        .or_else(
            "Use a file that was saved as “Facts” on the page Audit, or by “mailferry audit --save-facts”",
            "Or update Mailferry, if the file is from a newer version",
        )
        .caused_by(error)
}
