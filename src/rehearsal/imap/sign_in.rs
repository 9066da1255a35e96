//! CAPABILITY, ID, ENABLE, NAMESPACE and the ways to sign in.

use std::borrow::Cow;

use data_encoding::BASE64;
use imap_codec::imap_types::auth::AuthMechanism;
use imap_codec::imap_types::extensions::enable::CapabilityEnable;
use imap_codec::imap_types::secret::Secret;

use super::reply::{Reply, quoted};
use super::session::{Session, SignedIn};
use super::wire::WireEnd;

/// Longest line of a SASL exchange (RFC 4422 leaves it open; Dovecot takes 8 kB).
const SASL_LINE_BYTES: usize = 8_192;

impl Session {
    pub(super) fn capability(&mut self) -> Reply {
        let personality = &self.shared.personality;
        let capabilities = match self.user {
            None => personality.capabilities_before_sign_in,
            Some(_) => personality.capabilities,
        };
        self.wire.push_line(&format!("* CAPABILITY {}", capabilities.join(" ")));
        Reply::ok("Capability completed.")
    }

    pub(super) fn identify(&mut self) -> Reply {
        let personality = &self.shared.personality;
        if !personality.has("ID") {
            return Reply::bad("Error in IMAP command ID: Unknown command.");
        }
        let pairs =
            personality.id.iter().map(|(field, value)| format!("{} {}", quoted(field), quoted(value)));
        let line = format!("* ID ({})", pairs.collect::<Vec<_>>().join(" "));
        self.wire.push_line(&line);
        Reply::ok("ID completed.")
    }

    pub(super) fn enable(&mut self, capabilities: &[CapabilityEnable<'_>]) -> Reply {
        let personality = &self.shared.personality;
        if !personality.has("ENABLE") {
            return Reply::bad("Error in IMAP command ENABLE: Unknown command.");
        }
        let wants = |name: &str| {
            let is_named = |wanted: &CapabilityEnable<'_>| wanted.to_string().eq_ignore_ascii_case(name);
            personality.has(name) && capabilities.iter().any(is_named)
        };
        let mut enabled = String::from("* ENABLED");
        if wants("CONDSTORE") {
            self.has_condstore = true;
            enabled.push_str(" CONDSTORE");
        }
        if wants("QRESYNC") {
            // RFC 7162 section 3.2.3: it includes CONDSTORE.
            (self.has_condstore, self.has_qresync) = (true, true);
            enabled.push_str(" QRESYNC");
        }
        self.wire.push_line(&enabled);
        Reply::ok("Enabled.")
    }

    pub(super) fn namespace(&mut self) -> Reply {
        let personality = &self.shared.personality;
        if !personality.has("NAMESPACE") {
            return Reply::bad("Error in IMAP command NAMESPACE: Unknown command.");
        }
        let delimiter = quoted(personality.delimiter.encode_utf8(&mut [0; 4]));
        let line = format!("* NAMESPACE (({} {delimiter})) NIL NIL", quoted(personality.prefix));
        self.wire.push_line(&line);
        Reply::ok("Namespace completed.")
    }

    pub(super) fn login(&mut self, user: &[u8], password: &[u8]) -> Reply {
        let name = String::from_utf8_lossy(user).to_ascii_lowercase();
        let is_right = self
            .shared
            .with_store(|store| store.account(&name).is_some_and(|account| account.has_password(password)));
        if !is_right {
            return Reply::no(self.shared.personality.wrong_password);
        }
        self.enter(name)
    }

    /// Opens the mailbox of somebody who has shown who they are.
    fn enter(&mut self, name: String) -> Reply {
        let Some(slot) = self.shared.take_slot(&name) else {
            let limit = self.shared.personality.limits.connections_per_user;
            return Reply::no(format!(
                "[UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections={limit})"
            ));
        };
        self.user = Some(SignedIn { name, _slot: slot });
        let personality = &self.shared.personality;
        if personality.volunteers_capabilities {
            Reply::ok(format!("[CAPABILITY {}] Logged in", personality.capabilities.join(" ")))
        } else {
            Reply::ok("Logged in")
        }
    }

    /// AUTHENTICATE with a password (PLAIN, RFC 4616) or a token, with the response in the command (RFC 4959) or after a `+`.
    pub(super) async fn authenticate(
        &mut self,
        mechanism: &AuthMechanism<'_>,
        initial_response: Option<Secret<Cow<'static, [u8]>>>,
    ) -> Result<Reply, WireEnd> {
        let offered = self.shared.personality.capabilities_before_sign_in;
        let mechanism = mechanism.to_string().to_ascii_uppercase();
        let is_known = matches!(mechanism.as_str(), "PLAIN" | "XOAUTH2" | "OAUTHBEARER");
        if !is_known || !offered.contains(&format!("AUTH={mechanism}").as_str()) {
            return Ok(Reply::no("Unsupported authentication mechanism."));
        }
        let response = match initial_response {
            Some(response) if offered.contains(&"SASL-IR") => response.declassify().to_vec(),
            Some(_) => return Ok(Reply::bad("Error in IMAP command AUTHENTICATE: Too many arguments.")),
            None => {
                self.wire.push_line("+ ");
                let line = self.wire.line(SASL_LINE_BYTES).await?;
                if line == b"*" {
                    return Ok(Reply::bad("Authentication aborted by client."));
                }
                match BASE64.decode(&line) {
                    Ok(response) => response,
                    Err(_not_base64) => return Ok(Reply::bad("Invalid base64 data in continued response")),
                }
            }
        };
        if mechanism != "PLAIN" {
            return self.enter_with_token(&response).await;
        }
        let mut parts = response.split(|byte| *byte == 0);
        let (Some(acts_as), Some(user), Some(password), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Ok(Reply::no(self.shared.personality.wrong_password));
        };
        if !acts_as.is_empty() && !acts_as.eq_ignore_ascii_case(user) {
            return Ok(Reply::no("[AUTHORIZATIONFAILED] Authorization failed."));
        }
        Ok(self.login(user, password))
    }

    /// A token that is not taken is answered with a status, which the client acknowledges (RFC 7628 section 3.2.3).
    async fn enter_with_token(&mut self, response: &[u8]) -> Result<Reply, WireEnd> {
        let shown = Bearer::read(response);
        let tokens = self.shared.tokens.clone();
        let is_right =
            |bearer: &Bearer<'_>| tokens.is_some_and(|tokens| tokens.opens(bearer.token, bearer.user));
        match shown {
            Some(bearer) if is_right(&bearer) => Ok(self.enter(bearer.user.to_ascii_lowercase())),
            _ => {
                let status = BASE64.encode(br#"{"status":"invalid_token","schemes":"bearer"}"#);
                self.wire.push_line(&format!("+ {status}"));
                self.wire.line(SASL_LINE_BYTES).await?;
                Ok(Reply::no(self.shared.personality.wrong_password))
            }
        }
    }
}

/// Who shows which token, in either form.
#[derive(Debug, PartialEq, Eq)]
struct Bearer<'r> {
    user: &'r str,
    token: &'r str,
}

impl<'r> Bearer<'r> {
    fn read(response: &'r [u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(response).ok()?.split('\u{1}');
        let first = parts.next()?;
        // `user=USER` of XOAUTH2, or the header `n,a=USER,` of GS2 (RFC 5801 section 4).
        let user = first.strip_prefix("user=").or_else(|| first.strip_prefix("n,a=")?.strip_suffix(','))?;
        let token = parts.find_map(|part| part.strip_prefix("auth=Bearer "))?;
        Some(Self { user, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_both_forms() {
        let bearer = Some(Bearer { user: "lena@a.example", token: "t" });
        assert_eq!(Bearer::read(b"user=lena@a.example\x01auth=Bearer t\x01\x01"), bearer);
        let form = b"n,a=lena@a.example,\x01host=h\x01port=1\x01auth=Bearer t\x01\x01";
        assert_eq!(Bearer::read(form), bearer);
        for wrong in [&b"\x00lena\x00t"[..], b"user=lena", b"n,,\x01auth=Bearer t\x01", b"\xff"] {
            assert_eq!(Bearer::read(wrong), None);
        }
    }
}
