//! What client ids and secrets of a provider look like, so that a mistake is told where it is typed.

use serde::Deserialize;
use thiserror::Error;

/// The shape of what a provider's console shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientForm {
    /// A client id, as an example.
    pub id_example: String,
    /// What every client id ends with; may be empty.
    #[serde(default)]
    pub id_ends: String,
    /// Whether client ids are UUIDs (RFC 9562), in the usual form of 36 characters.
    #[serde(default)]
    pub id_is_uuid: bool,
    /// A client secret, as an example; empty where the provider wants none.
    #[serde(default)]
    pub secret_example: String,
}

/// Why a text cannot be a client id, a secret or a tenant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClientMistake {
    /// Nothing in it.
    #[error("this is missing")]
    Empty,
    /// A blank, a line break or another sign that no id has.
    #[error("there is a blank or another sign in it that does not belong there: copy it again")]
    Sign,
    /// It does not end as all of them do.
    #[error("a client ID of this provider ends with {0}: copy the whole line")]
    Ending(String),
    /// It is no UUID.
    #[error("it has 36 characters, such as {0}")]
    NotUuid(String),
    /// The client id stands where the secret belongs.
    #[error("this is the client ID; the secret is shown below it")]
    IdForSecret,
    /// It is neither a UUID nor a domain.
    #[error("write the directory ID, or a domain of the organisation such as example.org")]
    NotTenant,
    /// Both ids of an application are the same.
    #[error("this is the application ID; the object ID is another one")]
    SameId,
}

impl ClientForm {
    /// Whether this may be a client id.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_id(&self, text: &str) -> Result<(), ClientMistake> {
        plain(text)?;
        if self.id_is_uuid && !is_uuid(text) {
            return Err(ClientMistake::NotUuid(self.id_example.clone()));
        }
        if !text.ends_with(&self.id_ends) || text.len() == self.id_ends.len() {
            return Err(ClientMistake::Ending(self.id_ends.clone()));
        }
        Ok(())
    }

    /// Whether this may be the secret of a client.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_secret(&self, text: &str) -> Result<(), ClientMistake> {
        plain(text)?;
        let has_shape = self.id_is_uuid || !self.id_ends.is_empty();
        if has_shape && self.check_id(text).is_ok() { Err(ClientMistake::IdForSecret) } else { Ok(()) }
    }
}

/// Whether this may name an organisation at Microsoft: a UUID, a domain, or a word such as `organizations`.
///
/// # Errors
/// What is wrong with it.
pub fn check_tenant(text: &str) -> Result<(), ClientMistake> {
    plain(text)?;
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if text.split('.').all(is_label) { Ok(()) } else { Err(ClientMistake::NotTenant) }
}

/// Whether these may be the ids of one Microsoft application: that of the application, and the object id of its enterprise
/// application.
///
/// # Errors
/// What is wrong with the one that is checked first.
pub fn check_object_id(app_id: &str, object_id: &str) -> Result<(), ClientMistake> {
    check_uuid(object_id)?;
    if app_id.eq_ignore_ascii_case(object_id) { Err(ClientMistake::SameId) } else { Ok(()) }
}

/// Whether this is a UUID.
///
/// # Errors
/// What is wrong with it.
pub fn check_uuid(text: &str) -> Result<(), ClientMistake> {
    plain(text)?;
    if is_uuid(text) {
        Ok(())
    } else {
        Err(ClientMistake::NotUuid("1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned()))
    }
}

fn plain(text: &str) -> Result<(), ClientMistake> {
    if text.is_empty() {
        Err(ClientMistake::Empty)
    } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(ClientMistake::Sign)
    }
}

/// `1b4e28ba-2fa1-11d2-883f-0016d3cca427`.
fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    #[test]
    fn mistakes_are_distinguished() {
        let google = ClientForm {
            id_example: "1-x.apps.googleusercontent.com".to_owned(),
            id_ends: ".apps.googleusercontent.com".to_owned(),
            secret_example: "GOCSPX-x".to_owned(),
            ..ClientForm::default()
        };
        assert_eq!(google.check_id("12-ab.apps.googleusercontent.com"), Ok(()));
        assert_eq!(google.check_id(""), Err(ClientMistake::Empty));
        assert_eq!(google.check_id("12-ab.apps. googleusercontent.com"), Err(ClientMistake::Sign));
        for short in ["12-ab", ".apps.googleusercontent.com", UUID] {
            assert!(matches!(google.check_id(short), Err(ClientMistake::Ending(_))), "{short}");
        }
        assert_eq!(google.check_secret("GOCSPX-abc"), Ok(()));
        assert_eq!(google.check_secret("12-ab.apps.googleusercontent.com"), Err(ClientMistake::IdForSecret));
        let microsoft = ClientForm { id_example: UUID.to_owned(), id_is_uuid: true, ..ClientForm::default() };
        assert_eq!(microsoft.check_id(UUID), Ok(()));
        for wrong in ["1b4e28ba", "1b4e28ba-2fa1-11d2-883f-0016d3cca42g", "1b4e28ba2fa111d2883f0016d3cca427"]
        {
            assert!(matches!(microsoft.check_id(wrong), Err(ClientMistake::NotUuid(_))), "{wrong}");
        }
        for tenant in [UUID, "example.org", "organizations"] {
            assert_eq!(check_tenant(tenant), Ok(()), "{tenant}");
        }
        for wrong in ["https://example.org", "a..b", "a/b"] {
            assert_eq!(check_tenant(wrong), Err(ClientMistake::NotTenant), "{wrong}");
        }
        assert_eq!(check_object_id(UUID, &UUID.to_uppercase()), Err(ClientMistake::SameId));
        assert_eq!(check_object_id("another", UUID), Ok(()));
        assert!(check_object_id(UUID, "x").is_err());
        // An own server says nothing about its clients.
        assert_eq!(ClientForm::default().check_id("mailferry"), Ok(()));
        assert_eq!(ClientForm::default().check_secret("anything"), Ok(()));
    }
}
