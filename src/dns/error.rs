use std::io;

use thiserror::Error;

/// Why no resolver can be asked. The outcome of a single question is not an error: see [`crate::values::Outcome`].
#[derive(Debug, Error)]
pub enum DnsError {
    /// The text is not `HOST:PORT`.
    #[error("“{0}” is not a resolver: write its address as in 192.0.2.53 or 192.0.2.53:5353")]
    BadAddress(String),
    /// The host name of the resolver has no address.
    #[error("the resolver “{host}” was not found: write its IP address instead of its name")]
    UnknownHost {
        /// As it was typed.
        host: String,
        /// The system's error; `None` if the name exists without addresses.
        #[source]
        source: Option<io::Error>,
    },
    /// The system has no usable resolver settings.
    #[error(
        "this computer has no DNS resolver set up: connect it to a network, or name a resolver such as 192.0.2.53:53"
    )]
    NoSystemResolver(#[source] io::Error),
    /// The resolver does not answer at all.
    #[error(
        "the resolver {server} does not answer ({words}): check the network connection, or name another resolver"
    )]
    Dead {
        /// The resolver, in words.
        server: String,
        /// What happened.
        words: String,
    },
}
