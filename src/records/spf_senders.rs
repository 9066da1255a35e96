//! Says who is behind the SPF terms that many domains have. It uses only names that the term itself carries.

use super::spf_terms::{Term, TermKind};

/// Ends of `include:` targets and the service that owns the domain.
const SERVICES: [(&str, &str); 18] = [
    ("spf.protection.outlook.com", "Microsoft 365"),
    ("_spf.google.com", "Google Workspace"),
    ("messagingengine.com", "Fastmail"),
    ("mailbox.org", "mailbox.org"),
    ("migadu.com", "Migadu"),
    ("protonmail.ch", "Proton Mail"),
    ("mcsv.net", "Mailchimp"),
    ("mandrillapp.com", "Mandrill"),
    ("sendgrid.net", "SendGrid"),
    ("mailgun.org", "Mailgun"),
    ("amazonses.com", "Amazon SES"),
    ("sparkpostmail.com", "SparkPost"),
    ("salesforce.com", "Salesforce"),
    ("zendesk.com", "Zendesk"),
    ("mailjet.com", "Mailjet"),
    ("brevo.com", "Brevo"),
    ("zoho.com", "Zoho"),
    ("icloud.com", "iCloud"),
];

/// Who that is; empty where nobody is known by that name.
pub(super) fn who(term: &Term) -> &'static str {
    let host = match &term.kind {
        TermKind::Include(host) | TermKind::A(Some(host), _) | TermKind::Mx(Some(host), _) => host,
        TermKind::Ip(_) => return "An address without a name",
        TermKind::Exists => return "Decided per message by a lookup",
        _ => return "",
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_of =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    SERVICES.iter().find(|(domain, _)| is_of(domain)).map_or("", |(_, name)| name)
}
