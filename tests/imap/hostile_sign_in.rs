//! Servers that are not who they say, ask for too much, or explain themselves: what goes over the line, byte by byte.

use data_encoding::BASE64;
use mailferry::imap::{Access, SignInError};
use mailferry::values::{Credential, Mechanism, SignInWay};
use mailferry_test_support::fakes::scripted_imap::{Does, Scripted};
use mailferry_test_support::servers::dovecot::PASSWORD;

/// A challenge.
fn asks(text: &str) -> Does {
    Does::Says(format!("+ {}\r\n", BASE64.encode(text.as_bytes())))
}

/// The client's first SCRAM message has its nonce at the end.
fn nonce(command: &str) -> String {
    let first = BASE64.decode(command.rsplit_once(' ').unwrap().1.as_bytes()).unwrap();
    String::from_utf8(first).unwrap().rsplit_once("r=").unwrap().1.to_owned()
}

/// Whether a line is the client's last SCRAM message, whose proof takes all the rounds.
fn is_verified(line: &str) -> bool {
    BASE64.decode(line.as_bytes()).is_ok_and(|text| String::from_utf8_lossy(&text).contains(",p="))
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_not_believed() {
    for (salt_and_rounds, then, has_proof) in [
        // Says OK at once, without its part.
        ("", "OK", false),
        // Says OK to any proof.
        ("s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "OK", true),
        // Proves something else.
        (
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "+ dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==",
            true,
        ),
        // Would keep the processor busy for half an hour: it is not begun.
        ("s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000", "OK", false),
    ] {
        let server = Scripted::start("IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN", move |command| {
            if command.starts_with("AUTHENTICATE SCRAM") {
                match salt_and_rounds {
                    "" => Does::Says("{tag} OK welcome\r\n".to_owned()),
                    rest => asks(&format!("r={}more,{rest}", nonce(command))),
                }
            } else if command.is_empty() {
                // The proof, or the end of it.
                match then {
                    "OK" => Does::Says("F2 OK welcome\r\n".to_owned()),
                    challenge => Does::Says(format!("{challenge}\r\nF2 OK welcome\r\n")),
                }
            } else {
                Does::Nothing
            }
        });
        let error = server.access().open_new().await.unwrap_err();
        assert!(matches!(error, SignInError::ServerNotProven(_)), "{salt_and_rounds} {then}: {error}");
        let proofs = server.commands().iter().filter(|line| is_verified(line)).count();
        assert_eq!(proofs, usize::from(has_proof), "{salt_and_rounds} {then}: {:?}", server.commands());
        // Neither the password itself goes out, nor does PLAIN follow.
        let commands = server.commands().join("\n");
        assert!(!commands.contains("PLAIN") && !commands.contains(&BASE64.encode(PASSWORD.as_bytes())));
    }
}

#[tokio::test]
async fn a_server_without_a_scram_password_gets_plain_and_a_wrong_one_is_tried_once() {
    for (refuses_at_once, expected) in [(true, 2), (false, 1)] {
        let server = Scripted::start("IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN", move |command| {
            if command.starts_with("AUTHENTICATE SCRAM") && !refuses_at_once {
                asks(&format!("r={}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", nonce(command)))
            } else if command.starts_with("AUTHENTICATE") || command.is_empty() {
                let tag = if command.is_empty() { "F2" } else { "{tag}" };
                Does::Says(format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"))
            } else {
                Does::Nothing
            }
        });
        let error = server.access().open_new().await.unwrap_err();
        assert!(matches!(error, SignInError::PasswordRefused { .. }), "{error}");
        let tried = server.commands().iter().filter(|command| command.starts_with("AUTHENTICATE")).count();
        assert_eq!(tried, expected, "a password is not tried twice, so that nobody is locked out");
    }
}

fn with_token(server: &Scripted, file: &std::path::Path, mechanism: Mechanism) -> Access {
    let mut access = server.access();
    let credential = Credential::TokenFile(file.to_owned());
    access.options.way = SignInWay { credential, mechanism: Some(mechanism) };
    access
}

#[tokio::test]
async fn the_explanation_of_a_refused_token_is_answered_as_each_mechanism_wants_it() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "ya29.secret-token").unwrap();
    for (mechanism, answer) in [(Mechanism::XOAuth2, ""), (Mechanism::OAuthBearer, "AQ==")] {
        let server = Scripted::start("IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER", |command| {
            if command.starts_with("AUTHENTICATE") {
                asks("{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"https://mail.google.com/\"}")
            } else if command.is_empty() {
                Does::Says("F2 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n".to_owned())
            } else {
                Does::Nothing
            }
        });
        let error = with_token(&server, token.path(), mechanism).open_new().await.unwrap_err();
        let SignInError::TokenRefused { words } = &error else { panic!("{error}") };
        assert!(words.contains("401") && words.contains("mail.google.com"), "{words}");
        assert!(!format!("{error}{error:?}").contains("secret-token"));
        assert!(server.commands().contains(&answer.to_owned()), "{:?}", server.commands());
    }
}
