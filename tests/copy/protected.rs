//! Whole copies between real servers with everything that protects or shortens them: TLS on both sides, an admin who signs
//! in for a mailbox at Cyrus, compression, and a quota that is raised.

use mailferry::imap::{Access, Compression};
use mailferry::transfer::TransferError;
use mailferry::values::{Credential, Fingerprint, Security};
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same, contents};
use mailferry_test_support::servers::cyrus::{self, ADMIN, Cyrus};
use mailferry_test_support::servers::dovecot::{self, Dovecot, access};
use sha2::{Digest as _, Sha256};

fn pinned(port: u16, fingerprint: Fingerprint) -> Access {
    let mut access = access(port, Security::Tls, "anna");
    access.trust.pinned = Some(fingerprint);
    access
}

fn pair() -> Option<(Dovecot, Cyrus)> {
    let dovecot = Dovecot::start(&["anna"], &dovecot::Settings::default())?;
    let cyrus = Cyrus::start(&["anna"], &cyrus::Settings::default())?;
    Some((dovecot, cyrus))
}

fn dovecot_print(server: &Dovecot) -> Fingerprint {
    Fingerprint(Sha256::digest(std::fs::read(server.certificate_der()).unwrap()).into())
}

#[tokio::test]
async fn tls_on_both_sides_carries_the_copy_in_both_directions() {
    for is_to_cyrus in [true, false] {
        let Some((dovecot, cyrus)) = pair() else { return };
        let ways =
            [pinned(dovecot.tls_port, dovecot_print(&dovecot)), pinned(cyrus.tls_port, cyrus.fingerprint())];
        let [of_dovecot, of_cyrus] = ways;
        let ports = [dovecot.clear_port, cyrus.clear_port];
        let (from, to) = if is_to_cyrus { (ports[0], ports[1]) } else { (ports[1], ports[0]) };
        let mails = mixed_mailbox(120, '/', "");
        PlainImap::open(from, "anna").store(&mails);
        // A certificate that nobody has looked at is not believed.
        assert!(access(dovecot.tls_port, Security::Tls, "anna").open().await.is_err());
        assert!(access(cyrus.tls_port, Security::Tls, "anna").open().await.is_err());
        let (source, destination) = if is_to_cyrus { (of_dovecot, of_cyrus) } else { (of_cyrus, of_dovecot) };
        let bench = Bench::new(source, destination).await;
        assert_eq!(bench.copy_all().await, mails.len() as u64);
        assert_same(&contents(from, '/', ""), &contents(to, '/', ""));
        bench.assert_verified(mails.len()).await;
        assert_eq!(bench.copy_all().await, 0);
    }
}

#[tokio::test]
async fn an_admin_of_cyrus_signs_in_for_a_mailbox_and_the_copy_is_compressed() {
    let Some((source, _)) = pair() else { return };
    // The admin may act as others where the server takes him for one of its proxies.
    let settings = cyrus::Settings { extra: "proxyservers: cyrus", ..cyrus::Settings::default() };
    let Some(destination) = Cyrus::start(&["anna"], &settings) else { return };
    let mails = mixed_mailbox(80, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let mut as_admin = access(destination.clear_port, Security::Clear, "anna");
    as_admin.options.way.credential = Credential::Admin(ADMIN.to_owned());
    as_admin.options.compression = Compression::Always;
    let session = as_admin.open_new().await.unwrap();
    assert!(session.is_compressed(), "Cyrus offers compression");
    drop(session);
    let bench = Bench::new(access(source.clear_port, Security::Clear, "anna"), as_admin).await;
    assert_eq!(bench.copy_all().await, mails.len() as u64);
    assert_same(&contents(source.clear_port, '/', ""), &contents(destination.clear_port, '/', ""));
    bench.assert_verified(mails.len()).await;
}

#[tokio::test]
async fn the_copy_continues_where_it_was_once_the_quota_is_raised() {
    let full = dovecot::Settings {
        extra: "mail_plugins = quota\nplugin {\n  quota = count:User quota\n  quota_vsizes = yes\n  \
                quota_rule = *:storage=200k\n}\n"
            .to_owned(),
        ..dovecot::Settings::default()
    };
    let mails = mixed_mailbox(120, '/', "");
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(mut destination) = Dovecot::start(&["anna"], &full) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let clear = |port| access(port, Security::Clear, "anna");
    let mut bench = Bench::new(clear(source.clear_port), clear(destination.clear_port)).await;
    // Some batches fit, and one does not.
    bench.request.limits.batch_messages = 5;
    let error = bench.copy(&|_| {}).await.unwrap_err();
    assert!(matches!(&error, TransferError::DestinationFull { .. }), "{error}");
    let before = bench.sum();
    assert!(before.copied > 0 && before.to_do > 0, "{before:?}");
    destination.change_configuration("storage=200k", "storage=2G");
    assert_eq!(bench.copy_all().await, before.to_do);
    assert_same(&contents(source.clear_port, '/', ""), &contents(destination.clear_port, '/', ""));
    bench.assert_verified(mails.len()).await;
}
