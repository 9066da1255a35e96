//! Judges whether each real sender passes SPF.

use std::net::IpAddr;

use super::rule::new;
use super::senders_of::{OwnSenders, SendingHost, Sureness};
use super::{SpfQuery, SpfResult, check_with};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::counted_as;

/// The result of one host.
#[derive(Default)]
struct Tried {
    passing: Vec<IpAddr>,
    others: Vec<(IpAddr, String)>,
    unknown: Vec<String>,
}

/// One address that does not pass.
struct Failing {
    has_v6: bool,
    /// Which one, and why.
    words: String,
}

/// D16: every address of every host, in both families.
pub(super) fn judge(context: &Context<'_>, senders: &OwnSenders, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let mut passing: Vec<IpAddr> = Vec::new();
    let (mut sure, mut half, mut maybe, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for host in &senders.hosts {
        let tried = try_host(context, host);
        // Hosts that the record itself names prove nothing when they pass.
        if host.sureness != Sureness::Named {
            passing.extend(&tried.passing);
        }
        unknown.extend(tried.unknown);
        let list = match (host.sureness, tried.passing.is_empty()) {
            (Sureness::Sends, _) => &mut sure,
            (Sureness::Named, _) | (_, false) => &mut half,
            (Sureness::Receives, true) => &mut maybe,
        };
        for (address, why) in tried.others {
            let name =
                if host.name == address.to_string() { String::new() } else { format!("{} ", host.name) };
            list.push(Failing { has_v6: address.is_ipv6(), words: format!("{name}{address} gets {why}") });
        }
    }
    let mut push = |draft: Draft| findings.push(draft.rfc(7208, "2.6").done(lookups));
    if let Some(draft) = failing(&sure, &half, &maybe) {
        push(draft);
    }
    if !passing.is_empty() {
        push(
            new(
                "spf.senders",
                Status::Pass,
                Importance::VeryImportant,
                format!("SPF lets {} send", listed(&passing)),
            )
            .words("A receiver that checks mail from there gets the result “pass”."),
        );
    }
    if !unknown.is_empty() {
        push(
            new(
                "spf.senders-unknown",
                Status::Unknown,
                Importance::VeryImportant,
                "Whether SPF lets your servers send could not be measured",
            )
            .words(format!("DNS did not answer everything: {}.", unknown.join("; ")))
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            ),
        );
    }
    if senders.left_out > 0 {
        push(
            new(
                "spf.senders-left-out",
                Status::Unknown,
                Importance::Important,
                format!(
                    "{} not tried",
                    counted_as(senders.left_out, "sending host was", "sending hosts were")
                ),
            )
            .words("There are more hosts than one audit tries.")
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Name those that matter (--sending-ip); they are tried first.",
            ),
        );
    }
}

fn try_host(context: &Context<'_>, host: &SendingHost) -> Tried {
    let domain = context.facts.domain.as_ascii();
    let mut tried = Tried::default();
    for address in &host.addresses {
        let query = SpfQuery {
            ip: *address,
            domain: domain.to_owned(),
            sender: format!("postmaster@{domain}"),
            helo: String::new(),
            at: context.facts.at,
        };
        match check_with(&context.lookups, &query) {
            Some(verdict) if verdict.result == SpfResult::Pass => tried.passing.push(*address),
            Some(verdict) if verdict.result == SpfResult::TempError => {
                tried.unknown.push(format!("{address} ({})", verdict.explanation));
            }
            Some(verdict) => {
                tried.others.push((*address, format!("“{}” ({})", verdict.result, verdict.explanation)));
            }
            None => tried.unknown.push(format!("{address} (not asked to the end)")),
        }
    }
    tried
}

/// One finding about all that do not pass, as bad as the surest of them.
fn failing(sure: &[Failing], half: &[Failing], maybe: &[Failing]) -> Option<Draft> {
    let (status, words) = if !sure.is_empty() {
        (Status::Fail, "Mail from there does not pass")
    } else if !half.is_empty() {
        (
            Status::Warn,
            if half.iter().any(|line| line.has_v6) {
                "These addresses belong to servers that the record means; mail that leaves by them does not pass. A server with IPv6 often sends over it, and Google refuses such mail"
            } else {
                "These addresses belong to servers that the record means; mail that leaves by them does not pass"
            },
        )
    } else if !maybe.is_empty() {
        (Status::Info, "These servers receive your mail; if they send it too, it does not pass")
    } else {
        return None;
    };
    let all: Vec<&str> = sure.iter().chain(half).chain(maybe).map(|one| one.words.as_str()).collect();
    let draft = new(
        "spf.senders-fail",
        status,
        Importance::VeryImportant,
        format!("SPF does not let {} send", counted_as(all.len(), "address", "addresses")),
    )
    .words(format!("{words}: {}.", all.join("; ")));
    Some(if status == Status::Info {
        draft
    } else {
        draft.remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Add the addresses to the SPF record (ip4:, ip6:), or let the server send from the others only.",
        )
    })
}
