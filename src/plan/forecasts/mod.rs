//! How long a copy takes, and how fast it goes.

pub(in crate::plan) mod duration_words;
pub(in crate::plan) mod forecast;
pub(in crate::plan) mod speed;
