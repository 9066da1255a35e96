//! All wording of the verdict.

use super::rules::{Decision, Rule, Situation, lasts, share};
use super::{Coverage, Outcome};
use crate::audit::evidence::{Receiver, Trust};
use crate::values::counted_as;

/// The name of an outcome, as on the track of the page.
pub const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::CannotTell => "Cannot tell yet",
        Outcome::Stay => "Stay",
        Outcome::StayAndFix => "Stay and fix",
        Outcome::NewAddress => "Stay, new address",
        Outcome::RelayPart => "Stay, relay part",
        Outcome::MoveSending => "Move sending",
        Outcome::MoveEverything => "Move everything",
    }
}

impl Coverage {
    /// `1 check could not be measured`; `None` if all could.
    pub fn unmeasured_words(&self) -> Option<String> {
        let checks = || counted_as(self.unmeasured, "check", "checks");
        (self.unmeasured > 0).then(|| format!("{} could not be measured", checks()))
    }
}

/// The verdict in one sentence.
pub(super) fn sentence(decision: &Decision) -> String {
    let text = match decision.outcome {
        Outcome::CannotTell => "Too little is known to say whether to move",
        Outcome::Stay => "Stay: nothing is urgent",
        Outcome::StayAndFix => "Stay, and set right what is wrong",
        Outcome::NewAddress => "Stay, and send from another address",
        Outcome::RelayPart if decision.rule == Rule::PortClosed => "Stay, and send through a relay",
        Outcome::RelayPart => "Stay, and relay the mail for the few who refuse it",
        Outcome::MoveSending => "Send from somewhere else",
        Outcome::MoveEverything => "Move everything to a provider",
    };
    if decision.clean_first { format!("{text}, but clean up first") } else { text.to_owned() }
}

/// `Microsoft consumer`, `Microsoft consumer and T-Online`, `3 receivers`.
pub(super) fn names(receivers: &[&Receiver]) -> String {
    match receivers {
        [] => "nobody".to_owned(),
        [one] => one.name.clone(),
        [one, other] => format!("{} and {}", one.name, other.name),
        many => format!("{} receivers", many.len()),
    }
}

/// A share for people; never `0%` or `100%` where it is not.
pub(super) fn percent(permille: u32) -> String {
    match permille {
        0 => "less than 1%".to_owned(),
        1..=9 => "1%".to_owned(),
        991..=999 => "99%".to_owned(),
        other => format!("{}%", (other + 5) / 10),
    }
}

/// Two sentences about the reason.
pub(super) fn why(situation: &Situation<'_>, decision: &Decision) -> String {
    let range = situation.who(Trust::DistrustsRange);
    let address = situation.who(Trust::DistrustsAddress);
    let of_recipients = |receivers: &[&Receiver]| {
        if situation.has_log {
            format!(", who hold {} of your recipients,", percent(share(receivers.iter().copied())))
        } else {
            String::new()
        }
    };
    let refuse = |receivers: &[&Receiver]| if receivers.len() == 1 { "refuses" } else { "refuse" };
    let text = match decision.rule {
        Rule::TooLittleSeen => "What receivers say to your own server decides, and too little of it was seen. Give one of these: the mail log of the last weeks, a folder with bounces, or DMARC reports.".to_owned(),
        Rule::CriminalNetwork => "The network that your address belongs to is listed as being in criminal hands. Nothing that you do on the server cures that.".to_owned(),
        Rule::RangeForMost => format!("{}{} {} the range that your address is in. You cannot change who your neighbours are.", names(&range), of_recipients(&range), refuse(&range)),
        Rule::RangeForFew => format!("{}{} {} the range that your address is in, because of somebody else in it. The others take your mail, so only these few need another way.", names(&range), of_recipients(&range), refuse(&range)),
        Rule::PortClosed => "Your provider lets no mail out. A relay takes it on another port.".to_owned(),
        Rule::AddressOnly => format!("{}{} {} your address, and nobody blames the range. Another address of the same provider begins without that history.", names(&address), of_recipients(&address), refuse(&address)),
        Rule::AddressWithoutAnother => format!("{}{} {} your address, and your provider gives no other.", names(&address), of_recipients(&address), refuse(&address)),
        Rule::DomainOrFix => "What receivers complain about belongs to the domain or to the set-up. Moving would not cure it: it would go with you.".to_owned(),
        Rule::Listed => "A list that large receivers use has your address or your domain. Find the cause and have the entry taken off; a list alone is no reason to move.".to_owned(),
        Rule::Configuration => "Receivers accept your mail, but something in the set-up is wrong. It would be just as wrong elsewhere.".to_owned(),
        Rule::AllTrust => "The receivers who hold most of your recipients take your mail. Moving would cost and cure nothing.".to_owned(),
    };
    if decision.clean_first {
        let leak = if situation.is_compromised {
            "An account seems to be used by somebody else"
        } else {
            "Something about the domain itself is distrusted"
        };
        return format!("{text} {leak}: stop that before you take it with you.");
    }
    text
}

/// How many voices there are, and for how long.
pub(super) fn confidence(situation: &Situation<'_>, decision: &Decision, coverage: &Coverage) -> String {
    let trust = match decision.rule {
        Rule::RangeForMost | Rule::RangeForFew => Some(Trust::DistrustsRange),
        Rule::AddressOnly | Rule::AddressWithoutAnother => Some(Trust::DistrustsAddress),
        Rule::AllTrust | Rule::Configuration => Some(Trust::Trusts),
        _ => None,
    };
    let days = counted_as(coverage.days, "day", "days");
    match trust.map(|trust| situation.who(trust)) {
        Some(who) if who.len() > 1 => {
            format!("{} receivers say the same; {days} of mail were seen", who.len())
        }
        Some(who) if who.len() == 1 => {
            let lasts = who.iter().any(|receiver| lasts(receiver));
            let lasts = if lasts { ", for two weeks and longer" } else { "" };
            format!("one receiver says so{lasts}; {days} of mail were seen")
        }
        _ if coverage.days == 0 => "no mail was seen".to_owned(),
        _ => format!("{days} of mail were seen"),
    }
}

/// The rule that fired.
pub(super) fn rule(rule: Rule) -> String {
    match rule {
        Rule::TooLittleSeen => "Unless three of the five receivers with the most recipients are known, or those that hold half of them, nothing is said.",
        Rule::CriminalNetwork => "A network on a DROP list means: send from somewhere else.",
        Rule::RangeForMost => "Distrust of the range at over a third of your recipients, for two weeks, after one request to the receiver or at many of them, means: move sending; with nobody to run the server: move everything.",
        Rule::RangeForFew => "Distrust of the range at a few receivers means: relay their mail.",
        Rule::PortClosed => "A closed port 25 means: relay.",
        Rule::AddressOnly => "Distrust of the address alone means: another address.",
        Rule::AddressWithoutAnother => "Distrust of the address, with no other available, means: relay, or move sending at over a third of your recipients.",
        Rule::DomainOrFix => "Refusals for the domain, the content or the set-up mean: stay and fix.",
        Rule::Listed => "A list of high impact without refusals means: fix the cause and have it taken off.",
        Rule::Configuration => "Failures of high importance without refusals mean: stay and fix.",
        Rule::AllTrust => "If the largest receivers trust you and nothing important fails: stay.",
    }
    .to_owned()
        + " Lists of low impact never decide."
}
