//! What is on its way is told while it is: bytes as they leave, also within one large message, and its name.
#![expect(clippy::disallowed_methods, reason = "line and copy run beside the test, which ends them")]

use std::sync::Arc;

use mailferry::plan::LedgerSum;
use mailferry::values::{Security, SourceUid};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the line takes before it stands still, and the message that does not fit.
const TAKEN: usize = 10 << 20;
const LARGE: usize = 48 << 20;

/// A line to a server that stands still after so many bytes of a connection, until it is let go on.
async fn narrow_line(to: u16) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (open, is_open) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let mut is_open = is_open.clone();
            tokio::spawn(async move {
                let (mut from_near, mut to_near) = near.into_split();
                let far = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                let (mut from_far, mut to_far) = far.into_split();
                let back = tokio::spawn(async move { tokio::io::copy(&mut from_far, &mut to_near).await });
                let (mut passed, mut piece) = (0, vec![0; 64 << 10]);
                while let Ok(count @ 1..) = from_near.read(&mut piece).await {
                    passed += count;
                    if passed > TAKEN && is_open.wait_for(|is_open| *is_open).await.is_err() {
                        return;
                    }
                    if to_far.write_all(&piece[..count]).await.is_err() {
                        return;
                    }
                }
                drop(to_far);
                drop(back.await);
            });
        }
    });
    (port, open)
}

fn large_mail() -> Mail {
    let mut bytes =
        b"From: anna@weber.example\r\nSubject: =?utf-8?q?Fotos_vom_Gr=C3=BCnen_See?=\r\n\r\n".to_vec();
    while bytes.len() < LARGE {
        bytes
            .extend_from_slice(b"a line of a picture, as base64 would have it, many times over and over\r\n");
    }
    Mail { folder: "INBOX".to_owned(), flags: vec![], date: "01-Mar-2024 10:00:00 +0000".to_owned(), bytes }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bytes_of_a_large_message_count_as_they_leave_and_it_has_a_name() {
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let mail = large_mail();
    let size = mail.bytes.len() as u64;
    let port = source.clear_port;
    tokio::task::spawn_blocking(move || PlainImap::open(port, "anna").store(&[mail])).await.unwrap();
    let (port, open) = narrow_line(destination.clear_port).await;
    let mut from = access(source.clear_port, Security::Clear, "anna");
    let mut to = access(port, Security::Clear, "anna");
    // Bytes on the line are the bytes of the message.
    from.options.compression = mailferry::imap::Compression::Never;
    to.options.compression = mailferry::imap::Compression::Never;
    let bench = Arc::new(Box::pin(Bench::new(from, to)).await);
    let board = Arc::clone(&bench.request.under_way);
    let copying = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.copy_all().await }
    });

    // The line stands still after ten million bytes; sockets on the way hold some more, and never the whole.
    let mut last = 0;
    let shown = loop {
        let left = board.bytes_left();
        assert!(left >= last && left < size, "{left} after {last} of {size}");
        last = left;
        if left >= TAKEN as u64 / 2 {
            break board.large();
        }
        assert!(!copying.is_finished(), "it cannot be over");
        tokio::task::yield_now().await;
    };
    let [large] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!((large.subject.as_str(), large.uid), ("Fotos vom Grünen See", SourceUid(1)));
    assert_eq!((large.size.0, large.read.0), (size, size));
    assert!(large.sent.0 >= TAKEN as u64 / 2 && large.sent.0 < size, "{large:?}");
    let sum = bench.sum();
    assert_eq!((sum.copied, sum.to_do), (0, 1), "what has left has not arrived: {sum:?}");

    open.send_replace(true);
    assert_eq!(copying.await.unwrap(), 1);
    assert_eq!((board.bytes_left(), board.large()), (0, Vec::new()), "nothing is on its way any more");
    let arrived = LedgerSum { source_count: 1, copied: 1, ..LedgerSum::default() };
    assert_eq!(bench.sum(), arrived);
}
