use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::values::WebOutcome;

/// Answers one connection after the other with what the path asks for, until dropped.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut request = vec![0_u8; 4_096];
        let length = stream.read(&mut request).await.unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let answer = if request.starts_with("GET /.well-known/mta-sts.txt ") {
            policy_answer(&request)
        } else if request.starts_with("GET /ok ") {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".to_owned()
        } else if request.starts_with("GET /clear ") {
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        } else if let Some(rest) = request.strip_prefix("GET /to/") {
            let place = rest.split(' ').next().unwrap_or_default();
            format!(
                "HTTP/1.1 301 Moved\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        } else if request.starts_with("GET /huge ") {
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(MAX_BYTES + 1))
        } else {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        };
        if request.starts_with("GET /drip ") {
            let _begun = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
            while stream.write_all(b"xxxxxxxxxx").await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        // The client may hang up early; that is what the test is about.
        let _sent = stream.write_all(answer.as_bytes()).await;
        let _closed = stream.shutdown().await;
    }
}

/// What the name of the domain asks for.
fn policy_answer(request: &str) -> String {
    let answer = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let is_for = |name: &str| request.to_ascii_lowercase().contains(&format!("host: mta-sts.{name}.example"));
    if is_for("good") {
        answer("200 OK\r\nContent-Type: text/plain; charset=utf-8", "version: STSv1\nmode: none\n")
    } else if is_for("moved") {
        answer("301 Moved\r\nLocation: https://localhost/policy", "")
    } else if is_for("huge") {
        answer("200 OK", &"x".repeat(64 * 1_024 + 1))
    } else {
        answer("404 Not Found", "")
    }
}

/// A server with a certificate of its own, and a client that trusts it.
fn tls() -> (ServerConfig, ClientConfig) {
    let certified = rcgen::generate_simple_self_signed(
        [
            "localhost",
            "mta-sts.good.example",
            "mta-sts.moved.example",
            "mta-sts.huge.example",
            "mta-sts.none.example",
        ]
        .map(str::to_owned),
    )
    .unwrap();
    let certificate = CertificateDer::from(certified.cert.der().to_vec());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}

#[tokio::test]
async fn files_are_fetched_over_https_only_and_bounded() {
    let (server, client) = tls();
    let web = Web::with_tls(client).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let domain = DomainName::parse("weber.example").unwrap();
    let get = async |url: &str| web.get(url, &domain).await;
    let checks = async {
        assert_eq!(get(&format!("{base}/ok")).await.unwrap(), b"hello");
        assert!(matches!(get(&format!("{base}/none")).await, Err(WebError::Status(404))));
        assert!(matches!(get(&format!("{base}/huge")).await, Err(WebError::TooLarge)));
        assert!(matches!(get(&format!("{base}/clear")).await, Err(WebError::Elsewhere(_))));
        assert_eq!(get(&format!("{base}/to//ok")).await.unwrap(), b"hello");
        for elsewhere in
            ["https://127.0.0.1:1/ok", "https://weber.example.evil.example/", "//evil.example/ok"]
        {
            let refused = get(&format!("{base}/to/{elsewhere}")).await;
            assert!(matches!(refused, Err(WebError::Elsewhere(_))), "{elsewhere}: {refused:?}");
        }
        let round = get(&format!("{base}/to//to//to//to//to//ok")).await;
        assert!(matches!(round, Err(WebError::TooManyRedirects)), "{round:?}");
        assert!(matches!(get("http://localhost:1/").await, Err(WebError::Fetch(_))));
    };
    tokio::select! {
        () = serve(listener, TlsAcceptor::from(Arc::new(server))) => panic!("the server ended"),
        () = checks => {}
    }
    assert!(Web::new().is_ok());
}

#[tokio::test]
async fn a_policy_is_taken_from_a_trusted_server_that_points_nowhere_else() {
    let (server, client) = tls();
    let web = Web::with_tls(client).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let get = async |name: &str| {
        let domain = DomainName::parse(&format!("{name}.example")).unwrap();
        web.policy(&domain, &["127.0.0.1".parse().unwrap()], port).await
    };
    let checks = async {
        let good = get("good").await;
        assert_eq!(good.url, format!("https://mta-sts.good.example:{port}/.well-known/mta-sts.txt"));
        let text = "version: STSv1\nmode: none\n".to_owned();
        let media_type = "text/plain; charset=utf-8".to_owned();
        assert_eq!(good.outcome, WebOutcome::Fetched { media_type, text });
        let to = "https://localhost/policy".to_owned();
        assert_eq!(get("moved").await.outcome, WebOutcome::Redirected { to });
        assert_eq!(get("huge").await.outcome, WebOutcome::TooLarge);
        assert_eq!(get("none").await.outcome, WebOutcome::Status { code: 404 });
        let stranger = get("stranger").await.outcome;
        assert!(matches!(stranger, WebOutcome::NotTrusted { .. }), "{stranger:?}");
    };
    tokio::select! {
        () = serve(listener, TlsAcceptor::from(Arc::new(server))) => panic!("the server ended"),
        () = checks => {}
    }
    let closed = get("good").await.outcome;
    assert!(matches!(closed, WebOutcome::NotReached { .. }), "{closed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_drips_is_given_up() {
    let (server, client) = tls();
    let web = Web::with_tls(client).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/drip", listener.local_addr().unwrap().port());
    let domain = DomainName::parse("weber.example").unwrap();
    let began = tokio::time::Instant::now();
    tokio::select! {
        () = serve(listener, TlsAcceptor::from(Arc::new(server))) => panic!("the server ended"),
        fetched = web.get(&url, &domain) => assert!(matches!(fetched, Err(WebError::Fetch(_))), "{fetched:?}"),
    }
    assert!(began.elapsed() <= TOTAL_TIME + CONNECT_TIME, "{:?}", began.elapsed());
}

#[test]
fn only_the_host_the_domain_and_names_below_it_are_followed() {
    let domain = DomainName::parse("weber-köln.example").unwrap();
    let asked = "autoconfig.xn--weber-kln-67a.example";
    for (url, is_followed) in [
        ("https://autoconfig.xn--weber-kln-67a.example/other", true),
        ("https://xn--weber-kln-67a.example/", true),
        ("https://www.weber-köln.example/x", true),
        ("https://WWW.xn--weber-kln-67a.example./x", true),
        ("http://xn--weber-kln-67a.example/", false),
        ("https://evilxn--weber-kln-67a.example/", false),
        ("https://example/", false),
        ("https://hoster.example/", false),
        ("https://xn--weber-kln-67a.example.hoster.example/", false),
        ("https://192.0.2.1/", false),
        ("ftp://xn--weber-kln-67a.example/", false),
        ("data:text/xml,x", false),
    ] {
        assert_eq!(may_follow(&Url::parse(url).unwrap(), asked, &domain), is_followed, "{url}");
    }
}
