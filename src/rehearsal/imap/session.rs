//! One client's session with a practice server: reads commands and answers them.

use std::sync::Arc;
use std::time::Duration;

use imap_codec::imap_types::command::CommandBody;
use imap_codec::imap_types::mailbox::Mailbox;

use super::fault::Action;
use super::folder_path::FolderPath;
use super::labels::{self, LabelItem};
use super::raw_command::{LiteralMark, RawCommand};
use super::reply::Reply;
use super::server::{ConnectionSlot, Shared};
use super::store::Account;
use super::view::View;
use super::wire::{Line, Wire, WireEnd};

/// Before sign-in a silent client is sent away sooner (RFC 3501 section 5.4 wants 30 minutes after it).
const IDLE_LIMIT_BEFORE_SIGN_IN: Duration = Duration::from_mins(3);
const IDLE_LIMIT: Duration = Duration::from_mins(31);
/// Literals in one command, so that a flood of empty ones stays bounded.
const LITERALS_PER_COMMAND: usize = 10_000;
const LITERAL_BYTES_BEFORE_SIGN_IN: u64 = 4_096;
/// How long a command waits for the one that shall be answered before it.
const NEXT_COMMAND: Duration = Duration::from_millis(50);
/// LITERAL- (RFC 7888 section 5).
const LITERAL_MINUS_BYTES: u64 = 4_096;

/// One connection, from the greeting to its end.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) wire: Wire,
    /// Which connection of the server it is.
    pub(super) number: u64,
    pub(super) user: Option<SignedIn>,
    pub(super) selected: Option<View>,
    /// Whether the client speaks CONDSTORE (RFC 7162), so that FETCH replies carry MODSEQ.
    pub(super) has_condstore: bool,
    /// Whether QRESYNC is enabled, so that removals are reported by UID.
    pub(super) has_qresync: bool,
    /// Items of X-GM-EXT-1 in the current FETCH.
    pub(super) label_items: Vec<LabelItem>,
    /// What is misreported in the reply to the current command.
    pub(super) lies: Lies,
    /// A command that was taken in before its turn.
    waiting: Option<RawCommand>,
    errors: u32,
}

/// Who signed in.
pub(super) struct SignedIn {
    /// The key of the account.
    pub(super) name: String,
    /// Held for as long as the connection counts against the user's limit.
    pub(super) _slot: ConnectionSlot,
}

/// What a fault does to the reply of the current command.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a lie of its own, and they come in any combination"
)]
pub(super) struct Lies {
    lose_reply: bool,
    pub(super) omit_append_uid: bool,
    pub(super) swap_append_uid: bool,
    /// How many messages more than there are.
    pub(super) more_exist: u32,
    /// By how much UIDNEXT is too small.
    pub(super) less_uid_next: u32,
    /// By how much RFC822.SIZE is wrong.
    pub(super) size_error: i64,
    pub(super) fetches_nothing: bool,
    pub(super) fetches_nil: bool,
}

impl Lies {
    /// Takes over what an action says about the reply; `false` where it says something else.
    fn take(&mut self, action: &Action) -> bool {
        match action {
            Action::LoseReply => self.lose_reply = true,
            Action::OmitAppendUid => self.omit_append_uid = true,
            Action::SwapAppendUid => self.swap_append_uid = true,
            Action::OverstateExists(count) => self.more_exist = *count,
            Action::UnderstateUidNext(by) => self.less_uid_next = *by,
            Action::MisstateSize(by) => self.size_error = *by,
            Action::FetchNothing => self.fetches_nothing = true,
            Action::FetchNil => self.fetches_nil = true,
            _ => return false,
        }
        true
    }

    /// UIDNEXT as reported.
    pub(super) fn uid_next(self, true_one: u32) -> u32 {
        true_one.saturating_sub(self.less_uid_next).max(1)
    }
}

/// What came next from the client.
enum Next {
    Command(RawCommand),
    /// It was answered while it came in.
    Answered,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, stream: Box<dyn Line>, number: u64) -> Self {
        let wire = Wire::new(stream, Arc::clone(&shared), IDLE_LIMIT_BEFORE_SIGN_IN);
        Self {
            shared,
            wire,
            number,
            user: None,
            selected: None,
            has_condstore: false,
            has_qresync: false,
            label_items: Vec::new(),
            lies: Lies::default(),
            waiting: None,
            errors: 0,
        }
    }

    /// Serves the client until either side ends the connection.
    pub(super) async fn run(mut self) {
        let end = match self.converse().await {
            Ok(()) => None,
            Err(WireEnd::LineTooLong) => Some("* BYE Too long argument."),
            Err(WireEnd::Idle) => Some("* BYE Disconnected for inactivity."),
            Err(WireEnd::Closed | WireEnd::OnPurpose | WireEnd::Io(_)) => return,
        };
        if let Some(line) = end {
            self.wire.push_line(line);
        }
        // The client may be gone already.
        if let Err(error) = self.wire.flush().await {
            tracing::debug!(%error, "the practice server's final reply was not received");
        }
    }

    async fn converse(&mut self) -> Result<(), WireEnd> {
        for action in self.shared.faults.on_connect() {
            if let Action::Refuse(words) = action {
                self.wire.push_line(&format!("* {words}"));
                return Ok(());
            }
            self.wire.strike(action).await?;
        }
        self.greet();
        loop {
            let next = match self.waiting.take() {
                Some(raw) => Next::Command(raw),
                None => self.next().await?,
            };
            match next {
                Next::Answered => {}
                Next::Command(raw) => {
                    if !self.answer(&raw).await? {
                        return Ok(());
                    }
                }
            }
            self.wire.flush_if_large().await?;
            if self.errors >= self.shared.personality.quirks.errors_before_bye {
                self.wire.push_line("* BYE Too many invalid IMAP commands.");
                return Ok(());
            }
        }
    }

    fn greet(&mut self) {
        let personality = &self.shared.personality;
        let code = if personality.volunteers_capabilities {
            format!("[CAPABILITY {}] ", personality.capabilities_before_sign_in.join(" "))
        } else {
            String::new()
        };
        let line = format!("* OK {code}{}", personality.greeting);
        self.wire.push_line(&line);
    }

    /// Takes in one command with its literals.
    async fn next(&mut self) -> Result<Next, WireEnd> {
        let limits = self.shared.personality.limits.clone();
        let mut raw = RawCommand::default();
        let mut size = 0_u64;
        let mut refusal = None;
        loop {
            let mut line = self.wire.line(limits.line).await?;
            let mark = LiteralMark::find(&line);
            line.truncate(mark.map_or(line.len(), |mark| mark.text_length));
            size += u64::try_from(line.len()).unwrap_or(0);
            raw.texts.push(line);
            let Some(mark) = mark else { break };
            size = size.saturating_add(mark.literal_length);
            if refusal.is_none() {
                refusal = self.refusal(&raw, mark, size);
            }
            if mark.is_synchronising {
                if let Some(reply) = refusal {
                    self.say(raw.tag(), &reply);
                    return Ok(Next::Answered);
                }
                self.wire.push_line("+ OK");
            }
            let length = usize::try_from(mark.literal_length).unwrap_or(usize::MAX);
            if refusal.is_some() {
                self.wire.skip(mark.literal_length).await?;
                raw.literals.push(Vec::new());
            } else {
                raw.literals.push(self.wire.literal(length).await?);
            }
        }
        match refusal {
            Some(reply) => {
                self.say(raw.tag(), &reply);
                Ok(Next::Answered)
            }
            None => Ok(Next::Command(raw)),
        }
    }

    /// Why a literal is not wanted, before its bytes come.
    fn refusal(&self, raw: &RawCommand, mark: LiteralMark, command_bytes: u64) -> Option<Reply> {
        let personality = &self.shared.personality;
        let is_append = raw.name() == "APPEND";
        let limit = match (&self.user, is_append) {
            (None, _) => LITERAL_BYTES_BEFORE_SIGN_IN,
            (Some(_), true) => personality.limits.message,
            (Some(_), false) => u64::try_from(personality.limits.line).unwrap_or(u64::MAX),
        };
        if !mark.is_synchronising && !self.takes_literal_at_once(mark.literal_length) {
            return Some(Reply::bad("Literal was sent without waiting, which this server does not offer."));
        }
        if mark.literal_length > limit || raw.literals.len() >= LITERALS_PER_COMMAND {
            return Some(Reply::no("[TOOBIG] Literal is larger than this server takes."));
        }
        if command_bytes > personality.limits.command {
            return Some(Reply::no("[LIMIT] Command is larger than this server takes."));
        }
        is_append.then(|| self.append_refusal(raw)).flatten()
    }

    fn takes_literal_at_once(&self, length: u64) -> bool {
        let personality = &self.shared.personality;
        let capabilities = match self.user {
            None => personality.capabilities_before_sign_in,
            Some(_) => personality.capabilities,
        };
        capabilities.contains(&"LITERAL+")
            || (capabilities.contains(&"LITERAL-") && length <= LITERAL_MINUS_BYTES)
    }

    /// Does one command and answers it; `false` after LOGOUT.
    async fn answer(&mut self, raw: &RawCommand) -> Result<bool, WireEnd> {
        let name = raw.name();
        let (received, sent) = self.wire.byte_counts();
        // A goodbye asks for nothing, and comes when it comes.
        if name != "LOGOUT" {
            self.shared.circumstances.count_command(received, sent);
        }
        let mut lies = Lies::default();
        for action in self.shared.faults.on_command(&name) {
            match action {
                Action::Refuse(words) => {
                    self.wire.push_line(&format!("{} {words}", raw.tag()));
                    return Ok(true);
                }
                Action::Reorder => {
                    if !Box::pin(self.answer_next_before(&name)).await? {
                        return Ok(false);
                    }
                }
                other if lies.take(&other) => {}
                other => self.wire.strike(other).await?,
            }
        }
        self.lies = lies;
        let throttled = self.shared.circumstances.throttled_for().filter(|_| moves_mail(&name));
        if let Some(left) = throttled.filter(|_| self.user.is_some()) {
            let line = self.shared.personality.quirks.throttled(&name, left.as_millis().max(1));
            self.say(raw.tag(), &Reply::from_line(&line));
            return Ok(true);
        }
        let hangs_up_at = self.shared.personality.quirks.hangs_up_at.unwrap_or_default();
        if matches!(name.as_str(), "SELECT" | "EXAMINE") && !hangs_up_at.is_empty() && raw.names(hangs_up_at)
        {
            self.wire.push_line("* BYE Share is gone");
            return Ok(false);
        }
        if name == "APPEND" {
            let wait = self.shared.circumstances.wait_for_turn(raw.literals.len().max(1));
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
        let reply = self.perform(raw, &name, lies).await?;
        if lies.lose_reply {
            return Err(WireEnd::OnPurpose);
        }
        // Without UID, numbers must not shift while the client may still use them (RFC 3501 section 7.4.1).
        let keeps_numbers = matches!(name.as_str(), "FETCH" | "STORE" | "SEARCH");
        if !self.report_changes(keeps_numbers) {
            self.wire.push_line("* BYE Mailbox was deleted under us.");
            return Ok(false);
        }
        self.say(raw.tag(), &reply);
        Ok(name != "LOGOUT" || !matches!(reply, Reply::Ok(_)))
    }

    /// Does and answers the command after this one, where it is on its way and neither depends on the other.
    async fn answer_next_before(&mut self, name: &str) -> Result<bool, WireEnd> {
        if !may_change_places(name, name) || !self.wire.has_input_within(NEXT_COMMAND).await? {
            return Ok(true);
        }
        match self.next().await? {
            Next::Command(next) if may_change_places(name, &next.name()) => {
                self.shared.circumstances.count_reordered();
                self.answer(&next).await
            }
            // It has to wait for this one.
            Next::Command(next) => {
                self.waiting = Some(next);
                Ok(true)
            }
            Next::Answered => Ok(true),
        }
    }

    fn say(&mut self, tag: &str, reply: &Reply) {
        // Only errors in a row count.
        self.errors = if matches!(reply, Reply::Bad(_)) { self.errors + 1 } else { 0 };
        self.wire.push_line(&reply.line(tag));
    }

    async fn perform(&mut self, raw: &RawCommand, name: &str, lies: Lies) -> Result<Reply, WireEnd> {
        if raw.tag() == "*" {
            return Ok(Reply::bad("Error in IMAP command: no tag."));
        }
        // Two commands have arguments that the grammar of imap-codec does not know.
        match (name, self.user.is_some()) {
            ("APPEND", true) => return Ok(self.append(raw, lies)),
            ("LIST", true) => return Ok(self.list(raw)),
            ("UID STORE", true) if self.shared.personality.has("X-GM-EXT-1") => {
                if let Some(change) = labels::LabelChange::read(raw) {
                    return Ok(self.change_labels(&change));
                }
            }
            _ => {}
        }
        let command = if self.shared.personality.has("X-GM-EXT-1") && name.ends_with("FETCH") {
            let (plain, items) = labels::take_items(raw);
            self.label_items = items;
            plain.parse()
        } else {
            raw.parse()
        };
        let Some(command) = command else {
            return Ok(Reply::bad(format!(
                "Error in IMAP command {}: Unknown command or wrong arguments.",
                shown(name)
            )));
        };
        match command.body {
            CommandBody::Capability => Ok(self.capability()),
            CommandBody::Noop => Ok(Reply::ok("NOOP completed.")),
            CommandBody::Logout => {
                self.wire.push_line("* BYE Logging out");
                Ok(Reply::ok("Logout completed."))
            }
            CommandBody::Id { .. } => Ok(self.identify()),
            body if self.user.is_none() => self.perform_before_sign_in(body).await,
            body => self.perform_signed_in(body).await,
        }
    }

    async fn perform_before_sign_in(&mut self, body: CommandBody<'static>) -> Result<Reply, WireEnd> {
        let reply = match body {
            CommandBody::Login { username, password } => {
                self.login(username.as_ref(), password.declassify().as_ref())
            }
            CommandBody::Authenticate { mechanism, initial_response } => {
                self.authenticate(&mechanism, initial_response).await?
            }
            _ => return Ok(Reply::bad("Please log in first.")),
        };
        if matches!(reply, Reply::Ok(_)) {
            self.wire.set_idle_limit(IDLE_LIMIT);
        }
        Ok(reply)
    }

    async fn perform_signed_in(&mut self, body: CommandBody<'static>) -> Result<Reply, WireEnd> {
        Ok(match body {
            CommandBody::Login { .. } | CommandBody::Authenticate { .. } => Reply::bad("Already logged in."),
            CommandBody::Namespace => self.namespace(),
            CommandBody::Enable { capabilities } => self.enable(capabilities.as_ref()),
            CommandBody::Lsub { reference, mailbox_wildcard } => self.lsub(&reference, &mailbox_wildcard),
            CommandBody::Status { mailbox, item_names } => self.status(&mailbox, &item_names),
            CommandBody::Create { mailbox } => self.create(&mailbox),
            CommandBody::Delete { mailbox } => self.delete(&mailbox),
            CommandBody::Rename { from, to } => self.rename(&from, &to),
            CommandBody::Subscribe { mailbox } => self.subscribe(&mailbox, true),
            CommandBody::Unsubscribe { mailbox } => self.subscribe(&mailbox, false),
            CommandBody::Select { mailbox, parameters } => self.select(&mailbox, &parameters, false),
            CommandBody::Examine { mailbox, parameters } => self.select(&mailbox, &parameters, true),
            CommandBody::Idle => self.idle().await?,
            _ if self.selected.is_none() => Reply::bad("No mailbox selected."),
            CommandBody::Check => Reply::ok("Check completed."),
            CommandBody::Close => self.close(true),
            CommandBody::Unselect if self.shared.personality.has("UNSELECT") => self.close(false),
            CommandBody::Expunge => self.expunge(None),
            CommandBody::ExpungeUid { sequence_set } if self.shared.personality.has("UIDPLUS") => {
                self.expunge(Some(&sequence_set))
            }
            CommandBody::Fetch { sequence_set, macro_or_item_names, uid, modifiers } => {
                self.fetch(&sequence_set, macro_or_item_names, uid, &modifiers).await?
            }
            CommandBody::Store { sequence_set, kind, response, flags, uid, modifiers: _ } => {
                self.store(&sequence_set, kind, response, &flags, uid)
            }
            CommandBody::Search { charset: _, criteria, uid } => self.search(criteria.as_ref(), uid),
            _ => Reply::bad("Error in IMAP command: Unknown command."),
        })
    }

    /// Works on the signed-in account; `None` before sign-in.
    pub(super) fn with_account<T>(&self, work: impl FnOnce(&mut Account) -> T) -> Option<T> {
        let user = self.user.as_ref()?;
        self.shared.with_store(|store| store.with_account(&user.name, work))
    }

    /// The refusal of a name that no mailbox here can have.
    pub(super) fn bad_name(&self, mailbox: &Mailbox<'_>) -> Reply {
        match mailbox {
            Mailbox::Inbox => Reply::no("[SERVERBUG] Internal error."),
            Mailbox::Other(name) => bad_name(self.shared.personality.delimiter, name.as_ref()),
        }
    }

    /// The folder that a name on the wire means.
    pub(super) fn path(&self, mailbox: &Mailbox<'_>) -> Option<FolderPath> {
        match mailbox {
            Mailbox::Inbox => Some(FolderPath::inbox()),
            Mailbox::Other(name) => self.shared.personality.path(name.as_ref()),
        }
    }
}

/// A name that no mailbox here can have, in Dovecot's words.
pub(super) fn bad_name(delimiter: char, name: &[u8]) -> Reply {
    match super::modified_utf7::decode(name) {
        None => Reply::no("Mailbox name is not valid mUTF-7"),
        Some(name) if name.contains(&format!("{delimiter}{delimiter}")) => {
            Reply::no("[CANNOT] Invalid mailbox name: Has adjacent hierarchy separators")
        }
        Some(_) => Reply::no("[CANNOT] Invalid mailbox name."),
    }
}

/// Whether a command is one of those that a busy server refuses.
fn moves_mail(name: &str) -> bool {
    matches!(name, "APPEND" | "FETCH" | "UID FETCH" | "SEARCH" | "UID SEARCH" | "STORE" | "UID STORE")
}

/// Whether two commands may change places: neither has an effect on what the other finds.
fn may_change_places(one: &str, other: &str) -> bool {
    let reads = |name| matches!(name, "UID FETCH" | "UID SEARCH" | "STATUS" | "LIST" | "NOOP");
    (reads(one) && reads(other)) || (one == "APPEND" && other == "APPEND")
}

/// A name from the client that can be put into a reply.
fn shown(name: &str) -> String {
    name.chars().filter(|character| character.is_ascii_graphic() || *character == ' ').take(40).collect()
}
