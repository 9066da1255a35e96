//! What a group of records is for. Decisions hang on the kind; the heading is only what people read.

use serde::{Deserialize, Serialize};

/// What a group of records is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    /// Where incoming mail is delivered (RFC 5321 section 5.1).
    Mx,
    /// Which servers may send for the domain (RFC 7208).
    Spf,
    /// Keys of signatures (RFC 6376).
    Dkim,
    /// What receivers do with forgeries (RFC 9989).
    Dmarc,
    /// Proof that the domain is the owner's.
    Ownership,
    /// Where mail programs find their settings (RFC 6186).
    MailPrograms,
    /// Whom senders deliver to over TLS only (RFC 8461).
    MtaSts,
    /// Reports of connections without TLS (RFC 8460).
    TlsRpt,
    /// Certificates that mail hosts are bound to (RFC 7672).
    Dane,
    /// Mail of names below the domain.
    OtherNames,
}

impl GroupKind {
    /// Its heading for people.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Mx => "MX",
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
            Self::Ownership => "Ownership",
            Self::MailPrograms => "Mail programs",
            Self::MtaSts => "MTA-STS",
            Self::TlsRpt => "TLS-RPT",
            Self::Dane => "DANE",
            Self::OtherNames => "Other names",
        }
    }

    /// What it is for, in the words of an owner.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Mx => "Where incoming mail is delivered",
            Self::Spf => "Which servers may send for the domain",
            Self::Dkim => "Signatures that prove a message is yours",
            Self::Dmarc => "What receivers do with forgeries",
            Self::Ownership => "Proves that the domain is yours",
            Self::MailPrograms => "Where mail programs find their settings",
            Self::MtaSts => "Whom senders deliver to over TLS only",
            Self::TlsRpt => "Reports of connections without TLS",
            Self::Dane => "Certificates that mail hosts are bound to",
            Self::OtherNames => "Mail of names below the domain",
        }
    }
}
