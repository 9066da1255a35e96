//! What every rule receives.

use super::{Facts, Lookups};

/// What rules read.
pub(super) struct Context<'a> {
    pub facts: &'a Facts,
    pub lookups: Lookups<'a>,
}
