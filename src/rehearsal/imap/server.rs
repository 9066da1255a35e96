//! The practice IMAP server: it accepts connections and lets tests look inside.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::rehearsal::RehearsalError;
use crate::rehearsal::certificate::ServerTls;
use crate::rehearsal::mailbox::SampleMessage;
use crate::rehearsal::tokens::TokenBook;
use crate::values::{Bytes, Endpoint, Secret, Security};

use super::circumstances::{Circumstances, Traffic};
use super::fault::FaultTable;
use super::folder::Folder;
use super::folder_path::FolderPath;
use super::personality::Personality;
use super::session::Session;
use super::store::{Account, Change, ImapAccount, Store};
use super::wire::Line;

/// Connections that one practice server keeps open at a time; further ones wait in the system's queue.
const CONNECTIONS: usize = 128;
/// Longest handshake of TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// A practice IMAP server on a loopback port of the system's choice.
///
/// It runs inside the future that [`ImapServer::serve`] returns; [`ImapHandle`] looks into it meanwhile.
#[derive(Debug)]
pub struct ImapServer {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the connections of one server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) personality: Personality,
    pub(super) faults: FaultTable,
    store: Mutex<Store>,
    connections: Mutex<BTreeMap<String, u32>>,
    pub(super) circumstances: Circumstances,
    /// The certificate that is shown; `None`: clear text.
    tls: Mutex<Option<ServerTls>>,
    /// Tokens that open a mailbox; `None`: none does.
    pub(super) tokens: Option<TokenBook>,
}

/// Looks into a practice server that runs elsewhere.
#[derive(Clone, Debug)]
pub struct ImapHandle {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// One of the connections that a user may have open; given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    shared: Arc<Shared>,
    name: String,
}

impl ImapServer {
    /// Opens the port; clients can connect from now on and are answered once the server is served.
    ///
    /// `uid_validity` is the UIDVALIDITY of each user's first folder: the same number for the same mail, another one
    /// where the mail of an earlier run is gone.
    pub async fn bind(
        personality: Personality,
        accounts: Vec<ImapAccount>,
        uid_validity: u32,
    ) -> Result<Self, RehearsalError> {
        let store = Store::new(&personality, accounts, uid_validity);
        Self::listen(personality, store).await
    }

    /// As [`ImapServer::bind`], but mail is kept in a file and is there again after a restart, with the same UIDs.
    ///
    /// `uid_validity` is for a file that does not exist yet. `accounts` must be the same each time.
    pub async fn bind_kept(
        personality: Personality,
        accounts: Vec<ImapAccount>,
        uid_validity: u32,
        file: &Path,
    ) -> Result<Self, RehearsalError> {
        let store = Store::kept(&personality, accounts, uid_validity, file)?;
        Self::listen(personality, store).await
    }

    async fn listen(personality: Personality, store: Store) -> Result<Self, RehearsalError> {
        let bind_error = |source| RehearsalError::Bind { source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let faults = FaultTable::default();
        let shared = Shared {
            personality,
            faults,
            store: Mutex::new(store),
            connections: Mutex::default(),
            circumstances: Circumstances::default(),
            tls: Mutex::default(),
            tokens: None,
        };
        Ok(Self { listener, address, shared: Arc::new(shared) })
    }

    /// Lets users in with these tokens as well. Before a handle is taken.
    pub(in crate::rehearsal) fn accept_tokens(&mut self, tokens: TokenBook) {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.tokens = Some(tokens);
        }
    }

    /// A handle that stays useful while the server runs.
    pub fn handle(&self) -> ImapHandle {
        ImapHandle { shared: Arc::clone(&self.shared), address: self.address }
    }

    /// Serves all connections until cancelled; then they are cut.
    pub async fn serve(self, cancel: CancellationToken) {
        let mut sessions = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                Some(()) = sessions.next(), if !sessions.is_empty() => {}
                accepted = self.listener.accept(), if sessions.len() < CONNECTIONS => match accepted {
                    Ok((stream, _client)) => {
                        if let Err(error) = stream.set_nodelay(true) {
                            tracing::debug!(%error, "a practice connection keeps its delay");
                        }
                        let (number, cut) = self.shared.circumstances.connected();
                        let shared = Arc::clone(&self.shared);
                        sessions.push(Box::pin(async move {
                            tokio::select! {
                                () = cut.cancelled() => {}
                                () = talk(shared, stream, number) => {}
                            }
                        }));
                    }
                    Err(error) => {
                        // The system has no room for another connection just now.
                        tracing::warn!(%error, "the practice server could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
    }
}

/// One connection, in clear text or over TLS.
async fn talk(shared: Arc<Shared>, stream: TcpStream, number: u64) {
    let line: Box<dyn Line> = match shared.tls() {
        None => Box::new(stream),
        Some(tls) => match tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
            Ok(Ok(secured)) => Box::new(secured),
            Ok(Err(error)) => return tracing::debug!(%error, "a client ended the handshake"),
            Err(_elapsed) => return,
        },
    };
    Session::new(shared, line, number).run().await;
}

/// The folders of a user as they were at some time.
#[derive(Clone, Debug)]
pub struct MailBackup(BTreeMap<FolderPath, Folder>);

impl ImapHandle {
    /// Where clients connect: on loopback, in clear text where the server shows no certificate.
    pub fn endpoint(&self) -> Endpoint {
        let security = if self.shared.tls().is_some() { Security::Tls } else { Security::Clear };
        Endpoint { host: self.address.ip().to_string(), port: self.address.port(), security }
    }

    /// Shows this certificate to whoever connects from now on.
    pub(in crate::rehearsal) fn show_certificate(&self, tls: ServerTls) {
        *self.shared.tls.lock().unwrap_or_else(PoisonError::into_inner) = Some(tls);
    }

    /// The faults of the server; pushing one takes effect at once.
    pub fn faults(&self) -> &FaultTable {
        &self.shared.faults
    }

    /// What went over the connections since the server started.
    pub fn traffic(&self) -> Traffic {
        self.shared.circumstances.traffic()
    }

    /// For this time, commands that move mail are refused with the words that this kind of server uses.
    pub fn throttle_for(&self, time: Duration) {
        self.shared.circumstances.throttle_for(time);
    }

    /// From now on a mailbox has this much room; `None`: any amount.
    pub fn set_quota(&self, quota: Option<Bytes>) {
        self.shared.circumstances.set_quota(quota);
    }

    /// The room that a user's mail takes.
    pub fn used(&self, user: &str) -> Bytes {
        Bytes(self.shared.with_store(|store| store.account(user).map_or(0, Account::size_bytes)))
    }

    /// From now on each message takes this time to be stored, over all connections; `None`: no time at all.
    pub fn set_pace(&self, pace: Option<Duration>) {
        self.shared.circumstances.set_pace(pace);
    }

    /// The next message that comes by APPEND is refused, and again in every form in which it comes.
    pub fn refuse_next(&self) {
        self.shared.circumstances.refuse_next();
    }

    /// Gives a user another password. Connections that are open stay.
    pub fn set_password(&self, user: &str, password: Secret) {
        self.shared.with_store(|store| store.with_account(user, |account| account.set_password(password)));
    }

    /// Cuts every open connection; clients can connect again at once.
    pub fn cut_connections(&self) {
        self.shared.circumstances.cut_connections();
    }

    /// Every message of a user with its folder: folders in order of their names, messages in order of their UIDs.
    ///
    /// Empty for a user that does not exist.
    pub fn dump(&self, user: &str) -> Vec<(FolderPath, SampleMessage)> {
        self.shared.with_store(|store| {
            let folders = store.account(user).into_iter().flat_map(Account::folders);
            let messages = folders.flat_map(|(path, folder)| {
                folder.messages.iter().map(move |message| {
                    let copy = SampleMessage {
                        bytes: Arc::clone(&message.bytes),
                        flags: message.flags.clone(),
                        internal_date: message.internal_date,
                    };
                    (path.clone(), copy)
                })
            });
            messages.collect()
        })
    }

    /// The folders of a user, empty ones too, in order of their names.
    pub fn folders(&self, user: &str) -> Vec<FolderPath> {
        self.shared.with_store(|store| {
            store.account(user).into_iter().flat_map(|account| account.folders().keys().cloned()).collect()
        })
    }

    /// Puts messages into a folder as if they had just arrived; the folder is made where it is missing.
    pub fn deliver(&self, user: &str, path: &FolderPath, messages: Vec<SampleMessage>) {
        self.shared.with_store(|store| {
            store.with_account(user, |account| {
                account.apply(Change::Create { path: path.clone(), special_use: None });
                account.add(path, messages);
            });
        });
    }

    /// Changes the bytes of every message of a folder in place, as no server should.
    pub fn tamper(&self, user: &str, path: &FolderPath, change: impl Fn(&[u8]) -> Vec<u8>) {
        self.shared.with_store(|store| {
            store.with_account(user, |account| account.tamper(path, &change));
        });
    }

    /// Gives every message of a user another UID under the same UIDVALIDITY, as some gateways do on restart.
    /// Without labels and a file to keep the mail in.
    pub fn renumber(&self, user: &str) {
        self.shared.with_store(|store| store.with_account(user, Account::renumber));
    }

    /// The folders of a user with everything in them, for [`Self::restore`].
    pub fn backup(&self, user: &str) -> MailBackup {
        let folders = self.shared.with_store(|store| store.account(user).map(Account::backup));
        MailBackup(folders.unwrap_or_default())
    }

    /// Puts a backup back: UIDs, UIDNEXT and mod-sequences are what they were, under the same UIDVALIDITY. Connections are
    /// cut. Without a file to keep the mail in.
    pub fn restore(&self, user: &str, backup: &MailBackup) {
        self.shared.with_store(|store| {
            store.with_account(user, |account| account.restore(backup.0.clone()));
        });
        self.cut_connections();
    }

    /// Gives the messages of a folder that have these bytes other flags, as their owner would from another device.
    pub fn set_flags(&self, user: &str, path: &FolderPath, bytes: &[u8], flags: &BTreeSet<String>) {
        self.shared.with_store(|store| {
            store.with_account(user, |account| {
                let messages = account.folder(path).into_iter().flat_map(|folder| &folder.messages);
                let found = messages.filter(|message| &*message.bytes == bytes).map(|message| message.uid);
                for uid in found.collect::<Vec<_>>() {
                    account.set_flags(path, uid, flags.clone());
                }
            });
        });
    }

    /// Takes a message out of a folder, as its owner would from another device; the same bytes elsewhere stay.
    pub fn take_out(&self, user: &str, path: &FolderPath, bytes: &[u8]) {
        self.shared.with_store(|store| {
            store.with_account(user, |account| {
                let messages = account.folder(path).into_iter().flat_map(|folder| &folder.messages);
                let found = messages.filter(|message| &*message.bytes == bytes).map(|message| message.uid);
                let uids = found.collect();
                account.apply(Change::Remove { path: path.clone(), uids });
            });
        });
    }
}

impl Shared {
    fn tls(&self) -> Option<ServerTls> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts one more connection of this user; `None` when the limit is reached.
    pub(super) fn take_slot(self: &Arc<Self>, name: &str) -> Option<ConnectionSlot> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(name.to_owned()).or_insert(0);
        if *count >= self.personality.limits.connections_per_user {
            return None;
        }
        *count += 1;
        Some(ConnectionSlot { shared: Arc::clone(self), name: name.to_owned() })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut connections = self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connections.get_mut(&self.name) {
            *count = count.saturating_sub(1);
        }
    }
}
