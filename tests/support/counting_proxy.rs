//! A TCP forwarder on loopback that counts how often the client speaks: what it sends without waiting for an answer in
//! between counts once, whatever the machine's speed.
#![allow(dead_code, reason = "each test binary uses its own part of this module")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail the test")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The client has said what it wanted to say when it was silent for so long.
const SILENCE: Duration = Duration::from_millis(60);

/// A running forwarder.
pub struct CountingProxy {
    /// The port to connect to.
    pub port: u16,
    turns: Arc<AtomicUsize>,
}

impl CountingProxy {
    /// Forwards to `target` and holds the client's bytes back until it is silent.
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let turns = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&turns);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || forward(client, server, &counter));
            }
        });
        Self { port, turns }
    }

    /// How often clients spoke until now.
    pub fn turns(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }
}

fn forward(mut client: TcpStream, mut server: TcpStream, turns: &AtomicUsize) {
    client.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    let (mut held, mut heard_at) = (Vec::new(), Instant::now());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let Some(from_client) = take(&mut client, &mut buffer) else { return };
        if from_client > 0 {
            held.extend_from_slice(&buffer[..from_client]);
            heard_at = Instant::now();
        }
        if !held.is_empty() && heard_at.elapsed() >= SILENCE {
            turns.fetch_add(1, Ordering::SeqCst);
            if !give(&mut server, &std::mem::take(&mut held)) {
                return;
            }
        }
        let Some(from_server) = take(&mut server, &mut buffer) else { return };
        if from_server > 0 && !give(&mut client, &buffer[..from_server]) {
            return;
        }
        if from_client == 0 && from_server == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Bytes that are there now; `None` at the end of the stream.
fn take(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<usize> {
    match stream.read(buffer) {
        Ok(0) => None,
        Ok(count) => Some(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        Err(_) => None,
    }
}

fn give(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.set_nonblocking(false).unwrap();
    let is_given = stream.write_all(bytes).is_ok();
    stream.set_nonblocking(true).unwrap();
    is_given
}
