//! What a project has this computer do: whom it asks, what it runs and reads, and where it sends what it has.
//! A file that somebody else has made or changed has no right to any of it before its owner has agreed.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::values::Side;
use crate::values::{Credential, DomainName, Endpoint, Fingerprint, Mechanism, Security, SignInWay};

/// One thing that a project reaches out for, exactly: any other host, user, command or file is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Questions about this domain, to the DNS and to its web servers.
    Domain(DomainName),
    /// Questions to this resolver in place of the system's.
    Resolver(String),
    /// A certificate without a known authority is trusted for this server.
    Certificate {
        /// Host of the server.
        host: String,
        /// Its port.
        port: u16,
        /// The certificate.
        fingerprint: Fingerprint,
    },
    /// Mail is read from this server, or written to it.
    Server {
        /// Which of the two.
        side: Side,
        /// The server.
        server: Endpoint,
    },
    /// A sign-in, with what it takes to make one.
    SignIn {
        /// Where mail is read or written.
        side: Side,
        /// The server; `None` where none is chosen.
        server: Option<Endpoint>,
        /// The user.
        user: String,
        /// What proves it: a password, a command that is run, a file that is read.
        way: SignInWay,
    },
}

impl Reach {
    /// A unique digest that does not reveal its content: hexadecimal digits of a SHA-256.
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.parts() {
            // With its length, so that no two lists of parts run together into one text.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut digits = HEXLOWER.encode(&hash.finalize());
        digits.truncate(40);
        digits
    }

    fn parts(&self) -> Vec<String> {
        match self {
            Self::Domain(domain) => vec!["domain".to_owned(), domain.as_ascii().to_owned()],
            Self::Resolver(address) => vec!["resolver".to_owned(), address.clone()],
            Self::Certificate { host, port, fingerprint } => {
                vec!["certificate".to_owned(), host.clone(), port.to_string(), fingerprint.to_string()]
            }
            Self::Server { side, server } => {
                let mut parts = vec!["server".to_owned(), side.to_string()];
                parts.extend(server_parts(server));
                parts
            }
            Self::SignIn { side, server, user, way } => {
                let mut parts = vec!["sign-in".to_owned(), side.to_string(), user.clone()];
                parts.extend(server.iter().flat_map(server_parts));
                // What follows is told from a server by its number of parts.
                parts.push(String::new());
                parts.extend(way_parts(way));
                parts
            }
        }
    }
}

fn server_parts(server: &Endpoint) -> [String; 3] {
    let security = match server.security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::Clear => "clear",
    };
    [server.host.clone(), server.port.to_string(), security.to_owned()]
}

fn way_parts(way: &SignInWay) -> Vec<String> {
    let mut parts = vec![way.mechanism.map_or("any", Mechanism::name).to_owned()];
    let more: Vec<String> = match &way.credential {
        Credential::Password => vec!["password".to_owned()],
        Credential::Admin(admin) => vec!["admin".to_owned(), admin.clone()],
        Credential::AdminByName { admin, form } => {
            vec!["admin by name".to_owned(), admin.clone(), form.fill("user", "admin")]
        }
        Credential::TokenFile(path) => vec!["token file".to_owned(), path.display().to_string()],
        Credential::TokenCommand(line) => vec!["token command".to_owned(), line.as_str().to_owned()],
        Credential::SignedIn(provider) => vec!["signed in".to_owned(), provider.to_string()],
        Credential::KeyFile(path) => vec!["key file".to_owned(), path.display().to_string()],
    };
    parts.extend(more);
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::values::CommandLine;

    #[test]
    fn whatever_differs_is_another_thing() {
        let server = |text: &str| Some(Endpoint::parse(text).unwrap());
        let sign_in = |server, user: &str, way: SignInWay| Reach::SignIn {
            side: Side::Source,
            server,
            user: user.to_owned(),
            way,
        };
        let command =
            |text: &str| SignInWay::with(Credential::TokenCommand(CommandLine::parse(text).unwrap()));
        let password = SignInWay::default;
        let mut other_side = sign_in(server("a.example"), "anna", password());
        if let Reach::SignIn { side, .. } = &mut other_side {
            *side = Side::Destination;
        }
        let all = [
            other_side,
            sign_in(None, "anna", password()),
            sign_in(server("a.example"), "anna", password()),
            sign_in(server("a.example:1993"), "anna", password()),
            sign_in(server("a.example:143"), "anna", password()),
            sign_in(server("b.example"), "anna", password()),
            sign_in(server("a.example"), "ben", password()),
            sign_in(server("a.example"), "anna", command("token anna")),
            sign_in(server("a.example"), "anna", command("token ben")),
            sign_in(server("a.example"), "anna", SignInWay::with(Credential::TokenFile("token anna".into()))),
            sign_in(server("a.example"), "anna", SignInWay::with(Credential::Admin("root".to_owned()))),
            sign_in(
                server("a.example"),
                "anna",
                SignInWay { mechanism: Some(Mechanism::Plain), ..SignInWay::default() },
            ),
            Reach::Server { side: Side::Source, server: Endpoint::parse("a.example").unwrap() },
            Reach::Server { side: Side::Destination, server: Endpoint::parse("a.example").unwrap() },
            Reach::Domain(DomainName::parse("a.example").unwrap()),
            Reach::Resolver("a.example".to_owned()),
            Reach::Certificate { host: "a.example".to_owned(), port: 993, fingerprint: Fingerprint([1; 32]) },
            Reach::Certificate { host: "a.example".to_owned(), port: 993, fingerprint: Fingerprint([2; 32]) },
        ];
        let keys: BTreeSet<String> = all.iter().map(Reach::key).collect();
        assert_eq!(keys.len(), all.len());
        assert_eq!(all[1].key(), all[1].clone().key());
    }
}
