//! What servers say when they refuse a sign-in, and what they mean by it.

use crate::imap::protocol::completion::Completion;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Meaning {
    PasswordRefused,
    /// With where to make one.
    NeedsAppPassword(&'static str),
    NoSuchMailbox,
    /// With what to do about it.
    NotAllowed(&'static str),
    /// Exchange: who signs in is known, and the mailbox does not open.
    NotConnected,
    Busy,
    Unknown,
}

const GOOGLE_APP_PASSWORD: &str =
    "Google account, Security, App passwords (2-Step Verification must be on): create one per mailbox";
const FASTMAIL_APP_PASSWORD: &str =
    "Settings, Privacy & Security, App passwords; choose IMAP access: create one per mailbox";
const ANY_APP_PASSWORD: &str =
    "create an app password in the security settings of the mailbox, and use it here";
const MICROSOFT_BASIC: &str = "this server accepts no passwords over IMAP; sign in through the browser";
const SWITCH_IMAP_ON: &str = "turn on IMAP in the settings of the mailbox, or have the admin do it";
pub(in crate::imap) const ASK_THE_ADMIN: &str =
    "ask the server's admin: the mailbox exists but may not sign in";
const WEB_FIRST: &str = "sign in once in the browser and confirm that it was you";

/// A row whose words were not seen in a captured reply: they are taken at their plain meaning.
const PLAIN_WORDS: &str = "plain words";

/// Words in refusals, in lower case, most telling first, with where such a reply was captured (GitHub threads).
const TABLE: &[(&str, Meaning, &str)] = &[
    (
        "application-specific password",
        Meaning::NeedsAppPassword(GOOGLE_APP_PASSWORD),
        "imapsync/imapsync#175, LukeSmithxyz/mutt-wizard#831",
    ),
    ("app password", Meaning::NeedsAppPassword(ANY_APP_PASSWORD), PLAIN_WORDS),
    ("app-specific password", Meaning::NeedsAppPassword(ANY_APP_PASSWORD), PLAIN_WORDS),
    ("basic authentication is disabled", Meaning::NotAllowed(MICROSOFT_BASIC), "holon-run/uxc#445"),
    ("authenticated but not connected", Meaning::NotConnected, "imapsync/imapsync FAQ.Office365"),
    ("log in via your web browser", Meaning::NotAllowed(WEB_FIRST), "barbushin/php-imap#87"),
    ("web login required", Meaning::NotAllowed(WEB_FIRST), "smiley22/S22.Imap#116"),
    ("via a web browser", Meaning::NotAllowed(WEB_FIRST), "mscdex/node-imap#799"),
    ("not enabled for imap", Meaning::NotAllowed(SWITCH_IMAP_ON), PLAIN_WORDS),
    ("imap access is disabled", Meaning::NotAllowed(SWITCH_IMAP_ON), PLAIN_WORDS),
    ("imap is disabled", Meaning::NotAllowed(SWITCH_IMAP_ON), PLAIN_WORDS),
    ("too many", Meaning::Busy, PLAIN_WORDS),
    ("maximum number of connections", Meaning::Busy, PLAIN_WORDS),
    ("throttled", Meaning::Busy, "imapsync/imapsync FAQ.Office365"),
    ("rate limit", Meaning::Busy, PLAIN_WORDS),
    ("bandwidth limit", Meaning::Busy, PLAIN_WORDS),
    ("temporary", Meaning::Busy, PLAIN_WORDS),
    ("try again later", Meaning::Busy, PLAIN_WORDS),
    ("user not found", Meaning::NoSuchMailbox, PLAIN_WORDS),
    ("unknown user", Meaning::NoSuchMailbox, PLAIN_WORDS),
    ("no such user", Meaning::NoSuchMailbox, PLAIN_WORDS),
    ("mailbox does not exist", Meaning::NoSuchMailbox, PLAIN_WORDS),
];

/// Hosts whose provider asks for an app password, so a refused password is most likely the account's own. It can
/// also be a mistyped app password; the server's words stand beside the advice.
const APP_PASSWORD_HOSTS: &[(&str, &str)] = &[
    ("imap.gmail.com", GOOGLE_APP_PASSWORD),
    ("imap.mail.me.com", ANY_APP_PASSWORD),
    ("imap.mail.yahoo.com", ANY_APP_PASSWORD),
    ("imap.aol.com", ANY_APP_PASSWORD),
    ("imap.fastmail.com", FASTMAIL_APP_PASSWORD),
];

/// Reads a refusal: words first where they tell more than the response code, then the code (RFC 5530).
pub(in crate::imap) fn meaning(completion: &Completion, host: &str) -> Meaning {
    let words = completion.to_string().to_lowercase();
    if let Some((_, found, _)) = TABLE.iter().find(|(needle, ..)| words.contains(needle)) {
        return *found;
    }
    let is_busy = ["UNAVAILABLE", "INUSE", "LIMIT", "THROTTLED", "SERVERBUG"];
    if is_busy.into_iter().any(|code| completion.has_code(code)) {
        return Meaning::Busy;
    }
    if let Some((_, advice)) = APP_PASSWORD_HOSTS.iter().find(|(name, _)| *name == host) {
        return Meaning::NeedsAppPassword(advice);
    }
    let is_password = completion.has_code("AUTHENTICATIONFAILED")
        || ["invalid", "incorrect", "fail", "denied", "wrong", "bad username", "credentials"]
            .into_iter()
            .any(|needle| words.contains(needle));
    if is_password {
        return Meaning::PasswordRefused;
    }
    if completion.has_code("AUTHORIZATIONFAILED") || completion.has_code("CONTACTADMIN") {
        Meaning::NotAllowed(ASK_THE_ADMIN)
    } else {
        Meaning::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_understood() {
        let any = "mail.example.org";
        for (host, reply, expected) in [
            (any, "NO [AUTHENTICATIONFAILED] Authentication failed.", Meaning::PasswordRefused),
            (any, "NO [UNAVAILABLE] Temporary authentication failure.", Meaning::Busy),
            (any, "NO [ALERT] Maximum number of connections from user+IP exceeded", Meaning::Busy),
            (any, "NO [LIMIT] Login failed.", Meaning::Busy),
            (any, "NO [INUSE] Login failed.", Meaning::Busy),
            (any, "NO [UNAVAILABLE] Login failed.", Meaning::Busy),
            (any, "NO Login failed.", Meaning::PasswordRefused),
            (any, "NO [ALERT] Too many simultaneous connections. (Failure)", Meaning::Busy),
            (
                "imap.gmail.com",
                "NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
                Meaning::NeedsAppPassword(GOOGLE_APP_PASSWORD),
            ),
            (
                "imap.mail.me.com",
                "NO [AUTHENTICATIONFAILED] Authentication failed",
                Meaning::NeedsAppPassword(ANY_APP_PASSWORD),
            ),
            (
                "imap.gmail.com",
                "NO [ALERT] Your account is not enabled for IMAP use.",
                Meaning::NotAllowed(SWITCH_IMAP_ON),
            ),
            ("outlook.office365.com", "BAD User is authenticated but not connected.", Meaning::NotConnected),
            (
                "outlook.office365.com",
                "NO Basic authentication is disabled.",
                Meaning::NotAllowed(MICROSOFT_BASIC),
            ),
            (
                "outlook.office365.com",
                "NO LOGIN failed. Account is blocked. Login to your account via a web browser to verify your identity.",
                Meaning::NotAllowed(WEB_FIRST),
            ),
            (
                "imap.fastmail.com",
                "NO Incorrect username or password.",
                Meaning::NeedsAppPassword(FASTMAIL_APP_PASSWORD),
            ),
            (any, "NO [CONTACTADMIN] no", Meaning::NotAllowed(ASK_THE_ADMIN)),
            (any, "NO user not found", Meaning::NoSuchMailbox),
            (any, "NO because", Meaning::Unknown),
        ] {
            let completion = Completion::read(reply.as_bytes()).unwrap();
            assert_eq!(meaning(&completion, host), expected, "{reply}");
        }
    }
}
