//! DKIM key records (RFC 6376 section 3.6.1, RFC 8301, RFC 8463). Pure.

use data_encoding::BASE64;
use pkcs1::der::Decode as _;

/// A key record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimKey {
    /// The public key.
    pub key: Key,
    /// `t=y`: receivers are asked not to rely on it yet.
    pub is_test: bool,
    /// `h=` names SHA-1 only.
    pub is_sha1_only: bool,
}

/// Public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA with this many bits.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// Ed25519 (RFC 8463).
    Ed25519,
    /// `p=` is empty: the key was withdrawn.
    Revoked,
}

/// Whether a TXT record below `_domainkey` is meant to be a key: it has a tag `p`, or begins with `v=DKIM1`.
pub fn is_key_record(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    tags(&text).any(|(name, value)| name == "p" || (name == "v" && value.starts_with("DKIM")))
}

fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|tag| tag.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}

impl DkimKey {
    /// Parses a key record.
    ///
    /// # Errors
    /// Says in plain words what makes the key useless.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(text).map_err(|_not_utf8| "it has bytes that are no text".to_owned())?;
        if let Some((index, (_, value))) = tags(text).enumerate().find(|(_, (name, _))| *name == "v") {
            if value != "DKIM1" {
                return Err(format!("its version is “{}” instead of “DKIM1”", shown(value)));
            }
            if index > 0 {
                return Err("“v=DKIM1” must come first".to_owned());
            }
        }
        let tag = |wanted: &str| tags(text).find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let data = tag("p").ok_or("the tag “p” with the key is missing")?;
        let data: String = data.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        let kind = tag("k").unwrap_or("rsa");
        let key = match (data.is_empty(), kind) {
            (true, _) => Key::Revoked,
            (false, "rsa") => Key::Rsa { bits: rsa_bits(&decode(&data)?)? },
            (false, "ed25519") => match decode(&data)?.len() {
                32 => Key::Ed25519,
                length => return Err(format!("an Ed25519 key has 32 bytes, this one has {length}")),
            },
            (false, other) => return Err(format!("the key type “{}” is not known", shown(other))),
        };
        let hashes: Vec<&str> =
            tag("h").map(|value| value.split(':').map(str::trim).collect()).unwrap_or_default();
        Ok(Self {
            key,
            is_test: tag("t")
                .is_some_and(|flags| flags.split(':').any(|flag| flag.trim().eq_ignore_ascii_case("y"))),
            is_sha1_only: !hashes.is_empty() && hashes.iter().all(|hash| hash.eq_ignore_ascii_case("sha1")),
        })
    }
}

fn shown(text: &str) -> String {
    text.chars().take(20).collect()
}

fn decode(data: &str) -> Result<Vec<u8>, String> {
    // Some publish without the padding; receivers differ, so it is not fatal here.
    let mut padded = data.trim_end_matches('=').to_owned();
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    BASE64.decode(padded.as_bytes()).map_err(|error| format!("the key is not valid Base64 ({error})"))
}

/// Bits of an RSA key in either form that is published: `SubjectPublicKeyInfo`, or the bare key.
fn rsa_bits(der: &[u8]) -> Result<usize, String> {
    let bare = match spki::SubjectPublicKeyInfoRef::from_der(der) {
        Ok(info) => info.subject_public_key.as_bytes().ok_or("the key is cut off")?,
        Err(_not_wrapped) => der,
    };
    let key = pkcs1::RsaPublicKey::from_der(bare)
        .map_err(|_error| "the key is cut off or is no RSA key".to_owned())?;
    let modulus = key.modulus.as_bytes();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    Ok((modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0)))
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod dkim_tests;
