//! Starts the practice servers and makes the practice domain.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::values::{DomainName, EmailAddress, Endpoint, Secret, UnixTime};

use super::dns::{DnsServer, Zones};
use super::imap::{FolderPath, ImapAccount, ImapHandle, ImapServer, Personality};
use super::mailbox::{SampleFolder, SpecialUse};
use super::sample::{SampleOptions, mixed_mailbox};
use super::{DOMAIN, RehearsalError};

/// UIDVALIDITY of the practice source: its mail is generated each time, always the same.
const SOURCE_UID_VALIDITY: u32 = 1_700_000_000;

/// The people of the practice domain: name, and their messages in parts of a hundred of the largest mailbox.
const PEOPLE: [(&str, usize); 4] = [("anna", 100), ("peter", 45), ("buero", 25), ("lena", 15)];

/// How much there is to practise on.
#[derive(Clone, Debug)]
pub struct PracticeOptions {
    /// Messages of the largest mailbox; the others have fewer.
    pub messages: usize,
    /// What the mail is like.
    pub sample: SampleOptions,
    /// The file that the new server keeps its mail in; `None`: it is gone when the program ends.
    pub keep: Option<PathBuf>,
}

impl Default for PracticeOptions {
    fn default() -> Self {
        Self {
            messages: 400,
            sample: SampleOptions { large_attachments: 1, ..SampleOptions::default() },
            keep: None,
        }
    }
}

/// One person's log-ins on both sides.
#[derive(Clone, Debug)]
pub struct PracticeAccount {
    /// The address, and the name to sign in with on both sides.
    pub address: EmailAddress,
    /// The password at the source.
    pub source_password: Secret,
    /// The password at the destination.
    pub destination_password: Secret,
}

/// The practice world: an old server with mail, an empty new one, and DNS with the troubles of a small domain.
#[derive(Clone, Debug)]
pub struct Practice {
    /// The domain to be moved.
    pub domain: DomainName,
    /// The old server.
    pub source: Endpoint,
    /// The new server.
    pub destination: Endpoint,
    /// The DNS server to ask instead of the system's.
    pub resolver: SocketAddr,
    /// The people, the one with the most mail first.
    pub accounts: Vec<PracticeAccount>,
    /// Looks into the old server.
    pub source_server: ImapHandle,
    /// Looks into the new server.
    pub destination_server: ImapHandle,
}

/// The servers of a practice world, to be driven by the caller's task runner.
#[derive(Debug)]
pub struct PracticeServers {
    source: ImapServer,
    destination: ImapServer,
    dns: DnsServer,
}

impl Practice {
    /// Makes the mail and opens the ports. Clients can connect at once and are answered once the servers are served.
    pub async fn start(options: &PracticeOptions) -> Result<(Self, PracticeServers), RehearsalError> {
        let accounts = accounts()?;
        let old = accounts.iter().zip(PEOPLE).zip(1..).map(|((account, (_, share)), seed)| ImapAccount {
            address: account.address.clone(),
            password: account.source_password.clone(),
            folders: mixed_mailbox(seed, options.messages * share / 100, &options.sample),
        });
        let new = accounts.iter().map(|account| ImapAccount {
            address: account.address.clone(),
            password: account.destination_password.clone(),
            folders: empty_mailbox(),
        });
        let source = ImapServer::bind(Personality::dovecot(), old.collect(), SOURCE_UID_VALIDITY).await?;
        // Where the new server forgets its mail when the program ends, it must say so with another UIDVALIDITY.
        let (personality, new) = (Personality::dovecot(), new.collect());
        let destination = match &options.keep {
            None => ImapServer::bind(personality, new, seconds_now()).await?,
            Some(file) => ImapServer::bind_kept(personality, new, seconds_now(), file).await?,
        };
        let domain = practice_domain()?;
        let mut zones = Zones::practice()?;
        for service in ["_imap._tcp", "_imaps._tcp"] {
            zones.set_service_port(&domain.below(service), source.handle().endpoint().port)?;
        }
        let dns = DnsServer::bind(zones).await?;
        let practice = Self {
            domain,
            source: source.handle().endpoint(),
            destination: destination.handle().endpoint(),
            resolver: dns.address(),
            accounts,
            source_server: source.handle(),
            destination_server: destination.handle(),
        };
        Ok((practice, PracticeServers { source, destination, dns }))
    }
}

impl PracticeServers {
    /// Serves all three until cancelled.
    pub async fn serve(self, cancel: CancellationToken) {
        tokio::join!(
            self.source.serve(cancel.clone()),
            self.destination.serve(cancel.clone()),
            self.dns.serve(cancel.clone()),
        );
    }
}

fn practice_domain() -> Result<DomainName, RehearsalError> {
    DomainName::parse(DOMAIN).map_err(|_error| RehearsalError::ZoneName(DOMAIN.to_owned()))
}

fn accounts() -> Result<Vec<PracticeAccount>, RehearsalError> {
    let account = |name: &str| {
        let address = format!("{name}@{DOMAIN}");
        Ok(PracticeAccount {
            address: EmailAddress::parse(&address).map_err(|_error| RehearsalError::ZoneName(address))?,
            source_password: Secret::new(format!("old-{name}")),
            destination_password: Secret::new(format!("new-{name}")),
        })
    };
    PEOPLE.iter().map(|(name, _)| account(name)).collect()
}

/// What a new mailbox at a provider has: the usual folders, and no mail.
fn empty_mailbox() -> Vec<SampleFolder> {
    let special = [
        ("Drafts", SpecialUse::Drafts),
        ("Junk", SpecialUse::Junk),
        ("Sent", SpecialUse::Sent),
        ("Trash", SpecialUse::Trash),
    ];
    let folder = |(name, special_use): (&str, SpecialUse)| SampleFolder {
        path: FolderPath::parse(name),
        special_use: Some(special_use),
        messages: Vec::new(),
    };
    special.into_iter().map(folder).collect()
}

/// Seconds since 1970, which only grow from one start to the next.
fn seconds_now() -> u32 {
    u32::try_from(UnixTime::now().0).unwrap_or(u32::MAX / 2)
}
