//! Keys of a whole organisation, by file: a service account as Google has them, and an application as Microsoft has them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mailferry::imap::{SignInError, TokenError};
use mailferry::signin::TokenDesk;
use mailferry::values::{Credential, GrantTrouble, UnixTime};
use mailferry_test_support::servers::oidc::{Oidc, service_key};

use crate::{access, by, mail_server, now, open_folder, store};

pub fn service_account(oidc: &Oidc, folder: &Path) -> PathBuf {
    let pem = std::fs::read_to_string(service_key()).unwrap();
    let file = serde_json::json!({
        "type": "service_account", "project_id": "project", "private_key_id": "1", "private_key": pem,
        "client_email": "mover@project.iam.gserviceaccount.com", "token_uri": format!("{}/test/google", oidc.address),
        "imap_hosts": ["127.0.0.1"],
    });
    let path = folder.join("service.json");
    std::fs::write(&path, file.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_opens_every_mailbox_of_the_domain_and_no_other() {
    let Some(oidc) = Oidc::start() else { return };
    let folder = open_folder();
    let Some(server) = mail_server(&oidc, &["anna", "ben", "outside"], folder.path()) else { return };
    let way = by(Credential::KeyFile(service_account(&oidc, folder.path())), None);
    let desk = TokenDesk::new(store());
    for user in ["anna", "ben"] {
        let opened = access(&server, user, &way, &desk).open_new().await;
        opened.unwrap_or_else(|error| panic!("{error}\n{}\n{}", server.log(), oidc.log()));
    }
    oidc.expire_tokens();
    access(&server, "anna", &way, &desk).open_new().await.unwrap();
    let trouble = |error: SignInError| match error {
        SignInError::Token(TokenError::Grant(problem)) => problem.trouble,
        other => panic!("{other}"),
    };
    let outside = access(&server, "outside", &way, &desk).open_new().await.unwrap_err();
    assert_eq!(trouble(outside), GrantTrouble::DelegationMissing);
    // A clock that is two hours slow.
    let slow = TokenDesk::with_clock(store(), Arc::new(|| UnixTime(now() - 7_200)));
    let early = access(&server, "ben", &way, &slow).open_new().await.unwrap_err();
    assert_eq!(trouble(early), GrantTrouble::Clock);
    // Another server gets no token, and no key is looked for where there is none.
    let mut elsewhere = access(&server, "anna", &way, &desk);
    elsewhere.endpoint.host = "localhost".to_owned();
    assert_eq!(trouble(elsewhere.open_new().await.unwrap_err()), GrantTrouble::OtherServer);
    let missing = by(Credential::KeyFile(folder.path().join("missing.json")), None);
    let missing = access(&server, "anna", &missing, &desk).open_new().await.unwrap_err();
    assert_eq!(trouble(missing), GrantTrouble::KeyFile);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_gets_its_tokens_with_its_secret() {
    let Some(oidc) = Oidc::start() else { return };
    let folder = open_folder();
    let token_of = async |secret: &str| {
        let file = serde_json::json!({
            "type": "microsoft_app", "tenant": "example.org", "client_id": "app", "client_secret": secret,
            "token_uri": format!("{}/token", oidc.address), "imap_hosts": ["127.0.0.1"],
        });
        let path = folder.path().join(format!("{secret}.json"));
        std::fs::write(&path, file.to_string()).unwrap();
        let provider = TokenDesk::new(store()).provider(&Credential::KeyFile(path), "anna").unwrap();
        provider.token("127.0.0.1", None).await
    };
    let token = token_of("app-secret").await.unwrap_or_else(|problem| panic!("{problem}\n{}", oidc.log()));
    let seen = oidc.introspect(token.expose());
    assert_eq!((&seen["active"], &seen["client_id"]), (&true.into(), &"app".into()));
    assert_eq!(seen["scope"], "https://outlook.office365.com/.default");
    let wrong = token_of("wrong-secret").await.unwrap_err();
    assert_eq!(wrong.trouble, GrantTrouble::ClientSecret);
    assert!(!wrong.to_string().contains("wrong-secret"), "{wrong}");
}
