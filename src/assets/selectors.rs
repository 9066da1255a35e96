use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// A DKIM selector that is tried when the owner names none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// The selector.
    pub name: String,
    /// A provider that uses this name, where its own page says so.
    #[serde(default)]
    pub who: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Spanned<String>,
    date: Spanned<String>,
    selector: Vec<Spanned<Selector>>,
}

/// Reads `selectors.toml`.
pub fn read_selectors(text: &str) -> Result<Vec<Selector>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    check_source(lines, &file.source, &file.date)?;
    let mut names = BTreeSet::new();
    for selector in &file.selector {
        let name = &selector.get_ref().name;
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !name.split('.').all(is_label) {
            let problem = format!("“{name}” is not a selector");
            return Err(lines.wrong(selector.span(), problem, "write DNS labels, such as s1 or mail.2026"));
        }
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(lines.wrong(
                selector.span(),
                format!("“{name}” is listed twice"),
                "keep one of the two",
            ));
        }
    }
    Ok(file.selector.into_iter().map(Spanned::into_inner).collect())
}
