//! The copy against real servers: Dovecot on both sides, read back by a plain client of the tests' own.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use mailferry::imap::{ImapError, SignInError};
use mailferry::net::NetError;
use mailferry::plan::{FolderChoice, LedgerSum, LeftOutBecause};
use mailferry::transfer::{
    CopyOutcome, Progress, TransferError, VerifyDepth, copy_control, copy_mailbox, verify_mailbox,
};
use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, Seen, large_message, mixed_mailbox};
use mailferry_test_support::fakes::cutting_proxy::{Cut, CuttingProxy};
use mailferry_test_support::programs;
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use tokio_util::sync::CancellationToken;

/// Two servers, and the copy of `anna` between them.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    bench: Bench,
}

impl Pair {
    async fn new(mails: &[Mail], source: &Settings, destination: &Settings) -> Option<Self> {
        let source = Dovecot::start(&["anna"], source)?;
        let destination = Dovecot::start(&["anna"], destination)?;
        PlainImap::open(source.clear_port, "anna").store(mails);
        let reach = |server: &Dovecot| access(server.clear_port, Security::Clear, "anna");
        let mut bench = Bench::new(reach(&source), reach(&destination)).await;
        bench.request.limits.late_append = Duration::from_millis(1_500);
        Some(Self { source, destination, bench })
    }

    async fn copy(&self) -> Result<CopyOutcome, TransferError> {
        self.bench.copy(&|_| {}).await
    }

    fn sum(&self) -> LedgerSum {
        self.bench.sum()
    }

    fn both(&self) -> (BTreeMap<Seen, usize>, BTreeMap<Seen, usize>) {
        let source = PlainImap::open(self.source.clear_port, "anna").multiset(same_name);
        let destination = PlainImap::open(self.destination.clear_port, "anna").multiset(same_name);
        (source, destination)
    }

    fn assert_equal(&self) {
        let (source, destination) = self.both();
        assert_same(&source, &destination);
    }
}

/// Folder names freed of prefix and separator.
fn same_name(name: &str) -> String {
    name.strip_prefix("INBOX.").unwrap_or(name).replace('.', "/")
}

#[tokio::test]
async fn a_mixed_mailbox_arrives_as_the_same_multiset_and_a_second_run_copies_nothing() {
    let dotted = Settings { separator: '.', prefix: "INBOX.", ..Settings::default() };
    let mails = mixed_mailbox(400, '.', "INBOX.");
    let Some(pair) = Pair::new(&mails, &dotted, &Settings::default()).await else { return };
    let outcome = pair.copy().await.unwrap();
    assert_eq!(outcome, CopyOutcome { is_stopped: false, folder_problems: Vec::new() });
    let sum = pair.sum();
    assert_eq!((sum.source_count, sum.copied, sum.to_do), (mails.len() as u64, mails.len() as u64, 0));
    pair.assert_equal();

    let advanced = AtomicU64::new(0);
    let (_controller, control) = copy_control(CancellationToken::new());
    copy_mailbox(&pair.bench.request, control, &|progress| {
        if let Progress::Advanced { messages, .. } = progress {
            advanced.fetch_add(messages, Ordering::Relaxed);
        }
    })
    .await
    .unwrap();
    assert_eq!(advanced.into_inner(), 0);
    pair.assert_equal();

    let report = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!((report.differences.as_slice(), report.counts.not_placed), (&[][..], 0));
    assert_eq!(report.counts.bytes_equal, mails.len() as u64);
    let mut spoiler = PlainImap::open(pair.destination.clear_port, "anna");
    spoiler.run("SELECT INBOX");
    spoiler.run("STORE 1 +FLAGS (\\Deleted)");
    spoiler.run("EXPUNGE");
    assert!(verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap().counts.differences > 0);
}

#[tokio::test]
async fn a_destination_that_has_some_of_the_mail_gets_only_the_rest() {
    let mails = mixed_mailbox(200, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    // Every third message, and of one true duplicate only one copy.
    let some: Vec<Mail> = mails.iter().step_by(3).cloned().collect();
    PlainImap::open(pair.destination.clear_port, "anna").store(&some);
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.already_there, sum.copied), (some.len() as u64, (mails.len() - some.len()) as u64));
    pair.assert_equal();
}

/// Works until it has been polled so often, and drops what is left; `None` where that is something.
async fn within_polls<T>(most: u64, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut polls) = (pin!(work), 0);
    poll_fn(|context| {
        polls += 1;
        if polls > most { Poll::Ready(None) } else { work.as_mut().poll(context).map(Some) }
    })
    .await
}

#[tokio::test]
async fn dropping_the_copy_at_any_moment_changes_nothing_about_the_outcome() {
    let mails = mixed_mailbox(300, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    let mut pair = pair;
    let slow = CuttingProxy::start_slow(pair.destination.clear_port, [], Duration::from_millis(10));
    pair.bench.request.destination = access(slow.port, Security::Clear, "anna");
    // Small batches, so that some are always under way.
    pair.bench.request.limits.batch_messages = 7;
    let (mut drops, mut under_way) = (0, 0);
    for round in 0_u64.. {
        assert!(round < 500, "no progress: {:?}", pair.sum());
        let polls = 40 + round * 37 % 130 + round * 16;
        let Some(outcome) = within_polls(polls, pair.copy()).await else {
            drops += 1;
            under_way += pair.bench.in_flight();
            continue;
        };
        outcome.unwrap();
        if pair.sum().to_do == 0 {
            break;
        }
    }
    assert!(drops > 0 && under_way > 0, "{drops} drops, {under_way} messages under way");
    pair.assert_equal();
    assert_eq!(pair.sum().copied, mails.len() as u64);
}

#[tokio::test]
async fn cut_connections_on_either_side_lead_to_the_same_multiset() {
    let plain = Settings::default();
    let no_uidplus =
        Settings { capabilities: Some("IMAP4rev1 LITERAL+ SASL-IR SPECIAL-USE"), ..Settings::default() };
    // Several pairs break together, so fewer of the cuts that are laid out are reached.
    for (seed, settings, pairs, cuts) in
        [(3_usize, &plain, 1, 5), (11, &no_uidplus, 1, 5), (5, &plain, 4, 1), (7, &no_uidplus, 4, 1)]
    {
        // Pairs that are not cut finish what they have, so there must be enough left for the next connections.
        let mails = mixed_mailbox(300 * pairs, '/', "");
        let Some(mut pair) = Pair::new(&mails, &plain, settings).await else { return };
        let cut = |index: usize| match index % 2 {
            0 => Cut::Upward(2_000 + index * seed * 7_919 % 300_000),
            _ => Cut::Downward(3_000 + index * seed * 1_237 % 60_000),
        };
        let to = CuttingProxy::start(pair.destination.clear_port, (0..3 + 2 * pairs).map(cut));
        let from = CuttingProxy::start(
            pair.source.clear_port,
            (5..9).map(|index| Cut::Downward(200_000 * index % 700_001 + 900)),
        );
        pair.bench.request.destination = access(to.port, Security::Clear, "anna");
        pair.bench.request.source = access(from.port, Security::Clear, "anna");
        pair.bench.request.limits.max_breaks = 20;
        pair.bench.request.limits.pairs = pairs;
        pair.bench.request.limits.shares_folders = pairs > 1;
        pair.copy().await.unwrap();
        let (up, down) = (to.cut_count(), from.cut_count());
        assert!(up + down >= cuts, "{up} + {down} cuts at {pairs} pairs are too few to mean anything");
        let sum = pair.sum();
        assert_eq!((sum.copied, sum.to_do), (mails.len() as u64, 0), "{sum:?}");
        pair.assert_equal();
    }
}

#[tokio::test]
async fn a_lost_reply_to_an_append_makes_no_second_copy() {
    let mails = mixed_mailbox(300, '/', "");
    let plain = Settings::default();
    let no_uidplus =
        Settings { capabilities: Some("IMAP4rev1 LITERAL+ SASL-IR SPECIAL-USE"), ..Settings::default() };
    for (settings, pairs, cuts) in
        [(&plain, 1, 4..=4), (&no_uidplus, 1, 4..=4), (&plain, 4, 1..=4), (&no_uidplus, 4, 1..=4)]
    {
        let Some(mut pair) = Pair::new(&mails, &plain, settings).await else { return };
        pair.bench.request.limits.pairs = pairs;
        // Dovecot says so only when the messages are stored.
        let lost = Cut::Before("Append completed");
        let proxy = CuttingProxy::start(pair.destination.clear_port, [lost; 4]);
        pair.bench.request.destination = access(proxy.port, Security::Clear, "anna");
        pair.copy().await.unwrap();
        assert!(cuts.contains(&proxy.cut_count()), "{} cuts", proxy.cut_count());
        let sum = pair.sum();
        assert_eq!((sum.copied, sum.to_do), (mails.len() as u64, 0), "{sum:?}");
        pair.assert_equal();
        let report = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
        assert_eq!((report.counts.differences, report.counts.not_placed), (0, 0), "{report:?}");
    }
}

#[tokio::test]
async fn servers_without_extensions_are_copied_to_as_well() {
    let mut mails = mixed_mailbox(60, '/', "");
    mails.truncate(60);
    for capabilities in [
        "IMAP4rev1",
        "IMAP4rev1 LITERAL- UIDPLUS SASL-IR AUTH=PLAIN NAMESPACE",
        "IMAP4rev1 LITERAL+ UIDPLUS ID STATUS=SIZE LIST-EXTENDED",
    ] {
        let settings = Settings { capabilities: Some(capabilities), ..Settings::default() };
        let Some(pair) = Pair::new(&mails, &settings, &settings).await else { return };
        pair.copy().await.unwrap();
        pair.assert_equal();
        pair.copy().await.unwrap();
        pair.assert_equal();
        let report = verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap();
        assert_eq!(
            (report.counts.differences, report.counts.not_placed),
            (0, 0),
            "{capabilities}: {report:?}"
        );
    }
}

#[tokio::test]
async fn large_messages_pass_through_a_file() {
    let date = "01-Mar-2023 10:00:00 +0100".to_owned();
    let mail = |bytes| Mail { folder: "INBOX".into(), flags: vec!["\\Seen"], date: date.clone(), bytes };
    let mails = [
        mail(large_message(30_000_000)),
        mail(b"Subject: small\r\n\r\nx\r\n".to_vec()),
        mail(large_message(3 << 20)),
        mail(large_message(1 << 20)),
    ];
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    pair.copy().await.unwrap();
    pair.assert_equal();
    assert_eq!(verify_mailbox(&pair.bench.request, VerifyDepth::Full).await.unwrap().counts.bytes_equal, 4);
}

#[tokio::test]
async fn a_message_that_is_refused_is_recorded_and_the_others_arrive() {
    let strict = Settings {
        extra: "mail_plugins = quota\nplugin {\n  quota = count:User quota\n  quota_vsizes = yes\n  \
                quota_max_mail_size = 100k\n}\n"
            .to_owned(),
        ..Settings::default()
    };
    let mails = mixed_mailbox(120, '/', "");
    let too_large = mails.iter().filter(|mail| mail.bytes.len() > 100 * 1024).count() as u64;
    assert!(too_large > 0);
    let Some(pair) = Pair::new(&mails, &Settings::default(), &strict).await else { return };
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.refused, sum.copied), (too_large, mails.len() as u64 - too_large), "{sum:?}");
    let problems = pair.bench.ledger().problems().unwrap();
    assert_eq!(problems.iter().map(|problem| problem.count).sum::<u64>(), too_large);
    let (source, destination) = pair.both();
    assert!(destination.iter().all(|(seen, count)| source.get(seen).is_some_and(|known| known >= count)));
    assert_eq!(destination.values().sum::<usize>() as u64, sum.copied);
}

#[tokio::test]
async fn a_full_mailbox_stops_the_copy_and_says_so() {
    let full = Settings {
        extra: "mail_plugins = quota\nplugin {\n  quota = count:User quota\n  quota_vsizes = yes\n  \
                quota_rule = *:storage=200k\n}\n"
            .to_owned(),
        ..Settings::default()
    };
    let mails = mixed_mailbox(120, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &full).await else { return };
    let error = pair.copy().await.unwrap_err();
    assert!(matches!(&error, TransferError::DestinationFull { .. }), "{error}");
    let sum = pair.sum();
    assert_eq!((sum.refused, sum.source_count), (0, mails.len() as u64));
    assert!(sum.to_do > 0);
    let arrived = pair.both().1.values().sum::<usize>() as u64;
    assert_eq!(arrived, sum.copied);
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_a_pause_can_be_ended() {
    let mails = mixed_mailbox(400, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    let (controller, control) = copy_control(CancellationToken::new());
    let stop = |progress| {
        if let Progress::Advanced { .. } = progress {
            controller.stop();
        }
    };
    let outcome = copy_mailbox(&pair.bench.request, control, &stop).await.unwrap();
    assert!(outcome.is_stopped);
    assert!(pair.bench.ledger().sum().unwrap().to_do > 0);
    assert_eq!(pair.both().1.values().sum::<usize>() as u64, pair.sum().copied);

    let (controller, control) = copy_control(CancellationToken::new());
    controller.pause();
    let resume = |progress| {
        if progress == Progress::Paused {
            controller.resume();
        }
    };
    assert!(!copy_mailbox(&pair.bench.request, control, &resume).await.unwrap().is_stopped);
    assert_eq!(pair.sum().to_do, 0);
    pair.assert_equal();
}

#[tokio::test]
async fn a_folder_can_be_left_out_half_way_and_taken_in_again() {
    let mails = mixed_mailbox(120, '/', "");
    let Some(mut pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else {
        return;
    };
    // A single pair lists everything before it copies the first message, so a stop right away leaves rows to do.
    pair.bench.request.limits.pairs = 1;
    let (controller, control) = copy_control(CancellationToken::new());
    let stop = |progress| {
        if matches!(progress, Progress::Folder { .. }) {
            controller.stop();
        }
    };
    assert!(copy_mailbox(&pair.bench.request, control, &stop).await.unwrap().is_stopped);
    assert_eq!(pair.sum().to_do, mails.len() as u64);
    let choose = |pair: &mut Pair, choice| {
        let folders = pair.bench.request.plan.folders.iter_mut();
        folders.filter(|plan| plan.source.name() == "Sent").for_each(|plan| plan.choice = choice);
    };
    let sent = mails.iter().filter(|mail| mail.folder == "Sent").count() as u64;
    choose(&mut pair, FolderChoice::LeaveOut(LeftOutBecause::YouChose));
    pair.copy().await.unwrap();
    let sum = pair.sum();
    assert_eq!((sum.left_out, sum.copied, sum.to_do), (sent, mails.len() as u64 - sent, 0));
    choose(&mut pair, FolderChoice::Copy);
    pair.copy().await.unwrap();
    assert_eq!(pair.sum().copied, mails.len() as u64);
    pair.assert_equal();
}

#[tokio::test]
async fn folders_created_again_on_either_side_are_matched_again() {
    let mails = mixed_mailbox(150, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    pair.copy().await.unwrap();
    // The same messages under another UIDVALIDITY: renamed away, made anew, moved back.
    let anew = |port| {
        let mut client = PlainImap::open(port, "anna");
        client.run("RENAME \"Old mail\" Elsewhere");
        client.run("CREATE \"Old mail\"");
        client.run("SELECT Elsewhere");
        client.run("MOVE 1:* \"Old mail\"");
        client.run("SELECT INBOX");
        client.run("DELETE Elsewhere");
    };
    anew(pair.source.clear_port);
    pair.copy().await.unwrap();
    pair.assert_equal();
    anew(pair.destination.clear_port);
    pair.copy().await.unwrap();
    pair.assert_equal();
    let sum = pair.sum();
    assert_eq!((sum.source_count, sum.to_do, sum.vanished), (mails.len() as u64, 0, 0));
}

#[tokio::test]
async fn new_mail_at_the_source_is_added_and_vanished_mail_is_counted() {
    let mails = mixed_mailbox(80, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    pair.copy().await.unwrap();
    let late = Mail {
        folder: "INBOX".into(),
        flags: Vec::new(),
        date: "02-Apr-2024 09:00:00 +0200".into(),
        bytes: b"Message-ID: <late@weber.example>\r\nSubject: late\r\n\r\nlate\r\n".to_vec(),
    };
    PlainImap::open(pair.source.clear_port, "anna").store(&[late]);
    pair.copy().await.unwrap();
    assert_eq!(pair.sum().copied, mails.len() as u64 + 1);
    pair.assert_equal();
}

#[tokio::test]
async fn a_dead_server_ends_the_copy_with_its_side() {
    let Some(mut pair) = Pair::new(&[], &Settings::default(), &Settings::default()).await else { return };
    pair.bench.request.destination = access(programs::free_port(), Security::Clear, "anna");
    pair.bench.request.limits.max_breaks = 1;
    let error = pair.copy().await.unwrap_err();
    let TransferError::SignIn { side: mailferry::values::Side::Destination, source } = &error else {
        panic!("{error}")
    };
    assert!(matches!(source, SignInError::Imap(ImapError::Net(NetError::NotReached { .. }))), "{source}");
}

#[tokio::test]
async fn several_mailboxes_at_once_do_not_get_in_each_others_way() {
    let mails = mixed_mailbox(100, '/', "");
    let settings = Settings::default();
    let (Some(one), Some(two)) =
        (Pair::new(&mails, &settings, &settings).await, Pair::new(&mails, &settings, &settings).await)
    else {
        return;
    };
    let (first, second) = tokio::join!(one.copy(), two.copy());
    first.unwrap();
    second.unwrap();
    one.assert_equal();
    two.assert_equal();
}

/// One folder with enough messages for several pairs, and some of everything around it.
fn crowded_mailbox() -> Vec<Mail> {
    let mut mails = mixed_mailbox(80, '/', "");
    mails.extend((0..450).map(|number| {
        Mail {
            folder: "Crowded".to_owned(),
            flags: if number % 2 == 0 { vec!["\\Seen"] } else { Vec::new() },
            date: "01-Mar-2023 10:00:00 +0100".to_owned(),
            // Every ninth is a true duplicate of the one before.
            bytes: format!(
                "Message-ID: <{0}@weber.example>\r\nSubject: {0}\r\n\r\n{1}\r\n",
                number - usize::from(number % 9 == 8),
                "text ".repeat(200)
            )
            .into_bytes(),
        }
    }));
    mails
}

#[tokio::test]
async fn messages_arrive_in_the_order_of_the_source() {
    let mails = mixed_mailbox(300, '/', "");
    let Some(pair) = Pair::new(&mails, &Settings::default(), &Settings::default()).await else { return };
    pair.copy().await.unwrap();
    let mut source = PlainImap::open(pair.source.clear_port, "anna");
    let mut destination = PlainImap::open(pair.destination.clear_port, "anna");
    for folder in source.folders() {
        let expected = source.order(&folder);
        assert_eq!(destination.order(&folder), expected, "{folder}");
    }
    assert!(source.order("INBOX").len() > 20);
}

#[tokio::test]
async fn several_pairs_share_a_folder_and_make_no_second_copies() {
    let mails = crowded_mailbox();
    let plain = Settings::default();
    let no_uidplus =
        Settings { capabilities: Some("IMAP4rev1 LITERAL+ SASL-IR SPECIAL-USE"), ..Settings::default() };
    let asking = Settings { capabilities: Some("IMAP4rev1 LITERAL- UIDPLUS SASL-IR"), ..Settings::default() };
    for settings in [&plain, &no_uidplus, &asking] {
        let Some(mut pair) = Pair::new(&mails, &plain, settings).await else { return };
        pair.bench.request.limits.shares_folders = true;
        pair.copy().await.unwrap();
        pair.assert_equal();
        let sum = pair.sum();
        assert_eq!((sum.copied, sum.to_do), (mails.len() as u64, 0), "{sum:?}");
        let report = verify_mailbox(&pair.bench.request, VerifyDepth::Quick).await.unwrap();
        assert_eq!((report.counts.checked, report.counts.differences), (mails.len() as u64, 0), "{report:?}");
        assert_eq!(report.counts.not_placed, 0, "{report:?}");
        pair.copy().await.unwrap();
        pair.assert_equal();
    }
}

#[tokio::test]
async fn several_pairs_are_interrupted_again_and_again() {
    let mails = crowded_mailbox();
    let asking = Settings { capabilities: Some("IMAP4rev1 LITERAL- SASL-IR"), ..Settings::default() };
    for settings in [&Settings::default(), &asking] {
        let Some(mut pair) = Pair::new(&mails, &Settings::default(), settings).await else { return };
        let slow = CuttingProxy::start_slow(pair.destination.clear_port, [], Duration::from_millis(10));
        pair.bench.request.destination = access(slow.port, Security::Clear, "anna");
        pair.bench.request.limits.batch_messages = 5;
        pair.bench.request.limits.shares_folders = true;
        let (mut drops, mut under_way) = (0, 0);
        for round in 0_u64.. {
            assert!(round < 200, "no progress: {:?}", pair.sum());
            let polls = 80 + round * 37 % 130 + round * 40;
            let Some(outcome) = within_polls(polls, pair.copy()).await else {
                drops += 1;
                under_way += pair.bench.in_flight();
                continue;
            };
            outcome.unwrap();
            break;
        }
        assert!(drops > 0 && under_way > 0, "{drops} drops, {under_way} messages under way");
        pair.assert_equal();
        assert_eq!(pair.sum().copied, mails.len() as u64);
    }
}

#[tokio::test]
async fn a_limit_on_connections_means_fewer_pairs_and_no_failure() {
    let mails = crowded_mailbox();
    let two = Settings {
        extra: "protocol imap {\n  mail_max_userip_connections = 2\n}\n".to_owned(),
        ..Settings::default()
    };
    let Some(mut pair) = Pair::new(&mails, &two, &two).await else { return };
    // One connection is taken already, so the second pair meets the limit; and it is slow, so that a second is wanted.
    let _taken = PlainImap::open(pair.destination.clear_port, "anna");
    let slow = CuttingProxy::start_slow(pair.destination.clear_port, [], Duration::from_millis(20));
    pair.bench.request.destination = access(slow.port, Security::Clear, "anna");
    pair.bench.request.limits.batch_messages = 5;
    pair.bench.request.limits.shares_folders = true;
    let reconnects = AtomicU64::new(0);
    let (_controller, control) = copy_control(CancellationToken::new());
    copy_mailbox(&pair.bench.request, control, &|progress| {
        if let Progress::Reconnecting { .. } = progress {
            reconnects.fetch_add(1, Ordering::Relaxed);
        }
    })
    .await
    .unwrap();
    assert_eq!(reconnects.into_inner(), 0);
    assert!(pair.destination.log().contains("Maximum number of connections"), "the limit was never reached");
    assert_eq!(pair.sum().copied, mails.len() as u64);
}
