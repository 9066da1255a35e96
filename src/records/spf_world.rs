//! Answers SPF questions as receivers would, today and after a change. The audit's own evaluator works on the answers of the survey,
//! with the records of the domain replaced by those of the plan.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::current_zone::{CurrentZone, ZoneData, ZoneRecord};
use crate::audit::spf::{SpfQuery, SpfResult, SpfStep, check};
use crate::values::{
    AnswerBook, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordData, RecordType, TxtStrings, UnixTime,
};

/// Aliases inside one zone file that are followed.
const MAX_ALIASES: usize = 8;
/// Rounds in which a zone file answers what an evaluation asks; each lookup may lead to the next.
const MAX_ROUNDS: usize = 64;

/// The DNS as a receiver would see it.
pub(super) struct World<'a> {
    zone: &'a CurrentZone,
    /// Answers that hold in every stage.
    book: AnswerBook,
    /// Questions that somebody has to ask before the plan can be judged.
    missing: RefCell<BTreeSet<DnsQuestion>>,
}

/// What one evaluation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evaluated {
    pub result: SpfResult,
    pub why: String,
}

impl<'a> World<'a> {
    pub fn of(zone: &'a CurrentZone) -> Self {
        Self { zone, book: zone.answers.clone(), missing: RefCell::default() }
    }

    /// The answers as they are today.
    pub fn today(&self) -> AnswerBook {
        self.with(self.zone.records.iter())
    }

    /// The answers once the zone holds these records.
    pub fn with<'r>(&self, records: impl Iterator<Item = &'r ZoneRecord>) -> AnswerBook {
        let mut book = self.book.clone();
        let records: Vec<&ZoneRecord> = records.collect();
        let mut names: BTreeSet<&str> = records.iter().map(|record| record.name.as_str()).collect();
        names.insert("@");
        for name in names {
            // What stands behind an alias is known from its own question.
            if records.iter().any(|record| record.name == name && matches!(record.data, ZoneData::Cname(_))) {
                continue;
            }
            let owner = self.owner(name);
            let types: &[RecordType] = if self.zone.is_whole {
                &[RecordType::Txt, RecordType::Mx, RecordType::A, RecordType::Aaaa]
            } else {
                &[RecordType::Txt, RecordType::Mx]
            };
            for record_type in types {
                let question = DnsQuestion::new(owner.clone(), *record_type);
                if !self.is_unread(name, *record_type) {
                    book.insert(answer(question, &records, name));
                }
            }
        }
        book
    }

    /// The answers of today with another text and other mail hosts at the domain itself.
    pub fn with_apex(&self, text: &ZoneRecord, mx: &[ZoneRecord]) -> AnswerBook {
        let others = self.zone.records.iter().filter(|record| {
            record.name != "@" || !matches!(record.data, ZoneData::Txt(_) | ZoneData::Mx(..))
        });
        self.with(others.chain([text]).chain(mx))
    }

    /// What a receiver answers to mail from this address; `None` where questions are open, which are noted.
    pub fn evaluate(&self, book: &mut AnswerBook, ip: IpAddr) -> Option<Evaluated> {
        let domain = self.zone.domain.as_ascii();
        let query = SpfQuery {
            ip,
            domain: domain.to_owned(),
            sender: format!("postmaster@{domain}"),
            helo: domain.to_owned(),
            at: self.zone.read_at.unwrap_or(UnixTime(0)),
        };
        for _ in 0..MAX_ROUNDS {
            let questions = match check(book, &query) {
                SpfStep::Done(verdict) if verdict.result == SpfResult::TempError => return None,
                SpfStep::Done(verdict) => {
                    return Some(Evaluated { result: verdict.result, why: verdict.explanation });
                }
                SpfStep::Needs(questions) => questions,
            };
            if !self.answer_locally(book, questions) {
                return None;
            }
        }
        None
    }

    /// A whole zone answers questions about itself. False where some are about others; these are noted.
    pub fn answer_locally(&self, book: &mut AnswerBook, questions: BTreeSet<DnsQuestion>) -> bool {
        let mut is_all = true;
        for question in questions {
            if let Some(answer) = self.local_answer(book, &question) {
                book.insert(answer);
            } else {
                is_all = false;
                self.missing.borrow_mut().insert(question);
            }
        }
        is_all
    }

    /// Questions that somebody has to ask.
    pub fn into_missing(self) -> BTreeSet<DnsQuestion> {
        self.missing.into_inner()
    }

    fn owner(&self, name: &str) -> DnsName {
        if name == "@" { self.zone.domain.dns() } else { self.zone.domain.below(name) }
    }

    fn is_unread(&self, name: &str, record_type: RecordType) -> bool {
        let record_type = record_type.to_string();
        self.zone.unread.iter().any(|unread| unread.name == name && unread.record_type == record_type)
    }

    fn local_answer(&self, book: &AnswerBook, question: &DnsQuestion) -> Option<DnsAnswer> {
        if !self.zone.is_whole {
            return None;
        }
        let mut name = question.name.clone();
        for _ in 0..MAX_ALIASES {
            if let Some(known) = book.get(&DnsQuestion::new(name.clone(), question.record_type))
                && !known.records.is_empty()
            {
                return Some(DnsAnswer { question: question.clone(), ..known.clone() });
            }
            let relative = self.zone.relative(&name)?;
            if self.zone.is_delegated(&relative) {
                return None;
            }
            let alias = self.zone.at(&relative).find_map(|record| match &record.data {
                ZoneData::Cname(target) => Some(target.clone()),
                _ => None,
            });
            let Some(target) = alias else {
                let is_there =
                    self.zone.records.iter().any(|record| {
                        record.name == relative || record.name.ends_with(&format!(".{relative}"))
                    });
                let outcome = if is_there { Outcome::NoData } else { Outcome::NxDomain };
                return Some(DnsAnswer::empty(question.clone(), outcome));
            };
            name = target;
        }
        Some(DnsAnswer::empty(question.clone(), Outcome::ServFail))
    }
}

fn answer(question: DnsQuestion, records: &[&ZoneRecord], name: &str) -> DnsAnswer {
    let record_type = question.record_type;
    let data: Vec<RecordData> = records
        .iter()
        .filter(|record| record.name == name)
        .filter_map(|record| match (&record.data, record_type) {
            (ZoneData::Txt(text), RecordType::Txt) => {
                Some(RecordData::Txt(TxtStrings::new(text.chunks(255).map(<[u8]>::to_vec).collect())))
            }
            (ZoneData::Mx(preference, exchange), RecordType::Mx) => {
                Some(RecordData::Mx { preference: *preference, exchange: exchange.clone() })
            }
            (ZoneData::Address(IpAddr::V4(address)), RecordType::A) => Some(RecordData::A(*address)),
            (ZoneData::Address(IpAddr::V6(address)), RecordType::Aaaa) => Some(RecordData::Aaaa(*address)),
            _ => None,
        })
        .collect();
    let outcome = if data.is_empty() { Outcome::NoData } else { Outcome::Answer };
    DnsAnswer { records: data, ..DnsAnswer::empty(question, outcome) }
}
