//! Each quirk of a personality, seen from a client.

use std::time::Duration;

use super::server_tests::{Client, USER, message, with_server};
use super::*;

/// Sends an APPEND that waits for the server to ask for the literal.
async fn append(client: &mut Client, folder: &str, flags: &str, text: &str) -> String {
    client.send(&format!("x APPEND {folder} ({flags}) {{{}}}\r\n", text.len())).await;
    let first = client.line().await;
    if !first.starts_with('+') {
        return first;
    }
    client.ask(&format!("{text}\r\n"), "x").await
}

fn in_folder(handle: &ImapHandle, name: &str) -> usize {
    handle.dump(USER).iter().filter(|(path, _)| path.to_string() == name).count()
}

#[tokio::test]
async fn gmail_folds_duplicates_and_shows_labels_as_folders() {
    with_server(Personality::gmail(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = client.ask("b CAPABILITY\r\n", "b").await;
        assert!(reply.contains(" X-GM-EXT-1 ") && reply.contains(" LITERAL- "), "{reply}");
        assert!(reply.contains("APPENDLIMIT=35651584") && !reply.contains("MULTIAPPEND"), "{reply}");
        let reply = client.ask("c LIST \"\" * RETURN (SPECIAL-USE)\r\n", "c").await;
        assert!(reply.contains("* LIST (\\Noselect) \"/\" [Gmail]\n"), "{reply}");
        for (attribute, name) in [("All", "All Mail"), ("Flagged", "Starred"), ("Important", "Important")] {
            assert!(reply.contains(&format!("(\\{attribute}) \"/\" ")) && reply.contains(name), "{reply}");
        }
        assert_eq!(in_folder(&handle, "[Gmail]/All Mail"), 4, "what was there from the beginning");

        client.ask("d CREATE Alt\r\n", "d").await;
        let text = "Subject: neu\r\nMessage-ID: <9@x>\r\n\r\nText\r\n";
        let reply = append(&mut client, "Alt", "\\Flagged", text).await;
        assert_eq!(reply, "x OK [APPENDUID 1009 1] Append completed.\n");
        let reply = append(&mut client, "Alt", "\\Seen", text).await;
        assert_eq!(
            reply, "x OK [APPENDUID 1009 1] Append completed.\n",
            "a duplicate is folded without a word"
        );
        let reply = append(&mut client, "INBOX", "", text).await;
        assert_eq!(reply, "x OK [APPENDUID 1000 4] Append completed.\n", "another folder is another label");
        assert_eq!(in_folder(&handle, "Alt"), 1);
        assert_eq!(in_folder(&handle, "[Gmail]/All Mail"), 5);
        assert_eq!(in_folder(&handle, "[Gmail]/Starred"), 1);

        let reply = client.ask("e SELECT Alt\r\nf UID FETCH 1 (X-GM-MSGID X-GM-LABELS FLAGS)\r\n", "f").await;
        assert!(reply.contains("X-GM-LABELS (\"\\\\Inbox\" \"\\\\Flagged\")"), "{reply}");
        assert!(reply.contains("FLAGS (\\Flagged \\Recent)") && reply.contains("X-GM-MSGID "), "{reply}");
        client.ask("g UID STORE 1 FLAGS (\\Seen)\r\n", "g").await;
        let inbox: Vec<_> = handle.dump(USER).into_iter().filter(|(path, _)| path.is_inbox()).collect();
        assert!(inbox[3].1.flags.contains("\\Seen"), "flags belong to the message, not to the label");
        assert_eq!(in_folder(&handle, "[Gmail]/Starred"), 0, "no flag, no star");
    })
    .await;
}

#[tokio::test]
async fn gmail_takes_no_large_literal_at_once_and_none_above_its_limit() {
    with_server(Personality::gmail(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let large = "x".repeat(4_097);
        let reply = client.ask(&format!("b APPEND INBOX {{4097+}}\r\n{large}\r\n"), "b").await;
        assert!(reply.starts_with("b BAD"), "{reply}");
        let small = "y".repeat(4_096);
        let reply = client.ask(&format!("c APPEND INBOX {{4096+}}\r\n{small}\r\n"), "c").await;
        assert!(reply.starts_with("c OK"), "{reply}");
        let reply = client.ask("d APPEND INBOX {35651585}\r\n", "d").await;
        assert!(reply.starts_with("d NO [TOOBIG]"), "{reply}");
        handle.throttle_for(Duration::from_mins(1));
        let reply = client.ask("e EXAMINE INBOX\r\nf UID FETCH 1 FLAGS\r\n", "f").await;
        assert!(reply.contains("e OK") && reply.contains("f NO [THROTTLED]"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn exchange_stores_something_else_than_was_sent() {
    with_server(Personality::exchange(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = append(&mut client, "INBOX", "\\Flagged \\Seen Steuer", "A: 1\r\n\r\nText\r\n").await;
        assert_eq!(reply, "x OK [APPENDUID 1000 4] Append completed.\n");
        let (_, stored) = handle.dump(USER).into_iter().filter(|(path, _)| path.is_inbox()).nth(3).unwrap();
        assert!(
            stored.bytes.starts_with(b"X-MS-Exchange-")
                && stored.bytes.ends_with(b"\r\nA: 1\r\n\r\nText\r\n")
        );
        assert_eq!(stored.flags.iter().map(String::as_str).collect::<Vec<_>>(), ["\\Seen"]);
        let size = stored.bytes.len();
        let reply = client.ask("b EXAMINE INBOX\r\nc UID FETCH 4 RFC822.SIZE\r\n", "c").await;
        assert!(reply.contains(&format!("RFC822.SIZE {})", size + size / 16)), "{reply}");
        assert!(!reply.contains("\\*"), "no keywords of the client's own: {reply}");
    })
    .await;
}

#[tokio::test]
async fn exchange_refuses_long_lines_and_ends_the_connection_after_ten_errors() {
    with_server(Personality::exchange(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let line = |length: usize| format!("A: 1\r\n\r\n{}\r\n", "x".repeat(length));
        assert!(append(&mut client, "INBOX", "", &line(10_000)).await.starts_with("x OK"));
        for _ in 0..9 {
            let reply = append(&mut client, "INBOX", "", &line(10_001)).await;
            assert_eq!(reply, "x BAD Command Argument Error. 11\n");
        }
        handle.throttle_for(Duration::from_secs(30));
        let reply = append(&mut client, "INBOX", "", &line(5)).await;
        assert!(reply.starts_with("x BAD Request is throttled. Suggested Backoff Time: "), "{reply}");
        assert!(reply.ends_with(" milliseconds\n"), "{reply}");
        assert!(client.line().await.starts_with("* BYE"));
        assert!(client.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn icloud_lists_uids_without_messages_in_no_order() {
    with_server(Personality::icloud(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let reply = client.ask("b LIST \"\" * RETURN (STATUS (MESSAGES))\r\n", "b").await;
        assert!(reply.starts_with("b BAD"), "advertised and refused: {reply}");
        let reply = client.ask("c LIST \"\" *\r\nd CAPABILITY\r\n", "d").await;
        assert!(reply.contains("(\\HasNoChildren \\Sent) \"/\" \"Sent Messages\"\n"), "{reply}");
        assert!(!reply.contains("SPECIAL-USE"), "{reply}");
        let reply = client.ask("e EXAMINE INBOX\r\nf UID SEARCH ALL\r\n", "f").await;
        assert!(reply.contains("* 3 EXISTS\n"), "{reply}");
        assert!(reply.contains("* SEARCH 3 2 1 7 6 5 4\n"), "{reply}");
        let reply = client.ask("g UID FETCH 2:3 BODY.PEEK[]\r\n", "g").await;
        assert_eq!(
            reply, "g OK Fetch completed.\n",
            "a phantom is fetched without an error and without a message"
        );
        let reply = client.ask("h UID FETCH 1:* (UID)\r\n", "h").await;
        assert_eq!(reply.matches("FETCH (UID").count(), 3, "{reply}");
        let reply = client.ask("i UID SEARCH UID 2,5:* SUBJECT zwei\r\nj UID SEARCH UID 5:7\r\n", "j").await;
        assert_eq!(reply, "* SEARCH\ni OK Search completed.\n* SEARCH 5 7 6\nj OK Search completed.\n");
    })
    .await;
}

#[tokio::test]
async fn yahoo_shows_the_newest_messages_and_processes_some_of_them() {
    let mut personality = Personality::yahoo();
    personality.quirks.visible_messages = Some(6);
    personality.quirks.message_limit = Some(4);
    with_server(personality, |handle| async move {
        let more = (0..5).map(|number| message(&format!("Subject: {number}\r\n\r\n"), number)).collect();
        handle.deliver(USER, &FolderPath::inbox(), more);
        let mut client = Client::signed_in(&handle).await;
        let reply = client.ask("b STATUS INBOX (MESSAGES UIDNEXT)\r\nc EXAMINE INBOX\r\n", "c").await;
        assert!(reply.contains("(MESSAGES 6 UIDNEXT 9)") && reply.contains("* 6 EXISTS\n"), "{reply}");
        let reply = client.ask("d UID FETCH 1:* (UID)\r\n", "d").await;
        assert!(reply.starts_with("* 3 FETCH (UID 5)\n"), "{reply}");
        assert!(
            reply.ends_with("d OK [MESSAGELIMIT 4 5] Fetch completed with partial results.\n"),
            "{reply}"
        );
        let reply = client.ask("e UID FETCH 3:6 (UID)\r\nf UID SEARCH ALL\r\n", "f").await;
        assert!(
            reply.contains("* 1 FETCH (UID 3)\n") && reply.contains("e OK Fetch completed.\n"),
            "{reply}"
        );
        assert!(reply.contains("* SEARCH 5 6 7 8\nf OK [MESSAGELIMIT 4 5]"), "{reply}");
        handle.throttle_for(Duration::from_hours(3));
        let reply = client.ask("g UID FETCH 8 FLAGS\r\n", "g").await;
        assert_eq!(reply, "g NO [LIMIT] UID FETCH Rate limit hit.\n");
    })
    .await;
}

#[tokio::test]
async fn a_busy_server_is_itself_again_after_its_time() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        let time = Duration::from_mins(10);
        handle.throttle_for(time);
        assert!(append(&mut client, "INBOX", "", "A: 1\r\n\r\n").await.starts_with("x NO [UNAVAILABLE]"));
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
        assert!(append(&mut client, "INBOX", "", "A: 1\r\n\r\n").await.starts_with("x OK"));
    })
    .await;
}

#[tokio::test]
async fn room_and_connections_can_be_taken_away_while_it_runs() {
    with_server(Personality::dovecot(), |handle| async move {
        let mut client = Client::signed_in(&handle).await;
        handle.set_quota(Some(handle.used(USER)));
        assert!(append(&mut client, "INBOX", "", "A: 1\r\n\r\n").await.starts_with("x NO [OVERQUOTA]"));
        handle.set_quota(None);
        assert!(append(&mut client, "INBOX", "", "A: 1\r\n\r\n").await.starts_with("x OK"));
        handle.cut_connections();
        assert!(client.is_closed().await);
        let mut client = Client::signed_in(&handle).await;
        assert!(client.ask("b NOOP\r\n", "b").await.starts_with("b OK"));
        let traffic = handle.traffic();
        assert_eq!((traffic.connections, traffic.commands), (2, 5));
        assert!(traffic.most_received_bytes > 100 && traffic.most_sent_bytes > 100);
    })
    .await;
}
