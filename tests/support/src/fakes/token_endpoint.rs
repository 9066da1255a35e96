//! A token endpoint with a clock of its own: refresh tokens are good for one time only, access tokens for an hour of that
//! clock. For what would take days at a real one.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// How long its tokens live, in seconds.
pub const LIFE: i64 = 3_600;

/// Answers on loopback until the test ends.
pub struct TokenEndpoint {
    /// Where.
    pub address: String,
    state: Arc<State>,
}

struct State {
    clock: Arc<AtomicI64>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    /// The user and the refresh token that is good at present.
    refresh: HashMap<String, String>,
    /// The user and the end of each access token.
    access: HashMap<String, (String, i64)>,
    renewals: u64,
}

impl TokenEndpoint {
    /// Starts with a clock in Unix seconds that the test moves.
    ///
    /// # Panics
    /// Where there is no port.
    pub fn start(clock: &Arc<AtomicI64>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}/token", listener.local_addr().unwrap());
        let state = Arc::new(State { clock: Arc::clone(clock), tokens: Mutex::default() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    /// The first refresh token of a user.
    pub fn consent(&self, user: &str) -> String {
        let token = format!("refresh:{user}:0");
        self.state.tokens.lock().unwrap().refresh.insert(user.to_owned(), token.clone());
        token
    }

    /// Withdraws it.
    pub fn revoke(&self, user: &str) {
        self.state.tokens.lock().unwrap().refresh.remove(user);
    }

    /// For how many more seconds a user's access token is good.
    ///
    /// # Panics
    /// Where it is somebody else's, or nobody's.
    pub fn left(&self, user: &str, access: &str) -> i64 {
        let tokens = self.state.tokens.lock().unwrap();
        let (owner, end) = &tokens.access[access];
        assert_eq!(owner, user);
        end - self.state.clock.load(Ordering::SeqCst)
    }

    /// How often tokens were renewed.
    pub fn renewals(&self) -> u64 {
        self.state.tokens.lock().unwrap().renewals
    }
}

/// Requests of one connection, one after the other.
fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        let given = body.split('&').find_map(|pair| pair.strip_prefix("refresh_token=")).unwrap_or_default();
        let Answer { status, body: answer } = state.renew(&given.replace("%3A", ":").replace("%40", "@"));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        let mut stream = stream;
        if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// What the endpoint answers.
struct Answer {
    status: &'static str,
    body: String,
}

impl Answer {
    fn bad(body: &str) -> Self {
        Self { status: "400 Bad Request", body: body.to_owned() }
    }
}

impl State {
    fn renew(&self, refresh: &str) -> Answer {
        let mut tokens = self.tokens.lock().unwrap();
        let Some((user, number)) = refresh.strip_prefix("refresh:").and_then(|rest| rest.rsplit_once(':'))
        else {
            return Answer::bad(r#"{"error":"invalid_request"}"#);
        };
        if tokens.refresh.get(user).is_none_or(|good| good != refresh) {
            return Answer::bad(r#"{"error":"invalid_grant","error_description":"revoked or used"}"#);
        }
        let next = format!("refresh:{user}:{}", number.parse::<u64>().unwrap() + 1);
        let access = format!("access:{user}:{number}");
        let end = self.clock.load(Ordering::SeqCst) + LIFE;
        tokens.refresh.insert(user.to_owned(), next.clone());
        tokens.access.insert(access.clone(), (user.to_owned(), end));
        tokens.renewals += 1;
        let answer = serde_json::json!({
            "access_token": access, "token_type": "Bearer", "expires_in": LIFE, "refresh_token": next,
        });
        Answer { status: "200 OK", body: answer.to_string() }
    }
}
