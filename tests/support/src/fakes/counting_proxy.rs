//! A TCP forwarder on loopback that counts how often the client speaks: what it sends without waiting for an answer in
//! between counts once, whatever the machine's speed.

use std::cell::Cell;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards inside the future that [`CountingProxy::serve`] returns.
pub struct CountingProxy {
    /// The port to connect to.
    pub port: u16,
    listener: TcpListener,
    target: u16,
    turns: Cell<usize>,
}

impl CountingProxy {
    /// A forwarder to `target`.
    pub async fn bind(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, listener, target, turns: Cell::new(0) }
    }

    /// How often clients spoke until now.
    pub fn turns(&self) -> usize {
        self.turns.get()
    }

    /// Forwards until dropped, and holds the client's bytes back until the client, which is part of the same work, has
    /// nothing more to say before it hears something.
    pub async fn serve(&self, rests: watch::Receiver<u64>) {
        let mut lines = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => lines.push(self.forward(accepted.unwrap().0, rests.clone())),
                Some(()) = lines.next(), if !lines.is_empty() => {}
            }
        }
    }

    async fn forward(&self, mut client: TcpStream, mut rests: watch::Receiver<u64>) {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", self.target)).await else { return };
        let mut held = Vec::new();
        let (mut sent, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        loop {
            tokio::select! {
                read = client.read(&mut sent) => match read {
                    Ok(count) if count > 0 => {
                        held.extend_from_slice(&sent[..count]);
                        rests.mark_unchanged();
                    }
                    _ended => return,
                },
                read = server.read(&mut answered) => match read {
                    Ok(count) if count > 0 => client.write_all(&answered[..count]).await.unwrap_or_default(),
                    _ended => return,
                },
                _rest = rests.changed(), if !held.is_empty() => {
                    self.turns.set(self.turns.get() + 1);
                    if server.write_all(&std::mem::take(&mut held)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
