//! Every parser of the project: the first byte of an input chooses the target, the rest is what it reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{accounts, audit, cli, dns, imap, plan, signin, smtp, survey};
use mailferry_test_support::public_targets;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else { return };
    let mut readers: Vec<fn(&[u8])> = public_targets::TARGETS.iter().map(|target| target.read).collect();
    readers.extend(accounts::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(imap::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(dns::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(survey::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(survey::evidence_fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(audit::evidence::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(audit::bimi_fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(cli::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(signin::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(smtp::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers.extend(plan::fuzz_tests::TARGETS.iter().map(|target| target.read));
    readers[usize::from(choice) % readers.len()](bytes);
});
