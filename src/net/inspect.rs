//! A TLS handshake that only observes: it records the certificates that a server presents, trusted or not.
//!
//! Such a connection must not carry secrets. It is for probing public servers.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime as TlsTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::read_certificate;
use super::trust::{Authority, Shown, authorities};
use crate::values::{ChainCertificate, ChainTrust, TlsFacts, TlsFailure, TlsVersion};

/// Most certificates read of one chain; honest chains have two to four.
const MAX_CHAIN: usize = 10;

/// The authorities a chain is judged by.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The system's authorities.
    #[default]
    System,
    /// These certificates in DER form and no others.
    Only(Vec<Vec<u8>>),
}

/// The versions that are offered to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// TLS 1.2 and 1.3.
    Both,
    /// TLS 1.2 alone.
    Tls12,
}

/// A stream inside TLS.
pub type Protected<S> = TlsStream<S>;

/// A probed connection.
#[derive(Debug)]
pub struct Inspected<S> {
    /// The protected stream.
    pub stream: Protected<S>,
    /// What the server presented.
    pub facts: TlsFacts,
}

/// Why the handshake failed.
#[derive(Debug, Error)]
#[error("the TLS handshake failed: {source}")]
pub struct InspectError {
    /// The kind of failure.
    pub failure: TlsFailure,
    /// What the library said.
    pub source: io::Error,
}

/// Does a handshake with a server under this name and records what it presents. The caller limits the time.
///
/// # Errors
///
/// If the handshake fails for a reason other than trust.
pub async fn inspect<S: AsyncRead + AsyncWrite + Unpin>(
    host: &str,
    stream: S,
    offer: Offer,
    roots: &Roots,
) -> Result<Inspected<S>, InspectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let onlooker = Arc::new(Onlooker { provider: Arc::clone(&provider), chain: Mutex::default() });
    let versions: &[&SupportedProtocolVersion] = match offer {
        Offer::Both => &[&TLS13, &TLS12],
        Offer::Tls12 => &[&TLS12],
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| other(io::Error::other(error)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&onlooker) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| other(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(failed)?;
    let session = stream.get_ref().1;
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Old,
    };
    let cipher = session
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        .unwrap_or_default()
        .to_owned();
    let shown = onlooker.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let facts = TlsFacts {
        version,
        speaks_tls12: (version == TlsVersion::Tls12).then_some(true),
        cipher,
        chain: read_chain(&shown),
        trust: judge_chain(&shown, roots),
    };
    Ok(Inspected { stream, facts })
}

/// Reads the certificates of a chain, the server's own first. An unreadable one ends the chain.
pub fn read_chain(chain: &[Vec<u8>]) -> Vec<ChainCertificate> {
    let read = chain.iter().take(MAX_CHAIN).map_while(|der| read_certificate(der));
    let reached = read.enumerate().map(|(position, certificate)| ChainCertificate {
        is_reached: position == 0 || leads_to(chain, position),
        ..certificate
    });
    reached.collect()
}

/// Whether these authorities vouch for a chain, whatever server it is for.
pub fn judge_chain(chain: &[Vec<u8>], roots: &Roots) -> ChainTrust {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authority: Option<Arc<dyn Authority>> = match roots {
        Roots::System => authorities(&provider),
        Roots::Only(anchors) => anchored(anchors, &provider).map(|verifier| verifier as Arc<dyn Authority>),
    };
    let Some(authority) = authority else {
        return ChainTrust::Other("this computer knows no authorities".to_owned());
    };
    let is_self_signed = chain
        .first()
        .and_then(|der| read_certificate(der))
        .is_some_and(|certificate| certificate.subject == certificate.issuer);
    match verify(chain, authority.as_ref()) {
        Ok(()) => ChainTrust::Trusted,
        Err(rustls::Error::InvalidCertificate(problem)) => match problem {
            // It is asked only about its own names, so this error means that it has none.
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                ChainTrust::Trusted
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => ChainTrust::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ChainTrust::NotValidYet
            }
            CertificateError::Revoked => ChainTrust::Revoked,
            _ if is_self_signed => ChainTrust::SelfSigned,
            CertificateError::UnknownIssuer => ChainTrust::UnknownIssuer,
            other => ChainTrust::Other(other.to_string()),
        },
        Err(error) => ChainTrust::Other(error.to_string()),
    }
}

/// Whether the first certificate would be valid if the one at this position were trusted.
fn leads_to(chain: &[Vec<u8>], position: usize) -> bool {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anchor = chain.get(position).cloned().into_iter().collect::<Vec<_>>();
    anchored(&anchor, &provider).is_some_and(|authority| match verify(chain, authority.as_ref()) {
        Ok(()) => true,
        Err(rustls::Error::InvalidCertificate(problem)) => matches!(
            problem,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ),
        Err(_) => false,
    })
}

fn anchored(anchors: &[Vec<u8>], provider: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
    let mut store = RootCertStore::empty();
    for anchor in anchors {
        store.add(CertificateDer::from(anchor.as_slice()).into_owned()).ok()?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build().ok()
}

/// Validates a chain under a name taken from its first certificate.
fn verify(chain: &[Vec<u8>], authority: &dyn Authority) -> Result<(), rustls::Error> {
    let unreadable = || rustls::Error::from(CertificateError::BadEncoding);
    let own = chain.first().ok_or_else(unreadable)?;
    let certificate = read_certificate(own).ok_or_else(unreadable)?;
    let name = certificate.names.iter().find_map(|name| {
        let host = name.strip_prefix("*.").map_or_else(|| name.clone(), |rest| format!("a.{rest}"));
        ServerName::try_from(host).ok()
    });
    let name = match name {
        Some(name) => name,
        None => ServerName::try_from("unnamed.invalid").map_err(|_error| unreadable())?,
    };
    let own = CertificateDer::from(own.as_slice());
    let others: Vec<CertificateDer<'_>> =
        chain.iter().take(MAX_CHAIN).skip(1).map(|der| CertificateDer::from(der.as_slice())).collect();
    let shown = Shown {
        end_entity: &own,
        intermediates: &others,
        server_name: &name,
        ocsp_response: &[],
        now: TlsTime::now(),
    };
    authority.vouch(&shown).map(|_verified| ())
}

impl Authority for WebPkiServerVerifier {
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

fn other(source: io::Error) -> InspectError {
    InspectError { failure: TlsFailure::Other, source }
}

fn failed(source: io::Error) -> InspectError {
    let failure = match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::PeerIncompatible(_)) => TlsFailure::NothingInCommon,
        Some(rustls::Error::AlertReceived(alert)) => match alert {
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity => TlsFailure::NothingInCommon,
            _ => TlsFailure::Other,
        },
        Some(_) => TlsFailure::Other,
        None => match source.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => TlsFailure::Closed,
            io::ErrorKind::TimedOut => TlsFailure::Timeout,
            _ => TlsFailure::Other,
        },
    };
    InspectError { failure, source }
}

/// Accepts every certificate and keeps the chain.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: TlsTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(MAX_CHAIN);
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tolerate(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tolerate(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A key too short or too unusual to check is still recorded; a wrong signature is an error.
fn tolerate(
    checked: Result<HandshakeSignatureValid, rustls::Error>,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    match checked {
        Err(rustls::Error::InvalidCertificate(CertificateError::BadSignature)) | Ok(_) => checked,
        Err(_) => Ok(HandshakeSignatureValid::assertion()),
    }
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod inspect_tests;
