//! How a mailbox is signed in to, chosen in its row.

use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, Step};
use mailferry::ui::testing::samples;
use mailferry::values::{CommandLine, Credential, NameForm, SignInWay};
use mailferry::values::{MailboxId, Side};

use mailferry_test_support::window::Opened;

fn sent(side: Side, credential: Credential) -> [Command; 1] {
    [Command::SetSignInWay { mailbox: MailboxId(4), side, way: SignInWay::with(credential) }]
}

#[test]
fn each_side_has_its_own_way_to_sign_in() {
    let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, false);
    opened.click("Enter again… opa.karl@weber-familie.example");
    opened.click("Sign in with admin, Your server");
    assert_eq!(opened.sent(), [], "nothing is changed before the admin has a name");
    opened.type_into("Admin, Your server", "root");
    opened.click("Password, Your server");
    assert_eq!(opened.sent(), sent(Side::Source, Credential::Admin("root".to_owned())));

    opened.type_into("Form of the name, Your server", "*");
    opened.click("Password, Your server");
    let form = NameForm::parse("*").unwrap();
    let by_name = Credential::AdminByName { admin: "root".to_owned(), form };
    assert_eq!(opened.sent(), sent(Side::Source, by_name));

    opened.click("Sign in with token command, Your server");
    assert!(opened.harness.query_by_label("Password, Your server").is_none(), "a token needs no password");
    opened.type_into("Token command, Your server", "token 'for anna");
    opened.click("User name, Your server");
    assert!(opened.harness.query_by_label_contains("never closes it").is_some());
    opened.type_into("Token command, Your server", "'");
    opened.click("User name, Your server");
    let line = CommandLine::parse("token 'for anna'").unwrap();
    assert_eq!(opened.sent(), sent(Side::Source, Credential::TokenCommand(line)));
}
