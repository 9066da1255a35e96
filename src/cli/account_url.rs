use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use crate::values::{Endpoint, EndpointError, Mechanism, Security};

/// One side of a copy as written on the command line: `imaps://anna%40example.org@mail.example.org:993` (RFC 5092).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUrl {
    /// The user name, decoded; empty if none was given.
    pub user: String,
    /// The server.
    pub server: Endpoint,
    /// The mechanism from `;AUTH=`: this one and no other. `None` for `*` and if absent.
    pub mechanism: Option<Mechanism>,
}

/// Why a text is not a valid account.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AccountUrlError {
    /// Not a URL with one of the two schemes.
    #[error("“{0}” is not an IMAP account: write imaps://USER@HOST, with %40 for the “@” in USER")]
    NotImap(String),
    /// The URL contains a password, which every user of the computer could see.
    #[error("the account contains a password, which others can see; use a password file instead")]
    HasPassword,
    /// The user name is not UTF-8 after decoding.
    #[error("the user name in “{0}” is not UTF-8 after decoding %XX")]
    BadUser(String),
    /// An unknown mechanism.
    #[error(
        "“{0}” is not a known mechanism: use ;AUTH= with PLAIN, LOGIN, SCRAM-SHA-256, XOAUTH2, OAUTHBEARER or *"
    )]
    BadMechanism(String),
    /// The host or port is wrong.
    #[error(transparent)]
    Server(#[from] EndpointError),
}

impl AccountUrl {
    /// Parses an account. `imap://` means STARTTLS, or clear text if the host is loopback.
    pub fn parse(text: &str) -> Result<Self, AccountUrlError> {
        let not_imap = || AccountUrlError::NotImap(without_password(text));
        let (bare, mechanism) = split_mechanism(text)?;
        let url = Url::parse(&bare).map_err(|_error| not_imap())?;
        if url.port() == Some(0) {
            return Err(EndpointError::BadPort("0".to_owned()).into());
        }
        if url.password().is_some() {
            return Err(AccountUrlError::HasPassword);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(not_imap)?;
        let host = percent_decode_str(host).decode_utf8().map_err(|_error| not_imap())?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let (port, security) = match url.scheme() {
            "imaps" => (url.port().unwrap_or(993), Security::Tls),
            "imap" => (url.port().unwrap_or(143), Security::StartTls),
            _ => return Err(not_imap()),
        };
        let mut server = Endpoint::new(host, port, security)?;
        if security == Security::StartTls && server.is_loopback() {
            server.security = Security::Clear;
        }
        let user = percent_decode_str(url.username())
            .decode_utf8()
            .map_err(|_error| AccountUrlError::BadUser(text.to_owned()))?
            .into_owned();
        Ok(Self { user, server, mechanism })
    }
}

/// Splits `;AUTH=…` off the end of the user (RFC 5092 section 3.1). A semicolon in a user name is written `%3B`.
fn split_mechanism(text: &str) -> Result<(String, Option<Mechanism>), AccountUrlError> {
    let Some((before, host)) = text.rsplit_once('@') else { return Ok((text.to_owned(), None)) };
    let Some(at) = before.to_ascii_lowercase().rfind(";auth=") else { return Ok((text.to_owned(), None)) };
    let (user, name) = (before.get(..at).unwrap_or_default(), before.get(at + 6..).unwrap_or_default());
    if name.contains(':') {
        return Err(AccountUrlError::HasPassword);
    }
    let mechanism = match name {
        "*" => None,
        _ => Some(Mechanism::parse(name).ok_or_else(|| AccountUrlError::BadMechanism(name.to_owned()))?),
    };
    Ok((format!("{user}@{host}"), mechanism))
}

/// The text with any password redacted: nothing between a second colon and the `@`.
fn without_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, host))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read() {
        let account = AccountUrl::parse("imaps://anna%40weber-k%C3%B6ln.example@mail.example.org").unwrap();
        assert_eq!(account.user, "anna@weber-köln.example");
        assert_eq!(account.server, Endpoint::parse("mail.example.org").unwrap());
        let account = AccountUrl::parse("imap://anna@[::1]:1143").unwrap();
        assert_eq!((account.server.port, account.server.security), (1143, Security::Clear));
        let account = AccountUrl::parse("imap://anna@mail.example.org").unwrap();
        assert_eq!((account.server.port, account.server.security), (143, Security::StartTls));
        assert_eq!(AccountUrl::parse("imaps://127.0.0.1:2993").unwrap().user, "");
    }

    #[test]
    fn the_mechanism_of_the_standard_is_read() {
        for (text, user, mechanism) in [
            (
                "imaps://anna%40weber.example;AUTH=XOAUTH2@host.example",
                "anna@weber.example",
                Some(Mechanism::XOAuth2),
            ),
            ("imaps://anna;auth=scram-sha-256@host.example:1993", "anna", Some(Mechanism::ScramSha256)),
            ("imaps://anna;AUTH=*@host.example", "anna", None),
            ("imaps://anna*root@host.example", "anna*root", None),
            ("imaps://odd%3BAUTH=PLAIN@host.example", "odd;AUTH=PLAIN", None),
        ] {
            let account = AccountUrl::parse(text).unwrap();
            assert_eq!((account.user.as_str(), account.mechanism), (user, mechanism), "{text}");
        }
        let unknown = AccountUrl::parse("imaps://anna;AUTH=GSSAPI@host.example").unwrap_err();
        assert_eq!(unknown, AccountUrlError::BadMechanism("GSSAPI".to_owned()));
        let secret = AccountUrl::parse("imaps://anna;AUTH=PLAIN:hunter2@host.example").unwrap_err();
        assert_eq!(secret, AccountUrlError::HasPassword);
    }

    #[test]
    fn what_is_no_account_says_why_and_shows_no_password() {
        assert_eq!(AccountUrl::parse("imaps://anna:hunter2@example.org"), Err(AccountUrlError::HasPassword));
        for text in ["mail.example.org", "https://anna@example.org", "imaps://", "x://a:hunter2@b"] {
            let error = AccountUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(AccountUrl::parse("imaps://a@no_host!").is_err());
    }
}
