use tokio_util::sync::CancellationToken;

use crate::engine::api::snapshot::ServerCandidate;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::survey;
use crate::values::DomainName;
use crate::web::Web;

/// The input of the search.
pub(in crate::engine) struct Question {
    pub(in crate::engine) domain: DomainName,
    /// `HOST:PORT`; empty for the system's resolver.
    pub(in crate::engine) resolver: String,
    /// Whether this is a practice project, which queries only its own DNS and no web server.
    pub(in crate::engine) is_practice: bool,
}

/// A client for autoconfig files; without one the search uses DNS alone.
fn web() -> Option<Web> {
    Web::new().map_err(|error| tracing::warn!("autoconfig files are not searched: {error}")).ok()
}

/// Looks for the IMAP server of the domain through SRV records, autoconfig and MX names.
pub(in crate::engine) async fn search(
    question: Question,
    token: CancellationToken,
) -> Result<Vec<ServerCandidate>, Box<UserError>> {
    let work = async {
        let resolver = crate::engine::jobs::survey::resolver(&question.resolver).await?;
        resolver.probe().await.map_err(|error| Box::new(explain::dns(&error)))?;
        let web = if question.is_practice { None } else { web() };
        let found = survey::discover(&question.domain, &resolver, web.as_ref()).await;
        Ok(found
            .into_iter()
            .map(|found| ServerCandidate { server: found.server, found_by: found.found_by })
            .collect())
    };
    tokio::select! {
        () = token.cancelled() => Ok(Vec::new()),
        result = work => result,
    }
}
