//! Judges the listed neighbours of the sending addresses. They are only checked with consent.

use super::range::{AddressRange, CellState, address_ranges};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::Senders;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};

/// One listed neighbour in this many is a bad neighbourhood.
const MANY: usize = 10;
/// Fewer than this are single cases, whatever their share.
const SOME: usize = 4;

/// One finding about all ranges.
pub(super) fn judge(context: &Context<'_>, senders: &Senders, findings: &mut Vec<Finding>) {
    context.lookups.begin();
    if senders.addresses.is_empty() {
        return;
    }
    let new = |status, importance, title: String| {
        Draft::new("neighbours.listed", Area::BlockLists, status, importance, title)
            .group(Group::SpeaksForMoving)
    };
    if context.facts.neighbourhoods.is_empty() {
        let draft = new(Status::NotApplicable, Importance::Minor, "The neighbours were not asked about".to_owned())
            .words("Some receivers judge a whole address range. Checking the neighbours takes hundreds of queries, so it happens only if you ask for it, slowly, and with a few lists.");
        findings.push(draft.done(&context.lookups));
        return;
    }
    let ranges: Vec<AddressRange> =
        address_ranges(context.facts).into_iter().filter(|range| !range.lists_asked.is_empty()).collect();
    let draft = if ranges.is_empty() {
        new(Status::Unknown, Importance::Minor, "Nothing is known of the neighbours".to_owned())
            .words("None of the lists that may be asked about neighbours works from here. This is not a clean result.")
            .remedy(Effort::Low, Changer::Nobody, "Run it again through another resolver.")
    } else {
        describe(&ranges, new)
    };
    findings.push(draft.done(&context.lookups));
}

fn describe(ranges: &[AddressRange], new: impl Fn(Status, Importance, String) -> Draft) -> Draft {
    let asked: usize = ranges.iter().map(|range| range.neighbours().count()).sum();
    let hits: usize = ranges.iter().map(AddressRange::listed).sum();
    let unknown: usize = ranges.iter().map(|range| range.count(CellState::Unknown)).sum();
    let names: Vec<&str> = ranges.iter().map(|range| range.range.as_str()).collect();
    let names = listed(&names);
    let words = ranges
        .iter()
        .map(|range| format!("{}: {}", range.range, range.words()))
        .collect::<Vec<_>>()
        .join(" ");
    if asked == 0 || (hits == 0 && unknown * 2 > asked) {
        return new(
            Status::Unknown,
            Importance::Minor,
            format!("Too few answers about the neighbours in {names}"),
        )
        .words(format!("{words} This is not a clean result."))
        .remedy(Effort::Low, Changer::Nobody, "Run it again through another resolver.");
    }
    if hits == 0 {
        return new(Status::Pass, Importance::Minor, format!("The neighbours in {names} are clean"))
            .words(words);
    }
    let title = format!("{hits} of {asked} neighbours in {names} are listed");
    if hits >= SOME && hits * MANY >= asked {
        return new(Status::Warn, Importance::Important, title)
            .words(format!("{words} Whether a receiver does so, only its own replies prove."))
            .remedy(Effort::High, Changer::YourHoster, "Ask your hosting provider for an address in another range, or to deal with the listed customers. Nothing on your server changes this.");
    }
    new(Status::Info, Importance::Minor, title).words(words)
}
