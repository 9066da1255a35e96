//! Policies of MTA-STS, fetched as RFC 8461 section 3.3 wants it.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};

use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;

use super::client::{Web, builder, redirect_of};
use crate::values::{DomainName, PolicyFile, PolicyOutcome, UnixTime};

/// More than any policy has; RFC 8461 section 3.3 suggests this limit to senders.
const MAX_POLICY: usize = 64 * 1_024;

/// Longest words about trouble that are kept, in characters.
const MAX_WORDS: usize = 300;

impl Web {
    /// Fetches the policy of a domain from these addresses of its policy host: over HTTPS with a certificate that is valid
    /// for that host, without redirects, at most 64 KiB. The port is 443 but for stand-ins.
    pub async fn policy(&self, domain: &DomainName, addresses: &[IpAddr], port: u16) -> PolicyFile {
        let (at, began) = (UnixTime::now(), Instant::now());
        let host = format!("mta-sts.{}", domain.as_ascii());
        let authority = if port == 443 { host.clone() } else { format!("{host}:{port}") };
        let url = format!("https://{authority}/.well-known/mta-sts.txt");
        let places: Vec<SocketAddr> =
            addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        let fetched = match builder(&self.tls).resolve_to_addrs(&host, &places).no_proxy().build() {
            Ok(client) => fetch(&client, &url).await,
            Err(error) => Err(error),
        };
        let outcome = fetched.unwrap_or_else(|error| failed(&error));
        let duration_millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        PolicyFile { url, at, duration_millis, outcome }
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<PolicyOutcome, reqwest::Error> {
    let mut response = client.get(url).send().await?;
    if let Some(to) = redirect_of(&response) {
        return Ok(PolicyOutcome::Redirected { to: shortened(to.as_str()) });
    }
    if response.status().as_u16() != 200 {
        return Ok(PolicyOutcome::Status { code: response.status().as_u16() });
    }
    let media_type =
        response.headers().get(CONTENT_TYPE).map(reqwest::header::HeaderValue::as_bytes).unwrap_or_default();
    let media_type = shortened(&String::from_utf8_lossy(media_type));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_POLICY {
            return Ok(PolicyOutcome::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(PolicyOutcome::Fetched { media_type, text: String::from_utf8_lossy(&body).into_owned() })
}

fn failed(error: &reqwest::Error) -> PolicyOutcome {
    if error.is_timeout() {
        return PolicyOutcome::Timeout;
    }
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(problem)) = tls_error(error) {
            return PolicyOutcome::NotTrusted { problem: shortened(&problem.to_string()) };
        }
        last = error.to_string();
        cause = error.source();
    }
    PolicyOutcome::NotReached { problem: shortened(&last) }
}

/// The error of the TLS library in an error, below any number of those of the system.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}

fn shortened(words: &str) -> String {
    words.chars().take(MAX_WORDS).collect()
}
