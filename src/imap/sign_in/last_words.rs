//! What the last words of a server that lets nobody in say about another try. The words are data; everybody else asks for the
//! meaning.

/// What a server's last words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWords {
    /// The server has failed on its own, which passes.
    Fault,
    /// It has too much to do, or lets in no more connections, which passes.
    Load,
    /// They are about who signs in: the same again might lock the account.
    AboutSignIn,
    /// Nothing that is known.
    Unknown,
}

/// Codes and words of trouble that passes, in lower case, the most telling first: response codes of RFC 5530, and words at
/// their plain meaning.
const PASSING: [(&str, LastWords); 17] = [
    ("[serverbug]", LastWords::Fault),
    ("[unavailable]", LastWords::Fault),
    ("[inuse]", LastWords::Load),
    ("[limit]", LastWords::Load),
    ("[throttled]", LastWords::Load),
    ("too many", LastWords::Load),
    ("maximum number of connections", LastWords::Load),
    ("throttled", LastWords::Load),
    ("rate limit", LastWords::Load),
    ("bandwidth limit", LastWords::Load),
    ("busy", LastWords::Load),
    ("overload", LastWords::Load),
    ("internal error", LastWords::Fault),
    ("shutting down", LastWords::Fault),
    ("temporar", LastWords::Fault),
    ("try again", LastWords::Load),
    ("try later", LastWords::Load),
];
/// Words that are about who signs in, in lower case.
const ABOUT_SIGN_IN: [&str; 12] = [
    "password",
    "credential",
    "invalid",
    "incorrect",
    "authentication failed",
    "login failed",
    "failed login",
    "login failure",
    "authentication failure",
    "attempt",
    "blocked",
    "denied",
];

impl LastWords {
    /// Reads a server's words.
    pub fn of(words: &str) -> Self {
        let said = words.to_lowercase();
        let has_code = PASSING.iter().any(|(code, _)| code.starts_with('[') && said.starts_with(code));
        let is_about_sign_in =
            ABOUT_SIGN_IN.iter().any(|part| said.contains(part)) && !said.contains("temporar");
        // A code speaks for itself, but for that of one who has tried too often.
        if is_about_sign_in && (!has_code || said.contains("too many")) {
            return Self::AboutSignIn;
        }
        PASSING.iter().find(|(part, _)| said.contains(part)).map_or(Self::Unknown, |(_, meaning)| *meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_distinguished_from_what_is_about_the_sign_in() {
        for (words, expected) in [
            ("[UNAVAILABLE] Login failed.", LastWords::Fault),
            ("[SERVERBUG] Internal error", LastWords::Fault),
            ("Temporary authentication failure", LastWords::Fault),
            ("Server shutting down", LastWords::Fault),
            ("[INUSE] Login failed.", LastWords::Load),
            ("too many connections", LastWords::Load),
            ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", LastWords::Load),
            ("[LIMIT] Too many invalid passwords", LastWords::AboutSignIn),
            ("Too many failed login attempts, try again later", LastWords::AboutSignIn),
            ("Authentication failed, try again", LastWords::AboutSignIn),
            ("sorry", LastWords::Unknown),
        ] {
            assert_eq!(LastWords::of(words), expected, "{words}");
        }
    }
}
