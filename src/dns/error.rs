use std::io;

use thiserror::Error;

/// Why no resolver can be asked. Outcomes of single questions are no errors: see [`crate::values::Outcome`].
#[derive(Debug, Error)]
pub enum DnsError {
    /// The text is no `HOST:PORT`.
    #[error("“{0}” is not a resolver: write its address as in 192.0.2.53 or 192.0.2.53:5353")]
    BadAddress(String),
    /// The host name of the resolver leads to no address.
    #[error("the resolver “{host}” was not found: write its IP address instead of its name")]
    UnknownHost {
        /// As it was typed.
        host: String,
        /// What the system said; `None` where it found a name without addresses.
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
