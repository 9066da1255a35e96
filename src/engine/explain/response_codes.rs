//! What a server means by a response code (RFC 5530), and what can be done about it: one table for every place.

/// A response code in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseCode {
    /// Its name, in upper case.
    pub(super) name: &'static str,
    /// What the server means, as a sentence.
    pub(super) meaning: &'static str,
    /// What can be done, and what comes of it.
    pub(super) way_out: (&'static str, &'static str),
}

const fn code(
    name: &'static str,
    meaning: &'static str,
    way_out: (&'static str, &'static str),
) -> ResponseCode {
    ResponseCode { name, meaning, way_out }
}

/// The codes of RFC 5530 section 3 in its order, then READ-ONLY (RFC 3501 section 7.1).
const TABLE: [ResponseCode; 18] = [
    code(
        "UNAVAILABLE",
        "A part of the server that this needs is out of order for the moment.",
        ("Wait some minutes, then try again", "Ask whoever runs the server where it lasts"),
    ),
    code(
        "AUTHENTICATIONFAILED",
        "User name or password is wrong, or the server does not say which.",
        ("Enter user name and password again", "In the mailbox’s row, or by an option of the command"),
    ),
    code(
        "AUTHORIZATIONFAILED",
        "The password is right, and this user may not act for the mailbox.",
        ("Give the user the right to this mailbox", "At the server; or sign in as the mailbox itself"),
    ),
    code(
        "EXPIRED",
        "The password or the account was right once and has expired.",
        ("Set a new password at the server", "Or have the account prolonged, then enter it here"),
    ),
    code(
        "PRIVACYREQUIRED",
        "The server allows this only over an encrypted connection.",
        ("Use TLS (port 993)", "In the server’s address"),
    ),
    code(
        "CONTACTADMIN",
        "The server asks that its admin be spoken to: only they can say what is in the way.",
        ("Ask the admin of the server", "Show them the server’s words"),
    ),
    code(
        "NOPERM",
        "The user has no right to do this.",
        ("Have the right given at the server", "Its admin, or the owner of a shared folder, can do that"),
    ),
    code(
        "INUSE",
        "Another program uses the mailbox or folder, and the server lets only one at it.",
        ("Close other programs that use it, then try again", "A mail program, or another copy"),
    ),
    code(
        "EXPUNGEISSUED",
        "Somebody has deleted messages there in the meantime.",
        ("Try again", "The folder is then read as it is now"),
    ),
    code(
        "CORRUPTION",
        "The server has found its own files of this mailbox damaged.",
        ("Have the mailbox repaired by whoever runs the server", "Then try again"),
    ),
    code(
        "SERVERBUG",
        "The server has run into a fault of its own.",
        ("Ask whoever runs the server to look into its log", "Or try again later"),
    ),
    code(
        "CLIENTBUG",
        "The server takes what this program has asked for a mistake of the program.",
        ("Copy the details and report them", "Together with the name of the server’s software"),
    ),
    code(
        "CANNOT",
        "The server never does this, whoever asks: a name or a kind of folder that it does not have, for example.",
        ("Give the folder another name in the plan, or leave it out", "Trying again changes nothing"),
    ),
    code(
        "LIMIT",
        "A limit that the server sets was reached, such as one on connections, folders or sizes.",
        (
            "Ask whoever runs the server which limit it is",
            "Limits on connections and speed lift by themselves",
        ),
    ),
    code(
        "OVERQUOTA",
        "The account has no room for more.",
        ("Get more room at the provider", "A larger plan, or delete what is not needed there"),
    ),
    code(
        "ALREADYEXISTS",
        "Something of that name is there already.",
        ("Look at it at the provider, or choose another name in the plan", "Nothing was changed there"),
    ),
    code(
        "NONEXISTENT",
        "What was asked for is not there, or not any more.",
        ("Count the folders again", "The plan then holds what is there now"),
    ),
    code(
        "READ-ONLY",
        "The server opens this folder for reading only.",
        ("Have the right to write given at the server", "Whoever owns the folder can do that"),
    ),
];

/// What a server means whose words begin with a code, as in `NO [CONTACTADMIN] no`; `None` where they have none of these.
pub(super) fn response_code(words: &str) -> Option<&'static ResponseCode> {
    let (before, rest) = words.split_once('[')?;
    // Brackets later on are part of the words.
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
            let words = format!("{} {} {}", found.meaning, found.way_out.0, found.way_out.1);
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
