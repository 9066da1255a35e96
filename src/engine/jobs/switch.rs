//! One round: every name server of the domain and the resolvers are asked what they see.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cutover::{self, AuthoritativeServer, CutoverError, Looked, ProofRecord, Round};
use crate::dns::Resolver;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::engine::system::public_resolvers::public_resolvers;
use crate::values::{DomainName, UnixTime};

/// Who is asked.
pub(in crate::engine) struct Watched {
    /// The domain.
    pub(in crate::engine) domain: DomainName,
    /// What is asked for beside the mail hosts.
    pub(in crate::engine) proof: Vec<ProofRecord>,
    /// `HOST:PORT` of resolvers; empty for the system's. The first one finds the name servers.
    pub(in crate::engine) resolvers: Vec<String>,
    /// Whether public resolvers are asked, too.
    pub(in crate::engine) asks_public: bool,
    /// Servers of earlier rounds, in case they cannot be found now.
    pub(in crate::engine) known: Vec<AuthoritativeServer>,
}

/// Asks everybody at once. `tell` hears how many have answered, of how many.
pub(in crate::engine) async fn ask_everybody(
    watched: &Watched,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Result<Round, Box<UserError>> {
    let resolvers = resolvers(watched).await?;
    let found = match resolvers.first() {
        Some(first) => cutover::find_servers(&watched.domain, first).await,
        None => Ok(Vec::new()),
    };
    let servers = match found {
        // The resolver fails, but who was in charge in the last round can still be asked.
        Err(CutoverError::NoServers { .. }) if !watched.known.is_empty() => watched.known.clone(),
        found => found.map_err(|error| Box::new(explain::cutover(&error)))?,
    };
    let (all, done) = (servers.len() + resolvers.len(), AtomicUsize::new(0));
    tell(0, all);
    let answered = || tell(done.fetch_add(1, Ordering::Relaxed) + 1, all);
    let looked =
        Looked { domain: &watched.domain, proof: &watched.proof, servers: &servers, resolvers: &resolvers };
    Ok(cutover::look(looked, UnixTime::now(), &answered).await)
}

async fn resolvers(watched: &Watched) -> Result<Vec<Resolver>, Box<UserError>> {
    let mut resolvers = Vec::new();
    for address in &watched.resolvers {
        resolvers.push(super::survey::resolver(address).await?);
    }
    if resolvers.is_empty() {
        resolvers.push(super::survey::resolver("").await?);
    }
    if watched.asks_public {
        for public in public_resolvers() {
            let label = public.address.to_string();
            // Whoever is asked already is not asked twice.
            let is_known = resolvers
                .iter()
                .any(|known| known.label() == label || known.label() == format!("system ({label})"));
            if !is_known {
                resolvers.push(super::survey::resolver(&label).await?);
            }
        }
    }
    Ok(resolvers)
}

/// The job of a round.
pub(in crate::engine) async fn look(
    watched: Watched,
    context: JobContext,
) -> Result<Box<Round>, Box<UserError>> {
    let tell = |done, all| context.tell_soon(Message::SwitchAsked { number: context.number, done, all });
    tokio::select! {
        () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
        round = ask_everybody(&watched, &tell) => round.map(Box::new),
    }
}
