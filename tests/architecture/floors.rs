//! What each room may use, from the ground up. A permission that is not needed fails the test, as a lack of one does.

use super::circles::Arrow;

/// What a room may use: other rooms, and outside crates beyond those that every room has.
pub struct Floor {
    /// Its folder in `src`.
    pub room: &'static str,
    /// Rooms of ours.
    pub rooms: &'static [&'static str],
    /// Crates of others.
    pub crates: &'static [&'static str],
}

/// An arrow between two folders of a room that closes a circle, and why it is there. Others get none.
pub struct Known {
    room: &'static str,
    from: &'static str,
    to: &'static str,
    /// Why, in a main clause.
    pub reason: &'static str,
}

impl Known {
    /// The arrow itself.
    pub fn arrow(&self) -> Arrow {
        Arrow { room: self.room.to_owned(), from: self.from.to_owned(), to: self.to.to_owned() }
    }
}

/// Crates that carry no I/O and are free for every room.
pub const COMMON: &[&str] = &["serde", "thiserror"];

/// Rooms that must stay pure: no clock, no files, no sockets, no environment, no threads.
pub const PURE: &[&str] =
    &["values", "assets", "audit", "providers", "records", "message", "accounts", "plan", "report"];

/// Circles of today. The list only ever becomes shorter.
pub const KNOWN_CIRCLES: &[Known] = &[];

/// The table of floors.
pub const FLOORS: &[Floor] = &[
    Floor { room: "values", rooms: &[], crates: &["idna", "zeroize"] },
    Floor { room: "assets", rooms: &["values"], crates: &["regex", "serde_json", "toml"] },
    Floor {
        room: "audit",
        rooms: &["values", "assets", "message"],
        crates: &[
            "data_encoding",
            "ipnet",
            "jiff",
            "mail_parser",
            "memchr",
            "pkcs1",
            "psl",
            "ring",
            "roxmltree",
            "serde_json",
            "spki",
            "x509_parser",
        ],
    },
    Floor { room: "providers", rooms: &["values"], crates: &["data_encoding", "ipnet", "toml"] },
    Floor { room: "records", rooms: &["values", "audit", "providers"], crates: &["ipnet", "serde_json"] },
    Floor { room: "message", rooms: &["assets"], crates: &["sha2", "data_encoding", "mail_parser"] },
    Floor { room: "accounts", rooms: &["values"], crates: &["csv", "data_encoding", "serde_json"] },
    Floor {
        room: "plan",
        rooms: &["assets", "values", "message"],
        crates: &["csv", "sha2", "data_encoding", "icu_normalizer", "jiff"],
    },
    Floor {
        room: "report",
        rooms: &["values", "accounts", "audit", "records", "plan"],
        crates: &["askama", "jiff", "serde_json"],
    },
    Floor {
        room: "dns",
        rooms: &["values"],
        crates: &["data_encoding", "hickory_proto", "hickory_resolver", "tokio", "tracing"],
    },
    Floor {
        room: "web",
        rooms: &["values"],
        crates: &["reqwest", "rustls", "rustls_platform_verifier", "tokio", "url"],
    },
    Floor {
        room: "net",
        rooms: &["values"],
        crates: &[
            "futures",
            "rustls",
            "rustls_platform_verifier",
            "sha2",
            "socket2",
            "tokio",
            "tokio_rustls",
            "tracing",
            "x509_parser",
        ],
    },
    Floor {
        room: "imap",
        rooms: &["values", "net"],
        crates: &[
            "async_imap",
            "data_encoding",
            "flate2",
            "memchr",
            "ring",
            "rustls",
            "stringprep",
            "tempfile",
            "tokio",
            "tokio_rustls",
            "tokio_util",
            "tracing",
            "zeroize",
        ],
    },
    Floor { room: "smtp", rooms: &["values", "net"], crates: &["data_encoding", "tokio"] },
    Floor {
        room: "project",
        rooms: &["values", "accounts", "audit", "providers", "records", "message", "plan"],
        crates: &["rusqlite", "rustix", "serde_json", "tempfile", "tracing"],
    },
    Floor {
        room: "secrets",
        rooms: &["values"],
        crates: &[
            "apple_native_keyring_store",
            "keyring",
            "tokio",
            "tracing",
            "windows_native_keyring_store",
            "zbus_secret_service_keyring_store",
            "zeroize",
        ],
    },
    Floor {
        room: "signin",
        rooms: &["values", "assets", "web", "imap", "secrets"],
        crates: &[
            "data_encoding",
            "futures",
            "oauth2",
            "ring",
            "rustls",
            "serde_json",
            "tokio",
            "tracing",
            "url",
            "zeroize",
        ],
    },
    Floor {
        room: "survey",
        rooms: &["values", "audit", "message", "dns", "web", "imap", "smtp", "providers", "records"],
        crates: &[
            "flate2",
            "futures",
            "jiff",
            "lzma_rust2",
            "memchr",
            "roxmltree",
            "ruzstd",
            "tokio",
            "tokio_util",
            "tracing",
            "zip",
        ],
    },
    Floor {
        room: "transfer",
        rooms: &["values", "message", "plan", "net", "imap", "project"],
        crates: &["futures", "sha2", "tempfile", "tokio", "tokio_util", "tracing"],
    },
    Floor { room: "cutover", rooms: &["values", "audit", "dns", "records"], crates: &["futures", "tokio"] },
    Floor {
        room: "rehearsal",
        rooms: &["values"],
        crates: &[
            "data_encoding",
            "futures",
            "hickory_proto",
            "imap_codec",
            "memchr",
            "rcgen",
            "rustix",
            "rustls",
            "serde_json",
            "sha2",
            "tokio",
            "tokio_rustls",
            "tokio_util",
            "tracing",
            "url",
        ],
    },
    Floor {
        room: "engine",
        rooms: &[
            "values",
            "assets",
            "accounts",
            "audit",
            "providers",
            "records",
            "message",
            "plan",
            "report",
            "dns",
            "web",
            "net",
            "imap",
            "smtp",
            "project",
            "secrets",
            "signin",
            "survey",
            "transfer",
            "cutover",
            "rehearsal",
        ],
        crates: &[
            "futures",
            "jiff",
            "ring",
            "rustix",
            "serde_json",
            "tempfile",
            "tokio",
            "tokio_util",
            "tracing",
            "tracing_subscriber",
        ],
    },
    Floor {
        room: "cli",
        rooms: &[
            "values",
            "accounts",
            "audit",
            "providers",
            "records",
            "plan",
            "report",
            "cutover",
            "engine",
        ],
        crates: &[
            "clap",
            "indicatif",
            "percent_encoding",
            "serde_json",
            "tempfile",
            "tracing_subscriber",
            "url",
        ],
    },
    Floor {
        room: "ui",
        rooms: &[
            "values",
            "accounts",
            "audit",
            "providers",
            "records",
            "message",
            "plan",
            "cutover",
            "engine",
        ],
        crates: &[
            "eframe",
            "egui",
            "egui_commonmark",
            "egui_extras",
            "interprocess",
            "jiff",
            "rfd",
            "serde_json",
            "sha2",
            "tracing",
            "unicode_script",
            "zbus",
            "zeroize",
        ],
    },
];
