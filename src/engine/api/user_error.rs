//! An error as a person sees it: what happened, why, and the ways out.

use crate::engine::api::command::Command;
use crate::engine::api::day::day;
use crate::engine::api::snapshot::{ApprovedCertificate, CertificateView};
use crate::values::{MailboxId, Side, UnixTime, printable_line, printable_text};

/// An error in the user's words: what happened, why, and the ways out. Made in `explain.rs` only.
#[derive(Clone, Debug, PartialEq)]
pub struct UserError {
    /// What happened: `mail.example.org did not accept the password`.
    pub title: String,
    /// Why, in one or two sentences.
    pub cause: String,
    /// The server's or system's own words, if there are any.
    pub server_words: Option<String>,
    /// Numbered ways out; at least one, always.
    pub ways_out: Vec<WayOut>,
    /// Everything for “Copy details”: the chain of causes, without secrets.
    pub details: String,
    /// The certificate that it is about, for pages to show with its fingerprint.
    pub certificate: Option<Box<CertificateView>>,
    /// Its name for programs, where it has one.
    pub code: Option<&'static str>,
    /// Problems with individual folders.
    pub folders: Vec<FolderRemark>,
}

/// A problem with one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderRemark {
    /// The folder at the source.
    pub folder: String,
    /// Its name for programs.
    pub code: &'static str,
    /// What happened: `The folder Work could not be made at the provider`.
    pub title: String,
    /// Why, in one or two sentences.
    pub cause: String,
    /// The server's own words, if any.
    pub server_words: Option<String>,
    /// What to do about it.
    pub way_out: Advice,
}

/// What to do about a problem outside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What to do: `Get more space at the provider`.
    pub what: &'static str,
    /// What that leads to, or how it is done.
    pub consequence: &'static str,
}

/// Shorthand for the tables of advice.
pub(in crate::engine) const fn advice(what: &'static str, consequence: &'static str) -> Advice {
    Advice { what, consequence }
}

/// One way out of an error.
#[derive(Clone, Debug, PartialEq)]
pub struct WayOut {
    /// What to do: `Enter the password again`.
    pub label: String,
    /// What that does: `The old one is forgotten`.
    pub consequence: String,
    /// The button's command; `None` for something to do outside the program.
    pub command: Option<Command>,
}

impl UserError {
    /// What happened and why; ways out and details are added next.
    pub fn new(title: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            // One line each, whatever names folders and servers have.
            title: printable_line(&title.into()).into_owned(),
            cause: printable_text(&cause.into()).into_owned(),
            server_words: None,
            ways_out: Vec::new(),
            details: String::new(),
            certificate: None,
            code: None,
            folders: Vec::new(),
        }
    }

    /// Which side of which mailbox has to be signed in at a provider, where that is a way out.
    pub fn asks_to_sign_in(&self) -> Option<(MailboxId, Side)> {
        self.ways_out.iter().find_map(|way| match way.command {
            Some(Command::SignInAtProvider { mailbox, side, .. }) => Some((mailbox, side)),
            _ => None,
        })
    }

    /// Sets its code for programs.
    #[must_use]
    pub const fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds the server's or system's own words, unless there are none.
    #[must_use]
    pub fn with_server_words(mut self, words: &str) -> Self {
        let words = printable_line(words.trim());
        self.server_words = (!words.is_empty()).then(|| words.into_owned());
        self
    }

    /// Adds a way out that is a button.
    #[must_use]
    pub fn or(mut self, label: &str, consequence: &str, command: Command) -> Self {
        self.ways_out.push(WayOut {
            label: label.to_owned(),
            consequence: consequence.to_owned(),
            command: Some(command),
        });
        self
    }

    /// Adds a way out that is outside the program.
    #[must_use]
    pub fn or_else(mut self, label: &str, consequence: &str) -> Self {
        self.ways_out.push(WayOut {
            label: label.to_owned(),
            consequence: consequence.to_owned(),
            command: None,
        });
        self
    }

    /// Adds the chain of causes for “Copy details”.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let words = cause.to_string();
            // thiserror's transparent variants repeat their source's words.
            if !chain.ends_with(&words) {
                chain.push_str("\n  because: ");
                chain.push_str(&words);
            }
            source = cause.source();
        }
        self.details = chain;
        self
    }

    /// Sets the certificate it is about.
    #[must_use]
    pub(in crate::engine) fn about_certificate(mut self, certificate: CertificateView) -> Self {
        self.certificate = Some(Box::new(certificate));
        self
    }

    /// The error as text for a terminal or the clipboard.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}", self.title, self.cause);
        if let Some(words) = &self.server_words {
            text.push_str("\n  the server's words: ");
            text.push_str(words);
        }
        if let Some(certificate) = &self.certificate {
            text.push_str(&certificate_words(certificate));
        }
        for (index, way) in self.ways_out.iter().enumerate() {
            let consequence =
                if way.consequence.is_empty() { String::new() } else { format!(" ({})", way.consequence) };
            text.push_str("\n  ");
            text.push_str(&(index + 1).to_string());
            text.push_str(". ");
            text.push_str(&way.label);
            text.push_str(&consequence);
        }
        text
    }
}

impl ApprovedCertificate {
    /// The day on which it was approved: `2026-11-12`.
    pub fn day(&self) -> Option<String> {
        self.at.and_then(day)
    }
}

/// The fingerprints of a certificate, one per line, with its issuer and validity.
fn certificate_words(certificate: &CertificateView) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| text.extend(["\n  ", label, ": ", value]);
    let until = |time: Option<UnixTime>| time.and_then(day).unwrap_or_default();
    if let Some(approved) = &certificate.approved {
        line("approved SHA-256 fingerprint", &approved.fingerprint.to_string());
        let day = approved.day();
        let facts = [("approved on", &day), ("signed by", &approved.issuer)];
        for (label, value) in facts {
            if let Some(value) = value {
                line(label, value);
            }
        }
        if approved.valid_until.is_some() {
            line("valid until", &until(approved.valid_until));
        }
        line("shown now by", &certificate.server.to_string());
    }
    line("SHA-256 fingerprint", &certificate.fingerprint.to_string());
    line("names", &certificate.names.join(", "));
    line("signed by", &certificate.issuer);
    let (from, to) = (until(Some(certificate.valid_from)), until(Some(certificate.valid_until)));
    line("valid", &format!("{from} to {to}"));
    text
}
