//! Which flags a destination cannot keep, known before anything is copied.

use crate::imap::{ImapError, Session};

/// Flags that people see, with what mail programs call them (RFC 3501 section 2.3.2).
const SEEN_BY_PEOPLE: [&str; 4] = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft"];

/// A sentence about flags that the destination cannot keep, as its inbox tells them; `None` where it keeps all, or says
/// nothing of it.
pub async fn flags_remark(destination: &mut Session) -> Option<String> {
    match destination.select("INBOX").await {
        Ok(opened) => {
            destination.unselect();
            remark(opened.permanent_flags.as_deref()?)
        }
        // A problem with the inbox is reported when mail is copied into it.
        Err(ImapError::Refused { completion, .. }) => {
            tracing::info!(%completion, "cannot find out which flags the destination keeps");
            None
        }
        Err(error) => {
            tracing::info!(%error, "cannot find out which flags the destination keeps");
            None
        }
    }
}

/// The sentence for these PERMANENTFLAGS. An empty list is what servers say that do not tell.
fn remark(permanent: &[String]) -> Option<String> {
    if permanent.is_empty() {
        return None;
    }
    let has = |flag: &str| permanent.iter().any(|kept| kept.eq_ignore_ascii_case(flag));
    let mut lost: Vec<&str> = SEEN_BY_PEOPLE.into_iter().filter(|flag| !has(flag)).collect();
    if !has("\\*") {
        lost.push("keywords other than its own");
    }
    (!lost.is_empty()).then(|| {
        format!(
            "The destination cannot keep all flags; copies will lack {}. The verification lists the \
             messages concerned",
            lost.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_get_lost_are_reported_before_the_copy() {
        let told = |flags: &[&str]| {
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            remark(&flags)
        };
        assert_eq!(told(&["\\Answered", "\\Flagged", "\\Draft", "\\Seen", "\\*"]), None);
        assert_eq!(told(&[]), None, "nothing is said");
        let words = told(&["\\answered", "\\seen", "\\Draft", "$Forwarded"]).unwrap();
        assert!(
            words.contains("all flags; copies will lack \\Flagged, keywords other than its own."),
            "{words}"
        );
    }
}
