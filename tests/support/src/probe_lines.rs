//! What was seen at mail hosts, written in lines of a case file.
//!
//! `probe: HOST ADDRESS [key=value …]` is a host where all is well but for what the keys say; `control: open` says that
//! port 25 gets out, and `policy:` what came of the policy file of MTA-STS.

use std::net::IpAddr;

use mailferry::values::{
    ChainCertificate, ChainTrust, ControlProbe, DnsName, Fingerprint, Greeting, Hello, KeyKind, MailHosts,
    MailService, PortProbe, ProbeSource, ProbeTarget, Reach, SignatureHash, TlsFacts, TlsFailure, TlsOutcome,
    TlsVersion, UnixTime, WebFile, WebOutcome,
};

/// The keys of a case that are read here.
pub const KEYS: [&str; 5] = ["control", "probe", "policy", "web", "secure"];

/// What a good host offers.
const EXTENSIONS: &str = "PIPELINING,SIZE 10240000,STARTTLS,8BITMIME,SMTPUTF8,CHUNKING";

/// Reads the lines about hosts; `None` where there are none, as nobody has looked.
///
/// # Panics
/// Where a line cannot be read.
pub fn mail_hosts(control: &[&str], probes: &[&str], at: UnixTime) -> Option<MailHosts> {
    if control.is_empty() && probes.is_empty() {
        return None;
    }
    let mut hosts = MailHosts::default();
    for line in control {
        let mut words = line.split_whitespace();
        let seen = reach(words.next().unwrap());
        let address = words.next().unwrap_or("203.0.113.1").parse().unwrap();
        hosts.control.push(ControlProbe { host: "mx.control.example".to_owned(), address, reach: seen });
    }
    let probes = probes.iter().map(|line| probe(line, at)).collect();
    hosts.adopt(MailHosts { control: Vec::new(), probes });
    Some(hosts)
}

fn reach(word: &str) -> Reach {
    match word {
        "open" => Reach::Open,
        "refused" => Reach::Refused,
        "timeout" => Reach::Timeout,
        "noroute" => Reach::NoRoute("Network is unreachable".to_owned()),
        other => panic!("no such reach: {other}"),
    }
}

/// Values by key; a blank in a value is written as `_`.
struct Keys<'a>(Vec<(&'a str, String)>);

impl Keys<'_> {
    fn get<'k>(&'k self, key: &str, usual: &'k str) -> &'k str {
        self.0.iter().find(|(name, _)| *name == key).map_or(usual, |(_, value)| value.as_str())
    }
}

const KNOWN: [&str; 17] = [
    "service", "port", "source", "reach", "greeting", "millis", "ehlo", "code", "ext", "tls", "tls12",
    "names", "trust", "days", "key", "sig", "spki",
];

fn probe(line: &str, at: UnixTime) -> PortProbe {
    let mut words = line.split_whitespace();
    let host = words.next().unwrap();
    let address: IpAddr = words.next().unwrap().parse().unwrap();
    let keys: Vec<(&str, String)> = words
        .map(|word| word.split_once('=').unwrap_or_else(|| panic!("no key=value: {word}")))
        .map(|(key, value)| (key, value.replace('_', " ")))
        .collect();
    assert!(keys.iter().all(|(key, _)| KNOWN.contains(key)), "unknown key: {line}");
    let keys = Keys(keys);
    let service = match keys.get("service", "smtp") {
        "smtp" => MailService::Smtp,
        "submissions" => MailService::Submissions,
        "submission" => MailService::Submission,
        "imap" => MailService::Imap,
        "imaps" => MailService::Imaps,
        other => panic!("no such service: {other}"),
    };
    let port = keys.get("port", "0").parse::<u16>().unwrap();
    let target = ProbeTarget {
        host: DnsName::new(host),
        address,
        port: if port == 0 { service.port() } else { port },
        service,
    };
    let source = match keys.get("source", "program") {
        "pasted" => ProbeSource::Pasted,
        _ => ProbeSource::Program,
    };
    let mut probe = PortProbe::begun(target, source, at);
    probe.reach = reach(keys.get("reach", "open"));
    probe.transcript = vec![format!("* {}", probe.reach)];
    if !probe.reach.is_open() {
        return probe;
    }
    let millis = keys.get("millis", "60").parse().unwrap();
    probe.greeting = match keys.get("greeting", "220") {
        "silent" => Greeting::Silent { millis: 35_000 },
        "broken" => Greeting::Broken { problem: "the server does not speak SMTP".to_owned() },
        code => Greeting::Said { code: code.parse().unwrap(), words: format!("{host} ESMTP"), millis },
    };
    let goes_on = matches!(&probe.greeting, Greeting::Said { code: 220, .. });
    if !goes_on {
        return probe;
    }
    let usual = if service.is_imap() { "STARTTLS,LOGINDISABLED" } else { EXTENSIONS };
    let hello = Hello {
        code: if service.is_imap() { 0 } else { keys.get("code", "250").parse().unwrap() },
        name: if service.is_imap() { String::new() } else { keys.get("ehlo", host).to_owned() },
        extensions: keys.get("ext", usual).split(',').map(str::to_owned).collect(),
    };
    if service.is_tls_first() {
        probe.hello_in_tls = Some(hello);
    } else {
        probe.hello = Some(hello);
    }
    probe.tls = tls(&keys, host, at);
    probe
}

fn tls(keys: &Keys<'_>, host: &str, at: UnixTime) -> TlsOutcome {
    let failed = |failure| TlsOutcome::Failed { failure, detail: "said the library".to_owned() };
    let version = match keys.get("tls", "1.3") {
        "untried" => return TlsOutcome::NotTried,
        "none" => return TlsOutcome::NotOffered,
        "refused" => return TlsOutcome::Refused { reply: "454 4.7.0 TLS not available".to_owned() },
        "injected" => return TlsOutcome::Injected,
        "nothing-in-common" => return failed(TlsFailure::NothingInCommon),
        "closed" => return failed(TlsFailure::Closed),
        "timeout" => return failed(TlsFailure::Timeout),
        "1.3" => TlsVersion::Tls13,
        "1.2" => TlsVersion::Tls12,
        "old" => TlsVersion::Old,
        other => panic!("no such TLS: {other}"),
    };
    let trust = match keys.get("trust", "trusted") {
        "trusted" => ChainTrust::Trusted,
        "self-signed" => ChainTrust::SelfSigned,
        "unknown-issuer" => ChainTrust::UnknownIssuer,
        "expired" => ChainTrust::Expired,
        other => panic!("no such trust: {other}"),
    };
    let days: i64 = keys.get("days", "60").parse().unwrap();
    let (kind, bits) = keys.get("key", "ec:256").split_once(':').unwrap();
    let byte = u8::from_str_radix(keys.get("spki", "aa"), 16).unwrap();
    let own = ChainCertificate {
        subject: format!("CN={host}"),
        issuer: "CN=Test Authority".to_owned(),
        names: keys.get("names", host).split(',').map(str::to_owned).collect(),
        not_before: UnixTime(at.0 - 30 * 86_400),
        not_after: UnixTime(at.0 + days * 86_400),
        key: match kind {
            "rsa" => KeyKind::Rsa,
            "ec" => KeyKind::Ec,
            other => panic!("no such key: {other}"),
        },
        key_bits: bits.parse().unwrap(),
        signature: match keys.get("sig", "strong") {
            "strong" => SignatureHash::Strong,
            "sha224" => SignatureHash::Sha224,
            "sha1" => SignatureHash::Sha1,
            other => panic!("no such signature: {other}"),
        },
        is_reached: true,
        sha256: Fingerprint([byte.wrapping_add(1); 32]),
        key_sha256: Fingerprint([byte; 32]),
        sha512: format!("{:02x}", byte.wrapping_add(1)).repeat(64),
        key_sha512: format!("{byte:02x}").repeat(64),
    };
    let authority = ChainCertificate {
        subject: "CN=Test Authority".to_owned(),
        issuer: "CN=Test Root".to_owned(),
        names: Vec::new(),
        not_after: UnixTime(at.0 + 1_000 * 86_400),
        key: KeyKind::Rsa,
        key_bits: 4_096,
        signature: SignatureHash::Strong,
        sha256: Fingerprint([0xbc; 32]),
        key_sha256: Fingerprint([0xbb; 32]),
        sha512: "bc".repeat(64),
        key_sha512: "bb".repeat(64),
        ..own.clone()
    };
    TlsOutcome::Done(Box::new(TlsFacts {
        version,
        speaks_tls12: match keys.get("tls12", "yes") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
        chain: vec![own, authority],
        trust,
    }))
}

/// Reads what came of the policy file: `fetched TYPE | line | line`, or a word for what went wrong.
///
/// # Panics
/// Where it cannot be read.
pub fn policy(line: &str, domain: &str, at: UnixTime) -> WebFile {
    web_file(&format!("https://mta-sts.{domain}/.well-known/mta-sts.txt {line}"), at)
}

/// Reads what came of another file: its address, and the same behind it.
///
/// # Panics
/// Where it cannot be read.
pub fn web_file(line: &str, at: UnixTime) -> WebFile {
    let (url, line) = line.split_once(' ').unwrap();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let outcome = match word {
        "fetched" => {
            let mut parts = rest.split('|').map(str::trim);
            let media_type = parts.next().unwrap().to_owned();
            WebOutcome::Fetched { media_type, text: parts.collect::<Vec<_>>().join("\n") + "\n" }
        }
        "status" => WebOutcome::Status { code: rest.parse().unwrap() },
        "redirected" => WebOutcome::Redirected { to: rest.to_owned() },
        "not-trusted" => WebOutcome::NotTrusted { problem: rest.to_owned() },
        "not-reached" => WebOutcome::NotReached { problem: rest.to_owned() },
        "too-large" => WebOutcome::TooLarge,
        "timeout" => WebOutcome::Timeout,
        other => panic!("no such outcome: {other}"),
    };
    WebFile { url: url.to_owned(), at, duration_millis: 80, outcome }
}
