//! Reads what the browser sends to the loopback address (RFC 6749 section 4.1.2, RFC 8252 section 7.3). Pure: a line in, its
//! meaning out.

use url::Url;

use super::provider_error::read_error;
use crate::values::{GrantProblem, Secret};

/// Longest first line of a request that is read; codes have some hundred characters.
pub const MAX_LINE: usize = 16 * 1024;

/// The meaning of one request of the browser.
#[derive(Debug, PartialEq, Eq)]
pub enum BrowserReply {
    /// The code, with the right state.
    Code(Secret),
    /// The provider said no, with the right state.
    Refused(GrantProblem),
    /// An answer to another sign-in: a second tab, an earlier attempt, or somebody else.
    OtherState,
    /// Not an answer, such as the browser's request for an icon.
    Other,
}

/// Reads the first line of a request, such as `GET /?code=…&state=… HTTP/1.1`.
pub fn read_reply(line: &str, state: &str) -> BrowserReply {
    let mut words = line.split(' ');
    let (Some("GET"), Some(target), Some(_version)) = (words.next(), words.next(), words.next()) else {
        return BrowserReply::Other;
    };
    // The host does not matter, and only a path is allowed here.
    let Some(url) =
        target.starts_with('/').then(|| Url::parse(&format!("http://127.0.0.1{target}")).ok()).flatten()
    else {
        return BrowserReply::Other;
    };
    if url.path() != "/" {
        return BrowserReply::Other;
    }
    let value =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let (code, error) = (value("code"), value("error"));
    if code.is_none() && error.is_none() {
        return BrowserReply::Other;
    }
    // Checked before anything else in the request.
    if value("state").as_deref() != Some(state) {
        return BrowserReply::OtherState;
    }
    match (error, code) {
        (Some(error), _) => {
            BrowserReply::Refused(read_error(&error, &value("error_description").unwrap_or_default()))
        }
        (None, Some(code)) if !code.is_empty() => BrowserReply::Code(Secret::new(code)),
        (None, _) => BrowserReply::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::GrantTrouble;

    #[test]
    fn only_the_answer_to_this_sign_in_counts() {
        let read = |target: &str| read_reply(&format!("GET {target} HTTP/1.1"), "s1");
        assert_eq!(read("/?code=a%2Fb&state=s1"), BrowserReply::Code(Secret::new("a/b")));
        assert_eq!(read("/?code=a&state=s2"), BrowserReply::OtherState);
        assert_eq!(read("/?code=a"), BrowserReply::OtherState);
        assert_eq!(read("/?error=access_denied"), BrowserReply::OtherState);
        let refused = read("/?error=access_denied&error_description=no+thanks&state=s1&code=a");
        let BrowserReply::Refused(problem) = refused else { unreachable!("{refused:?}") };
        assert_eq!((problem.trouble, problem.words.as_str()), (GrantTrouble::Declined, "no thanks"));
        for other in [
            "/favicon.ico",
            "/",
            "/?state=s1",
            "/?code=&state=s1",
            "/x?code=a&state=s1",
            "http://evil/?code=a&state=s1",
        ] {
            assert_eq!(read(other), BrowserReply::Other, "{other}");
        }
        for line in ["", "GET", "POST /?code=a&state=s1 HTTP/1.1", "GET /?code=a&state=s1"] {
            assert_eq!(read_reply(line, "s1"), BrowserReply::Other, "{line}");
        }
    }
}
