//! HTTPS wire: small files such as autoconfig. HTTPS only, bounded in size and time.

mod client;

pub use client::{Web, WebError};
