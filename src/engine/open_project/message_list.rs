//! Individual messages: as rows on a page, and as a file with one row for each.

use crate::project::{MessageListing, MessagePlace, Project, ProjectError};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::engine::api::copy_snapshot::{MessageListView, MessageOutcome};
use crate::engine::api::message_list_format::MessageListFormat;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::open_project::OpenProject;
use crate::engine::system::output_file::write_output;
use crate::plan::{FolderChoice, MailboxPlan, MessageQuery, MessageState};
use crate::report::{MESSAGE_COLUMNS, MessageRow};
use crate::values::{Bytes, MailboxId, counted};

/// Rows a page holds at once: a few screens in each direction.
pub(in crate::engine) const PAGE_ROWS: usize = 300;

/// Rows read from the project at once, so that memory stays bounded.
const FILE_ROWS: usize = 2_000;

/// One row for each folder that was left out as a whole: its messages were never listed.
pub(in crate::engine) fn left_out_folders(
    plans: &BTreeMap<MailboxId, MailboxPlan>,
    addresses: &BTreeMap<MailboxId, String>,
) -> Vec<MessageRow> {
    let mut rows = Vec::new();
    for (mailbox, plan) in plans {
        for folder in &plan.folders {
            let FolderChoice::LeaveOut(because) = folder.choice else { continue };
            rows.push(MessageRow {
                mailbox: addresses.get(mailbox).cloned().unwrap_or_default(),
                folder: folder.source.to_string(),
                source_uid: None,
                destination_folder: String::new(),
                destination_uid: None,
                size_bytes: folder.bytes.0,
                date: String::new(),
                state: MessageState::LeftOut,
                code: None,
                cause: Some(format!("{}, {}", counted(folder.messages, "message"), because.words())),
                sha256: None,
            });
        }
    }
    rows
}

/// Writes every message of the ledger and every folder left out, completely or not at all. Returns the number of messages.
pub(in crate::engine) fn save(
    project: &Project,
    addresses: &BTreeMap<MailboxId, String>,
    left_out: &[MessageRow],
    path: &Path,
    format: MessageListFormat,
) -> Result<u64, Box<UserError>> {
    let mut failed: Option<ProjectError> = None;
    let mut count = 0;
    let written = write_output(path, |out| {
        count = write_rows(
            format,
            out,
            |after| {
                project.messages_after(after, FILE_ROWS).map_err(|error| {
                    let words = error.to_string();
                    failed = Some(error);
                    io::Error::other(words)
                })
            },
            addresses,
            left_out,
        )?;
        Ok(())
    });
    match (written, failed) {
        (Ok(()), _) => Ok(count),
        (Err(_), Some(error)) => Err(Box::new(explain::project(&error))),
        (Err(error), None) => Err(Box::new(explain::not_written(path, &error))),
    }
}

fn write_rows(
    format: MessageListFormat,
    out: &mut dyn Write,
    mut page: impl FnMut(Option<MessagePlace>) -> io::Result<Vec<MessageListing>>,
    addresses: &BTreeMap<MailboxId, String>,
    left_out: &[MessageRow],
) -> io::Result<u64> {
    match format {
        MessageListFormat::Csv => write!(out, "{MESSAGE_COLUMNS}\r\n")?,
        MessageListFormat::Json => out.write_all(b"[")?,
        MessageListFormat::JsonLines => {}
    }
    let (mut count, mut written) = (0_u64, 0_u64);
    let mut write = |row: &MessageRow, out: &mut dyn Write| {
        let json = || row.json().map_err(io::Error::other);
        match format {
            MessageListFormat::Csv => out.write_all(row.csv().as_bytes())?,
            MessageListFormat::Json => {
                let comma = if written == 0 { "" } else { "," };
                write!(out, "{comma}\n{}", json()?)?;
            }
            MessageListFormat::JsonLines => writeln!(out, "{}", json()?)?,
        }
        written += 1;
        io::Result::Ok(())
    };
    let mut after = None;
    loop {
        let listed = page(after)?;
        let Some(last) = listed.last() else { break };
        after = Some(last.place());
        for listing in &listed {
            write(&row_of(listing, addresses), out)?;
            count += 1;
        }
    }
    for row in left_out {
        write(row, out)?;
    }
    if format == MessageListFormat::Json {
        out.write_all(b"\n]\n")?;
    }
    Ok(count)
}

fn row_of(listing: &MessageListing, addresses: &BTreeMap<MailboxId, String>) -> MessageRow {
    let row = &listing.row;
    let is_placed = !matches!(row.state, MessageState::ToDo | MessageState::InFlight);
    MessageRow {
        mailbox: addresses.get(&listing.mailbox).cloned().unwrap_or_default(),
        folder: listing.source.to_string(),
        source_uid: Some(row.uid),
        destination_folder: listing.destination.to_string(),
        destination_uid: row.destination_uid.filter(|_| is_placed),
        size_bytes: row.size,
        date: row.internal_date.clone(),
        state: row.state,
        cause: explain::why(row),
        code: row.reason.as_ref().map(|reason| reason.code().name()),
        sha256: row.sha256.as_ref().map(hex),
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a string does not fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// `Saved the list of 5,000 messages`.
pub(in crate::engine) fn saved_words(count: u64) -> String {
    format!("Saved the list of {}", counted(count, "message"))
}

/// The matching messages around index `wanted`, for a page.
pub(in crate::engine) fn look(
    project: &Project,
    query: &MessageQuery,
    wanted: u64,
) -> Result<MessageListView, ProjectError> {
    let sum = project.message_sum(query)?;
    let total = match query.state {
        None => sum.source_count,
        Some(state) => sum.count(state),
    };
    // A third of them above, so that scrolling back a little needs no new query.
    let room = u64::try_from(PAGE_ROWS / 3).unwrap_or(0);
    let first = wanted.min(total.saturating_sub(1)).saturating_sub(room);
    let rows = project.messages(query, first, PAGE_ROWS)?;
    Ok(MessageListView {
        query: query.clone(),
        sum,
        total,
        first,
        rows: rows
            .into_iter()
            .map(|listing| MessageOutcome {
                cause: explain::why(&listing.row).unwrap_or_default(),
                mailbox: listing.mailbox,
                folder: listing.source,
                destination: listing.destination,
                uid: listing.row.uid,
                destination_uid: listing.row.destination_uid,
                size: Bytes(listing.row.size),
                date: listing.row.internal_date,
                state: listing.row.state,
                sha256: listing.row.sha256.as_ref().map(hex).unwrap_or_default(),
            })
            .collect(),
    })
}

impl OpenProject {
    /// Shows these messages; reports an error if the list cannot be read.
    pub(in crate::engine) fn look_at_messages(
        &mut self,
        query: &MessageQuery,
        first: u64,
    ) -> Result<(), Box<UserError>> {
        let list = look(&self.project, query, first).map_err(|error| Box::new(explain::project(&error)))?;
        self.view.messages.list = Some(Arc::new(list));
        Ok(())
    }

    /// Rereads the visible rows, which change while a copy runs.
    pub(in crate::engine) fn refresh_messages(&mut self) {
        let Some(list) = self.view.messages.list.clone() else { return };
        let room = u64::try_from(PAGE_ROWS / 3).unwrap_or(0);
        let wanted = if list.first == 0 { 0 } else { list.first + room };
        if let Err(error) = self.look_at_messages(&list.query, wanted) {
            tracing::warn!("the messages could not be reread: {}", error.cause);
        }
    }

    /// The mailboxes' addresses, for lists that name them.
    pub(in crate::engine) fn addresses(&self) -> BTreeMap<MailboxId, String> {
        self.view.mailboxes.iter().map(|row| (row.id, row.mailbox.address.to_string())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::IdentityKey;
    use crate::plan::FolderPath;
    use crate::project::{FolderId, LedgerRow};
    use crate::values::SourceUid;
    use crate::values::{DestinationUid, UidValidity};

    fn listing(folder: i64, uid: u32) -> MessageListing {
        let path = FolderPath(vec!["=Archiv, alt".to_owned()]);
        MessageListing {
            mailbox: MailboxId(1),
            folder: FolderId(folder),
            source: path.clone(),
            destination: path,
            row: LedgerRow {
                uid: SourceUid(uid),
                size: 9,
                internal_date: "01-Jan-2024 00:00:00 +0000".to_owned(),
                flags: Vec::new(),
                identity: IdentityKey([0; 32]),
                state: if uid == 1 { MessageState::InFlight } else { MessageState::Copied },
                destination_uid: Some(DestinationUid(uid + 100)),
                destination_uid_validity: Some(UidValidity(1)),
                intent_uidnext: None,
                intent_uid_validity: None,
                sha256: Some([0xab; 32]),
                reason: None,
                flag_check: None,
                forgotten: None,
            },
        }
    }

    /// The file of these pages, and the keys that pages were asked for with.
    fn written(
        format: MessageListFormat,
        pages: &[Vec<MessageListing>],
    ) -> (String, Vec<Option<MessagePlace>>) {
        let mut keys = Vec::new();
        let mut out = Vec::new();
        let addresses = BTreeMap::from([(MailboxId(1), "anna@example.org".to_owned())]);
        let page = |after: Option<MessagePlace>| {
            keys.push(after);
            Ok(pages.get(keys.len() - 1).cloned().unwrap_or_default())
        };
        let count = write_rows(format, &mut out, page, &addresses, &[]).unwrap();
        assert_eq!(count, pages.iter().map(|page| page.len() as u64).sum::<u64>());
        (String::from_utf8(out).unwrap(), keys)
    }

    #[test]
    fn rows_come_page_by_page_in_every_form() {
        let pages = [vec![listing(1, 1), listing(1, 2)], vec![listing(2, 1)]];
        let (json, keys) = written(MessageListFormat::Json, &pages);
        let place = |folder, uid| Some(MessagePlace { folder: FolderId(folder), uid: SourceUid(uid) });
        let expected = [None, place(1, 2), place(2, 1)];
        assert_eq!(keys, expected);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["destination_uid"], serde_json::Value::Null, "what is under way has no place yet");
        assert_eq!((&rows[1]["destination_uid"], &rows[1]["state"]), (&102.into(), &"copied".into()));
        assert_eq!(rows[1]["sha256"], "ab".repeat(32));
        let (lines, _) = written(MessageListFormat::JsonLines, &pages);
        assert_eq!(lines.lines().count(), 3);
        let (csv, _) = written(MessageListFormat::Csv, &pages);
        assert_eq!(csv.lines().count(), 4);
        assert!(csv.lines().all(|line| !line.contains(",=")) && csv.contains("\"'=Archiv, alt\""), "{csv}");
    }

    #[test]
    fn an_empty_ledger_is_an_empty_list() {
        assert_eq!(written(MessageListFormat::Json, &[]).0, "[\n]\n");
        assert_eq!(written(MessageListFormat::Csv, &[]).0, format!("{MESSAGE_COLUMNS}\r\n"));
        assert_eq!(written(MessageListFormat::JsonLines, &[]).0, "");
    }

    #[test]
    fn the_name_says_the_form() {
        let of = |name: &str| MessageListFormat::of(Path::new(name));
        assert_eq!(of("a.CSV"), Some(MessageListFormat::Csv));
        assert_eq!(
            (of("a.json"), of("a.ndjson")),
            (Some(MessageListFormat::Json), Some(MessageListFormat::JsonLines))
        );
        assert_eq!((of("a"), of(".csv"), of("a.xlsx")), (None, None, None));
    }
}
