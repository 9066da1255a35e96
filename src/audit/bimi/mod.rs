//! BIMI (draft-brand-indicators-for-message-identification): the picture that a few receivers show beside mail. Pure.

mod certificate;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod picture;
mod record;
pub(super) mod rule;

pub(super) use rule::urls;
