use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::values::SignatureHash;

struct Made {
    authority: Vec<u8>,
    chain: Vec<Vec<u8>>,
    key: Vec<u8>,
}

/// An authority and a certificate that it signed for this name.
fn made(name: &str) -> Made {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, format!("authority of {name}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
    own.distinguished_name.push(rcgen::DnType::CommonName, "mail server");
    let own = own.signed_by(&key, &authority).unwrap();
    Made {
        authority: authority.der().to_vec(),
        chain: vec![own.der().to_vec(), authority.der().to_vec()],
        key: key.serialize_der(),
    }
}

fn server(made: &Made, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
    let chain = made.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.key.clone()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn looked_at(
    acceptor: &TlsAcceptor,
    offer: Offer,
    roots: &Roots,
) -> Result<(TlsFacts, Vec<u8>), InspectError> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let serve = async {
        // A handshake that fails is what some of the cases are about.
        if let Ok(mut stream) = acceptor.accept(theirs).await {
            stream.write_all(b"220 hello").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    };
    let look = async {
        let mut inspected = inspect("mail.weber.example", ours, offer, roots).await?;
        let mut said = Vec::new();
        inspected.stream.read_to_end(&mut said).await.unwrap();
        Ok((inspected.facts, said))
    };
    tokio::join!(serve, look).1
}

#[tokio::test]
async fn what_a_server_shows_is_written_down_whoever_vouches_for_it() {
    let made = made("mail.weber.example");
    let both = server(&made, &[&TLS13, &TLS12]);
    let ours = Roots::Only(vec![made.authority.clone()]);
    let (facts, said) = looked_at(&both, Offer::Both, &ours).await.unwrap();
    assert_eq!(said, b"220 hello");
    assert_eq!((facts.version, facts.speaks_tls12), (TlsVersion::Tls13, None));
    assert!(facts.cipher.starts_with("TLS13_"), "{}", facts.cipher);
    assert_eq!(facts.trust, ChainTrust::Trusted);
    let names: Vec<_> = facts.chain.iter().map(|one| (one.subject.as_str(), one.is_reached)).collect();
    assert_eq!(names, [("CN=mail server", true), ("CN=authority of mail.weber.example", true)]);
    assert!(facts.chain.iter().all(|one| one.signature == SignatureHash::Strong));

    let strangers = Roots::Only(vec![self::made("other.example").authority]);
    let (facts, _) = looked_at(&both, Offer::Tls12, &strangers).await.unwrap();
    assert_eq!((facts.version, facts.speaks_tls12), (TlsVersion::Tls12, Some(true)));
    assert_eq!(facts.trust, ChainTrust::UnknownIssuer);
}

#[tokio::test]
async fn a_server_without_a_common_version_is_distinguished_from_one_that_hangs_up() {
    let made = made("mail.weber.example");
    let new_only = server(&made, &[&TLS13]);
    let refused = looked_at(&new_only, Offer::Tls12, &Roots::System).await.unwrap_err();
    assert_eq!(refused.failure, TlsFailure::NothingInCommon, "{refused}");
    let (ours, theirs) = tokio::io::duplex(1024);
    drop(theirs);
    let closed = inspect("mail.weber.example", ours, Offer::Both, &Roots::System).await.unwrap_err();
    assert_eq!(closed.failure, TlsFailure::Closed, "{closed}");
}

#[test]
fn a_chain_is_judged_by_itself() {
    let own = rcgen::generate_simple_self_signed(vec!["mail.weber.example".to_owned()]).unwrap();
    let own = vec![own.cert.der().to_vec()];
    let strangers = Roots::Only(vec![made("other.example").authority]);
    assert_eq!(judge_chain(&own, &strangers), ChainTrust::SelfSigned);
    // One that names nobody leads to its authority all the same.
    let mut nameless = made("mail.weber.example");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().signed_by(&key, &issuer).unwrap();
    nameless.chain = vec![certificate.der().to_vec(), issuer.der().to_vec()];
    assert_eq!(judge_chain(&nameless.chain, &Roots::Only(vec![issuer.der().to_vec()])), ChainTrust::Trusted);
    assert!(read_chain(&nameless.chain).iter().all(|one| one.is_reached));
    // A certificate of somebody else in the chain is not led to.
    let stray = vec![nameless.chain.first().unwrap().clone(), made("x.example").authority];
    let reached: Vec<bool> = read_chain(&stray).iter().map(|one| one.is_reached).collect();
    assert_eq!(reached, [true, false]);
    assert!(read_chain(&[b"nonsense".to_vec()]).is_empty());
    assert!(matches!(judge_chain(&[], &strangers), ChainTrust::Other(_)));
    // Expired.
    let mut params = CertificateParams::new(vec!["old.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let old = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    let old = vec![old.der().to_vec(), issuer.der().to_vec()];
    assert_eq!(judge_chain(&old, &Roots::Only(vec![issuer.der().to_vec()])), ChainTrust::Expired);
}
