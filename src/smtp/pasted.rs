//! Reads what the line to run on a mail server prints (`audit/transport/command.rs` writes that line): for each host a
//! mark, then what `nc` and `openssl s_client` said. Pure but for the authorities that judge the certificates.

use data_encoding::{BASE64, Encoding};
use thiserror::Error;

use super::reply::{Read, Reply, read_line};
use super::transcript::Transcript;
use crate::net::{Roots, judge_chain, read_chain};
use crate::values::{
    DnsName, Greeting, MailHosts, MailService, PortProbe, ProbeSource, ProbeTarget, Reach, TlsFacts,
    TlsFailure, TlsOutcome, TlsVersion, UnixTime,
};

/// Begins the output about one host: `mailferry-probe HOST ADDRESS PORT`.
const MARK: &str = "mailferry-probe ";

/// Longest output that is read, in bytes: a thousand times an ordinary one.
const MAX_BYTES: usize = 4 * 1_024 * 1_024;

/// Most hosts of one output.
const MAX_TARGETS: usize = 64;

/// Longest line that is looked at, in bytes.
const MAX_LINE: usize = 4_096;

/// Most certificates of one host.
const MAX_CERTIFICATES: usize = 10;

/// Longest certificate as Base64.
const MAX_CERTIFICATE: usize = 64 * 1_024;

/// Why an output tells nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PastedError {
    /// It is longer than any output of that line.
    #[error("the output is longer than {} MiB", MAX_BYTES / 1_024 / 1_024)]
    TooLong,
    /// It holds no mark of ours.
    #[error(
        "no line of it begins with “mailferry-probe”: paste everything that the line from the audit printed"
    )]
    NoMark,
    /// A mark names no host, address and port.
    #[error("line {line} is no mark: it says “{found}” where a host, an address and a port should stand")]
    BadMark {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// Neither program said anything under the marks.
    #[error(
        "neither “nc” nor “openssl” said anything that could be read: are both installed on that computer?"
    )]
    NothingSaid,
}

/// Reads an output. Hosts about which nothing was said are left out.
///
/// # Errors
///
/// Where it is no such output.
pub fn read_pasted(text: &str, at: UnixTime, roots: &Roots) -> Result<MailHosts, PastedError> {
    if text.len() > MAX_BYTES {
        return Err(PastedError::TooLong);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        match (line.strip_prefix(MARK), blocks.last_mut()) {
            (Some("end"), _) => break,
            (Some(mark), _) => {
                let target = read_mark(mark).ok_or_else(|| PastedError::BadMark {
                    line: number + 1,
                    found: crate::values::printable_line(mark).chars().take(80).collect(),
                })?;
                if blocks.len() >= MAX_TARGETS {
                    break;
                }
                blocks.push(Block::new(target));
            }
            (None, Some(block)) => block.read(line.get(..MAX_LINE).unwrap_or(line)),
            (None, None) => {}
        }
    }
    if blocks.is_empty() {
        return Err(PastedError::NoMark);
    }
    let probes: Vec<PortProbe> = blocks.into_iter().filter_map(|block| block.probe(at, roots)).collect();
    if probes.is_empty() {
        return Err(PastedError::NothingSaid);
    }
    let mut hosts = MailHosts::default();
    hosts.adopt(MailHosts { control: Vec::new(), probes });
    Ok(hosts)
}

fn read_mark(mark: &str) -> Option<ProbeTarget> {
    let mut words = mark.split_whitespace();
    let host = words.next().filter(|host| host.len() <= 253)?;
    let address = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok().filter(|port| *port > 0)?;
    let service = match port {
        465 => MailService::Submissions,
        587 => MailService::Submission,
        143 => MailService::Imap,
        993 => MailService::Imaps,
        _ => MailService::Smtp,
    };
    words.next().is_none().then(|| ProbeTarget { host: DnsName::new(host), address, port, service })
}

/// What was said about one host so far.
struct Block {
    target: ProbeTarget,
    transcript: Transcript,
    replies: Vec<u8>,
    reach: Option<Reach>,
    lacks_starttls: bool,
    has_no_handshake: bool,
    version: Option<TlsVersion>,
    cipher: String,
    chain: Vec<Vec<u8>>,
    /// Base64 of the certificate that is being read.
    certificate: Option<String>,
}

impl Block {
    fn new(target: ProbeTarget) -> Self {
        Self {
            target,
            transcript: Transcript::default(),
            replies: Vec::new(),
            reach: None,
            lacks_starttls: false,
            has_no_handshake: false,
            version: None,
            cipher: String::new(),
            chain: Vec::new(),
            certificate: None,
        }
    }

    fn read(&mut self, line: &str) {
        if self.certificate.is_some() {
            self.read_certificate(line);
        } else if line == "-----BEGIN CERTIFICATE-----" {
            self.certificate = Some(String::new());
        } else if let Some((_code, _is_last, _words)) = read_line(line.as_bytes()) {
            // What openssl shows again of the last reply comes behind what nc has heard.
            self.reach = Some(Reach::Open);
            self.replies.extend_from_slice(line.as_bytes());
            self.replies.extend_from_slice(b"\r\n");
            self.transcript.server(line);
        } else {
            self.read_words(line);
        }
    }

    fn read_words(&mut self, line: &str) {
        let lower = line.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if line.starts_with("CONNECTED(") {
            self.reach = Some(Reach::Open);
        } else if says(&["connection refused", "connect:errno=111"]) {
            self.fail(Reach::Refused, line);
        } else if says(&["timed out", "connect:errno=110", "operation now in progress"]) {
            self.fail(Reach::Timeout, line);
        } else if says(&["no route to host", "network is unreachable", "host is unreachable"]) {
            self.fail(Reach::NoRoute(line.chars().take(120).collect()), line);
        } else if says(&["didn't find starttls"]) {
            self.lacks_starttls = true;
            self.transcript.note(line);
        } else if says(&["no peer certificate available", "cipher is (none)"]) {
            self.has_no_handshake = true;
            self.transcript.note(line);
        } else if let Some((version, cipher)) =
            line.strip_prefix("New, ").and_then(|rest| rest.split_once(", Cipher is "))
        {
            self.version = Some(read_version(version));
            self.cipher = cipher.chars().take(80).collect();
            self.transcript.note(line);
        } else if let Some(version) =
            line.trim().strip_prefix("Protocol").map(|rest| rest.trim_matches([' ', ':']))
        {
            self.version.get_or_insert(read_version(version));
        } else if says(&["verify return code", "verification"]) {
            self.transcript.note(line);
        }
    }

    /// A later failure says less than an earlier connection.
    fn fail(&mut self, reach: Reach, line: &str) {
        self.reach.get_or_insert(reach);
        self.transcript.note(line);
    }

    fn read_certificate(&mut self, line: &str) {
        if line == "-----END CERTIFICATE-----" {
            let encoded = self.certificate.take().unwrap_or_default();
            let base64: &Encoding = &BASE64;
            // openssl prints the server's own certificate a second time.
            let der = base64.decode(encoded.as_bytes()).ok().filter(|der| !self.chain.contains(der));
            if self.chain.len() < MAX_CERTIFICATES {
                self.chain.extend(der);
            }
            return;
        }
        let fits = self.certificate.as_ref().is_some_and(|text| text.len() + line.len() <= MAX_CERTIFICATE);
        match &mut self.certificate {
            Some(text) if fits => text.push_str(line.trim()),
            _ => self.certificate = None,
        }
    }

    fn probe(mut self, at: UnixTime, roots: &Roots) -> Option<PortProbe> {
        let reach = self.reach.take()?;
        let mut probe = PortProbe::begun(self.target.clone(), ProbeSource::Pasted, at);
        if reach.is_open() {
            self.read_replies(&mut probe);
            probe.tls = self.tls(roots);
        }
        probe.reach = reach;
        probe.transcript = self.transcript.into_lines();
        Some(probe)
    }

    /// Greeting and answer to EHLO, as far as `nc` was there to hear them.
    fn read_replies(&self, probe: &mut PortProbe) {
        let Ok(Read::Whole(greeting, length)) = Reply::read(&self.replies) else { return };
        if greeting.code == 250 {
            // Only openssl has spoken, and shows the last line of the answer to EHLO.
            return;
        }
        probe.greeting = Greeting::Said { code: greeting.code, words: greeting.words(), millis: 0 };
        let rest = self.replies.get(length..).unwrap_or_default();
        if let Ok(Read::Whole(hello, _length)) = Reply::read(rest) {
            probe.hello = Some(hello.hello());
        }
    }

    fn tls(&self, roots: &Roots) -> TlsOutcome {
        match self.version {
            Some(version) if !self.chain.is_empty() && !self.has_no_handshake => {
                TlsOutcome::Done(Box::new(TlsFacts {
                    version,
                    speaks_tls12: (version == TlsVersion::Tls12).then_some(true),
                    cipher: self.cipher.clone(),
                    chain: read_chain(&self.chain),
                    trust: judge_chain(&self.chain, roots),
                }))
            }
            _ if self.lacks_starttls => TlsOutcome::NotOffered,
            _ if self.has_no_handshake => TlsOutcome::Failed {
                failure: TlsFailure::Other,
                detail: "openssl got no handshake".to_owned(),
            },
            _ => TlsOutcome::NotTried,
        }
    }
}

fn read_version(words: &str) -> TlsVersion {
    match words.trim() {
        "TLSv1.3" => TlsVersion::Tls13,
        "TLSv1.2" => TlsVersion::Tls12,
        _ => TlsVersion::Old,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn pem(der: &[u8]) -> String {
        let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for chunk in BASE64.encode(der).as_bytes().chunks(64) {
            writeln!(text, "{}", std::str::from_utf8(chunk).unwrap()).unwrap();
        }
        text + "-----END CERTIFICATE-----\n"
    }

    #[test]
    fn an_output_becomes_the_facts_of_a_probe() {
        let made = rcgen::generate_simple_self_signed(vec!["mail.weber.example".to_owned()]).unwrap();
        let certificate = pem(made.cert.der());
        let text = format!(
            "user@server:~$ for t in ...\n\
             mailferry-probe mail.weber.example 192.0.2.1 25\n\
             220 mail.weber.example ESMTP\n250-mail.weber.example\n250-SIZE 1000\n250 STARTTLS\n221 Bye\n\
             CONNECTED(00000003)\n---\nCertificate chain\n 0 s:CN = rcgen\n{certificate}---\nServer certificate\n\
             {certificate}New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\nVerification error: self-signed\n\
             Verify return code: 18 (self-signed certificate)\n---\n250 STARTTLS\nDONE\n\
             mailferry-probe backup.weber.example 2001:db8::1 25\r\n\
             nc: connect to 2001:db8::1 port 25 (tcp) failed: Connection refused\r\n\
             connect:errno=111\r\n\
             mailferry-probe end\nmailferry-probe nonsense\n"
        );
        let hosts = read_pasted(&text, UnixTime(7), &Roots::Only(Vec::new())).unwrap();
        let [backup, mail] = &hosts.probes[..] else { panic!("{hosts:?}") };
        assert_eq!(backup.reach, Reach::Refused);
        assert_eq!(mail.reach, Reach::Open);
        assert!(mail.hello.as_ref().unwrap().offers("starttls"));
        assert!(matches!(&mail.greeting, Greeting::Said { code: 220, .. }), "{:?}", mail.greeting);
        let tls = mail.tls_facts().unwrap();
        assert_eq!((tls.version, tls.chain.len()), (TlsVersion::Tls13, 1));
        assert_eq!(tls.chain[0].names, ["mail.weber.example"]);
        assert_eq!((mail.source, mail.at), (ProbeSource::Pasted, UnixTime(7)));
    }

    #[test]
    fn what_openssl_could_not_do_is_distinguished() {
        let read = |said: &str| {
            let text = format!("mailferry-probe a.example 192.0.2.1 25\n{said}\n");
            read_pasted(&text, UnixTime(0), &Roots::System)
        };
        let tls = |said: &str| read(said).unwrap().probes[0].tls.clone();
        assert_eq!(
            tls("CONNECTED(00000003)\nDidn't find STARTTLS in server response"),
            TlsOutcome::NotOffered
        );
        assert!(matches!(
            tls("CONNECTED(00000003)\nno peer certificate available\nNew, (NONE), Cipher is (NONE)"),
            TlsOutcome::Failed { .. }
        ));
        assert_eq!(read("nc: (UNKNOWN) 25 timed out").unwrap().probes[0].reach, Reach::Timeout);
        assert_eq!(read("sh: nc: not found"), Err(PastedError::NothingSaid));
    }

    #[test]
    fn what_is_no_output_is_refused() {
        let read = |text: &str| read_pasted(text, UnixTime(0), &Roots::System);
        assert_eq!(read("220 hello\n"), Err(PastedError::NoMark));
        assert_eq!(read(&"x".repeat(MAX_BYTES + 1)), Err(PastedError::TooLong));
        for bad in ["mail", "mail 192.0.2.1", "mail here 25", "mail 192.0.2.1 0", "mail 192.0.2.1 25 x"] {
            let refused = read(&format!("\nmailferry-probe {bad}\n"));
            assert!(matches!(refused, Err(PastedError::BadMark { line: 2, .. })), "{bad}: {refused:?}");
        }
    }
}
