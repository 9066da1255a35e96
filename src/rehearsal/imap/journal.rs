//! The file that practice mail is kept in: one line of JSON for each change, and behind it the bytes of its messages.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::rehearsal::mailbox::{SampleMessage, SpecialUse};
use crate::values::UnixTime;

use super::folder_path::FolderPath;
use super::store::Change;

const FORMAT: u32 = 1;
/// Longest line that is read; a set of UIDs is the longest thing in one.
const LINE_BYTES: u64 = 16 << 20;
/// Largest message that is read.
const MESSAGE_BYTES: u64 = 200 << 20;

/// Writes changes at the end of the file.
#[derive(Debug)]
pub(super) struct Journal(BufWriter<File>);

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    uid_validity: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    user: String,
    #[serde(flatten)]
    change: LineChange,
}

/// A change without the bytes of its messages.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LineChange {
    Create { path: FolderPath, special_use: Option<SpecialUse> },
    Delete { path: FolderPath },
    Rename { from: FolderPath, to: FolderPath },
    Subscribe { path: FolderPath, is_subscribed: bool },
    Append { path: FolderPath, messages: Vec<MessageLine> },
    SetFlags { path: FolderPath, uid: u32, flags: BTreeSet<String> },
    Remove { path: FolderPath, uids: BTreeSet<u32> },
}

#[derive(Debug, Serialize, Deserialize)]
struct MessageLine {
    bytes: u64,
    flags: BTreeSet<String>,
    internal_date: UnixTime,
}

/// What an opened file holds.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) journal: Journal,
    /// The UIDVALIDITY that its mail began with.
    pub(super) uid_validity: u32,
    /// The changes so far, each with its user.
    pub(super) changes: Vec<(String, Change)>,
}

/// Opens or makes the file.
///
/// A file of another format, or damaged at the start, is recreated with `uid_validity`.
pub(super) fn open(path: &Path, uid_validity: u32) -> io::Result<Opened> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // Its name can be guessed: it is never opened through a link, which would lead to another file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut reader = BufReader::new(&file);
    let head = read_line(&mut reader)?.and_then(|line| serde_json::from_slice::<Head>(&line).ok());
    let Some(head) = head.filter(|head| head.format == FORMAT) else {
        if !is_of_a_journal(&mut file)? {
            return Err(io::Error::other("it belongs to another program and was left unchanged"));
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        let mut journal = Journal(BufWriter::new(file));
        journal.write_line(&Head { format: FORMAT, uid_validity })?;
        journal.0.flush()?;
        return Ok(Opened { journal, uid_validity, changes: Vec::new() });
    };
    let mut changes = Vec::new();
    let mut good = reader.stream_position()?;
    while let Some(change) = read_change(&mut reader)? {
        changes.push(change);
        good = reader.stream_position()?;
    }
    file.set_len(good)?;
    file.seek(SeekFrom::Start(good))?;
    Ok(Opened { journal: Journal(BufWriter::new(file)), uid_validity: head.uid_validity, changes })
}

/// Whether a file begins as a journal does, as far as it goes.
fn is_of_a_journal(file: &mut File) -> io::Result<bool> {
    const BEGINNING: &[u8] = b"{\"format\":";
    let mut begun = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(BEGINNING.len() as u64).read_to_end(&mut begun)?;
    Ok(BEGINNING.starts_with(&begun))
}

impl Journal {
    /// Writes changes and hands them to the system, so that they outlive the program.
    pub(super) fn write(&mut self, user: &str, changes: &[Change]) -> io::Result<()> {
        for change in changes {
            self.write_line(&Line { user: user.to_owned(), change: LineChange::from(change) })?;
            if let Change::Append { messages, .. } = change {
                for message in messages {
                    self.0.write_all(&message.bytes)?;
                }
            }
        }
        self.0.flush()
    }

    fn write_line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, line)?;
        self.0.write_all(b"\n")
    }
}

/// One whole line without its end; `None` at the end or where the line was cut off.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(LINE_BYTES).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// One whole change; `None` at the end or where the file was cut off or damaged.
fn read_change(reader: &mut impl BufRead) -> io::Result<Option<(String, Change)>> {
    let Some(line) = read_line(reader)? else { return Ok(None) };
    let Ok(Line { user, change }) = serde_json::from_slice::<Line>(&line) else { return Ok(None) };
    let change = match change {
        LineChange::Create { path, special_use } => Change::Create { path, special_use },
        LineChange::Delete { path } => Change::Delete { path },
        LineChange::Rename { from, to } => Change::Rename { from, to },
        LineChange::Subscribe { path, is_subscribed } => Change::Subscribe { path, is_subscribed },
        LineChange::SetFlags { path, uid, flags } => Change::SetFlags { path, uid, flags },
        LineChange::Remove { path, uids } => Change::Remove { path, uids },
        LineChange::Append { path, messages: lines } => {
            let mut messages = Vec::new();
            for MessageLine { bytes: length, flags, internal_date } in lines {
                let mut bytes = Vec::new();
                reader.take(length.min(MESSAGE_BYTES)).read_to_end(&mut bytes)?;
                if u64::try_from(bytes.len()).unwrap_or(0) != length {
                    return Ok(None);
                }
                messages.push(SampleMessage { bytes: bytes.into(), flags, internal_date });
            }
            Change::Append { path, messages }
        }
    };
    Ok(Some((user, change)))
}

impl From<&Change> for LineChange {
    fn from(change: &Change) -> Self {
        match change.clone() {
            Change::Create { path, special_use } => Self::Create { path, special_use },
            Change::Delete { path } => Self::Delete { path },
            Change::Rename { from, to } => Self::Rename { from, to },
            Change::Subscribe { path, is_subscribed } => Self::Subscribe { path, is_subscribed },
            Change::SetFlags { path, uid, flags } => Self::SetFlags { path, uid, flags },
            Change::Remove { path, uids } => Self::Remove { path, uids },
            Change::Append { path, messages } => {
                let lines = messages.into_iter().map(|message| MessageLine {
                    bytes: u64::try_from(message.bytes.len()).unwrap_or(0),
                    flags: message.flags,
                    internal_date: message.internal_date,
                });
                Self::Append { path, messages: lines.collect() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Vec<Change> {
        let path = FolderPath::parse("Entwürfe/2024");
        let message = SampleMessage {
            bytes: b"A: b\r\n\r\n\n{\"user\"".as_slice().into(),
            flags: ["\\Seen".to_owned()].into(),
            internal_date: UnixTime(7),
        };
        vec![
            Change::Create { path: path.clone(), special_use: Some(SpecialUse::Drafts) },
            Change::Append { path: path.clone(), messages: vec![message.clone(), message] },
            Change::SetFlags { path: path.clone(), uid: 1, flags: BTreeSet::new() },
            Change::Remove { path: path.clone(), uids: [2].into() },
            Change::Subscribe { path: path.clone(), is_subscribed: true },
            Change::Rename { from: path.clone(), to: FolderPath::parse("Neu") },
            Change::Delete { path },
        ]
    }

    #[test]
    fn changes_come_back_in_order_and_cut_ones_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sub/kept");
        let Opened { mut journal, uid_validity, changes: found } = open(&file, 9).unwrap();
        assert_eq!((uid_validity, found.len()), (9, 0));
        journal.write("anna", &changes()).unwrap();
        drop(journal);
        let Opened { uid_validity, changes: found, .. } = open(&file, 77).unwrap();
        assert_eq!(uid_validity, 9);
        assert_eq!(found.iter().map(|(_, change)| change.clone()).collect::<Vec<_>>(), changes());

        let whole = std::fs::read(&file).unwrap();
        for length in (0..whole.len()).rev() {
            std::fs::write(&file, &whole[..length]).unwrap();
            let Opened { mut journal, changes: found, .. } = open(&file, 77).unwrap();
            let known: Vec<_> = found.into_iter().map(|(_, change)| change).collect();
            assert!(changes().starts_with(&known), "cut at {length}");
            journal.write("anna", &changes()[6..]).unwrap();
            drop(journal);
            assert_eq!(open(&file, 77).unwrap().changes.len(), known.len() + 1, "cut at {length}");
        }
    }
}
