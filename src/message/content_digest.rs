use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal, by which it is known later whether something is still the same.
pub fn content_digest(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}
