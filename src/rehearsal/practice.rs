//! Starts the practice servers and makes the practice domain.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::values::{DnsName, DomainName, EmailAddress, Endpoint, Fingerprint, Secret, UnixTime};

use super::certificate::OwnCertificate;
use super::dns::{DnsHosts, DnsWorld, Host, Zones};
use super::history::{History, Letters, PracticeStage, Publication};
use super::identity::IdentityServer;
use super::imap::{FolderPath, ImapAccount, ImapHandle, ImapServer, Personality};
use super::letters::{Tally, letter, tally};
use super::mailbox::{SampleFolder, SampleMessage, SpecialUse};
use super::sample::{SampleOptions, mixed_mailbox};
use super::tokens::TokenBook;
use super::{DOMAIN, RehearsalError};

/// UIDVALIDITY of the practice source: its mail is generated each time, always the same.
const SOURCE_UID_VALIDITY: u32 = 1_700_000_000;

/// Who gets a token instead of a password.
const TOKEN_USER: &str = "lena";
/// Where that is, with an address in it that is replaced.
const IDENTITY: &str = include_str!("../../assets/rehearsal/identity.toml");
const IDENTITY_ADDRESS: &str = "//127.0.0.1:1/";
/// The application that is registered there.
const CLIENT_ID: &str = "mailferry-practice";

/// The name servers of the practice domain, in the order of its hosts.
const NAME_SERVERS: [&str; 2] = ["ns1.dns-hoster.example", "ns2.dns-hoster.example"];

/// The people of the practice domain: name, and their messages in parts of a hundred of the largest mailbox.
const PEOPLE: [(&str, usize); 4] = [("anna", 100), ("peter", 45), ("buero", 25), ("lena", 15)];

/// How much there is to practise on.
#[derive(Clone, Debug)]
pub struct PracticeOptions {
    /// Messages of the largest mailbox; the others have fewer.
    pub messages: usize,
    /// What the mail is like.
    pub sample: SampleOptions,
    /// The file that the new server keeps its mail in; what else is remembered is kept beside it. `None`: it is gone when the
    /// program ends.
    pub keep: Option<PathBuf>,
    /// Whether one mailbox of the new server wants a token instead of a password.
    pub wants_token: bool,
    /// Whether the old server speaks TLS, with a certificate that it has made itself.
    pub has_certificate: bool,
}

impl Default for PracticeOptions {
    fn default() -> Self {
        Self {
            messages: 400,
            sample: SampleOptions { large_attachments: 1, ..SampleOptions::default() },
            keep: None,
            wants_token: false,
            has_certificate: false,
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
    /// The password at the destination; `None` where only a token opens the mailbox.
    pub destination_password: Option<Secret>,
}

/// Where the practice mailbox signs in that wants a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider, in the form of `assets/sign_in.toml`.
    pub provider: String,
    /// The application that is registered there.
    pub client_id: &'static str,
    /// What renews the tokens of those who have signed in before, in an earlier start.
    pub refresh: Vec<(EmailAddress, Secret)>,
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
    /// The resolver to ask instead of the system's.
    pub resolver: SocketAddr,
    /// Another resolver, which remembers for itself.
    pub second_resolver: SocketAddr,
    /// The people, the one with the most mail first.
    pub accounts: Vec<PracticeAccount>,
    /// Looks into the old server.
    pub source_server: ImapHandle,
    /// Looks into the new server.
    pub destination_server: ImapHandle,
    dns: DnsWorld,
    history: Arc<Mutex<History>>,
    tokens: TokenBook,
    identity: SocketAddr,
}

/// The servers of a practice world, to be driven by the caller's task runner.
#[derive(Debug)]
pub struct PracticeServers {
    source: ImapServer,
    destination: ImapServer,
    dns: DnsHosts,
    identity: IdentityServer,
}

impl Practice {
    /// Makes the mail and opens the ports. Clients can connect at once and are answered once the servers are served.
    pub async fn start(options: &PracticeOptions) -> Result<(Self, PracticeServers), RehearsalError> {
        let accounts = accounts(options.wants_token)?;
        let old = accounts.iter().zip(PEOPLE).zip(1..).map(|((account, (_, share)), seed)| ImapAccount {
            address: account.address.clone(),
            password: account.source_password.clone(),
            folders: mixed_mailbox(seed, options.messages * share / 100, &options.sample),
        });
        let new = accounts.iter().map(|account| ImapAccount {
            address: account.address.clone(),
            // Nobody has this one.
            password: account.destination_password.clone().unwrap_or_else(|| Secret::new("\u{0}")),
            folders: empty_mailbox(),
        });
        let keep = options.keep.as_deref();
        let (old, new) = (old.collect(), new.collect());
        let source_file = beside(keep, "old");
        let source =
            imap_server(Personality::dovecot(), old, SOURCE_UID_VALIDITY, source_file.as_deref()).await?;
        // Where the new server forgets its mail when the program ends, it must say so with another UIDVALIDITY.
        let personality =
            if options.wants_token { Personality::dovecot_with_tokens() } else { Personality::dovecot() };
        let mut destination = imap_server(personality, new, seconds_now(), keep).await?;
        let tokens = TokenBook::new();
        if options.wants_token {
            destination.accept_tokens(tokens.clone());
        }
        let identity = IdentityServer::bind(tokens.clone()).await?;
        let domain = practice_domain()?;
        let imap_port = source.handle().endpoint().port;
        let (dns, world) = DnsHosts::bind(|hosts| {
            let mut zones = Zones::practice()?;
            for service in ["_imap._tcp", "_imaps._tcp"] {
                zones.set_service_port(&domain.below(service), imap_port)?;
            }
            for (name, address) in NAME_SERVERS.into_iter().zip(hosts) {
                zones.set_address(&DnsName::new(name), address)?;
            }
            Ok(zones)
        })
        .await?;
        let mut history = History::load(beside(keep, "history").as_deref())?;
        if options.has_certificate {
            let certificate = history.certificate.take().map_or_else(OwnCertificate::make, Ok)?;
            source.handle().show_certificate(certificate.tls()?);
            history.certificate = Some(certificate);
            history.keep();
        }
        for one in &history.published {
            world.publish(&one.script, one.at)?;
        }
        let [resolver, second_resolver] = dns.addresses();
        let practice = Self {
            domain,
            source: source.handle().endpoint(),
            destination: destination.handle().endpoint(),
            resolver,
            second_resolver,
            accounts,
            source_server: source.handle(),
            destination_server: destination.handle(),
            dns: world,
            history: Arc::new(Mutex::new(history)),
            tokens,
            identity: identity.address(),
        };
        Ok((practice, PracticeServers { source, destination, dns, identity }))
    }

    /// Where the mailbox signs in that wants a token.
    pub fn identity(&self) -> Identity {
        let known = self.history(|history| history.signed_in.clone());
        let signed_in = self.accounts.iter().filter(|account| known.contains(&account.address.to_ascii()));
        Identity {
            provider: IDENTITY.replace(IDENTITY_ADDRESS, &format!("//{}/", self.identity)),
            client_id: CLIENT_ID,
            refresh: signed_in
                .map(|account| {
                    let refresh = TokenBook::refresh_of(&account.address.to_ascii());
                    (account.address.clone(), Secret::new(refresh))
                })
                .collect(),
        }
    }

    /// Remembers that this user has signed in at the practice provider.
    pub fn remember_sign_in(&self, user: &str) {
        self.history(|history| {
            history.signed_in.insert(user.to_ascii_lowercase());
            history.keep();
        });
    }

    /// Tokens that the practice provider has given to users who want one.
    pub fn tokens_given(&self) -> u64 {
        let users = self.accounts.iter().filter(|account| account.destination_password.is_none());
        users.map(|account| self.tokens.given(&account.address.to_ascii())).sum()
    }

    /// SHA-256 of the certificate that the old server shows; `None` where it speaks clear text.
    pub fn certificate(&self) -> Option<Fingerprint> {
        let certificate = self.history(|history| history.certificate.clone())?;
        certificate.fingerprint().ok()
    }

    /// The old server shows another certificate from now on, and ends its connections.
    pub(super) fn change_certificate(&self) -> Result<(), RehearsalError> {
        let certificate = OwnCertificate::make()?;
        self.source_server.show_certificate(certificate.tls()?);
        self.history(|history| {
            history.certificate = Some(certificate);
            history.keep();
        });
        self.source_server.cut_connections();
        Ok(())
    }

    /// Publishes a stage in the practice zone: the text is that of nsupdate. From then on letters come.
    ///
    /// # Errors
    /// [`RehearsalError::ZoneChanged`] where an earlier stage is not there, [`RehearsalError::Script`] for a text that is not
    /// understood; then nothing is changed.
    pub fn publish(&self, stage: PracticeStage, script: &str, now: UnixTime) -> Result<(), RehearsalError> {
        self.dns.publish(script, now)?;
        self.history(|history| {
            history.published.push(Publication { at: now, stage, script: script.to_owned() });
            history.keep();
        });
        Ok(())
    }

    /// The stages that are in the practice zone, and since when.
    pub fn stages(&self) -> Vec<(PracticeStage, UnixTime)> {
        self.history(|history| history.stages())
    }

    /// Two senders write to somebody, each to the mail host that its resolver knows. Nobody does before a stage is published.
    pub fn deliver_letters(&self, now: UnixTime) {
        if self.history(|history| history.published.is_empty()) {
            return;
        }
        for resolver in Host::ALL {
            let hosts = self.dns.mail_hosts(resolver, now);
            let is_old = hosts.iter().any(|host| host.ends_with(DOMAIN));
            let number = self.history(|history| {
                let letters = &mut history.letters;
                if is_old {
                    letters.to_old += 1;
                } else {
                    letters.to_new += 1;
                }
                letters.to_old + letters.to_new
            });
            let place = usize::try_from(number).unwrap_or(0) % self.accounts.len().max(1);
            let Some(account) = self.accounts.get(place) else { continue };
            let server = if is_old { &self.source_server } else { &self.destination_server };
            let user = account.address.to_ascii();
            server.deliver(&user, &FolderPath::inbox(), vec![letter(number, &user, now)]);
        }
        self.history(|history| history.keep());
    }

    /// Letters that came so far.
    pub fn letters(&self) -> Letters {
        self.history(|history| history.letters)
    }

    /// Lets this much time pass in the practice world, in seconds.
    pub fn let_time_pass(&self, seconds: i64) {
        self.dns.let_pass(seconds);
        self.history(|history| history.let_pass(seconds));
    }

    /// When the second name server has followed; `None` where it has.
    pub fn lags_until(&self, now: UnixTime) -> Option<UnixTime> {
        self.dns.behind_until(now)
    }

    /// When the last practice resolver forgets the mail hosts it remembers; `None` where none remembers any.
    pub fn remembered_until(&self, now: UnixTime) -> Option<UnixTime> {
        self.dns.remembered_until(now)
    }

    /// Compares the mail of both servers.
    pub fn tally(&self) -> Tally {
        let mail = |server: &ImapHandle, user: &str| -> Vec<SampleMessage> {
            server.dump(user).into_iter().map(|(_, message)| message).collect()
        };
        let of = |account: &PracticeAccount| {
            let user = account.address.to_ascii();
            tally(&mail(&self.source_server, &user), &mail(&self.destination_server, &user))
        };
        self.accounts.iter().map(of).fold(Tally::default(), Tally::with)
    }

    fn history<T>(&self, work: impl FnOnce(&mut History) -> T) -> T {
        work(&mut self.history.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A file with another ending than the one for the new server's mail.
fn beside(keep: Option<&Path>, ending: &str) -> Option<PathBuf> {
    keep.map(|file| {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push("-");
        name.push(ending);
        file.with_file_name(name)
    })
}

async fn imap_server(
    personality: Personality,
    accounts: Vec<ImapAccount>,
    uid_validity: u32,
    keep: Option<&Path>,
) -> Result<ImapServer, RehearsalError> {
    match keep {
        None => ImapServer::bind(personality, accounts, uid_validity).await,
        Some(file) => ImapServer::bind_kept(personality, accounts, uid_validity, file).await,
    }
}

impl PracticeServers {
    /// Serves all of them until cancelled.
    pub async fn serve(self, cancel: CancellationToken) {
        tokio::join!(
            self.source.serve(cancel.clone()),
            self.destination.serve(cancel.clone()),
            self.dns.serve(cancel.clone()),
            self.identity.serve(cancel.clone()),
        );
    }
}

fn practice_domain() -> Result<DomainName, RehearsalError> {
    DomainName::parse(DOMAIN).map_err(|_error| RehearsalError::ZoneName(DOMAIN.to_owned()))
}

fn accounts(wants_token: bool) -> Result<Vec<PracticeAccount>, RehearsalError> {
    let account = |name: &str| {
        let address = format!("{name}@{DOMAIN}");
        Ok(PracticeAccount {
            address: EmailAddress::parse(&address).map_err(|_error| RehearsalError::ZoneName(address))?,
            source_password: Secret::new(format!("old-{name}")),
            destination_password: (!wants_token || name != TOKEN_USER)
                .then(|| Secret::new(format!("new-{name}"))),
        })
    };
    PEOPLE.into_iter().map(|(name, _)| account(name)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCH: &str = "update delete weber-familie.example. IN MX 10 mail.weber-familie.example.\n\
        update add weber-familie.example. 300 IN MX 10 in.provider.example.\nsend\n";

    fn options(keep: Option<PathBuf>) -> PracticeOptions {
        PracticeOptions { messages: 8, keep, ..PracticeOptions::default() }
    }

    #[tokio::test]
    async fn letters_go_where_the_resolver_of_their_sender_sends_them() {
        let (world, _servers) = Practice::start(&options(None)).await.unwrap();
        let now = UnixTime::now();
        world.deliver_letters(now);
        assert_eq!(world.letters(), Letters::default(), "nobody writes before the first stage");
        // One resolver asks before the switch, and remembers for an hour; the other asks afterwards.
        world.dns.mail_hosts(Host::Primary, now);
        world.publish(PracticeStage::Switch, SWITCH, now).unwrap();
        world.let_time_pass(30);
        world.deliver_letters(now);
        assert_eq!(world.letters(), Letters { to_old: 1, to_new: 1 });
        assert_eq!(world.tally().missing, world.tally().old, "nothing was copied");
        assert_eq!((world.tally().surplus, world.tally().new), (0, 1));
        let until = world.remembered_until(now).unwrap();
        world.let_time_pass(until.0 - now.0);
        world.deliver_letters(now);
        assert_eq!(world.letters(), Letters { to_old: 1, to_new: 3 });
    }

    #[tokio::test]
    async fn a_kept_world_goes_on_where_it_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let keep = folder.path().join("domain.practice");
        let now = UnixTime::now();
        let before = {
            let (world, _servers) = Practice::start(&options(Some(keep.clone()))).await.unwrap();
            world.dns.mail_hosts(Host::Primary, now);
            world.publish(PracticeStage::Switch, SWITCH, now).unwrap();
            world.deliver_letters(now);
            (world.stages(), world.letters(), world.tally())
        };
        let (world, _servers) = Practice::start(&options(Some(keep))).await.unwrap();
        assert_eq!((world.stages(), world.letters(), world.tally()), before);
        assert_eq!(before.1.to_old, 2);
        assert_eq!(world.dns.mail_hosts(Host::Primary, now), ["in.provider.example"]);
        assert!(matches!(
            world.publish(PracticeStage::Later, "prereq nxrrset weber-familie.example. IN MX", now),
            Err(RehearsalError::ZoneChanged(_))
        ));
    }
}
