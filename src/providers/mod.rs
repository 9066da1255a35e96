//! The catalogue of cloud mail providers, read from data files.

mod comparison;
mod provider_id;

pub use comparison::{Comparison, ComparisonRow, Fit, OwnMail, Source};
pub use provider_id::ProviderId;
