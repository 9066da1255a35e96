//! The first sign-in: in the browser, with a code, and everything that can go wrong there.

use std::sync::atomic::Ordering;

use mailferry::signin::{DeviceCode, Way};
use mailferry::values::GrantTrouble;
use mailferry::web::Web;
use mailferry_test_support::clients::http::HttpClient;
use mailferry_test_support::servers::oidc::Oidc;

use crate::{Person, client, sign_in_as, sign_in_with};

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_brings_a_grant_that_is_withdrawn_again() {
    let Some(oidc) = Oidc::start() else { return };
    let grant = sign_in_as(&oidc, "anna@example.org")
        .await
        .unwrap_or_else(|problem| panic!("{problem}\n{}", oidc.log()));
    assert_eq!((grant.user.as_str(), grant.provider.as_str()), ("anna@example.org", "own"));
    assert!(grant.client == client() && grant.may_go_to("127.0.0.1"));
    assert_eq!(oidc.introspect(grant.refresh.expose())["active"], true);
    assert!(grant.withdraw(&Web::new().unwrap()).await.unwrap());
    assert_eq!(oidc.introspect(grant.refresh.expose())["active"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_state_is_turned_away_and_the_right_one_still_counts() {
    let Some(oidc) = Oidc::start() else { return };
    let open = |address: &str| {
        let address = address.to_owned();
        std::thread::spawn(move || {
            let redirect = address.split("redirect_uri=").nth(1).unwrap().split('&').next().unwrap();
            let redirect = redirect.replace("%3A", ":").replace("%2F", "/");
            for forged in [
                "?code=of-somebody-else&state=wrong",
                "?code=of-somebody-else",
                "?error=access_denied&state=",
            ] {
                let page = HttpClient::default().get(&format!("{redirect}/{forged}"));
                assert!(page.status == 400 && page.body.contains("another sign-in"), "{page:?}");
            }
            let page = HttpClient::default().get(&address);
            assert!(page.status == 200 && page.body.contains("You can close this window"), "{page:?}");
        });
    };
    let person = Person::new(&open, &|_| unreachable!());
    assert!(sign_in_with(&oidc, "anna@example.org", Way::Browser, &person).await.is_ok());
    // Each of the forged answers was told of.
    assert_eq!(person.strays.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_reported_by_its_kind() {
    let Some(oidc) = Oidc::start() else { return };
    let declined = sign_in_as(&oidc, "nobody@example.org").await.err().unwrap();
    assert_eq!((declined.trouble, declined.words.as_str()), (GrantTrouble::Declined, "no thanks"));
    assert_eq!(declined.code, "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_typed_elsewhere() {
    let Some(oidc) = Oidc::start() else { return };
    let shown = std::sync::Mutex::new(String::new());
    let show = |code: &DeviceCode| {
        assert!(code.page.starts_with(&oidc.address) && code.valid.as_secs() == 600, "{code:?}");
        assert!(oidc.approve(&code.code, "anna@example.org"));
        code.code.clone_into(&mut shown.lock().unwrap());
    };
    let person = Person::new(&|_| unreachable!("no browser was asked for"), &show);
    let grant = sign_in_with(&oidc, "anna@example.org", Way::Device, &person).await;
    let grant = grant.unwrap_or_else(|problem| panic!("{problem}\n{}", oidc.log()));
    assert_eq!(oidc.introspect(grant.refresh.expose())["sub"], "anna@example.org");
    assert!(!shown.lock().unwrap().is_empty());
}
