//! Fetches small files over HTTPS, with limits on size, time and redirects.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::redirect;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use thiserror::Error;
use url::Url;

use crate::values::DomainName;

const CONNECT_TIME: Duration = Duration::from_secs(4);
const TOTAL_TIME: Duration = Duration::from_secs(8);
/// A token endpoint may ask a directory on another continent.
const FORM_TIME: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 3;
/// More than any autoconfig file or policy has.
const MAX_BYTES: usize = 256 * 1024;

/// Fetches small files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Web {
    client: reqwest::Client,
    /// For forms, which may stay on this computer in clear text.
    pub(super) forms: reqwest::Client,
    /// Whom it trusts, for clients that find their server in another way.
    pub(super) tls: ClientConfig,
}

/// Why a file could not be fetched.
#[derive(Debug, Error)]
pub enum WebError {
    /// TLS cannot be set up on this computer.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// Not reached, not trusted, not HTTPS, or not in time.
    #[error("the file could not be fetched")]
    Fetch(#[from] reqwest::Error),
    /// The server answered with something else than the file.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The server points to a place that has no say in this domain.
    #[error("the server redirects to {0}, which does not belong to the domain")]
    Elsewhere(String),
    /// The server points on and on.
    #[error("the server redirects more than {MAX_REDIRECTS} times")]
    TooManyRedirects,
    /// The file is larger than any honest one.
    #[error("the file is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// A form with secrets would go over the network in clear text.
    #[error("{0} is no HTTPS address, and secrets are sent to no other")]
    ClearText(String),
}

impl Web {
    /// A client that trusts what the operating system trusts.
    pub fn new() -> Result<Self, WebError> {
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Self::with_tls(config)
    }

    /// A client with its own idea of whom to trust.
    pub fn with_tls(mut config: ClientConfig) -> Result<Self, WebError> {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = builder(&config).build()?;
        let forms = builder(&config).https_only(false).timeout(FORM_TIME).build()?;
        Ok(Self { client, forms, tls: config })
    }

    /// Fetches a file about a domain, of at most 256 KiB, over HTTPS only.
    ///
    /// A redirect is followed to the host that was asked, to the domain, and to names below it: nobody else may say
    /// where this domain's passwords go, be it for a hosting company that sends everybody to one page of its own, or for
    /// a forgotten name that somebody else has taken over.
    pub async fn get(&self, url: &str, domain: &DomainName) -> Result<Vec<u8>, WebError> {
        let mut response = self.client.get(url).send().await?;
        let asked = response.url().host_str().unwrap_or_default().to_owned();
        let mut redirects = 0;
        while let Some(next) = redirect_of(&response) {
            redirects += 1;
            if redirects > MAX_REDIRECTS {
                return Err(WebError::TooManyRedirects);
            }
            if !may_follow(&next, &asked, domain) {
                let host = next.host_str().unwrap_or("no host");
                return Err(WebError::Elsewhere(format!("{}://{host}", next.scheme())));
            }
            response = self.client.get(next).send().await?;
        }
        body_of(response).await
    }

    /// Fetches registration data (RDAP, RFC 7480), of at most 256 KiB, over HTTPS only.
    ///
    /// Registries send each other's customers on (RFC 7480 section 5.2), so that a redirect may lead anywhere over
    /// HTTPS: what is fetched is shown and decides nothing that is secret.
    pub async fn get_registration(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let fetch = |url: Url| self.client.get(url).header(ACCEPT, "application/rdap+json").send();
        let mut next = Url::parse(url).map_err(|_not_a_url| WebError::Elsewhere(url.to_owned()))?;
        for _ in 0..=MAX_REDIRECTS {
            let response = fetch(next).await?;
            match redirect_of(&response) {
                Some(other) if other.scheme() == "https" => next = other,
                Some(other) => return Err(WebError::Elsewhere(format!("{}:", other.scheme()))),
                None => return body_of(response).await,
            }
        }
        Err(WebError::TooManyRedirects)
    }
}

/// The body of an answer that brings what was asked for.
async fn body_of(response: reqwest::Response) -> Result<Vec<u8>, WebError> {
    let status = response.status();
    if !status.is_success() {
        return Err(WebError::Status(status.as_u16()));
    }
    any_body_of(response).await
}

/// The body of any answer, of bounded size.
pub(super) async fn any_body_of(mut response: reqwest::Response) -> Result<Vec<u8>, WebError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(WebError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What all clients have in common: HTTPS, little time, and no redirect that nobody has looked at.
pub(super) fn builder(tls: &ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .https_only(true)
        // Followed above, where it is known which domain the file is about.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .timeout(TOTAL_TIME)
        .user_agent(concat!("mailferry/", env!("CARGO_PKG_VERSION")))
}

/// Where an answer points to, if it does.
pub(super) fn redirect_of(response: &reqwest::Response) -> Option<Url> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    response.url().join(location.to_str().ok()?).ok()
}

/// Whether a redirect stays with those who have a say in the domain.
fn may_follow(next: &Url, asked: &str, domain: &DomainName) -> bool {
    let Some(host) = next.host_str() else { return false };
    let host = host.trim_end_matches('.');
    let domain = domain.as_ascii();
    let is_below = host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    next.scheme() == "https" && (host == asked || is_below)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod client_tests;
