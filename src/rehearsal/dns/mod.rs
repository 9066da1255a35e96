//! The practice DNS server: answers for the practice zones with authority and for everything else with NXDOMAIN, so
//! that a rehearsal asks nobody outside this computer. The zone of the practice domain can be changed while it runs
//! ([`DnsWorld`]).

mod server;
mod update;
mod world;
mod zones;

pub(super) use server::DnsHosts;
pub use server::DnsServer;
pub(super) use world::{DnsWorld, Host};
pub use zones::{Zones, practice_zone_files};
