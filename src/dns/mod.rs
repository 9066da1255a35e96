//! DNS wire: asks and says honestly what came back. Packets are hickory's; retries, outcomes and the trace are ours.

mod disguise;
mod error;
mod exchange;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod packet;
mod rdata;
mod resolver;

pub use disguise::Disguise;
pub use error::DnsError;
pub use resolver::Resolver;
