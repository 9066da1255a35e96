//! HTTPS wire: small files such as autoconfig and policies of MTA-STS. HTTPS only, bounded in size and time.

mod client;
mod policy;

pub use client::{Web, WebError};
