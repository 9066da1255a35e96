//! Connections to servers, whatever is spoken over them: names to addresses, TLS, and who is believed to be a server.

mod dial;
mod error;
mod tls;
mod trust;

pub use dial::{Reached, reach};
pub use error::NetError;
pub use tls::handshake;
pub use trust::{CertificateFacts, TrustPolicy};
