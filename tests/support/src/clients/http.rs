//! A plain HTTP client in clear text, with cookies and redirects: the browser of a person in a hurry.
#![allow(clippy::string_slice, reason = "addresses are ASCII, and a wrong cut fails the test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 12;

/// Keeps its cookies.
#[derive(Clone, Default)]
pub struct HttpClient {
    cookies: BTreeMap<(String, String), String>,
    /// Sent with each request.
    pub authorization: Option<String>,
}

/// A reply, after all redirects.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Where it came from.
    pub address: String,
    /// The body as text.
    pub body: String,
}

impl HttpClient {
    /// Gets an address and follows where it leads.
    ///
    /// # Panics
    /// Where nobody answers, or the redirects have no end.
    pub fn get(&mut self, address: &str) -> Reply {
        let mut next = address.to_owned();
        for _ in 0..MAX_REDIRECTS {
            let Answer { status, headers, body } = self.once("GET", &next, "");
            match headers.iter().find(|(name, _)| name == "location") {
                Some((_, place)) if (300..400).contains(&status) => {
                    next = if place.starts_with('/') {
                        format!("{}{place}", origin(&next))
                    } else {
                        place.clone()
                    };
                }
                _ => return Reply { status, address: next, body },
            }
        }
        panic!("{address} leads on and on, last to {next}")
    }

    /// Posts a form.
    ///
    /// # Panics
    /// Where nobody answers.
    pub fn post(&mut self, address: &str, form: &str) -> Reply {
        let Answer { status, body, .. } = self.once("POST", address, form);
        Reply { status, address: address.to_owned(), body }
    }

    fn once(&mut self, method: &str, address: &str, form: &str) -> Answer {
        let origin = origin(address);
        let host = origin.strip_prefix("http://").unwrap_or_else(|| panic!("{address} is not in clear text"));
        let path = match &address[origin.len()..] {
            path if path.starts_with('/') => path.to_owned(),
            rest => format!("/{rest}"),
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((place, _), _)| *place == origin)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            write!(request, "Cookie: {}\r\n", cookies.join("; ")).unwrap();
        }
        if let Some(authorization) = &self.authorization {
            write!(request, "Authorization: {authorization}\r\n").unwrap();
        }
        if method == "POST" {
            let length = form.len();
            write!(
                request,
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            )
            .unwrap();
        }
        let mut stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host}: {error}"));
        stream.write_all(format!("{request}\r\n{form}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.cookies.insert((origin.clone(), name.to_owned()), value.to_owned());
        }
        let is_chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
        Answer { status, headers, body: if is_chunked { unchunked(body) } else { body.to_owned() } }
    }
}

/// One answer of a server, with the names of its headers in lower case.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// `http://host:port` of an address.
fn origin(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    format!("http://{}", &rest[..end])
}

fn unchunked(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || size > more.len() {
            break;
        }
        whole.push_str(&more[..size]);
        rest = more[size..].trim_start_matches("\r\n");
    }
    whole
}
