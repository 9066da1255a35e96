//! The embedded servers of a practice project.

use std::net::SocketAddr;

use crate::rehearsal::Practice;
use crate::values::Endpoint;
/// The embedded servers of the open practice project.
pub(in crate::engine) struct PracticeWorld {
    pub(in crate::engine) world: Practice,
}

impl PracticeWorld {
    pub(in crate::engine) const fn resolver(&self) -> SocketAddr {
        self.world.resolver
    }

    pub(in crate::engine) fn source(&self) -> Endpoint {
        self.world.source.clone()
    }

    pub(in crate::engine) fn destination(&self) -> Endpoint {
        self.world.destination.clone()
    }
}
