//! What is known of a provider. Each fact carries its source; what no source says is absent.

use serde::{Deserialize, Serialize};

use super::{Answer, Fit, ProviderId, Source};
use crate::values::{Bytes, Endpoint};

/// A fact with the place where it was read. What nobody says is absent, never guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What the source says.
    pub value: T,
    /// Words to show instead of the bare value, where it needs a condition.
    pub words: Option<String>,
    /// Where it was read, and when.
    pub source: Source,
}

/// A fact that is words only, with how it fits a company that moves its own mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// A few words: `With a business plan`.
    pub words: String,
    /// How it fits.
    pub fit: Fit,
}

/// One provider of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Stable name, the stem of its file.
    pub id: ProviderId,
    /// Its name as people know it.
    pub name: String,
    /// What it is called within a sentence, where the name is none: `your provider`.
    pub in_sentences: Option<String>,
    /// One sentence about it.
    pub tagline: String,
    /// Its web page; `None` for “another server”.
    pub homepage: Option<String>,
    /// Where it publishes its prices.
    pub prices: Option<String>,
    /// ISO date on which the facts of the file were last looked through.
    pub facts_checked: String,
    /// Why mail cannot be copied to it; the entry then only tells who hosts a domain, and what is copied from there.
    pub no_copy: Option<Fact<String>>,
    /// Whose law the company is under.
    pub jurisdiction: Option<Fact<String>>,
    /// Domains that its hosts for incoming mail are under, by which a domain that it hosts is known.
    pub mx_under: Vec<String>,
    /// Further complete sets of hosts for incoming mail that it accepts; none is published anew.
    pub other_mx: Vec<Fact<Vec<String>>>,
    /// Its IMAP server; `None` where the owner has to name it.
    pub imap: Option<Fact<Endpoint>>,
    /// Further names of the same server.
    pub other_hosts: Vec<String>,
    /// How mailboxes are signed in to.
    pub sign_in: SignIn,
    /// Figures that a copy meets.
    pub limits: Limits,
    /// What folder names must look like, and which folders exist from the start.
    pub folders: FolderRules,
    /// DANE for incoming mail (RFC 7672).
    pub dane: Option<Fact<Statement>>,
    /// Whether senders can be made to insist on TLS with the provider's hosts (RFC 8461), where the owner hosts the policy;
    /// `None` where no source says that the hosts have the certificates for it.
    pub mta_sts: Option<Fact<Statement>>,
    /// Where mail is stored.
    pub data_location: Option<Fact<Statement>>,
    /// What only the provider's console or the owner knows, in the order of asking.
    pub answers: Vec<Answer>,
    /// Records to publish, SPF aside.
    pub records: Vec<RecordTemplate>,
    /// SPF terms that let the provider send; templates over the answers.
    pub spf_mechanisms: Vec<String>,
    /// Where the SPF terms were read.
    pub spf_source: Option<Source>,
}

/// How mailboxes are signed in to over IMAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// What kind of secret the provider takes.
    pub method: SignInMethod,
    /// The same in a few words: `App password per mailbox`.
    pub words: String,
    /// What must be done before the copy; `{mailboxes}` is replaced by the count.
    pub before_copy: String,
    /// What is counted in `before_copy`, in the singular: `app password`.
    pub before_copy_thing: String,
    /// The page that explains how to get the secret.
    pub help_url: Option<String>,
    /// Where this was read; `None` where it is not confirmed.
    pub source: Option<Source>,
}

/// Kinds of secret that IMAP servers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInMethod {
    /// The mailbox's own password.
    Password,
    /// A password made for one program; the mailbox's own is refused.
    AppPassword,
    /// OAuth only; every password is refused.
    #[serde(rename = "oauth")]
    OAuth,
}

/// Figures that a copy meets. A missing one is not confirmed by any source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Whether every person gets a mailbox of their own.
    pub separate_mailboxes: Option<Fact<Statement>>,
    /// Room in one mailbox.
    pub mailbox_bytes: Option<Fact<Bytes>>,
    /// Largest message that APPEND takes (RFC 7889).
    pub message_bytes: Option<Fact<Bytes>>,
    /// What one mailbox may receive over IMAP in a day.
    pub upload_bytes_per_day: Option<Fact<Bytes>>,
    /// What may be downloaded from one mailbox over IMAP per day.
    pub download_bytes_per_day: Option<Fact<Bytes>>,
    /// A statement about the speed if there is no figure.
    pub upload_words: Option<Fact<Statement>>,
    /// Connections that one mailbox may have open.
    pub connections: Option<Fact<u32>>,
}

/// What folder names must look like at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderRules {
    /// Characters that a name must not have.
    pub forbidden_characters: Option<Fact<Vec<char>>>,
    /// Longest name of one folder, in characters.
    pub longest_name: Option<Fact<u32>>,
    /// How many levels of folders there may be, one inside the other.
    pub most_levels: Option<Fact<u32>>,
    /// Names that are taken, in any case.
    pub reserved_names: Option<Fact<Vec<String>>>,
    /// Whether blanks at either end, and doubled ones, are refused.
    pub trims_blanks: Option<Fact<bool>>,
    /// Whether `Work` and `work` are one folder.
    pub ignores_case: Option<Fact<bool>>,
    /// Whether folders are labels, so that one message can be in several.
    pub has_labels: Option<Fact<bool>>,
    /// Names of the folders that exist from the start.
    pub special: Option<Fact<SpecialFolders>>,
}

/// Names of special folders (RFC 6154) where the server does not advertise them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialFolders {
    /// Drafts.
    pub drafts: Option<String>,
    /// Sent mail.
    pub sent: Option<String>,
    /// Junk.
    pub junk: Option<String>,
    /// Deleted mail.
    pub trash: Option<String>,
    /// Archived mail.
    pub archive: Option<String>,
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordPurpose {
    /// Incoming mail.
    Mx,
    /// The provider's signature.
    Dkim,
    /// Proof that the domain is the owner's.
    Ownership,
    /// How mail programs find their settings.
    MailPrograms,
}

/// Record types that templates have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TemplateType {
    /// RFC 1035, section 3.3.9.
    #[serde(rename = "MX")]
    Mx,
    /// RFC 1035, section 3.3.14.
    #[serde(rename = "TXT")]
    Txt,
    /// RFC 1035, section 3.3.1.
    #[serde(rename = "CNAME")]
    Cname,
    /// A delegation: the provider answers for the name itself (RFC 1035, section 3.3.11).
    #[serde(rename = "NS")]
    Ns,
}

/// Moments of a switch, as provider files name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateStage {
    /// At once: harms nothing.
    Now,
    /// At the moment of the switch.
    AtTheSwitch,
}

/// A record to publish; name and value are templates over `{domain}`, `{dashed}` and the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordTemplate {
    /// What it is for.
    pub purpose: RecordPurpose,
    /// Its type.
    pub record_type: TemplateType,
    /// Owner name relative to the domain.
    pub name: String,
    /// MX preference.
    pub priority: u16,
    /// Host name without a trailing dot, or text.
    pub value: String,
    /// When it may be published.
    pub stage: TemplateStage,
    /// Why, in one sentence.
    pub reason: String,
    /// Where it was read; `None` where the owner supplies everything.
    pub source: Option<Source>,
}

impl Provider {
    /// What it is called within a sentence.
    pub fn in_a_sentence(&self) -> &str {
        self.in_sentences.as_deref().unwrap_or(&self.name)
    }

    /// The answer of this name.
    pub fn answer(&self, name: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.name == name)
    }
}
