//! The work of a run grows with the folders of a mailbox, and not with their square. Counted in steps of the database,
//! as time says little on a busy computer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::large_futures,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail loudly"
)]

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use mailferry::plan::CopyMode;
use mailferry::rehearsal::{FolderPath, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::{VerifyDepth, verify_mailbox};
use mailferry::values::UnixTime;
use mailferry_test_support::fakes::practice_server::{USER, practice, practice_access};
use mailferry_test_support::scenes::copy_bench::Bench;
use tokio_util::sync::CancellationToken;
use tracing::span;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the steps of the databases on this thread, in thousands.
struct StepWatch;

impl StepWatch {
    fn start() {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
    }
}

impl tracing::Subscriber for StepWatch {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "mailferry::project::steps"
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, _event: &tracing::Event<'_>) {
        STEPS.set(STEPS.get() + 1);
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

fn message(number: usize) -> SampleMessage {
    SampleMessage {
        bytes: Arc::from(format!("Message-ID: <{number}@weber.example>\r\n\r\nText\r\n").into_bytes()),
        flags: [].into(),
        internal_date: UnixTime(1_700_000_000),
    }
}

fn folders(count: usize) -> Vec<SampleFolder> {
    let folder = |number: usize| SampleFolder {
        path: FolderPath::parse(&format!("Year {}/Folder {number}", number / 20)),
        special_use: None,
        messages: vec![message(number)],
    };
    (0..count).map(folder).collect()
}

/// Thousands of steps that a plan, a run with nothing to do and a proof take.
async fn steps(kind: fn() -> Personality, count: usize, mode: CopyMode) -> u64 {
    let token = CancellationToken::new();
    let source = practice(Personality::dovecot(), folders(count), &token).await;
    let destination = practice(kind(), Vec::new(), &token).await;
    let mut bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
    assert_eq!(bench.copy_all().await, count as u64);
    bench.request.options.mode = mode;
    let before = STEPS.get();
    bench.plan_anew().await;
    assert_eq!(bench.copy_all().await, 0);
    verify_mailbox(&bench.request, VerifyDepth::Quick).await.unwrap();
    token.cancel();
    STEPS.get() - before
}

#[tokio::test]
async fn the_cost_of_a_run_with_nothing_to_do_is_linear_in_the_folders() {
    StepWatch::start();
    for (kind, mode) in [
        (Personality::dovecot as fn() -> Personality, CopyMode::BeforeSwitch),
        (Personality::dovecot, CopyMode::AfterSwitch),
        (Personality::courier, CopyMode::BeforeSwitch),
    ] {
        let (few, many) = (steps(kind, 60, mode).await, steps(kind, 240, mode).await);
        assert!(few > 0, "something is counted");
        assert!(
            many <= few * 5,
            "{} {mode:?}: {few} thousand steps for 60 folders, {many} for 240",
            kind().name
        );
    }
}

#[tokio::test]
async fn so_does_a_first_run() {
    StepWatch::start();
    let mut counted = Vec::new();
    for count in [60, 240] {
        let token = CancellationToken::new();
        let source = practice(Personality::dovecot(), folders(count), &token).await;
        let destination = practice(Personality::dovecot(), Vec::new(), &token).await;
        let bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
        let before = STEPS.get();
        assert_eq!(bench.copy_all().await, count as u64);
        counted.push(STEPS.get() - before);
        token.cancel();
    }
    assert!(counted[0] > 0 && counted[1] <= counted[0] * 5, "{counted:?} thousand steps");
}

/// What something costs: thousands of steps of the database, and processor time of this thread, practice servers included.
#[derive(Clone, Copy, Debug)]
struct Cost {
    steps: u64,
    processor: Option<Duration>,
}

impl Cost {
    async fn of(work: impl Future<Output = ()>) -> Self {
        let (steps, processor) = (STEPS.get(), processor_time());
        work.await;
        let spent = processor_time().zip(processor).map(|(now, before)| now.saturating_sub(before));
        Self { steps: STEPS.get() - steps, processor: spent }
    }
}

/// Processor time of this thread so far, where the system tells.
fn processor_time() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// `make exhaustive` goes up to 2,000 folders and shows what that costs.
fn mailboxes() -> &'static [usize] {
    if std::env::var_os("MAILFERRY_EXHAUSTIVE").is_some() {
        &[250, 500, 1_000, 2_000]
    } else {
        &[125, 250, 500]
    }
}

#[tokio::test]
async fn planning_and_a_second_run_cost_no_more_for_each_folder_of_a_large_mailbox() {
    StepWatch::start();
    let mut first: Option<(usize, [u64; 2])> = None;
    for &count in mailboxes() {
        let token = CancellationToken::new();
        let source = practice(Personality::dovecot(), folders(count), &token).await;
        let destination = practice(Personality::dovecot(), Vec::new(), &token).await;
        let mut bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
        assert_eq!(bench.copy_all().await, count as u64);
        let planned = Cost::of(bench.plan_anew()).await;
        let again = Cost::of(async { assert_eq!(bench.copy_all().await, 0) }).await;
        token.cancel();
        for (what, Cost { steps, processor }) in [("planned", planned), ("run again", again)] {
            eprintln!("{count} folders {what}: {steps} thousand steps, {processor:?} of processor time");
        }
        let costs = [planned.steps, again.steps];
        let (fewest, least) = *first.get_or_insert((count, costs));
        let times = (count / fewest) as u64;
        for (cost, least) in costs.into_iter().zip(least) {
            // A quarter more, as what is counted comes in thousands.
            assert!(
                cost <= (least + 1) * times * 5 / 4,
                "{count} folders: {cost} thousand steps, {least} for {fewest}"
            );
        }
        assert!(again.steps > 0, "something is counted");
    }
}

/// People remove one of two copies in every folder: each folder is searched once for all of them, and not once for each.
#[tokio::test]
async fn looking_for_lost_copies_grows_with_the_folders_too() {
    let mut commands = Vec::new();
    for count in [30, 120] {
        let token = CancellationToken::new();
        let mut mail = folders(count);
        for (number, folder) in (count..).zip(&mut mail) {
            folder.messages.push(message(number));
        }
        let source = practice(Personality::dovecot(), mail.clone(), &token).await;
        let destination = practice(Personality::dovecot(), Vec::new(), &token).await;
        let bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
        assert_eq!(bench.copy_all().await, 2 * count as u64);
        for folder in &mail {
            destination.take_out(USER, &folder.path, &folder.messages[0].bytes);
        }
        let before = destination.traffic().commands;
        assert_eq!(bench.copy_all().await, count as u64);
        commands.push(destination.traffic().commands - before);
        assert_eq!(destination.dump(USER).len(), 2 * count);
        token.cancel();
    }
    assert!(commands[0] > 0 && commands[1] <= commands[0] * 5, "{commands:?} commands");
}
