use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{probe as look_at, *};
use crate::values::DnsName;

async fn listening(service: MailService) -> (TcpListener, ProbeTarget) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let host = DnsName::new("mail.weber.example");
    (listener, ProbeTarget { host, address: address.ip(), port: address.port(), service })
}

/// A server that says each of these in turn, after the first whenever it has heard something, and keeps what it heard.
async fn scripted(listener: TcpListener, says: &[&[u8]]) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut heard = String::new();
    for (turn, words) in says.iter().enumerate() {
        if turn > 0 {
            let mut line = [0_u8; 1_024];
            let length = stream.read(&mut line).await.unwrap_or(0);
            heard.push_str(&String::from_utf8_lossy(&line[..length]));
        }
        // The other end may have gone, which is what some scripts are about.
        let _sent = stream.write_all(words).await;
    }
    // A probe that ends leaves whatever was not read: QUIT in clear text, or the beginning of a handshake.
    let mut rest = Vec::new();
    let _ended = stream.read_to_end(&mut rest).await;
    heard + &String::from_utf8_lossy(&rest)
}

async fn probed(service: MailService, says: &[&[u8]]) -> (PortProbe, String) {
    let (listener, target) = listening(service).await;
    let settings = ProbeSettings::default();
    tokio::join!(look_at(&target, &settings), scripted(listener, says))
}

const EHLO: &[u8] = b"250-mail.weber.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";

#[tokio::test]
async fn a_server_without_starttls_is_asked_nothing_else() {
    let says: [&[u8]; 3] = [b"220 mail ESMTP\r\n", b"250-mail\r\n250 8BITMIME\r\n", b"221 bye\r\n"];
    let (probe, heard) = probed(MailService::Smtp, &says).await;
    assert_eq!(heard, "EHLO [127.0.0.1]\r\nQUIT\r\n");
    assert_eq!((&probe.reach, &probe.tls), (&Reach::Open, &TlsOutcome::NotOffered));
    assert!(matches!(&probe.greeting, Greeting::Said { code: 220, words, .. } if words == "mail ESMTP"));
    assert_eq!(probe.hello.as_ref().unwrap().extensions, ["8BITMIME"]);
    let [connected, rest @ ..] = &probe.transcript[..] else { panic!("{probe:?}") };
    assert!(connected.starts_with("* connected to 127.0.0.1:"), "{connected}");
    assert_eq!(rest, ["< 220 mail ESMTP", "> EHLO [127.0.0.1]", "< 250-mail", "< 250 8BITMIME", "> QUIT"]);
}

#[tokio::test]
async fn bytes_behind_the_reply_to_starttls_are_an_injection() {
    let says: [&[u8]; 3] = [b"220 mail\r\n", EHLO, b"220 go\r\n250-mail.weber.example\r\n250 AUTH PLAIN\r\n"];
    let (probe, heard) = probed(MailService::Smtp, &says).await;
    assert_eq!(probe.tls, TlsOutcome::Injected);
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
    let says: [&[u8]; 3] = [
        b"* OK Dovecot\r\n",
        b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK\r\n",
        b"a2 OK go\r\n* CAPABILITY X\r\n",
    ];
    let (probe, _) = probed(MailService::Imap, &says).await;
    assert_eq!(probe.tls, TlsOutcome::Injected);
    assert!(probe.hello.unwrap().offers("logindisabled"));
}

#[tokio::test]
async fn a_refusal_and_wrong_codes_are_facts() {
    let (probe, _) = probed(MailService::Smtp, &[b"554-no\r\n554 service\r\n", b"221 bye\r\n"]).await;
    assert!(matches!(&probe.greeting, Greeting::Said { code: 554, words, .. } if words == "no service"));
    assert_eq!((probe.hello, probe.tls), (None, TlsOutcome::NotTried));
    let (probe, _) = probed(MailService::Smtp, &[b"220-a\r\n250 b\r\n"]).await;
    assert!(matches!(&probe.greeting, Greeting::Broken { problem } if problem.contains("220 and 250")));
    let (probe, _) = probed(MailService::Smtp, &[b"* OK I am IMAP\r\n"]).await;
    assert!(matches!(&probe.greeting, Greeting::Broken { problem } if problem.contains("I am IMAP")));
    let (probe, _) = probed(MailService::Imap, &[b"220 I am SMTP\r\n"]).await;
    assert!(matches!(&probe.greeting, Greeting::Broken { problem } if problem.contains("I am SMTP")));
    let says: [&[u8]; 4] = [b"220 a\r\n", EHLO, b"454 4.7.0 TLS not available\r\n", b"221 bye\r\n"];
    let (probe, _) = probed(MailService::Smtp, &says).await;
    assert_eq!(probe.tls, TlsOutcome::Refused { reply: "454 4.7.0 TLS not available".to_owned() });
    let says: [&[u8]; 3] = [b"220 a\r\n", b"502 what?\r\n", b"221 bye\r\n"];
    let (probe, _) = probed(MailService::Smtp, &says).await;
    assert_eq!((probe.hello.unwrap().code, probe.tls), (502, TlsOutcome::NotTried));
}

#[tokio::test]
async fn nonsense_in_the_handshake_is_no_trust() {
    let says: [&[u8]; 4] = [b"220 a\r\n", EHLO, b"220 go\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"];
    let (probe, _) = probed(MailService::Smtp, &says).await;
    assert!(matches!(&probe.tls, TlsOutcome::Failed { failure: TlsFailure::Other, .. }), "{:?}", probe.tls);
    let (listener, target) = listening(MailService::Submissions).await;
    let hang_up = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0_u8; 2_048];
        assert!(stream.read(&mut hello).await.unwrap() > 0);
    };
    let settings = ProbeSettings::default();
    let (probe, ()) = tokio::join!(look_at(&target, &settings), hang_up);
    assert!(matches!(&probe.tls, TlsOutcome::Failed { failure: TlsFailure::Closed, .. }), "{:?}", probe.tls);
}

#[tokio::test]
async fn words_without_end_are_given_up() {
    for (begin, middle) in [("220 ", "x".repeat(64 * 1_024)), ("", "220-more\r\n".repeat(10_000))] {
        let (listener, target) = listening(MailService::Smtp).await;
        let flood = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(begin.as_bytes()).await.unwrap();
            let mut sent = 0_u64;
            while stream.write_all(middle.as_bytes()).await.is_ok() {
                sent += u64::try_from(middle.len()).unwrap();
                assert!(sent < 1_000_000_000, "the probe reads on and on");
            }
        };
        let settings = ProbeSettings::default();
        let (probe, ()) = tokio::join!(look_at(&target, &settings), flood);
        assert!(matches!(&probe.greeting, Greeting::Broken { problem } if problem.contains("without end")));
        assert!(probe.transcript.len() < 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drips_or_says_nothing_is_left_in_time() {
    for drops in [b"220 mail.weber.example ESMTP".as_slice(), b""] {
        let (listener, target) = listening(MailService::Smtp).await;
        let drip = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            for byte in drops.iter().cycle() {
                tokio::time::sleep(Duration::from_secs(10)).await;
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        let settings = ProbeSettings::default();
        let began = Instant::now();
        let probe = tokio::select! {
            probe = look_at(&target, &settings) => probe,
            () = drip => panic!("the server ended first"),
        };
        assert!(began.elapsed() <= Limits::default().whole + Duration::from_secs(1), "{:?}", began.elapsed());
        assert!(matches!(probe.greeting, Greeting::Silent { millis } if millis >= 34_000), "{probe:?}");
    }
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let (listener, target) = listening(MailService::Smtp).await;
    drop(listener);
    let settings = ProbeSettings::default();
    assert_eq!(look_at(&target, &settings).await.reach, Reach::Refused);
    let address = SocketAddr::new(target.address, target.port);
    let refused = control("mx.example", address, &settings).await;
    assert_eq!((refused.host.as_str(), refused.reach), ("mx.example", Reach::Refused));
    let (open, target) = listening(MailService::Smtp).await;
    let address = SocketAddr::new(target.address, target.port);
    assert!(control("mx.example", address, &settings).await.reach.is_open());
    drop(open);
}
