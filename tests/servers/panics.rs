//! A test that panics fails at once, whatever runs beside it: servers, a clock, threads that wait.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::time::Duration;

use mailferry::rehearsal::Personality;
use mailferry_test_support::quick_time::{in_quick_time, with_rests};
use mailferry_test_support::scenes::practice_scene::{good, play};

/// Only ends a test that hangs.
const HANGS: Duration = Duration::from_mins(2);

/// Ends the work as a failed assertion does, without its words.
fn fail() {
    resume_unwind(Box::new("on purpose"));
}

#[track_caller]
fn assert_fails_at_once(name: &str, work: impl FnOnce() + Send + 'static) {
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let has_failed = catch_unwind(AssertUnwindSafe(work)).is_err();
        let _nobody_waits = sender.send(has_failed);
    });
    assert_eq!(ended.recv_timeout(HANGS), Ok(true), "{name}");
}

async fn fail_between_servers() {
    let work = |scene: mailferry_test_support::scenes::practice_scene::Scene| async move {
        scene.bench.copy_all().await;
        fail();
    };
    play(Personality::dovecot(), vec![good(1), good(2)], work).await;
}

#[test]
fn a_test_that_panics_in_the_helpers_fails_and_does_not_hang() {
    assert_fails_at_once("in quick time", || in_quick_time(async { fail() }));
    assert_fails_at_once("with rests", || with_rests(|_rests| async { fail() }));
    assert_fails_at_once("between servers in quick time", || in_quick_time(fail_between_servers()));
    assert_fails_at_once("between servers", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fail_between_servers());
    });
}
