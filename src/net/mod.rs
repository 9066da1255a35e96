//! Connections to servers for any protocol: name resolution, TLS, and certificate trust.

mod certificate;
mod dial;
mod error;
mod inspect;
mod tls;
mod trust;

pub use certificate::read_certificate;
pub use dial::{Reached, connect, reach};
pub use error::NetError;
pub use inspect::{InspectError, Inspected, Offer, Protected, Roots, inspect, judge_chain, read_chain};
pub use tls::handshake;
pub use trust::{CertificateFacts, TrustPolicy};
