//! Passes the messages that were found to the reader that also reads the owner's files.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Found;
use super::searches::Sought;
use crate::audit::evidence::{Collector, EvidenceFacts, Noted, ReportIds, SourceFacts, SourceKind};
use crate::audit::message::read_message;
use crate::survey::evidence::{Origin, Reading};
use crate::values::DomainName;

/// Messages of one kind in one mailbox.
#[derive(Debug, Default)]
struct Tally {
    mails: u64,
    noted: Noted,
    /// Messages with a part that could not be read.
    bad: u64,
    /// The problem with the first of them.
    problem: String,
}

/// Everything that was found, read.
#[derive(Debug)]
pub(super) struct Judged {
    book: Collector,
    by_kind: BTreeMap<(usize, SourceKind), Tally>,
}

impl Judged {
    /// Reads until all senders are gone. Blocks; run it on a thread that may.
    pub(super) fn of(
        domain: &DomainName,
        counted: ReportIds,
        mut found: mpsc::Receiver<Found>,
        cancel: &CancellationToken,
    ) -> Self {
        let mut by_kind = BTreeMap::new();
        let mut reading = Reading {
            domain,
            book: Collector::beside(counted),
            cancel,
            progress: &mut |_| {},
            done: 0,
            total: 0,
            what: String::new(),
        };
        while let Some(found) = found.blocking_recv() {
            if cancel.is_cancelled() {
                break;
            }
            let Some((kind, problem)) = reading.found(&found) else { continue };
            let noted = reading.book.take_noted();
            let tally: &mut Tally = by_kind.entry((found.mailbox, kind)).or_default();
            tally.mails += 1;
            tally.noted.add(noted);
            if !problem.is_empty() {
                tally.bad += 1;
                if tally.problem.is_empty() {
                    tally.problem = problem;
                }
            }
        }
        Self { book: reading.book, by_kind }
    }

    /// The sum, with a source for each mailbox: what was found in it, and what could not be read.
    pub(super) fn finish<'a>(
        mut self,
        mailboxes: impl Iterator<Item = (&'a str, Vec<String>)>,
    ) -> EvidenceFacts {
        for (index, (address, troubles)) in mailboxes.enumerate() {
            let source = |kind, Tally { mails, noted, bad, problem }: Tally| SourceFacts {
                name: address.to_owned(),
                kind,
                entries: if kind == SourceKind::Message { mails } else { noted.entries },
                first: noted.first,
                last: noted.last,
                repeated: noted.repeated,
                problem: if bad > 0 { format!("{bad} of {mails} messages: {problem}") } else { problem },
                mails: Some(mails),
            };
            let of_this = (index, SourceKind::MailLog)..=(index, SourceKind::Unknown);
            let kinds: Vec<SourceKind> = self.by_kind.range(of_this).map(|((_, kind), _)| *kind).collect();
            if kinds.is_empty() || !troubles.is_empty() {
                let tally = Tally { problem: troubles.join("; "), ..Tally::default() };
                self.book.add_source(source(SourceKind::Mailbox, tally));
            }
            for kind in kinds {
                if let Some(tally) = self.by_kind.remove(&(index, kind)) {
                    self.book.add_source(source(kind, tally));
                }
            }
        }
        self.book.finish()
    }
}

impl Reading<'_> {
    /// The kind of a message, and why a part of it could not be read; `None` if it is not evidence.
    fn found(&mut self, found: &Found) -> Option<(SourceKind, String)> {
        let origin = Origin { name: &found.place, written: found.at, depth: 0, is_file: false };
        if let Some(told) = self.told(&found.raw, &origin) {
            return Some(told);
        }
        if found.sought != Sought::Own {
            return None;
        }
        // Ordinary mail is not evidence.
        let message = read_message(&found.place, &found.raw);
        message.is_of(self.domain.as_ascii()).then(|| {
            self.book.came_home(message);
            (SourceKind::Message, String::new())
        })
    }
}
