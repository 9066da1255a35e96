use std::collections::VecDeque;

use crate::imap::transport::redact::Redactor;

/// The last lines of a dialogue, without message data and credentials. Kept for error reports.
#[derive(Debug, Default)]
pub struct Trace {
    lines: VecDeque<String>,
    scrub: Redactor,
}

/// Lines kept.
const MAX_LINES: usize = 60;
/// Bytes kept of one line.
const MAX_LINE_BYTES: usize = 160;

impl Trace {
    /// The lines, oldest first: `C:` from us, `S:` from the server.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    pub(in crate::imap) fn conceal(&mut self, scrub: Redactor) {
        self.scrub = scrub;
    }

    pub(in crate::imap) const fn scrub(&self) -> &Redactor {
        &self.scrub
    }

    pub(in crate::imap) fn sent(&mut self, command: &str) {
        self.push("C: ", command.as_bytes());
    }

    pub(in crate::imap) fn received(&mut self, reply: &[u8]) {
        let is_fetch = reply.split(|byte| *byte == b' ').nth(2).is_some_and(|word| word == b"FETCH");
        if is_fetch {
            // Header fields and flags are the owner's business.
            return;
        }
        let line = reply.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
        self.push("S: ", line);
    }

    fn push(&mut self, prefix: &str, line: &[u8]) {
        if self.lines.len() >= MAX_LINES {
            self.lines.pop_front();
        }
        let line = line.get(..line.len().min(MAX_LINE_BYTES)).unwrap_or_default();
        let words = self.scrub.words(&String::from_utf8_lossy(line));
        self.lines.push_back(format!("{prefix}{words}"));
    }
}
