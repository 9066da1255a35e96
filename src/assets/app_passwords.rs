use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// The only version of the form so far.
const SCHEMA: u32 = 1;

/// How a user gets an app password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppPasswords {
    /// Names of provider files.
    pub providers: Vec<String>,
    /// When the account's own password is refused.
    pub needed: AppPasswordNeed,
    /// What to do, one under the other.
    pub steps: Vec<String>,
    /// What else matters; may be empty.
    #[serde(default)]
    pub note: String,
    /// The page where, or the provider's own explanation.
    pub link: String,
    source: Spanned<String>,
    date: Spanned<String>,
}

/// When an account's own password is refused over IMAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppPasswordNeed {
    /// Always.
    Always,
    /// Where the account has a second factor.
    WithSecondFactor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    help: Vec<Spanned<AppPasswords>>,
}

/// Reads `app_passwords.toml`.
///
/// # Errors
/// Which line is wrong, and what to write there.
pub fn read_app_passwords(text: &str) -> Result<Vec<AppPasswords>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    if *file.schema.get_ref() != SCHEMA {
        let problem = format!("schema {} is unknown", file.schema.get_ref());
        return Err(lines.wrong(file.schema.span(), problem, "write schema = 1"));
    }
    let mut seen = BTreeSet::new();
    for spanned in &file.help {
        let help = spanned.get_ref();
        check_source(lines, &help.source, &help.date)?;
        if help.steps.is_empty() || help.steps.iter().any(|step| step.trim().is_empty()) {
            let problem = "a step is missing or empty".to_owned();
            return Err(lines.wrong(spanned.span(), problem, "say what to do, one thing in each step"));
        }
        if !help.link.starts_with("https://") {
            let problem = format!("“{}” is not a page", help.link);
            return Err(lines.wrong(spanned.span(), problem, "write an address that begins with https://"));
        }
        if help.providers.is_empty() {
            let problem = "no provider is named".to_owned();
            return Err(lines.wrong(spanned.span(), problem, "name its file in assets/providers"));
        }
        for provider in &help.providers {
            if !seen.insert(provider.clone()) {
                let problem = format!("“{provider}” is explained twice");
                return Err(lines.wrong(spanned.span(), problem, "keep one of the two"));
            }
        }
    }
    Ok(file.help.into_iter().map(Spanned::into_inner).collect())
}
