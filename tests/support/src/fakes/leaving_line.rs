//! A line to a server that goes away and comes back, as with a laptop that sleeps or a Wi-Fi that changes.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Up,
    /// Its connections are cut, and nobody can be reached.
    Cut,
    /// Its connections say nothing any more, and nobody can be reached.
    Silent,
}

/// Forwards to a server for as long as it is up. Runs inside the future that [`Line::serve`] returns.
pub struct Line {
    /// The port to connect to.
    pub port: u16,
    target: u16,
    state: watch::Sender<State>,
}

impl Line {
    /// A line that is up, to a server on loopback.
    pub fn new(target: u16) -> Self {
        let port = crate::programs::free_port();
        Self { port, target, state: watch::channel(State::Up).0 }
    }

    /// Changes what becomes of it, at once.
    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    /// What has become of it.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Forwards, until dropped.
    pub async fn serve(&self) {
        let mut state = self.watch();
        loop {
            state.wait_for(|state| *state == State::Up).await.unwrap();
            let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
            let mut lines = FuturesUnordered::new();
            let end = loop {
                tokio::select! {
                    changed = state.wait_for(|state| *state != State::Up) => break *changed.unwrap(),
                    accepted = listener.accept() => {
                        let client = accepted.unwrap().0;
                        lines.push(Box::pin(forward(client, self.target)));
                    }
                    Some(()) = lines.next(), if !lines.is_empty() => {}
                }
            };
            drop(listener);
            if end == State::Silent {
                // The connections stay open, and nothing goes through them.
                state.wait_for(|state| *state != State::Silent).await.unwrap();
            }
        }
    }
}

async fn forward(mut client: TcpStream, target: u16) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    // Time runs faster here than the system's own waits for more to send.
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    // Either end may go first; then both are closed.
    let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
