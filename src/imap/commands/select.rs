//! Opening a folder: EXAMINE and SELECT (RFC 3501 sections 6.3.1 and 6.3.2).

use crate::imap::protocol::completion::{Code, Completion};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::session::pending::{Answer, BehindOpening, Pending, Reader};
use crate::values::UidValidity;

/// An opened folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Messages in it.
    pub exists: u32,
    /// UIDs mean something only together with this number.
    pub uid_validity: UidValidity,
    /// The UID that the next message will get, where the server says so.
    pub uid_next: Option<u32>,
    /// Flags that can be stored; `\*` for any keyword. `None` where the server does not say.
    pub permanent_flags: Option<Vec<String>>,
    /// Grows with every change of a message (RFC 7162); `None` where the server does not say.
    pub highest_modseq: Option<u64>,
}

/// What is to be done with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum OpenFor {
    /// Read; nothing in it changes, not even `\Recent`.
    Reading,
    /// Read and write, which reveals the flags the folder can keep.
    Writing,
}

impl OpenFor {
    const fn command(self) -> &'static str {
        match self {
            Self::Reading => "EXAMINE",
            Self::Writing => "SELECT",
        }
    }
}

/// A folder that is being opened.
#[derive(Debug)]
pub struct Opening {
    purpose: OpenFor,
    opened: Opened,
}

impl Answer for Opening {
    type Output = Opened;
}

impl Reader for Opening {
    fn take(&mut self, reply: Reply) {
        let opened = &mut self.opened;
        match reply {
            Reply::Exists(count) => opened.exists = count,
            Reply::Untagged(completion) => match completion.code {
                Some(Code::UidValidity(number)) => opened.uid_validity = number,
                Some(Code::UidNext(number)) => opened.uid_next = Some(number),
                Some(Code::PermanentFlags(flags)) => opened.permanent_flags = Some(flags),
                Some(Code::Other(code)) => {
                    opened.highest_modseq = highest_modseq(&code).or(opened.highest_modseq);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, completion: Completion) -> Result<(), ImapError> {
        // Said before the first message is sent, and not by the refusal of each.
        let is_read_only = self.purpose == OpenFor::Writing && completion.has_code("READ-ONLY");
        if completion.is_ok() && !is_read_only {
            return Ok(());
        }
        Err(ImapError::Refused { command: self.purpose.command(), completion })
    }

    fn output(mut self, session: &mut Session) -> Opened {
        if session.is_gmail()
            && let Some(flags) = &mut self.opened.permanent_flags
        {
            // At Gmail the flag moves a message to the trash or out of sight, so it is never given.
            flags.retain(|flag| !flag.eq_ignore_ascii_case("\\Deleted"));
        }
        self.opened
    }
}

/// The number in `HIGHESTMODSEQ 715194045007`.
fn highest_modseq(code: &str) -> Option<u64> {
    code.strip_prefix("HIGHESTMODSEQ ")?.trim().parse().ok().filter(|modseq| *modseq > 0)
}

impl Session {
    /// Opens a folder for reading only; nothing in it changes, not even `\Recent`.
    ///
    /// Not cancellation safe: which folder is open is not known afterwards.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not open it, [`ImapError::BadName`] where its name cannot be sent.
    pub async fn examine(&mut self, raw: &str) -> Result<Opened, ImapError> {
        let opening = self.ask_examine(raw)?;
        self.answer(opening).await
    }

    /// Opens a folder for writing, which reveals the flags it can keep.
    ///
    /// Not cancellation safe: which folder is open is not known afterwards.
    ///
    /// # Errors
    ///
    /// As [`Self::examine`]; a folder that the server opens for reading only is refused as well: its answer is then an OK
    /// with the code READ-ONLY.
    pub async fn select(&mut self, raw: &str) -> Result<Opened, ImapError> {
        let opening = self.submit_open(OpenFor::Writing, raw)?;
        (self.exists, self.expunged) = (0, 0);
        self.answer(opening).await
    }

    /// Opens a folder for reading only, without waiting.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_examine(&mut self, raw: &str) -> Result<Pending<Opening>, ImapError> {
        let opening = self.submit_open(OpenFor::Reading, raw)?;
        (self.exists, self.expunged) = (0, 0);
        Ok(opening)
    }

    pub(in crate::imap) fn submit_open(
        &mut self,
        purpose: OpenFor,
        raw: &str,
    ) -> Result<Pending<Opening>, ImapError> {
        let tag = self.submit(&format!("{} {}", purpose.command(), self.folder_name(raw)?));
        self.has_opened = true;
        self.only_read = (purpose == OpenFor::Reading).then(|| raw.to_owned());
        let opening = Opening { purpose, opened: Opened::default() };
        Ok(Pending::new([tag], opening))
    }

    /// The folder that a question is about, as opened, and the question. Where it is refused, the rest of the answer is
    /// read and dropped.
    ///
    /// Not cancellation safe: the question is gone with the future.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not open the folder.
    pub async fn opened<A>(
        &mut self,
        asked: BehindOpening<Opening, A>,
    ) -> Result<(Opened, Pending<A>), ImapError> {
        match self.answer(asked.opening).await {
            Ok(opened) => Ok((opened, asked.then)),
            Err(refused @ ImapError::Refused { .. }) => {
                self.drop_answer(asked.then).await?;
                Err(refused)
            }
            Err(error) => Err(error),
        }
    }
}
