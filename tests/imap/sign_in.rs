//! Signing in at a real Dovecot: right and wrong passwords, unknown certificates, pins.

use mailferry::imap::{ImapError, SignInError};
use mailferry::net::NetError;
use mailferry::values::{Fingerprint, Secret, Security};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use sha2::{Digest as _, Sha256};

#[tokio::test]
async fn signing_in_tells_what_is_wrong() {
    let Some(server) = Dovecot::start(&["anna", "jörg"], &Settings::default()) else { return };
    let session = access(server.clear_port, Security::Clear, "anna").open().await.unwrap();
    assert!(session.server_words().starts_with("Dovecot"), "{}", session.server_words());
    let mut wrong = access(server.clear_port, Security::Clear, "anna");
    wrong.secret = Secret::new("wrong");
    let error = wrong.open().await.unwrap_err();
    assert!(matches!(error, SignInError::PasswordRefused { .. }), "{error}");
    assert!(!format!("{error:?}{error}{wrong:?}").contains("correct horse"));
    let unknown = access(server.clear_port, Security::Clear, "nobody-here").open().await.unwrap_err();
    assert!(matches!(unknown, SignInError::PasswordRefused { .. }), "{unknown}");
    drop(access(server.clear_port, Security::Clear, "jörg").open().await.unwrap());
}

#[tokio::test]
async fn an_unknown_certificate_is_shown_and_accepted_only_when_pinned() {
    let Some(server) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let der = std::fs::read(server.certificate_der()).unwrap();
    let fingerprint = Fingerprint(Sha256::digest(&der).into());
    for (port, security) in [(server.tls_port, Security::Tls), (server.clear_port, Security::StartTls)] {
        let mut anna = access(port, security, "anna");
        let error = anna.open().await.unwrap_err();
        let SignInError::Imap(ImapError::Net(NetError::CertificateNotKnown(facts))) = error else {
            panic!("{error}")
        };
        assert_eq!(facts.fingerprint, fingerprint);
        assert_eq!(facts.names, ["localhost", "127.0.0.1"]);
        assert!(facts.not_before < facts.not_after);
        anna.trust.pinned = Some(Fingerprint([7; 32]));
        let error = anna.open().await.unwrap_err();
        let SignInError::Imap(ImapError::Net(NetError::CertificateChanged { approved, shown })) = error
        else {
            panic!("{error}")
        };
        assert_eq!((approved, shown.fingerprint), (Fingerprint([7; 32]), fingerprint));
        anna.trust.pinned = Some(fingerprint);
        let session = anna.open().await.unwrap();
        assert_eq!(session.server_words(), "Dovecot, TLS 1.3");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_known_either() {
    let settings = Settings { names: vec!["mail.weber.example".to_owned()], ..Settings::default() };
    let Some(server) = Dovecot::start(&["anna"], &settings) else { return };
    let error = access(server.tls_port, Security::Tls, "anna").open().await.unwrap_err();
    let SignInError::Imap(ImapError::Net(NetError::CertificateNotKnown(facts))) = error else {
        panic!("{error}")
    };
    assert_eq!(facts.names, ["mail.weber.example"]);
}
