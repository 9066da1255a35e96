//! Reads mail logs: whole lines in, deliveries and refusals out. Nothing of the log is kept.

mod exim;
mod journal;
mod opensmtpd;
mod postfix;
mod sendmail;

use memchr::{memchr, memchr_iter, memrchr};

use super::collector::Collector;
use super::dates::line_date;
use crate::values::UnixTime;

/// Bytes at the beginning of a file by which a log is recognised.
pub const LOG_HEAD: usize = 256 << 10;

/// How the lines of a log are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Lines of syslog, with those of Postfix, Sendmail, Exim and OpenSMTPD among them.
    Syslog,
    /// The main log of Exim.
    Exim,
    /// `journalctl -o export`.
    JournalExport,
    /// `journalctl -o json`.
    JournalJson,
}

impl LogKind {
    /// What the beginning of a file looks like; `None` for anything but a mail log.
    pub fn of(head: &[u8]) -> Option<Self> {
        let head = head.get(..LOG_HEAD).unwrap_or(head);
        if head.starts_with(b"__CURSOR=") || head.starts_with(b"__REALTIME_TIMESTAMP=") {
            return Some(Self::JournalExport);
        }
        let first_lines = || head.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        if first_lines()
            .next()
            .is_some_and(|line| line.starts_with(b"{") && find(line, b"\"__REALTIME_TIMESTAMP\"").is_some())
        {
            return Some(Self::JournalJson);
        }
        first_lines().find_map(|line| {
            let (_, rest) = line_date(line, UnixTime(0))?;
            if exim::is_line(rest) {
                Some(Self::Exim)
            } else if program_of(rest).is_some_and(|(program, _)| is_mail_program(program)) {
                Some(Self::Syslog)
            } else {
                None
            }
        })
    }
}

/// Reads one log, from its first line to its last, in pieces of whole lines.
#[derive(Debug)]
pub struct LogReader {
    kind: LogKind,
    written: UnixTime,
    finders: Finders,
    journal: journal::Entry,
}

/// Searches that are made once.
#[derive(Debug)]
struct Finders {
    /// The beginning of `status=` of Postfix, and of `stat=` of Sendmail and OpenSMTPD.
    stat: memchr::memmem::Finder<'static>,
    account: memchr::memmem::Finder<'static>,
    notice: memchr::memmem::Finder<'static>,
    tls: memchr::memmem::Finder<'static>,
    exim: memchr::memmem::Finder<'static>,
}

impl LogReader {
    /// `written` is when the last line was written: lines of syslog name no year, and theirs is the newest that fits.
    pub fn new(kind: LogKind, written: UnixTime) -> Self {
        let finder = memchr::memmem::Finder::new;
        Self {
            kind,
            written,
            finders: Finders {
                stat: finder("stat"),
                account: finder(postfix::ACCOUNT),
                notice: finder("from=<>"),
                tls: finder(postfix::TLS_SESSION),
                exim: finder(" exim["),
            },
            journal: journal::Entry::default(),
        }
    }

    /// Reads whole lines; the last piece of a file may lack its end of line.
    pub fn read(&mut self, lines: &[u8], book: &mut Collector) {
        match self.kind {
            LogKind::Syslog => self.syslog(lines, book),
            LogKind::Exim => each_line(lines, |line| exim::read(line, self.written, book)),
            LogKind::JournalExport => {
                let mut ready = Vec::new();
                each_line(lines, |line| {
                    if let Some(line) = self.journal.field(line) {
                        ready.extend_from_slice(&line);
                    }
                });
                self.syslog(&ready, book);
            }
            LogKind::JournalJson => {
                let mut ready = Vec::new();
                each_line(lines, |line| ready.extend(journal::json_line(line).unwrap_or_default()));
                self.syslog(&ready, book);
            }
        }
    }

    /// The end of the log: an entry of the journal may still be open.
    pub fn end(&mut self, book: &mut Collector) {
        if let Some(line) = self.journal.field(b"") {
            self.syslog(&line, book);
        }
    }

    /// Most lines of a mail log tell nothing of deliveries, so only those are checked that have one of a few words.
    fn syslog(&self, lines: &[u8], book: &mut Collector) {
        let written = self.written;
        hits(lines, &self.finders.notice, |line, _| postfix::notice(line, book));
        // Before the deliveries that go over them.
        hits(lines, &self.finders.tls, |line, at| postfix::tls_session(line, at, book));
        hits(lines, &self.finders.account, |line, at| postfix::account(line, at, written, book));
        hits(lines, &self.finders.stat, |line, _| {
            let Some((at, rest)) = line_date(line, written) else { return };
            match program_of(rest) {
                Some((program, message)) if postfix::is_deliverer(program) => {
                    postfix::delivery(at, rest, message, book);
                }
                Some((b"smtpd", message)) => opensmtpd::read(at, message, book),
                Some((program, message)) if sendmail::is_program(program) => {
                    sendmail::read(at, message, book);
                }
                _ => {}
            }
        });
        hits(lines, &self.finders.exim, |line, _| {
            let Some((_, rest)) = line_date(line, written) else { return };
            if let Some((b"exim", message)) = program_of(rest) {
                exim::read(message, written, book);
            }
        });
    }
}

fn each_line(lines: &[u8], mut read: impl FnMut(&[u8])) {
    let mut rest = lines;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        read(line.strip_suffix(b"\r").unwrap_or(line));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

/// Each line that has the word, once, with where the word stands in it first.
fn hits(lines: &[u8], word: &memchr::memmem::Finder<'_>, mut read: impl FnMut(&[u8], usize)) {
    let mut from = 0;
    while let Some(found) = lines.get(from..).and_then(|rest| word.find(rest)) {
        let at = from + found;
        let begin = lines.get(..at).and_then(|before| memrchr(b'\n', before)).map_or(0, |end| end + 1);
        let end = lines.get(at..).and_then(|rest| memchr(b'\n', rest)).map_or(lines.len(), |end| at + end);
        let line = lines.get(begin..end).unwrap_or_default();
        read(line.strip_suffix(b"\r").unwrap_or(line), at - begin);
        from = end + 1;
    }
}

/// The program of a line of syslog without its process number, and what it says: `host name[123]: message`.
fn program_of(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let host = memchr(b' ', rest)?;
    let after = rest.get(host + 1..)?;
    let colon = memchr(b':', after.get(..100).unwrap_or(after))?;
    let tag = after.get(..colon)?;
    let program = tag.get(..memchr(b'[', tag).unwrap_or(tag.len()))?;
    let message = after.get(colon + 1..)?;
    let is_name = !program.is_empty() && !program.contains(&b' ');
    is_name.then(|| (program, message.strip_prefix(b" ").unwrap_or(message)))
}

fn is_mail_program(program: &[u8]) -> bool {
    program.starts_with(b"postfix")
        || find(program, b"postfix").is_some()
        || sendmail::is_program(program)
        || program == b"smtpd"
        || program == b"exim"
}

/// Where a word stands in a line. Lines are short: a search that is prepared first, as `memmem::find` does, takes longer.
fn find(line: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    memchr_iter(first, line).find(|at| line.get(*at..).is_some_and(|rest| rest.starts_with(word)))
}

/// The value behind `key` up to `end`, in a line.
fn value<'a>(line: &'a [u8], key: &[u8], end: u8) -> Option<&'a [u8]> {
    let from = find(line, key)? + key.len();
    let rest = line.get(from..)?;
    rest.get(..memchr(end, rest).unwrap_or(rest.len()))
}

/// `1.5`, `2s`, `00:01:02` or `1+02:03:04` as whole seconds.
fn seconds(text: &[u8]) -> u64 {
    let (days, clock) = match memchr(b'+', text) {
        Some(plus) => (text.get(..plus).unwrap_or_default(), text.get(plus + 1..).unwrap_or_default()),
        None => (&b""[..], text),
    };
    let number = |part: &[u8]| {
        let digits = part.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
        digits.fold(0_u64, |sum, byte| sum * 10 + u64::from(byte - b'0'))
    };
    let parts = clock.split(|byte| *byte == b':').take(3);
    parts.fold(0, |sum, part| sum * 60 + number(part)) + number(days) * 86_400
}

/// Whether a host is this computer or a machine beside it: a filter, not a receiver.
fn is_local(host: &[u8], address: &[u8]) -> bool {
    let address: Option<std::net::IpAddr> =
        std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
    host == b"localhost"
        || address.is_some_and(|address| match address {
            std::net::IpAddr::V4(v4) => v4.is_loopback(),
            std::net::IpAddr::V6(v6) => v6.is_loopback(),
        })
}

#[cfg(test)]
#[path = "../mail_log_tests.rs"]
mod tests;
