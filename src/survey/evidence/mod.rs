//! Reads the owner's files: logs, bounces and reports, packed or inside mails, recognised by their content.
//!
//! A log of any size is read in pieces, unpacking is limited, and nothing is written to disk.

mod archive;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod mail;
mod mailboxes;
mod unpack;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use mailboxes::{
    EvidenceMailbox, FoundTests, MailboxBounds, MailboxProgress, MailboxTrouble, find_test_messages,
    read_mailboxes,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::audit::evidence::{
    Collector, EvidenceFacts, LOG_HEAD, LogKind, LogReader, ReportError, ReportIds, SourceKind, is_snds,
    read_dmarc_report, read_snds, read_tls_report,
};
use crate::values::{DomainName, UnixTime};
use unpack::{Packing, unpacked};

/// Bytes of a log searched at a time. Several words are searched for in turn, while the piece is in the processor's cache.
const PIECE: usize = 256 << 10;
/// Largest report or mail.
const MOST_REPORT_BYTES: u64 = 64 << 20;
/// Deepest nesting of packed files.
const DEEPEST: usize = 4;

/// Whom evidence is read about, and when.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceSubject<'a> {
    /// The domain.
    pub domain: &'a DomainName,
    /// Dates what has no date of its own.
    pub now: UnixTime,
    /// What was read at the other place, the files or the mailboxes: reports that are counted there are not counted again.
    pub beside: Option<&'a EvidenceFacts>,
}

impl EvidenceSubject<'_> {
    fn counted(&self) -> ReportIds {
        self.beside.map(|facts| facts.reports.clone()).unwrap_or_default()
    }
}

/// How far the reading is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceProgress {
    /// Bytes read so far.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
    /// The file that is being read.
    pub what: String,
}

/// Why nothing could be read. Problems with single files are part of the evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// A named path cannot be read.
    #[error("{path} cannot be read")]
    Open {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The owner stopped it.
    #[error("the reading was cancelled")]
    Cancelled,
}

/// Reads files and folders as evidence about a domain. Blocks; run it on a thread that may.
///
/// Rotated logs are read in the order of time.
///
/// # Errors
/// If a named path cannot be opened, and on cancellation; a bad file inside a folder is a source with a problem.
pub fn read_evidence(
    subject: &EvidenceSubject<'_>,
    paths: &[PathBuf],
    progress: &mut (dyn FnMut(EvidenceProgress) + Send),
    cancel: &CancellationToken,
) -> Result<EvidenceFacts, EvidenceError> {
    let list = files::listed(paths)?;
    let total = list.files.iter().map(|file| file.bytes).sum();
    let book = Collector::beside(subject.counted());
    let mut reading =
        Reading { domain: subject.domain, book, cancel, progress, done: 0, total, what: String::new() };
    for file in &list.files {
        if cancel.is_cancelled() {
            return Err(EvidenceError::Cancelled);
        }
        reading.what.clone_from(&file.name);
        reading.tell();
        let before = reading.done;
        reading.file(&file.path, &file.name, file.written.unwrap_or(subject.now));
        reading.done = before.saturating_add(file.bytes);
    }
    if cancel.is_cancelled() {
        return Err(EvidenceError::Cancelled);
    }
    if list.left_out > 0 {
        let problem = format!("{} more files were left out: choose a smaller folder", list.left_out);
        reading.book.end_source("", SourceKind::Unknown, &problem);
    }
    reading.tell();
    Ok(reading.book.finish())
}

/// What is being read.
struct Reading<'a> {
    domain: &'a DomainName,
    book: Collector,
    cancel: &'a CancellationToken,
    progress: &'a mut (dyn FnMut(EvidenceProgress) + Send),
    done: u64,
    total: u64,
    what: String,
}

/// What is known about the bytes being read.
struct Origin<'a> {
    name: &'a str,
    written: UnixTime,
    depth: usize,
    /// Whether the bytes come straight from a file, so that they count as progress.
    is_file: bool,
}

impl Reading<'_> {
    fn tell(&mut self) {
        let done = self.done.min(self.total);
        (self.progress)(EvidenceProgress { done, total: self.total, what: self.what.clone() });
    }

    fn file(&mut self, path: &Path, name: &str, written: UnixTime) {
        let outcome = File::open(path).and_then(|mut file| {
            let mut start = [0; 4];
            let is_zip = file.read(&mut start)? == 4 && Packing::of(&start) == Some(Packing::Zip);
            io::Seek::rewind(&mut file)?;
            if is_zip {
                self.archive(file, &Origin { name, written, depth: 0, is_file: false })
            } else {
                self.stream(&mut file, &Origin { name, written, depth: 0, is_file: true })
            }
        });
        if let Err(error) = outcome {
            self.book.end_source(name, SourceKind::Unknown, &error.to_string());
        }
    }

    /// Reads bytes that may be packed.
    fn stream(&mut self, source: &mut dyn Read, origin: &Origin<'_>) -> io::Result<()> {
        let mut head = Vec::new();
        (&mut *source).take(LOG_HEAD as u64).read_to_end(&mut head)?;
        let Some(packing) = Packing::of(&head) else {
            return self.plain(&head, source, origin);
        };
        if origin.depth >= DEEPEST {
            return Err(io::Error::other("it is packed more often than anything honest is"));
        }
        let inner =
            Origin { name: origin.name, written: origin.written, depth: origin.depth + 1, is_file: false };
        if packing == Packing::Zip {
            // The directory of a zip file is at its end, so the whole file is needed.
            let mut bytes = head;
            (&mut *source).take(MOST_REPORT_BYTES).read_to_end(&mut bytes)?;
            return self.archive(io::Cursor::new(bytes), &inner);
        }
        let mut whole = head.chain(source);
        let mut plain = unpacked(packing, &mut whole)?;
        self.stream(&mut *plain, &inner)
    }

    /// Reads bytes that are not packed, by what they look like.
    fn plain(&mut self, head: &[u8], source: &mut dyn Read, origin: &Origin<'_>) -> io::Result<()> {
        if let Some(kind) = LogKind::of(head) {
            self.log(kind, &mut head.chain(source), origin);
            return Ok(());
        }
        if mail::is_mbox(head) {
            return self.mbox(&mut head.chain(source), origin);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let is_mail = mail::is_mail(text);
        let is_dashboard = is_snds(text);
        if !(is_mail || is_dashboard || text.starts_with(b"<") || text.starts_with(b"{")) {
            let problem = if text.is_empty() {
                "the file is empty"
            } else {
                "this is no mail log, mail or report that is known"
            };
            self.book.end_source(origin.name, SourceKind::Unknown, problem);
            return Ok(());
        }
        let mut bytes = head.to_vec();
        (&mut *source).take(MOST_REPORT_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_REPORT_BYTES {
            return Err(io::Error::other("it is larger than any report or mail"));
        }
        if is_dashboard {
            for row in read_snds(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)) {
                self.book.snds(&row);
            }
            self.book.end_source(origin.name, SourceKind::Dashboard, "");
        } else if is_mail {
            let (kind, problem) = self.mail(&bytes, origin);
            self.book.end_source(origin.name, kind, &problem);
        } else {
            self.report(&bytes, origin);
        }
        Ok(())
    }

    /// A report that is a file of its own.
    fn report(&mut self, bytes: &[u8], origin: &Origin<'_>) {
        let is_xml =
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<");
        let (kind, outcome) = if is_xml {
            let report = read_dmarc_report(bytes);
            (SourceKind::DmarcReport, report.map(|report| self.dmarc(&report)))
        } else {
            let report = read_tls_report(bytes);
            let taken = report.map(|report| {
                self.book.tls_report(&report);
                String::new()
            });
            (SourceKind::TlsReport, taken)
        };
        match outcome {
            Ok(problem) => self.book.end_source(origin.name, kind, &problem),
            Err(error @ ReportError::NoReport(_)) => {
                self.book.end_source(origin.name, SourceKind::Unknown, &error.to_string());
            }
            Err(error) => self.book.end_source(origin.name, kind, &error.to_string()),
        }
    }

    /// Adds a DMARC report if it is about this domain; otherwise says why not.
    fn dmarc(&mut self, report: &crate::audit::evidence::DmarcReport) -> String {
        let (own, other) = (self.domain.as_ascii(), report.domain.to_ascii_lowercase());
        let below =
            |name: &str, above: &str| name.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'));
        if other.is_empty() || other == own || below(own, &other) || below(&other, own) {
            self.book.dmarc_report(report);
            return String::new();
        }
        format!("the report is about {other}")
    }

    /// Reads a log in pieces of whole lines.
    fn log(&mut self, kind: LogKind, source: &mut dyn Read, origin: &Origin<'_>) {
        let mut reader = LogReader::new(kind, origin.written);
        let mut buffer = vec![0; PIECE];
        let (mut filled, mut skips, mut untold) = (0, false, 0_u64);
        let mut problem = String::new();
        loop {
            if self.cancel.is_cancelled() {
                break;
            }
            let room = buffer.get_mut(filled..).unwrap_or_default();
            let count = match source.read(room) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    // What was read so far is still valid.
                    problem = format!("the file could be read up to a point only: {error}");
                    0
                }
            };
            if origin.is_file {
                self.done += count as u64;
            }
            untold += count as u64;
            if untold >= 8 << 20 {
                untold = 0;
                self.tell();
            }
            filled += count;
            let ready = buffer.get(..filled).unwrap_or_default();
            let end = if count == 0 { filled } else { memchr::memrchr(b'\n', ready).map_or(0, |at| at + 1) };
            let lines = ready.get(..end).unwrap_or_default();
            // The rest of a line that was longer than a piece is not read as a line of its own.
            let lines = if skips {
                let first = memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1);
                lines.get(first..).unwrap_or_default()
            } else {
                lines
            };
            if end > 0 {
                reader.read(lines, &mut self.book);
                skips = false;
                buffer.copy_within(end..filled, 0);
                filled -= end;
            } else if filled == buffer.len() {
                (filled, skips) = (0, true);
            }
            if count == 0 {
                break;
            }
        }
        reader.end(&mut self.book);
        if self.book.entries() == 0 && problem.is_empty() {
            "no mail to other servers was found in it".clone_into(&mut problem);
        }
        self.book.end_source(origin.name, SourceKind::MailLog, &problem);
    }
}

#[cfg(test)]
mod tests;
