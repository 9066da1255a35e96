use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;
use crate::values::GrantTrouble;

/// The only version of the form so far.
const SCHEMA: u32 = 1;

/// What an error of an OAuth provider means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInError {
    /// The code as the provider sends it.
    pub code: String,
    /// Words in its description, in lower case, that narrow it down; empty: any.
    #[serde(default)]
    pub words: String,
    /// What it means.
    pub means: GrantTrouble,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: Spanned<String>,
    date: Spanned<String>,
    errors: Vec<Spanned<SignInError>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    source: Vec<Source>,
}

/// Reads `sign_in_errors.toml`.
///
/// # Errors
/// Which line is wrong, and what to write there.
pub fn read_sign_in_errors(text: &str) -> Result<Vec<SignInError>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    if *file.schema.get_ref() != SCHEMA {
        let problem = format!("schema {} is unknown", file.schema.get_ref());
        return Err(lines.wrong(file.schema.span(), problem, "write schema = 1"));
    }
    let mut errors: Vec<SignInError> = Vec::new();
    for source in file.source {
        check_source(lines, &source.name, &source.date)?;
        for spanned in source.errors {
            let (span, error) = (spanned.span(), spanned.into_inner());
            let is_plain = |text: &str| text == text.to_lowercase();
            if error.code.is_empty() || !is_plain(&error.words) {
                let problem = "the code is empty, or the words are not in lower case".to_owned();
                return Err(lines.wrong(span, problem, "write the code, and words in lower case"));
            }
            // The first that fits counts, so this one would never be found.
            let is_hidden =
                |earlier: &SignInError| earlier.code == error.code && error.words.contains(&earlier.words);
            if errors.iter().any(is_hidden) {
                let problem = format!("an earlier row for {} fits wherever this one does", error.code);
                return Err(lines.wrong(span, problem, "put rows with words first, or remove it"));
            }
            errors.push(error);
        }
    }
    Ok(errors)
}
