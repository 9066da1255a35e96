//! Compares with the listings of earlier audits: a listing that returns shows that its cause was never found.

use crate::audit::comparison::is_list;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Facts, Finding, Group, Importance, Lookups, Status};

/// The finding. It tells of changes, so comparisons leave it out.
pub(in crate::audit) const ID: &str = "blocklist.history";

/// Compares what lists say with what they said before.
pub(in crate::audit) fn judge(facts: &Facts, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    let is_bad = |status: Status| matches!(status, Status::Warn | Status::Fail);
    let lists: Vec<&Finding> = findings.iter().filter(|finding| is_list(&finding.id)).collect();
    if lists.is_empty() {
        return;
    }
    lookups.begin();
    let new = |status, title: &str| Draft::new(ID, Area::BlockLists, status, Importance::Important, title);
    let Some(earlier) = &facts.earlier else {
        let words = "Later audits of this project compare what lists say with today.";
        let draft = new(Status::NotApplicable, "No earlier audit to compare lists with").words(words);
        findings.push(draft.done(lookups));
        return;
    };
    let was_bad = |id: &str| earlier.findings.get(id).is_some_and(|before| is_bad(before.status));
    let came: Vec<&&Finding> =
        lists.iter().filter(|list| is_bad(list.status) && !was_bad(&list.id)).collect();
    let titles =
        |chosen: &[&&Finding]| listed(&chosen.iter().map(|list| list.title.as_str()).collect::<Vec<_>>());
    let back: Vec<&&Finding> =
        came.iter().copied().filter(|list| earlier.ever_listed.contains(&list.id)).collect();
    let is_measured = lists.iter().any(|list| list.status == Status::Pass || is_bad(list.status));
    let draft = if !back.is_empty() {
        new(Status::Fail, "A listing has come back")
            .words(format!(
                "It was gone at the audit before this one: {}. The cause was not found, or it is somebody else on the same address.",
                titles(&back)
            ))
            .remedy(
                Effort::High,
                Changer::YouOnTheServer,
                "Look for the cause before you ask for removal again: an account with a stolen password, a form on a web site, forwarded spam.",
            )
            .group(Group::SpeaksForMoving)
    } else if !came.is_empty() {
        new(Status::Warn, "A listing is new since the last audit")
            .words(format!("{}.", titles(&came)))
            .remedy(
                Effort::Medium,
                Changer::YouOnTheServer,
                "See what left the server since then: the mail log has it.",
            )
            .group(Group::SpeaksForMoving)
    } else if is_measured {
        new(Status::Pass, "No list has a new entry for you").words("Compared with the audit before this one.")
    } else {
        new(Status::Unknown, "Whether a listing is new could not be measured")
            .words("No list answered this time.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again with another resolver.")
    };
    findings.push(draft.done(lookups));
}
