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

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
