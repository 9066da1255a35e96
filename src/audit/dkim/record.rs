//! DKIM key records (RFC 6376 section 3.6.1, RFC 8301, RFC 8463). Pure.

use data_encoding::{BASE64, DecodeKind};
use pkcs1::der::Decode as _;

use super::test_keys::printed_in;
use crate::audit::tag_list::TagList;

/// A key record.
#[expect(clippy::struct_excessive_bools, reason = "independent flags of one record")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimKey {
    /// The public key.
    pub key: Key,
    /// The key itself: `RSAPublicKey` (PKCS #1) or 32 bytes of Ed25519; empty if it was withdrawn.
    pub public_key: Vec<u8>,
    /// `t=y`: receivers are asked not to rely on it yet.
    pub is_test: bool,
    /// `t=s`: `i=` of a signature must name the very domain in `d=`.
    pub is_strict: bool,
    /// `h=` names SHA-1 only.
    pub is_sha1_only: bool,
    /// `h=` names SHA-1, alone or beside others.
    pub allows_sha1: bool,
    /// `s=` leaves mail out.
    pub is_not_for_mail: bool,
    /// Parts of the record that mean nothing.
    pub extra: Vec<String>,
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
    let tags = TagList::parse(&text);
    tags.get("p").is_some() || tags.get("v").is_some_and(|version| version.starts_with("DKIM"))
}

impl DkimKey {
    /// Parses a key record.
    ///
    /// # Errors
    /// Says in plain words what makes the key useless.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(text).map_err(|_not_utf8| "it has bytes that are no text".to_owned())?;
        let tags = TagList::parse(text);
        if let Some(name) = tags.twice() {
            return Err(format!(
                "the tag “{}” occurs twice, and receivers then ignore the whole record",
                shown(name)
            ));
        }
        if let Some(index) = tags.tags.iter().position(|tag| tag.name == "v") {
            let version = tags.get("v").unwrap_or_default();
            if version != "DKIM1" {
                return Err(format!("its version is “{}” instead of “DKIM1”", shown(version)));
            }
            if index > 0 {
                return Err("“v=DKIM1” must come first".to_owned());
            }
        }
        let data = tags.get("p").ok_or("the tag “p” with the key is missing")?;
        if data.contains(['"', '\\']) {
            return Err("there are quotation marks or backslashes inside the key: \
                        the pieces were pasted with their quotes"
                .to_owned());
        }
        let data: String = data.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        let kind = tags.get("k").unwrap_or("rsa");
        let (key, public_key) = match (data.is_empty(), kind) {
            (true, _) => (Key::Revoked, Vec::new()),
            (false, "rsa") => rsa(&decode(&data)?)?,
            (false, "ed25519") => match decode(&data)? {
                key if key.len() == 32 => (Key::Ed25519, key),
                key => return Err(format!("an Ed25519 key has 32 bytes, this one has {}", key.len())),
            },
            (false, other) => return Err(format!("the key type “{}” is not known", shown(other))),
        };
        let flags = |name: &str| -> Vec<String> {
            let value = tags.get(name).unwrap_or_default();
            value
                .split(':')
                .map(|flag| flag.trim().to_ascii_lowercase())
                .filter(|flag| !flag.is_empty())
                .collect()
        };
        let (hashes, services, modes) = (flags("h"), flags("s"), flags("t"));
        let is_known = |name: &str| matches!(name, "v" | "k" | "p" | "h" | "s" | "t" | "n" | "g");
        let unknown = tags.tags.iter().filter(|tag| !is_known(&tag.name)).map(|tag| tag.text);
        Ok(Self {
            key,
            public_key,
            is_test: modes.iter().any(|flag| flag == "y"),
            is_strict: modes.iter().any(|flag| flag == "s"),
            is_sha1_only: !hashes.is_empty() && hashes.iter().all(|hash| hash == "sha1"),
            allows_sha1: hashes.iter().any(|hash| hash == "sha1"),
            is_not_for_mail: !services.is_empty()
                && !services.iter().any(|service| service == "*" || service == "email"),
            extra: tags.malformed.iter().copied().chain(unknown).map(shown).collect(),
        })
    }
}

impl DkimKey {
    /// Why nobody should sign with this key, in plain words; `None` if it is fit (RFC 8301 section 3.2).
    pub fn unfit(&self) -> Option<String> {
        match self.key {
            Key::Revoked => Some("it is empty, which withdraws the key".to_owned()),
            Key::Rsa { bits: bits @ 0..1_024 } => {
                Some(format!("it has {bits} bits, and receivers must not accept fewer than 1024"))
            }
            _ if self.is_sha1_only => {
                Some("it allows SHA-1 only, which receivers no longer accept".to_owned())
            }
            _ if self.is_not_for_mail => Some("it is not meant for mail (s=)".to_owned()),
            _ => printed_in(self).map(|document| format!("its private half is printed in {document}")),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(20).collect()
}

const CUT_OFF: &str =
    "the key is cut off (strings of TXT records end after 255 bytes; that is the usual cause)";

fn decode(data: &str) -> Result<Vec<u8>, String> {
    // Some publish without the padding; receivers differ, so it is not fatal here.
    let mut padded = data.trim_end_matches('=').to_owned();
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    BASE64.decode(padded.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Symbol => {
            let odd = padded.get(error.position..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            format!("the key is not valid Base64: “{odd}” does not belong there")
        }
        _ => CUT_OFF.to_owned(),
    })
}

/// An RSA key in either form that is published: `SubjectPublicKeyInfo`, or the bare key.
fn rsa(der: &[u8]) -> Result<(Key, Vec<u8>), String> {
    let bare = match spki::SubjectPublicKeyInfoRef::from_der(der) {
        Ok(info) => info.subject_public_key.as_bytes().ok_or(CUT_OFF)?,
        Err(_not_wrapped) => der,
    };
    let key = pkcs1::RsaPublicKey::from_der(bare)
        .map_err(|_error| if is_cut_off(der) { CUT_OFF.to_owned() } else { "it is no RSA key".to_owned() })?;
    let modulus = key.modulus.as_bytes();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0));
    Ok((Key::Rsa { bits }, bare.to_vec()))
}

/// Whether the outer sequence (X.690) says that more bytes should follow.
fn is_cut_off(der: &[u8]) -> bool {
    let length = match der {
        [0x30, short @ 0..=0x7f, ..] => usize::from(*short) + 2,
        [0x30, 0x81, one, ..] => usize::from(*one) + 3,
        [0x30, 0x82, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])) + 4,
        [0x30, ..] => return der.len() < 4,
        _ => return false,
    };
    length > der.len()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod record_tests;
