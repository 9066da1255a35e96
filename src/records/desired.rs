//! Puts the plan together: one group of records after the other, each merged with what the zone has, and the whole judged at the
//! end.

use std::collections::{BTreeMap, BTreeSet};

use super::current_zone::{CurrentZone, SpfText, ZoneData, ZoneRecord};
use super::dmarc::{self, DmarcMerge};
use super::judge::{
    Case, is_for_everybody, judge, networks_of_dropped, policy, senders_of_provider, senders_of_today,
};
use super::keys::{keep_old_keys, place};
use super::leftovers::{Hosts, Sts};
use super::mail_hosts::{hosts_in_place, mx_lines, new_hosts, old_hosts};
use super::obstacles::obstacles;
use super::pasted_key::taken_apart;
use super::proposals::Proposals;
use super::ramp::ramp;
use super::spf::SpfInput;
use super::spf_stages::{Stages, merge_stages, mx_records};
use super::spf_terms::{Term, TermKind, says_the_same};
use super::spf_world::World;
use super::unread::{Needs, fully_read_addresses};
use super::{Change, DiffLine, GroupKind, LeftOut, RecordGroup, RecordsPlan, SwitchStage};
use crate::audit::dkim::DkimKey;
use crate::audit::dmarc::{EffectivePolicy, Policy};
use crate::providers::{
    Answer, AnswerCheck, AnswerError, Confidence, Provider, RecordPurpose, RecordTemplate, Source,
    TemplateType, fill, is_host, is_label,
};
use crate::values::{DnsName, DnsQuestion, DomainName};

/// Waiting time of records that are not in a hurry.
pub(super) const TTL_SECS: u32 = 3600;

/// The new records of a domain: what the provider needs, merged with what the zone has.
///
/// `answers` holds what the owner typed, by name; what does not pass its check counts as missing and is told in the
/// notes. `dropped_senders` holds SPF terms as [`super::Sender::term`] names them.
pub fn desired(
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    current: &CurrentZone,
    dropped_senders: &BTreeSet<String>,
) -> RecordsPlan {
    let world = World::of(current);
    plan(provider, answers, current, dropped_senders, &world)
}

/// Questions about names elsewhere whose answers the judgement of [`desired`] still misses. Once they are answered in
/// [`CurrentZone::answers`], more may turn up.
pub fn open_questions(
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    current: &CurrentZone,
) -> BTreeSet<DnsQuestion> {
    let world = World::of(current);
    plan(provider, answers, current, &BTreeSet::new(), &world);
    world.into_missing()
}

fn plan(
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    current: &CurrentZone,
    dropped_senders: &BTreeSet<String>,
    world: &World<'_>,
) -> RecordsPlan {
    let mut plan = Planner::new(provider, answers, current);
    let mx = plan.filled(RecordPurpose::Mx);
    let in_place = hosts_in_place(provider, current);
    let is_mx_complete = in_place.is_some() || !plan.is_waiting(RecordPurpose::Mx);
    let hosts = in_place.unwrap_or_else(|| new_hosts(&mx));
    let dkim = plan.filled(RecordPurpose::Dkim);
    let ownership = plan.filled(RecordPurpose::Ownership);
    let programs = plan.filled(RecordPurpose::MailPrograms);

    let mut mx_group = Lines::default();
    mx_lines(current, &hosts, is_mx_complete, &mut mx_group);
    plan.group(GroupKind::Mx, mx_group, &Needs::apex(&["MX"]));

    let old_hosts = old_hosts(current, &hosts);
    let provider_terms = plan.spf_terms();
    let new_host_names: Vec<DnsName> =
        if is_mx_complete { hosts.iter().map(|new| new.host.clone()).collect() } else { Vec::new() };
    let leftovers = Hosts { zone: current, old: &old_hosts, new: &new_host_names };
    let mx_today: Vec<ZoneRecord> =
        current.at("@").filter(|record| matches!(record.data, ZoneData::Mx(..))).cloned().collect();
    let new_mx = mx_records(hosts.iter().map(|new| (new.preference, new.host.clone())));
    let case = Case {
        zone: current,
        world,
        today: senders_of_today(current, world, &old_hosts),
        provider: senders_of_provider(current, world, &provider_terms),
        has_provider: !provider_terms.is_empty(),
        refused_hosts: leftovers.refused(),
        is_sts_unknown: matches!(leftovers.sts(), Sts::Unknown),
        dropped: dropped_senders,
        dropped_networks: networks_of_dropped(current, world, dropped_senders),
    };
    let stages = Stages {
        world,
        mx_after: if is_mx_complete && !new_mx.is_empty() { new_mx } else { mx_today.clone() },
        mx_today,
        senders: &case.today,
        dropped_networks: &case.dropped_networks,
    };
    let mut spf_group = Lines::default();
    plan.spf(&old_hosts, &provider_terms, &stages, dropped_senders, &mut spf_group);
    // The MX hosts tell what “mx” means, and which senders are the old server.
    plan.group(GroupKind::Spf, spf_group, &Needs::apex(&["TXT", "MX"]));

    let mut dkim_group = Lines::default();
    place(current, &dkim, &mut dkim_group);
    let old_keys = keep_old_keys(current, &dkim, &mut dkim_group);
    plan.group(GroupKind::Dkim, dkim_group, &Needs::names_of(&dkim));

    let mut dmarc_group = Lines::default();
    let holding = match policy(&mut world.today(), &case) {
        EffectivePolicy::Known(holding) => holding,
        EffectivePolicy::Unknown => None,
    };
    dmarc_lines(current, holding, &mut dmarc_group);
    plan.group(GroupKind::Dmarc, dmarc_group, &Needs::name("_dmarc"));

    for (kind, filled) in [(GroupKind::Ownership, ownership), (GroupKind::MailPrograms, programs)] {
        let mut lines = Lines::default();
        place(current, &filled, &mut lines);
        if kind == GroupKind::MailPrograms {
            let placed = filled.iter().map(|new| new.name.clone()).collect();
            leftovers.service_lines(provider, &placed, &mut lines);
        }
        if lines.lines.is_empty() {
            plan.plan.notes.extend(lines.notes);
        } else {
            plan.group(kind, lines, &Needs::names_of(&filled));
        }
    }
    plan.leftovers(&leftovers);
    let in_the_way = obstacles(current, &plan.plan.groups);
    plan.plan.notes.splice(..0, in_the_way);
    plan.doubt_weak_sources();
    let mut plan = plan.finish();
    plan.old_keys = old_keys;
    plan.dmarc_ramp = plan.published_dmarc().map(|record| ramp(&record)).unwrap_or_default();
    plan.judgements = judge(&plan, &case);
    plan
}

/// Checks one answer as the page does while it is typed: the form that records take, or why not.
/// An answer that the provider does not ask for passes as it is.
pub fn check_answer(provider: &Provider, name: &str, typed: &str) -> Result<String, AnswerError> {
    provider.answer(name).map_or_else(|| Ok(typed.to_owned()), |answer| checked(answer, typed))
}

/// Whether a key that was pasted as a line of a zone file is the one that the records ask for: of this domain, with this
/// selector.
///
/// # Errors
/// The name of the answer, and what does not fit.
pub fn check_key_line<'p>(
    provider: &'p Provider,
    domain: &DomainName,
    answers: &BTreeMap<String, String>,
) -> Result<(), (&'p str, AnswerError)> {
    let Some(key) = provider.answers.iter().find(|answer| answer.check == AnswerCheck::DkimKey) else {
        return Ok(());
    };
    let pasted = answers.get(&key.name).map(|typed| taken_apart(typed)).unwrap_or_default();
    let selector = || {
        let typed = answers.get("dkim_selector").map(String::as_str).filter(|text| !text.trim().is_empty());
        let answer = provider.answer("dkim_selector")?;
        checked(answer, typed.or(answer.default.as_deref())?).ok()
    };
    let wanted = selector().or_else(|| pasted.selector.clone()).unwrap_or_default();
    let is_other_selector = pasted.selector.as_ref().is_some_and(|one| *one != wanted.to_ascii_lowercase());
    let is_other_domain = pasted.domain.as_ref().is_some_and(|one| one != domain.as_ascii());
    if !is_other_selector && !is_other_domain {
        return Ok(());
    }
    let behind = pasted.domain.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
    let pasted = format!("{}._domainkey{behind}", pasted.selector.unwrap_or_default());
    Err((
        &key.name,
        AnswerError::KeyOfAnother { pasted, wanted: format!("{wanted}._domainkey.{}", domain.as_ascii()) },
    ))
}

/// What passes the check of the catalogue is also read by the audit's own readers, which judge it once it is published.
fn checked(answer: &Answer, typed: &str) -> Result<String, AnswerError> {
    let typed = if answer.check == AnswerCheck::DkimKey { taken_apart(typed).data } else { typed };
    let text = answer.check(typed)?;
    match answer.check {
        AnswerCheck::DkimKey => match DkimKey::parse(text.as_bytes()) {
            Ok(key) => match key.unfit() {
                Some(why) => Err(AnswerError::NotADkimKey { why }),
                None => Ok(text),
            },
            Err(why) => Err(AnswerError::NotADkimKey { why }),
        },
        AnswerCheck::SpfTerm => match Term::parse(&text).kind {
            TermKind::Broken(_) => Err(AnswerError::NotAnSpfTerm { text, example: answer.example.clone() }),
            TermKind::Ip(network) if is_for_everybody(&network) => {
                Err(AnswerError::SpfTermForEverybody { text, example: answer.example.clone() })
            }
            _ => Ok(text),
        },
        AnswerCheck::Host { .. } | AnswerCheck::Text { .. } | AnswerCheck::Label => Ok(text),
    }
}

/// Whether a template has the placeholder of this name.
fn names(template: &str, placeholder: &str) -> bool {
    template.contains(&format!("{{{placeholder}}}"))
}

/// A template with its answers filled in.
pub(super) struct Filled<'p> {
    pub template: &'p RecordTemplate,
    pub name: String,
    pub value: String,
}

/// Lines of one group, and what must be said beside them.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<DiffLine>,
    notes: Vec<String>,
}

impl Lines {
    pub fn push(&mut self, change: Change, stage: SwitchStage, record: ZoneRecord, reason: &str) {
        self.lines.push(DiffLine {
            change,
            stage,
            ttl_secs: record.ttl_secs,
            record_type: record.data.record_type().to_owned(),
            value: record.data.shown(),
            name: record.name,
            reason: reason.to_owned(),
        });
    }

    pub fn keep(&mut self, record: &ZoneRecord, reason: &str) {
        self.push(Change::Keep, SwitchStage::Now, record.clone(), reason);
    }

    pub fn remove(&mut self, record: &ZoneRecord, stage: SwitchStage, reason: &str) {
        self.push(Change::Remove, stage, record.clone(), reason);
    }

    pub fn text(&mut self, change: Change, stage: SwitchStage, name: &str, text: &str, reason: &str) {
        let data = ZoneData::Txt(text.as_bytes().to_vec());
        self.push(change, stage, ZoneRecord { name: name.to_owned(), ttl_secs: TTL_SECS, data }, reason);
    }

    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Stage, name and value of each line.
    #[cfg(test)]
    pub fn shown(&self) -> Vec<(&'static str, &str, &str)> {
        let stage = |line: &DiffLine| match line.stage {
            SwitchStage::Now => "now",
            SwitchStage::AtTheSwitch => "switch",
            SwitchStage::Later => "later",
        };
        self.lines.iter().map(|line| (stage(line), line.name.as_str(), line.value.as_str())).collect()
    }
}

struct Planner<'a> {
    provider: &'a Provider,
    current: &'a CurrentZone,
    /// Answers that passed their check, defaults included.
    answers: BTreeMap<&'a str, String>,
    plan: RecordsPlan,
}

impl<'a> Planner<'a> {
    fn new(provider: &'a Provider, typed: &BTreeMap<String, String>, current: &'a CurrentZone) -> Self {
        let mut answers = BTreeMap::new();
        let mut notes = Vec::new();
        for unread in &current.unread {
            notes.push(format!(
                "{} at “{}” could not be read ({}): look there before you publish, as nothing is known of it.",
                unread.record_type,
                unread.name,
                unread.outcome.words()
            ));
        }
        for name in current.aliases_beside_others() {
            notes.push(format!(
                "“{name}” has a CNAME and another record beside it, which no name server may have (RFC 1034, section 3.6.2): \
                 most refuse the whole zone file. Take one of them out."
            ));
        }
        for answer in &provider.answers {
            let text = typed.get(&answer.name).map(|text| text.trim()).filter(|text| !text.is_empty());
            match text.or(answer.default.as_deref()).map(|text| checked(answer, text)) {
                Some(Ok(value)) => {
                    answers.insert(answer.name.as_str(), value);
                }
                Some(Err(error)) => notes.push(format!("“{}” cannot be used: {error}.", answer.question)),
                None if answer.is_required => {
                    notes.push(format!(
                        "Missing: {}. {}.",
                        answer.question,
                        answer.help.trim_end_matches('.')
                    ));
                }
                None => {}
            }
        }
        let key = provider.answers.iter().find(|answer| answer.check == AnswerCheck::DkimKey);
        let pasted = key.and_then(|key| typed.get(&key.name)).and_then(|text| taken_apart(text).selector);
        if let (Some(pasted), Some(selector)) = (pasted, answers.get("dkim_selector"))
            && pasted != *selector
        {
            notes.push(format!(
                "The DKIM key was pasted with the selector “{pasted}”, and the records use “{selector}”: look at the \
                 provider which of the two is right."
            ));
        }
        let empty = RecordsPlan::empty(current.domain.clone(), provider.id.clone());
        let plan = RecordsPlan { provider_name: provider.in_a_sentence().to_owned(), notes, ..empty };
        Self { provider, current, answers, plan }
    }

    fn value_of(&self, placeholder: &str) -> Option<String> {
        match placeholder {
            "domain" => Some(self.current.domain.as_ascii().to_owned()),
            "dashed" => Some(self.current.domain.as_ascii().replace('.', "-")),
            name => self.answers.get(name).cloned(),
        }
    }

    fn templates(&self, purpose: RecordPurpose) -> impl Iterator<Item = &'a RecordTemplate> {
        self.provider.records.iter().filter(move |record| record.purpose == purpose)
    }

    /// Templates of this purpose whose answers are all there.
    fn filled(&mut self, purpose: RecordPurpose) -> Vec<Filled<'a>> {
        let mut notes = Vec::new();
        let filled = self
            .templates(purpose)
            .filter_map(|template| {
                let name = fill(&template.name, |name| self.value_of(name)).ok()?.to_ascii_lowercase();
                let value = fill(&template.value, |name| self.value_of(name)).ok()?;
                // Answers were checked one by one; what they make together is checked here.
                let is_name = name == "@" || name.split('.').all(is_label);
                let is_value = match template.record_type {
                    TemplateType::Txt => true,
                    TemplateType::Mx | TemplateType::Cname | TemplateType::Ns => is_host(&value),
                };
                if is_name && is_value && owner_fits(&name, &self.current.domain) {
                    return Some(Filled { template, name, value });
                }
                notes.push(format!(
                    "The record “{name}” cannot be made: with this domain its names are too long."
                ));
                None
            })
            .collect();
        self.plan.notes.extend(notes);
        filled
    }

    /// Says which of the provider's own values no page that can be read confirms; what the owner pastes is no guess.
    fn doubt_weak_sources(&mut self) {
        let is_weak = |source: &Option<Source>| {
            source.as_ref().is_some_and(|source| source.confidence == Confidence::Low)
        };
        let is_ours = |text: &str| !self.provider.answers.iter().any(|answer| names(text, &answer.name));
        let mut doubted: Vec<&str> = Vec::new();
        for (purpose, word) in [
            (RecordPurpose::Mx, "MX"),
            (RecordPurpose::Dkim, "DKIM"),
            (RecordPurpose::Ownership, "ownership"),
            (RecordPurpose::MailPrograms, "mail programs"),
        ] {
            if self.templates(purpose).any(|template| is_weak(&template.source) && is_ours(&template.value)) {
                doubted.push(word);
            }
        }
        if is_weak(&self.provider.spf_source) && self.provider.spf_mechanisms.iter().any(|term| is_ours(term))
        {
            doubted.push("SPF");
        }
        if !doubted.is_empty() {
            let name = self.provider.in_a_sentence();
            self.plan.notes.push(format!(
                "Not confirmed by a page of {name}: {}. Compare these records with what {name} shows you before you \
                 publish them.",
                doubted.join(", ")
            ));
        }
    }

    /// Whether a required answer for this purpose is missing.
    fn is_waiting(&self, purpose: RecordPurpose) -> bool {
        let is_missing = |name: &str| {
            self.provider.answer(name).is_some_and(|answer| answer.is_required)
                && !self.answers.contains_key(name)
        };
        self.templates(purpose).any(|template| {
            matches!(fill(&template.value, |name| self.value_of(name)), Err(name) if is_missing(name))
        })
    }

    fn group(&mut self, kind: GroupKind, lines: Lines, needs: &Needs) {
        let Lines { mut lines, notes } = lines;
        let unread = needs.unread_in(self.current);
        if !unread.is_empty() {
            let what = unread.join(", ");
            for line in lines.iter_mut().filter(|line| line.change != Change::Keep) {
                line.reason = format!("Not to be published, as {what} could not be read. {}", line.reason);
            }
            self.plan.notes.push(format!(
                "{} is not prepared, as {what} could not be read: leave these records as they are, and read \
                 the zone again.",
                kind.heading()
            ));
            self.plan.unread.insert(kind, unread);
        }
        // Reading order: what goes before what comes, stage by stage, and what stays at the end.
        lines.sort_by_key(|line| match line.change {
            Change::Remove => (0, line.stage, 0),
            Change::Add => (0, line.stage, 1),
            Change::Keep => (1, line.stage, 0),
        });
        let purpose = match kind {
            GroupKind::Ownership => {
                format!("Proves to {} that the domain is yours", self.provider.in_a_sentence())
            }
            kind => kind.purpose().to_owned(),
        };
        self.plan.groups.push(RecordGroup { kind, purpose, lines });
        self.plan.notes.extend(notes);
    }

    /// The SPF terms of the provider whose answers are there.
    fn spf_terms(&self) -> Vec<String> {
        let terms = self.provider.spf_mechanisms.iter();
        terms.filter_map(|term| fill(term, |name| self.value_of(name)).ok()).collect()
    }

    fn spf(
        &mut self,
        old_hosts: &[DnsName],
        provider_terms: &[String],
        stages: &Stages<'_>,
        dropped: &BTreeSet<String>,
        lines: &mut Lines,
    ) {
        let existing = self.current.spf_texts();
        let texts: Vec<String> = existing.iter().map(|spf| spf.meant.clone()).collect();
        let addresses = fully_read_addresses(self.current);
        let input = SpfInput {
            domain: &self.current.domain,
            existing: &texts,
            old_hosts,
            addresses: &addresses,
            provider_terms,
            provider_name: self.provider.in_a_sentence(),
            dropped,
            lookups: &self.current.spf_lookups,
            more_own: &[],
            more_kept: &[],
            useless: &BTreeMap::new(),
            redirected_end: None,
        };
        let merged = merge_stages(&input, stages);
        self.plan.senders = merged.senders;
        for left in &merged.left_out {
            lines.note(left_out_words(left));
        }
        self.plan.left_out = merged.left_out;
        let has_provider = !provider_terms.is_empty();
        if !has_provider && existing.len() < 2 && dropped.is_empty() {
            // A new record would gain nothing without the provider’s term.
            for spf in existing {
                lines.keep(spf.record, "Stays until the provider’s SPF term is known.");
            }
            return;
        }
        let is_same = |text: &str| says_the_same(text, &merged.now);
        let mut published = merged.now.clone();
        match existing.as_slice() {
            [SpfText { record, text, meant }] if text == meant && is_same(text) => {
                published.clone_from(text);
                lines.keep(record, &format!("Lets {} send already.", self.provider.in_a_sentence()));
            }
            _ => {
                for SpfText { record, text, meant } in &existing {
                    let reason = if text == meant {
                        "The next line takes its place; a domain may have one SPF record only."
                    } else {
                        "The next line takes its place; receivers do not take this one for an SPF record."
                    };
                    lines.remove(record, SwitchStage::Now, reason);
                }
                let name = self.provider.in_a_sentence();
                let mut clauses = vec![match (has_provider, existing.is_empty(), merged.later.is_some()) {
                    (false, ..) => format!("Waits for what {name} wants in SPF"),
                    (true, true, _) => format!("Lets {name} send for the domain"),
                    // A record that lets nobody send has nobody beside whom.
                    (true, false, false) if self.plan.senders.is_empty() => {
                        format!("Lets {name} send for the domain")
                    }
                    (true, false, true) => format!("Lets {name} send beside your server"),
                    (true, false, false) => format!("Lets {name} send beside the others"),
                }];
                clauses.extend(merged.reasons);
                let reason = format!("{}.", clauses.join("; "));
                lines.text(Change::Add, SwitchStage::Now, "@", &merged.now, &reason);
            }
        }
        if let Some(later) = merged.later.filter(|_| has_provider) {
            let reason = "Three days after the switch your old server sends nothing any more.";
            lines.text(Change::Remove, SwitchStage::Later, "@", &published, reason);
            let reason = "The same without your old server; wait until it has sent its last message.";
            lines.text(Change::Add, SwitchStage::Later, "@", &later, reason);
        }
        for note in merged.notes {
            lines.note(note);
        }
    }

    /// Groups that are there only where the zone has something of the old server.
    fn leftovers(&mut self, hosts: &Hosts<'_>) {
        let mut sts = Lines::default();
        self.plan.files = hosts.sts_lines(&mut sts);
        let mut reports = Lines::default();
        if self.provider.mta_sts.is_some() {
            let proposals =
                Proposals { zone: self.current, new: hosts.new, provider: self.provider.in_a_sentence() };
            self.plan.files.extend(proposals.sts(&mut sts));
            proposals.reports(&mut reports);
        }
        let mut dane = Lines::default();
        hosts.dane_lines(&mut dane);
        let mut names = Lines::default();
        hosts.subdomain_lines(&mut names);
        for (kind, lines, needs) in [
            (GroupKind::MtaSts, sts, Needs::name("_mta-sts")),
            (GroupKind::TlsRpt, reports, Needs::name("_smtp._tls")),
            (GroupKind::Dane, dane, Needs::apex(&["MX"])),
            (GroupKind::OtherNames, names, Needs::apex(&["MX"])),
        ] {
            if !lines.lines.is_empty() {
                self.group(kind, lines, &needs);
            }
        }
    }

    fn finish(mut self) -> RecordsPlan {
        let mut seen = BTreeSet::new();
        self.plan.notes.retain(|note| seen.insert(note.clone()));
        self.plan
    }
}

/// Whether the owner name fits into the 253 bytes of a domain name (RFC 1035 section 2.3.4).
fn owner_fits(name: &str, domain: &DomainName) -> bool {
    name == "@" || name.len() + 1 + domain.as_ascii().len() <= 253
}

/// What the owner has to decide about a term that is not copied.
fn left_out_words(left: &LeftOut) -> String {
    let way_out = left.instead.as_ref().map_or_else(
        || "If somebody who still sends for you stands behind it, ask them for the right term".to_owned(),
        |instead| {
            format!("If it was meant to be “{instead}”, correct it in your zone, and read the zone again")
        },
    );
    format!("The SPF term “{}” is not copied, as {}. {way_out}.", left.term, left.why)
}

/// The policy that holds today, from here or from a domain above, is never made weaker.
fn dmarc_lines(current: &CurrentZone, holding: Option<Policy>, lines: &mut Lines) {
    let alias = current.at("_dmarc").find_map(|record| match &record.data {
        ZoneData::Cname(target) => Some((record, target)),
        _ => None,
    });
    if let Some((record, target)) = alias {
        lines.keep(record, "Somebody else keeps your DMARC record under this name.");
        lines.note(format!(
            "“_dmarc” points at {target}: whoever runs that name decides about your DMARC policy."
        ));
        return;
    }
    let existing = current.texts("_dmarc").collect::<Vec<_>>();
    let texts = existing.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    match dmarc::merge(&texts, current.domain.as_ascii(), holding) {
        DmarcMerge::Keep { index, note } => {
            if let Some((record, _)) = existing.get(index) {
                lines.keep(record, "Holds for the new provider as it is.");
            }
            if let Some(note) = note {
                lines.note(note);
            }
        }
        DmarcMerge::Replace { record, reason } => {
            for (old, text) in &existing {
                if dmarc::is_dmarc(text) || existing.len() == 1 {
                    lines.remove(old, SwitchStage::Now, "The next line takes its place.");
                }
            }
            lines.text(Change::Add, SwitchStage::Now, "_dmarc", &record, &reason);
        }
        DmarcMerge::Begin(record) => {
            let reason = match holding {
                None | Some(Policy::None) => {
                    "Begins with watching: nothing is refused, and receivers send reports to postmaster."
                }
                Some(_) => "Says what the domain above says already, and asks for reports to postmaster.",
            };
            lines.text(Change::Add, SwitchStage::Now, "_dmarc", &record, reason);
            lines.note(format!(
                "DMARC reports go to postmaster@{}: make sure that the address exists.",
                current.domain
            ));
        }
    }
}

#[cfg(test)]
#[path = "desired_tests.rs"]
mod tests;
