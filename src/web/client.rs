use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use thiserror::Error;

const CONNECT_TIME: Duration = Duration::from_secs(4);
const TOTAL_TIME: Duration = Duration::from_secs(8);
const MAX_REDIRECTS: usize = 3;
/// More than any autoconfig file or policy has.
const MAX_BYTES: usize = 256 * 1024;

/// Fetches small files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Web {
    client: reqwest::Client,
}

/// Why a file could not be fetched.
#[derive(Debug, Error)]
pub enum WebError {
    /// TLS cannot be set up on this computer.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// Not reached, not trusted, not HTTPS, or not in time.
    #[error("the file was not fetched")]
    Fetch(#[from] reqwest::Error),
    /// The server answered with something else than the file.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The file is larger than any honest one.
    #[error("the file is larger than {MAX_BYTES} bytes")]
    TooLarge,
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
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            .redirect(redirect::Policy::limited(MAX_REDIRECTS))
            .connect_timeout(CONNECT_TIME)
            .timeout(TOTAL_TIME)
            .user_agent(concat!("mailferry/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Fetches a file of at most 256 KiB. A redirect to clear text is an error.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let mut response = self.client.get(url).send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(WebError::Status(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(WebError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod client_tests;
