use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fingerprint, UnixTime};

/// One certificate of a chain that a server showed (RFC 5280), as far as mail is concerned with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainCertificate {
    /// Whom it names, as a distinguished name.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Host names it is for (subjectAltName). Addresses are left out: no mail server is addressed by one.
    pub names: Vec<String>,
    /// First moment of validity.
    pub not_before: UnixTime,
    /// Last moment of validity.
    pub not_after: UnixTime,
    /// The kind of its key.
    pub key: KeyKind,
    /// The size of its key in bits.
    pub key_bits: u32,
    /// What it was signed with.
    pub signature: SignatureHash,
    /// Whether the server's own certificate leads to this one, were it trusted (RFC 7672 section 3.1.2).
    #[serde(default)]
    pub is_reached: bool,
    /// SHA-256 of the whole certificate, selector 0 of DANE (RFC 6698 section 2.1.2).
    pub sha256: Fingerprint,
    /// SHA-256 of its public key, selector 1.
    pub key_sha256: Fingerprint,
    /// SHA-512 of the whole certificate as hexadecimal digits.
    pub sha512: String,
    /// SHA-512 of its public key.
    pub key_sha512: String,
}

/// Kinds of public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// On an elliptic curve of NIST.
    Ec,
    /// Ed25519 or Ed448.
    Edwards,
    /// Another kind.
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Edwards => "Ed",
            Self::Other => "unknown kind",
        })
    }
}

/// The hash within a signature, which is what ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureHash {
    /// MD5 or older: broken.
    Md5,
    /// SHA-1: broken.
    Sha1,
    /// SHA-224: too short.
    Sha224,
    /// SHA-256 or better, or a signature that brings its own hash.
    Strong,
    /// Not known.
    Unknown,
}

impl fmt::Display for SignatureHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Strong => "SHA-256 or better",
            Self::Unknown => "an unknown hash",
        })
    }
}
