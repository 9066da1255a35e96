//! Real mail hosts on loopback, looked at by a whole survey and by the line for the server: Postfix, Dovecot, a web server
//! with a policy, `named`.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mailferry::audit::{AuditReport, Facts, Finding, StandIns, Status, judge};
use mailferry::dns::Resolver;
use mailferry::net::Roots;
use mailferry::smtp::{ProbeSettings, read_pasted};
use mailferry::survey::{ControlHost, LiveLook, Looking, SurveyError, SurveyOptions, run};
use mailferry::values::{
    ControlProbe, DnsName, DomainName, MailHosts, MailService, PortProbe, ProbeSource, ProbeTarget, Reach,
    TlsOutcome, TlsVersion, UnixTime,
};
use mailferry::web::Web;
use mailferry_test_support::programs::{self, free_port, require_program};
use mailferry_test_support::servers::authority::{Authority, Issued};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings};
use mailferry_test_support::servers::named::Named;
use mailferry_test_support::servers::policy_site::PolicySite;
use mailferry_test_support::servers::receiving_postfix::ReceivingPostfix;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

const HOST: &str = "mail.weber.test";
const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.2\" baseProfile=\"tiny-ps\" viewBox=\"0 0 9 9\"><title>Weber</title><rect width=\"9\" height=\"9\"/></svg>\n";
const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mail.weber.test\nmax_age: 604800\n";

/// Trusts the authority of the tests and nobody else, and takes loopback for the Internet.
fn live(authority: &Authority, smtp_port: u16, https_port: u16) -> LiveLook {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der())).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    LiveLook {
        settings: ProbeSettings { roots: Roots::Only(vec![authority.der()]), ..ProbeSettings::default() },
        stand_ins: StandIns { smtp_port, https_port, takes_private: true },
        control: ControlHost { host: "127.0.0.1".to_owned(), port: smtp_port },
        web: Some(Web::with_tls(tls).unwrap()),
    }
}

async fn surveyed(named: &Named, live: LiveLook) -> Facts {
    let resolver = Resolver::at(([127, 0, 0, 1], named.port).into());
    let domain = DomainName::parse("weber.test").unwrap();
    let options = SurveyOptions { looking: Looking::Live(Box::new(live)), ..SurveyOptions::default() };
    run(&domain, &options, &resolver, &mut |_| {}, &CancellationToken::new()).await.unwrap()
}

fn finding<'a>(report: &'a AuditReport, id: &str) -> &'a Finding {
    let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    report.findings.iter().find(|finding| finding.id == id).unwrap_or_else(|| panic!("no {id} among {ids:?}"))
}

fn expect(report: &AuditReport, expected: &[(&str, Status)]) {
    for (id, status) in expected {
        let found = finding(report, id);
        assert_eq!(found.status, *status, "{id}: {found:#?}");
    }
}

/// The SHA-256 of the public key, as openssl has it.
fn key_digest(issued: &Issued) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let (chain, _) = issued.write(folder.path());
    let line = format!(
        "openssl x509 -in {} -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -r",
        chain.display()
    );
    let out = programs::run(Command::new("sh").args(["-c", &line])).stdout;
    String::from_utf8(out).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn postfix_dovecot_and_a_policy_are_looked_at_and_judged() {
    let authority = Authority::new();
    let issued = authority.issue(&[HOST]);
    let Some(postfix) = ReceivingPostfix::start(HOST, &issued, "") else { return };
    let Some(site) = PolicySite::start(&authority.issue(&["mta-sts.weber.test"]), POLICY) else { return };
    site.put("logo.svg", "image/svg+xml", LOGO);
    let settings = Settings {
        certificate: Some(issued.clone()),
        extra: "ssl = required".to_owned(),
        ..Settings::default()
    };
    let Some(dovecot) = Dovecot::start(&["anna"], &settings) else { return };
    let zone = format!(
        "ns A 127.0.0.1\n@ MX 10 mail\nmail A 127.0.0.1\nmta-sts A 127.0.0.1\n_mta-sts TXT \"v=STSv1; id=1\"\n\
         _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@weber.test\"\n\
         _dmarc TXT \"v=DMARC1; p=reject\"\n\
         default._bimi TXT \"v=BIMI1; l=https://mta-sts.weber.test/logo.svg; a=https://mta-sts.weber.test/none.pem\"\n_25._tcp.mail TLSA 3 1 1 {}\n\
         _imaps._tcp SRV 0 0 {} mail\n_imap._tcp SRV 0 0 {} mail\n_submissions._tcp SRV 0 0 {} mail\n",
        key_digest(&issued),
        dovecot.tls_port,
        dovecot.clear_port,
        postfix.tls_port
    );
    let Some(named) = Named::start(&[("weber.test", &zone)], "") else { return };
    let facts = surveyed(&named, live(&authority, postfix.smtp_port, site.port)).await;
    let report = judge(&facts);
    expect(
        &report,
        &[
            ("mx.reachable", Status::Pass),
            ("mx.greeting", Status::Pass),
            ("mx.greeting-delay", Status::Pass),
            ("mx.extensions", Status::Info),
            ("mx.smtputf8", Status::Pass),
            ("bimi.record", Status::Pass),
            ("bimi.picture", Status::Pass),
            ("tls.starttls", Status::Pass),
            ("tls.handshake", Status::Pass),
            ("tls.versions", Status::Pass),
            ("tls.names", Status::Pass),
            ("tls.trust", Status::Pass),
            ("tls.expiry", Status::Pass),
            ("tls.strength", Status::Pass),
            // Dovecot takes a line within one computer for a safe one, and passwords on it.
            ("tls.mail-programs", Status::Warn),
            ("dane.answers", Status::Pass),
            ("dane.match", Status::Pass),
            // This resolver checks no signatures.
            ("dane.secure", Status::Unknown),
            ("mta-sts.record", Status::Pass),
            ("mta-sts.policy-file", Status::Pass),
            ("mta-sts.mode", Status::Pass),
            ("mta-sts.mx-covered", Status::Pass),
            ("mta-sts.certificates", Status::Pass),
            ("mta-sts.switch", Status::Warn),
            ("tls-rpt.record", Status::Pass),
        ],
    );
    let said = &finding(&report, "tls.trust").evidence.last().unwrap().data;
    assert!(said.iter().any(|line| line == "< 220 mail.weber.test ESMTP Postfix"), "{said:?}");
    assert!(said.iter().any(|line| line == "> STARTTLS"), "{said:?}");
    assert!(said.iter().any(|line| line == "* TLS 1.2 alone: works"), "{said:?}");
    let programs = finding(&report, "tls.mail-programs");
    assert!(
        programs.title.ends_with(&format!("mail.weber.test port {}", dovecot.clear_port)),
        "{}",
        programs.title
    );
    let [imap, imaps, submissions] =
        [MailService::Imap, MailService::Imaps, MailService::Submissions].map(|service| {
            let seen = facts.mail_hosts.as_ref().unwrap();
            seen.probes.iter().find(|probe| probe.target.service == service).unwrap()
        });
    for probe in [imap, imaps, submissions] {
        let tls = probe.tls_facts().unwrap_or_else(|| panic!("{probe:?}"));
        assert!(tls.trust.is_trusted() && tls.chain[0].names == [HOST], "{probe:?}");
    }
    // No sender, no recipient, no sign-in.
    let log = postfix.log();
    assert!(log.contains("ehlo=2 starttls=1 quit=1 commands=4"), "{log}");
    assert!(!log.contains("mail=") && !log.contains("rcpt=") && !log.contains("auth="), "{log}");
    let saved = Facts::from_json(&facts.to_json().unwrap()).unwrap();
    assert_eq!(judge(&saved), report);
    drop((dovecot, site));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_server_without_tls_1_3_is_reported() {
    let own = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()]).unwrap();
    let issued = Issued { chain: own.cert.pem(), key: own.signing_key.serialize_pem() };
    let Some(postfix) = ReceivingPostfix::start(HOST, &issued, "smtpd_tls_protocols = TLSv1.2") else {
        return;
    };
    let zone = format!(
        "ns A 127.0.0.1\n@ MX 10 mail\nmail A 127.0.0.1\n_25._tcp.mail TLSA 3 1 1 {}\n",
        "ab".repeat(32)
    );
    let Some(named) = Named::start(&[("weber.test", &zone)], "") else { return };
    let report = judge(&surveyed(&named, live(&Authority::new(), postfix.smtp_port, 1)).await);
    expect(
        &report,
        &[
            ("tls.versions", Status::Warn),
            ("tls.names", Status::Warn),
            ("tls.trust", Status::Warn),
            ("dane.match", Status::Warn),
        ],
    );
    assert!(finding(&report, "tls.trust").title.contains("made it itself"));
    let right = format!("_25._tcp.mail.weber.test. IN TLSA 3 1 1 {}", key_digest(&issued));
    assert_eq!(
        finding(&report, "dane.match").copy.as_ref().map(|copy| copy.value.as_str()),
        Some(right.as_str())
    );
}

/// Where port 25 is closed from here, the line from the audit is run on the server, and what it prints is judged alike.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_for_the_server_prints_what_the_audit_reads() {
    let (Some(_), Some(_)) = (require_program("nc", "netcat-openbsd"), require_program("openssl", "openssl"))
    else {
        return;
    };
    let authority = Authority::new();
    let issued = authority.issue(&[HOST]);
    let Some(postfix) = ReceivingPostfix::start(HOST, &issued, "") else { return };
    let zone = "ns A 127.0.0.1\n@ MX 10 mail\nmail A 127.0.0.1\n";
    let Some(named) = Named::start(&[("weber.test", zone)], "") else { return };
    let address = "127.0.0.1".parse().unwrap();
    let target = ProbeTarget {
        host: DnsName::new(HOST),
        address,
        port: postfix.smtp_port,
        service: MailService::Smtp,
    };
    let closed = ProbeTarget { port: free_port(), ..target.clone() };
    let begun = |target| PortProbe::begun(target, ProbeSource::Program, UnixTime::now());
    let control = ControlProbe { host: "mx.example".to_owned(), address, reach: Reach::Timeout };
    let resolver = Resolver::at(([127, 0, 0, 1], named.port).into());
    let domain = DomainName::parse("weber.test").unwrap();
    let mut options = SurveyOptions {
        looking: Looking::Seen(MailHosts {
            control: vec![control],
            probes: vec![begun(target.clone()), begun(closed.clone())],
        }),
        ..SurveyOptions::default()
    };
    let token = CancellationToken::new();
    let facts = run(&domain, &options, &resolver, &mut |_| {}, &token).await.unwrap();
    let report = judge(&facts);
    expect(&report, &[("mx.reachable", Status::Unknown)]);
    let line = finding(&report, "mx.reachable").copy.clone().unwrap().value;
    let printed = tokio::task::spawn_blocking(move || programs::run(Command::new("sh").args(["-c", &line])))
        .await
        .unwrap();
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let roots = Roots::Only(vec![authority.der()]);
    let seen =
        read_pasted(&printed, UnixTime::now(), &roots).unwrap_or_else(|error| panic!("{error}: {printed}"));
    let of = |port| {
        seen.probes.iter().find(|probe| probe.target.port == port).unwrap_or_else(|| panic!("{printed}"))
    };
    assert_eq!(of(closed.port).reach, Reach::Refused, "{printed}");
    let probe = of(target.port);
    assert!(probe.hello.as_ref().is_some_and(|hello| hello.offers("STARTTLS")), "{printed}");
    let TlsOutcome::Done(tls) = &probe.tls else { panic!("{:?}\n{printed}", probe.tls) };
    assert_eq!((tls.version, tls.chain.len()), (TlsVersion::Tls13, 2), "{printed}");
    options.seen_elsewhere = Some(MailHosts { control: Vec::new(), probes: vec![probe.clone()] });
    options.looking = Looking::Off;
    let report = judge(&run(&domain, &options, &resolver, &mut |_| {}, &token).await.unwrap());
    expect(
        &report,
        &[
            ("mx.reachable", Status::Pass),
            ("mx.greeting", Status::Pass),
            ("tls.starttls", Status::Pass),
            ("tls.names", Status::Pass),
            ("tls.trust", Status::Pass),
            ("tls.expiry", Status::Pass),
        ],
    );
}

/// A host that takes connections and says nothing holds nobody up who has had enough.
#[tokio::test]
async fn a_look_can_be_stopped() {
    let zone = "ns A 127.0.0.1\n@ MX 10 mail\nmail A 127.0.0.1\n";
    let Some(named) = Named::start(&[("weber.test", zone)], "") else { return };
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let live = live(&Authority::new(), port, 1);
    let resolver = Resolver::at(([127, 0, 0, 1], named.port).into());
    let domain = DomainName::parse("weber.test").unwrap();
    let options = SurveyOptions { looking: Looking::Live(Box::new(live)), ..SurveyOptions::default() };
    let token = CancellationToken::new();
    let mut steps = Vec::new();
    let stopped = async {
        // The host that always answers is this one as well, and says nothing either.
        let first = silent.accept().await.unwrap();
        let second = silent.accept().await.unwrap();
        token.cancel();
        (first, second)
    };
    let mut tell = |progress: mailferry::survey::Progress| steps.push(progress.what);
    let (outcome, held) = tokio::join!(run(&domain, &options, &resolver, &mut tell, &token), stopped);
    assert!(matches!(outcome, Err(SurveyError::Cancelled)), "{outcome:?}");
    assert!(steps.iter().any(|what| what.starts_with("DANE: ")), "{steps:?}");
    let mut byte = [0_u8; 1];
    // The connection is closed, not left behind.
    let ends = [held.0.0, held.1.0];
    for end in ends {
        let read = tokio::time::timeout(Duration::from_mins(10), async {
            end.readable().await.unwrap();
            end.try_read(&mut byte)
        });
        assert!(matches!(read.await.unwrap(), Ok(0)));
    }
}
