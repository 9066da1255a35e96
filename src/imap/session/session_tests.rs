use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::imap::limits::Limits;
use crate::imap::wire::Transport;

async fn connected() -> (Session, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(TcpStream::connect(address), listener.accept());
    let gate = Gate::new(Wire::new(Transport::Clear(ours.unwrap())), Limits::default());
    (Session::new(gate, Timeouts::default(), ServerFacts::default()), theirs.unwrap().0)
}

static SLEEP_AT_REST: AtomicU64 = AtomicU64::new(0);
static SLEEP_WHILE_WAITING: AtomicU64 = AtomicU64::new(0);

fn ahead(seconds: &AtomicU64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_connection_that_slept_at_rest_is_not_used_again() {
    let (mut session, mut server) = connected().await;
    session.awake = Awake::new(|| ahead(&SLEEP_AT_REST));
    assert!(session.is_alive());
    SLEEP_AT_REST.store(3_600, Ordering::SeqCst);
    assert!(!session.is_alive(), "not even when the server seems to be there");
    server.write_all(b"F1 OK done\r\n").await.unwrap();
    let error = session.noop().await.unwrap_err();
    assert!(matches!(error, ImapError::Slept { seconds: 3_590..=3_600 }), "{error}");
    assert!(error.is_connection_lost());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_sleeps_while_it_waits_is_given_up_at_once() {
    let (mut session, mut server) = connected().await;
    session.awake = Awake::new(|| ahead(&SLEEP_WHILE_WAITING));
    let began = tokio::time::Instant::now();
    let server_side = async {
        let mut buffer = [0; 100];
        let read = server.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].ends_with(b"NOOP\r\n"));
        SLEEP_WHILE_WAITING.store(8 * 3_600, Ordering::SeqCst);
        // Never answers: it has forgotten us.
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        outcome = session.noop() => outcome.unwrap_err(),
        () = server_side => unreachable!(),
    };
    assert!(matches!(error, ImapError::Slept { .. }), "{error}");
    assert!(began.elapsed() <= 2 * LOOK_EVERY, "not after the two minutes that a silent server gets");
}
