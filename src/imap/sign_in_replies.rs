//! What servers say when they refuse a sign-in, and what they mean by it.

use super::completion::Completion;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    PasswordRefused,
    /// With where to make one.
    NeedsAppPassword(&'static str),
    NoSuchMailbox,
    /// With what to do about it.
    NotAllowed(&'static str),
    Busy,
    Unknown,
}

const GOOGLE_APP_PASSWORD: &str =
    "Google account, Security, 2-Step Verification, App passwords: make one per mailbox";
const APPLE_APP_PASSWORD: &str =
    "account.apple.com, Sign-In and Security, App-Specific Passwords: make one per mailbox";
const YAHOO_APP_PASSWORD: &str = "Account security, Generate app password: make one per mailbox";
const FASTMAIL_APP_PASSWORD: &str =
    "Settings, Privacy & Security, App passwords; choose IMAP access: make one per mailbox";
const ANY_APP_PASSWORD: &str =
    "make an app password in the security settings of the mailbox, and use it here";
const MICROSOFT_BASIC: &str =
    "Microsoft 365 takes no passwords over IMAP; signing in through the browser is needed";
const SWITCH_IMAP_ON: &str = "switch IMAP on in the settings of the mailbox, or have the admin do it";
const WEB_FIRST: &str = "sign in once in the browser, and confirm that it was you";
const MICROSOFT_NOT_CONNECTED: &str =
    "the password is wrong, or the admin account has no right to this mailbox: the server does not say which";

/// Words in refusals, in lower case, most telling first. Sources: the providers' own help pages and imapsync's
/// `FAQ.Authentication_failure`, `FAQ.Gmail`, `FAQ.Office365`, `FAQ.Exchange`; Dovecot's source for its own.
const TABLE: &[(&str, Meaning)] = &[
    ("application-specific password", Meaning::NeedsAppPassword(GOOGLE_APP_PASSWORD)),
    ("app-specific password", Meaning::NeedsAppPassword(APPLE_APP_PASSWORD)),
    ("app password", Meaning::NeedsAppPassword(ANY_APP_PASSWORD)),
    ("basicauthblocked", Meaning::NotAllowed(MICROSOFT_BASIC)),
    ("basic authentication is disabled", Meaning::NotAllowed(MICROSOFT_BASIC)),
    ("authenticated but not connected", Meaning::NotAllowed(MICROSOFT_NOT_CONNECTED)),
    ("not enabled for imap", Meaning::NotAllowed(SWITCH_IMAP_ON)),
    ("imap access is disabled", Meaning::NotAllowed(SWITCH_IMAP_ON)),
    ("imap is disabled", Meaning::NotAllowed(SWITCH_IMAP_ON)),
    ("web login required", Meaning::NotAllowed(WEB_FIRST)),
    ("log in via your web browser", Meaning::NotAllowed(WEB_FIRST)),
    ("too many", Meaning::Busy),
    ("maximum number of connections", Meaning::Busy),
    ("throttled", Meaning::Busy),
    ("rate limit", Meaning::Busy),
    ("bandwidth limit", Meaning::Busy),
    ("temporary", Meaning::Busy),
    ("try again later", Meaning::Busy),
    ("user not found", Meaning::NoSuchMailbox),
    ("unknown user", Meaning::NoSuchMailbox),
    ("no such user", Meaning::NoSuchMailbox),
    ("mailbox does not exist", Meaning::NoSuchMailbox),
];

/// Hosts where the account's own password never works over IMAP, so a refused one is most likely that.
const APP_PASSWORD_HOSTS: &[(&str, &str)] = &[
    ("imap.gmail.com", GOOGLE_APP_PASSWORD),
    ("imap.mail.me.com", APPLE_APP_PASSWORD),
    ("imap.mail.yahoo.com", YAHOO_APP_PASSWORD),
    ("imap.aol.com", YAHOO_APP_PASSWORD),
    ("imap.fastmail.com", FASTMAIL_APP_PASSWORD),
];

/// Reads a refusal: words first where they tell more than the response code, then the code (RFC 5530).
pub(super) fn meaning(completion: &Completion, host: &str) -> Meaning {
    let words = completion.to_string().to_lowercase();
    if let Some((_, found)) = TABLE.iter().find(|(needle, _)| words.contains(needle)) {
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
        Meaning::NotAllowed(SWITCH_IMAP_ON)
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
                Meaning::NeedsAppPassword(APPLE_APP_PASSWORD),
            ),
            (
                "imap.gmail.com",
                "NO [ALERT] Your account is not enabled for IMAP use.",
                Meaning::NotAllowed(SWITCH_IMAP_ON),
            ),
            (
                "outlook.office365.com",
                "BAD User is authenticated but not connected.",
                Meaning::NotAllowed(MICROSOFT_NOT_CONNECTED),
            ),
            (any, "NO user not found", Meaning::NoSuchMailbox),
            (any, "NO because", Meaning::Unknown),
        ] {
            let completion = Completion::read(reply.as_bytes()).unwrap();
            assert_eq!(meaning(&completion, host), expected, "{reply}");
        }
    }
}
