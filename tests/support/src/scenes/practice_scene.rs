//! Practice servers with one mailbox, and the copy between them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use mailferry::engine::why;
use mailferry::plan::MessageState;
use mailferry::project::Repair;
use mailferry::rehearsal::{
    Dislike, FolderPath, ImapAccount, ImapHandle, ImapServer, Personality, SampleFolder, SampleMessage,
};
use mailferry::transfer::{VerifyDepth, verify_mailbox};
use mailferry::values::{EmailAddress, Secret, Security, SourceUid, UnixTime};
use tokio_util::sync::CancellationToken;

use crate::scenes::copy_bench::Bench;
use crate::servers::dovecot::{PASSWORD, access};

/// Whose mailbox it is.
pub const USER: &str = "anna@weber.example";
/// A message that was read.
pub fn message(bytes: &[u8]) -> SampleMessage {
    SampleMessage {
        bytes: bytes.into(),
        flags: BTreeSet::from(["\\Seen".to_owned()]),
        internal_date: UnixTime(1_678_183_200),
    }
}

/// A message that every server takes.
pub fn good(number: usize) -> SampleMessage {
    message(
        format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nText {number}\r\n")
            .as_bytes(),
    )
}

/// Practice servers with mail at the source, and the copy between them.
pub struct Scene {
    /// The server that is read.
    pub source: ImapHandle,
    /// The server that is written.
    pub destination: ImapHandle,
    /// The copy and its ledger.
    pub bench: Bench,
    folder: tempfile::TempDir,
}

impl Scene {
    /// Where refused messages go as files.
    pub fn export_folder(&self) -> PathBuf {
        self.folder.path().join("weber-exported")
    }

    /// What is at the destination.
    pub fn arrived(&self) -> Vec<SampleMessage> {
        self.destination.dump(USER).into_iter().map(|(_, message)| message).collect()
    }

    /// What was done to the message with this UID in the inbox.
    pub fn repair(&self, uid: u32) -> Option<Repair> {
        let ledger = self.bench.ledger();
        let inbox = ledger.folder_totals().unwrap()[0].id;
        ledger.repair(inbox, SourceUid(uid)).unwrap()
    }

    /// State and cause of the message with this UID in the inbox.
    pub fn state(&self, uid: u32) -> (MessageState, String) {
        let ledger = self.bench.ledger();
        let inbox = ledger.folder_totals().unwrap()[0].id;
        let row = ledger.row(inbox, SourceUid(uid)).unwrap().unwrap();
        (row.state, why(&row).unwrap_or_default())
    }

    /// The ledger's own proof: every copy is what was sent.
    pub async fn assert_verified(&self) {
        for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
            let report = verify_mailbox(&self.bench.request, depth).await.unwrap();
            assert_eq!((report.differences.as_slice(), report.counts.not_placed), (&[][..], 0), "{depth:?}");
        }
    }

    /// A further run changes nothing.
    pub async fn assert_settled(&self) {
        let before = self.arrived().len();
        assert_eq!(self.bench.copy_all().await, 0);
        assert_eq!(self.arrived().len(), before);
    }
}

/// Starts both servers with these messages in the inbox of the source, and does the work.
pub async fn play<Work: Future<Output = ()>>(
    destination: Personality,
    messages: Vec<SampleMessage>,
    work: impl FnOnce(Scene) -> Work,
) {
    let inbox = SampleFolder { path: FolderPath::inbox(), special_use: None, messages };
    play_between(Personality::dovecot(), destination, vec![inbox], work).await;
}

/// Starts both servers with these folders at the source, and does the work.
pub async fn play_between<Work: Future<Output = ()>>(
    source: Personality,
    destination: Personality,
    folders: Vec<SampleFolder>,
    work: impl FnOnce(Scene) -> Work,
) {
    let bind = |personality: Personality, folders: Vec<SampleFolder>, validity| {
        let account = ImapAccount {
            address: EmailAddress::parse(USER).unwrap(),
            password: Secret::new(PASSWORD),
            folders,
        };
        ImapServer::bind(personality, vec![account], validity)
    };
    let from = bind(source, folders, 7).await.unwrap();
    let to = bind(destination, Vec::new(), 9).await.unwrap();
    let (source, destination) = (from.handle(), to.handle());
    let cancel = CancellationToken::new();
    let work = async {
        let folder = tempfile::tempdir().unwrap();
        let reach = |server: &ImapHandle| access(server.endpoint().port, Security::Clear, USER);
        let mut bench = Bench::new(reach(&source), reach(&destination)).await;
        bench.request.export_folder = Some(folder.path().join("weber-exported"));
        bench.request.limits.late_append = Duration::from_millis(300);
        work(Scene { source, destination, bench, folder }).await;
        cancel.cancel();
    };
    tokio::join!(from.serve(cancel.clone()), to.serve(cancel.clone()), work);
}

/// A Dovecot that refuses these.
pub fn disliking(dislikes: &'static [(Dislike, &'static str)]) -> Personality {
    let mut personality = Personality::dovecot();
    personality.quirks.dislikes = dislikes;
    personality
}
