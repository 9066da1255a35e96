//! Exact duplicates within a folder: as many arrive as there are, or one of each where that is asked for.

use std::collections::BTreeSet;

use mailferry::plan::MessageState;
use mailferry::rehearsal::{Dislike, FolderPath, Personality, SampleFolder, SampleMessage};
use mailferry::values::UnixTime;
use mailferry_test_support::scenes::practice_scene::{Scene, good, message, play, play_between};

type Content = (Vec<u8>, BTreeSet<String>);

fn flagged(message: &SampleMessage, flags: &[&str]) -> SampleMessage {
    SampleMessage { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..message.clone() }
}

fn contents(messages: &[SampleMessage]) -> Vec<Content> {
    let mut contents: Vec<Content> =
        messages.iter().map(|message| (message.bytes.to_vec(), message.flags.clone())).collect();
    contents.sort();
    contents
}

/// The same message five times, once of them with a star; one that has its headers and its size and another text; and
/// one of its own.
fn folder() -> Vec<SampleMessage> {
    let one = message(b"Message-ID: <one@weber.example>\r\nSubject: one\r\n\r\nText one\r\n");
    let other = message(b"Message-ID: <one@weber.example>\r\nSubject: one\r\n\r\nText two\r\n");
    vec![
        one.clone(),
        flagged(&one, &["\\Seen", "\\Flagged"]),
        other,
        flagged(&one, &[]),
        good(7),
        SampleMessage { internal_date: UnixTime(1_700_000_000), ..one.clone() },
        one,
    ]
}

async fn assert_once(scene: &Scene) {
    let messages = folder();
    let kept = [0, 1, 2, 4].map(|index: usize| messages[index].clone());
    assert_eq!(contents(&scene.arrived()), contents(&kept));
    for uid in [4, 6, 7] {
        let (state, cause) = scene.state(uid);
        assert_eq!(state, MessageState::LeftOut, "{uid}");
        assert_eq!(cause, "an exact duplicate of the message with UID 1, which is copied");
    }
    let sum = scene.bench.sum();
    assert_eq!((sum.copied, sum.left_out, sum.to_do), (4, 3, 0));
    scene.assert_verified().await;
    scene.assert_settled().await;
}

#[tokio::test]
async fn as_many_arrive_as_there_are() {
    play(Personality::dovecot(), folder(), |scene| async move {
        scene.bench.copy_all().await;
        assert_eq!(contents(&scene.arrived()), contents(&folder()));
        scene.assert_verified().await;
    })
    .await;
}

#[tokio::test]
async fn exact_duplicates_are_copied_once_where_that_is_asked_for_and_come_when_it_is_not_any_more() {
    play(Personality::dovecot(), folder(), |mut scene| async move {
        scene.bench.request.options.drops_duplicates = true;
        assert_eq!(scene.bench.copy_all().await, 7, "each is settled");
        assert_once(&scene).await;
        scene.bench.request.options.drops_duplicates = false;
        assert_eq!(scene.bench.copy_all().await, 3);
        assert_eq!(contents(&scene.arrived()), contents(&folder()));
        scene.assert_verified().await;
        scene.assert_settled().await;
        // What is copied stays.
        scene.bench.request.options.drops_duplicates = true;
        scene.assert_settled().await;
        assert_eq!(contents(&scene.arrived()), contents(&folder()));
    })
    .await;
}

#[tokio::test]
async fn an_earlier_run_large_messages_and_several_connections_make_no_difference() {
    let asking = ["IMAP4rev1", "UIDPLUS", "UNSELECT", "NAMESPACE", "SASL-IR", "LITERAL-"];
    let mut single = Personality::dovecot();
    single.capabilities = Box::leak(Box::new(asking));
    for (personality, spool_bytes, first_run) in [
        (Personality::dovecot(), 1 << 20, true),
        (Personality::dovecot(), 10, false),
        (single, 1 << 20, false),
    ] {
        play(personality, folder(), |mut scene| async move {
            scene.bench.request.limits.spool_bytes = spool_bytes;
            scene.bench.request.options.drops_duplicates = true;
            if first_run {
                scene.bench.request.options.trial_messages = Some(1);
                assert_eq!(scene.bench.copy_all().await, 1);
                scene.bench.request.options.trial_messages = None;
            }
            scene.bench.copy_all().await;
            assert_once(&scene).await;
        })
        .await;
    }
}

#[tokio::test]
async fn the_same_in_two_folders_are_no_duplicates() {
    let folder = |name: &str| SampleFolder {
        path: FolderPath::parse(name),
        special_use: None,
        messages: vec![good(1), good(1)],
    };
    let folders = vec![folder("Work"), folder("Home")];
    play_between(Personality::dovecot(), Personality::dovecot(), folders, |mut scene| async move {
        scene.bench.request.options.drops_duplicates = true;
        scene.bench.copy_all().await;
        assert_eq!(contents(&scene.arrived()), contents(&[good(1), good(1)]));
        assert_eq!(scene.bench.sum().left_out, 2);
    })
    .await;
}

static INFECTED: [(Dislike, &str); 1] = [(Dislike::Bytes(b"Text one"), "NO Virus found: Eicar")];

/// Where the first one is not taken, none is written off as its duplicate.
#[tokio::test]
async fn duplicates_of_a_message_that_is_not_copied_are_not_left_out() {
    let mut scanning = Personality::dovecot();
    scanning.quirks.dislikes = &INFECTED;
    play(scanning, folder(), |mut scene| async move {
        scene.bench.request.options.drops_duplicates = true;
        let outcome = scene.bench.copy(&|_| {}).await.unwrap();
        assert!(!outcome.is_stopped);
        for uid in [1, 2, 4, 6, 7] {
            let (state, cause) = scene.state(uid);
            assert!(cause.contains("Virus"), "{uid}: {state:?} {cause}");
        }
        let sum = scene.bench.sum();
        assert_eq!((sum.copied, sum.left_out, sum.to_do), (2, 0, 0));
    })
    .await;
}
