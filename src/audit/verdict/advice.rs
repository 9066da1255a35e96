//! Explains the verdict: what decided it, what moves along, what speaks against it, what would change it, and what to do.

use super::rules::{self, Decision, Rule, Situation, share};
use super::words::{names, percent};
use super::{Change, Deciding, Outcome, OwnerAnswers, Point};
use crate::audit::evidence::{self, Receiver, ReplyClass, Trust, WayOut};
use crate::audit::{Area, Finding, Group, Status};
use crate::values::counted;

/// Deciding findings.
const MOST: usize = 3;

/// The findings that decided, at most three, the heaviest first.
pub(super) fn decided_by(situation: &Situation<'_>, decision: &Decision) -> Vec<Deciding> {
    let mut found: Vec<Deciding> = Vec::new();
    let who = |trust: Trust| {
        situation.who(trust).into_iter().map(move |receiver| of_receiver(situation, receiver, trust))
    };
    match decision.rule {
        Rule::CriminalNetwork => found.extend(situation.criminal_network().map(of_finding)),
        Rule::RangeForMost | Rule::RangeForFew => found.extend(who(Trust::DistrustsRange)),
        Rule::AddressOnly | Rule::AddressWithoutAnother => found.extend(who(Trust::DistrustsAddress)),
        Rule::DomainOrFix => found.extend(who(Trust::DistrustsDomain).chain(who(Trust::WantsFix))),
        Rule::PortClosed => found.push(port_closed(situation)),
        Rule::TooLittleSeen => found.extend(too_little(situation)),
        Rule::Listed | Rule::Configuration | Rule::AllTrust => {}
    }
    if situation.is_compromised {
        found.insert(
            found.len().min(1),
            Deciding {
                title: "An account sends far more than it usually does".to_owned(),
                raw: situation
                    .findings
                    .iter()
                    .find(|finding| finding.id == "delivery.account")
                    .map(|finding| finding.words.clone())
                    .unwrap_or_default(),
                weight: String::new(),
            },
        );
    }
    if decision.outcome == Outcome::MoveEverything {
        found.truncate(MOST - 1);
        found.push(operation(situation.owner));
    }
    if decision.rule != Rule::TooLittleSeen {
        found.extend(situation.high_listings(Group::SpeaksForMoving).into_iter().map(of_finding));
        found.extend(situation.high_listings(Group::TravelsWithYou).into_iter().map(of_finding));
    }
    if matches!(decision.outcome, Outcome::StayAndFix) {
        found.extend(situation.configuration_failures().into_iter().map(of_finding));
    }
    // Who takes the mail belongs to the picture, too.
    found.extend(who(Trust::Trusts));
    found.extend(who(Trust::Slow));
    found.truncate(MOST);
    found
}

/// What a receiver does, with its own words.
fn of_receiver(situation: &Situation<'_>, receiver: &Receiver, trust: Trust) -> Deciding {
    let name = &receiver.name;
    let counted = match receiver.delivered {
        Some(_) => format!("{} of {} in 30 days", receiver.refused, receiver.attempts),
        None => format!("{} in 30 days", receiver.refused),
    };
    let title = match trust {
        Trust::DistrustsRange => format!("{name} refuses the range: {counted}"),
        Trust::DistrustsAddress => format!("{name} refuses the address: {counted}"),
        Trust::DistrustsDomain => format!("{name} refuses the domain: {counted}"),
        Trust::WantsFix => format!("{name} wants {}: {counted}", wanted(receiver)),
        Trust::Slow => format!("{name} takes your mail after a while"),
        _ => format!("{name} takes your mail: {} of {} at once", receiver.at_once, receiver.attempts),
    };
    let weight = if situation.has_log {
        format!("{} of your recipients", percent(receiver.share_permille))
    } else {
        String::new()
    };
    Deciding { title, raw: receiver.reply.clone(), weight }
}

/// What a receiver wants to be set right.
fn wanted(receiver: &Receiver) -> &'static str {
    match receiver.class {
        Some(ReplyClass::Ptr) => "a name for the address (PTR)",
        Some(ReplyClass::Helo) => "another greeting (HELO)",
        Some(ReplyClass::Spf) => "SPF to pass",
        Some(ReplyClass::Dkim) => "a signature (DKIM)",
        Some(ReplyClass::Dmarc) => "aligned mail (DMARC)",
        Some(ReplyClass::Authentication) => "SPF or DKIM",
        Some(ReplyClass::Tls) => "encryption",
        Some(ReplyClass::Content) => "other content",
        Some(ReplyClass::Format) => "well-formed messages",
        Some(ReplyClass::Ipv6) => "IPv4, or a sound set-up for IPv6",
        Some(ReplyClass::Dynamic) => "a name for the address (PTR) that does not look like a home connection",
        Some(ReplyClass::Dns) => "a domain that resolves",
        _ => "something else",
    }
}

/// A finding of the audit, with the first line of its evidence.
fn of_finding(finding: &Finding) -> Deciding {
    let lines = finding.evidence.iter().flat_map(|evidence| {
        let answer = evidence.data.first().map(|line| format!("{}: {line}", evidence.query));
        answer.into_iter().chain(std::iter::once(evidence.query.clone()))
    });
    Deciding { title: finding.title.clone(), raw: lines.take(1).collect(), weight: String::new() }
}

/// What is missing.
fn too_little(situation: &Situation<'_>) -> Vec<Deciding> {
    let plain = |title: String| Deciding { title, raw: String::new(), weight: String::new() };
    if situation.receivers.is_empty() {
        return vec![plain("No mail log and no bounces were read".to_owned())];
    }
    let mut found = Vec::new();
    if !situation.has_log {
        found.push(plain("Bounces tell only who refuses, not who takes your mail".to_owned()));
    }
    let unknown = situation.top().filter(|receiver| !situation.trust(receiver).is_known());
    found.extend(unknown.map(|receiver| Deciding {
        title: match receiver.trust {
            Trust::Unclear => format!("{} refuses with unknown replies", receiver.name),
            _ => format!(
                "{}: {} messages in 30 days, 5 on 2 days are needed",
                receiver.name, receiver.attempts
            ),
        },
        raw: receiver.reply.clone(),
        weight: format!("{} of your recipients", percent(receiver.share_permille)),
    }));
    found
}

/// What the owner says of the operation.
fn operation(owner: &OwnerAnswers) -> Deciding {
    let lacks = [
        (owner.has_second_person, "one person alone runs the server"),
        (owner.has_backup, "restoring a backup was never tried"),
        (owner.has_updates, "nobody installs updates in time"),
    ];
    let lacks: Vec<&str> =
        lacks.into_iter().filter(|(answer, _)| *answer == Some(false)).map(|(_, words)| words).collect();
    let title = if owner.nobody_carries_it() {
        let mut title = lacks.join(", ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        title
    } else {
        "You would rather not run a server any more".to_owned()
    };
    Deciding { title, raw: String::new(), weight: "you told us".to_owned() }
}

/// What a move would not change.
pub(super) fn moves_with_you(situation: &Situation<'_>) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for receiver in situation.who(Trust::DistrustsDomain) {
        points.push(trouble(format!("{} distrusts the domain", receiver.name)));
    }
    if situation.is_compromised {
        points.push(trouble("The account that somebody else seems to use".to_owned()));
    }
    let travels = situation
        .findings
        .iter()
        .filter(|finding| finding.group == Group::TravelsWithYou && finding.area != Area::Delivery)
        .filter(|finding| finding.status == Status::Fail);
    points.extend(travels.take(5).map(|finding| trouble(finding.title.clone())));
    let trusting = situation.who(Trust::Trusts);
    if !trusting.is_empty() {
        points.push(good(format!("The good name of the domain at {}", names(&trusting))));
    }
    points.push(good("What you write, and complaints about it".to_owned()));
    points
}

/// What a move would leave behind.
pub(super) fn stays_behind(situation: &Situation<'_>) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for (trust, words) in [(Trust::DistrustsRange, "the range"), (Trust::DistrustsAddress, "the address")] {
        let who = situation.who(trust);
        if !who.is_empty() {
            points.push(trouble(format!("Distrust of {words} at {}", names(&who))));
        }
    }
    let behind = situation
        .findings
        .iter()
        .filter(|finding| finding.group == Group::SpeaksForMoving && finding.area != Area::Delivery)
        .filter(|finding| matches!(finding.status, Status::Fail | Status::Warn));
    points.extend(behind.take(5).map(|finding| trouble(finding.title.clone())));
    points.push(good("The address, its neighbours and its name (PTR)".to_owned()));
    points.push(good("Rules of the provider, such as a closed port 25".to_owned()));
    points
}

fn trouble(words: String) -> Point {
    Point { words, is_trouble: true }
}

fn good(words: String) -> Point {
    Point { words, is_trouble: false }
}

/// What speaks against the verdict.
pub(super) fn speaks_against(situation: &Situation<'_>, decision: &Decision) -> Vec<String> {
    let mut points: Vec<String> = match decision.outcome {
        Outcome::CannotTell => vec!["Waiting costs nothing as long as nobody complains".to_owned()],
        Outcome::Stay => {
            vec!["The server still needs updates, backups and somebody who looks after it".to_owned()]
        }
        Outcome::StayAndFix => {
            vec!["Some receivers need weeks to change their mind after the cause is gone".to_owned()]
        }
        Outcome::NewAddress => vec![
            "A new address has no history: volume has to grow over two to six weeks".to_owned(),
            "The neighbours of the new one are unknown, too".to_owned(),
        ],
        Outcome::RelayPart => vec![
            "A relay costs money, has limits of its own, and sees the mail that it carries".to_owned(),
            "One more thing to look after, and one more sender in SPF".to_owned(),
        ],
        Outcome::MoveSending => {
            vec!["A relay costs money, has limits of its own, and sees all outgoing mail".to_owned()]
        }
        Outcome::MoveEverything => vec![
            "A price for each mailbox, every month".to_owned(),
            "The mail lies with a third party, with limits of its own".to_owned(),
        ],
    };
    let trusting = situation.who(Trust::Trusts);
    if !matches!(decision.outcome, Outcome::Stay | Outcome::CannotTell)
        && !trusting.is_empty()
        && situation.has_log
    {
        points.push(format!(
            "{} of your recipients get your mail today",
            percent(share(trusting.iter().copied()))
        ));
    }
    if decision.outcome == Outcome::Stay {
        let slow = situation.who(Trust::Slow);
        if !slow.is_empty() {
            points.push(format!("{} takes your mail late", names(&slow)));
        }
    }
    points
}

/// What would change it: the table is run again over a changed situation, so that each line is true.
pub(super) fn would_change(situation: &Situation<'_>, decision: &Decision) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut add = |condition: String, changed: &Situation<'_>| {
        let outcome = rules::decide(changed).outcome;
        if outcome != decision.outcome {
            changes.push(Change { condition, outcome });
        }
    };
    let place: Vec<&Receiver> =
        situation.receivers.iter().filter(|receiver| situation.trust(receiver).is_about_place()).collect();
    let fixes: Vec<&Receiver> = [Trust::WantsFix, Trust::DistrustsDomain]
        .into_iter()
        .flat_map(|trust| situation.who(trust))
        .collect();
    for (who, condition) in [(&place, accepted(&place)), (&fixes, accepted(&fixes))] {
        if !who.is_empty() {
            let mut after = situation.clone();
            for receiver in
                after.receivers.iter_mut().filter(|receiver| who.iter().any(|other| other.id == receiver.id))
            {
                receiver.trust = Trust::Trusts;
                receiver.class = None;
            }
            add(condition, &after);
        }
    }
    let answered = |change: &dyn Fn(&mut OwnerAnswers)| {
        let mut owner = situation.owner.clone();
        change(&mut owner);
        owner
    };
    let cases: [(&str, OwnerAnswers); 5] = [
        (
            "You have asked the receivers, and it did not help for long",
            answered(&|owner| owner.has_asked = Some(true)),
        ),
        ("Your provider gives no other address", answered(&|owner| owner.gets_another_address = Some(false))),
        ("You would rather relay than move", answered(&|owner| owner.wants_relay = Some(true))),
        (
            "Somebody looks after updates, backups and the server",
            answered(&|owner| {
                owner.has_updates = Some(true);
                owner.has_backup = Some(true);
                owner.has_second_person = Some(true);
                owner.wants_to_move = None;
            }),
        ),
        (
            "Nobody can look after the server any more",
            answered(&|owner| {
                owner.has_updates = Some(false);
                owner.has_backup = Some(false);
            }),
        ),
    ];
    for (condition, owner) in &cases {
        add((*condition).to_owned(), &Situation { owner, ..situation.clone() });
    }
    if situation.findings.iter().any(|finding| finding.status == Status::Fail) {
        let rest: Vec<Finding> =
            situation.findings.iter().filter(|finding| finding.status != Status::Fail).cloned().collect();
        add(
            "What fails in the audit is set right".to_owned(),
            &Situation { findings: &rest, ..situation.clone() },
        );
    }
    changes
}

/// What to do, in order.
pub(super) fn steps(situation: &Situation<'_>, decision: &Decision) -> Vec<String> {
    let mut steps = Vec::new();
    if decision.clean_first || situation.is_compromised {
        steps.push("Find and stop what sends in your name: change the password of the account that stands out, look at web forms, then wait for a quiet day.".to_owned());
    }
    let remedies = |trust: Trust| {
        situation.who(trust).into_iter().filter_map(|receiver| {
            let pattern = evidence::pattern(receiver.pattern.as_deref()?)?;
            Some(format!("{}: {}", receiver.name, pattern.remedy))
        })
    };
    match decision.outcome {
        Outcome::CannotTell => steps.push("Read the mail log of the last weeks, a folder with bounces, or DMARC reports as evidence, then look again.".to_owned()),
        Outcome::Stay => steps.push("Look again in a month, or when somebody complains.".to_owned()),
        Outcome::StayAndFix => {
            steps.extend(remedies(Trust::DistrustsDomain));
            steps.extend(remedies(Trust::WantsFix));
            steps.extend(situation.configuration_failures().into_iter().take(5).filter_map(|finding| finding.remedy.clone()));
            steps.extend(situation.high_listings(Group::SpeaksForMoving).into_iter().take(3).filter_map(|finding| finding.remedy.clone()));
        }
        Outcome::NewAddress => {
            steps.extend(remedies(Trust::DistrustsAddress));
            steps.push("Ask your provider for another address, with its name (PTR) set to your mail server’s.".to_owned());
            steps.push("Put the new address into the SPF record and the DNS before the server uses it.".to_owned());
            steps.push("Let the volume grow: people first, lists last.".to_owned());
        }
        Outcome::RelayPart => {
            steps.extend(remedies(Trust::DistrustsRange));
            steps.extend(remedies(Trust::DistrustsAddress));
            steps.push("Choose a relay that takes mail on port 587, and compare its price and its limits.".to_owned());
            steps.push("Add the relay to SPF and DKIM first, then put the transport map in place.".to_owned());
        }
        Outcome::MoveSending => {
            steps.push("Choose a relay for all outgoing mail; mailboxes may stay where they are.".to_owned());
            steps.push("Add it to SPF and DKIM first, then make it the smarthost.".to_owned());
        }
        Outcome::MoveEverything => steps.push("Compare destinations: their limits and prices are on the next page.".to_owned()),
    }
    steps.dedup();
    steps
}

/// What would have to come from these receivers for another verdict.
fn accepted(who: &[&Receiver]) -> String {
    let verb = if who.len() == 1 { "accepts" } else { "accept" };
    format!("{} {verb} your mail for 14 days", names(who))
}

/// Who says that nothing gets out: the owner, or the log.
fn port_closed(situation: &Situation<'_>) -> Deciding {
    let title = "Your provider lets no mail out on port 25".to_owned();
    match situation.way_out {
        WayOut::Closed(attempts) if situation.owner.port_25_is_open.is_none() => Deciding {
            title,
            raw: format!(
                "{} reached no other mail server, and none came through",
                counted(attempts, "attempt")
            ),
            weight: "your log shows it".to_owned(),
        },
        _ => Deciding { title, raw: "port-25=no".to_owned(), weight: "you told us".to_owned() },
    }
}
