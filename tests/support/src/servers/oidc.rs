//! oidc-provider on a loopback port, a real OAuth 2 and OIDC server: code with PKCE, device code, refresh tokens that are good
//! for one time only, revocation, introspection. Fetched into a folder of the project's own by `scripts/fetch-oidc.sh`.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use mailferry::signin::read_providers;

use crate::clients::http::{HttpClient, Reply};
use crate::programs::{require_program, tied};
use crate::servers::unpacked::require_folder;

/// A running instance; ends and forgets when dropped.
pub struct Oidc {
    child: Child,
    log: tempfile::NamedTempFile,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

/// Access tokens issued so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCounts {
    /// All of them.
    pub issued: u64,
    /// Those issued for refresh tokens.
    pub refreshed: u64,
}

impl Oidc {
    /// Starts an instance, or says that the test was skipped.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start() -> Option<Self> {
        let node = require_program("node", "nodejs")?;
        let folder = require_folder("oidc", "scripts/fetch-oidc.sh")?;
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut child = tied(&node)
            .arg(own.join("oidc/server.mjs"))
            .env("MODULES", folder.join("node_modules"))
            .env("SERVICE_KEY", service_key())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(log.path()).unwrap())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "{}", fs::read_to_string(log.path()).unwrap());
        Some(Self { child, log, address })
    }

    /// What it said, for a look after a failure.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Asks it for something beside the protocol.
    fn steer(&self, what: &str) -> serde_json::Value {
        let reply = HttpClient::default().get(&format!("{}/test/{what}", self.address));
        serde_json::from_str(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", reply.body))
    }

    /// Ends every access token that is alive, as an hour does, and says how many.
    pub fn expire_tokens(&self) -> u64 {
        self.steer("expire")["ended"].as_u64().unwrap()
    }

    /// Ends every access token that a mail server has asked about, as an hour does. A token that is on its way to its first use
    /// is younger than that.
    pub fn expire_used_tokens(&self) -> u64 {
        self.steer("expire-used")["ended"].as_u64().unwrap()
    }

    /// Withdraws what a user has consented to, with all tokens.
    pub fn revoke(&self, user: &str) {
        self.steer(&format!("revoke?user={user}"));
    }

    /// Types the code of a device for a user; false where there is no such code.
    pub fn approve(&self, code: &str, user: &str) -> bool {
        self.steer(&format!("approve?code={code}&user={user}"))["approved"] == true
    }

    /// Access tokens issued so far.
    pub fn counts(&self) -> TokenCounts {
        let counts = self.steer("counts");
        TokenCounts {
            issued: counts["issued"].as_u64().unwrap(),
            refreshed: counts["refreshed"].as_u64().unwrap(),
        }
    }

    /// Every access and refresh token that was ever given out.
    pub fn given(&self) -> Vec<String> {
        serde_json::from_value(self.steer("given")).unwrap()
    }

    /// Whether a token is alive, asked as a mail server does (RFC 7662).
    pub fn introspect(&self, token: &str) -> serde_json::Value {
        let form = format!("token={token}&client_id=dovecot");
        let mut client = HttpClient::default();
        client.authorization = Some("Basic ZG92ZWNvdDpkb3ZlY290LXNlY3JldA==".to_owned());
        let Reply { body, .. } = client.post(&format!("{}/token/introspection", self.address), &form);
        serde_json::from_str(&body).unwrap()
    }

    /// The provider as a file of an owner's describes it, for IMAP servers of this name.
    pub fn provider_file(&self, imap_host: &str) -> String {
        let Self { address, .. } = self;
        let text = format!(
            r#"schema = 1

[[provider]]
id = "own"
name = "Own server"
hosts = ["{imap_host}"]
authorization = "{address}/auth"
token = "{address}/token"
device = "{address}/device/auth"
revocation = "{address}/token/revocation"
scopes = ["openid", "offline_access", "mail"]
redirect_host = "127.0.0.1"
needs_client_secret = false
source = "tests/support/oidc/server.mjs"
date = "2026-11-29"

[provider.parameters]
prompt = "consent"
"#
        );
        assert!(read_providers(&text).is_ok());
        text
    }

    /// Lines for a Dovecot that takes tokens of this server, by introspection.
    pub fn for_dovecot(&self, folder: &Path) -> String {
        let with_password = self.address.replace("http://", "http://dovecot:dovecot-secret@");
        let mut oauth = String::new();
        writeln!(oauth, "introspection_mode = post").unwrap();
        writeln!(oauth, "introspection_url = {with_password}/token/introspection").unwrap();
        writeln!(oauth, "username_attribute = sub\nactive_attribute = active\nactive_value = true").unwrap();
        fs::write(folder.join("oauth2"), oauth).unwrap();
        format!(
            "auth_mechanisms = plain xoauth2 oauthbearer\n\
             passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}/oauth2\n}}\n\
             service auth {{\n  vsz_limit = 1G\n}}\n",
            folder.display()
        )
    }
}

/// The key of the service account that the server knows.
pub fn service_key() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/signin/test_key.pem")
}

impl Drop for Oidc {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
