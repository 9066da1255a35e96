//! Evidence from mailboxes, without a window: those of a project, of a list, or one.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::to_its_end;
use crate::audit::evidence::EvidenceFacts;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::engine::config::{EngineConfig, SecretsPolicy};
use crate::engine::explain;
use crate::engine::jobs::evidence::{MailboxesToRead, NamedAttempt};
use crate::engine::open_project::confirmed::Confirmed;
use crate::engine::open_project::passwords::Passwords;
use crate::engine::pins::PinBook;
use crate::engine::system::input::read_input;
use crate::imap::{Compression, IdleSessions, Timeouts, Uncounted};
use crate::plan::{CsvRow, Reach, parse_mailboxes};
use crate::project::{Pin, Project, ProjectError};
use crate::signin::TokenDesk;
use crate::survey::{EvidenceSubject, MailboxProgress};
use crate::values::{Credential, Endpoint, Fingerprint, MailboxId, Secret, Side, SignInWay, UnixTime};

/// A list of ten thousand mailboxes has a few MB.
const MOST_CSV_BYTES: u64 = 4_000_000;

/// Which mailboxes are read.
#[derive(Clone, Copy, Debug)]
pub enum MailboxSource<'a> {
    /// Those of a project, at its old server, with passwords from the keyring.
    Project {
        /// Its file.
        path: &'a Path,
        /// Whether the owner agrees to what a project from elsewhere would read.
        confirms: bool,
    },
    /// Mailboxes at a server.
    Server {
        /// The server.
        server: &'a Endpoint,
        /// A certificate to trust there.
        fingerprint: Option<Fingerprint>,
        /// Whose.
        whose: MailboxNames<'a>,
    },
}

/// Whose mailboxes they are.
#[derive(Clone, Copy, Debug)]
pub enum MailboxNames<'a> {
    /// A list as for “mailferry copy”; what it says of a destination is of no concern.
    List(&'a Path),
    /// One user with a password.
    One {
        /// The user.
        user: &'a str,
        /// The password.
        password: &'a Secret,
        /// How to sign in.
        way: &'a SignInWay,
    },
}

/// Reads mailboxes as evidence. `progress` is told of mailboxes read, of all, and of the folder.
///
/// # Errors
/// In the user's words: the list or project cannot be read, or has no mailbox.
pub fn mailbox_evidence(
    subject: &EvidenceSubject<'_>,
    source: MailboxSource<'_>,
    progress: &mut (dyn FnMut(usize, usize, &str) + Send),
) -> Result<EvidenceFacts, Box<UserError>> {
    let passwords = Passwords::new(SecretsPolicy::SessionThenKeyring);
    to_its_end(async {
        let mailboxes = match source {
            MailboxSource::Project { path, confirms } => of_project(path, confirms, passwords)?,
            MailboxSource::Server { server, fingerprint, whose } => {
                at_server(server, fingerprint, whose, passwords).await?
            }
        };
        if mailboxes.mailboxes.is_empty() {
            return Err(Box::new(explain::no_mailbox_to_read()));
        }
        let mut tell = |heard: MailboxProgress| {
            progress(heard.done, heard.total, &format!("{} (in mailboxes)", heard.what));
        };
        mailboxes.read(subject, &mut tell, &CancellationToken::new()).await
    })
}

/// A sign-in at the source that shares no connections or tokens with other attempts.
fn attempt(
    mailbox: MailboxId,
    server: &Endpoint,
    user: String,
    way: SignInWay,
    pins: &PinBook,
    passwords: &Passwords,
) -> Attempt {
    Attempt {
        mailbox,
        side: Side::Source,
        server: server.clone(),
        pins: pins.clone(),
        user,
        way,
        compression: Compression::default(),
        timeouts: Timeouts::default(),
        idle: IdleSessions::default(),
        tokens: TokenDesk::new(passwords.store_of_grants()),
        uncounted: Uncounted::default(),
    }
}

fn of_project(path: &Path, confirms: bool, passwords: Passwords) -> Result<MailboxesToRead, Box<UserError>> {
    let project = Project::open(path).map_err(|error| explain::project_at(path, &error))?;
    let found = mailboxes_of(&project, Side::Source, confirms, passwords);
    // What was read counts for more than a failure to close.
    let closed = project.close().map_err(|error| Box::new(explain::project(&error)));
    let found = found?;
    closed?;
    Ok(found)
}

/// The mailboxes of a project on one side, with the passwords of the keyring.
pub(super) fn mailboxes_of(
    project: &Project,
    side: Side,
    confirms: bool,
    passwords: Passwords,
) -> Result<MailboxesToRead, Box<UserError>> {
    let stored = |error: ProjectError| Box::new(explain::project(&error));
    let server = match side {
        Side::Source => project.source_server().map_err(stored)?.ok_or_else(explain::no_mailbox_to_read)?,
        Side::Destination => {
            let chosen = project.destination().map_err(stored)?;
            chosen.and_then(|chosen| chosen.server).ok_or_else(explain::no_destination)?
        }
    };
    let rows = project.mailboxes().map_err(stored)?;
    let known_pins = project.pins().map_err(stored)?;
    let mut reaches = vec![Reach::Server { side, server: server.clone() }];
    reaches.extend(rows.iter().map(|(_, mailbox)| Reach::SignIn {
        side,
        server: Some(server.clone()),
        user: mailbox.user(side).to_owned(),
        way: mailbox.way(side).clone(),
    }));
    if let Some(pin) = known_pins.get(&(server.host.clone(), server.port)) {
        let (host, port, fingerprint) = (server.host.clone(), server.port, pin.fingerprint);
        reaches.push(Reach::Certificate { host, port, fingerprint });
    }
    agree(project, reaches, confirms)?;
    let pins = PinBook::new(known_pins);
    let mailboxes = rows
        .into_iter()
        .map(|(id, mailbox)| {
            let (user, way) = (mailbox.user(side).to_owned(), mailbox.way(side).clone());
            let attempt = attempt(id, &server, user, way, &pins, &passwords);
            NamedAttempt { address: mailbox.address.to_string(), attempt: Attempt { side, ..attempt } }
        })
        .collect();
    Ok(MailboxesToRead { project: project.uuid().to_owned(), mailboxes, passwords })
}

/// A project from elsewhere says which servers are asked as whom, so its owner here agrees first.
fn agree(project: &Project, reaches: Vec<Reach>, confirms: bool) -> Result<(), Box<UserError>> {
    let mut confirmed = Confirmed::load(EngineConfig::for_this_user().confirmed_file);
    let missing = confirmed.missing(project.uuid(), reaches);
    if !confirms {
        return explain::unconfirmed(&missing).map_or(Ok(()), |question| Err(Box::new(question)));
    }
    confirmed.confirm(project.uuid(), &missing, UnixTime::now()).or_else(|error| {
        // It is asked again next time.
        tracing::warn!(%error, "the answer could not be kept");
        Ok(())
    })
}

/// Mailboxes at a server that no project names.
pub(super) async fn at_server(
    server: &Endpoint,
    fingerprint: Option<Fingerprint>,
    whose: MailboxNames<'_>,
    passwords: Passwords,
) -> Result<MailboxesToRead, Box<UserError>> {
    let pins = PinBook::default();
    if let Some(fingerprint) = fingerprint {
        let at = UnixTime::now();
        pins.approve(server, Pin { fingerprint, approved_at: at, issuer: None, valid_until: None });
    }
    let project = "without-a-project".to_owned();
    let given = match whose {
        MailboxNames::List(path) => listed(path)?,
        MailboxNames::One { user, password, way } => {
            vec![Given {
                address: user.to_owned(),
                user: user.to_owned(),
                password: Some(password.clone()),
                way: way.clone(),
            }]
        }
    };
    let mut mailboxes = Vec::new();
    for (number, Given { address, user, password, way }) in (1..).zip(given) {
        let attempt = attempt(MailboxId(number), server, user, way, &pins, &passwords);
        if let Some(password) = password {
            passwords.set(&attempt.whose(&project), password).await;
        }
        mailboxes.push(NamedAttempt { address, attempt });
    }
    Ok(MailboxesToRead { project, mailboxes, passwords })
}

/// A mailbox as the command line or a list names it.
struct Given {
    address: String,
    user: String,
    password: Option<Secret>,
    way: SignInWay,
}

/// The mailboxes of a list. Files that it names lie beside it.
fn listed(path: &Path) -> Result<Vec<Given>, Box<UserError>> {
    let bytes = read_input(path, MOST_CSV_BYTES).map_err(|error| explain::csv_not_read(path, &error))?;
    let rows = parse_mailboxes(&bytes).map_err(|error| explain::csv(path, &error))?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let given = |row: CsvRow| {
        let mut way = row.source_way.unwrap_or_default();
        if let Credential::TokenFile(file) | Credential::KeyFile(file) = &mut way.credential {
            *file = folder.join(&*file);
        }
        Given { address: row.address.to_string(), user: row.source_user, password: row.source_password, way }
    };
    Ok(rows.into_iter().map(given).collect())
}
