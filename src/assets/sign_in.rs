use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::client_form::ClientForm;
use super::error::{AssetError, Lines};
use super::source::check_source;
use crate::values::SignInId;

/// The only version of the form so far.
const SCHEMA: u32 = 1;

/// Where to sign in at one provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInProvider {
    /// Its id.
    pub id: SignInId,
    /// Its name for people.
    pub name: String,
    /// The IMAP servers that take its tokens; they are sent to no other.
    pub hosts: Vec<String>,
    /// What stands for `{tenant}` where the owner names none.
    #[serde(default)]
    pub tenant: String,
    /// The authorisation endpoint (RFC 6749 section 3.1).
    pub authorization: String,
    /// The token endpoint (RFC 6749 section 3.2).
    pub token: String,
    /// The device authorisation endpoint (RFC 8628 section 3.1); `None` where the provider offers none for mail.
    pub device: Option<String>,
    /// The revocation endpoint (RFC 7009).
    pub revocation: Option<String>,
    /// Scopes for IMAP, and for a grant that can be renewed.
    pub scopes: Vec<String>,
    /// The host of the loopback redirect (RFC 8252 section 7.3), as it has to be registered: 127.0.0.1 or localhost.
    pub redirect_host: String,
    /// Whether the provider wants a client secret even from a program on a desktop.
    pub needs_client_secret: bool,
    /// Whether mailboxes let the key of an organisation in only after a script was run at Exchange.
    #[serde(default)]
    pub has_exchange_script: bool,
    /// What client ids and secrets look like; nothing is known of them by default.
    #[serde(default)]
    pub client_form: ClientForm,
    /// Where the owner of a mailbox sees and withdraws consents; empty if unknown.
    #[serde(default)]
    pub account: String,
    /// More parameters of the authorisation request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How to get a client id, click by click.
    #[serde(default)]
    pub steps: Vec<GuideStep>,
    /// How to get a key file for a whole organisation, click by click; empty where there is no such way.
    #[serde(default)]
    pub organisation_steps: Vec<GuideStep>,
    source: Spanned<String>,
    date: Spanned<String>,
}

impl SignInProvider {
    /// Whether its addresses name an organisation.
    pub fn has_tenant(&self) -> bool {
        [&self.authorization, &self.token].into_iter().any(|address| address.contains("{tenant}"))
    }

    /// What has to be registered as redirect URI (RFC 8252 section 7.3); the port is free.
    pub fn redirect(&self) -> String {
        format!("http://{}", self.redirect_host)
    }
}

/// One step of a guide.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideStep {
    /// What to do.
    pub text: String,
    /// The page where; empty where it is the page of the step before.
    pub link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    provider: Vec<Spanned<SignInProvider>>,
}

/// Reads `sign_in.toml`, or an owner's file of the same form.
///
/// # Errors
/// Which line is wrong, and what to write there.
pub fn read_sign_in(text: &str) -> Result<Vec<SignInProvider>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    if *file.schema.get_ref() != SCHEMA {
        let problem = format!("schema {} is unknown", file.schema.get_ref());
        return Err(lines.wrong(file.schema.span(), problem, "write schema = 1"));
    }
    let mut seen: Vec<&SignInId> = Vec::new();
    for provider in &file.provider {
        let entry = provider.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(provider.span(), problem, way_out));
        if seen.contains(&&entry.id) {
            return wrong(format!("“{}” is there twice", entry.id), "give each provider an id of its own");
        }
        seen.push(&entry.id);
        let endpoints =
            [&entry.authorization, &entry.token].into_iter().chain(&entry.device).chain(&entry.revocation);
        if let Some(bad) = endpoints.into_iter().find(|address| !is_endpoint(address)) {
            return wrong(
                format!("“{bad}” is not an address for secrets"),
                "write https://…; http:// is allowed on 127.0.0.1 only",
            );
        }
        let is_host = |host: &String| {
            !host.is_empty() && *host == host.to_ascii_lowercase() && !host.contains(['/', ':'])
        };
        if entry.hosts.is_empty() || !entry.hosts.iter().all(is_host) {
            return wrong(
                "the hosts are missing or not valid".to_owned(),
                "name the IMAP servers that take the tokens, in lower case, without a port",
            );
        }
        if !matches!(entry.redirect_host.as_str(), "127.0.0.1" | "localhost") {
            return wrong("the redirect leads off this computer".to_owned(), "write 127.0.0.1 or localhost");
        }
        if entry.scopes.is_empty() || entry.name.trim().is_empty() {
            return wrong("the name or the scopes are missing".to_owned(), "write both");
        }
        if entry.steps.iter().chain(&entry.organisation_steps).any(|step| {
            step.text.trim().is_empty() || !(step.link.is_empty() || step.link.starts_with("https://"))
        }) {
            return wrong(
                "a step has no text, or its link is not https".to_owned(),
                "write both, or an empty link",
            );
        }
    }
    Ok(file.provider.into_iter().map(Spanned::into_inner).collect())
}

/// HTTPS, or clear text that does not leave this computer.
fn is_endpoint(address: &str) -> bool {
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic()) && !address.contains('@');
    is_plain && (address.starts_with("https://") || address.starts_with("http://127.0.0.1:"))
}
