//! The DNS wire: asks, and reports exactly what came back. Hickory encodes and decodes packets; retries, outcomes and the
//! trace are ours.

mod error;
mod exchange;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod hidden_key;
mod packet;
mod rdata;
mod resolver;
mod tsig_key;
mod update;

pub use error::DnsError;
pub use hidden_key::HiddenKey;
pub use resolver::{QUESTIONS_AT_ONCE, Resolver};
pub use tsig_key::{TsigAlgorithm, TsigKey, TsigKeyError};
pub use update::{UpdateError, send_update};
