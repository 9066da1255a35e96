//! The response codes of RFC 5530: what each one means and what to do about it. Every room uses this one table.

use crate::engine::api::user_error::{Advice, advice};

/// A response code in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseCode {
    /// Its name, in upper case.
    pub(super) name: &'static str,
    /// Its meaning, as a sentence.
    pub(super) meaning: &'static str,
    /// What to do about it.
    pub(super) way_out: Advice,
}

const fn code(name: &'static str, meaning: &'static str, way_out: Advice) -> ResponseCode {
    ResponseCode { name, meaning, way_out }
}

/// The codes of RFC 5530 section 3 in its order, then READ-ONLY (RFC 3501 section 7.1).
const TABLE: [ResponseCode; 18] = [
    code(
        "UNAVAILABLE",
        "A part of the server that this needs is temporarily down.",
        advice("Wait a few minutes, then try again", "If it persists, ask the server’s admin"),
    ),
    code(
        "AUTHENTICATIONFAILED",
        "The user name or the password is wrong; the server does not say which.",
        advice(
            "Enter the user name and password again",
            "In the mailbox’s row, or with a command-line option",
        ),
    ),
    code(
        "AUTHORIZATIONFAILED",
        "The password is correct, but this user may not act for the mailbox.",
        advice("Give the user access to this mailbox", "On the server; or sign in as the mailbox itself"),
    ),
    code(
        "EXPIRED",
        "The password or the account has expired.",
        advice("Set a new password on the server and enter it here", "Or have the account renewed"),
    ),
    code(
        "PRIVACYREQUIRED",
        "The server allows this only over an encrypted connection.",
        advice("Use TLS (port 993)", "In the server’s address"),
    ),
    code(
        "CONTACTADMIN",
        "The server refers you to its admin, who alone can say what is wrong.",
        advice("Ask the server’s admin", "Show them the server’s words"),
    ),
    code(
        "NOPERM",
        "The user does not have permission to do this.",
        advice(
            "Have the permission granted on the server",
            "Its admin, or the owner of a shared folder, can do that",
        ),
    ),
    code(
        "INUSE",
        "Another program is using the mailbox or folder, and the server allows only one at a time.",
        advice("Close other programs that use it, then try again", "A mail program, or another copy"),
    ),
    code(
        "EXPUNGEISSUED",
        "Messages there were deleted in the meantime.",
        advice("Try again", "The folder is then read afresh"),
    ),
    code(
        "CORRUPTION",
        "The server found that its own files for this mailbox are damaged.",
        advice("Have the server’s admin repair the mailbox", "Then try again"),
    ),
    code(
        "SERVERBUG",
        "The server ran into an internal error.",
        advice("Ask the server’s admin to look at its log", "Or try again later"),
    ),
    code(
        "CLIENTBUG",
        "The server considers Mailferry’s command a mistake.",
        advice("Copy the details and report them", "Along with the name of the server software"),
    ),
    code(
        "CANNOT",
        "The server never allows this, whoever asks; it may be a folder name or type it does not support.",
        advice("Give the folder another name in the plan, or leave it out", "Trying again changes nothing"),
    ),
    code(
        "LIMIT",
        "A limit of the server was reached, for example on connections, folders or sizes.",
        advice(
            "Ask the server’s admin which limit it is",
            "Limits on connections and speed reset on their own",
        ),
    ),
    code(
        "OVERQUOTA",
        "The account has no space left.",
        advice("Get more space at the provider", "Take a larger plan, or delete what is not needed there"),
    ),
    code(
        "ALREADYEXISTS",
        "Something of that name already exists.",
        advice("Look at it at the provider, or choose another name in the plan", "Nothing was changed there"),
    ),
    code(
        "NONEXISTENT",
        "It does not exist, or no longer exists.",
        advice("Count the folders again", "The plan then shows what is there now"),
    ),
    code(
        "READ-ONLY",
        "The server opens this folder read-only.",
        advice("Have write permission granted on the server", "The folder’s owner can do that"),
    ),
];

/// Looks up the code at the beginning of a server's words, as in `NO [CONTACTADMIN] no`; `None` if there is none of these.
pub(super) fn response_code(words: &str) -> Option<&'static ResponseCode> {
    let (before, rest) = words.split_once('[')?;
    // Brackets further on belong to the text.
    if before.split_whitespace().count() > 1 {
        return None;
    }
    let name = rest.split([']', ' ']).next()?;
    TABLE.iter().find(|code| code.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_standard_has_words_of_its_own() {
        let names = [
            "UNAVAILABLE",
            "AUTHENTICATIONFAILED",
            "AUTHORIZATIONFAILED",
            "EXPIRED",
            "PRIVACYREQUIRED",
            "CONTACTADMIN",
            "NOPERM",
            "INUSE",
            "EXPUNGEISSUED",
            "CORRUPTION",
            "SERVERBUG",
            "CLIENTBUG",
            "CANNOT",
            "LIMIT",
            "OVERQUOTA",
            "ALREADYEXISTS",
            "NONEXISTENT",
            "READ-ONLY",
        ];
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            let found = response_code(&format!("NO [{name}] no")).unwrap();
            assert_eq!(found.name, name);
            assert_eq!(response_code(&format!("[{} more] no", name.to_lowercase())), Some(found));
            assert!(seen.insert(found.meaning) && found.meaning.ends_with('.'), "{name}");
            let words = format!("{} {} {}", found.meaning, found.way_out.what, found.way_out.consequence);
            assert!(!words.to_lowercase().contains("network"), "{name}: {words}");
        }
        assert_eq!(TABLE.len(), names.len());
    }

    #[test]
    fn only_a_code_in_front_counts() {
        for words in ["NO [ALERT] no", "NO no [LIMIT] of ours", "no words", "", "NO [", "NO LIMIT"] {
            assert_eq!(response_code(words), None, "{words}");
        }
    }
}
