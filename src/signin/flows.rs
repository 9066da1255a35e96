//! The OAuth flows: the first sign-in, in the browser (authorisation code with PKCE, RFC 7636) or with a code on another
//! device (RFC 8628), then renewal and revocation.

use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    PkceCodeChallenge, RedirectUrl, RefreshToken, Scope, StandardDeviceAuthorizationResponse, TokenUrl,
};

use super::client::{Given, Poster, Refused, of_web, problem};
use super::grant::Grant;
use super::loopback::Loopback;
use super::provider::{ClientApp, endpoint};
use super::provider_error::read_error_body;
use super::renewal::Clock;
use crate::assets::SignInProvider;
use crate::values::{GrantProblem, GrantTrouble, Secret};
use crate::web::Web;

/// How long a person may take in the browser.
pub const BROWSER_PATIENCE: Duration = Duration::from_mins(10);

/// How to sign in for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the browser of this computer.
    Browser,
    /// With a code typed into a browser on any device.
    Device,
}

/// A code to type into a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// The page.
    pub page: String,
    /// The code.
    pub code: String,
    /// How long it is valid.
    pub valid: Duration,
}

/// How to reach the person.
pub trait Prompt: Send + Sync {
    /// Opens this address in the browser, or shows it.
    fn open(&self, address: &str);
    /// Shows the code and where to type it.
    fn show(&self, code: &DeviceCode);
    /// The browser returned the answer to another sign-in, such as an earlier attempt in a second tab. It changes nothing.
    fn stray(&self);
}

/// What a sign-in needs from outside.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Reaches the provider.
    pub web: &'a Web,
    /// Asks the person.
    pub prompt: &'a dyn Prompt,
    /// Tells when a token was issued.
    pub clock: &'a Clock,
}

/// Signs a user in at a provider.
///
/// Cancellation safe: dropping it closes the loopback address and leaves nothing behind.
///
/// # Errors
/// What the provider or the person answered. No error contains a secret.
pub async fn sign_in(
    provider: &SignInProvider,
    client: &ClientApp,
    user: &str,
    way: Way,
    means: Means<'_>,
) -> Result<Grant, GrantProblem> {
    let given = match way {
        Way::Browser => in_browser(provider, client, user, means).await?,
        Way::Device => by_code(provider, client, means).await?,
    };
    let Some(refresh) = given.refresh else {
        let words = "the provider gave no refresh token, so the sign-in would end within the hour";
        return Err(GrantProblem::of(GrantTrouble::Scope, words));
    };
    Ok(Grant {
        provider: provider.id.clone(),
        user: user.to_owned(),
        client: client.clone(),
        token_endpoint: endpoint(provider, client, &provider.token),
        revocation_endpoint: provider.revocation.as_ref().map(|address| endpoint(provider, client, address)),
        hosts: provider.hosts.clone(),
        refresh,
    })
}

fn bad_address(_error: url::ParseError) -> GrantProblem {
    GrantProblem::of(GrantTrouble::NotUnderstood, "an address of the provider is not valid")
}

/// The secret is sent in the form: every provider of the catalogue accepts it there.
fn basic(client: &ClientApp) -> BasicClient {
    let basic = BasicClient::new(ClientId::new(client.id.clone())).set_auth_type(AuthType::RequestBody);
    match &client.secret {
        Some(secret) => basic.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => basic,
    }
}

fn scopes(provider: &SignInProvider) -> impl Iterator<Item = Scope> + '_ {
    provider.scopes.iter().cloned().map(Scope::new)
}

async fn in_browser(
    provider: &SignInProvider,
    client: &ClientApp,
    user: &str,
    means: Means<'_>,
) -> Result<Given, GrantProblem> {
    let Means { web, prompt, clock } = means;
    let loopback = Loopback::listen().await?;
    let oauth = basic(client)
        .set_auth_uri(AuthUrl::new(endpoint(provider, client, &provider.authorization)).map_err(bad_address)?)
        .set_token_uri(TokenUrl::new(endpoint(provider, client, &provider.token)).map_err(bad_address)?)
        .set_redirect_uri(RedirectUrl::new(loopback.address(&provider.redirect_host)).map_err(bad_address)?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = oauth
        .authorize_url(CsrfToken::new_random)
        .add_scopes(scopes(provider))
        .set_pkce_challenge(challenge)
        .add_extra_param("login_hint", user.to_owned());
    for (name, value) in &provider.parameters {
        request = request.add_extra_param(name.clone(), value.clone());
    }
    let (address, state) = request.url();
    prompt.open(address.as_str());
    let code = loopback.code(state.secret(), BROWSER_PATIENCE, &|| prompt.stray()).await?;
    let asked = clock();
    let poster = Poster(web);
    let exchanged = oauth
        .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
        .set_pkce_verifier(verifier)
        .request_async(&poster)
        .await;
    Ok(Given::of(&exchanged.map_err(|error: Refused| problem(error))?, asked))
}

async fn by_code(
    provider: &SignInProvider,
    client: &ClientApp,
    means: Means<'_>,
) -> Result<Given, GrantProblem> {
    let Means { web, prompt, clock } = means;
    let Some(device) = &provider.device else {
        let words = format!("{} offers no sign-in with a code for mail", provider.name);
        return Err(GrantProblem::of(GrantTrouble::Scope, words));
    };
    let oauth = basic(client)
        .set_device_authorization_url(
            DeviceAuthorizationUrl::new(endpoint(provider, client, device)).map_err(bad_address)?,
        )
        .set_token_uri(TokenUrl::new(endpoint(provider, client, &provider.token)).map_err(bad_address)?);
    let poster = Poster(web);
    let details: Result<StandardDeviceAuthorizationResponse, Refused> =
        oauth.exchange_device_code().add_scopes(scopes(provider)).request_async(&poster).await;
    let details = details.map_err(problem)?;
    prompt.show(&DeviceCode {
        page: details.verification_uri().to_string(),
        code: details.user_code().secret().clone(),
        valid: details.expires_in(),
    });
    let asked = clock();
    let exchanged = oauth
        .exchange_device_access_token(&details)
        .request_async(&poster, tokio::time::sleep, Some(details.expires_in().min(BROWSER_PATIENCE * 3)))
        .await;
    Ok(Given::of(&exchanged.map_err(problem)?, asked))
}

/// Requests a new token for a grant.
pub(super) async fn renew(grant: &Grant, (web, clock): (&Web, &Clock)) -> Result<Given, GrantProblem> {
    let oauth =
        basic(&grant.client).set_token_uri(TokenUrl::new(grant.token_endpoint.clone()).map_err(bad_address)?);
    let asked = clock();
    let poster = Poster(web);
    let refresh = RefreshToken::new(grant.refresh.expose().to_owned());
    let renewed = oauth.exchange_refresh_token(&refresh).request_async(&poster).await;
    Ok(Given::of(&renewed.map_err(|error: Refused| problem(error))?, asked))
}

impl Grant {
    /// Revokes the consent at the provider (RFC 7009); returns false if the provider does not offer that.
    ///
    /// # Errors
    /// If the provider could not be reached or refused.
    pub async fn withdraw(&self, web: &Web) -> Result<bool, GrantProblem> {
        let Some(address) = &self.revocation_endpoint else { return Ok(false) };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", self.refresh.expose())
            .append_pair("token_type_hint", "refresh_token")
            .append_pair("client_id", &self.client.id);
        if let Some(secret) = &self.client.secret {
            form.append_pair("client_secret", Secret::expose(secret));
        }
        let answer =
            web.post_form(address, form.finish().into_bytes()).await.map_err(|error| of_web(&error))?;
        match answer.status {
            200..=299 => Ok(true),
            status => Err(read_error_body(status, &answer.body)),
        }
    }
}
