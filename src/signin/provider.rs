//! The known providers, and the application (OAuth client) that signs in there.

use std::sync::LazyLock;

use crate::assets::{AssetError, SignInProvider, read_sign_in};
use crate::values::{Secret, SignInId};

static PROVIDERS: LazyLock<Vec<SignInProvider>> =
    // The build has already read the file with the same reader.
    LazyLock::new(|| read_sign_in(include_str!("../../assets/sign_in.toml")).unwrap_or_default());

/// An application that the owner has registered at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientApp {
    /// Its client id.
    pub id: String,
    /// Its secret, where the provider wants one.
    pub secret: Option<Secret>,
    /// The organisation, where the provider's addresses name one.
    pub tenant: Option<String>,
}

/// The providers of the catalogue.
pub fn providers() -> &'static [SignInProvider] {
    &PROVIDERS
}

/// The provider of this id.
pub fn find_provider(id: &SignInId) -> Option<&'static SignInProvider> {
    PROVIDERS.iter().find(|provider| provider.id == *id)
}

/// Providers from the owner's own file, in the format of `assets/sign_in.toml`.
///
/// # Errors
/// Which line is wrong, and what to write there.
pub fn read_providers(text: &str) -> Result<Vec<SignInProvider>, AssetError> {
    read_sign_in(text)
}

/// An address of the provider with the tenant in it.
pub(super) fn endpoint(provider: &SignInProvider, client: &ClientApp, address: &str) -> String {
    let tenant = client.tenant.as_deref().unwrap_or(&provider.tenant);
    // Only characters of an id or a domain: the tenant must not change the path.
    let tenant: String =
        tenant.chars().filter(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.')).collect();
    address.replace("{tenant}", &tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_the_two_largest_and_their_guides() {
        for id in ["google", "microsoft"] {
            let provider = find_provider(&SignInId::parse(id).unwrap()).unwrap();
            assert!(provider.steps.len() >= 4, "{id}");
        }
        assert!(find_provider(&SignInId::parse("unknown").unwrap()).is_none());
    }

    #[test]
    fn a_tenant_stays_one_part_of_the_address() {
        let provider = find_provider(&SignInId::parse("microsoft").unwrap()).unwrap();
        let client = |tenant: Option<&str>| ClientApp {
            id: "id".to_owned(),
            secret: None,
            tenant: tenant.map(str::to_owned),
        };
        assert!(endpoint(provider, &client(None), &provider.token).contains("/organizations/oauth2"));
        let odd = endpoint(provider, &client(Some("a.example/../evil?x")), &provider.token);
        assert_eq!(odd, "https://login.microsoftonline.com/a.example..evilx/oauth2/v2.0/token");
    }
}
