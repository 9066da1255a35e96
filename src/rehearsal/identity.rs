//! The practice provider's sign-in: OAuth 2 with PKCE (RFC 6749, RFC 7636) and the device code (RFC 8628), over HTTP on
//! loopback. The browser is played too, by [`Browser`], which presses “Allow”.
//!
//! The first token of each user ends after one sign-in, so that renewing is practised.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;
use url::form_urlencoded::parse;

use super::RehearsalError;
use super::tokens::{Form, TokenBook};

const CONNECTION_TIME: Duration = Duration::from_secs(10);
const MOST_CONNECTIONS: usize = 32;
const MOST_LINE: u64 = 8_192;
const MOST_LINES: usize = 64;
const MOST_FORM: u64 = 16_384;

/// The sign-in of the practice provider, on a loopback port of the system's choice.
#[derive(Debug)]
pub(super) struct IdentityServer {
    listener: TcpListener,
    address: SocketAddr,
    tokens: TokenBook,
}

/// What the server says.
struct Reply {
    status: &'static str,
    location: Option<String>,
    kind: &'static str,
    body: String,
}

impl Reply {
    fn page(body: &str) -> Self {
        Self { status: "200 OK", location: None, kind: "text/html; charset=utf-8", body: body.to_owned() }
    }

    fn json(outcome: Result<serde_json::Value, &'static str>) -> Self {
        let (status, body) = match outcome {
            Ok(body) => ("200 OK", body),
            Err(error) => ("400 Bad Request", serde_json::json!({ "error": error })),
        };
        Self { status, location: None, kind: "application/json", body: body.to_string() }
    }

    fn redirect(location: String) -> Self {
        Self { status: "302 Found", location: Some(location), ..Self::page("") }
    }

    fn not_found() -> Self {
        Self { status: "404 Not Found", ..Self::page("There is no such page.") }
    }
}

impl IdentityServer {
    pub(super) async fn bind(tokens: TokenBook) -> Result<Self, RehearsalError> {
        let failed = |source| RehearsalError::Bind { source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, tokens })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until cancelled.
    pub(super) async fn serve(self, cancel: CancellationToken) {
        let mut clients = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                Some(()) = clients.next(), if !clients.is_empty() => {}
                accepted = self.listener.accept(), if clients.len() < MOST_CONNECTIONS => match accepted {
                    Ok((stream, _client)) => clients.push(self.client(stream)),
                    Err(error) => {
                        tracing::debug!(%error, "the practice provider could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
    }

    async fn client(&self, stream: TcpStream) {
        match timeout(CONNECTION_TIME, self.answer(stream)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a request to the practice provider failed"),
            Err(_elapsed) => tracing::debug!("a request to the practice provider took too long"),
        }
    }

    async fn answer(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let first = line(&mut stream).await?;
        let mut length = 0;
        for _ in 0..MOST_LINES {
            let header = line(&mut stream).await?;
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0_u64).min(MOST_FORM);
            }
        }
        let mut body = Vec::new();
        (&mut stream).take(length).read_to_end(&mut body).await?;
        let reply = self.reply(&first, &body);
        let location = reply.location.map_or_else(String::new, |to| format!("Location: {to}\r\n"));
        let text = format!(
            "HTTP/1.1 {}\r\n{location}Content-Type: {}\r\nCache-Control: no-store\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            reply.status,
            reply.kind,
            reply.body.len(),
            reply.body
        );
        stream.get_mut().write_all(text.as_bytes()).await?;
        stream.get_mut().shutdown().await
    }

    fn reply(&self, first: &str, body: &[u8]) -> Reply {
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let form = |bytes: &[u8]| -> Form { parse(bytes).into_owned().collect() };
        match (method, path) {
            ("GET", "/authorize") => Reply::page(&format!(
                "<title>Practice provider</title><a href=\"/allow?{}\">Allow</a>",
                escaped(query)
            )),
            ("GET", "/allow") => match self.tokens.allow(&form(query.as_bytes())) {
                Some(back) => Reply::redirect(back),
                None => {
                    Reply { status: "400 Bad Request", ..Reply::page("This is no request for a sign-in.") }
                }
            },
            ("POST", "/device") => {
                Reply::json(Ok(self.tokens.device(&format!("http://{}/code", self.address))))
            }
            ("GET", "/code") => {
                if self.tokens.allow_code(&form(query.as_bytes())) {
                    Reply::page("You can go back to Mailferry.")
                } else {
                    Reply { status: "400 Bad Request", ..Reply::page("No such code.") }
                }
            }
            ("POST", "/token") => Reply::json(self.tokens.token(&form(body))),
            _ => Reply::not_found(),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.take(MOST_LINE).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}

/// Plays the browser of the practice mailbox: it opens what it is told to, and presses “Allow”.
#[derive(Clone, Copy, Debug)]
pub struct Browser;

impl Browser {
    /// Allows the sign-in at this address, and follows the way back to the program.
    ///
    /// # Errors
    /// Where the provider or the program is not there, or shows something else.
    pub async fn allow(address: &str) -> io::Result<()> {
        let mut url = Url::parse(address).map_err(io::Error::other)?;
        url.set_path("/allow");
        let Some(back) = get(&url).await? else { return Err(io::Error::other("nobody was allowed in")) };
        get(&Url::parse(&back).map_err(io::Error::other)?).await.map(|_page| ())
    }

    /// Types the code of a user on its page.
    ///
    /// # Errors
    /// Where the provider is not there.
    pub async fn type_code(page: &str, code: &str, user: &str) -> io::Result<()> {
        let mut url = Url::parse(page).map_err(io::Error::other)?;
        url.query_pairs_mut().append_pair("user_code", code).append_pair("user", user);
        get(&url).await.map(|_page| ())
    }
}

/// Opens a page on this computer; where it leads to.
async fn get(url: &Url) -> io::Result<Option<String>> {
    let port = url.port().filter(|_| url.host_str() == Some("127.0.0.1"));
    let port = port.ok_or_else(|| io::Error::other("the page is not on this computer"))?;
    let talk = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let target =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST_FORM).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
        Ok(location.map(|to| to.trim().to_owned()))
    };
    timeout(CONNECTION_TIME, talk).await.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_browser_stays_on_this_computer_and_nonsense_is_refused() {
        let server = IdentityServer::bind(TokenBook::new()).await.unwrap();
        let base = format!("http://{}", server.address());
        assert!(server.reply("GET /nothing HTTP/1.1", b"").status.starts_with("404"));
        assert!(
            server
                .reply("GET /allow?redirect_uri=http%3A%2F%2Fevil.example HTTP/1.1", b"")
                .status
                .starts_with("400")
        );
        assert!(
            server.reply("POST /token HTTP/1.1", b"grant_type=other").body.contains("unsupported_grant_type")
        );
        assert!(server.reply("GET /authorize?a=\"<b HTTP/1.1", b"").body.contains("a=&quot;&lt;b"));
        let cancel = CancellationToken::new();
        let driving = async {
            assert!(Browser::allow("http://192.0.2.1:1/authorize").await.is_err());
            assert!(Browser::allow(&format!("{base}/authorize?x=1")).await.is_err(), "nothing leads back");
            cancel.cancel();
        };
        tokio::join!(server.serve(cancel.clone()), driving);
    }
}
