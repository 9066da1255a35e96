use super::*;

/// Whether a text is found wrong, in which line, and with which words.
fn error(path: &str, text: &str) -> String {
    check(path, text.as_bytes()).unwrap_err().to_string()
}

/// A whole entry of each kind, from which the wrong ones below are made.
const LIST: &str = r#"[[list]]
id = "one"
name = "One"
operator = "one"
kind = "block"
zone = "bl.example.org"
judges = "address"
impact = "high"
has_ipv4 = true
has_ipv6 = true
asked = "always"
neighbours = true
lookup = "https://example.org/"
removal = "form"
use_terms = "Free."
confidence = "documented"
source = "https://example.org/terms"
date = "2026-11-23"
codes = [
    { code = "127.0.0.2", words = "seen sending spam" },
    { code = "127.0.0.4", words = "seen attacking" },
]

[[dead]]
zone = "dead.example.org"
why = "closed"
source = "https://example.org/dead"
date = "2026-11-23"
"#;
const RDAP: &str = r#"{
  "description": "RDAP bootstrap file",
  "publication": "2025-11-06T23:00:01Z",
  "services": [
    [["org"], ["https://rdap.example/"]]
  ],
  "version": "1.0"
}
"#;
const SIGN_IN: &str = r#"schema = 1

[[provider]]
id = "own"
name = "Own"
hosts = ["imap.own.example"]
authorization = "https://own.example/auth"
token = "https://own.example/token"
scopes = ["mail"]
redirect_host = "127.0.0.1"
needs_client_secret = false
steps = [{ text = "Open the console.", link = "https://own.example/console" }]
source = "a page"
date = "2026-11-28"
"#;
const SIGN_IN_ERRORS: &str = r#"schema = 1

[[source]]
name = "RFC 6749"
date = "2026-11-28"
errors = [
    { code = "invalid_grant", words = "short-lived", means = "clock" },
    { code = "invalid_grant", means = "ended" },
]
"#;
const WORDS: &str = r#"source = "collected by hand"
date = "2026-11-23"

[words.en]
sent = ["Sent"]
trash = ["Bin"]
"#;
const NONMAIL: &str = r#"source = "collected by hand"
date = "2026-11-26"

[words]
en = ["Calendar"]
"#;
const REFUSAL: &str = r#"[[refusal]]
codes = ["TOOBIG"]
words = ["message too"]
means = "size"
source = "RFC 7889 section 4"
date = "2026-11-24"
"#;
const RESOLVER: &str = r#"[[resolver]]
operator = "Cloudflare"
address = "1.1.1.1"
source = "its own page"
date = "2026-11-29"
"#;
const SELECTOR: &str = r#"source = "RFC 6376"
date = "2026-11-23"

[[selector]]
name = "default"
"#;
const TEST_KEY: &str = r#"source = "RFC 6376"
date = "2026-11-29"

[[key]]
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
printed_in = "RFC 6376, appendix C"
"#;
const HABITS: &str = r#"schema = 1

[[server]]
hosts = ["gmx.net"]
deepest_level = 3
folder_counts = [20]
source = "GMX, by contract"
date = "2026-09-30"
"#;
const ZONE: &str = "$ORIGIN example.org.\n@ 300 IN SOA ns1 host 1 2 3 4 5\n";

#[test]
fn whole_files_of_each_kind_are_taken() {
    for (path, text) in [
        ("dkim_test_keys.toml", TEST_KEY),
        ("dns_lists.toml", LIST),
        ("rdap/dns.json", RDAP),
        ("folder_words.toml", WORDS),
        ("nonmail_folders.toml", NONMAIL),
        ("public_resolvers.toml", RESOLVER),
        ("refusals.toml", REFUSAL),
        ("selectors.toml", SELECTOR),
        ("server_habits.toml", HABITS),
        ("sign_in.toml", SIGN_IN),
        ("rehearsal/identity.toml", SIGN_IN),
        ("sign_in_errors.toml", SIGN_IN_ERRORS),
        ("rehearsal/example.zone", ZONE),
        ("rehearsal/seen.json", "{ \"a\": 1 }\n"),
        ("icons/tick.svg", "<svg viewBox=\"0 0 1 1\"></svg>\n"),
        ("report/style.css", "p { margin: 0 }\n"),
    ] {
        check(path, text.as_bytes()).unwrap();
    }
    check("fonts/a.ttf", b"\x00\x01\x00\x00rest").unwrap();
    check("screenshots/a.png", b"\x89PNG\r\n\x1a\nrest").unwrap();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_wrong_file_of_each_kind_is_reported_with_its_line_and_the_way_out() {
    type Case<'a> = (&'static str, &'a str, &'static str, &'static str, &'static [&'static str]);
    let bits = LIST.replacen("neighbours = true", "neighbours = true\nreading = \"bits\"", 1);
    let cases: &[Case<'_>] = &[
        ("dns_lists.toml", LIST, "has_ipv6 = true", "has_ipv6 = true\nspeed = 3", &[":11:", "speed"]),
        (
            "dns_lists.toml",
            LIST,
            "date = \"2026-11-23\"",
            "date = \"2026-11-31\"",
            &[":18:", "2026-11-31", "such as 2026-11-28"],
        ),
        ("dns_lists.toml", LIST, "date = \"2026-11-23\"", "", &["date"]),
        ("dns_lists.toml", LIST, "https://example.org/terms", " ", &[":17:", "source is empty"]),
        ("dns_lists.toml", LIST, "https://example.org/dead", " ", &[":27:", "source is empty"]),
        (
            "dns_lists.toml",
            LIST,
            "bl.example.org",
            "bl.example.org.",
            &[":1:", "not a zone", "without a trailing dot"],
        ),
        ("dkim_test_keys.toml", TEST_KEY, "cdef\"", "cdeX\"", &[":4:", "no SHA-256"]),
        ("dkim_test_keys.toml", TEST_KEY, "RFC 6376, appendix C", " ", &["nothing says where"]),
        ("dns_lists.toml", LIST, "bl.example.org", "bl.dead.example.org", &[":1:", "dead", "one of the two"]),
        ("dns_lists.toml", LIST, "127.0.0.2", "128.0.0.2", &["128.0.0.2", "127.0.0.0/8"]),
        ("dns_lists.toml", LIST, "127.0.0.2", "127.0.0.256", &["127.0.0.256"]),
        ("dns_lists.toml", LIST, "127.0.0.2", "127.0.0.4", &["127.0.0.4 has two meanings"]),
        ("dns_lists.toml", &bits, "127.0.0.2", "127.0.0.3", &["127.0.0.3 is not one bit"]),
        ("dns_lists.toml", LIST, "\"high\"", "\"highest\"", &[":8:", "highest"]),
        ("dns_lists.toml", LIST, "\"documented\"", "\"unconfirmed\"", &["unconfirmed and yet asked"]),
        ("dns_lists.toml", LIST, "judges = \"address\"", "judges = \"domain\"", &["domains or addresses"]),
        (
            "dns_lists.toml",
            LIST,
            "neighbours = true",
            "neighbours = true\nlisted = \"a.example\"",
            &["test domains"],
        ),
        ("dns_lists.toml", LIST, "kind = \"block\"", "kind = \"allow\"", &["about neighbours"]),
        ("dns_lists.toml", LIST, "\"Free.\"", "\" \"", &["terms of “one” are empty"]),
        ("dns_lists.toml", LIST, "id = \"one\"", "id = \"One\"", &["no name for findings"]),
        ("dns_lists.toml", LIST, "https://example.org/\"", "http://example.org/\"", &["not a page"]),
        ("rdap/dns.json", RDAP, "\"1.0\"", "\"2.0\"", &["version is 2.0", "IANA"]),
        ("rdap/ipv4.json", RDAP, "2025-11-06", "06.11.2025", &["not a date"]),
        ("rdap/ipv6.json", RDAP, "[\"https://rdap.example/\"]", "[]", &["has no server"]),
        ("rdap/dns.json", RDAP, "\"services\"", "\"service\"", &[":4:", "service"]),
        ("folder_words.toml", WORDS, "[words.en]", "[words.english]", &["not a language", "ISO 639-1"]),
        ("folder_words.toml", WORDS, "\"Bin\"", "\"sent\"", &["two uses"]),
        ("folder_words.toml", WORDS, "\"Bin\"", "\" Bin\"", &["not a name"]),
        ("folder_words.toml", WORDS, "trash", "rubbish", &[":6:", "rubbish"]),
        ("nonmail_folders.toml", NONMAIL, "2026-11-26", "26.11.2026", &[":2:", "26.11.2026"]),
        ("nonmail_folders.toml", NONMAIL, "\"Calendar\"", "\"\"", &["not a name"]),
        ("refusals.toml", REFUSAL, "\"size\"", "\"sizes\"", &[":4:", "sizes"]),
        ("refusals.toml", REFUSAL, "TOOBIG", "[TOOBIG]", &["not a response code"]),
        ("refusals.toml", REFUSAL, "message too", "Message too", &["can never match", "lower case"]),
        (
            "refusals.toml",
            REFUSAL,
            "codes = [\"TOOBIG\"]\nwords = [\"message too\"]",
            "",
            &[":1:", "matches nothing"],
        ),
        ("refusals.toml", REFUSAL, "date = \"2026-11-24\"", "date = \"2019-11-24\"", &[":6:", "2019-11-24"]),
        ("public_resolvers.toml", RESOLVER, "1.1.1.1", "one.example", &[":3:", "address"]),
        ("public_resolvers.toml", RESOLVER, "Cloudflare", " ", &[":1:", "no operator"]),
        (
            "public_resolvers.toml",
            RESOLVER,
            "[[resolver]]",
            "[[resolver]]\noperator = \"A\"\naddress = \"1.1.1.1\"\nsource = \"its page\"\ndate = \"2026-11-29\"\n[[resolver]]",
            &[":6:", "listed twice"],
        ),
        ("selectors.toml", SELECTOR, "name = \"default\"", "name = \"a b\"", &[":4:", "not a selector"]),
        (
            "selectors.toml",
            SELECTOR,
            "[[selector]]",
            "[[selector]]\nname = \"Default\"\n[[selector]]",
            &[":6:", "listed twice"],
        ),
        ("server_habits.toml", HABITS, "schema = 1", "schema = 2", &[":1:", "schema = 1"]),
        ("server_habits.toml", HABITS, "deepest_level = 3", "deepest_level = 300", &["from 1 to 100"]),
        ("server_habits.toml", HABITS, "[20]", "[0]", &["numbers from 1"]),
        ("server_habits.toml", HABITS, "hosts = [\"gmx.net\"]", "", &["no server"]),
        ("sign_in.toml", SIGN_IN, "schema = 1", "schema = 2", &[":1:", "schema = 1"]),
        ("sign_in.toml", SIGN_IN, "id = \"own\"", "id = \"Own\"", &[":4:", "lower-case"]),
        (
            "sign_in.toml",
            SIGN_IN,
            "https://own.example/token",
            "http://own.example/token",
            &["for secrets", "https://"],
        ),
        ("sign_in.toml", SIGN_IN, "https://own.example/auth", "https://a@own.example/auth", &["for secrets"]),
        ("sign_in.toml", SIGN_IN, "127.0.0.1", "own.example", &["off this computer"]),
        ("sign_in.toml", SIGN_IN, "imap.own.example", "imap.own.example:993", &["hosts", "without a port"]),
        ("sign_in.toml", SIGN_IN, "[\"mail\"]", "[]", &["scopes"]),
        (
            "sign_in.toml",
            SIGN_IN,
            "https://own.example/console",
            "http://own.example/console",
            &["not https"],
        ),
        ("sign_in.toml", SIGN_IN, "date = \"2026-11-28\"", "date = \"2026-11-31\"", &["2026-11-31"]),
        ("sign_in_errors.toml", SIGN_IN_ERRORS, "\"clock\"", "\"clocks\"", &["clocks"]),
        ("sign_in_errors.toml", SIGN_IN_ERRORS, "short-lived", "Short-lived", &["lower case"]),
        (
            "sign_in_errors.toml",
            SIGN_IN_ERRORS,
            ", words = \"short-lived\"",
            "",
            &["earlier row", "words first"],
        ),
        ("sign_in_errors.toml", SIGN_IN_ERRORS, "RFC 6749", " ", &["source is empty"]),
        ("rehearsal/example.zone", ZONE, "SOA", "NS", &["no SOA"]),
        ("rehearsal/seen.json", "{}", "{", "x", &["not JSON"]),
        ("icons/tick.svg", "<svg></svg>", "</svg>", "", &["not an SVG image"]),
        ("report/style.css", "p {}", "p {}", " ", &["empty"]),
        ("new.toml", "a = 1", "a", "b", &["nothing reads"]),
        ("fonts/a.ttf", "x", "x", "y", &["not a font"]),
        ("screenshots/a.png", "x", "x", "y", &["not a picture"]),
    ];
    for (path, whole, right, wrong, words) in cases {
        assert!(whole.contains(right), "{path}: {right}");
        let told = error(path, &whole.replacen(right, wrong, 1));
        assert!(told.starts_with(&format!("assets/{path}:")), "{told}");
        assert!(words.iter().all(|words| told.contains(words)), "{wrong}: {told}");
    }
    assert!(
        check("report/a.html", b"<p>\n\xff").unwrap_err().to_string().contains(":2: this is not UTF-8 text")
    );
}

#[test]
fn days_are_days() {
    let with = |day: &str| check("selectors.toml", SELECTOR.replace("2026-11-23", day).as_bytes());
    for day in ["2024-02-29", "2026-01-31", "2099-12-31"] {
        with(day).unwrap();
    }
    for day in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "2026-01-01-01", "+026-01-01", ""] {
        assert!(with(day).is_err(), "{day}");
    }
}
