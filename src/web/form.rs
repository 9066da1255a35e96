//! Forms posted to OAuth endpoints: secrets in them, so that nothing is followed, and nothing is sent in clear text but to
//! this computer itself.

use std::net::IpAddr;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use url::{Host, Url};

use super::client::{Web, WebError, any_body_of};

/// What an endpoint answered, whatever its status.
pub struct FormAnswer {
    /// The HTTP status.
    pub status: u16,
    /// At most 256 KiB.
    pub body: Vec<u8>,
}

impl Web {
    /// Posts a form (`application/x-www-form-urlencoded`) and reads the answer, without following redirects.
    ///
    /// # Errors
    /// Where the address is neither HTTPS nor one of this computer, or where no answer came.
    pub async fn post_form(&self, address: &str, form: Vec<u8>) -> Result<FormAnswer, WebError> {
        let url = Url::parse(address).map_err(|_not_a_url| WebError::ClearText(address.to_owned()))?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_computer(&url)) {
            let named = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
            return Err(WebError::ClearText(named));
        }
        let response = self
            .forms
            .post(url)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            // The address may hold what is nobody's business.
            .map_err(reqwest::Error::without_url)?;
        Ok(FormAnswer { status: response.status().as_u16(), body: any_body_of(response).await? })
    }
}

/// An address, not a name: a name may lead anywhere.
fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn secrets_go_over_https_or_nowhere() {
        let web = Web::new().unwrap();
        for wrong in ["http://example.org/token", "http://localhost/token", "ftp://127.0.0.1/", "no address"]
        {
            let refused = web.post_form(wrong, b"secret=1".to_vec()).await.err().unwrap();
            assert!(matches!(&refused, WebError::ClearText(named) if !named.contains("token")), "{refused}");
        }
        assert!(is_this_computer(&Url::parse("http://127.0.0.1:8080/token").unwrap()));
        assert!(is_this_computer(&Url::parse("http://[::1]/token").unwrap()));
    }
}
