//! How to sign in to a mailbox: with which credential and mechanism.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{NameForm, SignInId};

/// How a mailbox is signed in to. Holds no secret: passwords are kept apart, and tokens come from their source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInWay {
    /// What proves who signs in.
    pub credential: Credential,
    /// The SASL mechanism to use and no other; `None` for the best one that the server offers.
    pub mechanism: Option<Mechanism>,
}

/// What proves who signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// The mailbox's own password.
    #[default]
    Password,
    /// The password of this admin, who signs in for the mailbox (authorisation identity, RFC 4616).
    Admin(String),
    /// The password of this admin, whose name and the mailbox's form one user name, as the server expects.
    AdminByName {
        /// The admin.
        admin: String,
        /// How the two names become one.
        form: NameForm,
    },
    /// An OAuth token that another program keeps fresh in this file.
    TokenFile(PathBuf),
    /// An OAuth token that this command prints.
    TokenCommand(CommandLine),
    /// OAuth tokens of this provider, where the user has signed in with this program (`mailferry sign-in`); what renews
    /// them is in the keyring.
    SignedIn(SignInId),
    /// OAuth tokens for any mailbox of an organisation, with the key in this file: that of a Google service account, or of
    /// a Microsoft application.
    KeyFile(PathBuf),
}

/// SASL mechanisms that this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mechanism {
    /// RFC 4616.
    #[serde(rename = "PLAIN")]
    Plain,
    /// The LOGIN command, or the mechanism of that name where the command is switched off.
    #[serde(rename = "LOGIN")]
    Login,
    /// RFC 7677.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Google's and Microsoft's form of sending a token.
    #[serde(rename = "XOAUTH2")]
    XOAuth2,
    /// RFC 7628.
    #[serde(rename = "OAUTHBEARER")]
    OAuthBearer,
}

/// Why a mechanism and what proves the sign-in do not fit together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{mechanism} signs in with {needs}: {way_out}")]
pub struct MisfitError {
    mechanism: Mechanism,
    needs: &'static str,
    way_out: &'static str,
}

impl SignInWay {
    /// A way with the best mechanism that the server offers.
    pub const fn with(credential: Credential) -> Self {
        Self { credential, mechanism: None }
    }

    /// Whether a password has to be kept for it.
    pub const fn needs_password(&self) -> bool {
        matches!(
            self.credential,
            Credential::Password | Credential::Admin(_) | Credential::AdminByName { .. }
        )
    }

    /// The admin who signs in for the mailbox.
    pub fn admin(&self) -> Option<&str> {
        match &self.credential {
            Credential::Admin(admin) | Credential::AdminByName { admin, .. } => Some(admin),
            _ => None,
        }
    }

    /// The admin as one who authenticates for somebody else (RFC 4616), where the name does not say it.
    pub fn authorised_by(&self) -> Option<&str> {
        match &self.credential {
            Credential::Admin(admin) => Some(admin),
            _ => None,
        }
    }

    /// What is tried next where an admin is refused in the standard's own form (RFC 4616): both names in one. `None` where the
    /// owner has chosen the form or the mechanism, which then counts.
    pub fn next_of_admin(&self) -> Option<Self> {
        match (&self.credential, self.mechanism) {
            (Credential::Admin(admin), None) => {
                Some(Self::with(Credential::AdminByName { admin: admin.clone(), form: NameForm::usual() }))
            }
            _ => None,
        }
    }

    /// The user name as the server wants it.
    pub fn user_name<'u>(&self, user: &'u str) -> Cow<'u, str> {
        match &self.credential {
            Credential::AdminByName { admin, form } => Cow::Owned(form.fill(user, admin)),
            _ => Cow::Borrowed(user),
        }
    }

    /// Says no where the mechanism wants something else than the way has.
    pub fn check(&self) -> Result<(), MisfitError> {
        let Some(mechanism) = self.mechanism else { return Ok(()) };
        let misfit = |needs, way_out| Err(MisfitError { mechanism, needs, way_out });
        match (mechanism.takes_token(), &self.credential) {
            (true, Credential::Password | Credential::Admin(_) | Credential::AdminByName { .. }) => misfit(
                "a token",
                "sign in at the provider, or give a key file, a token file or a token command",
            ),
            (
                false,
                Credential::TokenFile(_)
                | Credential::TokenCommand(_)
                | Credential::SignedIn(_)
                | Credential::KeyFile(_),
            ) => misfit("a password", "use XOAUTH2 or OAUTHBEARER with a token"),
            (false, Credential::Admin(_)) if mechanism == Mechanism::Login => {
                misfit("one name only", "use PLAIN or SCRAM-SHA-256 for an admin")
            }
            _ => Ok(()),
        }
    }
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Plain, Self::Login, Self::ScramSha256, Self::XOAuth2, Self::OAuthBearer];

    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }

    /// The mechanism of this name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether it sends a token in place of a password.
    pub const fn takes_token(self) -> bool {
        matches!(self, Self::XOAuth2 | Self::OAuthBearer)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A command with its arguments, as typed. It runs without a shell: no variables, no pipes, no surprises.
///
/// Words end at blanks; `'…'` and `"…"` keep blanks within a word, and `\"` and `\\` stand for themselves within double
/// quotes. A backslash anywhere else is a backslash, as paths on Windows have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandLine {
    text: String,
    words: Vec<String>,
}

/// Why a text is no command line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandLineError {
    /// Nothing in it.
    #[error("the command is empty: give a program and its arguments")]
    Empty,
    /// A quote that is opened and never closed.
    #[error("the command opens a {0} and never closes it")]
    OpenQuote(char),
    /// A line break or another control character.
    #[error("the command contains a line break or another control character: write it on one line")]
    Control,
}

impl CommandLine {
    /// Reads a command line.
    pub fn parse(text: &str) -> Result<Self, CommandLineError> {
        let text = text.trim();
        if text.chars().any(|character| character.is_control() && character != '\t') {
            return Err(CommandLineError::Control);
        }
        let words = split_words(text)?;
        if words.first().is_none_or(String::is_empty) {
            return Err(CommandLineError::Empty);
        }
        Ok(Self { text: text.to_owned(), words })
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The program.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Its arguments.
    pub fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }
}

impl TryFrom<String> for CommandLine {
    type Error = CommandLineError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CommandLine> for String {
    fn from(line: CommandLine) -> Self {
        line.text
    }
}

fn split_words(text: &str) -> Result<Vec<String>, CommandLineError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (Some(open), close) if open == close => quote = None,
            (Some('"'), '\\') => {
                let escaped = characters.next_if(|next| matches!(next, '"' | '\\'));
                word.get_or_insert_default().push(escaped.unwrap_or('\\'));
            }
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    if let Some(open) = quote {
        return Err(CommandLineError::OpenQuote(open));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_fall_into_words_without_a_shell() {
        for (text, expected) in [
            ("oauth2l fetch --scope mail", &["oauth2l", "fetch", "--scope", "mail"][..]),
            ("  a\t'b c' \"d \\\" \\\\ e\" ", &["a", "b c", "d \" \\ e"]),
            (r"C:\tools\token.exe $HOME;x|y", &[r"C:\tools\token.exe", "$HOME;x|y"]),
            ("a '' b", &["a", "", "b"]),
            ("pre'fix ed'", &["prefix ed"]),
        ] {
            let line = CommandLine::parse(text).unwrap();
            let words: Vec<&str> =
                std::iter::once(line.program()).chain(line.arguments().iter().map(String::as_str)).collect();
            assert_eq!(words, expected);
            assert_eq!(CommandLine::parse(line.as_str()).unwrap(), line);
        }
        assert_eq!(CommandLine::parse(" "), Err(CommandLineError::Empty));
        assert_eq!(CommandLine::parse("''"), Err(CommandLineError::Empty));
        assert_eq!(CommandLine::parse("a 'b"), Err(CommandLineError::OpenQuote('\'')));
        assert_eq!(CommandLine::parse("a\nb"), Err(CommandLineError::Control));
    }

    #[test]
    fn ways_survive_being_written_down() {
        for credential in [
            Credential::Password,
            Credential::Admin("root".to_owned()),
            Credential::AdminByName { admin: "root".to_owned(), form: NameForm::parse("*").unwrap() },
            Credential::TokenFile("/run/token".into()),
            Credential::TokenCommand(CommandLine::parse("token 'for anna'").unwrap()),
            Credential::SignedIn(SignInId::parse("google").unwrap()),
            Credential::KeyFile("/keys/service.json".into()),
        ] {
            for mechanism in std::iter::once(None).chain(Mechanism::ALL.map(Some)) {
                let way = SignInWay { credential: credential.clone(), mechanism };
                let text = serde_json::to_string(&way).unwrap();
                assert_eq!(serde_json::from_str::<SignInWay>(&text).unwrap(), way, "{text}");
            }
        }
        assert_eq!(serde_json::from_str::<SignInWay>("{}").unwrap(), SignInWay::default());
        for wrong in ["", "Google", "a b", "../x", &"a".repeat(41)] {
            assert!(SignInId::parse(wrong).is_err(), "{wrong}");
            let text = serde_json::json!({ "credential": { "signed-in": wrong } }).to_string();
            assert!(serde_json::from_str::<SignInWay>(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn mechanisms_fit_what_they_send() {
        let way = |credential, mechanism| SignInWay { credential, mechanism: Some(mechanism) };
        let admin = || Credential::Admin("root".to_owned());
        assert!(way(Credential::Password, Mechanism::ScramSha256).check().is_ok());
        assert!(way(admin(), Mechanism::Plain).check().is_ok());
        for misfit in [
            way(Credential::Password, Mechanism::XOAuth2),
            way(admin(), Mechanism::Login),
            way(Credential::TokenFile("t".into()), Mechanism::Plain),
            way(Credential::SignedIn(SignInId::parse("google").unwrap()), Mechanism::Plain),
            way(Credential::KeyFile("k".into()), Mechanism::ScramSha256),
        ] {
            assert!(misfit.check().is_err(), "{misfit:?}");
        }
        assert_eq!(Mechanism::parse("xoauth2"), Some(Mechanism::XOAuth2));
        assert_eq!(Mechanism::parse("GSSAPI"), None);
    }

    proptest::proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn words_in_quotes_come_back_whatever_they_hold(words in proptest::collection::vec("[^\\p{Cc}\"\\\\]{1,12}", 1..6)) {
            let text = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ");
            let line = CommandLine::parse(&text).unwrap();
            proptest::prop_assert_eq!(line.program(), &words[0]);
            proptest::prop_assert_eq!(line.arguments(), &words[1..]);
        }
    }
}
