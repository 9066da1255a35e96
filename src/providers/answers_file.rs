//! Reads answers from a TOML file, for commands that ask nobody.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{AnswerCheck, AnswerError, Provider};

/// Largest answers file that is read.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Why a file of answers was not taken. The words name the key and the way out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AnswersFileError {
    /// Not a list of `name = "text"` in TOML.
    #[error("the file does not consist of name = \"text\" lines: {0}")]
    Shape(#[from] toml::de::Error),
    /// Far larger than any list of answers.
    #[error("the file is {0} bytes long, but the limit is 64 KiB: is this the right file?")]
    TooLarge(usize),
    /// An answer that the provider does not ask for.
    #[error("{provider} does not ask for “{name}”; it asks for: {known}")]
    UnknownName {
        /// The key.
        name: String,
        /// Name of the provider.
        provider: String,
        /// Keys that are known.
        known: String,
    },
    /// An answer that does not pass its check.
    #[error("the answer “{name}” cannot be used: {source}")]
    Answer {
        /// The key.
        name: String,
        /// What is wrong with it.
        source: AnswerError,
    },
}

/// Reads answers from TOML, `name = "text"` line by line, and checks every one.
pub fn parse_answers(provider: &Provider, text: &str) -> Result<BTreeMap<String, String>, AnswersFileError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(AnswersFileError::TooLarge(text.len()));
    }
    let typed: BTreeMap<String, String> = toml::from_str(text)?;
    typed
        .into_iter()
        .map(|(name, text)| {
            let Some(answer) = provider.answer(&name) else {
                let known = provider.answers.iter().map(|answer| answer.name.as_str()).collect::<Vec<_>>();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(AnswersFileError::UnknownName { name, provider: provider.name.clone(), known });
            };
            match answer.check(&text) {
                // Whoever plans the records looks at the whole line, which may name another selector.
                Ok(_) if answer.check == AnswerCheck::DkimKey => Ok((name, text)),
                Ok(value) => Ok((name, value)),
                Err(source) => Err(AnswersFileError::Answer { name, source }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{Catalogue, ProviderId};

    #[test]
    fn answers_are_read_and_checked() {
        let catalogue = Catalogue::embedded();
        let provider = catalogue.get(&ProviderId("microsoft365".to_owned())).unwrap();
        let read = parse_answers(provider, "mx_host = \"A.o-v1.mx.microsoft.\"\n").unwrap();
        assert_eq!(read["mx_host"], "a.o-v1.mx.microsoft");
        let google = catalogue.get(&ProviderId("google-workspace".to_owned())).unwrap();
        let line = "mail._domainkey TXT \"v=DKIM1; k=rsa; p=QUJD\"";
        let kept = parse_answers(google, &format!("dkim_key = '{line}'\n")).unwrap();
        assert_eq!(kept["dkim_key"], line, "the line stays whole");
        assert!(matches!(parse_answers(provider, "mx = 1"), Err(AnswersFileError::Shape(_))));
        let unknown = parse_answers(provider, "mx = \"a\"").unwrap_err();
        assert!(unknown.to_string().contains("it asks for: verification, mx_host"), "{unknown}");
        let wrong = parse_answers(provider, "mx_host = \"mail.example.org\"");
        assert!(matches!(wrong, Err(AnswersFileError::Answer { source: AnswerError::WrongHost { .. }, .. })));
    }
}
