//! How many connections may be open to one server at the same time, over everything that shares the count.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::values::Endpoint;

/// How a connection comes by its permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Claim {
    /// Waits until one is free: nothing works without this connection.
    Wait,
    /// Takes one only if it is free: the connection would make the work faster.
    IfFree,
    /// Takes one if it is free and goes without it otherwise: whoever opens this connection already holds one, which
    /// it cannot give back first, and closes this one in a moment.
    Briefly,
}

/// What a claim has led to.
#[derive(Debug)]
pub(super) enum Claimed {
    /// The connection counts until this is dropped; `None` where nothing is counted.
    Granted(Option<OwnedSemaphorePermit>),
    /// None is free.
    Denied,
}

/// The count for each server. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ConnectionLimit {
    servers: Arc<Mutex<Servers>>,
}

#[derive(Debug, Default)]
struct Servers {
    /// Most connections to one server; `None`: as many as anybody opens.
    most: Option<usize>,
    counts: BTreeMap<(String, u16), Arc<Count>>,
}

#[derive(Debug)]
struct Count {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// One who waits, for as long as this lives.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ConnectionLimit {
    /// Sets the limit per server. Open connections count towards the limit they were opened under.
    pub fn set(&self, most: Option<usize>) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.most != most {
            *servers = Servers { most, counts: BTreeMap::new() };
        }
    }

    /// Whether somebody waits for a connection to this server.
    pub(super) fn is_wanted(&self, server: &Endpoint) -> bool {
        self.count(server).is_some_and(|count| count.waiting.load(Ordering::SeqCst) > 0)
    }

    /// A permit for one more connection. `close_resting` closes an idle one, if there is one.
    ///
    /// Cancellation safe: a claim that is dropped while it waits leaves its turn to the next.
    pub(super) async fn claim(
        &self,
        server: &Endpoint,
        claim: Claim,
        close_resting: impl Fn() -> bool,
    ) -> Claimed {
        let Some(count) = self.count(server) else { return Claimed::Granted(None) };
        // Before resting connections are looked at: from here on none is left to rest.
        let _waiter = Waiter::new(&count.waiting);
        loop {
            if let Ok(permit) = Arc::clone(&count.permits).try_acquire_owned() {
                return Claimed::Granted(Some(permit));
            }
            if !close_resting() {
                break;
            }
        }
        match claim {
            Claim::Wait => Claimed::Granted(Arc::clone(&count.permits).acquire_owned().await.ok()),
            Claim::IfFree => Claimed::Denied,
            Claim::Briefly => Claimed::Granted(None),
        }
    }

    fn count(&self, server: &Endpoint) -> Option<Arc<Count>> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let most = servers.most?;
        let count =
            servers.counts.entry((server.host.to_ascii_lowercase(), server.port)).or_insert_with(|| {
                let permits = Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
                Arc::new(Count { permits, waiting: AtomicUsize::new(0) })
            });
        Some(Arc::clone(count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::values::Security;

    fn server(host: &str) -> Endpoint {
        Endpoint::new(host, 993, Security::Tls).unwrap()
    }

    async fn claimed(limit: &ConnectionLimit, claim: Claim) -> Option<Option<OwnedSemaphorePermit>> {
        let server = server("imap.example.org");
        let claimed = limit.claim(&server, claim, || false);
        match tokio::time::timeout(Duration::from_secs(1), claimed).await.ok()? {
            Claimed::Granted(permit) => Some(permit),
            Claimed::Denied => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_count_and_each_claim_ends_in_its_own_way() {
        let limit = ConnectionLimit::default();
        assert!(claimed(&limit, Claim::Wait).await.unwrap().is_none(), "nothing is counted");
        limit.set(Some(2));
        let first = claimed(&limit, Claim::Wait).await.unwrap().unwrap();
        let _second = claimed(&limit, Claim::IfFree).await.unwrap().unwrap();
        assert!(claimed(&limit, Claim::Wait).await.is_none(), "it waits");
        assert!(claimed(&limit, Claim::IfFree).await.is_none(), "none is free");
        assert!(claimed(&limit, Claim::Briefly).await.unwrap().is_none(), "it goes without");
        let other = limit.claim(&server("imap.example.net"), Claim::IfFree, || false).await;
        assert!(matches!(other, Claimed::Granted(Some(_))), "another server has its own count");
        let upper = limit.claim(&server("IMAP.example.org"), Claim::IfFree, || false).await;
        assert!(matches!(upper, Claimed::Denied), "the same server, spelt in another way");
        drop(first);
        assert!(claimed(&limit, Claim::Wait).await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_rests_makes_room() {
        let limit = ConnectionLimit::default();
        limit.set(Some(1));
        let server = server("imap.example.org");
        let Claimed::Granted(Some(permit)) = limit.claim(&server, Claim::Wait, || false).await else {
            unreachable!("one is free")
        };
        let resting = Mutex::new(Some(permit));
        assert!(!limit.is_wanted(&server));
        let close = || {
            assert!(limit.is_wanted(&server), "none is left to rest meanwhile");
            resting.lock().unwrap().take().is_some()
        };
        assert!(matches!(limit.claim(&server, Claim::IfFree, close).await, Claimed::Granted(Some(_))));
        assert!(!limit.is_wanted(&server));
    }
}
