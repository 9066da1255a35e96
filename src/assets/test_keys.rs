use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// A DKIM key whose private half everybody can read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestKey {
    /// SHA-256 of the bare public key, in hexadecimal.
    pub sha256: String,
    /// Where the private half is printed.
    pub printed_in: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Spanned<String>,
    date: Spanned<String>,
    key: Vec<Spanned<TestKey>>,
}

/// Reads `dkim_test_keys.toml`.
pub fn read_test_keys(text: &str) -> Result<Vec<TestKey>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    check_source(lines, &file.source, &file.date)?;
    let mut hashes = BTreeSet::new();
    for key in &file.key {
        let hash = &key.get_ref().sha256;
        let is_hash = hash.len() == 64
            && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !is_hash || key.get_ref().printed_in.trim().is_empty() {
            let problem = format!("“{hash}” is no SHA-256, or nothing says where the key is printed");
            return Err(lines.wrong(key.span(), problem, "write 64 digits in lower case, and the document"));
        }
        if !hashes.insert(hash.clone()) {
            return Err(lines.wrong(key.span(), format!("“{hash}” is there twice"), "keep one of the two"));
        }
    }
    Ok(file.key.into_iter().map(Spanned::into_inner).collect())
}
