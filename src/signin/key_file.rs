//! Key files of an organisation: the JSON file that Google issues for a service account, and a similar one for a Microsoft
//! application.

use std::path::Path;

use serde::Deserialize;
use thiserror::Error;
use url::form_urlencoded::Serializer;

use super::assertion::{GoogleClaims, Signer};
use super::client::{Given, of_web};
use super::provider_error::read_error_body;
use super::renewal::Clock;
use crate::values::{GrantProblem, GrantTrouble, Secret, UnixTime};
use crate::web::Web;

/// Largest file that is read.
const MAX_BYTES: u64 = 64 * 1024;
const GOOGLE_SCOPE: &str = "https://mail.google.com/";
const GOOGLE_HOST: &str = "imap.gmail.com";
const MICROSOFT_SCOPE: &str = "https://outlook.office365.com/.default";
const MICROSOFT_HOST: &str = "outlook.office365.com";

/// A key for all mailboxes of an organisation.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub enum KeyFile {
    /// A Google service account with domain-wide delegation.
    #[serde(rename = "service_account")]
    Google(GoogleKey),
    /// A Microsoft application with `IMAP.AccessAsApp`.
    #[serde(rename = "microsoft_app")]
    Microsoft(MicrosoftKey),
}

/// The fields we read of Google's file.
#[derive(Deserialize)]
pub struct GoogleKey {
    client_email: String,
    private_key: WrittenSecret,
    private_key_id: Option<String>,
    token_uri: String,
    /// Servers that replace Google's.
    imap_hosts: Option<Vec<String>>,
}

/// A file that the owner writes; `mailferry sign-in --guide` shows how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicrosoftKey {
    tenant: String,
    client_id: String,
    /// Either this …
    client_secret: Option<WrittenSecret>,
    /// … or a PEM file with the private key and the certificate, beside the key file or with its whole path.
    pem_file: Option<String>,
    /// The token endpoint, if it is not Microsoft's.
    token_uri: Option<String>,
    /// Servers that replace Microsoft's.
    imap_hosts: Option<Vec<String>>,
}

/// A secret in a file.
#[derive(Deserialize)]
#[serde(from = "String")]
struct WrittenSecret(Secret);

impl From<String> for WrittenSecret {
    fn from(text: String) -> Self {
        Self(Secret::new(text))
    }
}

/// Why a key file cannot be used. Contains nothing from the file.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("the key file cannot be read")]
    Read(#[from] std::io::Error),
    /// It is too long for a key file.
    #[error("the key file is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It has another form.
    #[error(
        "the key file is neither that of a Google service account nor of a Microsoft application (line {line})"
    )]
    Form {
        /// Where reading ended.
        line: usize,
    },
    /// The Microsoft file names no secret, or two.
    #[error("the key file needs either client_secret or pem_file")]
    OneSecret,
}

impl From<KeyFileError> for GrantProblem {
    fn from(error: KeyFileError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::of(GrantTrouble::KeyFile, format!("{error}{cause}"))
    }
}

impl KeyFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// If it has another form. The error shows nothing of the text.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let file: Self =
            serde_json::from_str(text).map_err(|error| KeyFileError::Form { line: error.line() })?;
        match &file {
            Self::Microsoft(key) if key.client_secret.is_some() == key.pem_file.is_some() => {
                Err(KeyFileError::OneSecret)
            }
            _ => Ok(file),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is too long, or has another form.
    pub async fn load(path: &Path) -> Result<Self, KeyFileError> {
        let text = read_bounded(path).await?;
        Self::parse(text.expose())
    }

    /// Whose key it is, for people: the address of the service account, or the application and its organisation.
    pub fn whose(&self) -> String {
        match self {
            Self::Google(key) => key.client_email.clone(),
            Self::Microsoft(key) => format!("application {} of {}", key.client_id, key.tenant),
        }
    }

    /// Whether its tokens may be sent to this server.
    pub fn may_go_to(&self, host: &str) -> bool {
        let (own, usual) = match self {
            Self::Google(key) => (&key.imap_hosts, GOOGLE_HOST),
            Self::Microsoft(key) => (&key.imap_hosts, MICROSOFT_HOST),
        };
        match own {
            Some(hosts) => hosts.iter().any(|known| known.eq_ignore_ascii_case(host)),
            None => usual.eq_ignore_ascii_case(host),
        }
    }

    /// A token for a mailbox.
    pub(super) async fn token(
        &self,
        path: &Path,
        user: &str,
        (web, clock): (&Web, &Clock),
    ) -> Result<Given, GrantProblem> {
        let now = clock();
        let (address, form) = match self {
            Self::Google(key) => {
                let claims = GoogleClaims {
                    account: &key.client_email,
                    key_id: key.private_key_id.as_deref(),
                    user,
                    scope: GOOGLE_SCOPE,
                    audience: &key.token_uri,
                };
                let assertion = Signer::from_pem(key.private_key.0.expose())?.for_google(&claims, now)?;
                let form = form_of(&[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", assertion.expose()),
                ]);
                (key.token_uri.clone(), form)
            }
            Self::Microsoft(key) => {
                let address = key.address();
                let assertion = match &key.pem_file {
                    Some(pem) => Some(key.assertion(path, pem, &address, now).await?),
                    None => None,
                };
                let mut fields = vec![
                    ("grant_type", "client_credentials"),
                    ("client_id", &key.client_id),
                    ("scope", MICROSOFT_SCOPE),
                ];
                fields.extend(key.client_secret.as_ref().map(|secret| ("client_secret", secret.0.expose())));
                if let Some(assertion) = &assertion {
                    fields.push((
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    ));
                    fields.push(("client_assertion", assertion.expose()));
                }
                let form = form_of(&fields);
                (address, form)
            }
        };
        let answer = web.post_form(&address, form).await.map_err(|error| of_web(&error))?;
        match answer.status {
            200..=299 => Given::read(&answer.body, now),
            status => Err(read_error_body(status, &answer.body)),
        }
    }
}

/// An encoded form body.
fn form_of(fields: &[(&str, &str)]) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

impl MicrosoftKey {
    async fn assertion(
        &self,
        path: &Path,
        pem: &str,
        audience: &str,
        now: UnixTime,
    ) -> Result<Secret, GrantProblem> {
        let pem = path.parent().unwrap_or(Path::new("")).join(pem);
        let signer = Signer::from_pem(read_bounded(&pem).await?.expose())?;
        if !signer.has_certificate() {
            let words = "the PEM file has a private key and no certificate: it needs both";
            return Err(GrantProblem::of(GrantTrouble::KeyFile, words));
        }
        let once = oauth2::CsrfToken::new_random();
        signer.for_microsoft(&self.client_id, audience, once.secret(), now)
    }

    fn address(&self) -> String {
        let usual = || {
            let is_plain = |sign: &char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.');
            let tenant: String = self.tenant.chars().filter(is_plain).collect();
            format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token")
        };
        self.token_uri.clone().unwrap_or_else(usual)
    }
}

async fn read_bounded(path: &Path) -> Result<Secret, KeyFileError> {
    use tokio::io::AsyncReadExt as _;

    let file = tokio::fs::File::open(path).await?;
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(MAX_BYTES + 1).read_to_string(&mut text).await?;
    if text.len() as u64 > MAX_BYTES {
        return Err(KeyFileError::TooLong);
    }
    Ok(Secret::new(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_say_where_their_tokens_go() {
        let google = KeyFile::parse(
            r#"{"type":"service_account","project_id":"p","client_email":"a@p.iam.gserviceaccount.com","private_key":"k","private_key_id":"1","token_uri":"https://oauth2.googleapis.com/token"}"#,
        )
        .unwrap();
        assert!(google.may_go_to("imap.gmail.com") && !google.may_go_to("imap.example.org"));
        let microsoft = KeyFile::parse(
            r#"{"type":"microsoft_app","tenant":"a.example","client_id":"c","client_secret":"s"}"#,
        )
        .unwrap();
        assert!(microsoft.may_go_to("outlook.office365.com") && !microsoft.may_go_to("imap.gmail.com"));
        for wrong in [
            "",
            "{}",
            r#"{"type":"authorized_user","refresh_token":"hunter2"}"#,
            r#"{"type":"microsoft_app","tenant":"a","client_id":"c"}"#,
            r#"{"type":"microsoft_app","tenant":"a","client_id":"c","client_secret":"hunter2","pem_file":"f"}"#,
            r#"{"type":"microsoft_app","tenant":"a","client_id":"c","client_sekret":"hunter2"}"#,
        ] {
            let problem = GrantProblem::from(KeyFile::parse(wrong).err().unwrap());
            assert!(!problem.to_string().contains("hunter2"), "{problem}");
        }
    }
}
