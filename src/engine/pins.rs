use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::net::TrustPolicy;
use crate::project::Pin;
use crate::values::Endpoint;

/// The approved certificates of the open project, shared with its jobs: an approval applies to the next
/// connection, even of a running job.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct PinBook(Arc<Mutex<BTreeMap<(String, u16), Pin>>>);

impl PinBook {
    pub(in crate::engine) fn new(pins: BTreeMap<(String, u16), Pin>) -> Self {
        Self(Arc::new(Mutex::new(pins)))
    }

    /// The approved certificate of a server.
    pub(in crate::engine) fn of(&self, server: &Endpoint) -> Option<Pin> {
        let pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pins.get(&(server.host.clone(), server.port)).cloned()
    }

    /// Which certificates to trust for this server.
    pub(in crate::engine) fn trust(&self, server: &Endpoint) -> TrustPolicy {
        TrustPolicy { pinned: self.of(server).map(|pin| pin.fingerprint) }
    }

    /// Replaces the approved certificate. Approving the same one again keeps its date.
    pub(in crate::engine) fn approve(&self, server: &Endpoint, pin: Pin) {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = pins.entry((server.host.clone(), server.port)).or_insert_with(|| pin.clone());
        if place.fingerprint != pin.fingerprint {
            *place = pin;
        }
    }
}
