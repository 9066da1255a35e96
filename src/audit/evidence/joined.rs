//! Joins the evidence of two readings: the owner's files, and the mailboxes at the server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::collector::{
    KEPT_DOMAINS, KEPT_RECEIVERS, MAX_DAYS, MAX_MESSAGES, MAX_NAMES, MAX_REPLIES, MAX_REPORTED, MAX_SOURCES,
    count, letters,
};
use super::facts::{
    DayTally, DmarcFacts, DmarcSource, EvidenceFacts, FeedbackFacts, OutboundTls, ReceiverFacts, ReplyFacts,
    SourceFacts, SourceKind, TlsFacts,
};
use super::report_id::ReportIds;
use crate::values::{UnixTime, counted_as};

/// Evidence by its origin. A new reading replaces only the earlier one of the same origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceParts {
    /// From the owner's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<EvidenceFacts>,
    /// From mailboxes, over IMAP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<EvidenceFacts>,
}

impl EvidenceParts {
    /// The parts of evidence that comes from one place only.
    pub fn of_one_place(evidence: Option<EvidenceFacts>) -> Self {
        match evidence {
            Some(facts) if facts.sources.iter().any(|source| source.mails.is_some()) => {
                Self { files: None, mailboxes: Some(facts) }
            }
            files => Self { files, mailboxes: None },
        }
    }

    /// Both as one; `None` if nothing was read.
    pub fn whole(&self) -> Option<EvidenceFacts> {
        let mut whole = match (&self.files, &self.mailboxes) {
            (Some(files), Some(mailboxes)) => joined(files, mailboxes),
            (one, other) => one.as_ref().or(other.as_ref()).cloned()?,
        };
        for (part, other, place) in
            [(&self.files, &self.mailboxes, "your files"), (&self.mailboxes, &self.files, "your mailboxes")]
        {
            let Some(part) = part else { continue };
            let nothing = ReportIds::default();
            let counted = other.as_ref().map_or(&nothing, |other| &other.reports);
            whole.sources.extend(no_longer_counted(place, part.reports_elsewhere.missing_in(counted)));
        }
        whole.sources.truncate(MAX_SOURCES);
        Some(whole)
    }

    /// Whether there is evidence of both places.
    pub const fn is_of_both(&self) -> bool {
        self.files.is_some() && self.mailboxes.is_some()
    }
}

/// Says that reports were left out because the other place had them, and that a newer reading of it has not.
fn no_longer_counted(place: &str, reports: usize) -> Option<SourceFacts> {
    let problem = format!(
        "{} in them had been counted elsewhere, and no longer {}: read them again",
        counted_as(reports, "report", "reports"),
        if reports == 1 { "is" } else { "are" }
    );
    (reports > 0).then(|| SourceFacts {
        name: place.to_owned(),
        kind: SourceKind::Unknown,
        entries: 0,
        first: None,
        last: None,
        repeated: 0,
        problem,
        mails: None,
    })
}

/// The sum of both. Who corresponds with the domain is seen in both, so recipients are not added up: the larger count stands.
fn joined(files: &EvidenceFacts, mailboxes: &EvidenceFacts) -> EvidenceFacts {
    let mut whole = files.clone();
    whole.sources.extend(mailboxes.sources.iter().cloned());
    whole.sources.truncate(MAX_SOURCES);
    for receiver in &mailboxes.receivers {
        match whole.receivers.iter_mut().find(|known| known.id == receiver.id) {
            Some(known) => add_receiver(known, receiver),
            None => whole.receivers.push(receiver.clone()),
        }
    }
    whole.receivers.sort_by(|one, other| (other.recipients, &one.id).cmp(&(one.recipients, &other.id)));
    whole.receivers.truncate(KEPT_RECEIVERS);
    add_counts(&mut whole.sending_addresses, &mailboxes.sending_addresses, MAX_NAMES);
    add_counts(&mut whole.helo_names, &mailboxes.helo_names, MAX_NAMES);
    let OutboundTls { encrypted, clear, unmentioned } = mailboxes.outbound_tls;
    whole.outbound_tls.encrypted += encrypted;
    whole.outbound_tls.clear += clear;
    whole.outbound_tls.unmentioned += unmentioned;
    for (address, row) in &mailboxes.snds {
        whole.snds.entry(*address).or_insert_with(|| row.clone());
    }
    if let Some(more) = &mailboxes.dmarc {
        add_dmarc(whole.dmarc.get_or_insert_default(), more);
    }
    if let Some(more) = &mailboxes.tls {
        add_tls(whole.tls.get_or_insert_default(), more);
    }
    whole.reports.extend(&mailboxes.reports);
    whole.reports_elsewhere.extend(&mailboxes.reports_elsewhere);
    let FeedbackFacts { kinds, last } = &mailboxes.feedback;
    add_counts(&mut whole.feedback.kinds, kinds, MAX_NAMES);
    whole.feedback.last = whole.feedback.last.max(*last);
    whole.busiest_account = whole.busiest_account.or(mailboxes.busiest_account);
    whole.backscatter += mailboxes.backscatter;
    whole.messages.extend(mailboxes.messages.iter().cloned());
    whole.messages.truncate(MAX_MESSAGES);
    whole.came_home.extend(mailboxes.came_home.iter().cloned());
    whole.came_home.truncate(MAX_MESSAGES);
    whole
}

fn add_counts<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>, most: usize) {
    for (key, times) in more {
        count(counts, key.clone(), *times, most);
    }
}

fn earlier(one: Option<UnixTime>, other: Option<UnixTime>) -> Option<UnixTime> {
    one.into_iter().chain(other).min()
}

fn add_receiver(receiver: &mut ReceiverFacts, more: &ReceiverFacts) {
    receiver.recipients = receiver.recipients.max(more.recipients);
    for (domain, recipients) in &more.domains {
        if let Some(known) = receiver.domains.get_mut(domain) {
            *known = (*known).max(*recipients);
        } else if receiver.domains.len() < KEPT_DOMAINS {
            receiver.domains.insert(domain.clone(), *recipients);
        }
    }
    for (day, tally) in &more.days {
        if receiver.days.len() < MAX_DAYS || receiver.days.contains_key(day) {
            add_tally(receiver.days.entry(*day).or_default(), *tally);
        }
    }
    receiver.waiting += more.waiting;
    receiver.slowest_seconds = receiver.slowest_seconds.max(more.slowest_seconds);
    receiver.in_clear += more.in_clear;
    add_counts(&mut receiver.refused_from, &more.refused_from, MAX_NAMES);
    for reply in &more.replies {
        if let Some(known) = receiver.replies.iter_mut().find(|known| is_alike(known, reply)) {
            add_counts(&mut known.days, &reply.days, MAX_DAYS);
        } else if receiver.replies.len() < MAX_REPLIES {
            receiver.replies.push(reply.clone());
        }
    }
    receiver
        .replies
        .sort_by_key(|reply| (std::cmp::Reverse(reply.days.values().sum::<u64>()), reply.sample.clone()));
}

/// Whether two replies are of one kind; what nobody knows is distinguished by its words.
fn is_alike(one: &ReplyFacts, other: &ReplyFacts) -> bool {
    let kind = |reply: &ReplyFacts| (reply.pattern.clone(), reply.class, reply.scope, reply.is_permanent);
    kind(one) == kind(other) && (one.class.is_some() || letters(&one.sample).eq(letters(&other.sample)))
}

fn add_tally(tally: &mut DayTally, more: DayTally) {
    let DayTally { delivered, later, deferred, refused, bounced, recipient_faults, unreached } = more;
    tally.delivered += delivered;
    tally.later += later;
    tally.deferred += deferred;
    tally.refused += refused;
    tally.bounced += bounced;
    tally.recipient_faults += recipient_faults;
    tally.unreached += unreached;
}

fn add_dmarc(dmarc: &mut DmarcFacts, more: &DmarcFacts) {
    dmarc.reports += more.reports;
    dmarc.first = earlier(dmarc.first, more.first);
    dmarc.last = dmarc.last.max(more.last);
    add_counts(&mut dmarc.reporters, &more.reporters, MAX_REPORTED);
    for (address, source) in &more.sources {
        if !dmarc.sources.contains_key(address) && dmarc.sources.len() >= MAX_REPORTED {
            dmarc.more_messages += source.messages;
            continue;
        }
        let known: &mut DmarcSource = dmarc.sources.entry(*address).or_default();
        let DmarcSource { messages, spf, dkim, aligned, stopped, forwarded } = *source;
        known.messages += messages;
        known.spf += spf;
        known.dkim += dkim;
        known.aligned += aligned;
        known.stopped += stopped;
        known.forwarded += forwarded;
    }
    dmarc.more_messages += more.more_messages;
    add_counts(&mut dmarc.selectors, &more.selectors, 200);
    add_counts(&mut dmarc.overrides, &more.overrides, 50);
}

fn add_tls(tls: &mut TlsFacts, more: &TlsFacts) {
    tls.reports += more.reports;
    tls.first = earlier(tls.first, more.first);
    tls.last = tls.last.max(more.last);
    tls.successes = tls.successes.saturating_add(more.successes);
    tls.failures = tls.failures.saturating_add(more.failures);
    add_counts(&mut tls.kinds, &more.kinds, 200);
    add_counts(&mut tls.reporters, &more.reporters, MAX_REPORTED);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::evidence::{
        Collector, LogKind, LogReader, Noted, read_bounce, read_dmarc_report, read_feedback,
    };

    const AT: UnixTime = UnixTime(1_795_914_000);
    const LINE: &str = "2026-11-12T06:25:03Z mail postfix/smtp[8]: 4X: to=<r@hotmail.com>, relay=a.olc.protection.outlook.com[192.0.2.33]:25, delay=1, dsn=5.7.1, status=bounced (host a.olc.protection.outlook.com[192.0.2.33] said: 550 5.7.1 part of their network is on our block list (S3150). (in reply to MAIL FROM command))\n2026-11-12T06:26:03Z mail postfix/smtp[8]: 5X: to=<s@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.34]:25, delay=1, dsn=2.0.0, status=sent (250 ok)\n";
    const BOUNCE: &str = "Date: Thu, 12 Nov 2026 06:25:04 +0000\nSubject: failure notice\n\nHi. This is the qmail-send program at weber.example.\n\n<r@hotmail.com>:\nRemote host said: 550 5.7.1 part of their network is on our block list (S3150).\n";
    const DMARC: &str = "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>g</org_name><date_range><begin>1795000000</begin><end>1795086399</end></date_range></report_metadata><policy_published><domain>weber.example</domain></policy_published><record><row><source_ip>198.51.100.25</source_ip><count>3</count><policy_evaluated><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row></record></feedback>";
    const COMPLAINT: &str = "From: a@b.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\n\n--x\n\nA complaint.\n--x\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\nSource-IP: 198.51.100.25\n\n--x--\n";

    fn log(book: &mut Collector) {
        let mut reader = LogReader::new(LogKind::of(LINE.as_bytes()).unwrap(), AT);
        reader.read(LINE.as_bytes(), book);
        reader.end(book);
        book.end_source("mail.log", SourceKind::MailLog, "");
        book.dmarc_report(&read_dmarc_report(DMARC.as_bytes()).unwrap());
        book.end_source("r.xml", SourceKind::DmarcReport, "");
    }

    fn mails(book: &mut Collector) {
        book.bounce(&read_bounce(BOUNCE.as_bytes()).unwrap(), AT);
        book.feedback(&read_feedback(COMPLAINT.as_bytes()).unwrap(), AT);
        book.dmarc_report(&read_dmarc_report(DMARC.as_bytes()).unwrap());
        let Noted { entries, first, last, repeated } = book.take_noted();
        assert_eq!((entries, repeated), (2, 1), "the report lies among the files too");
        let (name, problem) = ("anna@weber.example".to_owned(), String::new());
        let kind = SourceKind::Bounce;
        book.add_source(SourceFacts { name, kind, entries, first, last, repeated, problem, mails: Some(3) });
    }

    #[test]
    fn two_readings_give_what_one_reading_of_everything_gives() {
        let (mut one, mut both) = (Collector::new(), Collector::new());
        log(&mut one);
        let files = one.finish();
        let mut other = Collector::beside(files.reports.clone());
        mails(&mut other);
        log(&mut both);
        mails(&mut both);
        let parts = EvidenceParts { files: Some(files), mailboxes: Some(other.finish()) };
        let whole = parts.whole().unwrap();
        let without_ids = EvidenceFacts { reports_elsewhere: ReportIds::default(), ..whole.clone() };
        assert_eq!(without_ids, both.finish());
        assert_eq!(whole.receivers[0].id, "google");
        assert_eq!((whole.receivers.len(), whole.recipients()), (2, 2));
        assert_eq!(whole.dmarc.as_ref().unwrap().reports, 1);
        assert!(parts.is_of_both());
    }

    #[test]
    fn a_report_that_no_longer_lies_at_the_other_place_is_missed() {
        let mut files = Collector::new();
        log(&mut files);
        let mut mailboxes = Collector::beside(files.facts.reports.clone());
        mails(&mut mailboxes);
        let told = |files: Option<EvidenceFacts>, mailboxes: EvidenceFacts| {
            let parts = EvidenceParts { files, mailboxes: Some(mailboxes) };
            let sources = parts.whole().unwrap().sources;
            sources.into_iter().filter(|source| source.name == "your mailboxes").collect::<Vec<_>>()
        };
        let mailboxes = mailboxes.finish();
        assert!(told(Some(files.finish()), mailboxes.clone()).is_empty());
        for files in [None, Some(Collector::new().finish())] {
            let [source] = &told(files, mailboxes.clone())[..] else { panic!("nothing is told") };
            assert!(source.problem.starts_with("1 report in them"), "{}", source.problem);
        }
    }

    #[test]
    fn one_place_alone_is_the_whole() {
        assert_eq!(EvidenceParts::of_one_place(None).whole(), None);
        let (mut files, mut mailboxes) = (Collector::new(), Collector::new());
        log(&mut files);
        log(&mut mailboxes);
        mails(&mut mailboxes);
        for (facts, is_mailboxes) in [(files.finish(), false), (mailboxes.finish(), true)] {
            let parts = EvidenceParts::of_one_place(Some(facts.clone()));
            assert_eq!(parts.mailboxes.is_some(), is_mailboxes);
            assert_eq!(parts.whole(), Some(facts));
            assert!(!parts.is_of_both());
        }
    }
}
