//! Signed assertions that replace a password: for a Google service account (RFC 7523, RS256), and for a Microsoft
//! application with a certificate (PS256, `x5t#S256`). Pure except for the salt of the signature.

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::values::{GrantProblem, GrantTrouble, Secret, UnixTime};

/// How long an assertion is valid; both providers allow an hour at most.
const VALID: i64 = 600;
/// How far to date back, in case the clock is a little fast.
const BACKDATED: i64 = 30;

/// A signing key, with its certificate if there is one.
pub struct Signer {
    pair: KeyPair,
    /// SHA-256 of the certificate.
    thumbprint: Option<[u8; 32]>,
}

impl Signer {
    /// Reads a private key in PEM (PKCS #8 or PKCS #1), and the certificate if the same text contains one.
    pub fn from_pem(pem: &str) -> Result<Self, GrantProblem> {
        let unusable = |words: &str| GrantProblem::of(GrantTrouble::KeyFile, words);
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_never_shown| unusable("there is no private key in PEM form in it"))?;
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(unusable("the private key is not an RSA key")),
        };
        let pair =
            pair.map_err(|_never_shown| unusable("the private key is not an RSA key of 2048 bits or more"))?;
        let thumbprint = CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|der| {
            let digest = ring::digest::digest(&ring::digest::SHA256, &der);
            let mut thumbprint = [0; 32];
            thumbprint.copy_from_slice(digest.as_ref());
            thumbprint
        });
        Ok(Self { pair, thumbprint })
    }

    /// Whether there is a certificate beside the key.
    pub const fn has_certificate(&self) -> bool {
        self.thumbprint.is_some()
    }

    fn sign(
        &self,
        header: &Value,
        claims: &Value,
        encoding: &'static dyn RsaEncoding,
    ) -> Result<Secret, GrantProblem> {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_unspecified| GrantProblem::of(GrantTrouble::KeyFile, "the private key cannot sign"))?;
        let signed = Zeroizing::new(format!("{message}.{}", BASE64URL_NOPAD.encode(&signature)));
        Ok(Secret::new(signed.as_str()))
    }

    /// For a Google service account that acts for a user of the domain.
    pub fn for_google(&self, account: &GoogleClaims<'_>, now: UnixTime) -> Result<Secret, GrantProblem> {
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(id), Some(object)) = (account.key_id, header.as_object_mut()) {
            object.insert("kid".to_owned(), json!(id));
        }
        let claims = json!({
            "iss": account.account,
            "sub": account.user,
            "scope": account.scope,
            "aud": account.audience,
            "iat": now.0 - BACKDATED,
            "exp": now.0 - BACKDATED + VALID,
        });
        self.sign(&header, &claims, &RSA_PKCS1_SHA256)
    }

    /// For a Microsoft application, with a nonce.
    pub fn for_microsoft(
        &self,
        client: &str,
        audience: &str,
        once: &str,
        now: UnixTime,
    ) -> Result<Secret, GrantProblem> {
        let thumbprint = self.thumbprint.map(|print| BASE64URL_NOPAD.encode(&print)).unwrap_or_default();
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
        let claims = json!({
            "iss": client,
            "sub": client,
            "aud": audience,
            "jti": once,
            "nbf": now.0 - BACKDATED,
            "iat": now.0 - BACKDATED,
            "exp": now.0 - BACKDATED + VALID,
        });
        self.sign(&header, &claims, &RSA_PSS_SHA256)
    }
}

/// The claims of a service account.
pub struct GoogleClaims<'a> {
    /// Its address.
    pub account: &'a str,
    /// Which of its keys.
    pub key_id: Option<&'a str>,
    /// The mailbox.
    pub user: &'a str,
    /// The scope.
    pub scope: &'a str,
    /// The token endpoint.
    pub audience: &'a str,
}

#[cfg(test)]
mod tests {
    use ring::signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };

    use super::*;

    /// Made for this test, with `openssl req -x509 -newkey rsa:2048 -nodes`.
    const PEM: &str = include_str!("test_key.pem");

    fn claims_of(assertion: &Secret, algorithm: &'static dyn VerificationAlgorithm) -> (Value, Value) {
        let signer = Signer::from_pem(PEM).unwrap();
        let (message, signature) = assertion.expose().rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(algorithm, signer.pair.public().as_ref())
            .verify(message.as_bytes(), &signature)
            .unwrap();
        let read =
            |part: &str| serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        (read(header), read(claims))
    }

    #[test]
    fn assertions_are_signed_and_say_who_for_whom_and_how_long() {
        let signer = Signer::from_pem(PEM).unwrap();
        let now = UnixTime(1_800_000_000);
        let google = GoogleClaims {
            account: "mover@project.iam.gserviceaccount.com",
            key_id: Some("k1"),
            user: "anna@example.org",
            scope: "https://mail.google.com/",
            audience: "https://oauth2.googleapis.com/token",
        };
        let (header, claims) =
            claims_of(&signer.for_google(&google, now).unwrap(), &RSA_PKCS1_2048_8192_SHA256);
        assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &json!("k1")));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(google.account), &json!(google.user)));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now.0 - 30), &json!(now.0 + 570)));

        let made = signer.for_microsoft("client", "https://login.example/token", "n1", now).unwrap();
        let (header, claims) = claims_of(&made, &RSA_PSS_2048_8192_SHA256);
        let print = header["x5t#S256"].as_str().unwrap();
        assert!(header["alg"] == "PS256" && BASE64URL_NOPAD.decode(print.as_bytes()).unwrap().len() == 32);
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["jti"]),
            (&json!("client"), &json!("client"), &json!("n1"))
        );
        assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 3_600);
    }

    #[test]
    fn what_is_no_key_is_reported_without_showing_it() {
        for text in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let problem = Signer::from_pem(text).err().unwrap();
            assert_eq!(problem.trouble, GrantTrouble::KeyFile);
            assert!(!problem.to_string().contains("hunter2"));
        }
    }
}
