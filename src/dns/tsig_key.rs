//! Reads the key that signs zone updates (TSIG, RFC 8945), in the format of `tsig-keygen` and named.

use thiserror::Error;

use crate::values::Secret;

/// A key file has a few hundred bytes.
const MOST_BYTES: usize = 64 * 1_024;

/// The HMAC of a key. Older algorithms are broken, or missing from current servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TsigAlgorithm {
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-384.
    Sha384,
    /// HMAC with SHA-512.
    Sha512,
}

/// A key that the server knows by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsigKey {
    /// Its name.
    pub name: String,
    /// Its algorithm.
    pub algorithm: TsigAlgorithm,
    /// The secret, in base64.
    pub secret: Secret,
}

/// Why a text is not a key file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TsigKeyError {
    /// It has no `key` block.
    #[error(
        "there is no key in it: it must look like key \"name\" {{ algorithm hmac-sha256; secret \"…\"; }};"
    )]
    NoKey,
    /// It has more than one, and no name says which.
    #[error("it has several keys: leave the one in it that may change the zone")]
    Several,
    /// A statement is missing.
    #[error("the key “{name}” says no {what}")]
    Missing {
        /// The key.
        name: String,
        /// `algorithm` or `secret`.
        what: &'static str,
    },
    /// An algorithm that is not understood.
    #[error("the key “{name}” uses {algorithm}: make one with tsig-keygen, which uses hmac-sha256")]
    Algorithm {
        /// The key.
        name: String,
        /// As it is written.
        algorithm: String,
    },
    /// The secret is not base64.
    #[error("the secret of the key “{0}” is cut or damaged: it is not base64")]
    Secret(String),
    /// Too long.
    #[error("it has {0} bytes, which no key has")]
    TooLong(usize),
}

impl TsigKey {
    /// Reads the one key of a file.
    ///
    /// # Errors
    /// If there is no key or several, or a part is missing or not understood. No error quotes the secret.
    pub fn parse(text: &str) -> Result<Self, TsigKeyError> {
        if text.len() > MOST_BYTES {
            return Err(TsigKeyError::TooLong(text.len()));
        }
        let words = words(text);
        let mut keys = words.iter().enumerate().filter(|(_, word)| word.as_str() == "key");
        let (at, _) = keys.next().ok_or(TsigKeyError::NoKey)?;
        if keys.next().is_some() {
            return Err(TsigKeyError::Several);
        }
        let name = words.get(at + 1).filter(|word| word.as_str() != "{").ok_or(TsigKeyError::NoKey)?.clone();
        let block = words.iter().skip(at + 2).take_while(|word| word.as_str() != "}");
        let block: Vec<&String> = block.collect();
        let value_of = |what: &'static str| {
            let at = block.iter().position(|word| word.as_str() == what);
            let value = at.and_then(|at| block.get(at + 1)).filter(|word| word.as_str() != ";");
            value
                .map(|word| (*word).clone())
                .ok_or_else(|| TsigKeyError::Missing { name: name.clone(), what })
        };
        let algorithm = value_of("algorithm")?;
        let algorithm = match algorithm.to_ascii_lowercase().trim_end_matches('.') {
            "hmac-sha256" => TsigAlgorithm::Sha256,
            "hmac-sha384" => TsigAlgorithm::Sha384,
            "hmac-sha512" => TsigAlgorithm::Sha512,
            _ => return Err(TsigKeyError::Algorithm { name, algorithm }),
        };
        let secret = Secret::new(value_of("secret")?);
        let key = Self { name, algorithm, secret };
        if key.bytes().is_none_or(|bytes| bytes.is_empty()) {
            return Err(TsigKeyError::Secret(key.name));
        }
        Ok(key)
    }

    /// The secret itself.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        data_encoding::BASE64.decode(self.secret.expose().as_bytes()).ok()
    }
}

/// Words, quoted texts without their quotes, and `{`, `}` and `;`, without comments.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if first == '#' || rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (inside, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            words.push(inside.to_owned());
            rest = after;
        } else if "{};".contains(first) {
            words.push(first.to_string());
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let end = rest.find(|sign: char| sign.is_whitespace() || "{};\"".contains(sign));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            words.push(word.to_owned());
            rest = after;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_named_reads_them() {
        let written = "key \"mover\" {\n\talgorithm hmac-sha256;\n\tsecret \"QUJDRA==\";\n};\n";
        let expected = TsigKey {
            name: "mover".to_owned(),
            algorithm: TsigAlgorithm::Sha256,
            secret: Secret::new("QUJDRA=="),
        };
        assert_eq!(TsigKey::parse(written), Ok(expected.clone()));
        let odd =
            "# of the primary\n/* key \"old\" */ key mover{secret QUJDRA==;// last\nalgorithm HMAC-SHA256;};";
        assert_eq!(TsigKey::parse(odd), Ok(expected.clone()));
        assert_eq!(expected.bytes().as_deref(), Some(&b"ABCD"[..]));
    }

    #[test]
    fn what_is_no_key_is_reported_without_its_secret() {
        let of = |text: &str| TsigKey::parse(text).unwrap_err();
        assert_eq!(of(""), TsigKeyError::NoKey);
        assert_eq!(of("zone \"d.test\" { };"), TsigKeyError::NoKey);
        assert_eq!(of("key"), TsigKeyError::NoKey);
        assert_eq!(of("key a { }; key b { };"), TsigKeyError::Several);
        let missing = |what| TsigKeyError::Missing { name: "a".to_owned(), what };
        assert_eq!(of("key a { secret \"QUJD\"; };"), missing("algorithm"));
        assert_eq!(of("key a { algorithm hmac-sha256; };"), missing("secret"));
        assert_eq!(of("key a { algorithm hmac-sha256; secret"), missing("secret"));
        let old = TsigKeyError::Algorithm { name: "a".to_owned(), algorithm: "hmac-md5".to_owned() };
        assert_eq!(of("key a { algorithm hmac-md5; secret \"QUJD\"; };"), old);
        let cut = of("key a { algorithm hmac-sha256; secret \"QUJDR\"; };");
        assert_eq!(cut, TsigKeyError::Secret("a".to_owned()));
        assert!(!cut.to_string().contains("QUJDR"));
        assert_eq!(of(&"x".repeat(70_000)), TsigKeyError::TooLong(70_000));
    }
}
