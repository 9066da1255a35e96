//! Two runs copy the same mailbox into the same account at the same time, from two computers that know nothing of each
//! other: at most one batch is there twice, and that is told. Mail that arrives by itself disturbs nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{FolderPath, ImapHandle, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::{CopyOutcome, TransferError};
use mailferry::values::{Security, UnixTime};
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox as real_mailbox};
use mailferry_test_support::fakes::practice_server::{USER, practice as serve, practice_access as access};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::scenes::copy_bench::{self, Bench};
use mailferry_test_support::servers::dovecot::{self, Dovecot, Settings};
use tokio_util::sync::CancellationToken;

const BATCH: usize = 6;

/// Three folders of different messages.
fn mail() -> Vec<SampleFolder> {
    let options = SampleOptions { attachment_percent: 0, large_attachments: 0, ..SampleOptions::default() };
    let mut folders = mixed_mailbox(11, 400, &options);
    folders.retain(|folder| ["INBOX", "Sent", "Projekte/2024"].contains(&folder.path.to_string().as_str()));
    let mut seen = BTreeSet::new();
    for folder in &mut folders {
        folder.messages.retain(|message| seen.insert(Arc::clone(&message.bytes)));
        folder.messages.truncate(60);
    }
    folders
}

fn counted(handle: &ImapHandle) -> BTreeMap<Arc<[u8]>, usize> {
    let mut counts = BTreeMap::new();
    for (_, message) in handle.dump(USER) {
        *counts.entry(message.bytes).or_default() += 1;
    }
    counts
}

fn is_told(outcome: &Result<CopyOutcome, TransferError>) -> bool {
    match outcome {
        Ok(outcome) => {
            outcome.folder_problems.iter().any(|problem| problem.words.contains("in this folder twice"))
        }
        Err(error) => matches!(error, TransferError::SecondRun { .. }),
    }
}

/// A Dovecot that does not say which UIDs messages have got.
fn silent_dovecot() -> Personality {
    let mut personality = Personality::dovecot();
    personality.name = "silent dovecot";
    personality.quirks.omits_append_uid = true;
    personality
}

/// Servers that tell UIDs, that skip some, and that tell none, whether they had promised to or not. Where folders are
/// labels a message that is sent again makes no second one.
fn destinations() -> [Personality; 8] {
    [
        Personality::dovecot(),
        silent_dovecot(),
        Personality::icloud(),
        Personality::courier(),
        Personality::proton(),
        Personality::exchange(),
        Personality::yahoo(),
        Personality::zoho(),
    ]
}

/// A copy with a project of its own, as on another computer. An old Courier does not say where folders may be made.
async fn run_to(source: &ImapHandle, destination: &ImapHandle, prefix: &str) -> Bench {
    let mut bench = Bench::new(access(source), access(destination)).await;
    bench.request.limits.batch_messages = BATCH;
    for folder in &mut bench.request.plan.folders {
        if !prefix.is_empty() && folder.destination.0 != ["INBOX"] {
            folder.destination.0.insert(0, "INBOX".to_owned());
        }
    }
    bench
}

#[test]
fn two_runs_at_once_double_one_batch_at_most_and_say_so() {
    for personality in destinations() {
        let (name, prefix) = (personality.name, personality.prefix);
        in_quick_time(async {
            let token = CancellationToken::new();
            let source = serve(Personality::dovecot(), mail(), &token).await;
            let destination = serve(personality, Vec::new(), &token).await;
            let mut runs = Vec::new();
            for _computer in 0..2 {
                runs.push(run_to(&source, &destination, prefix).await);
            }
            let (one, two) = tokio::join!(runs[0].copy(&|_| {}), runs[1].copy(&|_| {}));
            let doubled: usize = counted(&destination).values().map(|count| count - 1).sum();
            assert!(doubled <= BATCH, "{name}: {doubled} messages are there twice: {one:?} {two:?}");
            assert!(doubled == 0 || is_told(&one) || is_told(&two), "{name}: {one:?} {two:?}");
            // Whichever goes on afterwards finds what the other one has copied.
            for run in &runs {
                run.copy(&|_| {}).await.unwrap();
                assert_eq!(run.sum().to_do, 0, "{name}");
            }
            let after: usize = counted(&destination).values().map(|count| count - 1).sum();
            assert_eq!(after, doubled, "{name}: more is there twice");
            assert_eq!(counted(&destination).len(), counted(&source).len(), "{name}: something is lost");
            token.cancel();
        });
    }
}

#[test]
fn a_run_that_begins_while_another_one_copies_doubles_one_batch_at_most() {
    for personality in destinations() {
        for already in [8, 20] {
            in_quick_time(begin_while_another_copies(personality.clone(), already));
        }
    }
}

async fn begin_while_another_copies(personality: Personality, already: u32) {
    let (name, prefix) = (personality.name, personality.prefix);
    let token = CancellationToken::new();
    let source = serve(Personality::dovecot(), mail(), &token).await;
    let destination = serve(personality, Vec::new(), &token).await;
    let mut runs = Vec::new();
    for _computer in 0..2 {
        runs.push(run_to(&source, &destination, prefix).await);
    }
    let begun = tokio::sync::Notify::new();
    let advanced = AtomicU32::new(0);
    let sink = |_| {
        if advanced.fetch_add(1, Ordering::Relaxed) == already {
            begun.notify_one();
        }
    };
    let later = async {
        begun.notified().await;
        runs[1].copy(&|_| {}).await
    };
    let first = async {
        let outcome = runs[0].copy(&sink).await;
        // Where it tells less than that.
        begun.notify_one();
        outcome
    };
    let (one, two) = tokio::join!(first, later);
    let doubled: usize = counted(&destination).values().map(|count| count - 1).sum();
    assert!(doubled <= BATCH, "{name}, {already}: {doubled} messages are there twice: {one:?} {two:?}");
    assert!(doubled == 0 || is_told(&one) || is_told(&two), "{name}, {already}: {one:?} {two:?}");
    for run in &runs {
        run.copy(&|_| {}).await.unwrap();
    }
    assert_eq!(counted(&destination).values().map(|count| count - 1).sum::<usize>(), doubled, "{name}");
    assert_eq!(counted(&destination).len(), counted(&source).len(), "{name}: something is lost");
    token.cancel();
}

#[test]
fn new_mail_that_keeps_coming_delays_nothing() {
    for personality in [
        Personality::dovecot(),
        silent_dovecot(),
        Personality::icloud(),
        Personality::courier(),
        Personality::proton(),
    ] {
        in_quick_time(receive_meanwhile(personality));
    }
}

async fn receive_meanwhile(personality: Personality) {
    let (name, prefix) = (personality.name, personality.prefix);
    // One that asks for each message gets several connections.
    let most = if personality.has("LITERAL+") { 4 } else { 16 };
    let token = CancellationToken::new();
    let source = serve(Personality::dovecot(), mail(), &token).await;
    let destination = serve(personality, Vec::new(), &token).await;
    let bench = run_to(&source, &destination, prefix).await;
    let number = AtomicU32::new(0);
    let sink = |_| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let text = format!("Subject: visitor\r\nMessage-ID: <{number}@elsewhere.example>\r\n\r\nHello\r\n");
        let visitor = SampleMessage {
            bytes: text.into_bytes().into(),
            flags: BTreeSet::new(),
            internal_date: UnixTime(1_700_000_000),
        };
        destination.deliver(USER, &FolderPath::inbox(), vec![visitor]);
    };
    let outcome = bench.copy(&sink).await.unwrap();
    assert_eq!(outcome.folder_problems, [], "{name}");
    let visitors = number.into_inner() as usize;
    assert!(visitors > 15, "{visitors}");
    let (wanted, found) = (counted(&source), counted(&destination));
    assert!(wanted.iter().all(|(bytes, count)| found.get(bytes) == Some(count)));
    assert_eq!(found.len(), wanted.len() + visitors);
    // A few questions for each that comes and for each connection, and one connection for each lane.
    let traffic = destination.traffic();
    assert!(traffic.connections <= most, "{name}: {traffic:?}");
    let most = 60 + 8 * visitors as u64 + 8 * traffic.connections.saturating_sub(3);
    assert!(traffic.commands < most, "{name}: {traffic:?} for {visitors}");
    token.cancel();
}

/// Where a server tells no UIDs, the count behind each batch is sent along with it: nobody waits for it alone.
#[test]
fn counts_behind_batches_cost_one_command_each() {
    let commands = |personality: Personality| {
        in_quick_time(async move {
            let prefix = personality.prefix;
            let token = CancellationToken::new();
            let source = serve(Personality::dovecot(), mail(), &token).await;
            let destination = serve(personality, Vec::new(), &token).await;
            let bench = run_to(&source, &destination, prefix).await;
            let before = destination.traffic().commands;
            bench.copy_all().await;
            let commands = destination.traffic().commands - before;
            token.cancel();
            commands
        })
    };
    let (told, counted) = (commands(Personality::dovecot()), commands(silent_dovecot()));
    // 60 messages in each of three folders; the copies' UIDs are looked for at the end of each.
    let batches = 3 * 60_usize.div_ceil(BATCH) as u64;
    assert!(counted <= told + batches + 3 * 4, "{told} commands where UIDs are told, and {counted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_into_a_real_server() {
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&real_mailbox(2_000, '/', ""));
    let way = |port| dovecot::access(port, Security::Clear, "anna");
    let one = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
    let two = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
    let outcomes = tokio::join!(one.copy(&|_| {}), two.copy(&|_| {}));
    for run in [&one, &two] {
        run.copy(&|_| {}).await.unwrap();
    }
    let wanted = copy_bench::contents(source.clear_port, '/', "");
    let found = copy_bench::contents(destination.clear_port, '/', "");
    let lost = wanted.iter().filter(|(seen, count)| found.get(*seen).unwrap_or(&0) < count).count();
    let extra: usize =
        found.iter().map(|(seen, count)| count.saturating_sub(*wanted.get(seen).unwrap_or(&0))).sum();
    assert_eq!(lost, 0, "{outcomes:?}");
    let batch = one.request.limits.batch_messages;
    assert!(extra <= batch, "{extra} messages are there twice: {outcomes:?}");
}
