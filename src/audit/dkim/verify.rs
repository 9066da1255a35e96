//! Verifies a signature with a key (RFC 6376 section 6.1.2 and 6.1.3, RFC 8463 section 3).

use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

use super::{DkimKey, Key};

/// Fewest bits of an RSA key that receivers may accept (RFC 8301 section 3.2).
const FEWEST_BITS: usize = 1_024;

/// Why a key may not be used for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum KeyFault {
    /// `p=` is empty.
    Revoked,
    /// It is of another kind than the signature.
    OtherKind,
    /// Fewer bits than receivers may accept.
    TooShort,
    /// `h=` does not allow SHA-256.
    Sha1Only,
    /// `s=` leaves mail out.
    NotForMail,
    /// `t=s`, and `i=` names a subdomain.
    Strict,
}

/// What keeps a key from being used with an algorithm; `is_subdomain` says whether `i=` differs from `d=`.
pub(in crate::audit) fn key_fault(key: &DkimKey, algorithm: &str, is_subdomain: bool) -> Option<KeyFault> {
    match (key.key, algorithm) {
        (Key::Revoked, _) => Some(KeyFault::Revoked),
        (Key::Rsa { .. }, "ed25519-sha256") => Some(KeyFault::OtherKind),
        (Key::Ed25519, algorithm) if algorithm != "ed25519-sha256" => Some(KeyFault::OtherKind),
        (Key::Rsa { bits }, _) if bits < FEWEST_BITS => Some(KeyFault::TooShort),
        _ if key.is_sha1_only => Some(KeyFault::Sha1Only),
        _ if key.is_not_for_mail => Some(KeyFault::NotForMail),
        _ if key.is_strict && is_subdomain => Some(KeyFault::Strict),
        _ => None,
    }
}

/// Whether the signature was made with this key over these bytes, with SHA-256.
pub(in crate::audit) fn verifies(key: &DkimKey, signed: &[u8], signature: &[u8]) -> bool {
    match key.key {
        Key::Rsa { .. } => {
            UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &key.public_key)
                .verify(signed, signature)
                .is_ok()
        }
        // Ed25519 signs the hash, not the text (RFC 8463 section 3).
        Key::Ed25519 => UnparsedPublicKey::new(&ED25519, &key.public_key)
            .verify(digest(&SHA256, signed).as_ref(), signature)
            .is_ok(),
        Key::Revoked => false,
    }
}
