//! Evidence from mailboxes whose server does not search: its headers are looked at, newest first, within bounds.

use mailferry::imap::Access;
use mailferry::message::internal_date_secs;
use mailferry::rehearsal::{
    FolderPath, ImapAccount, ImapHandle, ImapServer, Personality, SampleFolder, SampleMessage, SpecialUse,
};
use mailferry::survey::MailboxBounds;
use mailferry::values::{EmailAddress, Secret, Security, UnixTime};
use mailferry_test_support::clients::plain_imap::Mail;
use mailferry_test_support::servers::dovecot::{PASSWORD, access};
use tokio_util::sync::CancellationToken;

use crate::evidence_imap::{
    DOMAIN, NEW, OLD, assert_contents, assert_sources, bounce, kinds, mail, named, of_anna, of_postmaster,
    read,
};

/// The mails in folders of a practice server.
fn folders(mails: Vec<Mail>) -> Vec<SampleFolder> {
    let mut folders: Vec<SampleFolder> = Vec::new();
    for mail in mails {
        let path = FolderPath::parse(&mail.folder);
        let message = SampleMessage {
            internal_date: UnixTime(internal_date_secs(&mail.date).unwrap()),
            bytes: mail.bytes.into(),
            flags: mail.flags.into_iter().map(str::to_owned).collect(),
        };
        if let Some(folder) = folders.iter_mut().find(|folder| folder.path == path) {
            folder.messages.push(message);
        } else {
            let special_use = (mail.folder == "Sent").then_some(SpecialUse::Sent);
            folders.push(SampleFolder { path, special_use, messages: vec![message] });
        }
    }
    folders
}

/// A server that answers every SEARCH with this.
struct Unsearchable {
    handle: ImapHandle,
    stop: CancellationToken,
    _runtime: tokio::runtime::Runtime,
}

impl Unsearchable {
    fn start(reply: &'static str, accounts: Vec<(&str, Vec<Mail>)>) -> Self {
        let mut personality = Personality::dovecot();
        personality.quirks.search_reply = Some(reply);
        let account = |(user, mails): (&str, Vec<Mail>)| ImapAccount {
            address: EmailAddress::parse(&format!("{user}@{DOMAIN}")).unwrap(),
            password: Secret::new(PASSWORD),
            folders: folders(mails),
        };
        let accounts = accounts.into_iter().map(account).collect();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(ImapServer::bind(personality, accounts, 7)).unwrap();
        let (handle, stop) = (server.handle(), CancellationToken::new());
        drop(runtime.spawn(server.serve(stop.clone())));
        Self { handle, stop, _runtime: runtime }
    }

    fn access(&self, user: &str) -> Access {
        access(self.handle.endpoint().port, Security::Clear, &format!("{user}@{DOMAIN}"))
    }
}

impl Drop for Unsearchable {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[test]
fn a_server_without_search_gives_what_one_with_search_gives() {
    for reply in ["NO [CANNOT] Search is switched off.", "BAD Unknown command."] {
        let server = Unsearchable::start(reply, vec![("anna", of_anna()), ("postmaster", of_postmaster())]);
        let mailboxes =
            ["anna", "postmaster"].map(|user| named(&format!("{user}@{DOMAIN}"), server.access(user)));
        let (found, _) = read(&mailboxes, &MailboxBounds::default(), &CancellationToken::new()).unwrap();
        assert_sources(&found);
        assert_contents(&found);
    }
}

#[test]
fn headers_are_looked_at_within_a_bound_and_no_further_than_the_days_that_count() {
    let letter = |id: u32| {
        format!(
            "From: b@b.example\nTo: anna@{DOMAIN}\nSubject: Tulips\nMessage-ID: <{id}@b.example>\n\nHello.\n"
        )
    };
    // Older mail, a bounce in it that counts by its date, letters, and a new bounce.
    let mut mails: Vec<Mail> = (0..1_200).map(|id| mail("INBOX", OLD, &letter(id))).collect();
    mails.push(mail("INBOX", NEW, &bounce(1)));
    mails.extend((2_000..2_700).map(|id| mail("INBOX", NEW, &letter(id))));
    mails.push(mail("INBOX", NEW, &bounce(2)));
    let server = Unsearchable::start("NO [CANNOT] No search.", vec![("anna", mails)]);
    let looked = |headers: usize| {
        let bounds = MailboxBounds { headers, ..MailboxBounds::default() };
        let mailbox = [named("anna", server.access("anna"))];
        let (facts, _) = read(&mailbox, &bounds, &CancellationToken::new()).unwrap();
        kinds(&facts, "anna")
            .into_iter()
            .map(|(kind, mails, problem)| format!("{kind:?} {mails} {problem}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(looked(20_000), ["Bounce 2 "], "all that is not too old was seen");
    assert_eq!(
        looked(600),
        [
            "Mailbox 0 its server does not search, so only 600 of the newest messages were looked at",
            "Bounce 1 "
        ]
    );
    // The steps end where everything is too old, before the bound.
    assert_eq!(looked(1_600), ["Bounce 2 "]);
}
