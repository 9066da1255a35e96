//! SCRAM-SHA-256 (RFC 5802, RFC 7677): the password never goes over the wire, and the server proves that it knows it.
//! No I/O here; the exchange is led by `sasl`.

use std::borrow::Cow;
use std::num::NonZeroU32;

use data_encoding::BASE64;
use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::values::Secret;

/// Fewest rounds (RFC 7677 section 4). With fewer, who pretends to be the server could find the password out from what we
/// send.
const MIN_ITERATIONS: u32 = 4_096;
/// Most rounds that a server may ask for: about a second of work. More is an attack on our processor.
const MAX_ITERATIONS: u32 = 2_000_000;
/// Longest salt in bytes, and longest message in characters; servers send some tens and some hundreds.
const MAX_SALT_BYTES: usize = 1_024;
const MAX_MESSAGE_BYTES: usize = 8_192;

/// The client's side, before the server has said anything.
pub(in crate::imap) struct ClientFirst {
    /// GS2 header: no channel binding, and the authorisation identity where it differs.
    header: String,
    bare: String,
    nonce: String,
}

/// Why a challenge is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::imap) enum Unanswerable {
    /// It makes no sense, or asks for too much.
    Senseless(&'static str),
    /// It asks for fewer rounds than the standard allows.
    TooFewRounds(u32),
}

/// A name or a password in the one form in which both sides compute with it (`SASLprep`, RFC 4013). `None` where it holds
/// characters that SCRAM does not allow.
pub(super) fn prepared(text: &str) -> Option<Cow<'_, str>> {
    stringprep::saslprep(text).ok().filter(|text| !text.is_empty())
}

/// What the server asks for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::imap) struct Challenge {
    nonce: String,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    text: String,
}

#[cfg(any(test, fuzzing))]
impl Challenge {
    /// How much work the server asks for.
    pub(in crate::imap) fn rounds(&self) -> u32 {
        self.iterations.get()
    }
}

/// The proof for the server, and what the server has to prove in turn.
pub(in crate::imap) struct Proof {
    pub(in crate::imap) message: Zeroizing<String>,
    server_key: hmac::Key,
    signed: String,
}

impl ClientFirst {
    /// `acts_as` is the mailbox where an admin signs in for it, else empty. `nonce` is random, printable, without commas.
    pub(in crate::imap) fn new(acts_as: &str, user: &str, nonce: &str) -> Self {
        let header = if acts_as.is_empty() { "n,,".to_owned() } else { format!("n,a={},", escaped(acts_as)) };
        Self { header, bare: format!("n={},r={nonce}", escaped(user)), nonce: nonce.to_owned() }
    }

    pub(in crate::imap) fn message(&self) -> String {
        format!("{}{}", self.header, self.bare)
    }

    /// Reads the server's first message.
    pub(in crate::imap) fn read(&self, message: &[u8]) -> Result<Challenge, Unanswerable> {
        let challenge = self.challenge(message).map_err(Unanswerable::Senseless)?;
        match challenge.iterations.get() {
            rounds if rounds < MIN_ITERATIONS => Err(Unanswerable::TooFewRounds(rounds)),
            _ => Ok(challenge),
        }
    }

    /// The same, whatever the iteration count.
    pub(in crate::imap) fn challenge(&self, message: &[u8]) -> Result<Challenge, &'static str> {
        let text = std::str::from_utf8(message)
            .ok()
            .filter(|text| text.len() <= MAX_MESSAGE_BYTES)
            .ok_or("its SCRAM message cannot be read")?;
        let mut fields = text.split(',');
        let mut field = |name: &str| fields.next().and_then(|field| field.strip_prefix(name));
        let nonce = field("r=").ok_or("its SCRAM message has no nonce")?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err("its SCRAM nonce does not continue ours");
        }
        let salt = field("s=").and_then(|salt| BASE64.decode(salt.as_bytes()).ok());
        let salt = salt
            .filter(|salt| !salt.is_empty() && salt.len() <= MAX_SALT_BYTES)
            .ok_or("its SCRAM salt is invalid")?;
        let iterations = field("i=").and_then(|digits| digits.parse::<u32>().ok()).and_then(NonZeroU32::new);
        let iterations = iterations.ok_or("its SCRAM iteration count is invalid")?;
        if iterations.get() > MAX_ITERATIONS {
            return Err("it asks for an implausible number of SCRAM rounds");
        }
        Ok(Challenge { nonce: nonce.to_owned(), salt, iterations, text: text.to_owned() })
    }

    /// Computes the proof. Takes up to a second of processor time, so not for an asynchronous task.
    /// The password is [`prepared`].
    pub(in crate::imap) fn prove(&self, challenge: &Challenge, password: &Secret) -> Proof {
        let mut salted = Zeroizing::new([0_u8; digest::SHA256_OUTPUT_LEN]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            challenge.iterations,
            &challenge.salt,
            password.expose().as_bytes(),
            &mut *salted,
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*salted);
        let client_key = hmac::sign(&key, b"Client Key");
        let server_key = hmac::sign(&key, b"Server Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let binding = BASE64.encode(self.header.as_bytes());
        let without_proof = format!("c={binding},r={}", challenge.nonce);
        let signed = format!("{},{},{without_proof}", self.bare, challenge.text);
        let stored_key = hmac::Key::new(hmac::HMAC_SHA256, stored_key.as_ref());
        let signature = hmac::sign(&stored_key, signed.as_bytes());
        let proof: Zeroizing<Vec<u8>> = Zeroizing::new(
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect(),
        );
        Proof {
            message: Zeroizing::new(format!("{without_proof},p={}", BASE64.encode(&proof))),
            server_key: hmac::Key::new(hmac::HMAC_SHA256, server_key.as_ref()),
            signed,
        }
    }
}

impl Proof {
    /// Whether the server's last message proves that it knows the password.
    pub(in crate::imap) fn is_answered_by(&self, message: &[u8]) -> bool {
        let verifier = message.split(|byte| *byte == b',').next().unwrap_or_default();
        let signature = verifier.strip_prefix(b"v=").and_then(|text| BASE64.decode(text).ok());
        signature.is_some_and(|signature| {
            hmac::verify(&self.server_key, self.signed.as_bytes(), &signature).is_ok()
        })
    }
}

/// RFC 5802 section 5.1: `=` and `,` would end the field.
fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &[u8] =
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let first = ClientFirst::new("", "user", NONCE);
        assert_eq!(first.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = first.read(SERVER_FIRST).unwrap();
        let proof = first.prove(&challenge, &Secret::new("pencil"));
        assert_eq!(
            proof.message.as_str(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(proof.is_answered_by(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        for wrong in [
            &b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="[..],
            b"v=",
            b"",
            b"e=invalid-proof",
            b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
        ] {
            assert!(!proof.is_answered_by(wrong));
        }
    }

    #[test]
    fn names_and_passwords_are_prepared_as_rfc_4013_shows() {
        for (typed, expected) in [
            ("pencil", Some("pencil")),
            ("I\u{ad}X", Some("IX")),
            ("USER", Some("USER")),
            ("\u{aa}", Some("a")),
            ("\u{2168}", Some("IX")),
            ("\u{7}", None),
            ("\u{627}\u{31}", None),
            ("\u{ad}", None),
            // One password, typed on two systems; a blank that is none.
            ("geh\u{eb}im", Some("geh\u{eb}im")),
            ("gehe\u{308}im", Some("geh\u{eb}im")),
            ("a\u{a0}b", Some("a b")),
        ] {
            assert_eq!(prepared(typed).as_deref(), expected, "{typed:?}");
        }
    }

    #[test]
    fn names_cannot_break_out_and_admins_are_named() {
        let first = ClientFirst::new("anna,b=c", "root", "x");
        assert_eq!(first.message(), "n,a=anna=2Cb=3Dc,n=root,r=x");
    }

    #[test]
    fn what_a_server_may_not_ask_is_refused() {
        let first = ClientFirst::new("", "user", NONCE);
        for (message, words) in [
            ("r=other,s=W22Z,i=4096", "continue ours"),
            ("r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", "continue ours"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096", "salt"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=0", "iteration count"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4000000000", "implausible number"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z", "iteration count"),
            ("m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=1", "nonce"),
        ] {
            let Unanswerable::Senseless(refused) = first.read(message.as_bytes()).unwrap_err() else {
                panic!("{message}")
            };
            assert!(refused.contains(words), "{message}: {refused}");
        }
        for rounds in [1, 2, 1_000, MIN_ITERATIONS - 1] {
            let message = format!("r={NONCE}x,s=W22Z,i={rounds}");
            assert_eq!(first.read(message.as_bytes()), Err(Unanswerable::TooFewRounds(rounds)));
        }
        assert!(first.read(format!("r={NONCE}x,s=W22Z,i={MIN_ITERATIONS}").as_bytes()).is_ok());
        assert!(first.read(&[0xff; 9]).is_err());
    }

    proptest::proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn any_message_is_read_or_refused(
            rest in proptest::prelude::any::<Vec<u8>>(),
            salt in "[A-Za-z0-9+/=]{0,12}",
            rounds in proptest::prelude::any::<u64>(),
        ) {
            let first = ClientFirst::new("", "user", NONCE);
            let _noise = first.read(&rest);
            let message = format!("r={NONCE}x,s={salt},i={rounds}");
            if let Ok(challenge) = first.read(message.as_bytes()) {
                let rounds = challenge.iterations.get();
                proptest::prop_assert!((MIN_ITERATIONS..=MAX_ITERATIONS).contains(&rounds));
                proptest::prop_assert!(!challenge.salt.is_empty());
            }
        }
    }
}
