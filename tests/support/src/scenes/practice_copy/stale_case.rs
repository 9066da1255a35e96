//! One copy that goes on with a memory that is not the newest, or beside a second writer.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt as _;
use mailferry::plan::MailboxPlan;
use mailferry::project::Project;
use mailferry::rehearsal::{FolderPath, ImapHandle, SampleMessage};
use mailferry::transfer::TransferError;

use super::{Case, Change, RUNS, Scene, USER, VISITOR, limits_for, multiset, scratch, visitor};
use crate::scenes::breaking::{ChangeWatch, FileState};

/// Where the owner files mail at the destination.
const FILED: &str = "Abgelegt";

/// How the memory comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// An older state, whole: a backup, a snapshot.
    Older,
    /// An older state whose log is lost, as after a clean-up of files that nobody knows.
    WithoutLog,
    /// Only the project file, under another name in another folder.
    Elsewhere,
}

/// What the owner does at the destination before the copy goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// Nothing.
    None,
    /// New mail arrives.
    Receives,
    /// Every third message goes into another folder.
    Files,
    /// Every fourth message goes for ever.
    Deletes,
    /// All of these.
    Everything,
}

/// A copy that goes on with an older memory.
#[derive(Clone, Copy, Debug)]
pub struct Stale {
    /// How it comes back.
    pub memory: Memory,
    /// The memory is what was there after so many changes.
    pub state: u32,
    /// The first run ends after so many; not before its end where there are fewer.
    pub end: u32,
    /// What happens in between.
    pub acts: Acts,
}

/// A second writer that copies the same mail into the same account.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    /// It begins when the first was polled so often.
    pub start: u32,
    /// It has the same project file as the first had in the beginning, and not one of its own.
    pub knows: bool,
}

/// What the owner has done.
#[derive(Default)]
struct Done {
    received: usize,
    deleted: BTreeMap<String, usize>,
}

impl Scene {
    /// Messages that a run has under way when it hears for the first time of another that had begun: the first batch goes
    /// alone, over the one connection that so little mail gets.
    pub fn under_way_at_first(&self) -> usize {
        limits_for(&self.mail).batch_messages
    }

    /// Copies, goes back to an older memory, and copies until it is done; then compares.
    pub async fn play_stale(
        &self,
        plan: &MailboxPlan,
        change: Option<Change>,
        how: &Stale,
    ) -> Result<(), String> {
        self.serve(async |(source, destination)| {
            let mut case = self.case(source, destination, plan, change).await;
            let state = case.run_until(how).await?;
            case.go_on_with(&state, how.memory);
            let done = case.act(how.acts);
            case.finish().await?;
            case.check_after(how.acts, &done).await?;
            case.adds_nothing_more().await
        })
        .await
    }

    /// Copies twice at once; returns how many messages are there more often than they should.
    pub async fn play_two(
        &self,
        plan: &MailboxPlan,
        change: Option<Change>,
        how: Second,
    ) -> Result<usize, String> {
        self.serve(async |(source, destination)| {
            let mut first = self.case(source.clone(), destination.clone(), plan, change).await;
            let mut second = Case::new(self, source, destination, plan.clone());
            if how.knows {
                (first.project, second.project) = (None, None);
                FileState::read(&first.path).put(&second.path);
                first.reopen();
                second.reopen();
            }
            copy_beside(&first, &second, how.start).await;
            for case in [&mut first, &mut second] {
                case.finish().await?;
            }
            let doubled = first.surplus(&Done::default())?;
            for case in [&mut first, &mut second] {
                case.adds_nothing_more().await?;
            }
            Ok(doubled)
        })
        .await
    }

    async fn case(
        &self,
        source: ImapHandle,
        destination: ImapHandle,
        plan: &MailboxPlan,
        change: Option<Change>,
    ) -> Case<'_> {
        let mut case = Case::new(self, source, destination, plan.clone());
        if let Some(change) = change {
            case.copy_again().await;
            change(&case.source, &case.destination);
            case.reopen();
        }
        case
    }
}

/// The second copy begins when the first was polled so often; then both go on together. They may fail: each notices
/// what it did not do itself.
async fn copy_beside(first: &Case<'_>, second: &Case<'_>, start: u32) {
    let (polls, begun) = (AtomicU32::new(0), tokio::sync::Notify::new());
    let mut one = Box::pin(first.copy(&|| {}));
    let counted = std::future::poll_fn(|context| {
        if polls.fetch_add(1, Ordering::Relaxed) + 1 == start {
            begun.notify_one();
        }
        let polled = one.as_mut().poll(context);
        if polled.is_ready() {
            begun.notify_one();
        }
        polled
    });
    let other = async {
        begun.notified().await;
        second.copy(&|| {}).await
    };
    let _both_may_fail: (Result<(), TransferError>, Result<(), TransferError>) =
        futures::future::join(counted, other).await;
}

impl Case<'_> {
    /// The first run, to its end or until it is broken off; what the project file was at the wanted moment.
    async fn run_until(&mut self, how: &Stale) -> Result<FileState, String> {
        ChangeWatch::start(how.end);
        ChangeWatch::keep(&self.path, how.state);
        let result = AssertUnwindSafe(self.copy(&|| {})).catch_unwind().await;
        ChangeWatch::stop();
        let kept = ChangeWatch::kept();
        self.project = None;
        if let Ok(Err(error)) = result {
            return Err(format!("the first run fails: {error}"));
        }
        // Where there were fewer changes this time, the newest state is as good as any.
        Ok(kept.unwrap_or_else(|| FileState::read(&self.path)))
    }

    fn go_on_with(&mut self, state: &FileState, memory: Memory) {
        match memory {
            Memory::Older => state.put(&self.path),
            Memory::WithoutLog => state.in_one_file().put(&self.path),
            Memory::Elsewhere => {
                let folder = scratch();
                self.path = folder.path().join("carried.mailferry");
                state.in_one_file().put(&self.path);
                self.home = folder;
            }
        }
        self.project = Some(Project::open(&self.path).unwrap());
    }

    /// Copies until it is done.
    async fn finish(&mut self) -> Result<(), String> {
        let mut last = None;
        for _run in 0..RUNS {
            match self.copy(&|| {}).await {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
            self.reopen();
        }
        Err(format!("never done: {last:?}"))
    }

    async fn adds_nothing_more(&mut self) -> Result<(), String> {
        let before = self.destination.dump(USER).len();
        self.reopen();
        self.copy(&|| {}).await.map_err(|error| format!("the further run failed: {error}"))?;
        match self.destination.dump(USER).len().abs_diff(before) {
            0 => Ok(()),
            added => Err(format!("a further run added {added} messages")),
        }
    }

    /// What the owner does at the destination. Where folders are labels, mail only arrives.
    fn act(&self, acts: Acts) -> Done {
        let mut done = Done::default();
        let is_labelled = self.scene.destination.quirks.folders_are_labels;
        if matches!(acts, Acts::Receives | Acts::Everything) {
            let mail: Vec<SampleMessage> = (1..=3).map(visitor).collect();
            done.received = mail.len();
            self.destination.deliver(USER, &FolderPath::inbox(), mail);
        }
        if is_labelled {
            return done;
        }
        for (number, (path, message)) in self.destination.dump(USER).into_iter().enumerate() {
            if message.bytes.starts_with(VISITOR) {
                continue;
            }
            let is_filed = number % 3 == 0 && matches!(acts, Acts::Files | Acts::Everything);
            let is_deleted = number % 4 == 1 && matches!(acts, Acts::Deletes | Acts::Everything);
            if !is_filed && !is_deleted {
                continue;
            }
            // Equal messages in one folder go together.
            let equal = |(other, mail): &(FolderPath, SampleMessage)| {
                (*other == path && mail.bytes == message.bytes).then(|| mail.clone())
            };
            let gone: Vec<SampleMessage> = self.destination.dump(USER).iter().filter_map(equal).collect();
            self.destination.take_out(USER, &path, &message.bytes);
            if is_filed {
                self.destination.deliver(USER, &FolderPath::parse(FILED), gone);
            } else {
                *done.deleted.entry(self.content(&message, true)).or_default() += gone.len();
            }
        }
        done
    }

    /// Every message is there once: in its folder, or wherever the owner has put it.
    async fn check_after(&self, acts: Acts, done: &Done) -> Result<(), String> {
        match self.surplus(done)? {
            0 => {}
            doubled => return Err(format!("{doubled} messages are there more than once")),
        }
        // Flags, dates, places and the program's own proof as well, where everything is as the copy has left it.
        if matches!(acts, Acts::None | Acts::Receives) { self.check().await } else { Ok(()) }
    }

    /// Messages that are there more often than at the source. An error where one is missing that nobody has deleted,
    /// or where there is something that nobody has put there.
    fn surplus(&self, done: &Done) -> Result<usize, String> {
        let is_labelled = self.scene.destination.quirks.folders_are_labels;
        let all_mail = FolderPath::parse("[Gmail]/All Mail");
        let (visitors, copies): (Vec<_>, Vec<_>) = self
            .destination
            .dump(USER)
            .into_iter()
            .filter(|(path, _)| !is_labelled || *path == all_mail)
            .map(|(_, message)| message)
            .partition(|message| message.bytes.starts_with(VISITOR));
        if visitors.len() != done.received {
            return Err(format!("{} messages of the owner instead of {}", visitors.len(), done.received));
        }
        let found = multiset(copies.iter().map(|message| self.content(message, true)));
        let wanted = self.wanted(&self.places()).into_iter();
        let mut wanted = multiset(wanted.map(|(_, message)| self.content(&message, false)));
        if is_labelled {
            for count in wanted.values_mut() {
                *count = 1;
            }
        }
        if let Some(stranger) = found.keys().find(|content| !wanted.contains_key(*content)) {
            return Err(format!("nobody has put {stranger} there"));
        }
        let mut doubled = 0;
        for (content, count) in wanted {
            let there = found.get(&content).copied().unwrap_or(0);
            if there + done.deleted.get(&content).copied().unwrap_or(0) < count {
                return Err(format!("{content} is there {there} times instead of {count}"));
            }
            doubled += there.saturating_sub(count);
        }
        Ok(doubled)
    }

    /// What of a message tells it from others wherever it lies.
    fn content(&self, message: &SampleMessage, is_copy: bool) -> String {
        let added = self.scene.destination.quirks.added_header.filter(|_| is_copy).unwrap_or_default();
        let bytes = message.bytes.strip_prefix(added.as_bytes()).unwrap_or(b"the added header is missing");
        let digest = <sha2::Sha256 as sha2::Digest>::digest(bytes);
        data_encoding::HEXLOWER.encode(&digest[..6])
    }
}
