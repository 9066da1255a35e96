//! The practice server and a real Dovecot 2.3, asked the same: what a client can tell apart must be meant.

use mailferry::rehearsal::{ImapAccount, ImapServer, Personality};
use mailferry::values::{EmailAddress, Secret};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const USER: &str = "anna@weber-familie.example";

/// One conversation; what is asked later depends on what was done before.
const COMMANDS: &[&str] = &[
    "CREATE Neu",
    "CREATE Neu",
    "CREATE a/b/c",
    "CREATE a//b",
    "CREATE \"&-&AEE-\"",
    "CREATE Sent",
    "SUBSCRIBE Sent",
    "SUBSCRIBE nix",
    "STATUS nix (MESSAGES)",
    "SELECT nix",
    "DELETE nix",
    "DELETE INBOX",
    "RENAME nix nox",
    "APPEND nix {3+}\r\nabc",
    "APPEND Neu (\\Seen Steuer) \"17-Jul-1996 02:44:25 -0700\" {8+}\r\nA: 1\r\n\r\n {10+}\r\nB: 2\r\n\r\nxy",
    "APPEND Neu () \"09-Mar-2024 23:30:00 +0530\" {6+}\r\nC: 3\r\n",
    "APPEND Neu {0+}\r\n",
    "LIST \"\" *",
    "LIST \"\" * RETURN (STATUS (SIZE MESSAGES UIDNEXT))",
    "LIST \"\" % RETURN (SPECIAL-USE CHILDREN)",
    "LIST \"\" \"\"",
    "LIST (SUBSCRIBED) \"\" S*",
    "LSUB \"\" Sent",
    "NAMESPACE",
    "FETCH 1 FLAGS",
    "SELECT Neu",
    "UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)",
    "UID FETCH 1 (UID BODY.PEEK[HEADER.FIELDS (message-id A)])",
    "UID FETCH 3,2 BODY.PEEK[]",
    "UID FETCH 2 BODY.PEEK[]<2.100>",
    "UID FETCH 2 (BODY.PEEK[HEADER] BODY.PEEK[TEXT])",
    "FETCH 9 FLAGS",
    "UID FETCH 99 FLAGS",
    "UID FETCH 99:* FLAGS",
    "FETCH * UID",
    "UID STORE 1 +FLAGS (\\Deleted)",
    "UID STORE 1 -FLAGS.SILENT (\\Deleted)",
    "UID STORE 2 +FLAGS (steuer \\Flagged)",
    "UID SEARCH ALL",
    "SEARCH UID 2:*",
    "UID SEARCH SINCE 1-Jan-2000",
    "UID SEARCH NOT (OR KEYWORD steuer SEEN)",
    "EXAMINE Neu",
    "STORE 1 +FLAGS (\\Seen)",
    "UNSELECT",
    "FROB",
    "DELETE a/b",
    "RENAME a x",
    "STATUS x/b/c (UNSEEN MESSAGES)",
    "DELETE x/b/c",
];

/// Asks everything and returns the replies to each command in a form that can be compared.
async fn converse(port: u16) -> Vec<String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let mut replies = Vec::new();
    for command in
        [format!("LOGIN {USER} \"{}\"", PASSWORD.replace('"', "\\\"")).as_str()].iter().chain(COMMANDS)
    {
        stream.get_mut().write_all(format!("t {command}\r\n").as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        loop {
            line.clear();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "{command}: the connection is closed");
            // Dovecot shows it once somebody asked for it, the practice server always.
            if !line.starts_with("* OK [HIGHESTMODSEQ ") {
                reply.push(comparable(line.trim_end()));
            }
            if line.starts_with("t ") {
                break;
            }
        }
        // Folders are listed in no particular order.
        if command.starts_with("LIST") {
            reply.sort();
        }
        replies.push(format!("{command}\n{}", reply.join("\n")));
    }
    // What a server offers is its own affair.
    replies.split_off(1)
}

/// A line without what differs from server to server, or from day to day.
fn comparable(line: &str) -> String {
    let line = line.replace(" \\Marked", "").replace("\\Marked", "");
    let line = without_timing(&line).trim_end_matches('.');
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    if let Some(at) =
        words.iter().position(|word| word.ends_with("APPENDUID") || word.ends_with("UIDVALIDITY"))
    {
        words.get_mut(at + 1).unwrap().retain(|character| !character.is_ascii_digit());
    }
    let joined = without_todays_date(&words.join(" "));
    // The flags of a list have no order.
    match joined.split_once("FLAGS (") {
        Some((before, rest)) => {
            let (flags, after) = rest.split_once(')').unwrap();
            let mut flags: Vec<&str> = flags.split(' ').collect();
            flags.sort_unstable();
            format!("{before}FLAGS ({}){after}", flags.join(" "))
        }
        // The words of an error are for people.
        None => joined.split_once("BAD Error in IMAP command").map_or(joined.clone(), |_| "t BAD".to_owned()),
    }
}

/// Without how long Dovecot took: `(0.115 + 0.000 + 0.114 secs)`, however many seconds that are.
fn without_timing(line: &str) -> &str {
    let timed = line.trim_end_matches('.').strip_suffix(" secs)");
    timed.and_then(|words| words.rsplit_once(" (")).map_or(line, |(words, _seconds)| words)
}

#[test]
fn how_long_a_slow_server_took_is_no_difference() {
    for seconds in ["0.001 + 0.000", "0.115 + 0.000 + 0.114", "12.5 + 0.000"] {
        assert_eq!(comparable(&format!("t OK List completed ({seconds} secs).")), "t OK List completed");
    }
    assert_eq!(comparable("t OK Completed (or not)"), "t OK Completed (or not)");
}

/// Without the date that a message gets which comes without one: the two servers are asked a moment apart.
fn without_todays_date(line: &str) -> String {
    let Some((before, rest)) = line.split_once("INTERNALDATE \"") else { return line.to_owned() };
    let (date, after) = rest.split_once('"').unwrap();
    let day = date.split(' ').next().unwrap();
    if COMMANDS.iter().any(|command| command.contains(day)) {
        return line.to_owned();
    }
    format!("{before}INTERNALDATE of today{after}")
}

#[tokio::test]
async fn the_practice_server_answers_as_dovecot_does() {
    let settings = Settings { format: "sdbox", ..Settings::default() };
    let Some(dovecot) = Dovecot::start(&[USER], &settings) else { return };
    let account = ImapAccount {
        address: EmailAddress::parse(USER).unwrap(),
        password: Secret::new(PASSWORD),
        folders: Vec::new(),
    };
    let server = ImapServer::bind(Personality::dovecot(), vec![account], 1).await.unwrap();
    let port = server.handle().endpoint().port;
    let practice = tokio::select! {
        () = server.serve(CancellationToken::new()) => panic!("the server ended by itself"),
        replies = converse(port) => replies,
    };
    let truth = converse(dovecot.clear_port).await;
    let differences: Vec<String> = truth
        .iter()
        .zip(&practice)
        .filter(|(truth, practice)| truth != practice)
        .map(|(truth, practice)| format!("Dovecot: {truth}\npractice: {practice}\n"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
