//! Loads the provider files, those of the program and those of the owner, and tells who hosts a domain or a server.

use std::ops::Range;

use thiserror::Error;

use super::convert::convert;
use super::file::ProviderFile;
use super::{Provider, ProviderId};
use crate::values::Endpoint;

/// The files that come with the program, in the order of the destination page.
const EMBEDDED: [(&str, &str); 30] = [
    ("fastmail.toml", include_str!("../../assets/providers/fastmail.toml")),
    ("mailbox-org.toml", include_str!("../../assets/providers/mailbox-org.toml")),
    ("google-workspace.toml", include_str!("../../assets/providers/google-workspace.toml")),
    ("microsoft365.toml", include_str!("../../assets/providers/microsoft365.toml")),
    ("migadu.toml", include_str!("../../assets/providers/migadu.toml")),
    ("amazon-workmail.toml", include_str!("../../assets/providers/amazon-workmail.toml")),
    ("gandi.toml", include_str!("../../assets/providers/gandi.toml")),
    ("gmail.toml", include_str!("../../assets/providers/gmail.toml")),
    ("gmx.toml", include_str!("../../assets/providers/gmx.toml")),
    ("hetzner.toml", include_str!("../../assets/providers/hetzner.toml")),
    ("hey.toml", include_str!("../../assets/providers/hey.toml")),
    ("hostpoint.toml", include_str!("../../assets/providers/hostpoint.toml")),
    ("icloud.toml", include_str!("../../assets/providers/icloud.toml")),
    ("infomaniak.toml", include_str!("../../assets/providers/infomaniak.toml")),
    ("ionos.toml", include_str!("../../assets/providers/ionos.toml")),
    ("mailfence.toml", include_str!("../../assets/providers/mailfence.toml")),
    ("namecheap.toml", include_str!("../../assets/providers/namecheap.toml")),
    ("ovhcloud.toml", include_str!("../../assets/providers/ovhcloud.toml")),
    ("posteo.toml", include_str!("../../assets/providers/posteo.toml")),
    ("proton.toml", include_str!("../../assets/providers/proton.toml")),
    ("purelymail.toml", include_str!("../../assets/providers/purelymail.toml")),
    ("rackspace.toml", include_str!("../../assets/providers/rackspace.toml")),
    ("runbox.toml", include_str!("../../assets/providers/runbox.toml")),
    ("startmail.toml", include_str!("../../assets/providers/startmail.toml")),
    ("titan.toml", include_str!("../../assets/providers/titan.toml")),
    ("tuta.toml", include_str!("../../assets/providers/tuta.toml")),
    ("yahoo-aol.toml", include_str!("../../assets/providers/yahoo-aol.toml")),
    ("yandex.toml", include_str!("../../assets/providers/yandex.toml")),
    ("zoho.toml", include_str!("../../assets/providers/zoho.toml")),
    ("generic-imap.toml", include_str!("../../assets/providers/generic-imap.toml")),
];

/// Largest provider file that is read.
pub(crate) const FILE_BYTES_MAX: usize = 256 * 1024;

/// All providers that are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    providers: Vec<Provider>,
}

/// Why a provider file was not read. The words name file, line and key, and the way out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CatalogueError {
    /// The text is not TOML, or not of the shape of a provider file.
    #[error("{file}, line {line}: {message}")]
    Shape {
        /// Name of the file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong, with the way out.
        message: String,
    },
    /// A key that no provider file has.
    #[error(
        "{file}, line {line}: the key “{key}” is unknown; correct its spelling or remove the line ({expected})"
    )]
    UnknownKey {
        /// Name of the file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// The key.
        key: String,
        /// The keys that are known, as the parser lists them.
        expected: String,
    },
    /// The file has another version of the shape.
    #[error(
        "{file}, line {line}: schema {found} is not known to this version; update Mailferry or use schema 1"
    )]
    Schema {
        /// Name of the file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// The version found.
        found: u32,
    },
    /// The file is far larger than any provider file.
    #[error("{file} is {bytes} bytes long, but the limit is {FILE_BYTES_MAX}: is this the right file?")]
    TooLarge {
        /// Name of the file.
        file: String,
        /// Its length.
        bytes: usize,
    },
    /// Two files of one name.
    #[error("the provider “{0}” exists twice; keep one of the two files")]
    Twice(ProviderId),
    /// A file of the owner has the name of a provider that comes with the program.
    #[error("the provider “{0}” comes with Mailferry; give your file another name")]
    BuiltIn(ProviderId),
    /// The name of a file is no provider name.
    #[error("“{0}” is not the name of a provider file; it looks like my-provider.toml")]
    FileName(String),
}

impl Catalogue {
    /// The providers that come with the program.
    ///
    /// A file that does not load is left out here; `tests/dns/providers.rs` proves that every one does.
    pub fn embedded() -> Self {
        let providers = EMBEDDED.iter().filter_map(|(name, text)| load_file(name, text).ok()).collect();
        Self { providers }
    }

    /// Names and texts of the files behind [`Catalogue::embedded`].
    pub fn embedded_files() -> &'static [(&'static str, &'static str)] {
        &EMBEDDED
    }

    /// Reads provider files, given as name and text, in their order.
    pub fn load(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self { providers: Vec::with_capacity(files.len()) };
        for (name, text) in files {
            let provider = load_file(name, text)?;
            if catalogue.get(&provider.id).is_some() {
                return Err(CatalogueError::Twice(provider.id));
            }
            catalogue.providers.push(provider);
        }
        Ok(catalogue)
    }

    /// The same with a file of the owner in front, read as strictly as those of the program. A file of the same name that
    /// was added before gives way.
    ///
    /// # Errors
    /// What is wrong with the file and where, or that its name is taken by a provider of the program.
    pub fn with_own(&self, name: &str, text: &str) -> Result<Self, CatalogueError> {
        let provider = load_file(name, text)?;
        if EMBEDDED.iter().any(|(known, _)| *known == name) {
            return Err(CatalogueError::BuiltIn(provider.id));
        }
        let others = self.providers.iter().filter(|known| known.id != provider.id).cloned();
        let others: Vec<Provider> = others.collect();
        Ok(Self { providers: std::iter::once(provider).chain(others).collect() })
    }

    /// Every provider, in the order of the destination page.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The provider of a mailbox: the one that was chosen, if it has an IMAP server of its own, else the one whose server
    /// it is.
    pub fn provider_of(&self, chosen: Option<&ProviderId>, server: Option<&Endpoint>) -> Option<&Provider> {
        let named = chosen.and_then(|id| self.get(id)).filter(|provider| provider.imap.is_some());
        named.or_else(|| self.at_server(server?))
    }

    /// The provider whose IMAP server this is.
    fn at_server(&self, server: &Endpoint) -> Option<&Provider> {
        self.providers.iter().find(|provider| {
            let known = provider.imap.as_ref().map(|imap| imap.value.host.as_str());
            let mut hosts = known.into_iter().chain(provider.other_hosts.iter().map(String::as_str));
            hosts.any(|host| host.eq_ignore_ascii_case(&server.host))
        })
    }

    /// The provider that hosts a domain with these hosts for incoming mail, where every one of them is its own.
    pub fn hosting(&self, mx_hosts: &[&str]) -> Option<&Provider> {
        // The longer domain decides: a private product may be received below the domain of the company's one.
        let known = self
            .providers
            .iter()
            .filter_map(|provider| Some((length_of_match(provider, mx_hosts)?, provider)));
        known.max_by_key(|(length, _)| *length).map(|(_, provider)| provider)
    }

    /// The provider of this name.
    pub fn get(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == *id)
    }
}

/// Length of the shortest domain of the provider that a host is under; `None` where there is no host, or a host is
/// under none.
fn length_of_match(provider: &Provider, mx_hosts: &[&str]) -> Option<usize> {
    let longest = |host: &&str| {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_above = |domain: &&String| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        provider.mx_under.iter().filter(is_above).map(String::len).max()
    };
    // `None` is less than any length.
    mx_hosts.iter().map(longest).min().flatten()
}

fn load_file(name: &str, text: &str) -> Result<Provider, CatalogueError> {
    let is_id_character =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    let id = name
        .strip_suffix(".toml")
        .filter(|stem| !stem.is_empty() && stem.chars().all(is_id_character))
        .ok_or_else(|| CatalogueError::FileName(name.to_owned()))?;
    if text.len() > FILE_BYTES_MAX {
        return Err(CatalogueError::TooLarge { file: name.to_owned(), bytes: text.len() });
    }
    let file: ProviderFile = toml::from_str(text).map_err(|error| shape_error(name, text, &error))?;
    convert(&Context { file: name, text }, ProviderId(id.to_owned()), file)
}

/// Where in which file something stands, for errors.
pub(super) struct Context<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Context<'_> {
    /// An error about the text at this place.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> CatalogueError {
        CatalogueError::Shape {
            file: self.file.to_owned(),
            line: line_of(self.text, span.start),
            message: message.into(),
        }
    }

    /// The error of another schema.
    pub fn schema_error(&self, span: Range<usize>, found: u32) -> CatalogueError {
        CatalogueError::Schema { file: self.file.to_owned(), line: line_of(self.text, span.start), found }
    }
}

/// Line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Turns the parser's error into ours; only its message tells an unknown key from other faults.
fn shape_error(file: &str, text: &str, error: &toml::de::Error) -> CatalogueError {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let message = error.message();
    let unknown = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'))
        .map(|(key, rest)| (key.to_owned(), rest.trim_start_matches([',', ' ']).to_owned()));
    match unknown {
        Some((key, expected)) => CatalogueError::UnknownKey { file: file.to_owned(), line, key, expected },
        None => CatalogueError::Shape { file: file.to_owned(), line, message: message.to_owned() },
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
