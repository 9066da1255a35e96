//! Whole copies with tokens that end on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use mailferry::engine::{
    Command, CopyPhase, EngineConfig, MailboxProgressState, ProjectView, SignInState, TokenDesk, Verify,
};
use mailferry::providers::ProviderId;
use mailferry::values::{Credential, MailboxId, Secret, Side, SignInWay, UnixTime};
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::fakes::cutting_proxy::{Cut, CuttingProxy};
use mailferry_test_support::servers::dovecot::{self, Dovecot, PASSWORD};
use mailferry_test_support::servers::oidc::Oidc;

use crate::bench::{Bench, clear, settings};
use crate::{keep, mail_server, now, open_folder, own, store};

const MAILBOXES: usize = 20;

fn copy(bench: &mut Bench) -> ProjectView {
    bench.send(Command::StartCopy);
    bench.project(|project| {
        matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped)
            && project.copy.mailboxes.len() == MAILBOXES
    })
}

#[test]
fn twenty_mailboxes_outlive_three_expiries_and_one_revocation() {
    let Some(oidc) = Oidc::start() else { return };
    let oidc = Arc::new(oidc);
    // The engine has a runtime of its own; this one is for the people who sign in.
    let people = tokio::runtime::Runtime::new().unwrap();
    let users: Vec<String> = (0..MAILBOXES).map(|number| format!("user{number:02}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let folder = open_folder();
    let Some(source) = Dovecot::start(&names, &dovecot::Settings::default()) else { return };
    let Some(destination) = mail_server(&oidc, &names, folder.path()) else { return };
    // Each of the first connections breaks in the middle of the mail that it carries, so that the next needs a token again.
    let line =
        CuttingProxy::start(destination.clear_port, std::iter::repeat_n(Cut::Upward(20_000), MAILBOXES));
    let mails = mixed_mailbox(30, '/', "");
    let store = store();
    for user in &users {
        PlainImap::open(source.clear_port, user).store(&mails);
        people.block_on(keep(&oidc, &store, user));
    }
    // After the third question for a token and then every fifth, an hour is over: what is alive ends at the provider, and
    // here as well. At the fifth one user withdraws the consent.
    let (seconds, questions) = (Arc::new(AtomicI64::new(now())), Arc::new(AtomicU32::new(0)));
    let expiries = Arc::new(AtomicU32::new(0));
    let is_under_way = Arc::new(AtomicU32::new(0));
    let clock = {
        let (oidc, expiries, is_under_way) =
            (Arc::clone(&oidc), Arc::clone(&expiries), Arc::clone(&is_under_way));
        Arc::new(move || {
            if is_under_way.load(Ordering::SeqCst) == 1 {
                match questions.fetch_add(1, Ordering::SeqCst) {
                    3 | 8 | 13 => {
                        oidc.expire_used_tokens();
                        seconds.fetch_add(3_600, Ordering::SeqCst);
                        expiries.fetch_add(1, Ordering::SeqCst);
                    }
                    5 => oidc.revoke("user17"),
                    _ => {}
                }
            }
            UnixTime(seconds.load(Ordering::SeqCst))
        })
    };
    let home = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        tokens: Some(TokenDesk::with_clock(store.clone(), clock)),
        verify: Verify::Full,
        parallel_mailboxes: MAILBOXES / 2,
        ..settings(home.path())
    };
    let mut bench = Bench::start(config);
    let file = home.path().join("move.mailferry");
    bench.send(Command::NewProject { domain: "example.org".to_owned(), path: Some(file.clone()) });
    bench.send(Command::SetSourceServer(clear(source.clear_port)));
    bench.send(Command::ChooseDestination {
        provider: ProviderId("generic-imap".to_owned()),
        server: Some(clear(line.port)),
    });
    for user in &users {
        bench.send(Command::AddMailbox(format!("{user}@example.org")));
    }
    let rows: Vec<(MailboxId, String)> = bench
        .project(|project| project.mailboxes.len() == MAILBOXES)
        .mailboxes
        .iter()
        .map(|row| (row.id, row.mailbox.address.to_string().replace("@example.org", "")))
        .collect();
    for (mailbox, user) in rows.clone() {
        for side in [Side::Source, Side::Destination] {
            bench.send(Command::SetUser { mailbox, side, user: user.clone() });
        }
        bench.send(Command::SetPassword { mailbox, side: Side::Source, secret: Secret::new(PASSWORD) });
        let way = SignInWay::with(Credential::SignedIn(own()));
        bench.send(Command::SetSignInWay { mailbox, side: Side::Destination, way });
    }
    bench.send(Command::TestSignIn { mailboxes: Vec::new() });
    bench.project(|project| {
        project.mailboxes.iter().all(|row| {
            [&row.source, &row.destination].into_iter().all(|side| side.state == SignInState::SignedIn)
        })
    });
    bench.send(Command::BuildPlan);
    bench.project(|project| project.plan.counting.is_none() && project.plan.mailboxes.len() == MAILBOXES);
    is_under_way.store(1, Ordering::SeqCst);
    let first = copy(&mut bench);
    let states: Vec<_> =
        first.copy.mailboxes.iter().map(|progress| (&progress.address, &progress.state)).collect();
    assert_eq!(expiries.load(Ordering::SeqCst), 3, "{} connections were cut: {states:#?}", line.cut_count());
    let same = |user: &str| {
        let [from, to] = [&source, &destination]
            .map(|server| PlainImap::open(server.clear_port, user).multiset(str::to_owned));
        from == to
    };
    for (mailbox, user) in &rows {
        let progress = first.copy.mailboxes.iter().find(|progress| progress.id == *mailbox).unwrap();
        match &progress.state {
            MailboxProgressState::Stopped(error) if user == "user17" => {
                assert!(
                    error.title.contains("The sign-in has ended") && !error.ways_out.is_empty(),
                    "{error:#?}"
                );
            }
            MailboxProgressState::Done if user != "user17" => assert!(same(user), "{user}"),
            other => panic!("{user}: {other:#?}"),
        }
    }
    // Signed in again, the rest follows, and nothing twice.
    people.block_on(keep(&oidc, &store, "user17"));
    copy(&mut bench);
    for user in &users {
        assert!(same(user), "{user}");
    }
    // No token is in the project, nor in its log beside it.
    drop(bench);
    for entry in
        std::fs::read_dir(home.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        for secret in people.block_on(secrets_of(&store, &users)) {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "a secret is in {}", entry.path().display());
        }
    }
}

/// What renews the tokens of each user at the end.
async fn secrets_of(store: &mailferry::secrets::SecretStore, users: &[String]) -> Vec<String> {
    let grants = mailferry::signin::Grants::new(store.clone());
    let mut secrets = Vec::new();
    for user in users {
        secrets.push(grants.find(&own(), user).await.unwrap().refresh.expose().to_owned());
    }
    secrets
}
