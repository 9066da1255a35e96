//! Judges the registration of the domain: its age, its expiry, and whether it is locked or on hold.

use super::network_rule::{day, evidence, silence_words};
use super::rdap::{DomainRegistration, RdapSaid};
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::UnixTime;

const ID: &str = "domain.registration";
const DAY: i64 = 86_400;
/// Younger domains are distrusted.
const YOUNG_DAYS: i64 = 90;
/// Less time than this to renew is little.
const SOON_DAYS: i64 = 60;
/// States in which the name is not in the DNS, or about to leave it (RFC 8056).
const DEAD_STATES: [&str; 5] =
    ["client hold", "server hold", "pending delete", "redemption period", "inactive"];

/// One finding.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    context.lookups.begin();
    let new = |status, importance, title: String| {
        Draft::new(ID, Area::Zone, status, importance, title).group(Group::TravelsWithYou)
    };
    let Some(lookup) = &context.facts.registration else {
        let draft =
            new(Status::NotApplicable, Importance::Minor, "The registration was not looked up".to_owned())
                .words("Registries are asked only where the audit may ask more than the DNS.");
        findings.push(draft.done(&context.lookups));
        return;
    };
    let draft = match &lookup.said {
        RdapSaid::Found(registration) => found(context, registration, new),
        RdapSaid::Silent(silence) => {
            let title = "The registration could not be looked up".to_owned();
            new(Status::Unknown, Importance::Minor, title)
                .words(format!("Nothing can be said: {}.", silence_words(silence)))
                .remedy(
                    Effort::Low,
                    Changer::Nobody,
                    "Your registrar’s page shows when the domain ends and whether it is locked.",
                )
        }
    };
    let draft = draft.evidence(evidence(lookup, "domain", |found| {
        let mut data = vec![found.name.clone()];
        data.extend(found.registered.map(|time| format!("registered: {}", day(time))));
        data.extend(found.expires.map(|time| format!("ends: {}", day(time))));
        data.extend(found.registrar.iter().map(|name| format!("registrar: {name}")));
        data.extend(found.states.iter().map(|state| format!("state: {state}")));
        data
    }));
    let reference = ("RFC 9083, section 5.3", "https://www.rfc-editor.org/rfc/rfc9083#section-5.3");
    findings.push(draft.reference(reference.0, reference.1).done(&context.lookups));
}

fn found(
    context: &Context<'_>,
    registration: &DomainRegistration,
    new: impl Fn(Status, Importance, String) -> Draft,
) -> Draft {
    let now = context.facts.at;
    let days_to = |time: UnixTime| (time.0 - now.0).div_euclid(DAY);
    let name = &registration.name;
    if let Some(state) = registration.states.iter().find(|state| DEAD_STATES.contains(&state.as_str())) {
        return new(
            Status::Fail,
            Importance::VeryImportant,
            format!("The registry holds {name} back: {state}"),
        )
        .words("In this state the name is not in the DNS, or will leave it soon; then no mail arrives.")
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            "Ask your registrar today what it waits for: a renewal, or a confirmed address.",
        );
    }
    if let Some(end) = registration.expires.filter(|end| days_to(*end) < SOON_DAYS) {
        let (status, title) = if days_to(end) < 0 {
            (Status::Fail, format!("The registration of {name} ended on {}", day(end)))
        } else {
            (Status::Warn, format!("The registration of {name} ends on {}", day(end)))
        };
        return new(status, Importance::VeryImportant, title)
            .words("A name that is not renewed goes to somebody else, with all mail that is sent to it.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Renew it at your registrar, and turn on automatic renewal. Do not move mail before that.",
            );
    }
    if let Some(begin) = registration.registered.filter(|begin| -days_to(*begin) < YOUNG_DAYS) {
        return new(Status::Warn, Importance::Important, format!("{name} was registered on {}", day(begin)))
            .words(
                "Receivers distrust mail from young domains. That wears off on its own within three months.",
            )
            .remedy(Effort::Low, Changer::Nobody, "Send little at first, and to people who answer.");
    }
    let Some(begin) = registration.registered else {
        return new(Status::Info, Importance::Minor, format!("{name} is registered"))
            .words("The registry does not tell since when.");
    };
    let is_locked = registration.states.iter().any(|state| state.ends_with("transfer prohibited"));
    let lock = if is_locked {
        " It is locked against being taken to another registrar."
    } else {
        " It is not marked as locked; many registrars lock it at no cost."
    };
    let end = registration.expires.map_or_else(String::new, |end| format!(" and ends on {}", day(end)));
    new(Status::Pass, Importance::Minor, format!("{name} is registered since {}{end}", day(begin)))
        .words(format!("Old enough to be trusted, and not about to end.{lock}"))
}
