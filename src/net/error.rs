//! Why there is no connection, or none that can be trusted.

use std::io;

use thiserror::Error;

use super::trust::CertificateFacts;
use crate::values::{Endpoint, Fingerprint};

/// Why a server was not connected to.
#[derive(Debug, Error)]
pub enum NetError {
    /// The host name has no address, or the resolver does not answer.
    #[error("{endpoint} has no address: {source}")]
    NoAddress {
        /// The server.
        endpoint: Endpoint,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address of the server accepts a connection.
    #[error("{endpoint} could not be reached: {source}")]
    NotReached {
        /// The server.
        endpoint: Endpoint,
        /// What the last address said.
        source: io::Error,
    },
    /// No known authority vouches for the certificate, or it is for another name.
    #[error("the certificate of the server is not trusted: {}", .0.problem.as_deref().unwrap_or("it has not been approved"))]
    CertificateNotKnown(Box<CertificateFacts>),
    /// The server presents a different certificate from the one the owner approved.
    #[error(
        "the server's certificate is not the approved one: approved {approved}, now {}",
        .shown.fingerprint
    )]
    CertificateChanged {
        /// SHA-256 of the approved one.
        approved: Fingerprint,
        /// The one it presents now.
        shown: Box<CertificateFacts>,
    },
    /// The TLS handshake failed for another reason.
    #[error("TLS failed: {0}")]
    Tls(#[source] io::Error),
}
