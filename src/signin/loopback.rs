//! The loopback address that the browser returns to (RFC 8252 section 7.3).

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::browser_reply::{BrowserReply, MAX_LINE, read_reply};
use crate::values::{GrantProblem, GrantTrouble, Secret};

/// How long one connection may take: browsers open some and never use them.
const CONNECTION_TIME: Duration = Duration::from_secs(20);
/// Connections handled at the same time; further ones wait.
const MOST_CONNECTIONS: usize = 16;

/// Waits for the browser on 127.0.0.1.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    /// Listens on a free port.
    pub async fn listen() -> Result<Self, GrantProblem> {
        let not_listening = |error: std::io::Error| {
            GrantProblem::of(GrantTrouble::Unreachable, format!("no port for the browser's answer: {error}"))
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(not_listening)?;
        let port = listener.local_addr().map_err(not_listening)?.port();
        Ok(Self { listener, port })
    }

    /// The redirect address. It has no path, because Microsoft compares the path with the registered one.
    pub fn address(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// Waits for the answer with this state and returns its code. Other requests get a page that explains them, and change
    /// nothing; `stray` is called for each answer to another sign-in.
    pub async fn code(
        self,
        state: &str,
        patience: Duration,
        stray: &(dyn Fn() + Sync),
    ) -> Result<Secret, GrantProblem> {
        let waiting = async {
            let mut talks = FuturesUnordered::new();
            loop {
                tokio::select! {
                    accepted = self.listener.accept(), if talks.len() < MOST_CONNECTIONS => match accepted {
                        Ok((stream, _)) => talks.push(timeout(CONNECTION_TIME, answer(stream, state))),
                        Err(error) => {
                            tracing::debug!(%error, "a connection of the browser failed");
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                    },
                    Some(ended) = talks.next(), if !talks.is_empty() => match ended {
                        Ok(Heard::Answer(reply)) => return reply,
                        Ok(Heard::Stray) => stray(),
                        Ok(Heard::Nothing) | Err(_) => {}
                    },
                }
            }
        };
        timeout(patience, waiting).await.unwrap_or_else(|_elapsed| {
            let words = format!("no answer came from the browser within {} minutes", patience.as_secs() / 60);
            Err(GrantProblem::of(GrantTrouble::TooLate, words))
        })
    }
}

/// What a connection of the browser contained.
enum Heard {
    /// The expected answer.
    Answer(Result<Secret, GrantProblem>),
    /// The answer to another sign-in.
    Stray,
    /// Nothing of interest.
    Nothing,
}

/// Reads one request and answers it.
async fn answer(stream: TcpStream, state: &str) -> Heard {
    let mut stream = BufReader::new(stream);
    let mut line = zeroize::Zeroizing::new(String::new());
    let read = (&mut stream).take(MAX_LINE as u64).read_line(&mut line).await;
    if let Err(error) = read {
        tracing::debug!(%error, "a request of the browser was not read");
        return Heard::Nothing;
    }
    let reply = read_reply(line.trim_end(), state);
    let (status, title, words) = match &reply {
        BrowserReply::Code(_) => ("200 OK", "Mailferry has the answer", "You can close this window."),
        BrowserReply::Refused(_) => (
            "200 OK",
            "You are not signed in",
            "Mailferry shows what the provider said. You can close this window.",
        ),
        BrowserReply::OtherState => (
            "400 Bad Request",
            "This is the answer to another sign-in",
            "Nothing was changed. Close this window and use the one that Mailferry opened last, or begin again.",
        ),
        BrowserReply::Other => ("404 Not Found", "There is nothing here", "You can close this window."),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mailferry</title>\
         <body style=\"font-family:sans-serif;margin:4em auto;max-width:32em\"><h1>{title}</h1><p>{words}</p></body></html>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\r\n",
        page.len()
    );
    // Read the rest of the request; otherwise the browser might see a reset instead of the page.
    let mut rest = String::new();
    while rest != "\r\n" {
        rest.clear();
        match (&mut stream).take(MAX_LINE as u64).read_line(&mut rest).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    let sent = stream.write_all(format!("{head}{page}").as_bytes()).await;
    if let Err(error) = sent.and(stream.shutdown().await) {
        tracing::debug!(%error, "the page for the browser was not sent");
    }
    match reply {
        BrowserReply::Code(code) => Heard::Answer(Ok(code)),
        BrowserReply::Refused(problem) => Heard::Answer(Err(problem)),
        BrowserReply::OtherState => Heard::Stray,
        BrowserReply::Other => Heard::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn get(port: u16, target: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        page
    }

    #[tokio::test]
    async fn a_second_tab_and_strangers_change_nothing_and_the_right_answer_counts() {
        let loopback = Loopback::listen().await.unwrap();
        let port = loopback.port;
        assert_eq!(loopback.address("localhost"), format!("http://localhost:{port}"));
        let browser = async {
            // A connection that is opened in advance and never used.
            let _unused = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            assert!(get(port, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
            let other = get(port, "/?code=stolen&state=wrong").await;
            assert!(other.starts_with("HTTP/1.1 400") && other.contains("another sign-in"), "{other}");
            let page = get(port, "/?code=right&state=s1").await;
            assert!(page.contains("You can close this window") && !page.contains("right<"), "{page}");
        };
        let strays = AtomicU32::new(0);
        let stray = || _ = strays.fetch_add(1, Ordering::SeqCst);
        let (code, ()) = tokio::join!(loopback.code("s1", Duration::from_mins(10), &stray), browser);
        assert_eq!(code.unwrap(), Secret::new("right"));
        assert_eq!(strays.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_that_is_closed_ends_the_wait() {
        let loopback = Loopback::listen().await.unwrap();
        let late = loopback.code("s1", Duration::from_mins(10), &|| {}).await.unwrap_err();
        assert!(late.trouble == GrantTrouble::TooLate && late.words.contains("10 minutes"), "{late}");
    }
}
