//! Test messages: read from files or found in mailboxes, and judged with what the resolver says now.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use crate::audit::message::{MAX_MESSAGE_BYTES, MessageFacts, looks_like_message, read_message};
use crate::cutover::{TestMark, TestMessage, Watch, judge_test};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::evidence::MailboxesToRead;
use crate::engine::system::input::read_input;
use crate::survey::until_answered;
use crate::values::{DomainName, UnixTime};

/// Messages that are judged at once.
const MOST_AT_ONCE: usize = 20;

/// What is to be judged.
pub(in crate::engine) struct Tested {
    /// The domain.
    pub(in crate::engine) domain: DomainName,
    /// The switch that they try.
    pub(in crate::engine) watch: Watch,
    /// `HOST:PORT` of the resolver; empty for the system's.
    pub(in crate::engine) resolver: String,
    /// Where the messages are.
    pub(in crate::engine) from: TestSource,
}

/// Where test messages are.
pub(in crate::engine) enum TestSource {
    /// In files with one message each.
    Files(Vec<PathBuf>),
    /// In mailboxes, told by their subject.
    Mailboxes(MailboxesToRead, TestMark),
}

/// Reads and judges all of them, or none.
pub(in crate::engine) async fn judge_tests(
    tested: &Tested,
    cancel: &CancellationToken,
) -> Result<Vec<TestMessage>, Box<UserError>> {
    let messages = match &tested.from {
        TestSource::Files(paths) => of_files(paths).await?,
        TestSource::Mailboxes(mailboxes, mark) => of_mailboxes(mailboxes, mark, cancel).await?,
    };
    let resolver = super::survey::resolver(&tested.resolver).await?;
    resolver.probe().await.map_err(|error| Box::new(explain::dns(&error)))?;
    let mut tests = Vec::new();
    for message in messages {
        let at = UnixTime::now();
        let judged =
            until_answered(&resolver, |book| judge_test(&message, &tested.domain, &tested.watch, book, at));
        let judged = judged.await.ok_or_else(|| Box::new(explain::endless_test(&message.name)))?;
        tests.push(judged);
    }
    Ok(tests)
}

async fn of_files(paths: &[PathBuf]) -> Result<Vec<MessageFacts>, Box<UserError>> {
    if paths.len() > MOST_AT_ONCE {
        return Err(Box::new(explain::too_many_tests(MOST_AT_ONCE)));
    }
    let paths = paths.to_vec();
    let reading = tokio::task::spawn_blocking(move || paths.iter().map(|path| message_at(path)).collect());
    reading.await.map_err(|error| Box::new(explain::defect("The message could not be read", &error)))?
}

/// The newest ones, in the order in which they came.
async fn of_mailboxes(
    mailboxes: &MailboxesToRead,
    mark: &TestMark,
    cancel: &CancellationToken,
) -> Result<Vec<MessageFacts>, Box<UserError>> {
    let found = mailboxes.find_tests(&mark.subject(), cancel).await?;
    if found.messages.is_empty() {
        let addresses: Vec<&str> = mailboxes.mailboxes.iter().map(|one| one.address.as_str()).collect();
        return Err(Box::new(explain::no_test_found(&mark.subject(), &addresses, &found.troubles)));
    }
    for trouble in &found.troubles {
        tracing::warn!("test messages: {}: {}", trouble.address, trouble.words.join("; "));
    }
    Ok(found.messages.into_iter().take(MOST_AT_ONCE).rev().collect())
}

fn message_at(path: &Path) -> Result<MessageFacts, Box<UserError>> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let bytes = read_input(path, MAX_MESSAGE_BYTES)
        .map_err(|error| Box::new(explain::message_not_opened(path, &error)))?;
    if !looks_like_message(&bytes) {
        return Err(Box::new(explain::no_message(&name)));
    }
    Ok(read_message(&name, &bytes))
}

/// The job of it.
pub(in crate::engine) async fn judge_messages(
    tested: Tested,
    context: JobContext,
) -> Result<Vec<TestMessage>, Box<UserError>> {
    tokio::select! {
        () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
        tests = judge_tests(&tested, &context.token) => tests,
    }
}
