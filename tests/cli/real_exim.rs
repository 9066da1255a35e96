//! A real Exim writes its log while another server takes, defers and refuses its mail with the documented words.

use mailferry::audit::evidence::{EvidenceFacts, SourceKind};
use mailferry::survey::{EvidenceSubject, read_evidence};
use mailferry::values::{DomainName, UnixTime};
use mailferry_test_support::fakes::scripted_smtp::ScriptedSmtp;
use mailferry_test_support::programs::until;
use mailferry_test_support::servers::exim::Exim;
use tokio_util::sync::CancellationToken;

const REFUSAL: &str = "550 5.7.1 Unfortunately, messages from [198.51.100.77] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).";
const GREETING: &str = "504 5.5.2 <mail.weber.test>: Helo command rejected: need fully-qualified hostname";

fn read(log: &str) -> EvidenceFacts {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mainlog"), log).unwrap();
    let domain = DomainName::parse("weber.test").unwrap();
    let paths = [folder.path().to_path_buf()];
    let subject = EvidenceSubject { domain: &domain, now: UnixTime::now(), beside: None };
    read_evidence(&subject, &paths, &mut |_| {}, &CancellationToken::new()).unwrap()
}

#[test]
fn a_real_exim_tells_the_story_in_its_log() {
    let server = ScriptedSmtp::start(vec![
        ("@hotmail.test", REFUSAL),
        ("@slow.test", "450 4.2.0 Recipient address rejected: Greylisted"),
        ("@typo.test", "550 5.1.1 User unknown"),
        ("@strict.test", GREETING),
    ]);
    let Some(exim) = Exim::prepare(server.port) else { return };
    exim.send(
        "anna@weber.test",
        &["rita@hotmail.test", "tom@good.test", "eva@slow.test", "eve@typo.test", "ida@strict.test"],
    );
    // Five recipients, and the bounce that goes back to the sender.
    until("Exim has delivered, deferred and bounced", || {
        let log = exim.log();
        let marks = [" => ", " ** ", " == "].iter().map(|mark| log.matches(mark).count());
        (marks.sum::<usize>() >= 6).then_some(())
    });

    // On this computer the receiver is called by its number; the log gets the name that it would have.
    let log = exim
        .log()
        .replace("H=127.0.0.1 [127.0.0.1]", "H=hotmail-com.olc.protection.outlook.com [192.0.2.33]");
    let facts = read(&log);
    assert_eq!(facts.sources[0].kind, SourceKind::MailLog, "{log}");
    let [receiver] = facts.receivers.as_slice() else { panic!("{:#?}\n{log}", facts.receivers) };
    let sum = receiver.days.values().fold((0, 0, 0, 0), |sum, day| {
        (sum.0 + day.delivered, sum.1 + day.refused, sum.2 + day.deferred, sum.3 + day.recipient_faults)
    });
    // Delivered: the good one, and the bounce itself.
    assert_eq!(sum, (2, 2, 1, 1), "{receiver:#?}\n{log}");
    let reply =
        receiver.replies.iter().find(|reply| reply.sample == REFUSAL).unwrap_or_else(|| panic!("{log}"));
    assert_eq!((reply.pattern.as_deref(), reply.is_permanent), (Some("ms01"), true));
    let grey = receiver.replies.iter().find(|reply| reply.sample.contains("Greylisted"));
    assert!(grey.is_some_and(|reply| !reply.is_permanent), "{receiver:#?}");
    assert_eq!(facts.helo_names.get("mail.weber.test"), Some(&1), "{log}");
    assert_eq!((facts.outbound_tls.encrypted, facts.outbound_tls.clear), (0, 2), "{log}");
    assert_eq!(facts.backscatter, 1, "the bounce is a notice that went to another server: {log}");
    let json = serde_json::to_string(&facts).unwrap();
    assert!(
        !["rita", "tom@", "eva@", "eve@", "ida@", "anna"].iter().any(|name| json.contains(name)),
        "{json}"
    );
}
