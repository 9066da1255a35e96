use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Answers one connection after the other with what the path asks for, until dropped.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut request = vec![0_u8; 4_096];
        let length = stream.read(&mut request).await.unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let answer = if request.starts_with("GET /ok ") {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".to_owned()
        } else if request.starts_with("GET /clear ") {
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        } else if request.starts_with("GET /huge ") {
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(MAX_BYTES + 1))
        } else {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        };
        // The client may hang up early; that is what the test is about.
        let _sent = stream.write_all(answer.as_bytes()).await;
        let _closed = stream.shutdown().await;
    }
}

#[tokio::test]
async fn files_are_fetched_over_https_only_and_bounded() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
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
    let web = Web::with_tls(client).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let checks = async {
        assert_eq!(web.get(&format!("{base}/ok")).await.unwrap(), b"hello");
        assert!(matches!(web.get(&format!("{base}/none")).await, Err(WebError::Status(404))));
        assert!(matches!(web.get(&format!("{base}/huge")).await, Err(WebError::TooLarge)));
        assert!(matches!(web.get(&format!("{base}/clear")).await, Err(WebError::Fetch(_))));
        assert!(matches!(web.get("http://localhost:1/").await, Err(WebError::Fetch(_))));
    };
    tokio::select! {
        () = serve(listener, TlsAcceptor::from(Arc::new(server))) => panic!("the server ended"),
        () = checks => {}
    }
    assert!(Web::new().is_ok());
}
