//! Values: parsed once, then trusted. The lowest floor; knows nothing of mail servers or windows.

mod bytes;
mod domain_name;
mod email_address;
mod endpoint;
mod fingerprint;
mod secret;
mod unix_time;

pub use bytes::Bytes;
pub use domain_name::{DnsName, DomainName, DomainNameError};
pub use email_address::{EmailAddress, EmailAddressError};
pub use endpoint::{Endpoint, EndpointError, Security};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use secret::Secret;
pub use unix_time::UnixTime;
