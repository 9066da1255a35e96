//! What a copy is asked to do, what it reports meanwhile, and its outcome.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::imap::{Access, KEEP_ALIVE_EVERY};
use crate::plan::{CopyOptions, FolderPath, MailboxPlan};
use crate::project::{AccountClaims, Ledger};
use crate::transfer::context::under_way::UnderWay;
use crate::values::Side;

/// Everything that the copy of one mailbox needs.
#[derive(Clone, Debug)]
pub struct CopyRequest {
    /// Where the mail comes from.
    pub source: Access,
    /// Where the mail goes.
    pub destination: Access,
    /// Which folders go where.
    pub plan: MailboxPlan,
    /// The mailbox's ledger.
    pub ledger: Ledger,
    /// How much may be under way.
    pub limits: CopyLimits,
    /// What the owner asked for.
    pub options: CopyOptions,
    /// Where messages go as files that the destination will not have in any form; `None`: they stay refused.
    pub export_folder: Option<PathBuf>,
    /// Which accounts this run writes into, for other runs to see; `None`: nobody is asked.
    pub claims: Option<AccountClaims>,
    /// Where the copy tells what is on its way.
    pub under_way: Arc<UnderWay>,
}

/// How much may be under way at once in one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyLimits {
    /// Message bytes in memory between the two sides.
    pub budget_bytes: usize,
    /// Messages in one batch.
    pub batch_messages: usize,
    /// Bytes in one batch.
    pub batch_bytes: u64,
    /// Messages above this size go through a temporary file, in bytes.
    pub spool_bytes: u64,
    /// Pairs of connections, one to each side, that copy at the same time where answers take their time.
    pub pairs: usize,
    /// The same where both servers answer at once: there more of them only cost the servers a sign-in each.
    pub near_pairs: usize,
    /// Pairs where the destination asks for each message before it may be sent.
    pub asking_pairs: usize,
    /// Connections that such a destination gets beside each pair: each message waits, so more of them wait at once.
    pub appenders: usize,
    /// Most connections to the source at the same time; the first one is opened in any case.
    pub source_connections: usize,
    /// Most connections to the destination, those that only append included; the first one is opened in any case.
    pub destination_connections: usize,
    /// Whether several pairs may copy one folder. Faster for one large folder, but its messages arrive in another
    /// order; a destination that asks for each message before it may be sent shares folders in any case.
    pub shares_folders: bool,
    /// Broken connections in a row, without a message copied in between, after which the copy gives up.
    pub max_breaks: u32,
    /// The same where the network goes away after it has worked: a laptop sleeps, a Wi-Fi changes. They are a minute
    /// apart.
    pub max_breaks_away: u32,
    /// Message bytes that the source's provider returns in a day (UTC); `None` where no limit is known.
    pub download_bytes_per_day: Option<u64>,
    /// Message bytes that the destination's provider takes in a day (UTC); `None` where no limit is known.
    pub upload_bytes_per_day: Option<u64>,
    /// Message bytes that the destination's provider returns in a day (UTC), which a full verification reads; `None` where no
    /// limit is known.
    pub verify_bytes_per_day: Option<u64>,
    /// How long an APPEND whose connection has broken may still arrive: for so long it is looked for before it is
    /// sent again.
    pub late_append: Duration,
    /// How often a connection says something while only the other side works.
    pub keep_alive: Duration,
}

/// Waiting messages that are worth one more pair of connections.
const MESSAGES_PER_PAIR: u64 = 100;
/// The same where the destination asks for each message: there each costs a wait, and a connection a handful of them.
const MESSAGES_PER_ASKING_PAIR: u64 = 12;

/// What decides how many connections a copy is worth.
#[derive(Clone, Copy, Debug)]
pub struct CopyConditions {
    /// Messages that are to do.
    pub waiting: u64,
    /// Whether the destination asks for each message before it may be sent.
    pub asks: bool,
    /// Whether both servers answer at once.
    pub is_near: bool,
    /// Connections that the servers have not spoken against.
    pub tolerated: usize,
}

/// How many connections copy one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionCount {
    /// Pairs, one connection of each to each side.
    pub pairs: usize,
    /// Further connections beside each pair that only append.
    pub appenders: usize,
}

impl CopyLimits {
    /// How many connections the waiting messages are worth, within what is allowed. There is always one pair.
    pub fn connections(&self, conditions: CopyConditions) -> ConnectionCount {
        let CopyConditions { waiting, asks, is_near, tolerated } = conditions;
        let worth = if asks { MESSAGES_PER_ASKING_PAIR } else { MESSAGES_PER_PAIR };
        let affordable = usize::try_from(waiting / worth).unwrap_or(usize::MAX);
        let most = match (asks, is_near) {
            (true, _) => self.asking_pairs,
            (false, true) => self.near_pairs.min(self.pairs),
            (false, false) => self.pairs,
        };
        let allowed = self.source_connections.min(self.destination_connections).max(1);
        let pairs = tolerated.min(most).min(affordable.saturating_add(1)).min(allowed);
        let appenders = if asks && waiting / worth > pairs as u64 {
            let beside_each = (self.destination_connections / pairs.max(1)).saturating_sub(1);
            self.appenders.min(tolerated).min(beside_each)
        } else {
            0
        };
        ConnectionCount { pairs, appenders }
    }
}

impl Default for CopyLimits {
    fn default() -> Self {
        Self {
            budget_bytes: 64 << 20,
            batch_messages: 100,
            batch_bytes: 2 << 20,
            spool_bytes: 1 << 20,
            // Dovecot lets a mailbox in ten times from one address, and people's own programs want in as well.
            pairs: 7,
            near_pairs: 2,
            // Gmail allows 15 connections at a time: five pairs, and ten more that only append. With fewer pairs more
            // of them rest while a worker goes from one folder to the next.
            asking_pairs: 5,
            appenders: 2,
            source_connections: usize::MAX,
            destination_connections: usize::MAX,
            shares_folders: false,
            max_breaks: 6,
            max_breaks_away: 720,
            download_bytes_per_day: None,
            upload_bytes_per_day: None,
            verify_bytes_per_day: None,
            late_append: Duration::from_secs(30),
            keep_alive: KEEP_ALIVE_EVERY,
        }
    }
}

/// Why a copy waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitCause {
    /// The server asks for it, or has too much to do.
    Asked,
    /// Another connection has the folder.
    FolderInUse,
    /// The server has failed, by its own words.
    ServerFails,
    /// What the provider lets through in a day has gone through.
    DailyLimit,
    /// Messages of an interrupted run may still arrive.
    LateMessages,
    /// The server lists no folders.
    NoFolders,
}

/// What happens while a mailbox is copied. Sums are in the ledger; these say when to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Both sides are signed in.
    Connected,
    /// One more pair of connections takes part.
    Pairs {
        /// How many there are now.
        count: usize,
    },
    /// Connections that only append take part beside those pairs.
    Appenders {
        /// How many there are now.
        count: usize,
    },
    /// Copies were compared with the destination.
    Verified {
        /// How many by now.
        copies: u64,
    },
    /// The source's messages are being listed; this many have rows by now.
    Listing {
        /// The folder at the source.
        folder: FolderPath,
    },
    /// A folder is being copied.
    Folder {
        /// The folder at the source.
        folder: FolderPath,
    },
    /// Messages reached a final state.
    Advanced {
        /// How many.
        messages: u64,
        /// Their size at the source, in bytes.
        bytes: u64,
    },
    /// The copy continues by itself after this time.
    Waiting {
        /// How long, in seconds.
        seconds: u64,
        /// Which server it waits for.
        side: Side,
        /// Why.
        cause: WaitCause,
        /// Why, in the server's words.
        words: String,
    },
    /// A connection broke; new ones are made after a while.
    Reconnecting {
        /// How long until then, in milliseconds.
        milliseconds: u64,
        /// Which server, as far as it is known.
        side: Option<Side>,
        /// Why, in words.
        words: String,
    },
    /// Messages under way are finished, and the copy waits to be resumed.
    Paused,
    /// The copy continues.
    Resumed,
}

/// How the copy of a mailbox ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOutcome {
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
    /// Folders that could not be opened or made, with the server's words. Their messages stay to do or are refused.
    pub folder_problems: Vec<FolderProblem>,
}

/// What is the matter with a folder, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FolderTrouble {
    /// The server does not open it.
    OpeningRefused,
    /// The destination does not make it.
    CreationRefused,
    /// Its name cannot be sent to the server.
    NameUnsendable,
    /// The server ends the connection at it, again and again, whatever message is under way.
    ConnectionLost,
    /// The server refuses to tell of its messages.
    ListingRefused,
    /// The server lists fewer messages than it counts.
    ListedShort,
    /// It shows exactly as many messages as this kind of server ever shows.
    CountSuspicious,
    /// It was recreated while it was being listed or filled.
    MadeAnew,
    /// The source does not list it any more, although messages of it are to do, or it is there.
    NotListed,
    /// Copies in it are lost, and after the switch they are not made a second time by themselves.
    CopiesLost,
    /// After the switch it is not in its place any more, all its copies were found elsewhere, and new mail for it waits.
    FolderMoved,
    /// Copies in it cannot be distinguished from other mail, or not be searched: nothing is sent that might be there.
    CopiesInDoubt,
    /// Messages that were on their way when a connection or a program ended have arrived after they were sent again.
    ArrivedLate,
    /// Another program copies the same mail into it.
    DoubledByOthers,
    /// Each message is in it twice, side by side: apparently the server stored it so.
    StoredTwice,
    /// The server has reported UIDs of copies other than those under which it lists them.
    WrongUids,
    /// A server fails at single messages of it, which are still to do.
    ServerFails,
    /// The source does not take the search among the filters.
    SearchRefused,
    /// The destination does not take the flags that the source has now.
    FlagsRefused,
    /// The destination takes a flag and does not keep it.
    FlagsNotKept,
}

impl FolderTrouble {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::OpeningRefused,
        Self::CreationRefused,
        Self::NameUnsendable,
        Self::ConnectionLost,
        Self::ListingRefused,
        Self::ListedShort,
        Self::CountSuspicious,
        Self::MadeAnew,
        Self::NotListed,
        Self::CopiesLost,
        Self::FolderMoved,
        Self::CopiesInDoubt,
        Self::ArrivedLate,
        Self::DoubledByOthers,
        Self::StoredTwice,
        Self::WrongUids,
        Self::ServerFails,
        Self::SearchRefused,
        Self::FlagsRefused,
        Self::FlagsNotKept,
    ];

    /// Its name for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OpeningRefused => "folder-opening-refused",
            Self::CreationRefused => "folder-creation-refused",
            Self::NameUnsendable => "folder-name-unsendable",
            Self::ConnectionLost => "folder-connection-lost",
            Self::ListingRefused => "folder-listing-refused",
            Self::ListedShort => "folder-listed-short",
            Self::CountSuspicious => "folder-count-suspicious",
            Self::MadeAnew => "folder-made-anew",
            Self::NotListed => "folder-not-listed",
            Self::CopiesLost => "folder-copies-lost",
            Self::FolderMoved => "folder-moved",
            Self::CopiesInDoubt => "folder-copies-in-doubt",
            Self::ArrivedLate => "folder-arrived-late",
            Self::DoubledByOthers => "folder-doubled-by-others",
            Self::StoredTwice => "folder-stored-twice",
            Self::WrongUids => "folder-wrong-uids",
            Self::ServerFails => "folder-server-fails",
            Self::SearchRefused => "folder-search-refused",
            Self::FlagsRefused => "folder-flags-refused",
            Self::FlagsNotKept => "folder-flags-not-kept",
        }
    }

    /// Whether nothing is the matter where a verification has found every copy all the same.
    pub const fn is_disproved_by_proof(self) -> bool {
        matches!(self, Self::WrongUids)
    }

    /// Whether the words that come with it are a server's own.
    pub const fn has_server_words(self) -> bool {
        matches!(
            self,
            Self::OpeningRefused
                | Self::CreationRefused
                | Self::ConnectionLost
                | Self::ListingRefused
                | Self::ServerFails
                | Self::SearchRefused
                | Self::FlagsRefused
        )
    }
}

/// A folder that could not be opened or made, or in which something else was left undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderProblem {
    /// The folder at the source.
    pub folder: FolderPath,
    /// Which server it is about.
    pub side: Side,
    /// What is the matter.
    pub trouble: FolderTrouble,
    /// Its words, or ours where no server said anything.
    pub words: String,
}

/// What is the matter with folders, each trouble of each folder once.
pub(in crate::transfer) type Problems = BTreeMap<(FolderPath, FolderTrouble), FolderProblem>;

/// Takes progress; called often, must be quick.
pub type ProgressSink<'a> = &'a (dyn Fn(Progress) + Send + Sync);
