//! The practice DNS server: answers for the practice zones with authority and for everything else with NXDOMAIN, so
//! that a rehearsal asks nobody outside this computer.

mod server;
mod zones;

pub use server::DnsServer;
pub use zones::{Zones, practice_zone_files};
