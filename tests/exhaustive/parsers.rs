//! Parsers of the network's and the user's bytes, with examples changed at random: 20,000 inputs for each target,
//! `MAILFERRY_FUZZ_INPUTS` for another number. The parsers of single rooms have their targets in `src/*/fuzz_tests.rs`,
//! and `cargo fuzz` runs all of them (`fuzz/README.md`).

use mailferry_test_inputs::{input, run_all};
use mailferry_test_support::public_targets::TARGETS;

#[test]
fn no_bytes_cause_a_panic() {
    run_all(TARGETS);
}

/// The inputs are the same in every run, and they differ from one another.
#[test]
fn the_inputs_are_worth_the_time() {
    let examples: &[&[u8]] = &[b"v=spf1 -all", b"v=spf1 mx", b"v=spf1 include:spf.example.org ~all"];
    let inputs = || (1..500).map(|number| input(examples, number));
    assert!(inputs().eq(inputs()));
    let different: std::collections::BTreeSet<Vec<u8>> = inputs().collect();
    assert!(different.len() > 450, "{}", different.len());
}
