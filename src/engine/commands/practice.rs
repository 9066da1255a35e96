use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::actor::Actor;
use crate::engine::api::command::PracticeTrouble;
use crate::engine::api::snapshot::PracticeLogins;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::Message;
use crate::engine::open_project::OpenProject;
use crate::engine::open_project::practice_world::PracticeWorld;
use crate::engine::system::temporary::{practice_folder, remove_rehearsal};
use crate::project::{Pin, Project};
use crate::providers::Catalogue;
use crate::rehearsal::{
    COLLIDING, DOMAIN, EvidenceStory, ISSUER, Practice, PracticeAccount, PracticeOptions, Trouble,
    practice_evidence,
};
use crate::secrets::SecretStore;
use crate::signin::{ClientApp, Grant, TokenDesk, read_providers};
use crate::values::{Credential, DomainName, Endpoint, Fingerprint, Secret, SignInId, SignInWay, UnixTime};

/// The time that each message takes in slow motion: some 740 messages take a minute and a half.
const SLOW_MOTION: Duration = Duration::from_millis(120);
/// The password after it was changed on purpose.
const CHANGED_PASSWORD: &str = "another-one";
/// How long the practice provider asks for a pause.
const BUSY_TIME: Duration = Duration::from_secs(10);
/// The id of the practice provider's sign-in.
const PRACTICE_PROVIDER: &str = "practice";

/// Who signs in how.
fn practice_words(accounts: &[PracticeAccount]) -> String {
    let with_token = accounts.iter().find(|account| account.destination_password.is_none());
    let filled_in = "The users of the practice domain and their passwords are filled in.";
    with_token.map_or_else(
        || filled_in.to_owned(),
        |account| {
            format!(
                "{filled_in} Only {} has no password at the provider: sign in there, and a practice browser inside Mailferry presses “Allow”.",
                account.address
            )
        },
    )
}

/// Creates a practice project in a folder of its own: below `kept`, where it stays until it is deleted, or else in a
/// temporary one that goes when the project is closed.
pub(in crate::engine) fn make_project(
    catalogue: &Catalogue,
    kept: Option<&Path>,
) -> Result<OpenProject, Box<UserError>> {
    let domain = DomainName::parse(DOMAIN).map_err(|error| Box::new(explain::domain_name(&error)))?;
    let place = kept.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let folder = practice_folder(kept).map_err(|error| Box::new(explain::folder_not_made(&place, &error)))?;
    let path = folder.path().join(format!("{DOMAIN}.mailferry"));
    let mut open = Project::create(&path, &domain, true)
        .and_then(|project| OpenProject::load(project, catalogue))
        .map_err(|error| Box::new(explain::project_at(&path, &error)))?;
    if kept.is_some() {
        // From here on only its owner deletes it.
        let _its_path = folder.keep();
    } else {
        open.view.is_temporary = true;
        open.practice_folder = Some(folder);
    }
    Ok(open)
}

/// Puts the log and the reports of the practice domain beside its project, and says where: the first audit reads them.
fn write_evidence(open: &OpenProject) -> Option<PathBuf> {
    let folder = open.project.path().with_extension("evidence");
    let written = fs::create_dir_all(&folder).and_then(|()| {
        practice_evidence(EvidenceStory::Neighbour, UnixTime::now())
            .iter()
            .try_for_each(|file| fs::write(folder.join(file.name), &file.bytes))
    });
    match written {
        Ok(()) => Some(folder),
        Err(error) => {
            tracing::warn!(%error, "the practice log could not be written; the audit goes on without it");
            None
        }
    }
}

impl Actor {
    /// Starts the embedded servers of the open practice project and fills in what they offer.
    pub(in crate::engine) async fn start_practice(&mut self) {
        if self.open.is_none() {
            return;
        }
        let keep = self.open.as_ref().map(|open| open.project.path().with_extension("practice"));
        let options =
            PracticeOptions { keep, wants_token: true, has_certificate: true, ..PracticeOptions::default() };
        let (world, servers) = match Practice::start(&options).await {
            Ok(started) => started,
            Err(error) => {
                self.close_project().await;
                return self.could_not_open(explain::practice_not_started(&error));
            }
        };
        self.launch(
            JobKind::Practice,
            |context| servers.serve(context.token),
            |number, ()| Message::PracticeEnded { number },
        );
        let evidence = self.open.as_ref().and_then(write_evidence);
        let accounts: Vec<PracticeAccount> = world.accounts.clone();
        let sign_in = self.know_practice_provider(&world).await;
        let shown = world.certificate();
        let practice = PracticeWorld { world, tally: None };
        let source = practice.source();
        if let Some(open) = self.open.as_mut() {
            open.view.practice_logins = Some(PracticeLogins { words: practice_words(&accounts) });
            open.practice = Some(practice);
            open.evidence_to_read.extend(evidence);
            open.count_practice_mail();
        }
        self.approve_practice_certificate(&source, shown);
        self.set_source_server(source);
        // A reopened practice project gets new ports.
        let chosen = self.open.as_ref().and_then(|open| open.view.destination.chosen.clone());
        if let Some((provider, _)) = chosen {
            self.choose_destination(provider, None);
        }
        if self.config.rehearses_slowly
            && let Some(practice) = self.open.as_ref().and_then(|open| open.practice.as_ref())
            && let Err(error) = practice.world.make_trouble(Trouble::Pace(Some(SLOW_MOTION)))
        {
            self.fail(explain::no_trouble(&error));
        }
        // Before the passwords are there: with the last of them an interrupted copy goes on.
        if self.open.as_ref().is_some_and(|open| open.view.copy.route.is_some()) {
            self.name_accounts(true);
        }
        for account in accounts {
            self.add_practice_account(account, sign_in.as_ref()).await;
        }
        self.go_on_by_itself();
    }

    /// Deletes a rehearsal that is not open, with everything in it; other projects never.
    pub(in crate::engine) fn delete_rehearsal(&mut self, path: &Path) {
        let kept = self.config.rehearsals_folder.as_deref();
        let folder = path.parent().filter(|folder| folder.parent() == kept && kept.is_some());
        let Some(folder) = folder else { return self.fail(explain::no_rehearsal(path)) };
        if !folder.exists() {
            return self.recent.forget(path);
        }
        match remove_rehearsal(folder) {
            Ok(true) => {
                self.recent.forget(path);
                self.notice("The rehearsal was thrown away", None);
            }
            Ok(false) => self.fail(explain::rehearsal_is_open(path)),
            Err(error) => self.fail(explain::not_deleted(folder, &error)),
        }
    }

    /// Injects a fault into the practice servers; other projects have none.
    pub(in crate::engine) fn make_trouble(&self, trouble: PracticeTrouble) {
        let Some(practice) = self.open.as_ref().and_then(|open| open.practice.as_ref()) else {
            return self.fail(explain::no_practice());
        };
        let (trouble, words) = Self::trouble_of(practice, trouble);
        match practice.world.make_trouble(trouble) {
            Ok(()) => self.notice(words, None),
            Err(error) => self.fail(explain::no_trouble(&error)),
        }
    }

    /// What is to be done in the practice world, and the words for it.
    fn trouble_of(practice: &PracticeWorld, trouble: PracticeTrouble) -> (Trouble, String) {
        let user = practice.world.accounts.first().map(|account| account.address.to_string());
        let user = user.unwrap_or_default();
        let (trouble, words) = match trouble {
            PracticeTrouble::CutConnections => {
                (Trouble::ConnectionsBreak, "Every connection was cut. Watch the copy recover".to_owned())
            }
            PracticeTrouble::SlowProvider => (
                Trouble::DestinationBusy { time: BUSY_TIME },
                "The provider asks for a pause. The copy waits and then continues on its own".to_owned(),
            ),
            PracticeTrouble::LoseReplies => (
                Trouble::RepliesLost { times: 1 },
                "The provider saves the next messages but its answer gets lost. Watch: none will arrive twice"
                    .to_owned(),
            ),
            PracticeTrouble::FillMailboxes => {
                (Trouble::DestinationFull, "Every mailbox at the provider is full now".to_owned())
            }
            PracticeTrouble::MakeRoom => {
                (Trouble::DestinationHasRoom, "The provider has space again".to_owned())
            }
            PracticeTrouble::RefuseMessage => (
                Trouble::MessageRefused,
                "The provider refuses the next message, in every form. Watch what becomes of it".to_owned(),
            ),
            PracticeTrouble::ChangePassword => (
                Trouble::PasswordChanged(Secret::new(CHANGED_PASSWORD)),
                format!("The password of {user} at the provider is “{CHANGED_PASSWORD}” now. Sign in, and enter it"),
            ),
            PracticeTrouble::ChangeCertificate => (
                Trouble::CertificateChanges,
                "Your old server shows another certificate now. Sign in or copy, and compare the fingerprints".to_owned(),
            ),
            PracticeTrouble::CollidingFolder => (
                Trouble::FolderCollides,
                format!(
                    "{user} has a folder “{}” beside “{}” on the old server now. Count the folders again",
                    COLLIDING.0, COLLIDING.1
                ),
            ),
            PracticeTrouble::SlowMotion => {
                (Trouble::Pace(Some(SLOW_MOTION)), "The copy takes its time now".to_owned())
            }
            PracticeTrouble::FullSpeed => {
                (Trouble::Pace(None), "The copy goes at full speed now".to_owned())
            }
        };
        (trouble, words)
    }

    /// The owner of the practice server knows its certificate: only another one is asked about. Each start gives the server
    /// another port, and what was approved at the last one moves there.
    fn approve_practice_certificate(&mut self, server: &Endpoint, shown: Option<Fingerprint>) {
        let Some(fingerprint) = shown else { return };
        let last = self.open.as_ref().and_then(|open| {
            let last = open.view.domain.source_server.as_ref()?;
            open.pins.of(last)
        });
        let issuer = Some(format!("CN={ISSUER}"));
        let first = Pin { fingerprint, approved_at: UnixTime::now(), issuer, valid_until: None };
        let pin = last.unwrap_or(first);
        if self.store(|project| project.pin_certificate(server, &pin)).is_some()
            && let Some(open) = self.open.as_ref()
        {
            open.pins.approve(server, pin);
        }
    }

    /// Takes in where the mailbox signs in that wants a token: nothing of it goes into the keyring.
    async fn know_practice_provider(&mut self, world: &Practice) -> Option<SignInId> {
        let identity = world.identity();
        let known = match read_providers(&identity.provider) {
            Ok(known) => known.into_iter().next()?,
            Err(error) => {
                tracing::error!("the practice provider cannot be read: {error}");
                return None;
            }
        };
        let desk = TokenDesk::new(SecretStore::session_only());
        let client = ClientApp { id: identity.client_id.to_owned(), secret: None, tenant: None };
        desk.clients().keep(&known.id, &client).await;
        for (user, refresh) in identity.refresh {
            let grant = Grant {
                provider: known.id.clone(),
                user: user.to_string(),
                client: client.clone(),
                token_endpoint: known.token.clone(),
                revocation_endpoint: None,
                hosts: known.hosts.clone(),
                refresh,
            };
            desk.grants().keep(&grant).await;
        }
        if let Some(open) = self.open.as_mut() {
            open.tokens = desk;
        }
        let id = known.id.clone();
        self.forget_practice_provider();
        self.sign_in_providers.insert(0, Arc::new(known));
        Some(id)
    }

    /// The practice provider goes with its project.
    pub(in crate::engine) fn forget_practice_provider(&mut self) {
        self.sign_in_providers.retain(|known| known.id.as_str() != PRACTICE_PROVIDER);
    }

    /// Adds a user of the practice domain with both passwords, or with the sign-in in place of one.
    async fn add_practice_account(&mut self, account: PracticeAccount, sign_in: Option<&SignInId>) {
        use crate::values::Side;
        let find = |open: &OpenProject| {
            open.view.mailboxes.iter().find(|row| row.mailbox.address == account.address).map(|row| row.id)
        };
        if self.open.as_ref().and_then(find).is_none() {
            self.add_mailbox(&account.address.to_string());
        }
        if let Some(id) = self.open.as_ref().and_then(find) {
            self.set_password(id, Side::Source, account.source_password).await;
            match (account.destination_password, sign_in) {
                (Some(password), _) => self.set_password(id, Side::Destination, password).await,
                (None, Some(provider)) => {
                    let way = SignInWay::with(Credential::SignedIn(provider.clone()));
                    self.set_sign_in_way(id, Side::Destination, way).await;
                }
                (None, None) => {}
            }
        }
    }
}
