//! Connects the `oauth2` crate to our own HTTPS client, and translates its errors.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use oauth2::basic::{BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, ErrorResponse, ErrorResponseType, HttpRequest, HttpResponse, RequestTokenError,
    TokenResponse as _, http,
};
use thiserror::Error;

use super::lifetime::Lifetime;
use super::provider_error::{is_busy, read_error};
use crate::values::{GrantProblem, GrantTrouble, Secret, UnixTime};
use crate::web::{Web, WebError};

/// Sends the crate's requests through the room `web`.
pub(super) struct Poster<'w>(pub &'w Web);

/// Why a request got no readable answer.
#[derive(Debug, Error)]
pub(super) enum PostError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("the provider is busy (HTTP status {0})")]
    Busy(u16),
    #[error("the answer is no HTTP answer")]
    Http(#[from] http::Error),
}

impl<'c> AsyncHttpClient<'c> for Poster<'_> {
    type Error = PostError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, PostError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answer = self.0.post_form(&parts.uri.to_string(), body).await?;
            if is_busy(answer.status) {
                return Err(PostError::Busy(answer.status));
            }
            let response = http::Response::builder()
                .status(answer.status)
                .header(http::header::CONTENT_TYPE, "application/json");
            Ok(response.body(answer.body)?)
        })
    }
}

/// Tokens issued by a provider.
pub(super) struct Given {
    pub access: Secret,
    pub lifetime: Lifetime,
    /// `None` if the previous one remains valid.
    pub refresh: Option<Secret>,
}

impl Given {
    pub fn of(response: &BasicTokenResponse, asked: UnixTime) -> Self {
        Self {
            access: Secret::new(response.access_token().secret().as_str()),
            lifetime: Lifetime::new(asked, response.expires_in()),
            refresh: response.refresh_token().map(|token| Secret::new(token.secret().as_str())),
        }
    }

    /// The body of an answer to a request that the crate does not know.
    pub fn read(body: &[u8], asked: UnixTime) -> Result<Self, GrantProblem> {
        #[derive(serde::Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: Option<u64>,
        }
        let answer: Answer = serde_json::from_slice(body).map_err(|_no_words_of_it| not_understood())?;
        let lifetime = Lifetime::new(asked, answer.expires_in.map(Duration::from_secs));
        Ok(Self { access: Secret::new(answer.access_token), lifetime, refresh: None })
    }
}

fn not_understood() -> GrantProblem {
    GrantProblem::of(GrantTrouble::NotUnderstood, "the provider's answer holds no token")
}

/// Translates an error of the wire.
pub(super) fn of_web(error: &WebError) -> GrantProblem {
    let trouble = match error {
        WebError::Fetch(_) => GrantTrouble::Unreachable,
        _ => GrantTrouble::NotUnderstood,
    };
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        words = format!("{words}: {deeper}");
        cause = deeper.source();
    }
    GrantProblem::of(trouble, words)
}

/// Translates an error of the crate. Bodies are never shown: they may contain tokens.
pub(super) fn problem<T>(error: RequestTokenError<PostError, T>) -> GrantProblem
where
    T: ErrorResponse + Described + 'static,
{
    match error {
        RequestTokenError::ServerResponse(response) => {
            let (code, description) = response.described();
            read_error(&code, &description)
        }
        RequestTokenError::Request(PostError::Web(error)) => of_web(&error),
        RequestTokenError::Request(PostError::Busy(status)) => {
            GrantProblem::of(GrantTrouble::Busy, format!("HTTP status {status}"))
        }
        RequestTokenError::Request(PostError::Http(_))
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => not_understood(),
    }
}

/// An error with its code and description.
pub(super) trait Described {
    fn described(&self) -> (String, String);
}

impl<T: ErrorResponseType + std::fmt::Display + 'static> Described for oauth2::StandardErrorResponse<T> {
    fn described(&self) -> (String, String) {
        // For an unknown code the crate's display is the code itself.
        let code = serde_json::to_value(self.error())
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default();
        (code, self.error_description().cloned().unwrap_or_default())
    }
}

/// A plain error of the token endpoint.
pub(super) type Refused = RequestTokenError<PostError, BasicErrorResponse>;
