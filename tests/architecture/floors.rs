/// The table of floors, from the ground up.
const FLOORS: &[Floor] = &[
    Floor { room: "values", rooms: &[], crates: &["idna", "ipnet", "zeroize"] },
    Floor { room: "audit", rooms: &["values"], crates: &["ipnet", "pkcs1", "spki", "data_encoding", "serde_json", "toml", "percent_encoding", "tracing"] },
    Floor { room: "providers", rooms: &["values"], crates: &["data_encoding", "ipnet", "toml"] },
    Floor { room: "records", rooms: &["values", "audit", "providers"], crates: &["ipnet"] },
    Floor {
        room: "plan",
        rooms: &["values"],
        crates: &["csv", "sha2", "toml", "data_encoding", "icu_normalizer", "jiff", "mail_parser"],
    },
    Floor {
        room: "report",
        rooms: &["values", "audit", "providers", "records", "plan"],
        crates: &["askama", "jiff", "serde_json"],
    },
    Floor { room: "dns", rooms: &["values"], crates: &["hickory_proto", "hickory_resolver", "tokio", "futures", "tracing"] },
    Floor { room: "web", rooms: &["values"], crates: &["reqwest", "rustls", "rustls_platform_verifier", "tokio", "url", "futures", "tracing"] },
    Floor {
        room: "net",
        rooms: &["values"],
        crates: &[
            "futures", "rustls", "rustls_platform_verifier", "sha2", "socket2", "tokio", "tokio_rustls", "tracing", "x509_parser",
        ],
    },
    Floor {
        room: "imap",
        rooms: &["values", "net"],
        crates: &[
            "async_imap", "data_encoding", "flate2", "futures", "memchr", "ring", "rustls", "sha2", "tempfile", "tokio",
            "tokio_rustls", "tokio_util", "tracing", "zeroize",
        ],
    },
    Floor {
        room: "project",
        rooms: &["values", "audit", "providers", "records", "plan"],
        crates: &["rusqlite", "rustix", "serde_json", "tempfile", "tracing"],
    },
    Floor { room: "secrets", rooms: &["values", "plan"], crates: &["apple_native_keyring_store", "keyring_core", "tokio", "tracing", "windows_native_keyring_store", "zbus_secret_service_keyring_store"] },
    Floor {
        room: "survey",
        rooms: &["values", "audit", "dns", "web", "providers", "records"],
        crates: &["futures", "ipnet", "roxmltree", "tokio", "tokio_util", "tracing", "toml"],
    },
    Floor {
        room: "transfer",
        rooms: &["values", "plan", "net", "imap", "project"],
        crates: &["futures", "sha2", "tempfile", "tokio", "tokio_util", "tracing"],
    },
    Floor {
        room: "rehearsal",
        rooms: &["values", "dns", "imap"],
        crates: &[
            "data_encoding", "futures", "hickory_proto", "hickory_resolver", "hickory_server", "imap_codec",
            "jiff", "memchr", "rustix", "serde_json", "tempfile", "tokio", "tokio_util", "tracing",
        ],
    },
    Floor {
        room: "engine",
        rooms: &[
            "values", "audit", "providers", "records", "plan", "report", "dns", "web", "net", "imap", "project", "secrets",
            "survey", "transfer", "rehearsal",
        ],
        crates: &["futures", "jiff", "rustix", "serde_json", "tempfile", "tokio", "tokio_util", "tracing", "tracing_subscriber"],
    },
    Floor {
        room: "cli",
        rooms: &["values", "audit", "providers", "records", "plan", "report", "engine"],
        crates: &["clap", "indicatif", "percent_encoding", "serde_json", "tempfile", "tracing", "tracing_subscriber", "url"],
    },
    Floor {
        room: "ui",
        rooms: &["values", "audit", "providers", "records", "plan", "engine"],
        crates: &["eframe", "egui", "egui_extras", "jiff", "rfd", "serde_json", "tracing", "unicode_script", "zbus", "zeroize"],
    },
];
