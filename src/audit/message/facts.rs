//! What is kept of a message. The text is not; of the header only what the rules read, and the fields that a signature
//! covers (subject and addresses are often among them), as nothing else can verify it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use crate::values::DomainName;

/// What one message tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFacts {
    /// Name of the file that it came in, or another name that the owner knows it by.
    pub name: String,
    /// Domains of the addresses in `From`, in lower case.
    pub from_domains: Vec<String>,
    /// `Date`, in seconds since 1970.
    pub date_secs: Option<i64>,
    /// `Message-ID`, to tell copies of one message.
    pub message_id: Option<String>,
    /// `Return-Path`, which the last server writes.
    pub return_path: Option<ReturnPath>,
    /// `Received` fields, the last server first.
    pub received: Vec<Hop>,
    /// `Authentication-Results` fields, the last server first.
    pub results: Vec<ReceiverResults>,
    /// `DKIM-Signature` fields from top to bottom.
    pub signatures: Vec<Signature>,
    /// ARC sets by instance.
    pub arc: Vec<ArcSet>,
    /// Whether there is a `DKIM2-Signature`.
    pub has_dkim2: bool,
    /// Fields of mailing lists.
    pub list: ListFields,
    /// Whether the header keeps its form.
    pub form: HeaderForm,
    /// What filters say about the folder that it was put into, the last server first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<Placement>,
}

impl MessageFacts {
    /// Whether the visible sender is of the domain, given as A-labels, or below it.
    pub fn is_of(&self, domain: &str) -> bool {
        self.from_domains.iter().any(|from| {
            let from = ascii(from);
            from == domain || from.ends_with(&format!(".{domain}"))
        })
    }
}

/// The A-labels of a domain, or what was written where it is none.
pub(in crate::audit) fn ascii(domain: &str) -> String {
    DomainName::parse(domain)
        .map_or_else(|_not_a_domain| domain.to_owned(), |domain| domain.as_ascii().to_owned())
}

/// What one filter says about the folder of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// How many `Received` fields stand above it: those that came later.
    pub hops_above: usize,
    /// Where it went.
    pub folder: Folder,
    /// The field that says so, cut.
    pub said: String,
}

/// Where a message of other people is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Folder {
    /// Where it is read.
    Inbox,
    /// Where advertising goes, and few look.
    Promotions,
    /// Where nobody looks.
    Spam,
}

/// The envelope sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnPath {
    /// Its domain in lower case; empty for a bounce.
    pub domain: String,
    /// Whether a forwarder rewrote it (SRS).
    pub is_rewritten: bool,
}

/// One `Received` field (RFC 5321 section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// The name that the sender greeted with.
    pub helo: Option<String>,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// Who took it.
    pub by: Option<String>,
    /// `ESMTPS` and the like, in upper case.
    pub protocol: Option<String>,
    /// Whether the connection was encrypted, as far as the field tells.
    pub is_encrypted: bool,
    /// When, in seconds since 1970.
    pub at_secs: Option<i64>,
}

/// One `Authentication-Results` field (RFC 8601).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverResults {
    /// Who says so.
    pub receiver: String,
    /// How many `Received` fields stand above it: those that came later.
    pub hops_above: usize,
    /// What was checked.
    pub methods: Vec<MethodResult>,
}

/// One method of [`ReceiverResults`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodResult {
    /// `spf`, `dkim`, `dmarc` and others.
    pub method: String,
    /// `pass`, `fail` and others.
    pub result: String,
    /// `reason=`
    pub reason: Option<String>,
    /// What it is about: `header.d`, `smtp.mailfrom` and others, with the domain only.
    pub properties: Vec<(String, String)>,
}

/// How a text is made comparable (RFC 6376 section 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As it is.
    #[default]
    Simple,
    /// Blanks and folding do not count.
    Relaxed,
}

/// One `DKIM-Signature` with what is needed to verify it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `d=`
    pub domain: String,
    /// `s=`
    pub selector: String,
    /// `a=`
    pub algorithm: String,
    /// The domain in `i=`, where there is one.
    pub identity_domain: Option<String>,
    /// `c=` for the header.
    pub header_form: Form,
    /// `c=` for the body.
    pub body_form: Form,
    /// `t=`, in seconds since 1970.
    pub signed_at_secs: Option<i64>,
    /// `x=`, in seconds since 1970.
    pub expires_at_secs: Option<i64>,
    /// `l=`, in bytes of the body.
    pub body_length: Option<u64>,
    /// `h=`, in lower case.
    pub signed_fields: Vec<String>,
    /// Whether a second `From` put into the message would break the signature.
    pub is_from_oversigned: bool,
    /// What makes it useless before any key is checked.
    pub fault: Option<SignatureFault>,
    /// What became of the body.
    pub body: BodyCheck,
    /// What was signed of the header.
    pub signed: Base64Bytes,
    /// The same without a mark such as “`[list]`” that somebody put into the subject.
    pub signed_without_mark: Option<Base64Bytes>,
    /// `b=`
    pub signature: Base64Bytes,
}

/// Why a signature cannot be verified at all (RFC 6376 section 6.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum SignatureFault {
    /// A tag that must be there is not.
    MissingTag(String),
    /// A tag stands there twice.
    TwiceTag(String),
    /// A tag has a value that is not allowed.
    BadTag(String),
    /// `h=` does not name `From`.
    FromNotSigned,
    /// `i=` is not below `d=`.
    ForeignIdentity,
    /// The message has more header fields than are read.
    HeaderTooLong,
}

/// What became of the body since it was signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum BodyCheck {
    /// Not compared.
    #[default]
    Unchecked,
    /// It is the one that was signed.
    Same,
    /// It is another one.
    Changed,
    /// The signed body, with this many bytes put behind it.
    Appended {
        /// Bytes in comparable form.
        bytes: u64,
    },
    /// Shorter than `l=` says.
    TooShort,
}

/// A chain set (RFC 8617).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArcSet {
    /// `i=`
    pub instance: u32,
    /// `d=` of the seal.
    pub sealer: String,
    /// `cv=`: `none`, `pass` or `fail`.
    pub chain: String,
    /// What the sealer saw.
    pub methods: Vec<MethodResult>,
}

/// Fields of mailing lists and bulk mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent header fields")]
pub struct ListFields {
    /// `List-Id` or `Precedence: bulk`: sent to many.
    pub is_bulk: bool,
    /// `List-Unsubscribe` has a web address.
    pub has_web_unsubscribe: bool,
    /// `List-Unsubscribe` has a mail address.
    pub has_mail_unsubscribe: bool,
    /// `List-Unsubscribe-Post` (RFC 8058).
    pub is_one_click: bool,
}

/// What is wrong about the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderForm {
    /// `From` fields.
    pub from: usize,
    /// `Date` fields.
    pub date: usize,
    /// Whether the date can be read.
    pub is_date_readable: bool,
    /// `Message-ID` fields.
    pub message_id: usize,
    /// Whether it has the form `<left@right>`.
    pub is_message_id_whole: bool,
    /// Fields that may stand there once and stand there more often.
    pub doubled: Vec<String>,
    /// Bytes of the longest line in the whole message, without its end.
    pub longest_line: usize,
    /// NUL bytes in the message.
    pub nuls: usize,
    /// Header lines with bytes beyond ASCII that are no UTF-8.
    pub broken_texts: usize,
    /// Lines in the header that are no field.
    pub stray_lines: usize,
    /// Whether there were more fields than are read.
    pub is_cut: bool,
}

/// Bytes, written as Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64Bytes(pub Vec<u8>);

impl From<Base64Bytes> for String {
    fn from(bytes: Base64Bytes) -> Self {
        BASE64.encode(&bytes.0)
    }
}

impl TryFrom<String> for Base64Bytes {
    type Error = data_encoding::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        BASE64.decode(text.as_bytes()).map(Self)
    }
}
