//! Whatever a client sends, the practice server neither panics nor hangs nor fills the memory.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::raw_command::{LiteralMark, RawCommand};
use super::*;
use crate::values::{EmailAddress, Secret};

/// Pieces that commands are made of, so that random input gets past the first word.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "a ",
        "LOGIN ",
        "u@x.example ",
        "p",
        "LIST ",
        "\"\" ",
        "* ",
        "RETURN ",
        "(",
        ")",
        "STATUS ",
        "SELECT ",
        "INBOX",
        "UID ",
        "FETCH ",
        "1:* ",
        "BODY.PEEK[]",
        "<0.5>",
        "FLAGS",
        "SEARCH ",
        "NOT ",
        "OR ",
        "STORE ",
        "+FLAGS ",
        "\\Seen",
        "APPEND ",
        "{3}",
        "{3+}",
        "{99999999999}",
        "\r\n",
        "abc",
        "&",
        "\"",
        "\\",
        "IDLE",
        "DONE",
        "RENAME ",
        "CREATE ",
        "DELETE ",
        "4294967295",
        ",",
        "EXPUNGE",
        "SINCE 1-Jan-2024",
        " ",
        "\0",
        "ENABLE ",
        "CONDSTORE",
        "AUTHENTICATE PLAIN ",
        "UID FETCH 1:* (X-GM-LABELS",
        "X-GM-MSGID)",
        "UID SEARCH ALL",
        "UID SEARCH UID 1:*",
        "=",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(300))]

    #[test]
    fn readers_of_commands_never_panic(line in input(), literal in input()) {
        if let Some(mark) = LiteralMark::find(&line) {
            prop_assert!(mark.text_length < line.len());
        }
        let raw = RawCommand { texts: vec![line.clone(), literal.clone()], literals: vec![line.clone()] };
        let _ = (raw.tag(), raw.name(), raw.arguments(), raw.parse());
        let text = String::from_utf8_lossy(&line);
        let _ = (list_arguments::parse(&text), internal_date::parse(&text), modified_utf7::decode(&line));
        prop_assert_eq!(modified_utf7::decode(modified_utf7::encode(&text).as_bytes()), Some(text.into_owned()));
        prop_assert_eq!(message_part::header(&line).len() + message_part::text(&line).len(), line.len());
        let (plain, _items) = labels::take_items(&raw);
        let _ = (plain.parse(), labels::object(&line));
        let fields = message_part::header_fields(&line, |_| true);
        prop_assert!(fields.len() <= line.len() + 2);
    }

    #[test]
    fn a_session_survives_any_input(input in input(), signs_in in any::<bool>(), kind in 0..6_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let account = ImapAccount {
                address: EmailAddress::parse("u@x.example").unwrap(),
                password: Secret::new("p"),
                folders: Vec::new(),
            };
            let server = ImapServer::bind(Personality::all()[kind].clone(), vec![account], 1).await.unwrap();
            let endpoint = server.handle().endpoint();
            let talk = async {
                let mut stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await.unwrap();
                if signs_in {
                    stream.write_all(b"x LOGIN u@x.example p\r\nx SELECT INBOX\r\n").await.unwrap();
                }
                stream.write_all(&input).await.unwrap();
                stream.shutdown().await.unwrap();
                let mut replies = Vec::new();
                stream.read_to_end(&mut replies).await.unwrap_or_default();
                replies.starts_with(b"* OK ")
            };
            let is_greeted = tokio::select! {
                () = server.serve(CancellationToken::new()) => false,
                is_greeted = talk => is_greeted,
            };
            assert!(is_greeted);
        });
    }
}
