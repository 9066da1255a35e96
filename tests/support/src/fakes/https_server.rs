//! A small HTTPS server on a loopback port, with a certificate of an authority that only the test knows.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Status and body for a path; the body of a 3xx is where it leads.
pub type Answer = (u16, String);

/// A running server; ends with the value.
pub struct HttpsServer {
    /// Its TCP port on 127.0.0.1; the certificate is for `localhost`.
    pub port: u16,
    task: JoinHandle<()>,
}

impl HttpsServer {
    /// Starts the server, and gives what a client needs to trust it.
    ///
    /// # Panics
    /// Where the port or the certificate cannot be made.
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the test, which ends it")]
    pub async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> (Self, ClientConfig) {
        let (server, client) = tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&answer)));
            }
        });
        (Self { port, task }, client)
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, answer: Arc<impl Fn(&str) -> Answer>) {
    // A client that does not trust the certificate hangs up here.
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = Vec::new();
    let mut part = [0_u8; 1_024];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(length) if length > 0 => request.extend_from_slice(&part[..length]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request);
    let (status, body) = answer(request.split(' ').nth(1).unwrap_or_default());
    let (place, body) = if (300..400).contains(&status) {
        (format!("Location: {body}\r\n"), String::new())
    } else {
        (String::new(), body)
    };
    let reply = format!(
        "HTTP/1.1 {status} Answer\r\n{place}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // The client may hang up early; that is its business.
    let _sent = stream.write_all(reply.as_bytes()).await;
    let _closed = stream.shutdown().await;
}

/// A server with a certificate of a fresh authority, and a client that trusts this authority only.
fn tls() -> (ServerConfig, ClientConfig) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority_certificate.der().to_vec())).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}
