//! Tokens as a mail server sees them, and how they are renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mailferry::imap::{SignInError, TokenError, TokenProvider};
use mailferry::secrets::SecretStore;
use mailferry::signin::{ClientApp, Grant, Grants, TokenDesk};
use mailferry::values::{Credential, GrantTrouble, Mechanism, Secret};
use mailferry_test_support::fakes::token_endpoint::{LIFE, TokenEndpoint};
use mailferry_test_support::servers::oidc::Oidc;

use crate::{access, by, keep, mail_server, moved, now, open_folder, own, store};

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_takes_the_tokens_in_both_forms_and_renewed_ones_after_their_end() {
    let Some(oidc) = Oidc::start() else { return };
    let folder = open_folder();
    let Some(server) = mail_server(&oidc, &["anna", "ben"], folder.path()) else { return };
    let store = store();
    keep(&oidc, &store, "anna").await;
    let seconds = Arc::new(AtomicI64::new(now()));
    let desk = TokenDesk::with_clock(store.clone(), moved(&seconds));
    let issued = oidc.counts().issued;
    for mechanism in [None, Some(Mechanism::XOAuth2), Some(Mechanism::OAuthBearer)] {
        let way = by(Credential::SignedIn(own()), mechanism);
        let opened = access(&server, "anna", &way, &desk).open_new().await;
        let mut session = opened.unwrap_or_else(|error| panic!("{error}\n{}\n{}", server.log(), oidc.log()));
        assert!(session.trace().lines().any(|line| line.contains("AUTHENTICATE")));
        session.examine("INBOX").await.unwrap();
    }
    // One token for all of them.
    assert_eq!(oidc.counts().issued, issued + 1);
    let way = by(Credential::SignedIn(own()), None);
    // An hour later by the clock, before anything is refused.
    seconds.fetch_add(3_600, Ordering::SeqCst);
    access(&server, "anna", &way, &desk).open_new().await.unwrap();
    assert_eq!(oidc.counts().issued, issued + 2);
    // The server has ended it early: it is refused once and renewed.
    assert!(oidc.expire_tokens() > 0);
    access(&server, "anna", &way, &desk).open_new().await.unwrap();
    assert_eq!(oidc.counts().issued, issued + 3);
    // Nobody has signed in for ben, and anna's token opens no other mailbox.
    let nobody = access(&server, "ben", &way, &desk).open_new().await.unwrap_err();
    let SignInError::Token(TokenError::Grant(problem)) = &nobody else { panic!("{nobody}") };
    assert_eq!(problem.trouble, GrantTrouble::NotSignedIn);
    let mut foreign = access(&server, "ben", &way, &desk);
    foreign.tokens = desk.provider(&way.credential, "anna");
    let refused = foreign.open_new().await.unwrap_err();
    assert!(matches!(refused, SignInError::TokenRefused { .. }), "{refused}");
    // Another server gets none, whatever a project says.
    let mut elsewhere = access(&server, "anna", &way, &desk);
    elsewhere.endpoint.host = "localhost".to_owned();
    let kept_back = elsewhere.open_new().await.unwrap_err();
    let SignInError::Token(TokenError::Grant(problem)) = &kept_back else { panic!("{kept_back}") };
    assert_eq!(problem.trouble, GrantTrouble::OtherServer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_ends_one_mailbox_until_somebody_signs_in_again() {
    let Some(oidc) = Oidc::start() else { return };
    let folder = open_folder();
    let Some(server) = mail_server(&oidc, &["anna", "ben"], folder.path()) else { return };
    let store = store();
    keep(&oidc, &store, "anna").await;
    keep(&oidc, &store, "ben").await;
    let desk = TokenDesk::new(store.clone());
    let way = by(Credential::SignedIn(own()), None);
    for user in ["anna", "ben"] {
        access(&server, user, &way, &desk).open_new().await.unwrap();
    }
    oidc.revoke("anna");
    for _ in 0..2 {
        let ended = access(&server, "anna", &way, &desk).open_new().await.unwrap_err();
        let SignInError::Token(TokenError::Grant(problem)) = &ended else { panic!("{ended}") };
        assert_eq!((problem.trouble, problem.code.as_str()), (GrantTrouble::Ended, "invalid_grant"));
        assert!(!ended.is_temporary());
    }
    access(&server, "ben", &way, &desk).open_new().await.unwrap();
    keep(&oidc, &store, "anna").await;
    access(&server, "anna", &way, &desk).open_new().await.unwrap();
}

/// A grant at a provider whose clock the test moves.
async fn grant_at(endpoint: &TokenEndpoint, store: &SecretStore, user: &str) {
    let grant = Grant {
        provider: own(),
        user: user.to_owned(),
        client: ClientApp { id: "mailferry".to_owned(), secret: None, tenant: None },
        token_endpoint: endpoint.address.clone(),
        revocation_endpoint: None,
        hosts: vec!["imap.example.org".to_owned()],
        refresh: Secret::new(endpoint.consent(user)),
    };
    Grants::new(store.clone()).keep(&grant).await;
}

async fn token(provider: &dyn TokenProvider) -> Secret {
    provider.token("imap.example.org", None).await.unwrap()
}

/// The figure of the project: 200 mailboxes hold their tokens over a simulated day.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_mailboxes_hold_their_tokens_over_a_simulated_day() {
    const MAILBOXES: usize = 200;
    const STEP: i64 = 300;
    let seconds = Arc::new(AtomicI64::new(now()));
    let endpoint = TokenEndpoint::start(&seconds);
    let store = store();
    let desk = TokenDesk::with_clock(store.clone(), moved(&seconds));
    let users: Vec<String> = (0..MAILBOXES).map(|number| format!("user{number}@example.org")).collect();
    let credential = Credential::SignedIn(own());
    let mut providers = Vec::new();
    for user in &users {
        grant_at(&endpoint, &store, user).await;
        providers.push(desk.provider(&credential, user).unwrap());
    }
    let mut asked = 0_u64;
    for step in 0..(24 * 3_600 / STEP) {
        // The computer sleeps from the tenth to the sixteenth hour.
        if (10 * 3_600..16 * 3_600).contains(&(step * STEP)) {
            seconds.fetch_add(STEP, Ordering::SeqCst);
            continue;
        }
        let all = providers.iter().map(|provider| token(provider.as_ref()));
        for (user, given) in users.iter().zip(futures::future::join_all(all).await) {
            asked += 1;
            // Long enough for a sign-in and a batch of mail.
            assert!(endpoint.left(user, given.expose()) >= LIFE / 12 - STEP, "{user} at step {step}");
            assert!(endpoint.left(user, given.expose()) > 0, "{user} at step {step}");
        }
        seconds.fetch_add(STEP, Ordering::SeqCst);
    }
    // Not more often than needed: once in 55 minutes of 18 waking hours.
    let most = u64::try_from(MAILBOXES).unwrap() * 21;
    assert!(endpoint.renewals() <= most, "{} renewals for {asked} questions", endpoint.renewals());
    println!("{asked} questions, {} renewals", endpoint.renewals());
    // What renews next is in the store: another run goes on with it.
    let later = TokenDesk::with_clock(store, moved(&seconds));
    assert!(
        endpoint
            .left(&users[7], token(later.provider(&credential, &users[7]).unwrap().as_ref()).await.expose())
            > 0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_at_once_waits_for_one_renewal_and_giving_up_loses_nothing() {
    let seconds = Arc::new(AtomicI64::new(now()));
    let endpoint = TokenEndpoint::start(&seconds);
    let store = store();
    grant_at(&endpoint, &store, "anna").await;
    let desk = TokenDesk::with_clock(store.clone(), moved(&seconds));
    let anna = desk.provider(&Credential::SignedIn(own()), "anna").unwrap();
    let all = futures::future::join_all((0..16).map(|_| token(anna.as_ref()))).await;
    assert!(all.iter().all(|given| given == &all[0]));
    assert_eq!(endpoint.renewals(), 1);
    // Connections that are given up in the middle of a renewal, whose refresh token is good for one time only.
    for _ in 0..20 {
        seconds.fetch_add(LIFE, Ordering::SeqCst);
        let mut asking = anna.token("imap.example.org", None);
        let waker = futures::task::noop_waker();
        let mut context = std::task::Context::from_waker(&waker);
        assert!(asking.as_mut().poll(&mut context).is_pending());
        drop(asking);
    }
    let given = token(anna.as_ref()).await;
    assert!(endpoint.left("anna", given.expose()) > 0);
    // Two windows of one user: the other has renewed meanwhile, so that the token known here is used up.
    seconds.fetch_add(LIFE, Ordering::SeqCst);
    let other =
        TokenDesk::with_clock(store, moved(&seconds)).provider(&Credential::SignedIn(own()), "anna").unwrap();
    token(other.as_ref()).await;
    assert!(endpoint.left("anna", token(anna.as_ref()).await.expose()) > 0);
    endpoint.revoke("anna");
    seconds.fetch_add(LIFE, Ordering::SeqCst);
    let ended = anna.token("imap.example.org", None).await.unwrap_err();
    assert_eq!(ended.trouble, GrantTrouble::Ended);
}
