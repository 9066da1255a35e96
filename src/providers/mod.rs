//! The catalogue of mail providers, read from data files, and how each fits the owner's mail.

mod answer;
mod answers_file;
mod catalogue;
mod compare;
mod comparison;
mod convert;
mod file;
mod provider;
mod provider_id;
mod template;

pub use answer::{Answer, AnswerCheck, AnswerError};
pub(crate) use answer::{is_host, is_label};
pub use answers_file::{AnswersFileError, parse_answers};
pub(crate) use catalogue::FILE_BYTES_MAX;
pub use catalogue::{Catalogue, CatalogueError};
pub use compare::compare;
pub use comparison::{Comparison, ComparisonRow, Confidence, Fit, OwnMail, Source, Standing};
pub use provider::{
    Fact, FolderRules, Limits, Provider, RecordPurpose, RecordTemplate, SignIn, SignInMethod, SpecialFolders,
    Statement, TemplateStage, TemplateType,
};
pub use provider_id::ProviderId;
pub(crate) use template::fill;

/// The values that this provider's records need, in the order of asking.
pub fn answers(provider: &Provider) -> &[Answer] {
    &provider.answers
}
