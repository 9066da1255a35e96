//! The practice server over a real socket, with a client that writes bytes and reads lines.

use std::collections::BTreeSet;
use std::future::Future;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::rehearsal::mailbox::{SampleFolder, SampleMessage};
use crate::values::{Bytes, EmailAddress, Secret, UnixTime};

pub(super) const USER: &str = "anna@weber-familie.example";

/// A client without any cleverness.
pub(super) struct Client(BufReader<TcpStream>);

impl Client {
    pub(super) async fn connect(handle: &ImapHandle) -> Self {
        let endpoint = handle.endpoint();
        Self(BufReader::new(TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await.unwrap()))
    }

    pub(super) async fn signed_in(handle: &ImapHandle) -> Self {
        let mut client = Self::connect(handle).await;
        client.line().await;
        let reply = client.ask(&format!("a LOGIN {USER} geheim\r\n"), "a").await;
        assert!(reply.ends_with("Logged in\n"), "{reply}");
        client
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line with `\n` for its end; empty at the end of the connection.
    pub(super) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).await.unwrap_or_default();
        String::from_utf8_lossy(&line).replace("\r\n", "\n")
    }

    /// Everything up to the tagged reply.
    pub(super) async fn until(&mut self, tag: &str) -> String {
        let mut all = String::new();
        loop {
            let line = self.line().await;
            all.push_str(&line);
            if line.is_empty() || line.starts_with(&format!("{tag} ")) {
                return all;
            }
        }
    }

    pub(super) async fn ask(&mut self, text: &str, tag: &str) -> String {
        self.send(text).await;
        self.until(tag).await
    }

    pub(super) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        !matches!(self.0.read(&mut byte).await, Ok(1))
    }
}

pub(super) fn message(text: &str, date: i64) -> SampleMessage {
    SampleMessage { bytes: text.as_bytes().into(), flags: BTreeSet::new(), internal_date: UnixTime(date) }
}

fn accounts() -> Vec<ImapAccount> {
    let inbox = SampleFolder {
        path: FolderPath::inbox(),
        special_use: None,
        messages: vec![
            message("Subject: eins\r\nMessage-ID: <1@x>\r\n\r\nText\r\n", 100),
            message("Subject: zwei\r\n\r\nmore\r\n", 1_700_000_000),
            message("Subject: drei\r\n\r\n", 1_700_000_000),
        ],
    };
    let drafts = SampleFolder {
        path: FolderPath::parse("Projekte/Entwürfe"),
        special_use: Some(crate::rehearsal::SpecialUse::Drafts),
        messages: vec![message("Subject: x\r\n\r\n12345", 5)],
    };
    vec![ImapAccount {
        address: EmailAddress::parse(USER).unwrap(),
        password: Secret::new("geheim"),
        folders: vec![inbox, drafts],
    }]
}

/// Runs a conversation with a server until the conversation ends.
pub(super) async fn with_server<Work: Future<Output = ()>>(
    personality: Personality,
    work: impl FnOnce(ImapHandle) -> Work,
) {
    let server = ImapServer::bind(personality, accounts(), 1000).await.unwrap();
    let handle = server.handle();
    tokio::select! {
        () = server.serve(CancellationToken::new()) => panic!("the server ended by itself"),
        () = work(handle) => {}
    }
}

#[tokio::test]
async fn sign_in_works_in_every_form_and_only_with_the_password() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::connect(&handle).await;
        let greeting = client.line().await;
        assert!(greeting.starts_with("* OK [CAPABILITY IMAP4rev1 SASL-IR"), "{greeting}");
        let reply = client.ask("1 LIST \"\" *\r\n", "1").await;
        assert_eq!(reply, "1 BAD Please log in first.\n");
        let reply = client.ask(&format!("2 LOGIN {USER} wrong\r\n"), "2").await;
        assert_eq!(reply, "2 NO [AUTHENTICATIONFAILED] Authentication failed.\n");
        // anna@weber-familie.example with the password, and nobody with nothing.
        let plain = data_encoding::BASE64.encode(format!("\0{USER}\0geheim").as_bytes());
        let reply = client.ask("3 AUTHENTICATE PLAIN AAA=\r\n", "3").await;
        assert_eq!(reply, "3 NO [AUTHENTICATIONFAILED] Authentication failed.\n");
        let reply = client.ask(&format!("4 AUTHENTICATE PLAIN {plain}\r\n"), "4").await;
        assert!(reply.starts_with("4 OK [CAPABILITY IMAP4rev1"), "{reply}");
        let mut client = Client::connect(&handle).await;
        client.line().await;
        assert_eq!(client.ask("5 AUTHENTICATE PLAIN\r\n", "+").await, "+ \n");
        assert!(client.ask(&format!("{plain}\r\n"), "5").await.starts_with("5 OK"));
        let mut client = Client::connect(&handle).await;
        client.line().await;
        assert_eq!(client.ask("6 LOGIN {26}\r\n", "+").await, "+ OK\n");
        let reply = client.ask(&format!("{USER} {{6+}}\r\ngeheim\r\n"), "6").await;
        assert!(reply.starts_with("6 OK"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn listing_and_status_come_in_one_go() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = client
            .ask("b LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY SIZE))\r\n", "b")
            .await;
        assert_eq!(
            reply,
            "* LIST (\\HasNoChildren) \"/\" INBOX\n\
             * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1000 SIZE 82)\n\
             * LIST (\\Noselect \\HasChildren) \"/\" Projekte\n\
             * LIST (\\HasNoChildren \\Drafts) \"/\" Projekte/Entw&APw-rfe\n\
             * STATUS Projekte/Entw&APw-rfe (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1001 SIZE 19)\n\
             b OK List completed.\n"
        );
        let reply = client.ask("c NAMESPACE\r\nd LIST \"\" \"\"\r\ne STATUS nix (MESSAGES)\r\n", "e").await;
        assert_eq!(
            reply,
            "* NAMESPACE ((\"\" \"/\")) NIL NIL\nc OK Namespace completed.\n\
             * LIST (\\Noselect) \"/\" \"\"\nd OK List completed.\n\
             e NO Mailbox doesn't exist: nix\n"
        );
    })
    .await;
}

#[tokio::test]
async fn pipelined_fetches_are_answered_in_order() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = client
            .ask(
                "b EXAMINE INBOX\r\nc UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)\r\nd UID FETCH 3,1 BODY.PEEK[]\r\n\
                 e FETCH 1 (BODY.PEEK[HEADER.FIELDS (message-id DATE)] BODY.PEEK[]<4.9>)\r\nf UID FETCH 9 FLAGS\r\ng FETCH 9 FLAGS\r\n",
                "g",
            )
            .await;
        assert!(reply.contains("* OK [UIDVALIDITY 1000] UIDs valid\n* OK [UIDNEXT 4] Predicted next UID\n"), "{reply}");
        assert!(reply.contains("b OK [READ-ONLY] Examine completed.\n"));
        assert!(reply.contains("* 1 FETCH (UID 1 FLAGS (\\Recent) INTERNALDATE \"01-Jan-1970 00:01:40 +0000\" RFC822.SIZE 42)\n"));
        assert!(reply.contains("* 1 FETCH (UID 1 BODY[] {42}\nSubject: eins\nMessage-ID: <1@x>\n\nText\n)\n* 3 FETCH (UID 3 BODY[] {17}\n"));
        assert!(reply.contains("* 1 FETCH (BODY[HEADER.FIELDS (MESSAGE-ID DATE)] {21}\nMessage-ID: <1@x>\n\n BODY[]<4> {9}\nect: eins)"), "{reply}");
        assert!(reply.contains("f OK Fetch completed.\ng BAD Error in IMAP command FETCH: Invalid messageset.\n"));
    })
    .await;
}

#[tokio::test]
async fn several_messages_are_appended_at_once_or_not_at_all() {
    let mut personality = Personality::dovecot();
    personality.limits.quota = Some(Bytes(200));
    with_server(personality, |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let append = "b APPEND Neu (\\Seen Steuer) \"17-Jul-1996 02:44:25 -0700\" {8+}\r\nA: 1\r\n\r\n {8+}\r\nB: 2\r\n\r\n\r\n";
        assert_eq!(client.ask(append, "b").await, "b NO [TRYCREATE] Mailbox doesn't exist: Neu\n");
        let reply = client.ask(&format!("c CREATE Neu\r\n{append}"), "b").await;
        assert_eq!(reply, "c OK Create completed.\nb OK [APPENDUID 1002 1:2] Append completed.\n");
        let stored: Vec<_> = handle.dump(USER).into_iter().filter(|(path, _)| path.to_string() == "Neu").collect();
        assert_eq!(stored.len(), 2);
        assert_eq!(stored[0].1.internal_date, UnixTime(837_596_665));
        assert_eq!(stored[0].1.flags.iter().map(String::as_str).collect::<Vec<_>>(), ["Steuer", "\\Seen"]);
        // One of two does not fit: neither is kept.
        let reply = client.ask("d APPEND Neu {3}\r\n", "+").await;
        assert_eq!(reply, "+ OK\n");
        let large = "x".repeat(150);
        let reply = client.ask(&format!("A:1 {{150+}}\r\n{large}\r\n"), "d").await;
        assert_eq!(reply, "d NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\n");
        assert_eq!(handle.dump(USER).len(), 6);
        // A literal that is waited for is refused before it is sent.
        assert!(client.ask("e APPEND nix {3}\r\n", "e").await.starts_with("e NO [TRYCREATE]"));
        assert!(client.ask("f NOOP\r\n", "f").await.starts_with("f OK"));
    })
    .await;
}

#[tokio::test]
async fn a_selected_mailbox_reports_changes() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        client.ask("b SELECT INBOX\r\n", "b").await;
        handle.deliver(USER, &FolderPath::inbox(), vec![message("New: 1\r\n\r\n", 1)]);
        assert_eq!(client.ask("c NOOP\r\n", "c").await, "* 4 EXISTS\n* 4 RECENT\nc OK NOOP completed.\n");
        let reply = client.ask("d UID STORE 1:2 +FLAGS (\\deleted)\r\n", "d").await;
        assert_eq!(reply, "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))\n* 2 FETCH (UID 2 FLAGS (\\Deleted \\Recent))\nd OK Store completed.\n");
        assert_eq!(client.ask("e UID EXPUNGE 2\r\n", "e").await, "* 2 EXPUNGE\ne OK Expunge completed.\n");
        let reply = client.ask("f UID SEARCH ALL\r\ng SEARCH UID 3:* SINCE 1-Nov-2023\r\nh UID SEARCH UNDELETED\r\n", "h").await;
        assert_eq!(
            reply,
            "* SEARCH 1 3 4\nf OK Search completed.\n* SEARCH 2\ng OK Search completed.\n* SEARCH 3 4\nh OK Search completed.\n"
        );
        assert_eq!(client.ask("i IDLE\r\n", "+").await, "+ idling\n");
        handle.deliver(USER, &FolderPath::inbox(), vec![message("New: 2\r\n\r\n", 1)]);
        assert_eq!(client.line().await, "* 4 EXISTS\n");
        client.line().await;
        assert_eq!(client.ask("DONE\r\n", "i").await, "i OK Idle completed.\n");
        assert_eq!(client.ask("j CLOSE\r\nk LOGOUT\r\n", "k").await, "j OK Close completed.\n* BYE Logging out\nk OK Logout completed.\n");
        assert!(client.is_closed().await);
        assert_eq!(handle.dump(USER).len(), 4, "CLOSE removed the other deleted message");
    })
    .await;
}

#[tokio::test]
async fn folders_are_made_moved_and_removed() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        for (command, expected) in [
            ("CREATE a/b/c", "OK Create completed."),
            ("CREATE a/b/c", "NO [ALREADYEXISTS] Mailbox already exists"),
            ("CREATE \"a//b\"", "NO [CANNOT] Invalid mailbox name: Has adjacent hierarchy separators"),
            ("CREATE Sent", "OK Create completed."),
            ("SUBSCRIBE a/b/c", "OK Subscribe completed."),
            ("RENAME a x/y", "OK Rename completed."),
            ("RENAME a z", "NO [NONEXISTENT] Mailbox doesn't exist: a"),
            ("DELETE INBOX", "NO INBOX can't be deleted"),
            ("DELETE x", "NO Mailbox has children, delete them first"),
            ("DELETE x/y/b/c", "OK Delete completed."),
        ] {
            assert_eq!(
                client.ask(&format!("t {command}\r\n"), "t").await,
                format!("t {expected}\n"),
                "{command}"
            );
        }
        let reply = client.ask("u LSUB \"\" *\r\nv LIST (SPECIAL-USE) \"\" (S% \"y*\")\r\n", "v").await;
        assert!(reply.contains("* LSUB () \"/\" a/b/c\n"), "{reply}");
        assert!(reply.contains("* LIST (\\Sent) \"/\" Sent\nv OK"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn nonsense_is_answered_and_bounded() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        assert!(client.ask("b FROB x\r\n", "b").await.starts_with("b BAD"));
        assert!(client.ask("d APPEND INBOX {999999999}\r\n", "d").await.starts_with("d NO [TOOBIG]"));
        for _ in 0..20 {
            client.send("\r\n").await;
        }
        assert!(client.until("* BYE").await.contains("* BYE Too many invalid IMAP commands."));
        let mut client = Client::connect(&handle).await;
        client.send(&"x".repeat(70_000)).await;
        assert!(client.until("* BYE").await.contains("* BYE Too long argument."));
        let mut others = Vec::new();
        for _ in 0..10 {
            others.push(Client::signed_in(&handle).await);
        }
        let mut client = Client::connect(&handle).await;
        client.line().await;
        let reply = client.ask(&format!("a LOGIN {USER} geheim\r\n"), "a").await;
        assert!(reply.starts_with("a NO [UNAVAILABLE] Maximum number of connections"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn faults_strike_where_the_table_says() {
    with_server(Personality::dovecot(), |handle| async move {
        let append = "b APPEND INBOX {8+}\r\nA: 1\r\n\r\n\r\n";
        let on_append = || Trigger::Command("APPEND".to_owned());
        let mut client = Client::signed_in(&handle).await;
        handle.faults().push(Fault::once(on_append(), Action::Refuse("NO [LIMIT] Not now".to_owned())));
        assert_eq!(client.ask(append, "b").await, "b NO [LIMIT] Not now\n");
        handle.faults().push(Fault::once(on_append(), Action::OmitAppendUid));
        assert_eq!(client.ask(append, "b").await, "b OK Append completed.\n");
        handle.faults().push(Fault::once(on_append(), Action::SwapAppendUid));
        assert_eq!(client.ask(append, "b").await, "b OK [APPENDUID 5 1000] Append completed.\n");
        handle.faults().push(Fault::at(on_append(), 2, Action::LoseReply));
        assert_eq!(client.ask(append, "b").await, "b OK [APPENDUID 1000 6] Append completed.\n");
        assert_eq!(client.ask(append, "b").await, "");
        assert!(client.is_closed().await);
        assert_eq!(handle.dump(USER).len(), 8, "the reply was lost, the message was not");

        handle.faults().push(Fault::once(Trigger::BytesSent(150), Action::Close));
        let mut client = Client::connect(&handle).await;
        let mut all = Vec::new();
        client.send("a CAPABILITY\r\nb CAPABILITY\r\n").await;
        client.0.read_to_end(&mut all).await.unwrap_or_default();
        assert_eq!(all.len(), 150);

        handle.faults().push(Fault::once(Trigger::BytesReceived(20), Action::Close));
        let mut client = Client::connect(&handle).await;
        client.line().await;
        client.send("a NOOP\r\nb NOOP\r\nc NOOP\r\n").await;
        assert_eq!(client.until("c").await, "a OK NOOP completed.\nb OK NOOP completed.\n");

        handle.faults().push(Fault::once(Trigger::Connect, Action::Refuse("BYE Too busy".to_owned())));
        assert_eq!(Client::connect(&handle).await.line().await, "* BYE Too busy\n");
    })
    .await;
}

#[tokio::test]
async fn an_old_courier_has_none_of_the_comforts() {
    with_server(Personality::courier(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = client.ask("b LIST \"\" *\r\n", "b").await;
        assert!(reply.contains("* LIST (\\HasNoChildren) \".\" INBOX.Projekte.Entw&APw-rfe\n"), "{reply}");
        assert!(client.ask("c LIST \"\" * RETURN (STATUS (MESSAGES))\r\n", "c").await.starts_with("c BAD"));
        assert!(client.ask("d NAMESPACE\r\n", "d").await.starts_with("d BAD"));
        assert!(client.ask("e APPEND INBOX {8+}\r\nA: 1\r\n\r\n\r\n", "e").await.starts_with("e BAD"));
        assert_eq!(client.ask("f APPEND INBOX {8}\r\n", "+").await, "+ OK\n");
        assert_eq!(client.ask("A: 1\r\n\r\n\r\n", "f").await, "f OK Append completed.\n");
        assert!(client.ask("g CREATE Sent\r\n", "g").await.starts_with("g NO"));
        assert!(client.ask("h CREATE INBOX.Sent\r\n", "h").await.starts_with("h OK"));
    })
    .await;
}
