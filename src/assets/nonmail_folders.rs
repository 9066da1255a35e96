use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::folder_words::{check_language, check_word};
use super::source::check_source;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Spanned<String>,
    date: Spanned<String>,
    words: BTreeMap<String, Spanned<Vec<String>>>,
}

/// Reads `nonmail_folders.toml`: the names by language.
pub fn read_nonmail_folders(text: &str) -> Result<BTreeMap<String, Vec<String>>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    check_source(lines, &file.source, &file.date)?;
    for (language, names) in &file.words {
        check_language(lines, language, names)?;
        for name in names.get_ref() {
            check_word(lines, name, names)?;
        }
    }
    Ok(file.words.into_iter().map(|(language, names)| (language, names.into_inner())).collect())
}
