//! Connections to servers for any protocol: name resolution, TLS, and which certificates are trusted.

mod dial;
mod error;
mod tls;
mod trust;

pub use dial::{Reached, reach};
pub use error::NetError;
pub use tls::handshake;
pub use trust::{CertificateFacts, TrustPolicy};
