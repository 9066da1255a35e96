//! Messages that the destination will not take, found before anything is copied.

use super::error::TransferError;
use crate::imap::{ImapError, Session};
use crate::plan::{FolderChoice, MailboxPlan, Oversize, OversizeFolder, Side};
use crate::values::Bytes;

/// UIDs kept of one folder; the count is kept in any case.
const MAX_UIDS: usize = 1_000;

/// Looks in the chosen folders of the source for messages that are larger than the destination takes.
///
/// `provider_limit` is what the catalogue says; the server's own word (APPENDLIMIT, RFC 7889) counts where it is less.
/// A folder that is smaller than the limit as a whole is not asked.
pub async fn find_oversize(
    source: &mut Session,
    destination: &Session,
    plan: &MailboxPlan,
    provider_limit: Option<Bytes>,
) -> Result<Oversize, TransferError> {
    let told = destination.capabilities().append_limit().map(Bytes);
    let Some(limit) = [told, provider_limit].into_iter().flatten().min() else {
        return Ok(Oversize::default());
    };
    let mut found = Oversize { limit: Some(limit), folders: Vec::new() };
    for folder in plan.folders.iter().filter(|folder| folder.choice == FolderChoice::Copy) {
        let is_known_to_be_small = folder.bytes > Bytes::ZERO && folder.bytes <= limit;
        if folder.messages == 0 || is_known_to_be_small {
            continue;
        }
        match larger(source, &folder.source_raw, limit).await {
            Ok(uids) if uids.is_empty() => {}
            Ok(mut uids) => {
                let messages = u64::try_from(uids.len()).unwrap_or(u64::MAX);
                uids.truncate(MAX_UIDS);
                found.folders.push(OversizeFolder { folder: folder.source.clone(), messages, uids });
            }
            // The folder's own trouble is told when it is copied; a search that is refused says nothing of its mail.
            Err(ImapError::Refused { .. }) => {
                tracing::info!("{} was not searched for large messages", folder.source);
            }
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        }
    }
    Ok(found)
}

async fn larger(source: &mut Session, raw: &str, limit: Bytes) -> Result<Vec<u32>, ImapError> {
    if source.examine(raw).await?.exists == 0 {
        return Ok(Vec::new());
    }
    source.uids_larger_than(limit.0).await
}
