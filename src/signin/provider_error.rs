//! What a provider's refusal means (RFC 6749 section 5.2), as data.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::assets::{SignInError, read_sign_in_errors};
use crate::values::{GrantProblem, GrantTrouble};

/// Characters kept of a provider's words.
const MAX_WORDS: usize = 600;

static ERRORS: LazyLock<Vec<SignInError>> =
    // The build has already read the file with the same reader.
    LazyLock::new(|| {
        read_sign_in_errors(include_str!("../../assets/sign_in_errors.toml")).unwrap_or_default()
    });

/// The parts we read of the error object of RFC 6749 section 5.2.
#[derive(Deserialize)]
struct ErrorObject {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Reads an error and its description. Secrets of the request are removed from the words.
pub fn read_error(code: &str, description: &str) -> GrantProblem {
    let vendor = vendor_code(description);
    let lower = description.to_lowercase();
    let found = |code: &str| {
        ERRORS
            .iter()
            .find(|known| known.code == code && lower.contains(&known.words))
            .map(|known| known.means)
    };
    let trouble = vendor.and_then(found).or_else(|| found(code)).unwrap_or(GrantTrouble::NotUnderstood);
    GrantProblem { trouble, code: plain(vendor.unwrap_or(code)), words: plain(description) }
}

/// Reads the body of an unsuccessful answer.
pub fn read_error_body(status: u16, body: &[u8]) -> GrantProblem {
    match serde_json::from_slice::<ErrorObject>(body) {
        Ok(object) => {
            let problem = read_error(&object.error, &object.error_description);
            match problem.trouble {
                GrantTrouble::NotUnderstood if is_busy(status) => {
                    GrantProblem { trouble: GrantTrouble::Busy, ..problem }
                }
                _ => problem,
            }
        }
        Err(_) if is_busy(status) => GrantProblem::of(GrantTrouble::Busy, format!("HTTP status {status}")),
        Err(_) => GrantProblem::of(
            GrantTrouble::NotUnderstood,
            format!("HTTP status {status}, and no error object"),
        ),
    }
}

/// Temporary statuses: too many requests, and server errors.
pub const fn is_busy(status: u16) -> bool {
    status == 429 || status >= 500
}

/// `AADSTS` with its number, anywhere in the text.
fn vendor_code(description: &str) -> Option<&str> {
    let (_, rest) = description.split_once("AADSTS")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let start = description.len() - rest.len() - "AADSTS".len();
    description.get(start..start + "AADSTS".len() + digits).filter(|_| digits > 0)
}

/// Joins lines, removes control characters and limits the length.
fn plain(text: &str) -> String {
    let signs = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    signs.take(MAX_WORDS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_distinguished_by_number_words_and_code() {
        use GrantTrouble as T;
        for (code, description, expected, shown) in [
            (
                "invalid_grant",
                "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication. Trace ID: 1",
                T::SecondFactor,
                "AADSTS50076",
            ),
            (
                "invalid_grant",
                "AADSTS53003: Access has been blocked by Conditional Access policies.",
                T::ConditionalAccess,
                "AADSTS53003",
            ),
            (
                "invalid_grant",
                "AADSTS65001: The user or administrator has not consented to use the application",
                T::ConsentMissing,
                "AADSTS65001",
            ),
            (
                "invalid_grant",
                "AADSTS700082: The refresh token has expired due to inactivity.",
                T::Ended,
                "AADSTS700082",
            ),
            (
                "invalid_client",
                "AADSTS7000215: Invalid client secret provided.",
                T::ClientSecret,
                "AADSTS7000215",
            ),
            (
                "invalid_client",
                "AADSTS7000218: The request body must contain client_assertion",
                T::NotPublicClient,
                "AADSTS7000218",
            ),
            (
                "unauthorized_client",
                "AADSTS700016: Application was not found in the directory",
                T::ClientUnknown,
                "AADSTS700016",
            ),
            ("invalid_grant", "AADSTS99999: A number that nobody has heard of", T::Ended, "AADSTS99999"),
            ("invalid_grant", "Token has been expired or revoked.", T::Ended, "invalid_grant"),
            (
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes)",
                T::Clock,
                "invalid_grant",
            ),
            ("invalid_grant", "Invalid JWT Signature.", T::ClientSecret, "invalid_grant"),
            (
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
                T::DelegationMissing,
                "unauthorized_client",
            ),
            ("access_denied", "", T::Declined, "access_denied"),
            ("expired_token", "", T::TooLate, "expired_token"),
            ("something_else", "AADSTS without a number", T::NotUnderstood, "something_else"),
        ] {
            let problem = read_error(code, description);
            assert_eq!((problem.trouble, problem.code.as_str()), (expected, shown), "{description}");
            assert_eq!(problem.words, description);
        }
    }

    #[test]
    fn bodies_of_any_kind_are_read() {
        let read = |status, body: &str| read_error_body(status, body.as_bytes());
        assert_eq!(read(400, r#"{"error":"invalid_grant"}"#).trouble, GrantTrouble::Ended);
        assert_eq!(read(503, "<html>busy</html>").trouble, GrantTrouble::Busy);
        assert_eq!(read(429, r#"{"error":"slow_down_please"}"#).trouble, GrantTrouble::Busy);
        let odd = read(400, "<html>refresh-token-of-anna</html>");
        assert_eq!(odd.trouble, GrantTrouble::NotUnderstood);
        assert!(!odd.to_string().contains("anna"), "{odd}");
        let long = read(
            400,
            &format!("{{\"error\":\"x\\u0000\\n\",\"error_description\":\"{}\"}}", "y".repeat(5_000)),
        );
        assert!(long.words.len() == MAX_WORDS && !long.code.contains('\n'), "{long:?}");
        assert!(read(503, "").is_temporary() && !read(400, "").is_temporary());
    }
}
