//! A real Postfix writes a log and a bounce while another server refuses its mail with the documented words; both are read.

use mailferry::audit::evidence::{EvidenceFacts, SourceKind};
use mailferry::survey::{EvidenceSubject, read_evidence};
use mailferry::values::{DomainName, UnixTime};
use mailferry_test_support::fakes::scripted_smtp::ScriptedSmtp;
use mailferry_test_support::programs::until;
use mailferry_test_support::servers::postfix::Postfix;
use tokio_util::sync::CancellationToken;

const REFUSAL: &str = "550 5.7.1 Unfortunately, messages from [198.51.100.77] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).";

fn read(folder: &std::path::Path) -> EvidenceFacts {
    let domain = DomainName::parse("weber.test").unwrap();
    let paths = [folder.to_path_buf()];
    let subject = EvidenceSubject { domain: &domain, now: UnixTime::now(), beside: None };
    read_evidence(&subject, &paths, &mut |_| {}, &CancellationToken::new()).unwrap()
}

#[test]
fn a_real_postfix_tells_the_story_in_its_log_and_its_bounce() {
    let server = ScriptedSmtp::start(vec![
        ("@hotmail.test", REFUSAL),
        ("@slow.test", "450 4.2.0 Recipient address rejected: Greylisted"),
        ("@typo.test", "550 5.1.1 User unknown"),
    ]);
    let Some(postfix) = Postfix::start(server.port) else { return };
    postfix
        .send("anna@weber.test", &["rita@hotmail.test", "tom@good.test", "eva@slow.test", "eve@typo.test"]);
    // Four recipients, and the bounce that goes back to the sender.
    until("Postfix has delivered, deferred and bounced", || {
        let log = postfix.log();
        (log.matches("status=").count() >= 5 && !server.mails().is_empty()).then_some(())
    });
    let bounce = server.mails().into_iter().find(|mail| mail.contains("delivery-status"));
    let bounce = bounce.expect("a bounce came back");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("returned.eml"), bounce).unwrap();
    let alone = read(folder.path());
    assert_eq!(alone.sources[0].kind, SourceKind::Bounce, "{:?}", alone.sources);
    assert!(alone.helo_names.contains_key("mail.weber.test"), "{:?}", alone.helo_names);
    let reply =
        alone.receivers.iter().flat_map(|receiver| &receiver.replies).find(|reply| reply.sample == REFUSAL);
    assert!(reply.is_some(), "{:#?}", alone.receivers);

    // On this computer the receiver is called by its number; the log gets the name that it would have.
    let name = "hotmail-com.olc.protection.outlook.com[192.0.2.33]";
    let log = postfix.log().replace("127.0.0.1[127.0.0.1]", name);
    std::fs::write(folder.path().join("mail.log"), &log).unwrap();
    std::fs::remove_file(folder.path().join("returned.eml")).unwrap();
    let facts = read(folder.path());
    assert_eq!(facts.sources[0].kind, SourceKind::MailLog, "{log}");
    let [receiver] = facts.receivers.as_slice() else { panic!("{:#?}\n{log}", facts.receivers) };
    let sum = receiver.days.values().fold((0, 0, 0, 0), |sum, day| {
        (sum.0 + day.delivered, sum.1 + day.refused, sum.2 + day.deferred, sum.3 + day.recipient_faults)
    });
    assert_eq!((sum.1, sum.2, sum.3), (1, 1, 1), "{receiver:#?}\n{log}");
    // The good one, and the bounce itself.
    assert_eq!(sum.0, 2, "{log}");
    let reply =
        receiver.replies.iter().find(|reply| reply.sample == REFUSAL).unwrap_or_else(|| panic!("{log}"));
    assert_eq!(reply.pattern.as_deref(), Some("ms01"));
    let addresses: Vec<String> = facts.sending_addresses.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["198.51.100.77"]);
    let json = serde_json::to_string(&facts).unwrap();
    assert!(!["rita", "tom@", "eva@", "eve@", "anna"].iter().any(|name| json.contains(name)), "{json}");
}
