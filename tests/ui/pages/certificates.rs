//! Questions about certificates: one for each server, with every fingerprint, on each page that asks.

use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, ProjectView, Step};
use mailferry::ui::testing::samples;

use mailferry_test_support::window::Opened;

fn approval() -> Command {
    let certificate = samples::certificate();
    Command::TrustCertificate { server: certificate.server, fingerprint: certificate.fingerprint }
}

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

#[test]
fn fifty_mailboxes_of_one_server_ask_one_question_and_show_the_fingerprint() {
    let certificate = samples::certificate();
    let mut opened = Opened::step(samples::asked_about(&certificate, 50), Step::Mailboxes, false);
    assert_eq!(count(&opened, "Is this the certificate of mail.weber-familie.example"), 1);
    assert_eq!(count(&opened, &certificate.fingerprint.to_string()), 1);
    assert!(count(&opened, "50 mailboxes wait: check the certificate of mail.weber-familie.example") > 0);
    assert_eq!(count(&opened, "Leave user0001"), 0);
    opened.click("Trust it for mail.weber-familie.example");
    assert_eq!(opened.sent(), [approval()]);
}

#[test]
fn a_changed_certificate_is_another_card_and_approved_only_after_a_comparison() {
    let changed = samples::changed_certificate();
    let signing_in: ProjectView = samples::asked_about(&changed, 50);
    for (project, step, waiting) in [
        (signing_in, Step::Mailboxes, "50 mailboxes have stopped."),
        (samples::stopped_by_certificate(), Step::Copy, "3 mailboxes have stopped."),
    ] {
        let mut opened = Opened::step(project, step, false);
        assert_eq!(count(&opened, "Is this the certificate"), 0);
        assert_eq!(count(&opened, "mail.weber-familie.example shows a different certificate"), 1);
        assert_eq!(count(&opened, waiting), 1, "{waiting}");
        assert_eq!(count(&opened, &changed.fingerprint.to_string()), 1);
        let approved = changed.approved.as_ref().unwrap();
        assert_eq!(count(&opened, &approved.fingerprint.to_string()), 1);
        // Blocked until the owner says that both were compared.
        opened.click("Approve the new one for mail.weber-familie.example");
        assert_eq!(opened.sent(), []);
        opened.click("I compared the new fingerprint with the server's own");
        opened.click("Approve the new one for mail.weber-familie.example");
        assert_eq!(opened.sent(), [approval()]);
    }
}
