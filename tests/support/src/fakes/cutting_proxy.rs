//! A TCP forwarder on loopback that cuts connections after so many bytes, for broken lines.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Which way the bytes are counted that a connection survives.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Bytes that the client sends.
    Upward(usize),
    /// Bytes that the server sends.
    Downward(usize),
    /// The server's bytes up to this text, which never arrives: the lost reply.
    Before(&'static str),
}

/// Sees what clients send before the server does.
pub type Watch = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// A running forwarder.
pub struct CuttingProxy {
    /// The port to connect to.
    pub port: u16,
    cut_count: Arc<AtomicUsize>,
}

impl CuttingProxy {
    /// Forwards to `target`; each connection takes the next cut, and lives for ever when there is none left.
    pub fn start(target: u16, cuts: impl IntoIterator<Item = Cut>) -> Self {
        Self::start_slow(target, cuts, Duration::ZERO)
    }

    /// The same, with the server's bytes held back for a time: the longer a reply is under way, the more can happen.
    pub fn start_slow(target: u16, cuts: impl IntoIterator<Item = Cut>, delay: Duration) -> Self {
        Self::start_with(target, cuts, delay, Arc::new(|_bytes| {}))
    }

    /// Forwards in the same way as [`Self::start`], and shows what clients send; nothing goes on while that is looked at.
    pub fn start_watched(
        target: u16,
        cuts: impl IntoIterator<Item = Cut>,
        watch: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(target, cuts, Duration::ZERO, Arc::new(watch))
    }

    fn start_with(target: u16, cuts: impl IntoIterator<Item = Cut>, delay: Duration, watch: Watch) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Mutex::new(cuts.into_iter().collect::<VecDeque<Cut>>());
        let cut_count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&cut_count);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let cut = cuts.lock().unwrap().pop_front();
                let (upward, downward) = match cut {
                    Some(Cut::Upward(_)) => (cut, None),
                    down => (None, down),
                };
                let upward = Passing { cut: upward, delay: Duration::ZERO, watch: Arc::clone(&watch) };
                let downward = Passing { cut: downward, delay, watch: Arc::new(|_bytes| {}) };
                forward(&client, &server, upward, &counter);
                forward(&server, &client, downward, &counter);
            }
        });
        Self { port, cut_count }
    }

    /// Connections that were cut so far.
    pub fn cut_count(&self) -> usize {
        self.cut_count.load(Ordering::SeqCst)
    }
}

/// What becomes of bytes that go one way.
struct Passing {
    cut: Option<Cut>,
    delay: Duration,
    watch: Watch,
}

fn forward(from: &TcpStream, to: &TcpStream, passing: Passing, counter: &Arc<AtomicUsize>) {
    let (mut left, lost) = match passing.cut {
        Some(Cut::Upward(bytes) | Cut::Downward(bytes)) => (bytes, None),
        Some(Cut::Before(text)) => (usize::MAX, Some(text.as_bytes())),
        None => (usize::MAX, None),
    };
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let counter = Arc::clone(counter);
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 16 * 1024];
        while let Ok(read) = from.read(&mut buffer) {
            std::thread::sleep(passing.delay);
            (passing.watch)(&buffer[..read]);
            let found =
                lost.and_then(|text| buffer[..read].windows(text.len()).position(|part| part == text));
            left = found.unwrap_or(left);
            let passed = read.min(left);
            if read == 0 || to.write_all(&buffer[..passed]).is_err() {
                break;
            }
            left -= passed;
            if left == 0 {
                counter.fetch_add(1, Ordering::SeqCst);
                break;
            }
        }
        let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
