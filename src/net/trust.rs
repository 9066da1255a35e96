//! Which certificates are trusted: those that the system's authorities vouch for, or one pinned certificate.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime as TlsTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::values::{Fingerprint, UnixTime, printable_line};

/// The trust settings for one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    /// SHA-256 of the certificate that the owner approved by its fingerprint. If set, no other is accepted, whoever
    /// vouches for it; otherwise the system's authorities decide.
    pub pinned: Option<Fingerprint>,
}

/// An untrusted certificate, for the owner to inspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
    /// The names in it: host names and addresses.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// First moment of validity.
    pub not_before: UnixTime,
    /// Last moment of validity.
    pub not_after: UnixTime,
    /// Why it would not be trusted without a pin, in words; `None` if a known authority vouches for it.
    pub problem: Option<String>,
}

type Seen = Arc<Mutex<Option<CertificateFacts>>>;

/// The TLS configuration for one connection; `seen` receives an untrusted certificate.
pub(super) fn client_config(policy: &TrustPolicy) -> Result<(ClientConfig, Seen), rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Seen::default();
    let verifier = PinningVerifier {
        authorities: authorities(&provider),
        provider: Arc::clone(&provider),
        pinned: policy.pinned,
        seen: Arc::clone(&seen),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, seen))
}

/// Takes the certificate that the verifier did not trust.
pub(super) fn take_seen(seen: &Seen) -> Option<CertificateFacts> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The certificate a server presents.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) end_entity: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) server_name: &'a ServerName<'a>,
    pub(super) ocsp_response: &'a [u8],
    pub(super) now: TlsTime,
}

/// Verifies a server certificate. Signatures are always checked in the same way.
pub(super) trait Authority: std::fmt::Debug + Send + Sync {
    fn vouch(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, rustls::Error>;
}

impl Authority for rustls_platform_verifier::Verifier {
    fn vouch(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, rustls::Error> {
        self.verify_server_cert(
            shown.end_entity,
            shown.intermediates,
            shown.server_name,
            shown.ocsp_response,
            shown.now,
        )
    }
}

pub(super) type Authorities = Option<Arc<dyn Authority>>;

/// The system's authorities, read once. `None` if the system has none: then only pins are trusted.
pub(super) fn authorities(provider: &Arc<CryptoProvider>) -> Authorities {
    static AUTHORITIES: OnceLock<Authorities> = OnceLock::new();
    AUTHORITIES
        .get_or_init(|| match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
            Ok(verifier) => Some(Arc::new(verifier) as Arc<dyn Authority>),
            Err(error) => {
                tracing::warn!(%error, "the system has no certificate authorities");
                None
            }
        })
        .clone()
}

/// Accepts exactly the pinned certificate; without a pin, asks the system's authorities.
#[derive(Debug)]
struct PinningVerifier {
    authorities: Authorities,
    provider: Arc<CryptoProvider>,
    pinned: Option<Fingerprint>,
    seen: Seen,
}

impl ServerCertVerifier for PinningVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: TlsTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let fingerprint = Fingerprint(Sha256::digest(end_entity.as_ref()).into());
        if self.pinned == Some(fingerprint) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = match &self.authorities {
            Some(authority) => {
                authority.vouch(&Shown { end_entity, intermediates, server_name, ocsp_response, now })
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        if verified.is_err() || self.pinned.is_some() {
            let facts = certificate_facts(end_entity, fingerprint, verified.as_ref().err());
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
        }
        match self.pinned {
            Some(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            None => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn certificate_facts(
    der: &[u8],
    fingerprint: Fingerprint,
    error: Option<&rustls::Error>,
) -> CertificateFacts {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return CertificateFacts {
            fingerprint,
            names: Vec::new(),
            issuer: String::new(),
            not_before: UnixTime::default(),
            not_after: UnixTime::default(),
            problem: Some("it cannot be read".to_owned()),
        };
    };
    let names = names_of(&certificate);
    let is_self_signed = certificate.subject() == certificate.issuer();
    let problem = error.map(|error| problem_words(error, &names, is_self_signed));
    CertificateFacts {
        fingerprint,
        names,
        issuer: printable_line(&certificate.issuer().to_string()).chars().take(MAX_ISSUER).collect(),
        not_before: UnixTime(certificate.validity().not_before.timestamp()),
        not_after: UnixTime(certificate.validity().not_after.timestamp()),
        problem,
    }
}

/// Longest name of an issuer that is shown, in characters.
const MAX_ISSUER: usize = 300;

/// Most names shown of one certificate.
const MAX_NAMES: usize = 50;

fn names_of(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let mut names: Vec<String> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(host) => Some(printable_line(host).into_owned()),
            GeneralName::IPAddress(bytes) => address_words(bytes),
            _ => None,
        })
        .take(MAX_NAMES)
        .collect();
    if names.is_empty() {
        names.extend(
            certificate
                .subject()
                .iter_common_name()
                .filter_map(|name| name.as_str().ok())
                .map(|name| printable_line(name).into_owned()),
        );
    }
    names
}

fn address_words(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

fn problem_words(error: &rustls::Error, names: &[String], is_self_signed: bool) -> String {
    let rustls::Error::InvalidCertificate(problem) = error else {
        return format!("it was not accepted: {error}");
    };
    match problem {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => match names {
            [] => "it names no server".to_owned(),
            names => format!("it is for another server: {}", names.join(", ")),
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; is this computer's clock right?".to_owned()
        }
        CertificateError::Revoked => "it was revoked by the authority that issued it".to_owned(),
        // webpki says the same of a self-signed certificate in several ways.
        _ if is_self_signed => {
            "the server made this certificate itself, so nobody else confirms who it is".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "no known authority signed it; the server may have omitted an intermediate certificate".to_owned()
        }
        other => format!("it was not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEQUENCE nested in SEQUENCE this many times.
    fn nested(depth: usize) -> Vec<u8> {
        (0..depth).fold(Vec::new(), |inner, _| {
            let length = u32::try_from(inner.len()).unwrap().to_be_bytes();
            [&[0x30, 0x84][..], &length, &inner].concat()
        })
    }

    #[test]
    fn certificates_nested_without_end_are_survived() {
        let error = rustls::Error::General("not trusted".to_owned());
        for depth in [100, 5_000] {
            let deep = nested(depth);
            let facts = certificate_facts(&deep, Fingerprint([0; 32]), Some(&error));
            assert_eq!((facts.problem.as_deref(), facts.names.len()), (Some("it cannot be read"), 0));
            // As the name of an honest certificate's beginning: version, number, algorithm, issuer.
            let head = b"\xa0\x03\x02\x01\x02\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70";
            for body in [[&head[..], &deep].concat(), [&head[..13], &deep].concat()] {
                let wrap = |body: &[u8]| {
                    [&[0x30, 0x84][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
                };
                let facts = certificate_facts(&wrap(&wrap(&body)), Fingerprint([0; 32]), Some(&error));
                assert_eq!(facts.problem.as_deref(), Some("it cannot be read"));
            }
        }
    }

    /// An authority that vouches for everything, or for nothing.
    #[derive(Debug)]
    struct Vouches(bool);

    impl Authority for Vouches {
        fn vouch(&self, _shown: &Shown<'_>) -> Result<ServerCertVerified, rustls::Error> {
            if self.0 {
                Ok(ServerCertVerified::assertion())
            } else {
                Err(CertificateError::UnknownIssuer.into())
            }
        }
    }

    #[test]
    fn a_pin_is_the_only_one_that_is_taken_and_authorities_decide_without_one() {
        let certified = rcgen::generate_simple_self_signed(vec!["mail.weber.example".to_owned()]).unwrap();
        let der = certified.cert.der();
        let shown = Fingerprint(Sha256::digest(der.as_ref()).into());
        let other = Fingerprint([7; 32]);
        for (authority, pinned, is_taken, problem) in [
            (true, None, true, None),
            (false, None, false, Some(true)),
            (false, Some(shown), true, None),
            (true, Some(shown), true, None),
            (false, Some(other), false, Some(true)),
            // Also one that a public authority vouches for is not the approved one.
            (true, Some(other), false, Some(false)),
        ] {
            let seen = Seen::default();
            let verifier = PinningVerifier {
                authorities: Some(Arc::new(Vouches(authority))),
                provider: Arc::new(rustls::crypto::ring::default_provider()),
                pinned,
                seen: Arc::clone(&seen),
            };
            let name = ServerName::try_from("mail.weber.example").unwrap();
            let outcome = verifier.verify_server_cert(der, &[], &name, &[], TlsTime::now());
            assert_eq!(outcome.is_ok(), is_taken, "{authority} {pinned:?}");
            let facts = take_seen(&seen);
            let told = facts.as_ref().map(|facts| facts.problem.is_some());
            assert_eq!(told, problem, "{authority} {pinned:?}");
            if let Some(facts) = facts {
                assert_eq!(
                    (facts.fingerprint, facts.names.as_slice()),
                    (shown, &["mail.weber.example".to_owned()][..])
                );
            }
        }
    }
}
