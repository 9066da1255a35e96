//! Reads one mail as evidence: bounces and complaints by their structure, reports by their attachments.

use std::io::{self, BufRead as _, BufReader, Read};

use super::unpack::{Packing, unpacked};
use super::{MOST_REPORT_BYTES, Origin, Reading};
use crate::audit::evidence::{SourceKind, read_bounce, read_dmarc_report, read_feedback, read_tls_report};
use crate::audit::message::read_message;
use crate::message::read_parts;

/// Largest mail in a mailbox file; the rest of a longer one is not read.
const MOST_MAIL_BYTES: usize = 32 << 20;
/// Most attachments read of one mail.
const MAX_ATTACHMENTS: usize = 20;

/// Whether a file is a mailbox in the format mbox.
pub(super) fn is_mbox(head: &[u8]) -> bool {
    head.starts_with(b"From ")
}

/// Whether a text begins with a mail header field.
pub(super) fn is_mail(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    let name = line.get(..colon).unwrap_or_default();
    (2..=70).contains(&name.len()) && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

impl Reading<'_> {
    /// Reads one mail; returns its kind, and why a part of it could not be read.
    pub(super) fn mail(&mut self, raw: &[u8], origin: &Origin<'_>) -> (SourceKind, String) {
        self.told(raw, origin).unwrap_or_else(|| {
            self.book.message(read_message(origin.name, raw), self.domain.as_ascii());
            (SourceKind::Message, String::new())
        })
    }

    /// The same for a mail that is evidence; `None` for any other.
    pub(super) fn told(&mut self, raw: &[u8], origin: &Origin<'_>) -> Option<(SourceKind, String)> {
        if let Some(feedback) = read_feedback(raw) {
            self.book.feedback(&feedback, origin.written);
            return Some((SourceKind::Feedback, String::new()));
        }
        if let Some(bounce) = read_bounce(raw) {
            self.book.bounce(&bounce, origin.written);
            return Some((SourceKind::Bounce, String::new()));
        }
        self.attached(raw)
    }

    /// A report in an attachment.
    fn attached(&mut self, raw: &[u8]) -> Option<(SourceKind, String)> {
        let mail = read_parts(raw)?;
        let mut problem = None;
        for part in mail.leaves.iter().flat_map(|leaf| &leaf.parts).take(MAX_ATTACHMENTS) {
            let plain = match plain_bytes(part.contents()) {
                Ok(plain) => plain,
                Err(error) => {
                    problem = problem.or(Some((SourceKind::Unknown, error.to_string())));
                    continue;
                }
            };
            let text = plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plain).trim_ascii_start();
            if text.starts_with(b"<") && memchr::memmem::find(text, b"report_metadata").is_some() {
                return Some(match read_dmarc_report(text) {
                    Ok(report) => (SourceKind::DmarcReport, self.dmarc(&report)),
                    Err(error) => (SourceKind::DmarcReport, error.to_string()),
                });
            }
            if text.starts_with(b"{") && memchr::memmem::find(text, b"\"policies\"").is_some() {
                return Some(match read_tls_report(text) {
                    Ok(report) => {
                        self.book.tls_report(&report);
                        (SourceKind::TlsReport, String::new())
                    }
                    Err(error) => (SourceKind::TlsReport, error.to_string()),
                });
            }
        }
        problem
    }

    /// Reads a mailbox file mail by mail.
    pub(super) fn mbox(&mut self, source: &mut dyn Read, origin: &Origin<'_>) -> io::Result<()> {
        let mut lines = BufReader::with_capacity(1 << 16, source);
        let (mut mail, mut line) = (Vec::new(), Vec::new());
        let (mut kind, mut problem) = (SourceKind::Message, String::new());
        let mut after_blank = true;
        loop {
            line.clear();
            let count = lines.by_ref().take(MOST_MAIL_BYTES as u64).read_until(b'\n', &mut line)?;
            if count == 0 || (after_blank && line.starts_with(b"From ")) {
                if !mail.is_empty() {
                    let (found, trouble) = self.mail(&mail, origin);
                    // One kind for the whole file: the most informative one in it.
                    kind = kind.min(found);
                    if problem.is_empty() {
                        problem = trouble;
                    }
                }
                mail.clear();
                if count == 0 || self.cancel.is_cancelled() {
                    break;
                }
                after_blank = false;
                continue;
            }
            after_blank = line.trim_ascii().is_empty();
            if mail.len() + line.len() <= MOST_MAIL_BYTES {
                mail.extend_from_slice(&line);
            }
        }
        self.book.end_source(origin.name, kind, &problem);
        Ok(())
    }
}

/// An attachment, unpacked; a report is packed once, and alone in its archive.
fn plain_bytes(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    match Packing::of(bytes) {
        None => plain.extend_from_slice(bytes),
        Some(Packing::Zip) => {
            let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).map_err(io::Error::other)?;
            let entry = archive.by_index(0).map_err(io::Error::other)?;
            entry.take(MOST_REPORT_BYTES + 1).read_to_end(&mut plain)?;
        }
        Some(packing) => {
            let mut source = bytes;
            unpacked(packing, &mut source)?.take(MOST_REPORT_BYTES + 1).read_to_end(&mut plain)?;
        }
    }
    if plain.len() as u64 > MOST_REPORT_BYTES {
        return Err(io::Error::other("unpacked, it is larger than any report"));
    }
    Ok(plain)
}
