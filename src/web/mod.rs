//! HTTPS wire: small files such as autoconfig and policies of MTA-STS, and forms for OAuth endpoints. HTTPS only (clear text
//! for a form that stays on this computer), bounded in size and time.

mod client;
mod form;
mod policy;

pub use client::{Web, WebError};
pub use form::FormAnswer;
