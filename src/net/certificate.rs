//! Reads the certificates that a server shows (RFC 5280) into plain data.

use sha2::{Digest as _, Sha256, Sha512};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::values::{ChainCertificate, Fingerprint, KeyKind, SignatureHash, UnixTime, printable_line};

/// Longest distinguished name that is kept, in characters.
const MAX_NAME: usize = 300;

/// Most host names kept of one certificate; more than the largest shared ones have.
const MAX_NAMES: usize = 250;

/// What a certificate in DER form says; `None` if it cannot be read.
pub fn read_certificate(der: &[u8]) -> Option<ChainCertificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let key = certificate.public_key();
    let (kind, bits) = match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => (KeyKind::Rsa, rsa.key_size()),
        Ok(PublicKey::EC(point)) => (KeyKind::Ec, point.key_size()),
        _ => edwards(&key.algorithm.algorithm.to_id_string()),
    };
    Some(ChainCertificate {
        subject: shown(&certificate.subject().to_string()),
        issuer: shown(&certificate.issuer().to_string()),
        names: host_names(&certificate),
        not_before: UnixTime(certificate.validity().not_before.timestamp()),
        not_after: UnixTime(certificate.validity().not_after.timestamp()),
        key: kind,
        key_bits: u32::try_from(bits).unwrap_or(u32::MAX),
        signature: signature_hash(&certificate),
        is_reached: false,
        sha256: Fingerprint(Sha256::digest(der).into()),
        key_sha256: Fingerprint(Sha256::digest(key.raw).into()),
        sha512: hexadecimal(&Sha512::digest(der)),
        key_sha512: hexadecimal(&Sha512::digest(key.raw)),
    })
}

fn shown(name: &str) -> String {
    printable_line(name).chars().take(MAX_NAME).collect()
}

fn host_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(host) => Some(printable_line(host).to_ascii_lowercase()),
            _ => None,
        })
        .take(MAX_NAMES)
        .collect()
}

/// Ed25519 and Ed448 (RFC 8410).
fn edwards(algorithm: &str) -> (KeyKind, usize) {
    match algorithm {
        "1.3.101.112" => (KeyKind::Edwards, 256),
        "1.3.101.113" => (KeyKind::Edwards, 456),
        _ => (KeyKind::Other, 0),
    }
}

fn signature_hash(certificate: &X509Certificate<'_>) -> SignatureHash {
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        // md2, md4 and md5 with RSA.
        "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" => SignatureHash::Md5,
        // SHA-1 with RSA, DSA, ECDSA.
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1" => {
            SignatureHash::Sha1
        }
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => SignatureHash::Sha224,
        // SHA-256, 384 and 512 with RSA, PSS, ECDSA; Ed25519 and Ed448.
        "1.2.840.113549.1.1.11"
        | "1.2.840.113549.1.1.12"
        | "1.2.840.113549.1.1.13"
        | "1.2.840.113549.1.1.10"
        | "1.2.840.10045.4.3.2"
        | "1.2.840.10045.4.3.3"
        | "1.2.840.10045.4.3.4"
        | "1.3.101.112"
        | "1.3.101.113" => SignatureHash::Strong,
        _ => SignatureHash::Unknown,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_as_openssl_reads_it() {
        let names = vec!["Mail.weber.example".to_owned(), "*.weber.example".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let read = read_certificate(made.cert.der()).unwrap();
        assert_eq!(read.names, ["mail.weber.example", "*.weber.example"]);
        assert_eq!((read.key, read.key_bits), (KeyKind::Ec, 256));
        assert_eq!(read.signature, SignatureHash::Strong);
        assert_eq!(read.sha256.0.as_slice(), Sha256::digest(made.cert.der().as_ref()).as_slice());
        assert_eq!((read.sha512.len(), read.key_sha512.len()), (128, 128));
        assert!(read.not_before < read.not_after);
        assert_eq!(read_certificate(b"\x30\x03\x02\x01\x01"), None);
    }
}
