//! Judges the owner's logs, bounces and reports. Silent if none were read.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DmarcFacts, DmarcSource, EvidenceFacts, SourceFacts, SourceKind};
use super::reply_meaning::meaning;
use super::trust::{Receiver, Trend, Trust, trust_table};
use super::{rule_dashboards, rule_wire};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders;
use crate::audit::{Area, Changer, Effort, Evidence, EvidenceOutcome, Finding, Group, Importance, Status};
use crate::values::{counted_as, with_thousands};

pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(evidence) = &context.facts.evidence else {
        // What the owner read off a dashboard says something without any file.
        let mut pen = Pen { context, findings };
        rule_dashboards::google(&mut pen);
        return;
    };
    let table = trust_table(evidence, context.facts.at);
    let mut pen = Pen { context, findings };
    sources(&mut pen, evidence);
    trust(&mut pen, &table);
    affected(&mut pen, &table, evidence.has_log());
    trend(&mut pen, &table);
    delay(&mut pen, evidence);
    refused_addresses(&mut pen, evidence);
    account(&mut pen, evidence);
    backscatter(&mut pen, evidence);
    complaints(&mut pen, evidence);
    if let Some(dmarc) = &evidence.dmarc {
        dmarc_reports(&mut pen, evidence, dmarc);
    }
    tls_reports(&mut pen, evidence);
    rule_wire::judge(&mut pen, evidence);
    rule_dashboards::judge(&mut pen, evidence);
}

/// Writes findings whose evidence is what was read, not what was asked.
pub(super) struct Pen<'a, 'b> {
    pub(super) context: &'a Context<'b>,
    findings: &'a mut Vec<Finding>,
}

impl Pen<'_, '_> {
    pub(super) fn draft(
        &self,
        id: &str,
        area: Area,
        status: Status,
        importance: Importance,
        title: impl Into<String>,
    ) -> Draft {
        self.context.lookups.begin();
        Draft::new(id, area, status, importance, title)
    }

    /// Adds a finding with raw lines under the words for where they come from.
    pub(super) fn push(&mut self, draft: Draft, from: &str, lines: Vec<String>) {
        let mut finding = draft.done(&self.context.lookups);
        if !lines.is_empty() {
            finding.evidence.push(Evidence {
                query: from.to_owned(),
                server: "your own files".to_owned(),
                outcome: EvidenceOutcome::Said { said: "read".to_owned() },
                data: lines.into_iter().take(24).collect(),
                at: self.context.facts.at,
                duration_millis: 0,
            });
        }
        self.findings.push(finding);
    }
}

/// J8: what was read at all.
fn sources(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let of = |kind: SourceKind| -> u64 {
        evidence.sources.iter().filter(|source| source.kind == kind).map(SourceFacts::count).sum()
    };
    let named = [
        (SourceKind::MailLog, ("mail log", "mail logs")),
        (SourceKind::Bounce, ("bounce", "bounces")),
        (SourceKind::DmarcReport, ("DMARC report", "DMARC reports")),
        (SourceKind::TlsReport, ("TLS report", "TLS reports")),
        (SourceKind::Feedback, ("complaint", "complaints")),
        (SourceKind::Dashboard, ("file of a dashboard", "files of dashboards")),
        (SourceKind::Message, ("message", "messages")),
    ];
    let found: Vec<String> = named
        .into_iter()
        .filter(|(kind, _)| of(*kind) > 0)
        .map(|(kind, (one, many))| counted_as(of(kind), one, many))
        .collect();
    let has_mailboxes = evidence.sources.iter().any(|source| source.mails.is_some());
    let (bad, good): (Vec<&SourceFacts>, Vec<&SourceFacts>) =
        evidence.sources.iter().partition(|source| !source.problem.is_empty());
    let status = if found.is_empty() { Status::Unknown } else { Status::Info };
    let title = if found.is_empty() {
        format!("No evidence was found in your {}", if has_mailboxes { "mailboxes" } else { "files" })
    } else {
        format!("Read as evidence: {}", listed(&found))
    };
    let read = if has_mailboxes {
        "Your files and mailboxes were read on this computer and stay unchanged."
    } else {
        "Your files were read on this computer and stay there."
    };
    let read = format!("{read} {}", from(&evidence.sources));
    let words = if bad.is_empty() {
        format!("{read} Of addresses of recipients only the domain is kept.")
    } else {
        let (one, many) = if has_mailboxes { ("source", "sources") } else { ("file", "files") };
        format!("{read} {} could not be read in full.", counted_as(bad.len(), one, many))
    };
    let told = |source: &&SourceFacts| {
        let kind = named.into_iter().find(|(kind, _)| *kind == source.kind).map(|(_, words)| words);
        let line = match (source.mails, kind) {
            (Some(_), Some((one, many))) => {
                format!("mailbox {}: {}", source.name, counted_as(source.count(), one, many))
            }
            (Some(_), None) => format!("mailbox {}: nothing found", source.name),
            (None, _) => format!("{}: {} entries", source.name, source.entries),
        };
        match source.repeated {
            0 => line,
            repeated => {
                format!("{line}, beside {} counted already", counted_as(repeated, "report", "reports"))
            }
        }
    };
    let in_trouble = |source: &&SourceFacts| match source.mails {
        Some(_) => format!("mailbox {}: {}", source.name, source.problem),
        None => format!("{}: {}", source.name, source.problem),
    };
    // What was read is named even where something else was not.
    let lines = bad.iter().map(in_trouble).chain(good.iter().map(told)).collect();
    let draft = pen.draft("delivery.sources", Area::Delivery, status, Importance::Minor, title).words(words);
    pen.push(draft, if has_mailboxes { "Files and mailboxes" } else { "Files" }, lines);
}

/// Where the evidence came from: the first few names.
fn from(sources: &[SourceFacts]) -> String {
    const NAMED: usize = 4;
    let mut names: Vec<String> = Vec::new();
    for source in sources.iter().filter(|source| !source.name.is_empty()) {
        let name = match source.mails {
            Some(_) => format!("mailbox {}", source.name),
            None => source.name.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    if names.is_empty() { String::new() } else { format!("Read: {}.", listed(&names)) }
}

/// `Google (411 of 412)` for each.
fn named(receivers: &[&Receiver]) -> String {
    let names: Vec<&str> = receivers.iter().map(|receiver| receiver.name.as_str()).collect();
    listed(&names)
}

fn lines(receivers: &[&Receiver]) -> Vec<String> {
    let line = |receiver: &&Receiver| format!("{}: {}", receiver.name, receiver.reply);
    receivers.iter().filter(|receiver| !receiver.reply.is_empty()).map(line).collect()
}

/// The replies of several receivers in words, each said once.
struct Meanings {
    /// What they mean.
    words: String,
    /// What to do.
    remedy: String,
}

fn meanings(receivers: &[&Receiver]) -> Meanings {
    let found: Vec<_> =
        receivers.iter().filter_map(|receiver| meaning(Some(&receiver.id), &receiver.reply)).collect();
    let join = |texts: Vec<&'static str>| {
        let mut seen = BTreeSet::new();
        texts.into_iter().filter(|text| seen.insert(*text)).take(4).collect::<Vec<_>>().join(" ")
    };
    let remedies = found.iter().filter_map(|found| found.pattern).map(|pattern| pattern.remedy.as_str());
    Meanings {
        words: join(found.iter().map(|found| found.words).collect()),
        remedy: join(remedies.collect()),
    }
}

/// How a state of the trust table is told as a finding.
struct Told {
    trust: Trust,
    id: &'static str,
    status: Status,
    group: Group,
    changer: Changer,
    effort: Effort,
    words: &'static str,
}

const TOLD: [Told; 5] = [
    Told {
        trust: Trust::DistrustsRange,
        id: "delivery.distrusts-range",
        status: Status::Fail,
        group: Group::SpeaksForMoving,
        changer: Changer::YourHoster,
        effort: Effort::High,
        words: "refused for the range of your address",
    },
    Told {
        trust: Trust::DistrustsAddress,
        id: "delivery.distrusts-address",
        status: Status::Fail,
        group: Group::SpeaksForMoving,
        changer: Changer::YourHoster,
        effort: Effort::High,
        words: "refused for your address",
    },
    Told {
        trust: Trust::DistrustsDomain,
        id: "delivery.distrusts-domain",
        status: Status::Fail,
        group: Group::TravelsWithYou,
        changer: Changer::YouOnTheServer,
        effort: Effort::High,
        words: "refused for your domain",
    },
    Told {
        trust: Trust::WantsFix,
        id: "delivery.wants-fix",
        status: Status::Warn,
        group: Group::TravelsWithYou,
        changer: Changer::YouOnTheServer,
        effort: Effort::Medium,
        words: "refused for something that can be set right",
    },
    Told {
        trust: Trust::Slow,
        id: "delivery.slow",
        status: Status::Info,
        group: Group::TravelsWithYou,
        changer: Changer::Nobody,
        effort: Effort::Low,
        words: "taken after a while",
    },
];

/// J1: what receivers do with the mail.
fn trust(pen: &mut Pen<'_, '_>, table: &[Receiver]) {
    let who = |trust: Trust| -> Vec<&Receiver> {
        table.iter().filter(|receiver| receiver.trust == trust).collect()
    };
    for Told { trust, id, status, group, changer, effort, words } in TOLD {
        let receivers = who(trust);
        if receivers.is_empty() {
            continue;
        }
        let counts: Vec<String> = receivers
            .iter()
            .map(|receiver| match receiver.delivered {
                Some(_) => format!(
                    "{}: {} of {} messages refused in 30 days",
                    receiver.name, receiver.refused, receiver.attempts
                ),
                None => format!("{}: {} refusals in 30 days", receiver.name, receiver.refused),
            })
            .collect();
        let Meanings { words: meaning, remedy } = meanings(&receivers);
        let importance =
            if status == Status::Fail { Importance::VeryImportant } else { Importance::Important };
        let title = format!("Mail to {} is {words}", named(&receivers));
        let mut draft = pen.draft(id, Area::Delivery, status, importance, title).group(group).words(
            if trust == Trust::Slow {
                counts.join("; ") + ". The mail arrives, later than elsewhere."
            } else {
                format!("{}. {meaning}", counts.join("; "))
            },
        );
        if trust != Trust::Slow && !remedy.is_empty() {
            draft = draft.remedy(effort, changer, remedy);
        }
        pen.push(draft, "What receivers said", lines(&receivers));
    }
    let unclear = who(Trust::Unclear);
    if !unclear.is_empty() {
        let title = format!("{} refuses mail with unknown replies", named(&unclear));
        let draft = pen
            .draft("delivery.unclear", Area::Delivery, Status::Unknown, Importance::Important, title)
            .words("The replies are quoted below. They count neither for nor against you.")
            .remedy(Effort::Low, Changer::Nobody, "Read them, or ask the receiver what they mean.");
        pen.push(draft, "What receivers said", lines(&unclear));
    }
    let trusting = who(Trust::Trusts);
    if !trusting.is_empty() {
        let counts: Vec<String> = trusting
            .iter()
            .map(|receiver| {
                format!("{}: {} of {} at once", receiver.name, receiver.at_once, receiver.attempts)
            })
            .collect();
        let title = format!("{} takes your mail at once", named(&trusting));
        let draft = pen
            .draft("delivery.trusts", Area::Delivery, Status::Pass, Importance::VeryImportant, title)
            .words("More than 98 of 100 messages were accepted at the first attempt.");
        pen.push(draft, "Deliveries", counts);
    }
}

/// J2: how many of the people that the owner writes to are concerned.
fn affected(pen: &mut Pen<'_, '_>, table: &[Receiver], has_log: bool) {
    if table.is_empty() {
        return;
    }
    if !has_log {
        let title = "How many of the people that you write to are concerned is not known";
        let draft = pen
            .draft("delivery.share", Area::Delivery, Status::Unknown, Importance::Important, title)
            .words("Bounces show what came back, not what arrived.")
            .remedy(Effort::Low, Changer::Nobody, "Give the server’s mail log as well (--evidence).");
        pen.push(draft, "", Vec::new());
        return;
    }
    let refusing: Vec<&Receiver> = table
        .iter()
        .filter(|receiver| receiver.trust.is_about_place() || receiver.trust == Trust::DistrustsDomain)
        .collect();
    let permille: u32 = refusing.iter().map(|receiver| receiver.share_permille).sum();
    let status = match permille {
        0..=9 => Status::Pass,
        10..=50 => Status::Warn,
        _ => Status::Fail,
    };
    let all: u64 = table.iter().map(|receiver| receiver.recipients).sum();
    let held: u64 = refusing.iter().map(|receiver| receiver.recipients).sum();
    let group = if refusing.iter().any(|receiver| receiver.trust.is_about_place()) {
        Group::SpeaksForMoving
    } else {
        Group::TravelsWithYou
    };
    let title = format!(
        "{} of {} people that you write to are at receivers that distrust you",
        with_thousands(held),
        with_thousands(all)
    );
    let draft = pen
        .draft("delivery.share", Area::Delivery, status, Importance::VeryImportant, title)
        .group(group)
        .words("Counted from the mail that your server sent; the same person counts once.");
    let shares = table
        .iter()
        .take(10)
        .map(|receiver| format!("{}: {} recipients", receiver.name, receiver.recipients));
    pen.push(draft, "Recipients by receiver", shares.collect());
}

/// J3: whether it becomes better.
fn trend(pen: &mut Pen<'_, '_>, table: &[Receiver]) {
    let of = |wanted: Trend| -> Vec<&Receiver> {
        table.iter().filter(|receiver| receiver.trend == Some(wanted)).collect()
    };
    let (rising, falling, flat) = (of(Trend::Rising), of(Trend::Falling), of(Trend::Flat));
    let (status, title) = if !rising.is_empty() {
        (Status::Warn, format!("Refusals become more at {}", named(&rising)))
    } else if !flat.is_empty() {
        (Status::Info, format!("Refusals at {} are unchanged", named(&flat)))
    } else if !falling.is_empty() {
        (Status::Pass, format!("Refusals become fewer at {}", named(&falling)))
    } else if table.iter().any(|receiver| receiver.refused > 0) {
        (Status::Unknown, "Whether refusals are increasing is not known yet".to_owned())
    } else {
        return;
    };
    let words = if status == Status::Unknown {
        "What was read goes back less than four weeks, so there is nothing to compare with. This is neither a good nor a bad result."
    } else {
        "The last two weeks against the two before."
    };
    let weeks = table
        .iter()
        .filter(|receiver| receiver.trend.is_some())
        .map(|receiver| {
            let weeks: Vec<String> =
                receiver.weeks.iter().rev().take(5).rev().map(|week| week.refused.to_string()).collect();
            format!("{}: {}", receiver.name, weeks.join(", "))
        })
        .collect();
    let mut draft =
        pen.draft("delivery.trend", Area::Delivery, status, Importance::Minor, title).words(words);
    if status == Status::Unknown {
        draft = draft.remedy(
            Effort::Low,
            Changer::Nobody,
            "Give older logs as well: mail.log.1, mail.log.2.gz and so on.",
        );
    }
    pen.push(draft, "Refusals by week", weeks);
}

/// J4: how long mail was on its way.
fn delay(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    if !evidence.has_log() {
        return;
    }
    let late: u64 =
        evidence.receivers.iter().flat_map(|receiver| receiver.days.values()).map(|day| day.later).sum();
    let waiting: u64 = evidence.receivers.iter().map(|receiver| receiver.waiting).sum();
    let Some(slowest) = evidence.receivers.iter().max_by_key(|receiver| receiver.slowest_seconds) else {
        return;
    };
    let hours = slowest.slowest_seconds / 3600;
    let status = match hours {
        0 => Status::Pass,
        1..24 => Status::Info,
        _ => Status::Warn,
    };
    let longest = match slowest.slowest_seconds {
        seconds @ 0..7200 => counted_as(usize::try_from(seconds / 60).unwrap_or(0), "minute", "minutes"),
        _ => counted_as(usize::try_from(hours).unwrap_or(0), "hour", "hours"),
    };
    let title = format!("The slowest delivery took {longest}, to {}", slowest.name);
    let words = format!(
        "{} messages came through after being deferred, {} still wait at the end of the log.",
        with_thousands(late),
        with_thousands(waiting)
    );
    let draft = pen.draft("delivery.delay", Area::Delivery, status, Importance::Minor, title).words(words);
    pen.push(draft, "", Vec::new());
}

/// J5: which of the owner's addresses is refused.
fn refused_addresses(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let refused: BTreeSet<IpAddr> =
        evidence.receivers.iter().flat_map(|receiver| receiver.refused_from.keys().copied()).collect();
    if refused.is_empty() {
        let days = evidence.receivers.iter().flat_map(|receiver| receiver.days.values());
        if days.map(|day| day.refused + day.bounced).sum::<u64>() > 0 {
            let title = "Which of your addresses is refused is not said";
            let draft = pen
                .draft("delivery.refused-address", Area::Delivery, Status::Unknown, Importance::Minor, title)
                .words("No refusal names the address that it is about. This is neither a good nor a bad result.")
                .remedy(Effort::Low, Changer::Nobody, "If the server has several addresses, let it send from one of them only for a while, and compare.");
            pen.push(draft, "", Vec::new());
        }
        return;
    }
    let is_v6_only =
        refused.iter().all(IpAddr::is_ipv6) && evidence.sending_addresses.keys().any(IpAddr::is_ipv4);
    let addresses: Vec<IpAddr> = refused.into_iter().collect();
    let title = format!("Refusals name {}", listed(&addresses));
    let status = if is_v6_only { Status::Warn } else { Status::Info };
    let mut draft = pen
        .draft("delivery.refused-address", Area::Delivery, status, Importance::Important, title)
        .words(if is_v6_only {
            "Only the IPv6 address is refused; over IPv4 the mail is taken."
        } else {
            "These are the addresses that receivers see, whatever SPF and MX say."
        });
    if is_v6_only {
        draft = draft.group(Group::TravelsWithYou).remedy(
            Effort::Low,
            Changer::YouOnTheServer,
            "Let the server send over IPv4 until the IPv6 address has a name (PTR) and passes SPF.",
        );
    }
    let counts = evidence.receivers.iter().flat_map(|receiver| {
        receiver
            .refused_from
            .iter()
            .map(|(address, times)| format!("{}: {address}, {times} times", receiver.name))
    });
    pen.push(draft, "Addresses in refusals", counts.collect());
}

/// J6: signs that somebody else sends through the server.
fn account(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let Some(account) = evidence.busiest_account else { return };
    let words = format!(
        "On one day one account handed in {} messages, where {} are usual, and signed in from {}. Spam through a stolen password looks like this; so does a newsletter.",
        with_thousands(account.messages),
        with_thousands(account.usual),
        counted_as(usize::try_from(account.networks).unwrap_or(usize::MAX), "network", "networks"),
    );
    let title = "One account sends far more than it usually does";
    let draft = pen
        .draft("delivery.account", Area::Delivery, Status::Warn, Importance::VeryImportant, title)
        .words(words)
        .remedy(Effort::Low, Changer::YouOnTheServer, "Look in the log to see which account it is. If nobody can explain it, change its password and end its connections.");
    pen.push(draft, "", Vec::new());
}

/// J7: notices of failed delivery to people who wrote nothing.
fn backscatter(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    const MANY: u64 = 50;
    if !evidence.has_log() {
        return;
    }
    let status = match evidence.backscatter {
        0 => Status::Pass,
        1..MANY => Status::Info,
        _ => Status::Warn,
    };
    let title =
        format!("{} notices of failed delivery went to other servers", with_thousands(evidence.backscatter));
    let mut draft = pen
        .draft("delivery.backscatter", Area::Delivery, status, Importance::Important, title)
        .words("Most senders of what cannot be delivered are forged: such notices hit people who wrote nothing, and lists are kept of who sends them.");
    if status == Status::Warn {
        draft = draft.remedy(Effort::Medium, Changer::YouOnTheServer, "Let the server refuse unknown recipients during the connection instead of taking the mail and sending a notice.");
    }
    pen.push(draft, "", Vec::new());
}

fn complaints(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let total: u64 = evidence.feedback.kinds.values().sum();
    if total == 0 {
        return;
    }
    let status = if evidence.feedback.kinds.contains_key("abuse") { Status::Warn } else { Status::Info };
    let title = format!("{} complaints and failure reports", with_thousands(total));
    let draft = pen
        .draft("delivery.complaints", Area::Delivery, status, Importance::Important, title)
        .words("Recipients pressed “this is spam”, or a check failed. Such complaints follow the domain, wherever it sends from.")
        .rfc(5965, "3")
        .remedy(Effort::Medium, Changer::YouOnTheServer, "Look at which messages they are about, and let people leave the list that sent them.");
    let kinds = evidence.feedback.kinds.iter().map(|(kind, times)| format!("{kind}: {times}"));
    pen.push(draft, "By type", kinds.collect());
}

/// Addresses in DMARC reports, by whose they are.
struct Sources<'a> {
    own: Vec<(&'a IpAddr, &'a DmarcSource)>,
    foreign: Vec<(&'a IpAddr, &'a DmarcSource)>,
    forwarders: Vec<&'a DmarcSource>,
}

impl<'a> Sources<'a> {
    fn of(dmarc: &'a DmarcFacts, known: &BTreeSet<IpAddr>) -> Self {
        let mut sources = Self { own: Vec::new(), foreign: Vec::new(), forwarders: Vec::new() };
        for (address, source) in &dmarc.sources {
            if known.contains(address) || source.spf > 0 {
                sources.own.push((address, source));
            } else if source.dkim > 0 || source.forwarded > 0 {
                sources.forwarders.push(source);
            } else {
                sources.foreign.push((address, source));
            }
        }
        sources
    }
}

/// F16 to F19: what receivers saw of mail with the domain's name.
fn dmarc_reports(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts, dmarc: &DmarcFacts) {
    let known: BTreeSet<IpAddr> = senders::find(pen.context)
        .addresses
        .into_iter()
        .chain(evidence.sending_addresses.keys().copied())
        .collect();
    let sources = Sources::of(dmarc, &known);
    own_mail(pen, &sources.own);
    strangers(pen, dmarc, &sources.foreign);
    forwarding(pen, dmarc, &sources.forwarders);
}

/// F16 and F18: how much of the domain's own mail passes, and what a stricter policy would stop.
fn own_mail(pen: &mut Pen<'_, '_>, own: &[(&IpAddr, &DmarcSource)]) {
    let (messages, aligned) =
        own.iter().fold((0, 0), |sum, (_, source)| (sum.0 + source.messages, sum.1 + source.aligned));
    if messages == 0 {
        let title = "How much of your own mail passes DMARC is not known";
        let draft = pen
            .draft("dmarc.pass-rate", Area::Dmarc, Status::Unknown, Importance::Important, title)
            .words("No report tells of mail from an address that is known to be yours.")
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Name the addresses that send your mail (--sending-ip), or give the mail log.",
            )
            .rfc(9990, "3");
        pen.push(draft, "", Vec::new());
    }
    if let Some(permille) = aligned.saturating_mul(1000_u64).checked_div(messages) {
        let (status, importance) = match permille {
            980.. => (Status::Pass, Importance::Important),
            900..980 => (Status::Warn, Importance::Important),
            _ => (Status::Fail, Importance::Important),
        };
        let title = format!(
            "{} of {} messages of your own pass DMARC",
            with_thousands(aligned),
            with_thousands(messages)
        );
        let mut draft = pen
            .draft("dmarc.pass-rate", Area::Dmarc, status, importance, title)
            .words("Measured by receivers, on mail from your own addresses.")
            .rfc(9990, "3");
        if status != Status::Pass {
            draft = draft.remedy(
                Effort::Medium,
                Changer::YouOnTheServer,
                "Sign all outgoing mail with DKIM, with the domain of the From address.",
            );
        }
        let rows = own
            .iter()
            .map(|(address, source)| format!("{address}: {} of {}", source.aligned, source.messages));
        pen.push(draft, "Own addresses in DMARC reports", rows.collect());
        // F18: what a stricter policy would stop.
        let broken: Vec<String> = own
            .iter()
            .filter(|(_, source)| source.aligned < source.messages)
            .map(|(address, source)| {
                format!("{address}: {} of {}", source.messages - source.aligned, source.messages)
            })
            .collect();
        let (status, title) = if broken.is_empty() {
            (Status::Pass, "None of your own mail would be stopped by p=reject".to_owned())
        } else {
            (
                Status::Info,
                format!("p=reject would stop {} messages of your own", with_thousands(messages - aligned)),
            )
        };
        let draft = pen
            .draft("dmarc.readiness", Area::Dmarc, status, Importance::Minor, title)
            .words("The reports were run against the strictest policy.")
            .rfc(9989, "4.7");
        pen.push(draft, "Would be stopped", broken);
    }
}

/// F17: who else uses the domain's name.
fn strangers(pen: &mut Pen<'_, '_>, dmarc: &DmarcFacts, foreign: &[(&IpAddr, &DmarcSource)]) {
    let volume: u64 = foreign.iter().map(|(_, source)| source.messages).sum();
    let total: u64 = dmarc.sources.values().map(|source| source.messages).sum::<u64>() + dmarc.more_messages;
    let (status, title) = match (foreign.len(), volume) {
        (0, _) => (Status::Pass, "Nobody else sends with your domain’s name".to_owned()),
        (count, volume) => {
            let status = if volume * 10 > total { Status::Warn } else { Status::Info };
            (
                status,
                format!(
                    "{} of strangers sent {} messages with your domain’s name",
                    counted_as(count, "address", "addresses"),
                    with_thousands(volume)
                ),
            )
        }
    };
    let draft = pen
        .draft("dmarc.unknown-sources", Area::Dmarc, status, Importance::Minor, title)
        .words("Forged mail is normal; a service of yours that nobody remembers would be listed here, too.")
        .rfc(9990, "3");
    let rows = foreign.iter().take(24).map(|(address, source)| {
        format!("{address}: {} messages, {} stopped", source.messages, source.stopped)
    });
    pen.push(draft, "Unknown addresses in DMARC reports", rows.collect());
}

/// F19: whether signatures survive forwarding.
fn forwarding(pen: &mut Pen<'_, '_>, dmarc: &DmarcFacts, forwarders: &[&DmarcSource]) {
    if !forwarders.is_empty() {
        let (messages, survived) =
            forwarders.iter().fold((0, 0), |sum, source| (sum.0 + source.messages, sum.1 + source.dkim));
        let status = if survived * 2 >= messages { Status::Pass } else { Status::Warn };
        let title = format!(
            "{} messages were forwarded, {} of them with a signature that still holds",
            with_thousands(messages),
            with_thousands(survived)
        );
        let draft = pen
            .draft("dmarc.forwarding", Area::Dmarc, status, Importance::Minor, title)
            .words(
                "Forwarders and mailing lists break SPF; DKIM survives where they do not change the message.",
            )
            .reference("RFC 7960", "https://www.rfc-editor.org/rfc/rfc7960");
        let reasons = dmarc.overrides.iter().map(|(reason, times)| format!("{reason}: {times}"));
        pen.push(draft, "Reasons that receivers give", reasons.collect());
    }
}

/// G21: sessions that others could not encrypt.
fn tls_reports(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    let Some(tls) = &evidence.tls else { return };
    let all = tls.successes.saturating_add(tls.failures);
    let (status, title) = match (tls.failures, all) {
        (0, 0) => (Status::Unknown, "TLS reports tell of no session".to_owned()),
        (0, _) => (Status::Pass, format!("{} encrypted sessions, none failed", with_thousands(all))),
        (failures, all) if failures.saturating_mul(100) <= all => (
            Status::Info,
            format!("{} of {} encrypted sessions failed", with_thousands(failures), with_thousands(all)),
        ),
        (failures, all) => (
            Status::Warn,
            format!("{} of {} encrypted sessions failed", with_thousands(failures), with_thousands(all)),
        ),
    };
    let mut draft = pen
        .draft("transport.tls-reports", Area::IncomingMail, status, Importance::Important, title)
        .words("Told by servers that send to you.")
        .rfc(8460, "4");
    if status == Status::Unknown {
        draft = draft.remedy(
            Effort::Low,
            Changer::Nobody,
            "Give more of them: some servers report only once a week.",
        );
    }
    if status == Status::Warn {
        draft = draft.group(Group::TravelsWithYou).remedy(Effort::Medium, Changer::YouOnTheServer, "Look at the kinds of failures below: an expired certificate, or a policy that names other hosts.");
    }
    let kinds = tls.kinds.iter().map(|(kind, sessions)| format!("{kind}: {sessions}"));
    pen.push(draft, "Failures by type", kinds.collect());
}
