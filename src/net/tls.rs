//! TLS over an established connection, with the user's trust settings.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::error::NetError;
use super::trust::{self, TrustPolicy};
use crate::values::Endpoint;

/// Starts TLS on a connection, within this time. The certificate must be the pinned one, or trusted by the system.
///
/// # Errors
///
/// [`NetError::CertificateNotKnown`] and [`NetError::CertificateChanged`] hold what the server presented; [`NetError::Tls`]
/// is any other failure.
pub async fn handshake(
    endpoint: &Endpoint,
    trust: &TrustPolicy,
    stream: TcpStream,
    limit: Duration,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, NetError> {
    let failed = |error: rustls::Error| NetError::Tls(io::Error::other(error));
    let (config, seen) = trust::client_config(trust).map_err(failed)?;
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|error| NetError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome =
        timeout(limit, connecting).await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
    outcome.map_err(|error| match (trust::take_seen(&seen).map(Box::new), trust.pinned) {
        (Some(shown), Some(approved)) => NetError::CertificateChanged { approved, shown },
        (Some(shown), None) => NetError::CertificateNotKnown(shown),
        (None, _) => NetError::Tls(error),
    })
}
