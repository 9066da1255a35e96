//! Mark certificates (VMC and CMC): X.509 with a special purpose (draft-fetch-validation-vmc-wchuang) and a logo inside
//! (RFC 9399).

use data_encoding::BASE64;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::values::{UnixTime, printable_line};

/// Brand Indicator for Message Identification, as a purpose of a key.
const PURPOSE: &str = "1.3.6.1.5.5.7.3.31";
/// The extension with the logo (RFC 9399 section 4.1).
const LOGOTYPE: &str = "1.3.6.1.5.5.7.1.12";
/// Names that are kept.
const MAX_NAMES: usize = 50;

/// What a mark certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MarkCertificate {
    pub issuer: String,
    /// Domains that it is for, in lower case.
    pub names: Vec<String>,
    pub not_before: UnixTime,
    pub not_after: UnixTime,
    /// Whether it is meant for marks beside mail.
    pub is_for_marks: bool,
    /// Whether it has a logo inside.
    pub has_logo: bool,
}

/// Reads the first certificate of a PEM file (RFC 7468); `None` if there is none that can be read.
pub(super) fn read(pem: &str) -> Option<MarkCertificate> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (text, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let der = BASE64.decode(text.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let purposes = certificate.extended_key_usage().ok().flatten();
    let is_for_marks =
        purposes.is_some_and(|usage| usage.value.other.iter().any(|oid| oid.to_id_string() == PURPOSE));
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(host) => Some(printable_line(host).to_ascii_lowercase()),
        _ => None,
    });
    let issuer = certificate.issuer().to_string();
    Some(MarkCertificate {
        issuer: printable_line(&issuer).chars().take(120).collect(),
        names: names.take(MAX_NAMES).collect(),
        not_before: UnixTime(certificate.validity().not_before.timestamp()),
        not_after: UnixTime(certificate.validity().not_after.timestamp()),
        is_for_marks,
        has_logo: certificate.extensions().iter().any(|extension| extension.oid.to_id_string() == LOGOTYPE),
    })
}

impl MarkCertificate {
    /// Whether it is for a domain or for one above it.
    pub(super) fn covers(&self, domain: &str) -> bool {
        self.names.iter().any(|name| {
            let name = name.strip_prefix("default._bimi.").unwrap_or(name);
            domain.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_certificate_is_distinguished_from_another_one() {
        use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["weber.example".to_owned()]).unwrap();
        let plain = read(&params.clone().self_signed(&key).unwrap().pem()).unwrap();
        assert!(!plain.is_for_marks && !plain.has_logo && plain.covers("weber.example"));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 31])];
        let logo = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 12], vec![0x30, 0]);
        params.custom_extensions = vec![logo];
        let mark = read(&params.self_signed(&key).unwrap().pem()).unwrap();
        assert!(mark.is_for_marks && mark.has_logo);
        assert!(mark.covers("news.weber.example") && !mark.covers("otherweber.example"));
        assert_eq!(read("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None);
        assert_eq!(read("x"), None);
    }
}
