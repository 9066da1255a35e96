//! The certificate that the old practice server has made itself, as many small servers have.

use std::sync::Arc;

use data_encoding::BASE64;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::RehearsalError;
use crate::values::Fingerprint;

/// The name in it, which is its issuer, too.
pub const ISSUER: &str = "mail.weber-familie.example";

/// A certificate with its key. It is good for practice on loopback, and for nothing else.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OwnCertificate {
    /// Base64 of the DER form.
    certificate: String,
    /// Base64 of PKCS #8.
    key: String,
}

impl std::fmt::Debug for OwnCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OwnCertificate")
    }
}

impl OwnCertificate {
    /// Makes another one.
    pub(super) fn make() -> Result<Self, RehearsalError> {
        let failed = |error: rcgen::Error| RehearsalError::Certificate(error.to_string());
        let key = KeyPair::generate().map_err(failed)?;
        let names = [ISSUER.to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2044, 1, 1));
        let made = params.self_signed(&key).map_err(failed)?;
        Ok(Self { certificate: BASE64.encode(made.der()), key: BASE64.encode(&key.serialize_der()) })
    }

    fn der(&self) -> Result<Vec<u8>, RehearsalError> {
        decoded(&self.certificate)
    }

    /// SHA-256 of it.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint, RehearsalError> {
        Ok(Fingerprint(Sha256::digest(self.der()?).into()))
    }

    /// Shows it to clients.
    pub(super) fn tls(&self) -> Result<ServerTls, RehearsalError> {
        let failed = |error: rustls::Error| RehearsalError::Certificate(error.to_string());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(decoded(&self.key)?));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(self.der()?)], key)
            .map_err(failed)?;
        Ok(ServerTls(TlsAcceptor::from(Arc::new(config))))
    }
}

/// TLS as a server speaks it, with one certificate.
#[derive(Clone)]
pub(super) struct ServerTls(TlsAcceptor);

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerTls")
    }
}

impl ServerTls {
    /// Secures a connection that a client has made.
    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, RehearsalError> {
    BASE64.decode(text.as_bytes()).map_err(|error| RehearsalError::Certificate(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_one_is_another_and_a_kept_one_is_the_same() {
        let (one, other) = (OwnCertificate::make().unwrap(), OwnCertificate::make().unwrap());
        assert_ne!(one.fingerprint().unwrap(), other.fingerprint().unwrap());
        let kept: OwnCertificate = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!(kept.fingerprint().unwrap(), one.fingerprint().unwrap());
        assert!(kept.tls().is_ok());
        let damaged = OwnCertificate { certificate: "?".to_owned(), ..one };
        assert!(matches!(damaged.tls(), Err(RehearsalError::Certificate(_))));
    }
}
