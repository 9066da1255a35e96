//! BIMI (draft-brand-indicators-for-message-identification): the logo that a few receivers show next to mail. Pure.

mod certificate;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod picture;
mod record;
pub(super) mod rule;

pub(super) use rule::urls;
