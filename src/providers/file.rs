//! The shape of a provider file, read strictly: an unknown key is an error, not a fact that silently goes missing.

use serde::Deserialize;
use toml::Spanned;

use super::provider::{RecordPurpose, SignInMethod, TemplateStage, TemplateType};
use super::{Confidence, Fit};
use crate::values::Security;

/// The only version of the shape so far.
pub(super) const SCHEMA: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    pub schema: Spanned<u32>,
    pub provider: HeadFile,
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceFile>,
    pub imap: Option<ImapFile>,
    pub sign_in: SignInFile,
    #[serde(default)]
    pub limits: LimitsFile,
    #[serde(default)]
    pub folders: FoldersFile,
    #[serde(default)]
    pub dns: DnsFile,
    #[serde(default)]
    pub detect: DetectFile,
    #[serde(default)]
    pub other_mx: Vec<OtherMxFile>,
    #[serde(default, rename = "answer")]
    pub answers: Vec<AnswerFile>,
    #[serde(default, rename = "record")]
    pub records: Vec<RecordFile>,
    pub spf: SpfFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadFile {
    pub name: String,
    pub in_sentences: Option<String>,
    pub tagline: String,
    pub homepage: Option<Spanned<String>>,
    pub prices: Option<Spanned<String>>,
    pub facts_checked: Spanned<String>,
    pub no_copy: Option<ReasonFile>,
    pub jurisdiction: Option<ReasonFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonFile {
    pub words: String,
    pub source: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DetectFile {
    pub mx_under: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherMxFile {
    pub hosts: Vec<Spanned<String>>,
    pub source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceFile {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    /// May be missing where the confidence is low.
    pub url: Option<Spanned<String>>,
    pub date: Spanned<String>,
    pub confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImapFile {
    pub host: Spanned<String>,
    pub port: u16,
    pub security: Security,
    #[serde(default)]
    pub other_hosts: Vec<String>,
    pub source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInFile {
    pub method: SignInMethod,
    pub words: String,
    pub before_copy: String,
    #[serde(default)]
    pub before_copy_thing: String,
    pub help_url: Option<Spanned<String>>,
    pub source: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsFile {
    pub separate_mailboxes: Option<StatementFile>,
    pub mailbox_bytes: Option<FactFile<u64>>,
    pub message_bytes: Option<FactFile<u64>>,
    pub upload_bytes_per_day: Option<FactFile<u64>>,
    pub download_bytes_per_day: Option<FactFile<u64>>,
    pub upload_words: Option<StatementFile>,
    pub connections: Option<FactFile<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoldersFile {
    pub forbidden_characters: Option<FactFile<Vec<char>>>,
    pub longest_name: Option<FactFile<u32>>,
    pub most_levels: Option<FactFile<u32>>,
    pub reserved_names: Option<FactFile<Vec<String>>>,
    pub trims_blanks: Option<FactFile<bool>>,
    pub ignores_case: Option<FactFile<bool>>,
    pub has_labels: Option<FactFile<bool>>,
    pub special: Option<SpecialFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecialFile {
    pub drafts: Option<String>,
    pub sent: Option<String>,
    pub junk: Option<String>,
    pub trash: Option<String>,
    pub archive: Option<String>,
    pub source: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DnsFile {
    pub dane: Option<StatementFile>,
    pub mta_sts: Option<StatementFile>,
    pub data_location: Option<StatementFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactFile<T> {
    pub value: T,
    pub words: Option<String>,
    pub source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementFile {
    pub words: String,
    pub fit: Fit,
    pub source: Spanned<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CheckKind {
    Host,
    Text,
    DkimKey,
    Label,
    SpfTerm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerFile {
    pub name: Spanned<String>,
    pub question: String,
    pub help: String,
    pub check: CheckKind,
    #[serde(default)]
    pub under: Vec<String>,
    #[serde(default)]
    pub starts_with: Vec<String>,
    pub example: Spanned<String>,
    pub default: Option<String>,
    pub is_required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordFile {
    pub purpose: RecordPurpose,
    #[serde(rename = "type")]
    pub record_type: TemplateType,
    pub name: Spanned<String>,
    #[serde(default)]
    pub priority: u16,
    pub value: Spanned<String>,
    pub stage: TemplateStage,
    pub reason: String,
    pub source: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpfFile {
    pub mechanisms: Vec<Spanned<String>>,
    pub source: Option<Spanned<String>>,
}
