use std::fmt;

/// Under which name a secret is kept: `<project uuid>/<mailbox number>/<side>/<server>/<user>`. It is found for this server
/// and this user only, so that it is never sent to another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// Names the password of one mailbox on one side, for a user at a server. The parts must not be secret themselves.
    pub fn new(
        project_uuid: &str,
        mailbox: impl fmt::Display,
        side: impl fmt::Display,
        server: impl fmt::Display,
        user: &str,
    ) -> Self {
        Self(format!("{project_uuid}/{mailbox}/{side}/{server}/{user}"))
    }

    /// Names what renews the tokens of a user at an OAuth provider. It belongs to the user of this computer and to no
    /// project.
    pub fn of_sign_in(provider: impl fmt::Display, user: &str) -> Self {
        Self(format!("sign-in/{provider}/{user}"))
    }

    /// Names the owner's application at an OAuth provider.
    pub fn of_client(provider: impl fmt::Display) -> Self {
        Self(format!("client/{provider}"))
    }

    /// Names the owner's key for the block lists of an operator.
    pub fn of_list_key(operator: &str) -> Self {
        Self(format!("list-key/{operator}"))
    }

    /// The name of one part of a long secret.
    pub(super) fn part(&self, generation: &str, number: usize) -> Self {
        Self(format!("{}/part {generation}.{number}", self.0))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
