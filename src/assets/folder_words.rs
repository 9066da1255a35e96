use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// The names of special folders in one language, by the special uses of RFC 6154.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageWords {
    /// Sent.
    pub sent: Vec<String>,
    /// Drafts.
    pub drafts: Vec<String>,
    /// Trash.
    pub trash: Vec<String>,
    /// Junk.
    pub junk: Vec<String>,
    /// Archive.
    pub archive: Vec<String>,
    /// All mail, a view.
    pub all: Vec<String>,
    /// Flagged mail, a view.
    pub flagged: Vec<String>,
    /// Important mail, a view.
    pub important: Vec<String>,
}

impl LanguageWords {
    const fn lists(&self) -> [&Vec<String>; 8] {
        let Self { sent, drafts, trash, junk, archive, all, flagged, important } = self;
        [sent, drafts, trash, junk, archive, all, flagged, important]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Spanned<String>,
    date: Spanned<String>,
    words: BTreeMap<String, Spanned<LanguageWords>>,
}

/// Reads `folder_words.toml`: the words by language.
pub fn read_folder_words(text: &str) -> Result<BTreeMap<String, LanguageWords>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    check_source(lines, &file.source, &file.date)?;
    // The use of each word, by its place in the list of uses.
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (language, words) in &file.words {
        check_language(lines, language, words)?;
        for (special_use, list) in words.get_ref().lists().into_iter().enumerate() {
            for word in list {
                check_word(lines, word, words)?;
                if uses.insert(word.to_lowercase(), special_use).is_some_and(|known| known != special_use) {
                    let problem = format!("“{word}” is listed for two uses");
                    return Err(lines.wrong(words.span(), problem, "keep the more common one"));
                }
            }
        }
    }
    Ok(file.words.into_iter().map(|(language, words)| (language, words.into_inner())).collect())
}

/// Languages are two letters of ISO 639-1.
pub(super) fn check_language<T>(lines: Lines<'_>, language: &str, at: &Spanned<T>) -> Result<(), AssetError> {
    if language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(lines.wrong(
        at.span(),
        format!("“{language}” is not a language"),
        "use the two-letter code of ISO 639-1, such as de",
    ))
}

/// A word has something in it, and no blanks around it.
pub(super) fn check_word<T>(lines: Lines<'_>, word: &str, at: &Spanned<T>) -> Result<(), AssetError> {
    if !word.is_empty() && word.trim() == word {
        return Ok(());
    }
    Err(lines.wrong(at.span(), format!("“{word}” is not a name"), "write names without spaces around them"))
}
