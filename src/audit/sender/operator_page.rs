//! C7: a web page under the name of the mail host that says who runs it. Deutsche Telekom requires one (rules for senders,
//! section 4.1) before it accepts mail from an unknown server.

use super::rule::{NameState, first_named};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::web_targets::web_evidence;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::WebOutcome;

/// Lines that are kept of a page, and characters of each.
const MAX_LINES: usize = 10;
const MAX_LINE: usize = 200;
/// Words that stand where somebody says who he is, in lower case.
const SIGNS: [&str; 12] = [
    "mailto:",
    "impressum",
    "imprint",
    "kontakt",
    "contact",
    "betreiber",
    "operator",
    "postmaster",
    "abuse@",
    "tel:",
    "telefon",
    "phone",
];

/// The page of the first sending address that has a name; asks for its addresses on the way.
pub(in crate::audit) fn operator_url(context: &Context<'_>) -> Option<String> {
    let named = first_named(context)?;
    let NameState::Confirmed(name) = named.name else { return None };
    context.lookups.addresses(name);
    Some(format!("https://{name}/"))
}

/// The lines of a page that tell whom to turn to, as written.
pub fn contact_lines(page: &str) -> Vec<String> {
    let is_contact = |line: &&str| {
        let line: String = line.chars().take(4_000).collect::<String>().to_lowercase();
        SIGNS.iter().any(|sign| line.contains(sign))
    };
    let lines = page.lines().map(str::trim).filter(is_contact).take(MAX_LINES);
    lines.map(|line| line.chars().filter(|letter| !letter.is_control()).take(MAX_LINE).collect()).collect()
}

/// Judges the page, where somebody has looked for it.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(url) = operator_url(context) else { return };
    context.lookups.begin();
    let Some(file) = context.facts.web_file(&url) else { return };
    let asks = is_asked_for(context);
    let new = |status, title: String| {
        Draft::new("sender.operator-page", Area::SendingAddress, status, Importance::Minor, title)
            .reference("T-Online, rules for senders", "https://postmaster.t-online.de/")
    };
    let missing = |why: &str| {
        let status = if asks { Status::Warn } else { Status::Info };
        new(status, format!("No page at {url} says who runs the server"))
            .words(format!("{why} Deutsche Telekom (T-Online) asks for a page with a contact under the name of the server before it takes mail from an address that it does not know."))
            .remedy(Effort::Low, Changer::YouOnTheServer, "Put a page there with your name, a postal address, and an address for mail.")
    };
    let draft = match &file.outcome {
        WebOutcome::Fetched { text, .. } if !text.trim().is_empty() => {
            let lines: Vec<&str> = text.lines().take(3).collect();
            new(Status::Pass, format!("A page at {url} says who runs the server"))
                .words(format!("Found on it: {}.", listed(&lines)))
        }
        WebOutcome::Fetched { .. } => missing("There is a page, and no contact was found on it."),
        WebOutcome::Status { code } => missing(&format!("The web server answers with status {code}.")),
        WebOutcome::NotTrusted { .. } => missing("The certificate of the web server is not valid."),
        WebOutcome::Redirected { to } => new(Status::Info, format!("{url} leads on to {to}"))
            .words("Whether that page says who runs the mail server was not checked. Deutsche Telekom (T-Online) wants a contact there."),
        WebOutcome::TooLarge => new(Status::Info, format!("There is a page at {url}"))
            .words("It is so large that it was not read. Deutsche Telekom (T-Online) wants a contact there."),
        WebOutcome::Timeout | WebOutcome::NotReached { .. } => {
            new(Status::Unknown, format!("Whether a page at {url} says who runs the server could not be measured"))
                .words("No web server was reached under the name. Where there is none, Deutsche Telekom (T-Online) asks for one before it takes mail.")
                .remedy(Effort::Low, Changer::YouOnTheServer, "Open the address in a browser. If nothing is there and you write to people at T-Online, put a page with a contact there.")
        }
    };
    let mut finding = draft.done(&context.lookups);
    finding.evidence.push(web_evidence(file));
    findings.push(finding);
}

/// Whether the domain writes to people at T-Online, or is a German one and most likely does.
fn is_asked_for(context: &Context<'_>) -> bool {
    let evidence = context.facts.evidence.as_ref();
    let receivers = evidence.map(|evidence| evidence.receivers.as_slice()).unwrap_or_default();
    receivers.iter().any(|receiver| receiver.id == "t-online")
        || context.facts.domain.dns().labels().next_back() == Some("de")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_contact_are_kept() {
        let page = "<html>\n<p>Welcome</p>\n  <a href=\"/impressum\">Impressum</a>\r\n<p>Postmaster: anna at weber</p>";
        assert_eq!(
            contact_lines(page),
            ["<a href=\"/impressum\">Impressum</a>", "<p>Postmaster: anna at weber</p>"]
        );
        assert!(contact_lines("<h1>It works!</h1>").is_empty());
    }
}
