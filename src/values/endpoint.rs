use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::DomainName;

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// TLS from the first byte (RFC 8314), port 993 for IMAP.
    Tls,
    /// Clear text upgraded with STARTTLS before anything else, port 143 for IMAP; never falls back.
    StartTls,
    /// No protection. Accepted only for loopback addresses.
    Clear,
}

/// A server to connect to: host name or address, port and protection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name as A-labels, `localhost`, or an IP address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
}

/// Why a text does not name a server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EndpointError {
    /// The host is neither a domain name nor an IP address.
    #[error("“{0}” is not a server: write a host name such as mail.example.org, with :PORT if it is not 993")]
    BadHost(String),
    /// The port is not a number from 1 to 65535.
    #[error("“{0}” is not a port: use a number from 1 to 65535")]
    BadPort(String),
    /// Clear text was asked for a server that is not on this computer.
    #[error("the connection to {0} would be unencrypted: use TLS (port 993) or STARTTLS (port 143)")]
    ClearText(String),
}

impl Endpoint {
    /// Reads `host` or `host:port` or `[v6]:port`. Port 143 means STARTTLS, everything else TLS.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let (host, port) = split_port(text);
        let port = match port {
            None => 993,
            Some(port) => port
                .parse::<u16>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| EndpointError::BadPort(port.to_owned()))?,
        };
        let security = if port == 143 { Security::StartTls } else { Security::Tls };
        Self::new(host, port, security)
    }

    /// Checks the host and the rule that clear text stays on this computer.
    pub fn new(host: &str, port: u16, security: Security) -> Result<Self, EndpointError> {
        let host = if host.eq_ignore_ascii_case("localhost") {
            "localhost".to_owned()
        } else if let Ok(address) = host.parse::<IpAddr>() {
            address.to_string()
        } else {
            DomainName::parse(host)
                .map_err(|_error| EndpointError::BadHost(host.to_owned()))?
                .as_ascii()
                .to_owned()
        };
        let endpoint = Self { host, port, security };
        if security == Security::Clear && !endpoint.is_loopback() {
            return Err(EndpointError::ClearText(endpoint.to_string()));
        }
        Ok(endpoint)
    }

    /// Whether the server is on this computer.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    match text.rsplit_once(':') {
        // More than one colon without brackets is a bare IPv6 address.
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (text, None),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_with_and_without_a_port() {
        for (text, shown, security) in [
            ("mail.example.org", "mail.example.org:993", Security::Tls),
            ("Mail.Example.org:143", "mail.example.org:143", Security::StartTls),
            ("[2001:db8::1]:10993", "[2001:db8::1]:10993", Security::Tls),
            ("2001:db8::1", "[2001:db8::1]:993", Security::Tls),
            ("localhost:2993", "localhost:2993", Security::Tls),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.to_string().as_str(), endpoint.security), (shown, security));
        }
    }

    #[test]
    fn clear_text_never_leaves_this_computer() {
        assert!(Endpoint::new("127.0.0.1", 1143, Security::Clear).is_ok());
        assert!(matches!(
            Endpoint::new("mail.example.org", 143, Security::Clear),
            Err(EndpointError::ClearText(_))
        ));
        assert_eq!(Endpoint::parse("a.example:0"), Err(EndpointError::BadPort("0".to_owned())));
        assert_eq!(Endpoint::parse("no host"), Err(EndpointError::BadHost("no host".to_owned())));
    }
}
