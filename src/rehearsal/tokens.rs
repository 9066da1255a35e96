//! The codes and tokens that the practice provider has given out. No wire: the sign-in fills it, and the practice IMAP server
//! asks it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::values::UnixTime;

/// How long a token says that it is good for, in seconds.
const TOKEN_SECS: u32 = 3_600;
/// How long a code may be typed, in seconds.
const CODE_SECS: u32 = 600;
/// Stands before the name of a user in what renews the tokens, which outlives the program with its rehearsal.
const REFRESH: &str = "practice-refresh-";
/// Requests without an answer that are remembered.
const MOST_OPEN: usize = 100;

/// A form as it came.
pub(super) type Form = HashMap<String, String>;

/// Codes and tokens. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct TokenBook(Arc<Mutex<Book>>);

#[derive(Debug)]
struct Book {
    /// Goes into every code and token, so that those of another start are unknown.
    seed: String,
    count: u64,
    codes: BTreeMap<String, Code>,
    /// Device codes: what the user types, and who did.
    devices: BTreeMap<String, (String, Option<String>)>,
    tokens: BTreeMap<String, Token>,
    /// Tokens that each user got.
    given: BTreeMap<String, u64>,
}

/// An authorisation code (RFC 6749 section 4.1.2).
#[derive(Debug)]
struct Code {
    user: String,
    redirect: String,
    /// SHA-256 of the verifier (RFC 7636 section 4.2).
    challenge: String,
}

#[derive(Debug)]
struct Token {
    user: String,
    /// Sign-ins that it is still good for; `None`: any number.
    left: Option<u32>,
}

impl TokenBook {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Book {
            seed: format!("{} {}", UnixTime::now().0, std::process::id()),
            count: 0,
            codes: BTreeMap::new(),
            devices: BTreeMap::new(),
            tokens: BTreeMap::new(),
            given: BTreeMap::new(),
        })))
    }

    /// What renews the tokens of a user.
    pub(super) fn refresh_of(user: &str) -> String {
        format!("{REFRESH}{}", user.to_ascii_lowercase())
    }

    /// Tokens that a user got so far.
    pub(super) fn given(&self, user: &str) -> u64 {
        self.with(|book| book.given.get(&user.to_ascii_lowercase()).copied().unwrap_or(0))
    }

    /// Whether a token opens the mailbox of this user now.
    pub(super) fn opens(&self, token: &str, user: &str) -> bool {
        self.with(|book| {
            let known = book.tokens.get_mut(token).filter(|known| known.user.eq_ignore_ascii_case(user));
            match known.map(|known| &mut known.left) {
                None | Some(Some(0)) => false,
                Some(None) => true,
                Some(Some(left)) => {
                    *left -= 1;
                    true
                }
            }
        })
    }

    /// “Allow” was pressed: where the browser goes then. `None` for what is no request of a program on this computer.
    pub(super) fn allow(&self, form: &Form) -> Option<String> {
        let text = |name: &str| form.get(name).cloned();
        let redirect = text("redirect_uri")?;
        let mut back = Url::parse(&redirect).ok()?;
        let is_here = back.scheme() == "http" && matches!(back.host_str(), Some("127.0.0.1" | "localhost"));
        if !is_here || text("response_type")? != "code" || text("code_challenge_method")? != "S256" {
            return None;
        }
        let entry = Code {
            user: text("login_hint")?.to_ascii_lowercase(),
            redirect,
            challenge: text("code_challenge")?,
        };
        let code = self.with(|book| {
            let code = book.next("code");
            book.codes.insert(code.clone(), entry);
            while book.codes.len() > MOST_OPEN {
                book.codes.pop_first();
            }
            code
        });
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &text("state")?);
        Some(back.to_string())
    }

    /// A code to be typed (RFC 8628 section 3.2).
    pub(super) fn device(&self, page: &str) -> Value {
        self.with(|book| {
            let device = book.next("device");
            let typed = book.next("typed").chars().rev().take(8).collect::<String>().to_ascii_uppercase();
            book.devices.insert(device.clone(), (typed.clone(), None));
            while book.devices.len() > MOST_OPEN {
                book.devices.pop_first();
            }
            json!({
                "device_code": device, "user_code": typed, "verification_uri": page,
                "expires_in": CODE_SECS, "interval": 1,
            })
        })
    }

    /// A user has typed a code.
    pub(super) fn allow_code(&self, form: &Form) -> bool {
        let (Some(typed), Some(user)) = (form.get("user_code"), form.get("user")) else { return false };
        self.with(|book| {
            let found = book.devices.values_mut().find(|(code, _)| code == typed);
            found.is_some_and(|(_, known)| {
                *known = Some(user.to_ascii_lowercase());
                true
            })
        })
    }

    /// The token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 8628 section 3.4).
    pub(super) fn token(&self, form: &Form) -> Result<Value, &'static str> {
        let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        self.with(|book| {
            let user = match text("grant_type") {
                "authorization_code" => {
                    let code = book.codes.remove(text("code")).ok_or("invalid_grant")?;
                    let proof = BASE64URL_NOPAD.encode(&Sha256::digest(text("code_verifier").as_bytes()));
                    if proof != code.challenge || text("redirect_uri") != code.redirect {
                        return Err("invalid_grant");
                    }
                    code.user
                }
                "urn:ietf:params:oauth:grant-type:device_code" => {
                    let (_, user) = book.devices.get(text("device_code")).ok_or("invalid_grant")?;
                    let user = user.clone().ok_or("authorization_pending")?;
                    book.devices.remove(text("device_code"));
                    user
                }
                "refresh_token" => {
                    text("refresh_token").strip_prefix(REFRESH).ok_or("invalid_grant")?.to_owned()
                }
                _ => return Err("unsupported_grant_type"),
            };
            Ok(book.give(user))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Book) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Book {
    fn next(&mut self, kind: &str) -> String {
        self.count += 1;
        let digest = Sha256::digest(format!("{kind} {} {}", self.count, self.seed).as_bytes());
        format!(
            "{kind}-{:06}-{}",
            self.count,
            HEXLOWER.encode(digest.as_slice().get(..16).unwrap_or_default())
        )
    }

    /// Another token for a user; the one before ends.
    fn give(&mut self, user: String) -> Value {
        self.tokens.retain(|_, known| known.user != user);
        let given = self.given.entry(user.clone()).or_insert(0);
        *given += 1;
        let left = (*given == 1).then_some(1);
        let token = self.next("token");
        let refresh = TokenBook::refresh_of(&user);
        self.tokens.insert(token.clone(), Token { user, left });
        json!({
            "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECS, "refresh_token": refresh,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn token(given: &Value) -> &str {
        given["access_token"].as_str().unwrap()
    }

    #[test]
    fn a_code_is_good_once_and_only_with_its_verifier() {
        let book = TokenBook::new();
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(b"verifier"));
        let asked = [
            ("response_type", "code"),
            ("redirect_uri", "http://127.0.0.1:4711"),
            ("state", "s"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("login_hint", "Lena@a.example"),
        ];
        let code = || {
            let back = Url::parse(&book.allow(&form(&asked)).unwrap()).unwrap();
            assert_eq!(back.query_pairs().find(|(name, _)| name == "state").unwrap().1, "s");
            back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
        };
        let exchange = |code: &str, verifier: &str| {
            book.token(&form(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", verifier),
                ("redirect_uri", "http://127.0.0.1:4711"),
            ]))
        };
        let first = code();
        assert!(exchange(&first, "verifier").is_ok());
        assert_eq!(exchange(&first, "verifier"), Err("invalid_grant"));
        assert_eq!(exchange(&code(), "another one"), Err("invalid_grant"));
        for (name, wrong) in [("redirect_uri", "http://evil.example/"), ("response_type", "token")] {
            let mut asked = form(&asked);
            asked.insert(name.to_owned(), wrong.to_owned());
            assert_eq!(book.allow(&asked), None, "{name}");
        }
    }

    #[test]
    fn the_first_token_ends_after_one_sign_in_and_the_next_one_does_not() {
        let book = TokenBook::new();
        let device = book.device("http://127.0.0.1:1/code");
        let asked = form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device["device_code"].as_str().unwrap()),
        ]);
        assert_eq!(book.token(&asked), Err("authorization_pending"));
        assert!(!book.allow_code(&form(&[("user_code", "wrong"), ("user", "lena@a.example")])));
        let typed = device["user_code"].as_str().unwrap();
        assert!(book.allow_code(&form(&[("user_code", typed), ("user", "lena@a.example")])));
        let first = book.token(&asked).unwrap();
        assert!(!book.opens(token(&first), "anna@a.example"));
        assert!(book.opens(token(&first), "LENA@a.example"));
        assert!(!book.opens(token(&first), "lena@a.example"), "it has ended");
        let renew = form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", first["refresh_token"].as_str().unwrap()),
        ]);
        let second = book.token(&renew).unwrap();
        assert!(book.opens(token(&second), "lena@a.example") && book.opens(token(&second), "lena@a.example"));
        assert_eq!(book.given("lena@a.example"), 2);
        assert_eq!(
            book.token(&form(&[("grant_type", "refresh_token"), ("refresh_token", "x")])),
            Err("invalid_grant")
        );
    }
}
