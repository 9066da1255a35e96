//! Where random tests begin: every run draws the same cases, unless `MAILFERRY_SEED` asks for others.
//!
//! `make exhaustive` draws a fresh seed and prints it; `MAILFERRY_SEED=… make exhaustive` draws the same cases again.

/// The seed of ordinary runs.
const FIXED: u64 = 1;
/// So many times as many cases where all are asked for.
const MANY: u32 = 20;

/// The seed of this run. One that was asked for is printed, so that a failing test shows it.
///
/// # Panics
/// Where `MAILFERRY_SEED` is no number.
pub fn seed() -> u64 {
    let Some(seed) = number("MAILFERRY_SEED") else { return FIXED };
    eprintln!("MAILFERRY_SEED={seed}");
    seed
}

/// A number that the environment asks for.
///
/// # Panics
/// Where it is none.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")))
}

/// Whether every case is asked for, and not only as many as an ordinary run has time for.
pub fn is_exhaustive() -> bool {
    std::env::var_os("MAILFERRY_EXHAUSTIVE").is_some_and(|value| value == "1")
}

/// How property tests draw their cases: so many of them in an ordinary run.
pub fn properties(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: if is_exhaustive() { cases.saturating_mul(MANY) } else { cases },
        rng_seed: proptest::test_runner::RngSeed::Fixed(seed()),
        // What was found once is kept as a test with a name.
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
