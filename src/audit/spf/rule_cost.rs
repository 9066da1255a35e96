//! Judges how many lookups the SPF record needs, and which parts of it are unusable.

use super::cheaper::cheaper_record;
use super::rule::new;
use super::{CostTree, MAX_LOOKUPS, MAX_VOID_LOOKUPS, SpfRecord};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Picture, Status};

pub(super) fn judge_cost(
    context: &Context<'_>,
    record: &SpfRecord,
    tree: &CostTree,
    findings: &mut Vec<Finding>,
) {
    let mut push = |draft: Draft| {
        findings.push(draft.picture(Picture::SpfTree(tree.nodes.clone())).done(&context.lookups));
    };
    let count = if tree.is_cut { format!("more than {}", tree.lookups) } else { tree.lookups.to_string() };
    let spare = "Drop services that no longer send for you, and replace “a” and “mx” with the addresses themselves (ip4:, ip6:), which cost nothing.";
    if tree.lookups > MAX_LOOKUPS {
        let proposal = cheaper_record(context, record, tree.lookups);
        let draft = new("spf.too-many-lookups", Status::Fail, Importance::VeryImportant, format!("SPF needs {count} DNS lookups, receivers stop at {MAX_LOOKUPS}"))
            .words(format!(
                "Receivers may ask DNS {MAX_LOOKUPS} more questions while reading your SPF record. Yours needs {count}, so strict receivers \
                 stop and treat SPF as broken, for every message whose server is not found before."
            ))
            .rfc(7208, "4.6.4");
        push(match proposal {
            Some(proposal) => draft
                .remedy(Effort::Low, Changer::YouInTheZone, "Publish this record: it lets the same servers send and names yours by address, which costs nothing. Better still, drop services that no longer send for you.")
                .copy("SPF record", proposal),
            None => draft.remedy(Effort::Low, Changer::YouInTheZone, spare),
        });
    } else if !tree.unknown.is_empty() {
        push(
            new(
                "spf.lookups-unknown",
                Status::Unknown,
                Importance::Important,
                "What the SPF record costs could not be measured",
            )
            .words(format!(
                "At least {} needed, but DNS did not answer everything: {}.",
                match tree.lookups {
                    1 => "1 lookup is".to_owned(),
                    lookups => format!("{lookups} lookups are"),
                },
                listed(&tree.unknown)
            ))
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            ),
        );
    } else if tree.lookups + 1 >= MAX_LOOKUPS {
        push(
            new(
                "spf.lookups",
                Status::Warn,
                Importance::Important,
                format!("SPF needs {count} of {MAX_LOOKUPS} DNS lookups"),
            )
            .words("One more service, or a change at one of those you include, and receivers stop reading.")
            .remedy(Effort::Low, Changer::YouInTheZone, spare)
            .rfc(7208, "4.6.4"),
        );
    } else {
        push(
            new(
                "spf.lookups",
                Status::Pass,
                Importance::Important,
                format!("SPF needs {count} of {MAX_LOOKUPS} DNS lookups"),
            )
            .words("Receivers can read the whole record.")
            .rfc(7208, "4.6.4"),
        );
    }
}

pub(super) fn judge_parts(
    context: &Context<'_>,
    tree: &CostTree,
    has_v6_sender: bool,
    findings: &mut Vec<Finding>,
) {
    let mut push = |draft: Draft| {
        findings.push(draft.picture(Picture::SpfTree(tree.nodes.clone())).done(&context.lookups));
    };
    // Most domains send over IPv4 only; what is empty for IPv6 counts where somebody sends over it.
    let voids = if has_v6_sender { tree.voids_v4.max(tree.voids_v6) } else { tree.voids_v4 };
    let empty: Vec<String> =
        tree.nodes
            .iter()
            .filter(|node| node.is_void)
            .map(|node| {
                if node.note.is_empty() {
                    node.term.clone()
                } else {
                    format!("{} ({})", node.term, node.note)
                }
            })
            .collect();
    if voids > MAX_VOID_LOOKUPS {
        push(new("spf.void-lookups", Status::Fail, Importance::Important, format!("{voids} SPF lookups come back empty, receivers stop at {MAX_VOID_LOOKUPS}"))
            .words(format!("Terms that lead to names without records look like an attack, so receivers may stop and treat SPF as broken: {}.", listed(&empty)))
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the terms that lead nowhere.")
            .rfc(7208, "4.6.4"));
    } else if voids > 0 {
        let title = match voids {
            1 => "One SPF lookup comes back empty".to_owned(),
            voids => format!("{voids} SPF lookups come back empty"),
        };
        push(
            new("spf.void-lookups", Status::Warn, Importance::Minor, title)
                .words(format!(
                    "Terms lead to names without records. They let nobody send, and they cost: {}.",
                    listed(&empty)
                ))
                .remedy(Effort::Low, Changer::YouInTheZone, "Remove the terms that lead nowhere.")
                .rfc(7208, "4.6.4"),
        );
    } else if tree.unknown.is_empty() {
        push(
            new("spf.void-lookups", Status::Pass, Importance::Minor, "No SPF lookup comes back empty")
                .words("Every term leads somewhere.")
                .rfc(7208, "4.6.4"),
        );
    }
    if !tree.errors.is_empty() {
        push(
            new(
                "spf.broken-part",
                Status::Fail,
                Importance::VeryImportant,
                "A part of the SPF record cannot be used",
            )
            .words(format!("Receivers that get this far treat SPF as broken: {}.", listed(&tree.errors)))
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Remove the term, or ask the service for the right one.",
            )
            .rfc(7208, "5.2"),
        );
    }
}
