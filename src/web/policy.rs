//! Small files that a zone points to: policies of MTA-STS, fetched as RFC 8461 section 3.3 wants it, and others in the same
//! way. The caller has looked the addresses up and says which may be connected to.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};

use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;

use super::client::{Web, builder, redirect_of};
use crate::values::{DomainName, UnixTime, WebFile, WebOutcome};

/// More than any policy has; RFC 8461 section 3.3 suggests this limit to senders.
const MAX_POLICY: usize = 64 * 1_024;

/// Longest words about trouble that are kept, in characters.
const MAX_WORDS: usize = 300;

impl Web {
    /// Fetches the policy of a domain from these addresses of its policy host: over HTTPS with a certificate that is valid
    /// for that host, without redirects, at most 64 KiB. The port is 443 but for stand-ins.
    pub async fn policy(&self, domain: &DomainName, addresses: &[IpAddr], port: u16) -> WebFile {
        let host = format!("mta-sts.{}", domain.as_ascii());
        let file =
            self.file(&format!("https://{host}/.well-known/mta-sts.txt"), &host, addresses, port).await;
        let shown = if port == 443 { host } else { format!("{host}:{port}") };
        WebFile { url: format!("https://{shown}/.well-known/mta-sts.txt"), ..file }
    }

    /// Fetches a file of a host from these addresses: over HTTPS with a certificate that is valid for that host, without
    /// redirects, at most 64 KiB. The port is 443 but for stand-ins; the address of the file names none.
    pub async fn file(&self, url: &str, host: &str, addresses: &[IpAddr], port: u16) -> WebFile {
        let (at, began) = (UnixTime::now(), Instant::now());
        let place = if port == 443 { url.to_owned() } else { with_port(url, port) };
        let places: Vec<SocketAddr> =
            addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        let fetched = match builder(&self.tls).resolve_to_addrs(host, &places).no_proxy().build() {
            Ok(client) => fetch(&client, &place).await,
            Err(error) => Err(error),
        };
        let outcome = fetched.unwrap_or_else(|error| failed(&error));
        let duration_millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        WebFile { url: url.to_owned(), at, duration_millis, outcome }
    }
}

/// `https://a.example/x` with a port behind the host.
fn with_port(url: &str, port: u16) -> String {
    let rest = url.get(8..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    format!("https://{host}:{port}{path}")
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<WebOutcome, reqwest::Error> {
    let mut response = client.get(url).send().await?;
    if let Some(to) = redirect_of(&response) {
        return Ok(WebOutcome::Redirected { to: shortened(to.as_str()) });
    }
    if response.status().as_u16() != 200 {
        return Ok(WebOutcome::Status { code: response.status().as_u16() });
    }
    let media_type =
        response.headers().get(CONTENT_TYPE).map(reqwest::header::HeaderValue::as_bytes).unwrap_or_default();
    let media_type = shortened(&String::from_utf8_lossy(media_type));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_POLICY {
            return Ok(WebOutcome::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(WebOutcome::Fetched { media_type, text: String::from_utf8_lossy(&body).into_owned() })
}

fn failed(error: &reqwest::Error) -> WebOutcome {
    if error.is_timeout() {
        return WebOutcome::Timeout;
    }
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(problem)) = tls_error(error) {
            return WebOutcome::NotTrusted { problem: shortened(&problem.to_string()) };
        }
        last = error.to_string();
        cause = error.source();
    }
    WebOutcome::NotReached { problem: shortened(&last) }
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
