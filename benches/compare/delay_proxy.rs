//! A forwarder on loopback that holds every byte back for half a round trip each way and limits nothing else.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// One read from a socket, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// A read below this does not keep the room of a large one.
const SMALL_BYTES: usize = 4 * 1024;
/// Reads that may be on the way in one direction, so that a stalled reader cannot fill the memory.
const READS_UNDER_WAY: usize = 4_096;

/// A running forwarder; ends when dropped.
pub struct DelayProxy {
    /// The port to connect to.
    pub port: u16,
    _runtime: Runtime,
}

impl DelayProxy {
    /// Forwards to `target` on loopback.
    pub fn start(target: u16, round_trip: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let runtime = tokio::runtime::Handle::current();
                runtime.spawn(forward(from_client, to_server, round_trip / 2));
                runtime.spawn(forward(from_server, to_client, round_trip / 2));
            }
        });
        Self { port, _runtime: runtime }
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(READS_UNDER_WAY);
    let reading = async move {
        loop {
            // Neither cleared nor copied, as this shares the processor with what is measured.
            let mut bytes = Vec::with_capacity(READ_BYTES);
            let read = from.read_buf(&mut bytes).await.unwrap_or(0);
            if read < SMALL_BYTES {
                bytes.shrink_to_fit();
            }
            if read == 0 || sender.send((Instant::now() + delay, bytes)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _closed = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
